#ifndef AUTH_SCRAM_H
#define AUTH_SCRAM_H

#include <stdbool.h>

#include "auth/auth.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677): the client proves that it
 * knows the password without sending it, and the server proves it in return.
 *
 *	scram_new -> auth_scram_first(client-first) -> server-first
 *	          -> scram_final(client-final)
 *	          -> auth_check_scram(): right or wrong, late like any other answer
 *	          -> scram_verifier() is what the client is told, when it was right
 *
 * A name that is not the user's goes the same way with keys that nothing fits.
 * Messages are without base64.  Loop thread.
 */
struct scram;

/* RFC 5802 7: server-error. */
enum scram_error {
	SCRAM_GOOD,
	SCRAM_INVALID_ENCODING,
	SCRAM_EXTENSIONS_NOT_SUPPORTED,
	SCRAM_BINDINGS_DONT_MATCH,
	SCRAM_DOES_SUPPORT_BINDING,      /* the client thinks we do not: a downgrade */
	SCRAM_BINDING_NOT_SUPPORTED,
	SCRAM_UNSUPPORTED_BINDING_TYPE,
	SCRAM_INVALID_USERNAME,
	SCRAM_OTHER_ERROR,
};
const char *scram_error_text(enum scram_error e);        /* "invalid-encoding" */

enum { SCRAM_BINDING_MAX = 64 };         /* a SHA-512 */

struct scram_options {
	bool plus;                       /* the client chose ...-PLUS */
	bool plus_offered;               /* it was among the mechanisms offered */
	/* What the connection can be bound to; len 0: not to be had.  Copied. */
	struct slice exporter;           /* tls-exporter (RFC 9266) */
	struct slice end_point;          /* tls-server-end-point (RFC 5929 4) */
};

struct scram *scram_new(const struct scram_options *o);
void scram_free(struct scram *x);        /* wipes; NULL is fine */

/* Only where the password itself is known: not with a crypt(3) hash, nor with a
 * password that SASLprep (RFC 4013) prohibits. */
bool auth_has_scram(const struct auth *a);

enum scram_error auth_scram_first(const struct auth *a, struct scram *x, struct slice message,
				  struct buf *reply);
enum scram_error scram_final(struct scram *x, struct slice message);

/* auth_check() for an exchange whose client-final was good; x is done with when the
 * call returns, but for scram_verifier(). */
void auth_check_scram(struct auth *a, struct auth_request *r, const struct address *peer,
		      const struct scram *x);
bool scram_verifier(const struct scram *x, struct buf *reply);

const char *scram_user(const struct scram *x);           /* as given, for the log */
/* Whom the client wants to act as (authzid), or NULL: itself. */
const char *scram_acts_as(const struct scram *x);

#endif
