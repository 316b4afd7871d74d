/*
 * What a person sees of a message before opening it.  Mail from shops begins with
 * characters that take no room, so that nothing of the text is seen in a list;
 * answers begin with what was said before.  Neither is what the message says.
 */
#include "mime/preview.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/html_text.h"

enum {
	/* Bytes read of a body at most: ten times the text, with quoted lines between;
	 * before the text of HTML stand its styles. */
	PLAIN_READ = 8 * 1024,
	HTML_READ = 64 * 1024,
	/* Most say enough in so many, and all that is read has to be decoded. */
	FIRST_READ = 1024,
	/* No charset makes more of a byte than this. */
	UTF8_MAX = 4 * HTML_READ + 1024,
};

static bool is_text(const struct mime_part *p, const char *subtype)
{
	return p->kind == MIME_LEAF && slice_is(p->type, "text") && slice_is(p->subtype, subtype) &&
	       !(p->disposition.at && slice_is(p->disposition, "attachment"));
}

static const struct mime_part *first_of(const struct mime_part *root, const char *subtype)
{
	const struct mime_part *p = root;

	while (p && !(is_text(p, subtype) && p->body_len))
		p = mime_part_next(p);
	return p;
}

/* ---- Characters ---- */

/* Soft hyphens, joiners, marks of direction, fillers. */
static bool is_unseen(uint32_t c)
{
	return (c < ' ' && (!c || !strchr("\t\n\r\f", (int)c))) || c == 0x7f || c == 0xad || c == 0x34f ||
	       c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
	       c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x3164 || c == 0xfeff || c == 0xffa0 ||
	       (c >= 0x80 && c < 0xa0);
}

static bool is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0xa0 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

struct preview {
	struct buf *out;
	unsigned characters;
	bool blank;                      /* one is owed */
};

static bool is_full(const struct preview *p)
{
	return p->characters >= PREVIEW_CHARACTERS;
}

static void add_text(struct preview *p, struct slice s)
{
	while (s.len && !is_full(p)) {
		uint32_t c;
		size_t n = text_utf8_next(s, &c);

		if (!n)
			break;
		if (is_blank(c)) {
			p->blank = true;
		} else if (!is_unseen(c)) {
			bool space = p->blank && p->characters;

			if (space && p->characters + 1 >= PREVIEW_CHARACTERS)
				break;
			if (space)
				buf_add_byte(p->out, ' ');
			buf_add(p->out, slice_head(s, n));
			p->characters += 1 + space;
			p->blank = false;
		}
		s = slice_from(s, n);
	}
}

/* ---- Lines ---- */

static struct slice next_line(struct slice *rest)
{
	size_t end = slice_find(*rest, '\n');
	struct slice line = slice_head(*rest, end);

	*rest = slice_from(*rest, end + 1);
	return line;
}

/* The first line that is not blank begins with '>'. */
static bool quote_follows(struct slice rest)
{
	while (rest.len) {
		struct slice line = slice_trim(next_line(&rest));

		if (line.len)
			return line.at[0] == '>';
	}
	return false;
}

/* "On Monday Fred wrote:", before what he wrote. */
static bool is_attribution(struct slice line, struct slice rest)
{
	return line.len && line.at[line.len - 1] == ':' && quote_follows(rest);
}

static void add_plain(struct preview *p, struct slice text, bool quotes)
{
	while (text.len && !is_full(p)) {
		struct slice whole = next_line(&text), line = slice_trim(whole);

		/* RFC 3676 4.3: a signature. */
		if (slice_is(whole, "-- ") || slice_is(whole, "-- \r"))
			break;
		if (slice_is(line, "-----BEGIN PGP MESSAGE-----"))
			break;
		p->blank = true;
		if (quotes || !line.len || (line.at[0] != '>' && !is_attribution(line, text)))
			add_text(p, line);
	}
}

/* ---- A part ---- */

static bool read_body(struct buf *out, const struct mime_part *part, size_t most,
		      search_read_fn *read, void *ctx)
{
	uint64_t at = part->body_at, end = at + (part->body_len < most ? part->body_len : most);
	struct mime_decoder decoder;
	char *piece = mem_alloc((size_t)(end - at));
	ssize_t n = 1;

	mime_decode_begin(&decoder, part->encoding.at ? mime_encoding_of(part->encoding) :
							MIME_IDENTITY);
	while (at < end && (n = read(ctx, at, piece, (size_t)(end - at))) > 0) {
		mime_decode_add(&decoder, out, slice_make(piece, (size_t)n));
		at += (uint64_t)n;
	}
	mime_decode_end(&decoder, out);
	free(piece);
	return n > 0;
}

/* With `all` there is no more to come of it. */
static void add_part(struct preview *p, const struct mime_part *part, struct slice body, bool html,
		     bool all)
{
	struct html_text stripper;
	struct buf utf8, bare;

	buf_init(&utf8, UTF8_MAX);
	buf_init(&bare, UTF8_MAX);
	charset_to_utf8(&utf8, mime_param_raw(part->params, "charset"), body);
	if (html) {
		html_text_begin(&stripper);
		html_text_add(&stripper, &bare, buf_slice(&utf8));
		html_text_end(&stripper, &bare);
		add_text(p, buf_slice(&bare));
	} else {
		add_plain(p, buf_slice(&utf8), false);
		/* He says nothing himself. */
		if (!p->characters && all)
			add_plain(p, buf_slice(&utf8), true);
	}
	buf_release(&utf8);
	buf_release(&bare);
}

/* From the beginning of its body, or as much of it as there may be. */
static bool try_part(struct preview *p, const struct mime_part *part, bool html, bool all,
		     search_read_fn *read, void *ctx)
{
	size_t most = !all ? FIRST_READ : html ? HTML_READ : PLAIN_READ;
	struct buf body;
	bool ok;

	buf_clear(p->out);
	*p = (struct preview){ .out = p->out };
	buf_init(&body, 2 * most + 128);
	ok = read_body(&body, part, most, read, ctx);
	if (ok)
		add_part(p, part, buf_slice(&body), html, all);
	buf_release(&body);
	return ok;
}

bool mime_preview(struct buf *out, const struct mime_part *root, search_read_fn *read, void *ctx)
{
	struct preview p = { .out = out };
	bool ok = true;

	for (int html = 0; ok && !p.characters && html < 2; html++) {
		const struct mime_part *part = first_of(root, html ? "html" : "plain");

		if (!part)
			continue;
		ok = try_part(&p, part, html, part->body_len <= FIRST_READ, read, ctx);
		/* One short of it is full, when a space and a character were owed. */
		if (ok && p.characters < PREVIEW_CHARACTERS - 1 && part->body_len > FIRST_READ)
			ok = try_part(&p, part, html, true, read, ctx);
	}
	return ok && !out->overflow;
}
