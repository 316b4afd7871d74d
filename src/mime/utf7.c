/*
 * Modified UTF-7, both ways.  Strict on the way in, because a lenient decoder
 * gives one folder several names, and what a client writes would not be what it
 * reads back from LIST.  The Maildir's folders are named by other programs too: of
 * them a run is read whatever it has in it.
 */
#include "mime/utf7.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool is_direct(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

static bool add_utf8(struct buf *out, uint32_t c)
{
	char bytes[4];
	size_t n;

	if (c < 0x80) {
		bytes[0] = (char)c;
		n = 1;
	} else if (c < 0x800) {
		bytes[0] = (char)(0xc0 | c >> 6);
		n = 2;
	} else if (c < 0x10000) {
		bytes[0] = (char)(0xe0 | c >> 12);
		n = 3;
	} else {
		bytes[0] = (char)(0xf0 | c >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		bytes[i] = (char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
	return buf_add(out, slice_make(bytes, n));
}

struct units {                  /* UTF-16 on its way in */
	uint32_t high;          /* a high surrogate that waits for its half; 0: none */
	struct buf *out;
};

static bool add_unit(struct units *u, uint32_t unit)
{
	uint32_t c = unit;

	if (u->high) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		c = 0x10000 + ((u->high - 0xd800) << 10) + (unit - 0xdc00);
		u->high = 0;
		return add_utf8(u->out, c);
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		u->high = unit;
		return true;
	}
	return (unit < 0xdc00 || unit > 0xdfff) && add_utf8(u->out, c);
}

bool utf7_decode_run(struct buf *out, struct slice in)
{
	struct units units = { .out = out };
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < in.len; i++) {
		const char *p = in.at[i] ? strchr(alphabet, in.at[i]) : NULL;

		if (!p)
			return false;
		bits = (bits << 6 | (uint32_t)(p - alphabet)) & 0xffffff;
		have += 6;
		if (have >= 16) {
			have -= 16;
			if (!add_unit(&units, bits >> have & 0xffff))
				return false;
		}
	}
	return !units.high && have < 6 && !(bits & ((1u << have) - 1));
}

/* A run with something in it that needs none. */
static bool is_superfluous(struct slice decoded)
{
	for (size_t i = 0; i < decoded.len; i++)
		if (is_direct((unsigned char)decoded.at[i]))
			return true;
	return false;
}

bool utf7_decode(struct buf *out, struct slice in)
{
	bool shifted_before = false;

	while (in.len) {
		struct slice inside;
		size_t end, at = out->len;

		if (in.at[0] != '&') {
			if (!is_direct((unsigned char)in.at[0]) || !buf_add_byte(out, in.at[0]))
				return false;
			in = slice_from(in, 1);
			shifted_before = false;
			continue;
		}
		end = slice_find(in, '-');
		if (end == in.len)
			return false;
		inside = slice_make(in.at + 1, end - 1);
		in = slice_from(in, end + 1);
		if (!inside.len) {
			if (!buf_add_byte(out, '&'))
				return false;
			shifted_before = false;
			continue;
		}
		if (shifted_before || !utf7_decode_run(out, inside) ||
		    is_superfluous(slice_from(buf_slice(out), at)))
			return false;
		shifted_before = true;
	}
	return true;
}

struct shift {                  /* the base64 on its way out */
	bool on;
	uint32_t bits;
	unsigned have;
};

static bool put_unit(struct shift *s, struct buf *out, uint32_t unit)
{
	s->bits = s->bits << 16 | unit;
	s->have += 16;
	while (s->have >= 6) {
		s->have -= 6;
		if (!buf_add_byte(out, alphabet[s->bits >> s->have & 0x3f]))
			return false;
	}
	return true;
}

static bool shift_end(struct shift *s, struct buf *out)
{
	bool good = true;

	if (!s->on)
		return true;
	if (s->have)
		good = buf_add_byte(out, alphabet[s->bits << (6 - s->have) & 0x3f]);
	memset(s, 0, sizeof(*s));
	return good && buf_add_byte(out, '-');
}

bool utf7_encode_also(struct buf *out, struct slice in, char also)
{
	struct shift shift = { 0 };
	uint32_t c;

	while (in.len) {
		size_t n = text_utf8_next(in, &c);

		if (!n)
			return false;
		in = slice_from(in, n);
		if (is_direct(c) && c != (unsigned char)also) {
			if (!shift_end(&shift, out) || !buf_add_byte(out, (char)c) ||
			    (c == '&' && !buf_add_byte(out, '-')))
				return false;
			continue;
		}
		if (!shift.on && !buf_add_byte(out, '&'))
			return false;
		shift.on = true;
		if (c >= 0x10000 &&
		    !put_unit(&shift, out, 0xd800 + ((c - 0x10000) >> 10)))
			return false;
		if (!put_unit(&shift, out, c >= 0x10000 ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c))
			return false;
	}
	return shift_end(&shift, out);
}

bool utf7_encode(struct buf *out, struct slice in)
{
	return utf7_encode_also(out, in, '\0');
}
