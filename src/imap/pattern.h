#ifndef IMAP_PATTERN_H
#define IMAP_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* RFC 3501 6.3.8: "*" is any run of bytes, "%" one without "/".  The first level
 * matches in any case when it is INBOX. */
enum { IMAP_PATTERN_MAX = 1024 };        /* longer ones match nothing */
bool imap_pattern_matches(struct slice pattern, struct slice name);
/* In place: what a run of wildcards means, in one.  The length that is left. */
size_t imap_pattern_shorten(char *pattern, size_t len);

/* Whether a mailbox of that name lies below the other, on any level. */
bool imap_name_is_below(const char *name, const char *parent);

#endif
