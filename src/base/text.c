/*
 * Why not strtoul, fnmatch and their kin: they need a NUL, skip blanks, accept
 * signs, follow the locale or backtrack without bound.  What a peer sends is
 * read by rules that stand here in full.
 */
#include "base/text.h"

bool text_number(struct slice s, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned char)s.at[i] - (unsigned)'0';

		if (digit > 9 || digit > max || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return true;
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3629 4: what the first byte allows for the second keeps out overlong
 * forms (E0, F0), surrogates (ED) and what lies above U+10FFFF (F4). */
static const struct lead {
	unsigned char from, to, length, second_from, second_to;
} leads[] = {
	{ 0xC2, 0xDF, 2, 0x80, 0xBF },
	{ 0xE0, 0xE0, 3, 0xA0, 0xBF },
	{ 0xE1, 0xEC, 3, 0x80, 0xBF },
	{ 0xED, 0xED, 3, 0x80, 0x9F },
	{ 0xEE, 0xEF, 3, 0x80, 0xBF },
	{ 0xF0, 0xF0, 4, 0x90, 0xBF },
	{ 0xF1, 0xF3, 4, 0x80, 0xBF },
	{ 0xF4, 0xF4, 4, 0x80, 0x8F },
};

static const struct lead *find_lead(unsigned char first)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (first >= leads[i].from && first <= leads[i].to)
			return &leads[i];
	return NULL;
}

size_t text_utf8_next(struct slice s, uint32_t *point)
{
	const struct lead *lead;
	unsigned char c;

	if (s.len == 0)
		return 0;
	c = (unsigned char)s.at[0];
	if (c < 0x80) {
		*point = c;
		return 1;
	}
	lead = find_lead(c);
	if (!lead || s.len < lead->length)
		return 0;
	*point = c & (0x7Fu >> lead->length);
	for (size_t i = 1; i < lead->length; i++) {
		c = (unsigned char)s.at[i];
		if (c < (i == 1 ? lead->second_from : 0x80) ||
		    c > (i == 1 ? lead->second_to : 0xBF))
			return 0;
		*point = *point << 6 | (c & 0x3F);
	}
	return lead->length;
}

bool text_is_utf8(struct slice s)
{
	uint32_t point;

	while (s.len) {
		size_t n = text_utf8_next(s, &point);

		if (n == 0)
			return false;
		s = slice_from(s, n);
	}
	return true;
}

bool text_is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] >= 0x80)
			return false;
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Only the last `*` is ever tried again: an earlier one that took more could
 * not make a match that the last one cannot make as well. */
bool text_glob(const char *pattern, struct slice s)
{
	const char *star = NULL;        /* behind the last `*` seen */
	size_t at = 0, star_at = 0;

	while (at < s.len) {
		if (*pattern == '*') {
			star = ++pattern;
			star_at = at;
		} else if (*pattern && (*pattern == '?' ||
					lower(*pattern) == lower(s.at[at]))) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star;
			at = ++star_at;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool text_next(struct slice *rest, char separator, struct slice *piece)
{
	size_t n = slice_find(*rest, separator);

	if (rest->len == 0)
		return false;
	*piece = slice_trim(slice_head(*rest, n));
	*rest = slice_from(*rest, n + 1);
	return true;
}

void text_lower(char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s[i] = lower(s[i]);
}
