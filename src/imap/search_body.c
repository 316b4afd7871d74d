/*
 * Substring search in texts that come in pieces.  Three borders must not hide a
 * match or make one: between pieces (the end of each is looked at again, as long
 * as the longest needle), within a character or a shift state of the charset
 * (pieces are cut behind a line end, where no charset of mail has either), and
 * between parts (where nothing is kept).
 *
 * RFC 3501 6.4.4 lets a server leave out parts that are neither text nor message;
 * base64 of a photograph only makes false matches.  MIME headers are seen by TEXT;
 * the header of a message within the message is also its body's text.
 */
#include "search_body.h"

#include <string.h>

#include "mime/charset.h"
#include "mime/header.h"

enum {
	PIECE = 32 * 1024,           /* read at a time */
	/* Longer lines are cut anywhere between characters. */
	LINE_MAX = 32 * 1024,
	DECODED_MAX = 4 * (PIECE + LINE_MAX),
	/* One byte may become three (windows-1252 to UTF-8), and one header of 1 MiB
	 * comes in one piece. */
	UTF8_MAX = 4 * 1024 * 1024,
	/* Compatibility folding makes longer text of ligatures and symbols; what is
	 * over this is left unseen. */
	FOLDED_MAX = 8 * 1024 * 1024,
};

/* Those of the plan's keys that read messages. */
static void collect(struct search_body *b, struct search_key *key)
{
	for (; key; key = key->next) {
		if (key->kind == SEARCH_BODY || key->kind == SEARCH_TEXT)
			b->keys[b->count++] = key;
		collect(b, key->child);
	}
}

void search_body_init(struct search_body *b, const struct search_plan *plan, struct arena *keep)
{
	*b = (struct search_body){ .longest = plan->needle_longest };
	b->keys = arena_array(keep, plan->needles + 1, sizeof(struct search_key *));
	collect(b, plan->root);
	buf_init(&b->decoded, DECODED_MAX);
	buf_init(&b->utf8, UTF8_MAX);
	buf_init(&b->folded, FOLDED_MAX);
}

void search_body_release(struct search_body *b)
{
	buf_release(&b->decoded);
	buf_release(&b->utf8);
	buf_release(&b->folded);
}

bool search_fold_field(struct buf *out, struct slice value)
{
	struct buf utf8;
	bool good;

	buf_init(&utf8, UTF8_MAX);
	good = header_decode(&utf8, value) && charset_fold(out, buf_slice(&utf8));
	buf_release(&utf8);
	return good;
}

static bool has(struct slice text, struct slice needle)
{
	return needle.len == 0 ||
	       (text.len >= needle.len && memmem(text.at, text.len, needle.at, needle.len));
}

/* Looks for the needles in what there is.  `body`: BODY keys see it too. */
static void look(struct search_body *b, bool body)
{
	for (size_t i = 0; i < b->count; i++) {
		struct search_key *key = b->keys[i];

		if (key->asked == b->seq || (key->kind == SEARCH_BODY && !body) ||
		    !has(buf_slice(&b->folded), key->needle))
			continue;
		key->asked = b->seq;
		key->answer = true;
	}
}

/* Text that goes on from what was looked at before. */
static void look_at_more(struct search_body *b, struct slice utf8)
{
	size_t again = b->longest ? b->longest - 1 : 0;

	charset_fold(&b->folded, utf8);
	b->folded.overflow = false;
	look(b, true);
	if (b->folded.len > again)
		buf_consume(&b->folded, b->folded.len - again);
}

/* ---- Headers ---- */

/* Whether some needle may still be met in such a text. */
static bool is_wanted(const struct search_body *b, bool body)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->keys[i]->asked != b->seq && (body || b->keys[i]->kind == SEARCH_TEXT))
			return true;
	return false;
}

/* Lines of a header that are no fields are text like any other. */
static void fold_unread(struct search_body *b, struct slice lines)
{
	if (!lines.len)
		return;
	buf_clear(&b->utf8);
	charset_to_utf8(&b->utf8, SLICE(""), lines);
	charset_fold(&b->folded, buf_slice(&b->utf8));
}

static void read_header(struct search_body *b)
{
	const struct mime_part *parent = b->part->parent;
	bool body = parent && parent->kind == MIME_MESSAGE;
	const struct slice header = b->part->header;
	struct slice rest = header;
	struct header_field field;
	const char *before;

	buf_clear(&b->folded);
	if (!is_wanted(b, body))
		return;
	while (before = rest.at, header_next(&rest, &field)) {
		fold_unread(b, slice_make(before, (size_t)(field.whole.at - before)));
		charset_fold(&b->folded, field.name);
		buf_add_text(&b->folded, field.value.len && field.value.at[0] == ' ' ? ": " : ":");
		search_fold_field(&b->folded, field.value);
		buf_add_text(&b->folded, "\n");
	}
	fold_unread(b, slice_from(header, (size_t)(before - header.at)));
	look(b, body);
	buf_clear(&b->folded);
}

/* ---- Bodies ---- */

static bool is_searched(const struct mime_part *p)
{
	return p->kind == MIME_LEAF && (slice_is(p->type, "text") || slice_is(p->type, "message"));
}

/* Whether ASCII bytes are ASCII in the charset.  Asked of the converter, which
 * knows all the names. */
static bool is_wide(struct slice charset)
{
	struct buf out;
	bool same;

	buf_init(&out, 100);
	charset_to_utf8(&out, charset, SLICE("abcdefgh"));
	same = slice_is(buf_slice(&out), "abcdefgh");
	buf_release(&out);
	return !same;
}

static void begin_body(struct search_body *b)
{
	b->in_body = true;
	b->at = 0;
	b->charset = mime_param_raw(b->part->params, "charset");
	b->wide = is_wide(b->charset);
	mime_decode_begin(&b->decoder, mime_encoding_of(b->part->encoding));
	buf_clear(&b->decoded);
	buf_clear(&b->folded);
}

/* A byte order mark stands in the first piece only, so it becomes the name. */
static void note_byte_order(struct search_body *b)
{
	const unsigned char *at = (const unsigned char *)b->decoded.data;

	if (b->decoded.len < 4 || at[0] != 0xFF || at[1] != 0xFE || (at[2] == 0 && at[3] == 0))
		return;
	b->charset = SLICE("utf-16le");
}

static bool is_high_surrogate(const char *unit)
{
	return ((unsigned char)unit[0] & 0xFC) == 0xD8 || ((unsigned char)unit[1] & 0xFC) == 0xD8;
}

/* How much of what is decoded may be converted without tearing a character. */
static size_t whole_characters(const struct search_body *b)
{
	const char *at = b->decoded.data;
	size_t n = b->decoded.len;

	if (b->wide) {
		n -= n % 4;
		return n >= 4 && is_high_surrogate(at + n - 2) ? n - 2 : n;
	}
	while (n && at[n - 1] != '\n')
		n--;
	if (n || b->decoded.len < LINE_MAX)
		return n;
	/* In front of the last character that may be unfinished, if it is UTF-8. */
	for (n = b->decoded.len - 1; n + 4 > b->decoded.len; n--)
		if (((unsigned char)at[n] & 0xC0) != 0x80)
			return n;
	return b->decoded.len;
}

static void convert(struct search_body *b, size_t n)
{
	buf_clear(&b->utf8);
	charset_to_utf8(&b->utf8, b->charset, slice_make(b->decoded.data, n));
	buf_consume(&b->decoded, n);
	look_at_more(b, buf_slice(&b->utf8));
}

static void end_body(struct search_body *b)
{
	mime_decode_end(&b->decoder, &b->decoded);
	if (b->decoded.len)
		convert(b, b->decoded.len);
	buf_clear(&b->folded);
}

/* False: that was the end of the body. */
static bool read_body(struct search_body *b)
{
	uint64_t left = b->part->body_len - b->at;
	char bytes[PIECE];
	ssize_t got;
	size_t n;

	got = left ? reader_read(b->reader, b->part->body_at + b->at, bytes,
				 left < PIECE ? left : PIECE) : 0;
	if (got <= 0)
		return false;
	mime_decode_add(&b->decoder, &b->decoded, slice_make(bytes, (size_t)got));
	if (b->wide && b->at == 0)
		note_byte_order(b);
	b->at += (uint64_t)got;
	n = whole_characters(b);
	if (n)
		convert(b, n);
	return true;
}

/* ---- The message ---- */

bool search_body_begin(struct search_body *b, struct reader *r, uint32_t seq)
{
	b->reader = r;
	b->seq = seq;
	b->part = reader_parts(r);
	b->in_body = false;
	return b->part != NULL;
}

/* An empty string is in every message. */
static void answer_the_rest(struct search_body *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct search_key *key = b->keys[i];

		if (key->asked == b->seq)
			continue;
		key->asked = b->seq;
		key->answer = key->needle.len == 0;
	}
}

bool search_body_step(struct search_body *b)
{
	if (!b->part) {
		answer_the_rest(b);
		return false;
	}
	if (!b->in_body) {
		read_header(b);
		begin_body(b);
		if (is_searched(b->part))
			return true;
	} else if (read_body(b)) {
		return true;
	} else {
		end_body(b);
	}
	b->part = mime_part_next(b->part);
	b->in_body = false;
	return true;
}
