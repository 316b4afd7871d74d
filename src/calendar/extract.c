/*
 * Why the parts are judged by name and type but never by where they stand: senders
 * put the invitation beside the text, under it, into a signed wrapper, or attach it as
 * octets; and people forward it.  Why unfolding comes before the charset: folding cuts
 * octets (RFC 5545 3.1), so a line may end within a character.
 */
#include "extract.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "ics.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "mime/part.h"

static bool ends_nocase(struct slice s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.len >= n && slice_is_nocase(slice_from(s, s.len - n), suffix);
}

static bool named_ics(const struct mime_param *params, const char *name)
{
	struct buf b;
	struct slice text;
	bool found;

	buf_init(&b, 4096);
	mime_param_text(&b, params, name);
	text = slice_trim(buf_slice(&b));
	found = ends_nocase(text, ".ics") || ends_nocase(text, ".vcs") || ends_nocase(text, ".ical");
	buf_release(&b);
	return found;
}

static bool carries_calendar(const struct mime_part *p)
{
	static const struct { const char *type, *subtype; } types[] = {
		{ "text", "calendar" }, { "text", "x-vcalendar" }, { "text", "ics" },
		{ "application", "ics" }, { "application", "calendar" },
		{ "application", "x-ics" }, { "application", "vnd.ms-calendar" },
	};

	if (p->kind != MIME_LEAF)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (slice_is(p->type, types[i].type) && slice_is(p->subtype, types[i].subtype))
			return true;
	return named_ics(p->disposition_params, "filename") || named_ics(p->params, "name");
}

static bool decode(struct buf *out, enum mime_encoding encoding, struct slice in)
{
	struct mime_decoder d;

	mime_decode_begin(&d, encoding);
	return mime_decode_add(&d, out, in) && mime_decode_end(&d, out);
}

/* Base64 under a header that does not say so: "BEGIN:" in it. */
static bool base64_unsaid(struct slice s)
{
	return slice_starts_nocase(slice_trim(s), "QkVHSU46");
}

/* "UTF-16LE" or "UTF-16BE" by a mark or by the zeros of its ASCII; else NULL.  The
 * label is not asked: text that has no zeros is not UTF-16. */
static const char *wide_charset(struct slice *s)
{
	const unsigned char *b = (const unsigned char *)s->at;
	const char *name = NULL;

	if (s->len < 4)
		return NULL;
	if ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff)) {
		name = b[0] == 0xff ? "utf-16le" : "utf-16be";
		*s = slice_from(*s, 2);
	} else if (b[0] && !b[1] && b[2] && !b[3]) {
		name = "utf-16le";
	} else if (!b[0] && b[1] && !b[2] && b[3]) {
		name = "utf-16be";
	}
	return name;
}

/* UTF-8 of which some bytes are damaged: characters of several bytes hardly stand in
 * another charset's text by chance. */
static bool mostly_utf8(struct slice s)
{
	size_t characters = 0, stray = 0, n;
	uint32_t point;

	for (; s.len; s = slice_from(s, n ? n : 1)) {
		n = text_utf8_next(s, &point);
		characters += n > 1;
		stray += n == 0;
	}
	return characters > 0 && characters >= stray;
}

/* RFC 5545 3.1.4: UTF-8 unless the sender says otherwise, and he may be mistaken. */
static struct slice charset_of(struct slice said, struct slice text)
{
	if (slice_starts_nocase(said, "utf-16"))
		said = SLICE("");
	if (said.len == 0 && mostly_utf8(text))
		return SLICE("utf-8");
	return said;
}

/* Decoded octets to unfolded UTF-8. */
static bool to_text(struct buf *out, struct slice octets, struct slice charset)
{
	const char *wide;
	struct buf half;
	bool ok;

	if (octets.len >= 3 && memcmp(octets.at, "\xef\xbb\xbf", 3) == 0) {
		octets = slice_from(octets, 3);
		charset = SLICE("utf-8");
	}
	wide = wide_charset(&octets);
	buf_init(&half, 3 * (size_t)EXTRACT_BYTES);
	if (wide)
		ok = charset_to_utf8(&half, slice_of(wide), octets) &&
		     ics_unfold(out, buf_slice(&half));
	else
		ok = ics_unfold(&half, octets) &&
		     charset_to_utf8(out, charset_of(charset, buf_slice(&half)),
				     buf_slice(&half));
	buf_release(&half);
	return ok;
}

static struct slice text_param(struct arena *a, const struct mime_param *params,
			       const char *name)
{
	struct slice text = SLICE("");
	struct buf b;

	buf_init(&b, 256);
	if (mime_param_text(&b, params, name))
		text = arena_copy(a, slice_trim(buf_slice(&b)));
	buf_release(&b);
	return text;
}

/* False: past a ceiling. */
static bool take_part(struct arena *a, const struct mime_part *p, struct slice message,
		      size_t *room, struct extract_text *text)
{
	struct slice body = slice_head(slice_from(message, (size_t)p->body_at),
				       (size_t)p->body_len);
	struct buf octets, out;
	bool ok;

	buf_init(&octets, EXTRACT_BYTES);
	buf_init(&out, *room < EXTRACT_BYTES ? *room : EXTRACT_BYTES);
	ok = decode(&octets, mime_encoding_of(p->encoding), body);
	if (ok && base64_unsaid(buf_slice(&octets))) {
		buf_clear(&octets);
		ok = decode(&octets, MIME_BASE64, body);
	}
	ok = ok && to_text(&out, buf_slice(&octets), text_param(a, p->params, "charset"));
	if (ok) {
		*room -= out.len;
		text->text = arena_copy(a, buf_slice(&out));
		text->method = text_param(a, p->params, "method");
	}
	buf_release(&octets);
	buf_release(&out);
	return ok;
}

static void read_header(struct arena *a, struct slice header, struct extracted *e)
{
	struct header_field f;
	struct mime_date date;
	struct buf b;

	buf_init(&b, 2048);
	if (header_find(header, "From", &f) && header_decode(&b, f.value))
		e->from = arena_copy(a, buf_slice(&b));
	buf_clear(&b);
	if (header_find(header, "Message-ID", &f) && header_unfold(&b, f.value))
		e->message_id = arena_copy(a, buf_slice(&b));
	if (header_find(header, "Date", &f) && mime_date_parse(&date, f.value))
		e->sent = date.utc;
	buf_release(&b);
}

struct extracted extract(struct arena *a, struct slice message)
{
	struct extracted e = { .texts = NULL };
	struct extract_text **end = &e.texts;
	struct arena *parts = mime_arena_new();
	size_t room = EXTRACT_TOTAL;

	read_header(a, slice_head(message, header_length(message)), &e);
	for (const struct mime_part *p = mime_scan(parts, message, &mime_default_limits); p;
	     p = mime_part_next(p)) {
		struct extract_text *text;

		if (!carries_calendar(p))
			continue;
		text = arena_get(a, sizeof(*text));
		if (e.count == EXTRACT_TEXTS || !take_part(a, p, message, &room, text)) {
			e.left_out++;
			continue;
		}
		*end = text;
		end = &text->next;
		e.count++;
	}
	arena_free(parts);
	return e;
}
