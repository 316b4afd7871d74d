/*
 * SASLprep (RFC 4013).  Its tables are of Unicode 3.2 and frozen, so they stand
 * here; the normalisation is utf8proc's, of a later Unicode, which gives the same
 * for all that 3.2 had (but for five corrected ideographs).
 */
#include "saslprep.h"

#include <stdint.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"

struct range {
	uint32_t first, last;
};

/* RFC 3454 C.1.2: become U+0020. */
static const struct range spaces[] = {
	{ 0x00a0, 0x00a0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200b }, { 0x202f, 0x202f },
	{ 0x205f, 0x205f }, { 0x3000, 0x3000 },
};

/* B.1: become nothing. */
static const struct range nothing[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x1806, 0x1806 }, { 0x180b, 0x180d },
	{ 0x200c, 0x200d }, { 0x2060, 0x2060 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
};

/* C.2.1 C.2.2 C.3 C.4 C.5 C.6 C.7 C.8 C.9, and C.1.2 again, in order.  What ends in
 * FFFE or FFFF (C.4) is told by is_prohibited(). */
static const struct range prohibited[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x00a0 }, { 0x0340, 0x0341 }, { 0x06dd, 0x06dd },
	{ 0x070f, 0x070f }, { 0x1680, 0x1680 }, { 0x180e, 0x180e }, { 0x2000, 0x200f },
	{ 0x2028, 0x202f }, { 0x205f, 0x2063 }, { 0x206a, 0x206f }, { 0x2ff0, 0x2ffb },
	{ 0x3000, 0x3000 }, { 0xd800, 0xf8ff }, { 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff },
	{ 0xfff9, 0xfffd }, { 0x1d173, 0x1d17a }, { 0xe0001, 0xe0001 },
	{ 0xe0020, 0xe007f }, { 0xf0000, 0x10ffff },
};

#define IS_IN(table, c) is_in(table, sizeof(table) / sizeof((table)[0]), c)

static bool is_in(const struct range *table, size_t count, uint32_t c)
{
	for (size_t i = 0; i < count; i++)
		if (c >= table[i].first && c <= table[i].last)
			return true;
	return false;
}

static bool is_prohibited(uint32_t c)
{
	return (c & 0xfffe) == 0xfffe || IS_IN(prohibited, c);
}

/* RFC 3454 6: who reads from right to left does so from end to end. */
static bool directions_fit(struct slice text)
{
	bool right = false, left = false, first = false, last = false;
	uint32_t c;

	for (size_t at = 0, n; (n = text_utf8_next(slice_from(text, at), &c)) != 0; at += n) {
		utf8proc_propval_t class = utf8proc_get_property((utf8proc_int32_t)c)->bidi_class;

		last = class == UTF8PROC_BIDI_CLASS_R || class == UTF8PROC_BIDI_CLASS_AL;
		if (at == 0)
			first = last;
		right |= last;
		left |= class == UTF8PROC_BIDI_CLASS_L;
	}
	return !right || (!left && first && last);
}

static bool map(struct buf *out, struct slice text)
{
	uint32_t c;

	for (size_t at = 0, n; at < text.len; at += n) {
		n = text_utf8_next(slice_from(text, at), &c);
		if (!n)
			return false;
		if (IS_IN(spaces, c))
			buf_add_byte(out, ' ');
		else if (!IS_IN(nothing, c))
			buf_add(out, slice_make(text.at + at, n));
	}
	return !out->overflow;
}

static bool check(struct slice text)
{
	uint32_t c;

	for (size_t at = 0, n; (n = text_utf8_next(slice_from(text, at), &c)) != 0; at += n)
		if (is_prohibited(c))
			return false;
	return directions_fit(text);
}

bool saslprep(struct buf *out, struct slice text)
{
	utf8proc_uint8_t *normal = NULL;
	utf8proc_ssize_t len;
	struct buf mapped;
	bool good;

	if (text_is_ascii(text))
		return check(text) && buf_add(out, text);
	buf_init(&mapped, text.len);
	good = map(&mapped, text);
	len = good ? utf8proc_map((const utf8proc_uint8_t *)(mapped.data ? mapped.data : ""),
				  (utf8proc_ssize_t)mapped.len, &normal,
				  UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_STABLE) : -1;
	good = len >= 0 && check(slice_make((const char *)normal, (size_t)len)) &&
	       buf_add(out, slice_make((const char *)normal, (size_t)len));
	if (len > 0)
		mem_wipe(normal, (size_t)len);
	free(normal);
	if (mapped.data)
		mem_wipe(mapped.data, mapped.cap);
	buf_release(&mapped);
	return good;
}
