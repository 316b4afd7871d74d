#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "base/arena.h"
#include "base/buf.h"
#include "dot.h"
#include "smtp/smtp.h"

/* One client's conversation (RFC 5321). */

enum smtp_state {
	SMTP_GREETED = 1 << 0,      /* 220 sent, or TLS begun: no EHLO yet */
	SMTP_READY   = 1 << 1,      /* EHLO given, no MAIL */
	SMTP_MAIL    = 1 << 2,      /* MAIL accepted */
	SMTP_RCPT    = 1 << 3,      /* at least one RCPT accepted */
	SMTP_BODY    = 1 << 4,      /* between two BDATs */
};

/* What the next bytes are. */
enum smtp_reading {
	SMTP_READ_COMMAND,
	SMTP_READ_LONG_LINE,        /* the rest of a line that was too long */
	SMTP_READ_DATA,             /* up to CR LF . CR LF */
	SMTP_READ_CHUNK,            /* chunk_left bytes of a BDAT */
};

enum {
	SMTP_IN_CLEAR    = 1 << 0,  /* allowed before TLS */
	SMTP_NO_ARGS     = 1 << 1,
	SMTP_PAYLOAD     = 1 << 2,  /* bytes follow the line even when it is refused */
	SMTP_NOT_OFFERED = 1 << 3,  /* known, and not done here: 502 */
};

/* Ceilings. */
enum {
	SMTP_LINE_MAX = 2048,       /* RFC 5321 4.5.3.1.4 has 512, extensions add up to 1,100 */
	SMTP_ERRORS_MAX = 20,       /* mistakes after which nobody is talking SMTP */
	SMTP_REFUSED_MAX = 100,     /* as many as a transaction may have recipients */
	SMTP_ARENA_MAX = 256 * 1024,/* envelope: 100 recipients of at most 1 KiB, and copies */
};

struct smtp_session;

struct smtp_command {
	const char *verb;
	unsigned states;            /* else 503 5.5.1 */
	unsigned flags;             /* no SMTP_IN_CLEAR: else 530 5.7.0 */
	void (*run)(struct smtp_session *s, struct slice args);
};
extern const struct smtp_command smtp_commands[];        /* ends with a NULL verb */

/* What the backend has been asked and not answered. */
enum smtp_asked { SMTP_ASKED_NOTHING, SMTP_ASKED_RECIPIENT, SMTP_ASKED_MESSAGE };
struct smtp_question { enum smtp_asked asked; };
struct smtp_feed { bool waiting; };

struct smtp_session {
	struct session base;
	const struct smtp_server *server;
	enum smtp_state state;
	enum smtp_reading reading;
	char *helo;                 /* NULL before EHLO */
	bool esmtp;

	/* One transaction, from MAIL to its end; arena NULL outside. */
	struct arena *arena;
	struct smtp_transaction transaction;
	struct smtp_path *to;       /* what transaction.to points to */
	struct smtp_path candidate; /* the RCPT that is being asked about */
	unsigned note;              /* transaction.note points here */
	struct smtp_question question;

	/* The message on its way; NULL outside, and after it was refused. */
	void *message;
	struct smtp_feed feed;
	struct dot dot;
	uint64_t message_size;      /* CRLF form, as RFC 1870 counts */
	bool too_big, begin_failed;
	uint64_t chunk_size, chunk_left;
	bool chunk_last, chunk_refused;

	unsigned errors, refused;   /* refused: recipients and messages, each a line of the log */
	bool ending;                /* the daemon is: 421 after this message */
	bool over;                  /* 421 was said */
};

/* reply.c */
void smtp_reply(struct smtp_session *s, int code, const char *enhanced, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A line of a reply that goes on. */
void smtp_reply_more(struct smtp_session *s, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* dispatch.c */
void smtp_dispatch(struct smtp_session *s, struct slice line);

/* session.c */
void smtp_reset(struct smtp_session *s);         /* back to READY (or GREETED): no transaction */
void smtp_ask(struct smtp_session *s, enum smtp_asked what);     /* before the backend is called */
void smtp_wait_if_asked(struct smtp_session *s);                 /* after */
void smtp_recipient_answered(struct smtp_session *s, const struct smtp_verdict *v);

/* data.c: what DATA and BDAT share */
void smtp_message_begin(struct smtp_session *s);
void smtp_message_add(struct smtp_session *s, struct slice bytes, uint64_t crlf_size);
void smtp_message_end(struct smtp_session *s);
void smtp_message_answered(struct smtp_session *s, const struct smtp_verdict *v);
size_t smtp_data_input(struct smtp_session *s, struct slice unread);
size_t smtp_chunk_input(struct smtp_session *s, struct slice unread);
void smtp_refuse_chunk(struct smtp_session *s, struct slice args);

/* The commands: cmd_hello.c, envelope.c, data.c, bdat.c, cmd_any.c */
void smtp_run_ehlo(struct smtp_session *s, struct slice args);
void smtp_run_helo(struct smtp_session *s, struct slice args);
void smtp_run_starttls(struct smtp_session *s, struct slice args);
void smtp_run_mail(struct smtp_session *s, struct slice args);
void smtp_run_rcpt(struct smtp_session *s, struct slice args);
void smtp_run_data(struct smtp_session *s, struct slice args);
void smtp_run_bdat(struct smtp_session *s, struct slice args);
void smtp_run_rset(struct smtp_session *s, struct slice args);
void smtp_run_noop(struct smtp_session *s, struct slice args);
void smtp_run_vrfy(struct smtp_session *s, struct slice args);
void smtp_run_help(struct smtp_session *s, struct slice args);
void smtp_run_quit(struct smtp_session *s, struct slice args);

#endif
