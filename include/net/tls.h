#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/*
 * The certificate and key that every protocol shares.  TLS 1.2 and later.
 * A pair is made (self-signed, ECDSA P-256, SAN = host name, key 0600, valid
 * for ever in practice, its folder too) where BOTH files are missing.
 *
 * The files are looked at again every 60 s (and on tls_reload): a changed pair
 * that loads and fits replaces the old one for every new handshake of every
 * protocol; one that does not is logged once and the old pair stays.
 */
struct tls;

/* NULL: `error` (at least 256 bytes) has one sentence for the person who runs
 * it.  Blocking, as every look at the files is: two small local files, read on
 * the loop's thread at the start and when they have changed. */
struct tls *tls_load(struct loop *loop, const char *certfile, const char *keyfile,
		     const char *hostname, char *error, unsigned error_size);
void tls_free(struct tls *tls);          /* after every service; NULL is fine */

/* SIGHUP: read the files now, changed or not.  False: the old pair was kept;
 * the reason was logged. */
bool tls_reload(struct tls *tls);

/* When the certificate in use ends, seconds since 1970. */
int64_t tls_expiry(const struct tls *tls);

/* What one protocol wants of it.  Session tickets are off where a session is
 * never resumed to advantage (SMTP).  `alpn` is the one protocol name that is
 * agreed to when a client offers it ("imap", "http/1.1"), or NULL; a client
 * that offers others is let in without one.  Lives as long as the tls. */
enum { TLS_NO_TICKETS = 1 };
struct tls_context;
struct tls_context *tls_context_for(struct tls *tls, const char *alpn, unsigned flags);

#endif
