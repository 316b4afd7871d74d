#ifndef HTTP_AUTH_BASIC_H
#define HTTP_AUTH_BASIC_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct http_head;

/* RFC 7617.  Pure. */
enum { HTTP_CREDENTIALS_MAX = 1024 };    /* no user and password is half as long */

struct http_credentials {
	struct buf text;
	struct slice user, password;     /* of text */
};

/* False: none were sent, or not of that form.  Release in any case. */
bool http_credentials_read(struct http_credentials *c, const struct http_head *h);
void http_credentials_release(struct http_credentials *c);       /* wipes */

/* The WWW-Authenticate line that asks for them, with its end. */
enum { HTTP_CHALLENGE_MAX = 512 };
void http_challenge_print(struct buf *out, const char *realm);

#endif
