/*
 * Texts come in pieces, and a piece must not depend on what surrounds it: it is cut
 * behind a line end, where no charset of mail has a character or shift state under
 * way, and folding begins anew.  Lines without end (HTML is often one) are cut behind
 * a blank, or else between characters of UTF-8.
 *
 * RFC 3501 6.4.4 lets a server leave out parts that are neither text nor message;
 * base64 of a photograph only makes false matches.  MIME headers are seen by TEXT;
 * the header of a message within the message is also its body's text.
 *
 * HTML is read twice, as it stands and without its tags, rather than keeping two
 * texts under way at once: whoever takes the pieces has one border to think of.
 */
#include "mime/search_text.h"

#include <string.h>

#include "mime/charset.h"
#include "mime/date.h"
#include "mime/header.h"

enum {
	PIECE = 32 * 1024,           /* read at a time */
	/* Longer lines are cut: cut_of_line(). */
	LINE_LONGEST = 32 * 1024,
	DECODED_MAX = 4 * (PIECE + LINE_LONGEST),
	/* One byte may become three (windows-1252 to UTF-8), and one header of 1 MiB
	 * comes in one piece. */
	UTF8_MAX = 4 * 1024 * 1024,
	/* Compatibility folding makes longer text of ligatures and symbols; what is
	 * over this is left unseen. */
	FOLDED_MAX = 8 * 1024 * 1024,
};

void search_text_init(struct search_text *x)
{
	*x = (struct search_text){ .part = NULL };
	buf_init(&x->decoded, DECODED_MAX);
	buf_init(&x->utf8, UTF8_MAX);
	buf_init(&x->bare, UTF8_MAX);
	buf_init(&x->folded, FOLDED_MAX);
}

void search_text_release(struct search_text *x)
{
	buf_release(&x->decoded);
	buf_release(&x->utf8);
	buf_release(&x->bare);
	buf_release(&x->folded);
}

void search_text_begin(struct search_text *x, const struct mime_part *root,
		       search_read_fn *read, void *read_ctx,
		       search_piece_fn *piece, void *piece_ctx)
{
	x->part = root;
	x->read = read;
	x->piece = piece;
	x->read_ctx = read_ctx;
	x->piece_ctx = piece_ctx;
	x->in = SEARCH_TEXT_HEADER;
	x->failed = false;
}

bool search_text_value(struct buf *out, struct slice value)
{
	struct buf utf8;
	bool good;

	buf_init(&utf8, UTF8_MAX);
	good = header_decode(&utf8, value) && charset_fold(out, buf_slice(&utf8));
	buf_release(&utf8);
	return good;
}

bool search_text_sent(struct slice header, int64_t *day)
{
	struct header_field field;
	struct mime_date date;

	if (!header_find(header, "Date", &field) || !mime_date_parse(&date, field.value))
		return false;
	*day = mime_days(date.year, date.month, date.day);
	return true;
}

/* ---- Headers ---- */

/* Lines of a header that are no fields are text like any other. */
static void give_unread(struct search_text *x, bool body, struct slice lines)
{
	if (!slice_trim(lines).len)
		return;
	buf_clear(&x->utf8);
	buf_clear(&x->folded);
	charset_to_utf8(&x->utf8, SLICE(""), lines);
	charset_fold(&x->folded, buf_slice(&x->utf8));
	x->piece(x->piece_ctx, &(struct search_piece){
		.text = buf_slice(&x->folded), .begins = true, .body = body,
	});
}

static void give_field(struct search_text *x, bool body, const struct header_field *field)
{
	struct search_piece piece = { .begins = true, .body = body };
	size_t before;

	buf_clear(&x->folded);
	charset_fold(&x->folded, field->name);
	buf_add_text(&x->folded, field->value.len && field->value.at[0] == ' ' ? ": " : ":");
	before = x->folded.len;
	search_text_value(&x->folded, field->value);
	piece.text = buf_slice(&x->folded);
	if (!x->part->parent) {
		piece.name = slice_head(piece.text, field->name.len);
		piece.value = slice_from(piece.text, before);
	}
	x->piece(x->piece_ctx, &piece);
}

static void give_header(struct search_text *x)
{
	const struct mime_part *parent = x->part->parent;
	bool body = parent && parent->kind == MIME_MESSAGE;
	const struct slice header = x->part->header;
	struct slice rest = header;
	struct header_field field;
	const char *before;

	while (before = rest.at, header_next(&rest, &field)) {
		give_unread(x, body, slice_make(before, (size_t)(field.whole.at - before)));
		give_field(x, body, &field);
	}
	give_unread(x, body, slice_from(header, (size_t)(before - header.at)));
	buf_clear(&x->folded);
}

/* ---- Bodies ---- */

static bool is_searched(const struct mime_part *p)
{
	return p->kind == MIME_LEAF && (slice_is(p->type, "text") || slice_is(p->type, "message"));
}

static bool is_html(const struct mime_part *p)
{
	return slice_is(p->type, "text") && slice_is(p->subtype, "html");
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

static void begin_body(struct search_text *x, bool html)
{
	x->in = html ? SEARCH_TEXT_HTML : SEARCH_TEXT_BODY;
	x->begun = false;
	x->at = 0;
	x->charset = mime_param_raw(x->part->params, "charset");
	x->wide = is_wide(x->charset);
	mime_decode_begin(&x->decoder, mime_encoding_of(x->part->encoding));
	html_text_begin(&x->html);
	buf_clear(&x->decoded);
}

/* A byte order mark stands in the first piece only, so it becomes the name. */
static void note_byte_order(struct search_text *x)
{
	const unsigned char *at = (const unsigned char *)x->decoded.data;

	if (x->decoded.len < 4 || at[0] != 0xFF || at[1] != 0xFE || (at[2] == 0 && at[3] == 0))
		return;
	x->charset = SLICE("utf-16le");
}

static bool is_high_surrogate(const char *unit)
{
	return ((unsigned char)unit[0] & 0xFC) == 0xD8 || ((unsigned char)unit[1] & 0xFC) == 0xD8;
}

/* Where a line that is too long is cut: behind a blank, which is no byte of another
 * character in any charset; else in front of the last character that may be unfinished,
 * if it is UTF-8. */
static size_t cut_of_line(const char *at, size_t len)
{
	size_t n = len;

	while (n && at[n - 1] != ' ' && at[n - 1] != '\t')
		n--;
	if (n)
		return n;
	for (n = len - 1; n + 4 > len; n--)
		if (((unsigned char)at[n] & 0xC0) != 0x80)
			return n;
	return len;
}

/* How much of what is decoded may be converted without tearing a character. */
static size_t whole_characters(const struct search_text *x)
{
	const char *at = x->decoded.data;
	size_t n = x->decoded.len;

	if (x->wide) {
		n -= n % 4;
		return n >= 4 && is_high_surrogate(at + n - 2) ? n - 2 : n;
	}
	while (n && at[n - 1] != '\n')
		n--;
	if (n || x->decoded.len < LINE_LONGEST)
		return n;
	return cut_of_line(at, x->decoded.len);
}

static void give_body(struct search_text *x, struct slice utf8)
{
	buf_clear(&x->folded);
	charset_fold(&x->folded, utf8);
	if (x->folded.len)
		x->piece(x->piece_ctx, &(struct search_piece){
			.text = buf_slice(&x->folded), .begins = !x->begun, .body = true,
		});
	x->begun = x->begun || x->folded.len;
	buf_clear(&x->folded);
}

static void convert(struct search_text *x, size_t n)
{
	buf_clear(&x->utf8);
	charset_to_utf8(&x->utf8, x->charset, slice_make(x->decoded.data, n));
	buf_consume(&x->decoded, n);
	if (x->in == SEARCH_TEXT_BODY) {
		give_body(x, buf_slice(&x->utf8));
		return;
	}
	buf_clear(&x->bare);
	html_text_add(&x->html, &x->bare, buf_slice(&x->utf8));
	give_body(x, buf_slice(&x->bare));
}

static void end_body(struct search_text *x)
{
	mime_decode_end(&x->decoder, &x->decoded);
	if (x->decoded.len)
		convert(x, x->decoded.len);
	if (x->in == SEARCH_TEXT_HTML) {
		buf_clear(&x->bare);
		html_text_end(&x->html, &x->bare);
		give_body(x, buf_slice(&x->bare));
	}
}

/* False: that was the end of the body. */
static bool read_body(struct search_text *x)
{
	uint64_t left = x->part->body_len - x->at;
	char bytes[PIECE];
	ssize_t got;
	size_t n;

	got = left ? x->read(x->read_ctx, x->part->body_at + x->at, bytes,
			     left < PIECE ? left : PIECE) : 0;
	x->failed = x->failed || (left && got <= 0);
	if (got <= 0)
		return false;
	mime_decode_add(&x->decoder, &x->decoded, slice_make(bytes, (size_t)got));
	if (x->wide && x->at == 0)
		note_byte_order(x);
	x->at += (uint64_t)got;
	n = whole_characters(x);
	if (n)
		convert(x, n);
	return true;
}

bool search_text_step(struct search_text *x)
{
	if (!x->part)
		return false;
	if (x->in == SEARCH_TEXT_HEADER) {
		give_header(x);
		begin_body(x, false);
		if (is_searched(x->part))
			return true;
	} else if (read_body(x)) {
		return true;
	} else {
		end_body(x);
		if (x->in == SEARCH_TEXT_BODY && is_html(x->part)) {
			begin_body(x, true);
			return true;
		}
	}
	x->part = mime_part_next(x->part);
	x->in = SEARCH_TEXT_HEADER;
	return x->part != NULL;
}
