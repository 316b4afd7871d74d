#ifndef IMAP_LITERAL_H
#define IMAP_LITERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* "{5}" or "{5+}" (RFC 7888) as the last thing of a line; "~{5}" (RFC 3516). */
struct imap_literal {
	uint64_t size;
	bool sync;               /* the client waits for "+" before it sends */
	bool binary;             /* there is a "~" before it */
	size_t head;             /* length of the "{5}" itself */
};

/* Whether the line (without its line end) ends in a literal's head.  A number
 * past 2^63-1 comes out as that: too big like any other that is too big. */
bool imap_literal_at_end(struct slice line, struct imap_literal *out);

/* For commands that read lines of their own input: whether a whole line is
 * there, its text without line end, and the bytes it took. */
bool imap_line_ready(struct slice unread, struct slice *line, size_t *used);

#endif
