#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A certificate, what stands behind it in the file, and its key: reading and
 * making.  Blocking. */
struct certificate {
	X509 *leaf;
	STACK_OF(X509) *chain;           /* sent with it, in the file's order */
	EVP_PKEY *key;
};

/* False: `error` has one sentence; nothing is held. */
bool certificate_read(struct certificate *c, const char *certfile, const char *keyfile,
		      char *error, size_t error_size);
void certificate_release(struct certificate *c);
int64_t certificate_expiry(const struct certificate *c);   /* seconds since 1970 */

/* Where both files are missing a pair is made.  Where only one is, `error` says
 * which.  True: both are there now; *made says whether we made them. */
bool certificate_ensure(const char *certfile, const char *keyfile, const char *hostname,
			bool *made, char *error, size_t error_size);

#endif
