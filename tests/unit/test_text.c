/* Texts: numbers, UTF-8, patterns and lists, with what must be refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t value;
	} cases[] = {
		{ "0", 10, true, 0 }, { "10", 10, true, 10 }, { "11", 10, false, 0 },
		{ "007", 10, true, 7 }, { "", 10, false, 0 }, { "-1", 10, false, 0 },
		{ "+1", 10, false, 0 }, { " 1", 10, false, 0 }, { "1 ", 10, false, 0 },
		{ "0x1", 99, false, 0 }, { "1a", 99, false, 0 }, { "0", 0, true, 0 },
		{ "1", 0, false, 0 }, { "9", 5, false, 0 }, { "5", 5, true, 5 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999999", UINT64_MAX, false, 0 },
		{ "4294967295", UINT32_MAX, true, UINT32_MAX },
		{ "4294967296", UINT32_MAX, false, 0 },
		{ "\xEF\xBC\x91", 99, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t v = 12345;

		assert_int_equal(text_number(slice_of(cases[i].text), cases[i].max, &v),
				 cases[i].good);
		assert_int_equal(v, cases[i].good ? cases[i].value : 12345);
	}
	assert_false(text_number(slice_make("1\0", 2), 99, &(uint64_t){ 0 }));
}

static void test_hex_digit(void **state)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char *at = c ? strrchr(digits, c) : NULL;

		assert_int_equal(text_hex_digit((char)c), at ? (at - digits) % 16 : -1);
	}
}

/* Writes any number as UTF-8 would, were all of them allowed. */
static size_t write_point(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

static void test_every_code_point(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x200000; c++) {
		bool good = c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
		uint32_t point = 0;
		char text[4];
		size_t n = write_point(text, c);

		if (text_utf8_next(slice_make(text, n), &point) != (good ? n : 0) ||
		    (good && point != c) || text_is_utf8(slice_make(text, n)) != good)
			fail_msg("U+%04X", (unsigned)c);
		for (size_t cut = 1; cut < n; cut++)
			if (text_utf8_next(slice_make(text, cut), &point))
				fail_msg("U+%04X cut to %zu", (unsigned)c, cut);
	}
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "", true }, { "plain", true }, { "Gr\xC3\xBC\xC3\x9F""e", true },
		{ "\xE2\x82\xAC \xF0\x9F\x93\xAC", true },
		{ "\xC0\x80", false }, { "\xC1\xBF", false },           /* overlong */
		{ "\xE0\x9F\xBF", false }, { "\xF0\x8F\xBF\xBF", false },
		{ "\xED\xA0\x80", false }, { "\xF4\x90\x80\x80", false },
		{ "\xF5\x80\x80\x80", false }, { "\xFF", false }, { "\x80", false },
		{ "a\xC3", false }, { "\xC3(", false }, { "\xE2\x82(", false },
		{ "ok\xE2\x82\xAC\xBF", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(text_is_utf8(slice_of(cases[i].text)), cases[i].good);
	assert_true(text_is_utf8(slice_make(NULL, 0)));
	assert_true(text_is_utf8(slice_make("a\0b", 3)));
	assert_int_equal(text_utf8_next(slice_make(NULL, 0), &(uint32_t){ 0 }), 0);
}

static void test_ascii(void **state)
{
	(void)state;
	assert_true(text_is_ascii(SLICE("")));
	assert_true(text_is_ascii(SLICE("\0\x7F~")));
	assert_false(text_is_ascii(SLICE("abc\x80")));
}

static void test_glob(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false },
		{ "*", "", true }, { "*", "anything", true }, { "**", "x", true },
		{ "?", "a", true }, { "?", "", false }, { "??", "a", false },
		{ "abc", "ABC", true }, { "ABC", "abc", true }, { "abc", "abd", false },
		{ "*.example.org", "mail.EXAMPLE.org", true },
		{ "*.example.org", "example.org", false },
		{ "a*c", "abbbc", true }, { "a*c", "abbb", false }, { "a*c", "ac", true },
		{ "*a*b*c*", "xxaxxbxxcxx", true }, { "*a*b*c*", "xxbxxaxxcxx", false },
		{ "*aab", "aaaab", true }, { "a?c*", "abcdef", true },
		{ "*?", "", false }, { "*?", "a", true }, { "[a]", "[A]", true },
		{ "a*", "ba", false }, { "*b", "ab", true }, { "*b", "ba", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (text_glob(cases[i].pattern, slice_of(cases[i].text)) != cases[i].match)
			fail_msg("%s on %s", cases[i].pattern, cases[i].text);
	assert_false(text_glob("a", slice_make("a\0", 2)));
	assert_true(text_glob("a?", slice_make("a\0", 2)));
}

/* The obvious definition, to compare with. */
static bool slow_glob(const char *p, struct slice s)
{
	if (*p == '\0')
		return s.len == 0;
	if (*p == '*')
		return slow_glob(p + 1, s) || (s.len && slow_glob(p, slice_from(s, 1)));
	return s.len && (*p == '?' || *p == s.at[0]) &&
	       slow_glob(p + 1, slice_from(s, 1));
}

static void test_glob_all_small(void **state)
{
	(void)state;
	for (unsigned pi = 0; pi < 1024; pi++) {        /* five of "ab*?" */
		char p[6] = "";

		for (unsigned k = 0, x = pi; k < 5; k++, x /= 4)
			p[k] = "ab*?"[x % 4];
		for (unsigned ti = 0; ti < 64; ti++) {  /* up to five of "ab" */
			char t[6];
			size_t n = 0;

			for (unsigned x = ti + 1; x > 1 && n < 5; x /= 2)
				t[n++] = "ab"[x % 2];
			if (text_glob(p, slice_make(t, n)) != slow_glob(p, slice_make(t, n)))
				fail_msg("%s on %.*s", p, (int)n, t);
		}
	}
}

static void test_glob_is_never_slow(void **state)
{
	enum { LEN = 200000 };
	char *text = malloc(LEN);
	uint64_t start = clock_mono_ms();

	(void)state;
	assert_non_null(text);
	memset(text, 'a', LEN);
	assert_false(text_glob("*a*a*a*a*a*a*a*a*a*a*b", slice_make(text, LEN)));
	assert_true(text_glob("*a*a*a*a*a*a*a*a*a*a*", slice_make(text, LEN)));
	assert_true(clock_mono_ms() - start < 5000);
	free(text);
}

static void test_next(void **state)
{
	static const struct {
		const char *text, *pieces;      /* joined with | */
	} cases[] = {
		{ "", "" }, { "a", "a|" }, { "a, b", "a|b|" }, { " a ,b\t", "a|b|" },
		{ ",,", "||" }, { "a,", "a|" }, { ",a", "|a|" }, { "a,,b", "a||b|" },
		{ "   ", "|" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice rest = slice_of(cases[i].text), piece;
		char got[32] = "";
		size_t n = 0;

		while (text_next(&rest, ',', &piece)) {
			if (piece.len)
				memcpy(got + n, piece.at, piece.len);
			n += piece.len;
			got[n++] = '|';
		}
		assert_string_equal(got, cases[i].pieces);
	}
}

static void test_lower(void **state)
{
	char text[] = "AZaz@[`{09\xC3\x84";

	(void)state;
	text_lower(text, sizeof(text) - 1);
	assert_string_equal(text, "azaz@[`{09\xC3\x84");
	text_lower(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_hex_digit),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_glob_all_small),
		cmocka_unit_test(test_glob_is_never_slow),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_lower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
