#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct http_head;

/* Whether the client has it already (RFC 9110 13).  Pure but for the century of a
 * two-digit year. */
enum http_condition {
	HTTP_SEND,
	HTTP_NOT_MODIFIED,       /* 304 */
	HTTP_NOT_THAT,           /* 412 */
};

/* Of what would be a 200 to GET or HEAD.  etag may be NULL, modified 0: none. */
enum http_condition http_condition_of(const struct http_head *h, const char *etag,
				      int64_t modified);

/* Any of the three forms of RFC 9110 5.6.7. */
bool http_date_read(struct slice text, int64_t *seconds);

#endif
