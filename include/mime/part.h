#ifndef MIME_PART_H
#define MIME_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * The tree of a message's parts, with the place and size of each in the file.
 * One pass, pushed piece by piece, no copy of bodies: so it can run while the
 * message is on its way to disk, and over a 36 MB one in bounded memory.
 *
 * There is no failure: any bytes are some message.  Past a limit the rest is one
 * opaque part.  Pure: no I/O, no clock, any thread.
 */
struct mime_limits {
	unsigned depth;          /* of multiparts and embedded messages */
	unsigned parts;
	size_t header_bytes;     /* kept of all headers together; what is over is not read */
};
extern const struct mime_limits mime_default_limits;   /* 100, 10,000, 1 MiB; reasons in part.c */

struct mime_param {
	struct mime_param *next;
	struct slice name, value;        /* as written: quotes and comments taken off, RFC 2231 not undone */
};

/* A container always has a child: a multipart without parts has one that is
 * empty, and a message under a transfer encoding (RFC 2046 5.2.1 forbids it) is
 * read as it stands.  What would be a container past a limit is a leaf of type
 * application/octet-stream. */
enum mime_kind { MIME_LEAF, MIME_MULTIPART, MIME_MESSAGE };

/* Places are offsets into the bytes that were pushed.  "crlf" sizes are what
 * the same bytes have in CRLF form (base/lines.h), which is what IMAP counts. */
struct mime_part {
	struct mime_part *parent, *next, *child;
	enum mime_kind kind;             /* MIME_MESSAGE: child is the embedded message's root */
	unsigned depth;
	uint64_t header_at, header_len, header_crlf;   /* with the empty line that ends it */
	uint64_t body_at, body_len, body_crlf;         /* without the line end before a boundary */
	uint64_t body_lines;             /* line ends in the body (RFC 3501 7.4.2 body-fld-lines) */
	struct slice header;             /* the header's bytes, kept in the arena, cut at the limit */
	struct slice type, subtype;      /* lower case; the RFC 2045 5.2 default where none is stated */
	const struct mime_param *params;
	struct slice encoding;           /* as written, comments off; at NULL: none */
	struct slice id, description, md5, location;   /* unfolded; at NULL: none */
	struct slice disposition;        /* lower case; at NULL: none */
	const struct mime_param *disposition_params;
	struct slice language;           /* the field's value, unfolded; at NULL: none */
};

struct mime_scanner;

/* The arena holds scanner and result, and needs mime_scanner_room(limits) for
 * both (a ceiling: an ordinary message takes some kilobytes of it).  `limits` is
 * copied.  A scanner that is not wanted any more is simply left. */
size_t mime_scanner_room(const struct mime_limits *limits);
struct mime_scanner *mime_scanner_new(struct arena *a, const struct mime_limits *limits);
void mime_scanner_add(struct mime_scanner *s, struct slice bytes);
const struct mime_part *mime_scanner_end(struct mime_scanner *s);

/* The same for a message in memory. */
const struct mime_part *mime_scan(struct arena *a, struct slice message,
				  const struct mime_limits *limits);

/* An arena with the room that mime_default_limits need. */
struct arena *mime_arena_new(void);

/* The parameter's value as text: RFC 2231 continuations joined, its charset and
 * %XX undone, else RFC 2047 words decoded as senders (wrongly) use them.  UTF-8.
 * False: no such parameter (or out is full). */
bool mime_param_text(struct buf *out, const struct mime_param *params, const char *name);

/* The raw parameter; at NULL: none. */
struct slice mime_param_raw(const struct mime_param *params, const char *name);

/* The next part in document order (children first), or NULL. */
const struct mime_part *mime_part_next(const struct mime_part *p);

#endif
