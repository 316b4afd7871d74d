#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* What is asked for (RFC 9112 3.2), pure. */

/* host [":" port] as Host has it; empty is allowed there (RFC 9112 3.2). */
bool http_host_is_valid(struct slice host);

/*
 * "/path?query" or "http://host/path?query", bytes 0x21 to 0x7E.  The path goes to
 * `path`, percent-decoded and without dot segments (RFC 3986 5.2.4); *query is a view
 * of `target`.  NULL: fine; else what is wrong with it.
 */
const char *http_target_read(struct slice target, struct buf *path, struct slice *query);

#endif
