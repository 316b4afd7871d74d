/*
 * The scanner's limits with their reasons, the message that lies in memory
 * whole, and the walk over a tree, which wants no recursion from its users.
 */
#include "mime/part.h"

/*
 * depth: mail programs nest three or four deep, mailing lists' digests of
 * bounces ten; describing a part is recursive, and 100 levels need little stack.
 * parts: the longest digests have some hundred; the texts of 10,000 parts are
 * about a megabyte, which is what an IMAP client can still read.
 * header_bytes: of real messages 99.9 % have less than 64 KiB of headers.
 */
const struct mime_limits mime_default_limits = {
	.depth = 100,
	.parts = 10000,
	.header_bytes = 1024 * 1024,
};

const struct mime_part *mime_scan(struct arena *a, struct slice message,
				  const struct mime_limits *limits)
{
	struct mime_scanner *s = mime_scanner_new(a, limits);

	mime_scanner_add(s, message);
	return mime_scanner_end(s);
}

struct arena *mime_arena_new(void)
{
	return arena_new(mime_scanner_room(&mime_default_limits));
}

const struct mime_part *mime_part_next(const struct mime_part *p)
{
	if (p->child)
		return p->child;
	while (p && !p->next)
		p = p->parent;
	return p ? p->next : NULL;
}
