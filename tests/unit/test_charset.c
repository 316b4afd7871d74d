#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "mime/charset.h"

#define FFFD "\xef\xbf\xbd"

static void expect(const char *charset, const char *in, size_t len, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	assert_true(charset_to_utf8(&out, slice_of(charset), slice_make(in, len)));
	if (!slice_is(buf_slice(&out), want))
		fail_msg("%s: \"%.*s\", not \"%s\"", charset, (int)out.len, out.data, want);
	buf_release(&out);
}

static bool libc_has(const char *charset)
{
	iconv_t cd = iconv_open("UTF-8", charset);

	if (cd == (iconv_t)-1)
		return false;
	iconv_close(cd);
	return true;
}

#define TEXT(s) s, sizeof(s) - 1

static void built_in(void **state)
{
	static const struct {
		const char *charset, *in;
		size_t len;
		const char *want;
	} cases[] = {
		{ "utf-8", TEXT("Grüße"), "Grüße" },
		{ "UTF8", TEXT("Grüße"), "Grüße" },
		{ "utf-8", TEXT("a\xff""b"), "a" FFFD "b" },
		{ "utf-8", TEXT("a\xc3"), "a" FFFD },
		{ "utf-8", TEXT("\xed\xa0\x80"), FFFD FFFD FFFD },       /* a surrogate */
		{ "utf-8", TEXT("\xc0\xaf"), FFFD FFFD },                /* overlong */
		{ "us-ascii", TEXT("plain"), "plain" },
		{ "us-ascii", TEXT("Gr\xc3\xbc\xc3\x9f"), "Grüß" },
		{ "US-ASCII", TEXT("caf\xe9 \x80"), "café €" },
		{ "", TEXT("caf\xe9"), "café" },
		{ "", TEXT("café"), "café" },
		{ "x-made-up", TEXT("caf\xe9"), "café" },
		{ "x-made-up", TEXT("\x81"), FFFD },
		{ "iso-8859-1", TEXT("\xe4\xf6\xfc \x93q\x94"), "äöü “q”" },
		{ "ISO_8859-1:1987", TEXT("\xe4"), "ä" },
		{ "latin1", TEXT("\xe4"), "ä" },
		{ "iso-8859-1*de", TEXT("\xe4"), "ä" },
		{ " iso8859-15 ", TEXT("\xa4"), "€" },
		{ "cp1252", TEXT("\x80"), "€" },
		{ "windows-1251", TEXT("\xcf\xf0\xe8\xe2\xe5\xf2"), "Привет" },
		{ "KOI8-R", TEXT("\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет" },
		{ "iso-8859-2", TEXT("\xa3\xf3\x64\xbc"), "Łódź" },
		{ "iso-8859-8-i", TEXT("\xf9\xec\xe5\xed"), "שלום" },
		{ "utf-16", TEXT("\xff\xfe" "a\0\xe4\0"), "aä" },
		{ "utf-16", TEXT("\xfe\xff" "\0a\0\xe4"), "aä" },
		{ "utf-16", TEXT("\0a\0\xe4"), "aä" },
		{ "utf-16le", TEXT("=\xd8\0\xde"), "😀" },
		{ "utf-16le", TEXT("\0\xde" "a\0"), FFFD "a" },
		{ "utf-16be", TEXT("\xd8=\0a"), FFFD "a" },
		{ "utf-16be", TEXT("\0a\0"), "a" FFFD },
		{ "utf-16", TEXT(""), "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].charset, cases[i].in, cases[i].len, cases[i].want);
}

static void nul_stays(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(charset_to_utf8(&out, SLICE("iso-8859-2"), SLICE("a\0\xa3")));
	assert_true(slice_equal(buf_slice(&out), SLICE("a\0Ł")));
	buf_release(&out);
}

static void by_iconv(void **state)
{
	static const struct {
		const char *libc, *label, *in;
		size_t len;
		const char *want;
	} cases[] = {
		{ "CP932", "shift_jis", TEXT("\x93\xfa\x96\x7b \x87\x40"), "日本 ①" },
		{ "CP932", "x-sjis", TEXT("\x93\xfa"), "日" },
		{ "CP932", "shift_jis", TEXT("\x93"), FFFD },
		{ "CP932", "shift_jis", TEXT("a\xff\x93\xfa"), "a" FFFD "日" },
		{ "EUC-JP-MS", "euc-jp", TEXT("\xc6\xfc\xcb\xdc"), "日本" },
		{ "ISO-2022-JP-2", "ISO-2022-JP", TEXT("\x1b$BF|K\\\x1b(B!"), "日本!" },
		{ "ISO-2022-JP-2", "ISO-2022-JP", TEXT("\x1b$BF|K"), "日" FFFD },
		{ "GB18030", "gb2312", TEXT("\xc4\xe3\xba\xc3"), "你好" },
		{ "GB18030", "GBK", TEXT("\xc4\xe3"), "你" },
		{ "BIG5-HKSCS", "big5", TEXT("\xa4\xa4"), "中" },
		{ "CP949", "ks_c_5601-1987", TEXT("\xbe\xc8"), "안" },
		{ "CP949", "euc-kr", TEXT("\xbe\xc8"), "안" },
		{ "UTF-7", "utf-7", TEXT("Gr+APwA3w-e"), "Grüße" },
		{ "UTF-32", "utf-32le", TEXT("a\0\0\0"), "a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (libc_has(cases[i].libc))
			expect(cases[i].label, cases[i].in, cases[i].len, cases[i].want);
}

static void what_is_known(void **state)
{
	(void)state;
	assert_true(charset_known(SLICE("utf-8")));
	assert_true(charset_known(SLICE("US-ASCII")));
	assert_true(charset_known(SLICE("iso-8859-1")));
	assert_true(charset_known(SLICE("windows-1252")));
	assert_true(charset_known(SLICE("UTF-16")));
	assert_false(charset_known(SLICE("utf-7")));
	assert_false(charset_known(SLICE("")));
	assert_false(charset_known(SLICE("-")));
	assert_false(charset_known(SLICE("utf-8//TRANSLIT")));
	assert_false(charset_known(SLICE("../../tmp/x")));
	assert_false(charset_known(SLICE("utf8 unicode11utf8")));
	assert_false(charset_known(SLICE("a-very-long-name-that-nobody-has-ever-given-to-a-charset")));
	if (libc_has("CP932"))
		assert_true(charset_known(SLICE("Shift_JIS")));
}

/* Whatever label and bytes come: UTF-8 goes out, and no more than asked for. */
static void hostile_bytes(void **state)
{
	static const char *const labels[] = {
		"utf-8", "utf-16", "utf-7", "utf-32", "iso-2022-jp", "iso-2022-kr", "iso-2022-cn",
		"gb18030", "big5", "euc-kr", "euc-tw", "shift_jis", "windows-1255", "johab", "nothing",
	};
	uint32_t seed = 1;
	char in[3000];

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct buf out;

		for (size_t n = 0; n < sizeof(in); n++) {
			seed = seed * 1664525 + 1013904223;
			in[n] = n % 7 == 0 ? '\x1b' : (char)(seed >> 24);
		}
		buf_init(&out, 100000);
		assert_true(charset_to_utf8(&out, slice_of(labels[i]), slice_make(in, sizeof(in))));
		assert_true(text_is_utf8(buf_slice(&out)));
		buf_release(&out);
	}
}

static void out_is_full(void **state)
{
	static const char *const labels[] = { "utf-8", "windows-1251", "utf-16", "gb18030", "x" };
	char in[10000];

	(void)state;
	memset(in, 0xe9, sizeof(in));
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct buf out;

		buf_init(&out, 100);
		assert_false(charset_to_utf8(&out, slice_of(labels[i]), slice_make(in, sizeof(in))));
		assert_true(out.len <= 100);
		buf_release(&out);
	}
}

/* A megabyte of what converts worst is a matter of milliseconds, not minutes. */
static void linear_time(void **state)
{
	static const char *const labels[] = { "gb18030", "iso-2022-jp", "utf-7", "utf-8" };
	size_t len = 1 << 20;
	char *in = malloc(len);
	uint64_t start = clock_mono_ms();

	(void)state;
	assert_non_null(in);
	memset(in, 0xff, len);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct buf out;

		buf_init(&out, 3 * len);
		assert_true(charset_to_utf8(&out, slice_of(labels[i]), slice_make(in, len)));
		assert_int_equal(out.len, 3 * len);
		buf_release(&out);
	}
	free(in);
	assert_true(clock_mono_ms() - start < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in),
		cmocka_unit_test(nul_stays),
		cmocka_unit_test(by_iconv),
		cmocka_unit_test(what_is_known),
		cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(out_is_full),
		cmocka_unit_test(linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
