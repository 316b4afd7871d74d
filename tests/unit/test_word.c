#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "mime/word.h"

static void expect(const char *in, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	assert_true(word_decode(&out, slice_of(in)));
	if (!slice_is(buf_slice(&out), want))
		fail_msg("\"%s\": \"%.*s\", not \"%s\"", in, (int)out.len, out.data, want);
	buf_release(&out);
}

/* RFC 2047, section 8. */
static void examples(void **state)
{
	static const char *const cases[][2] = {
		{ "=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>" },
		{ "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>",
		  "Keld Jørn Simonsen <keld@dkuug.dk>" },
		{ "=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>",
		  "André Pirard <PIRARD@vm1.ulg.ac.be>" },
		{ "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= "
		  "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
		  "If you can read this you understand the example." },
		{ "=?ISO-8859-1?Q?Olle_J=E4rnefors?= <ojarnef@admin.kth.se>",
		  "Olle Järnefors <ojarnef@admin.kth.se>" },
		{ "=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?= <paf@nada.kth.se>",
		  "Patrik Fältström <paf@nada.kth.se>" },
		{ "Nathaniel Borenstein (=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)",
		  "Nathaniel Borenstein (םולש ןב ילטפנ)" },
		{ "(=?ISO-8859-1?Q?a?=)", "(a)" },
		{ "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
		{ "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)" },
		{ "(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)" },
		{ "(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)" },
		{ "(=?ISO-8859-1?Q?a_b?=)", "(a b)" },
		{ "(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i][0], cases[i][1]);
}

static void what_senders_do(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "caf\xe9", "café" },
		{ "café", "café" },
		/* A character cut in two, in both encodings. */
		{ "=?utf-8?Q?gr=C3?= =?utf-8?Q?=BC=C3=9F?=", "grüß" },
		{ "=?utf-8?B?w7w=?= =?UTF-8?B?ww==?= =?utf-8?b?vA==?=", "üü" },
		{ "=?utf-8?Q?gr=C3?= x =?utf-8?Q?=BC?=", "gr\ufffd x \ufffd" },
		/* Words that touch. */
		{ "a=?utf-8?Q?b?=c", "abc" },
		{ "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab" },
		{ "\"=?utf-8?Q?a_b?=\" <x@example.org>", "\"a b\" <x@example.org>" },
		/* Laxities. */
		{ "=?utf-8?Q?a b c?=", "a b c" },
		{ "=?utf-8?Q?why? so?=", "why? so" },
		{ "=?utf-8?Q?=41=zz=4?=", "A=zz=4" },
		{ "=?utf-8?Q?=3D=?=", "==" },
		{ "=?utf-8?Q?=c3=bc?=", "ü" },
		{ "=?utf-8?B?YQ?=", "a" },
		{ "=?utf-8?B?YQ==?=", "a" },
		{ "=?utf-8?Q?\?=", "" },
		{ "=?utf-8?Q?\?= x", " x" },
		{ "=?utf-8*en?Q?a?=", "a" },
		{ "=?x-made-up?Q?caf=E9?=", "café" },
		{ "=?utf-8?Q?a?= \t", "a \t" },
		{ "  =?utf-8?Q?a?=", "  a" },
		/* No words. */
		{ "=?", "=?" },
		{ "=?=", "=?=" },
		{ "=??Q?a?=", "=??Q?a?=" },
		{ "=?utf-8?X?a?=", "=?utf-8?X?a?=" },
		{ "=?utf-8?Q?a", "=?utf-8?Q?a" },
		{ "=?utf-8?Q?a?", "=?utf-8?Q?a?" },
		{ "=?utf-8?B?a-b?=", "=?utf-8?B?a-b?=" },
		{ "=?utf 8?Q?a?=", "=?utf 8?Q?a?=" },
		{ "=?utf-8?QQ?a?=", "=?utf-8?QQ?a?=" },
		{ "=?utf-8?Q?open =?utf-8?Q?a?=", "=?utf-8?Q?open a" },
		{ "1 =? 2 =?utf-8?Q?a?=", "1 =? 2 a" },
		/* A line end that a word would have made. */
		{ "=?utf-8?Q?a=0D=0ABcc:_x=00=7F?=", "a  Bcc: x  " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i][0], cases[i][1]);
}

static void out_is_full(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 3);
	assert_false(word_decode(&out, SLICE("=?utf-8?Q?abcd?=")));
	buf_clear(&out);
	assert_false(word_decode(&out, SLICE("abcd")));
	buf_clear(&out);
	assert_false(word_decode(&out, SLICE("=?utf-8?B?YWJj?= d")));
	assert_true(out.len <= 3);
	buf_release(&out);
}

/* Whatever comes in, UTF-8 goes out: every prefix of a text full of beginnings. */
static void every_prefix(void **state)
{
	static const char text[] = "=?utf-8?B?w7w=?= =?iso-2022-jp?B?GyRCRnw=?= =?=?utf-16?Q?a=00?=\xff"
				   "=?utf-7?Q?+AP?==?q?b?=?\?==?=";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct buf out;

		buf_init(&out, 4096);
		assert_true(word_decode(&out, slice_make(text, n)));
		assert_true(text_is_utf8(buf_slice(&out)));
		buf_release(&out);
	}
}

static void linear_time(void **state)
{
	static const char *const pieces[] = {
		"=?", "=?a?Q?", "=?a?B?aaaa", "=?utf-8?Q?\?= ", "?=", "=?a?Q?x?= ", "=?utf-8?B? ",
		"=?big5?Q?\?==?gbk?Q?\?=",
	};
	uint64_t start = clock_mono_ms();

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		size_t one = strlen(pieces[i]), count = 200000 / one;
		char *in = malloc(one * count);
		struct buf out;

		assert_non_null(in);
		for (size_t n = 0; n < count; n++)
			memcpy(in + n * one, pieces[i], one);
		buf_init(&out, 4 * one * count);
		assert_true(word_decode(&out, slice_make(in, one * count)));
		buf_release(&out);
		free(in);
	}
	assert_true(clock_mono_ms() - start < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),
		cmocka_unit_test(what_senders_do),
		cmocka_unit_test(out_is_full),
		cmocka_unit_test(every_prefix),
		cmocka_unit_test(linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
