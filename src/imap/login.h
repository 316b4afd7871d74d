#ifndef IMAP_LOGIN_H
#define IMAP_LOGIN_H

/* Between LOGIN and AUTHENTICATE. */

#include "auth/scram.h"
#include "base/buf.h"
#include "session.h"

/* RFC 4616 2: three fields of 255 bytes; a long password more.  In base64. */
enum { SASL_LINE_MAX = 4 * 1024 };

/* A client's next SASL message, without base64. */
typedef enum imap_progress sasl_step_fn(struct imap_session *s, struct imap_running *cmd,
					struct slice message);

struct login {
	struct auth_request request;
	struct imap_session *session;
	enum auth_answer answer;
	char *user;                      /* for the log */
	imap_run_fn *right;              /* what a right answer leads to; NULL: welcome */
	struct buf line, message;        /* the client's SASL line, and what it says */
	bool too_long;
	sasl_step_fn *step;
	bool plus;
	struct scram *scram;             /* NULL: not SCRAM */
};

/* As cmd->at, with a release that wipes. */
struct login *imap_login_new(struct imap_session *s, struct imap_running *cmd);

/* The one way to ask auth: what comes of it, its log lines and its ceilings are the
 * same for all.  The second is for a question that has been asked already. */
enum imap_progress imap_login_ask(struct imap_session *s, struct imap_running *cmd,
				  struct slice user, struct slice password);
enum imap_progress imap_login_asked(struct imap_session *s, struct imap_running *cmd,
				    struct slice user);
enum imap_progress imap_welcome(struct imap_session *s, struct imap_running *cmd);
/* Logs the reason, says NO with the reply, counts. */
enum imap_progress imap_login_failed(struct imap_session *s, struct imap_running *cmd,
				     const char *reason, const char *reply);

#endif
