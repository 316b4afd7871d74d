/*
 * Why strict: these bytes are credentials.  A decoder that skips what it does
 * not know lets two texts mean one password, and some other program on the way
 * may have read the other one (RFC 4648 3.3 and 12).
 */
#include "base/encode.h"

#include <stdint.h>

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_encode(struct buf *out, struct slice s)
{
	if (s.len > SIZE_MAX / 4 || !buf_reserve(out, (s.len + 2) / 3 * 4)) {
		out->overflow = true;
		return false;
	}
	for (size_t i = 0; i < s.len; i += 3) {
		size_t left = s.len - i;
		uint32_t bits = (uint32_t)(unsigned char)s.at[i] << 16;
		char *at = out->data + out->len;

		if (left > 1)
			bits |= (uint32_t)(unsigned char)s.at[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)s.at[i + 2];
		at[0] = base64_digits[bits >> 18];
		at[1] = base64_digits[bits >> 12 & 63];
		at[2] = left > 1 ? base64_digits[bits >> 6 & 63] : '=';
		at[3] = left > 2 ? base64_digits[bits & 63] : '=';
		out->len += 4;
	}
	return true;
}

/* The six bits of a digit, or 64. */
static uint32_t base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0' + 52);
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four digits, the last `padding` of them `=`, to 3 - padding bytes. */
static bool decode_group(const char *in, size_t padding, char out[3])
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t v = i < 4 - padding ? base64_value(in[i]) : 0;

		if (v > 63)
			return false;
		bits = bits << 6 | v;
	}
	/* RFC 4648 3.5: the bits that padding cuts off must be zero. */
	if ((padding == 1 && (bits & 0xFF)) || (padding == 2 && (bits & 0xFFFF)))
		return false;
	out[0] = (char)(bits >> 16 & 0xFF);
	out[1] = (char)(bits >> 8 & 0xFF);
	out[2] = (char)(bits & 0xFF);
	return true;
}

bool base64_decode(struct buf *out, struct slice s)
{
	size_t start = out->len, padding = 0;

	if (s.len % 4)
		return false;
	if (s.len && s.at[s.len - 1] == '=')
		padding = s.at[s.len - 2] == '=' ? 2 : 1;
	if (!buf_reserve(out, s.len / 4 * 3 - padding))
		return false;
	for (size_t i = 0; i < s.len; i += 4) {
		size_t cut = i + 4 == s.len ? padding : 0;
		char bytes[3];

		if (!decode_group(s.at + i, cut, bytes)) {
			out->len = start;
			return false;
		}
		buf_add(out, slice_make(bytes, 3 - cut));
	}
	return true;
}

bool hex_encode(struct buf *out, struct slice s)
{
	static const char digits[] = "0123456789abcdef";

	if (s.len > SIZE_MAX / 2 || !buf_reserve(out, s.len * 2)) {
		out->overflow = true;
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		out->data[out->len++] = digits[c >> 4];
		out->data[out->len++] = digits[c & 15];
	}
	return true;
}
