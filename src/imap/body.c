/*
 * Why a literal's length can be promised before its first byte is sent: the part
 * tree knows every size in CRLF form (what needs no tree, and what has to be
 * decoded, is counted first), and the message stays open, so that an expunge by
 * somebody else cannot take it away half-way.
 */
#include "body.h"

#include <string.h>

enum {
	PIECE = 32 * 1024,
	/* A piece when its lines have got their CRs; what decoding makes is smaller. */
	PIECE_MADE = 2 * PIECE + 256,
	/* Fields are chosen from at most 1 MiB of a header; twice that in CRLF form. */
	TEXT_MAX = 8 * 1024 * 1024,
};

void body_init(struct body *b)
{
	memset(b, 0, sizeof(*b));
	buf_init(&b->text, TEXT_MAX);
	buf_init(&b->piece, PIECE_MADE);
}

void body_release(struct body *b)
{
	buf_release(&b->text);
	buf_release(&b->piece);
}

/* ---- Where it lies ---- */

/* The header came whole: up to its empty line, or there is nothing else. */
static bool is_whole(struct slice header, uint64_t size)
{
	struct slice end = slice_from(header, header.len < 3 ? 0 : header.len - 3);

	return header.len == size || slice_is(header, "\n") || slice_is(header, "\r\n") ||
	       (end.len == 3 && (slice_is(end, "\n\r\n") || slice_is(slice_from(end, 1), "\n\n")));
}

/* The CRLF length of the file from `at` on.  False: it cannot be read. */
static bool count_file(struct reader *r, uint64_t at, uint64_t *octets)
{
	uint64_t size = reader_size(r);
	struct crlf_form form = { false };
	char bytes[PIECE];

	for (*octets = 0; at < size;) {
		ssize_t n = reader_read(r, at, bytes, PIECE);

		if (n <= 0)
			return false;
		*octets += crlf_form_count(&form, slice_make(bytes, (size_t)n));
		at += (uint64_t)n;
	}
	return true;
}

/* Sections of the message itself need no tree of its parts: most of what clients
 * ask for is found by reading the header, or the file, once.  False: they do. */
static bool find_without_parts(struct reader *r, const struct section *s,
			       struct section_place *out)
{
	uint64_t size = reader_size(r);
	struct crlf_form form = { false };
	struct slice header;

	if (s->depth || reader_has_parts(r))
		return false;
	*out = (struct section_place){ .len = size };
	if (s->text == SECTION_WHOLE)
		return count_file(r, 0, &out->crlf);
	header = reader_header(r);
	if (!is_whole(header, size))
		return false;
	if (s->text == SECTION_TEXT) {
		out->at = header.len;
		out->len = size - header.len;
		return count_file(r, header.len, &out->crlf);
	}
	out->len = header.len;
	out->crlf = crlf_form_count(&form, header);
	out->header = header;
	return true;
}

/* The parts are kept until the next command; what was counted is not. */
static enum body_found find(struct reader *r, const struct section *s, bool partly,
			    struct section_place *out)
{
	const struct mime_part *root;

	if (!partly && find_without_parts(r, s, out))
		return BODY_FOUND;
	root = reader_parts(r);
	if (!root)
		return BODY_UNREADABLE;
	return section_find(s, root, out) ? BODY_FOUND : BODY_NONE;
}

/* ---- Octets ---- */

/* A run of the file in the form in which it is sent. */
static void convert(struct body *b, struct buf *out, struct slice bytes, bool last)
{
	if (!b->binary) {
		section_wire(&b->form, out, bytes);
		return;
	}
	/* RFC 3516 6: lines end in CRLF, however they are stored; so does a line of
	 * quoted-printable, where it is not written as =0A. */
	buf_clear(&b->piece);
	crlf_form_add(&b->form, &b->piece, bytes);
	mime_decode_add(&b->decoder, out, buf_slice(&b->piece));
	if (last)
		mime_decode_end(&b->decoder, out);
}

static ssize_t read_piece(struct body *b, char bytes[PIECE])
{
	ssize_t n = reader_read(b->reader, b->at, bytes,
				b->unread < PIECE ? (size_t)b->unread : PIECE);

	if (n > 0) {
		b->at += (uint64_t)n;
		b->unread -= (uint64_t)n;
	}
	return n;
}

/* Decoded octets are only known by decoding. */
static bool count_binary(struct body *b)
{
	struct body all = *b;
	char bytes[PIECE];
	struct buf out;
	bool ok = true;

	buf_init(&out, PIECE_MADE);
	for (b->size = 0, b->nul = false; ok && all.unread;) {
		ssize_t n = read_piece(&all, bytes);

		ok = n > 0;
		buf_clear(&out);
		if (ok)
			convert(&all, &out, slice_make(bytes, (size_t)n), !all.unread);
		b->size += out.len;
		b->nul = b->nul || (out.len && memchr(out.data, '\0', out.len));
	}
	b->piece = all.piece;
	buf_release(&out);
	return ok;
}

/* Whether the mark is in this section. */
static bool is_marked(const struct body *b)
{
	const struct reader_mark *m = b->mark;

	return m && m->len && m->from == b->at && m->len == b->unread &&
	       m->decoded == b->binary;
}

/* It is set at the beginning of each piece of the file: what is asked for next begins
 * where this ends, within the last of them. */
static void set_mark(struct body *b)
{
	if (!b->mark)
		return;
	b->mark->at = b->at;
	b->mark->octets = b->octets;
	b->mark->form = b->form;
	b->mark->decoder = b->decoder;
}

static void begin_mark(struct body *b)
{
	if (!b->mark || is_marked(b))
		return;
	*b->mark = (struct reader_mark){
		.from = b->at, .len = b->unread, .decoded = b->binary,
		.size = b->size, .nul = b->nul,
	};
	set_mark(b);
}

/* On to the mark, if it is before the octets to be skipped. */
static void go_to_mark(struct body *b)
{
	const struct reader_mark *m = b->mark;

	if (!m || m->octets > b->skip)
		return;
	b->unread -= m->at - b->at;
	b->at = m->at;
	b->skip -= m->octets;
	b->octets = m->octets;
	b->form = m->form;
	b->decoder = m->decoder;
}

static enum body_found open_binary(struct body *b, const struct mime_part *part)
{
	enum mime_encoding encoding = MIME_IDENTITY;

	b->binary = true;
	/* Only a leaf's own body is encoded; a whole message, a multipart and a
	 * message within are given as they stand. */
	if (part && part->kind == MIME_LEAF && part->encoding.at)
		encoding = mime_encoding_of(part->encoding);
	if (encoding == MIME_UNKNOWN)
		return BODY_UNKNOWN_CTE;
	mime_decode_begin(&b->decoder, encoding);
	if (is_marked(b) && b->mark->decoder.encoding == encoding) {
		b->size = b->mark->size;
		b->nul = b->mark->nul;
		return BODY_FOUND;
	}
	return count_binary(b) ? BODY_FOUND : BODY_UNREADABLE;
}

enum body_found body_open(struct body *b, struct reader *r, const struct section *s, bool binary,
			  bool partly)
{
	struct section_place place;
	enum body_found found = find(r, s, partly, &place);

	if (found != BODY_FOUND)
		return found;
	if (s->text == SECTION_FIELDS || s->text == SECTION_FIELDS_NOT) {
		buf_clear(&b->text);
		section_fields(&b->text, s, place.header);
		body_open_text(b);
		return BODY_FOUND;
	}
	b->reader = r;
	b->from_file = true;
	b->at = place.at;
	b->unread = place.len;
	b->form = (struct crlf_form){ false };
	b->binary = false;
	b->skip = b->octets = 0;
	b->size = place.crlf;
	b->mark = partly ? reader_mark(r) : NULL;
	if (binary)
		found = open_binary(b, place.part);
	b->left = b->size;
	if (found == BODY_FOUND)
		begin_mark(b);
	return found;
}

void body_open_text(struct body *b)
{
	b->from_file = false;
	b->at = b->skip = 0;
	b->size = b->left = b->text.len;
}

void body_partial(struct body *b, uint64_t start, uint64_t count)
{
	b->skip = start < b->size ? start : b->size;
	b->left = b->size - b->skip < count ? b->size - b->skip : count;
	if (!b->from_file) {
		b->at = b->skip;
		return;
	}
	/* Stored as it is sent: no need to count lines. */
	if (!b->binary && b->size == b->unread) {
		b->at += b->skip;
		b->unread -= b->skip;
		/* An LF at the start has its CR before it, or there would be more. */
		b->form.cr = b->skip > 0;
		b->skip = 0;
		b->mark = NULL;
		return;
	}
	go_to_mark(b);
}

/* Over the octets in front of a partial, without making them. */
static bool skip_piece(struct body *b, struct slice piece)
{
	struct crlf_form form = b->form;
	uint64_t octets;

	if (!b->skip || b->binary)
		return false;
	octets = crlf_form_count(&form, piece);
	if (octets > b->skip)
		return false;
	b->form = form;
	b->skip -= octets;
	b->octets += octets;
	return true;
}

static void add_piece(struct body *b, struct buf *out, struct slice piece)
{
	size_t from = out->len, octets;

	convert(b, out, piece, !b->unread);
	octets = out->len - from;
	b->octets += octets;
	if (b->skip && octets) {
		size_t drop = b->skip < octets ? (size_t)b->skip : octets;

		octets -= drop;
		memmove(out->data + from, out->data + from + drop, octets);
		b->skip -= drop;
	}
	if (octets > b->left)
		octets = (size_t)b->left;
	out->len = from + octets;
	b->left -= octets;
}

bool body_more(struct body *b, struct buf *out)
{
	char bytes[PIECE];
	struct slice piece;
	ssize_t n;

	if (!b->from_file) {
		piece = slice_head(slice_from(buf_slice(&b->text), (size_t)b->at),
				   b->left < PIECE ? (size_t)b->left : PIECE);
		buf_add(out, piece);
		b->at += piece.len;
		b->left -= piece.len;
		return true;
	}
	set_mark(b);
	n = read_piece(b, bytes);
	if (n <= 0)
		return false;
	if (!skip_piece(b, slice_make(bytes, (size_t)n)))
		add_piece(b, out, slice_make(bytes, (size_t)n));
	return b->unread || !b->left;
}
