#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/http.h"

/* The head of an answer (RFC 9112 4).  Pure. */
enum { HTTP_RESPONSE_HEAD_MAX = 4096 };  /* our own lines only; the longest is a policy */

/* `extra`: whole header lines, or "".  `close`: the connection ends with it. */
void http_response_print(struct buf *out, const struct http_response *r, const char *extra,
			 bool close, int64_t now);

#endif
