/*
 * The scanner: a message goes in in pieces of any size, the tree of its parts
 * comes out.
 *
 * It works on lines, because everything that matters (a boundary, the end of a
 * header) is a whole line, and a decision is made only at a line's end; so a
 * piece that ends in the middle of a line changes nothing but a counter.  Of a
 * line in pieces only the first LINE_HEAD bytes are kept.
 *
 * Sizes cost nothing: the scanner counts line ends and bare LFs over the whole
 * message, a part remembers the counts at its start, and the difference at its
 * end is its size.  Closing a hundred parts at one boundary is a hundred
 * subtractions, no second walk over bytes.
 *
 * Not taken: a parser that recurses into parts.  It reads better, but it must
 * stop in the middle when the input does.
 */
#include <assert.h>
#include <string.h>

#include "boundary.h"
#include "content_type.h"
#include "mime/part.h"

enum {
	LINE_HEAD = BOUNDARY_MOST + 100,
	HEADER_FIRST = 4096,
	PARAMS_PER_PART = 2,     /* on the average of limits.parts */
	PART_ROOM = 512,         /* a part, and the padding of what it points at */
};

/* A place in the message, and what has been counted up to there. */
struct mark {
	uint64_t at;             /* bytes pushed */
	uint64_t bare;           /* LFs without a CR, which CRLF form lengthens */
	uint64_t lines;          /* line ends */
};

/* A part that has not ended; its parent is the one below it. */
struct open_part {
	struct mime_part *part;
	struct mime_part **tail; /* where the next child is hung */
	struct mark header, body;
	bool child_reserved;
};

struct mime_scanner {
	struct arena *arena;
	struct mime_limits limits;
	unsigned parts_left, params_left;
	size_t header_left;      /* of limits.header_bytes */

	struct open_part *open;  /* [depth]; open[0] is the message */
	unsigned depth;          /* of the innermost */
	struct boundary_set boundaries;  /* of those whose last part has not ended */
	bool opaque;             /* the parts are used up: the rest is the last one's */
	bool in_header;          /* of the innermost part, else in its body */

	struct mark here;        /* start of the current line */
	bool crlf_before;        /* how the line before it ended */
	uint64_t line_len;       /* of the current line, seen so far */
	bool last_cr;
	char head[LINE_HEAD];
	size_t head_len;

	char *header;            /* the current header, kept for every part anew */
	size_t header_len, header_cap;
	size_t header_line;      /* where in it the current line starts */
	size_t header_max;
};

size_t mime_scanner_room(const struct mime_limits *limits)
{
	/* Headers: kept once, parsed once, and twice for a scratch that doubles. */
	return sizeof(struct mime_scanner) +
	       (limits->depth + 1) * (sizeof(struct open_part) + sizeof(struct boundary)) +
	       4 * limits->header_bytes + 2 * HEADER_FIRST +
	       limits->parts * (PART_ROOM + PARAMS_PER_PART * sizeof(struct mime_param));
}

static uint64_t crlf_between(struct mark from, struct mark to)
{
	return to.at - from.at + to.bare - from.bare;
}

static struct open_part *innermost(struct mime_scanner *s)
{
	return &s->open[s->depth];
}

/* A part whose header starts at `at`; it becomes the innermost. */
static void open_new(struct mime_scanner *s, struct mark at)
{
	struct open_part *parent = s->open[0].part ? innermost(s) : NULL;
	struct open_part *o = parent ? parent + 1 : s->open;
	struct mime_part *part = arena_get(s->arena, sizeof(*part));

	if (parent) {
		part->parent = parent->part;
		part->depth = ++s->depth;
		*parent->tail = part;
		parent->tail = &part->next;
	}
	if (parent && parent->child_reserved)
		parent->child_reserved = false;
	else
		s->parts_left--;
	*o = (struct open_part){ .part = part, .tail = &part->child, .header = at, .body = at };
	part->header_at = part->body_at = at.at;
	s->in_header = true;
	s->header_len = s->header_line = 0;
	/* One header takes at most half, so that a monster leaves the parts theirs. */
	s->header_max = s->limits.header_bytes / 2;
	if (s->header_max > s->header_left)
		s->header_max = s->header_left;
}

struct mime_scanner *mime_scanner_new(struct arena *a, const struct mime_limits *limits)
{
	struct mime_scanner *s = arena_get(a, sizeof(*s));

	assert(limits->parts > 0);
	s->arena = a;
	s->limits = *limits;
	s->parts_left = limits->parts;
	s->params_left = limits->parts * PARAMS_PER_PART;
	s->header_left = limits->header_bytes;
	s->open = arena_array(a, limits->depth + 1, sizeof(*s->open));
	s->boundaries.stack = arena_array(a, limits->depth + 1, sizeof(struct boundary));
	open_new(s, s->here);
	return s;
}

/* Containers may have children: one is reserved at once, because IMAP's grammar
 * has no container without any (RFC 3501 9, body-type-mpart, body-type-msg). */
static bool may_contain(struct mime_scanner *s)
{
	if (s->depth >= s->limits.depth || s->parts_left == 0)
		return false;
	s->parts_left--;
	innermost(s)->child_reserved = true;
	return true;
}

/* RFC 2046 5.1: which parts are containers.  A message under a transfer
 * encoding that 5.2.1 forbids is read as it stands: the grammar of BODYSTRUCTURE
 * wants an envelope all the same. */
static void choose_kind(struct mime_scanner *s)
{
	struct mime_part *part = innermost(s)->part;
	bool multipart = slice_is(part->type, "multipart");
	bool message = slice_is(part->type, "message") &&
		       (slice_is(part->subtype, "rfc822") || slice_is(part->subtype, "global"));

	if (!multipart && !message)
		return;
	if (!may_contain(s)) {
		part->type = SLICE("application");
		part->subtype = SLICE("octet-stream");
		return;
	}
	part->kind = multipart ? MIME_MULTIPART : MIME_MESSAGE;
	if (multipart)
		boundary_open(&s->boundaries, mime_param_raw(part->params, "boundary"), s->depth);
}

/* The header of the innermost part ends at `end`, its body starts there. */
static void end_header(struct mime_scanner *s, struct mark end)
{
	struct open_part *o = innermost(s);
	struct mime_part *part = o->part;

	part->header_len = end.at - o->header.at;
	if (s->header_len > part->header_len)
		s->header_len = (size_t)part->header_len;
	part->header = arena_copy(s->arena, slice_make(s->header, s->header_len));
	s->header_left -= s->header_len;
	part->header_crlf = crlf_between(o->header, end);
	o->body = end;
	part->body_at = end.at;
	s->in_header = false;
	content_read(s->arena, part, &s->params_left);
	choose_kind(s);
	if (part->kind == MIME_MESSAGE)
		open_new(s, end);
}

/* A multipart that had no parts gets one, empty, at its end. */
static void give_child(struct mime_scanner *s, struct open_part *o, struct mark end)
{
	struct mime_part *child = arena_get(s->arena, sizeof(*child));

	child->parent = o->part;
	child->depth = o->part->depth + 1;
	child->type = SLICE("text");
	child->subtype = SLICE("plain");
	child->header = SLICE("");
	child->header_at = child->body_at = end.at;
	*o->tail = child;
}

/* The innermost part ends at `end`, which may lie one line end before the end of
 * its header: RFC 2046 5.1.1 gives that line end to the boundary. */
static void close_innermost(struct mime_scanner *s, struct mark end)
{
	struct open_part *o = innermost(s);
	struct mime_part *part = o->part;

	if (end.at < o->header.at)
		end = o->header;
	if (end.at < o->body.at) {
		part->header_len = end.at - o->header.at;
		part->header_crlf = crlf_between(o->header, end);
		part->header = slice_head(part->header, (size_t)part->header_len);
		part->body_at = end.at;
		o->body = end;
	}
	part->body_len = end.at - o->body.at;
	part->body_crlf = crlf_between(o->body, end);
	part->body_lines = end.lines - o->body.lines;
	if (part->kind == MIME_MULTIPART && !part->child)
		give_child(s, o, end);
	boundary_close(&s->boundaries, s->depth);
	if (s->depth > 0)
		s->depth--;
}

/* Ends the innermost part's header first where it has not ended. */
static void close_down_to(struct mime_scanner *s, unsigned depth, struct mark end)
{
	while (s->in_header)
		end_header(s, end.at > innermost(s)->header.at ? end : innermost(s)->header);
	while (s->depth > depth)
		close_innermost(s, end);
}

/* The line end before the current line, which a boundary takes. */
static struct mark before_line_end(const struct mime_scanner *s)
{
	struct mark m = s->here;

	if (m.at > 0) {
		m.at -= s->crlf_before ? 2 : 1;
		m.bare -= s->crlf_before ? 0 : 1;
		m.lines--;
	}
	return m;
}

/* `line` (its first LINE_HEAD bytes at least) ends at `after`.  True: it was a
 * boundary and has been dealt with. */
static bool try_boundary(struct mime_scanner *s, struct slice line, struct mark after)
{
	bool closing;
	unsigned depth;

	if (!boundary_find(&s->boundaries, line, &depth, &closing))
		return false;
	if (!closing && s->parts_left == 0 && !s->open[depth].child_reserved) {
		s->opaque = true;
		return false;
	}
	s->header_len = s->header_line;
	close_down_to(s, depth, before_line_end(s));
	if (closing)
		boundary_close(&s->boundaries, depth);
	else
		open_new(s, after);
	return true;
}

static void keep_header(struct mime_scanner *s, struct slice bytes)
{
	size_t n = s->header_max - s->header_len;

	if (n > bytes.len)
		n = bytes.len;
	if (n == 0)
		return;
	if (s->header_len + n > s->header_cap) {
		size_t cap = s->header_cap ? s->header_cap : HEADER_FIRST;
		char *grown;

		while (cap < s->header_len + n)
			cap *= 2;
		grown = arena_get(s->arena, cap);
		if (s->header_len)
			memcpy(grown, s->header, s->header_len);
		s->header = grown;
		s->header_cap = cap;
	}
	memcpy(s->header + s->header_len, bytes.at, n);
	s->header_len += n;
}

/* A whole line has been seen; `line` is it, or its first LINE_HEAD bytes. */
static void end_line(struct mime_scanner *s, struct slice line, struct mark after)
{
	bool boundary = !s->opaque && try_boundary(s, line, after);

	if (!boundary && s->in_header) {
		bool empty = slice_is(line, "\n") || slice_is(line, "\r\n");

		s->header_line = s->header_len;
		if (empty)
			end_header(s, after);
	}
	s->here = after;
}

/* Body lines up to the last that is whole in `in`: the path nearly all bytes
 * take, so it touches nothing of the scanner but the counts. */
static size_t scan_body(struct mime_scanner *s, struct slice in)
{
	bool dashes = s->boundaries.count > 0 && !s->opaque;
	struct mark here = s->here;
	bool crlf = s->crlf_before;
	const char *at = in.at, *end = in.at + in.len, *lf;

	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (dashes && *at == '-' && lf - at > 2 && at[1] == '-')
			break;
		crlf = lf > at && lf[-1] == '\r';
		here.bare += !crlf;
		here.lines++;
		here.at += (uint64_t)(lf + 1 - at);
		at = lf + 1;
	}
	s->here = here;
	s->crlf_before = crlf;
	return (size_t)(at - in.at);
}

/* The next line, or what there is of it; returns the bytes used. */
static size_t scan_line(struct mime_scanner *s, struct slice in)
{
	const char *lf = memchr(in.at, '\n', in.len);
	struct slice piece = slice_head(in, lf ? (size_t)(lf + 1 - in.at) : in.len);
	struct slice line = piece;
	struct mark after = s->here;
	bool cr;

	if (s->in_header)
		keep_header(s, piece);
	if (s->line_len > 0 || !lf) {
		struct slice more = slice_head(piece, LINE_HEAD - s->head_len);

		memcpy(s->head + s->head_len, more.at, more.len);
		s->head_len += more.len;
		line = slice_make(s->head, s->head_len);
	}
	s->line_len += piece.len;
	cr = piece.len > 1 ? piece.at[piece.len - 2] == '\r' : s->last_cr;
	s->last_cr = piece.at[piece.len - 1] == '\r';
	if (!lf)
		return piece.len;
	after.at += s->line_len;
	after.bare += !cr;
	after.lines++;
	end_line(s, line, after);
	s->crlf_before = cr;
	s->line_len = s->head_len = 0;
	s->last_cr = false;
	return piece.len;
}

void mime_scanner_add(struct mime_scanner *s, struct slice bytes)
{
	while (bytes.len) {
		if (!s->in_header && s->line_len == 0)
			bytes = slice_from(bytes, scan_body(s, bytes));
		if (bytes.len)
			bytes = slice_from(bytes, scan_line(s, bytes));
	}
}

const struct mime_part *mime_scanner_end(struct mime_scanner *s)
{
	struct mark end = s->here;

	if (s->line_len > 0) {
		end.at += s->line_len;
		end_line(s, slice_make(s->head, s->head_len), end);
		s->line_len = 0;
	}
	close_down_to(s, 0, end);
	close_innermost(s, end);
	return s->open[0].part;
}
