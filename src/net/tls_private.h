#ifndef TLS_PRIVATE_H
#define TLS_PRIVATE_H

/* Between tls.c and stream_tls.c only. */

#include <openssl/ssl.h>

#include "net/tls.h"

/* A server's side of a new handshake with the pair in use now; NULL: no
 * memory.  The connection keeps its pair when the files change. */
SSL *tls_context_connection(struct tls_context *c);

#endif
