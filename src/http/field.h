#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include <stdbool.h>

#include "base/slice.h"

/* Field values (RFC 9110 5.5, 5.6).  Pure; any thread. */

bool http_is_token_byte(char c);
bool http_is_token(struct slice s);              /* not empty */

/* The next element of a comma list, trimmed; a comma within quotes is none.
 * Empty elements are passed over (5.6.1.2).  False at the end. */
bool http_list_next(struct slice *rest, struct slice *item);
bool http_list_has(struct slice list, const char *token);       /* without regard to case */

/* What one Accept-Encoding value says of gzip. */
enum http_gzip { HTTP_GZIP_UNSAID, HTTP_GZIP_NO, HTTP_GZIP_YES };
struct http_gzip_said {
	enum http_gzip named, star;      /* "gzip" or "x-gzip"; "*" */
};
void http_gzip_read(struct http_gzip_said *said, struct slice value);
bool http_gzip_taken(const struct http_gzip_said *said);

#endif
