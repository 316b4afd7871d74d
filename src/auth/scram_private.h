#ifndef SCRAM_PRIVATE_H
#define SCRAM_PRIVATE_H

/* Between auth.c and the two halves of SCRAM: what is kept, and what is said. */

#include <stdint.h>

#include "auth/scram.h"

enum {
	SCRAM_HASH = 32,                 /* SHA-256 */
	SCRAM_SALT = 16,
	/* RFC 7677 4: at least 4096.  More would cost old telephones seconds, and
	 * protects a stored key that lies beside the password itself here. */
	SCRAM_ROUNDS = 4096,
};

struct scram_keys {                      /* RFC 5802 3 */
	uint8_t salt[SCRAM_SALT];
	uint8_t stored[SCRAM_HASH], server[SCRAM_HASH];
};

/* scram_keys.c.  The user's keys, and as many of others as are asked for. */
struct scram_secret;
struct scram_secret *scram_secret_new(const char *user, const char *domain,
				      struct slice password);    /* prepared */
void scram_secret_free(struct scram_secret *s);          /* wipes; NULL is fine */
bool scram_secret_keys(const struct scram_secret *s, struct slice user, struct scram_keys *keys);
/* RFC 5802 3: from the password.  False: OpenSSL gave none. */
bool scram_derive(struct scram_keys *keys, struct slice password, const uint8_t *salt,
		  size_t salt_len, unsigned rounds);
bool scram_hmac(const uint8_t key[SCRAM_HASH], struct slice text, uint8_t out[SCRAM_HASH]);

/* scram.c.  The two halves of auth_scram_first(). */
enum scram_error scram_read_first(struct scram *x, struct slice message);
/* `salt` may be of another length than ours in tests. */
bool scram_write_first(struct scram *x, const struct scram_keys *keys, struct slice salt,
		       struct slice nonce, struct buf *reply);
bool scram_proof_fits(const struct scram *x);

#endif
