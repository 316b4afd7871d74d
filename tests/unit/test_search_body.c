#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "../../src/imap/search_body.h"
#include "../support/fake_messages.h"
#include "base/encode.h"

static int setup(void **state)
{
	(void)state;
	memset(&fakes, 0, sizeof(fakes));
	return 0;
}

/* Whether the keys ("BODY x" and the like, all of them) match the message. */
static bool matches_in(const char *keys, struct slice message, unsigned *steps)
{
	struct arena *keep = arena_new(2 * SEARCH_PLAN_BYTES);
	struct imap_args a = { .rest = slice_of(keys), .arena = keep };
	struct search_plan plan;
	struct search_body body;
	struct reader *r;
	bool all = true;

	fakes.count = 0;
	fake_add(1, message);
	r = reader_new(NULL, &fakes);
	assert_int_equal(search_plan_parse(&plan, &a, keep, false), SEARCH_PARSED);
	search_body_init(&body, &plan, keep);
	assert_int_equal(reader_open(r, 1), STORE_OK);
	assert_true(search_body_begin(&body, r, 1));
	for (*steps = 1; search_body_step(&body); ++*steps)
		assert_true(body.text.decoded.cap + body.text.utf8.cap +
			    body.text.bare.cap + body.text.folded.cap + body.window.cap <= 1 << 20);
	for (size_t i = 0; i < body.count; i++) {
		assert_int_equal(body.keys[i]->asked, 1);
		all = all && body.keys[i]->answer;
	}
	search_body_release(&body);
	reader_free(r);
	arena_free(keep);
	return all;
}

static bool matches(const char *keys, const char *message)
{
	unsigned steps;

	return matches_in(keys, slice_of(message), &steps);
}

static void test_what_is_text(void **state)
{
	static const char mixed[] =
		"Subject: top\nnot a field\nX-A:tight\nContent-Type: multipart/mixed; boundary=z\n\n"
		"preamble\n--z\nContent-Type: text/plain\nX-Part: one\n\nfirst\n--z\n"
		"Content-Type: image/gif\n\npicture\n--z\nContent-Type: message/rfc822\n\n"
		"Subject: =?utf-8?q?inn=65r?=\n\ndeep\n--z\nContent-Type: message/delivery-status\n\n"
		"Status: 5.1.1\n--z--\nepilogue\n";
	static const struct { const char *keys; bool match; } rows[] = {
		{ "TEXT top", true }, { "BODY top", false },
		{ "TEXT \"not a field\"", true }, { "TEXT \"x-a:tight\"", true },
		{ "TEXT \"subject: top\"", true },
		{ "TEXT x-part", true }, { "BODY x-part", false },
		{ "BODY first", true }, { "TEXT first", true }, { "BODY picture", false },
		{ "TEXT picture", false }, { "BODY inner", true }, { "TEXT inner", true },
		{ "BODY deep", true }, { "BODY 5.1.1", true },
		{ "BODY preamble", false }, { "BODY epilogue", false },
		{ "BODY first BODY deep TEXT top", true }, { "BODY first BODY none", false },
		{ "BODY \"\"", true }, { "TEXT \"\"", true }, { "BODY firstdeep", false },
		{ "TEXT topnot", false }, { "TEXT tightcontent", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (matches(rows[i].keys, mixed) != rows[i].match)
			fail_msg("%s", rows[i].keys);
	assert_true(matches("BODY \"\"", ""));
	assert_false(matches("TEXT a", ""));
}

static void test_encodings_and_charsets(void **state)
{
	static const struct { const char *keys, *message; } rows[] = {
		{ "BODY \"gr\xC3\xBCsse\"", "Content-Type: text/plain; charset=iso-8859-1\n"
		  "Content-Transfer-Encoding: quoted-printable\n\nGR=DC=\n=DFE\n" },
		{ "BODY \"gr\xC3\xBCsse\"", "A: b\n\nGR\xDC\xDF" "E\n" },
		{ "BODY \"gr\xC3\xBCsse\"", "A: b\n\nGR\xC3\x9C\xC3\x9F" "E" },
		{ "BODY hidden", "Content-Transfer-Encoding: BASE64\n\nSGlk\nZGVu\n" },
		{ "BODY hidden", "Content-Transfer-Encoding: base64\n\nSGlkZGVu" },
		{ "BODY =DC", "Content-Transfer-Encoding: x-nothing\n\n=DC\n" },
		{ "BODY \"\xE6\x97\xA5\xE6\x9C\xAC\"",
		  "Content-Type: text/plain; charset=ISO-2022-JP\n\n\033$BF|K\\\033(B\n" },
		{ "BODY \"\xE6\x97\xA5\xE6\x9C\xAC\"",
		  "Content-Type: text/plain; charset=shift_jis\n\n\x93\xFA\x96{\n" },
		{ "BODY \"two words\" BODY href BODY \"a<b\"",
		  "Content-Type: text/html\n\n<a href=x>two</a>&nbsp;<i>wo</i>rds a&lt;b" },
		{ "BODY \"gr\xC3\xBCsse\" BODY hi",
		  "Content-Type: text/html; charset=iso-8859-1\n\n<p>GR&Uuml;&#223;E\nhi" },
		{ "BODY yes", "Content-Type: text/plain; charset=utf-16\n"
		  "Content-Transfer-Encoding: base64\n\n/v8AWQBlAHM=\n" },
		{ "BODY yes", "Content-Type: text/plain; charset=utf-16le\n"
		  "Content-Transfer-Encoding: base64\n\nWQBlAHMA\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!matches(rows[i].keys, rows[i].message))
			fail_msg("%s in %s", rows[i].keys, rows[i].message);
}

/* A text of one kind, larger than a piece, with a needle at `at`. */
static struct buf text_with(const char *head, const char *filler, size_t size, size_t at,
			    const char *needle, size_t needle_len, bool base64)
{
	struct buf text, mail;

	buf_init(&text, 2 * size + 100);
	buf_init(&mail, 8 * size + 1000);
	while (text.len < at)
		buf_add_text(&text, filler);
	buf_add(&text, slice_make(needle, needle_len));
	while (text.len < size)
		buf_add_text(&text, filler);
	buf_add_text(&mail, head);
	if (base64)
		assert_true(base64_encode(&mail, buf_slice(&text)));
	else
		buf_add(&mail, buf_slice(&text));
	buf_release(&text);
	return mail;
}

/* The needle is met wherever it lies; memory stays what it is (checked above). */
static void test_every_place_near_a_border(void **state)
{
	static const char latin[] = "n\xC3\xA9" "edle", kanji[] = "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E";
	static const struct {
		const char *head, *filler, *needle;
		bool base64;
	} rows[] = {
		{ "Content-Type: text/plain; charset=utf-8\n\n", ".", latin, false },
		{ "Content-Type: text/plain; charset=utf-8\n\n", ".", kanji, false },
		{ "Content-Type: text/plain; charset=utf-8\n\n", "\xC3\xA4", kanji, false },
		{ "Content-Type: text/plain; charset=utf-8\n\n", "0123456789\n", latin, false },
		{ "Content-Transfer-Encoding: base64\n\n", "abc\n", kanji, true },
	};
	static const size_t borders[] = { 24576, 32768, 65536 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t b = 0; b < sizeof(borders) / sizeof(borders[0]); b++)
			for (size_t at = borders[b] - 16; at < borders[b] + 4; at++) {
				struct buf mail = text_with(rows[i].head, rows[i].filler, 70000, at,
							    rows[i].needle, strlen(rows[i].needle),
							    rows[i].base64);
				char keys[40];
				unsigned steps;

				snprintf(keys, sizeof(keys), "BODY \"%s\"", rows[i].needle);
				if (!matches_in(keys, buf_slice(&mail), &steps))
					fail_msg("row %zu, at %zu", i, at);
				assert_true(steps >= 3);
				buf_release(&mail);
			}
}

static void test_wide_pieces(void **state)
{
	static const char head[] = "Content-Type: text/plain; charset=utf-16\n"
				   "Content-Transfer-Encoding: base64\n\n";

	(void)state;
	/* A smile (two units) and letters, at each unit around a border. */
	for (size_t units = 12270; units < 12300; units++) {
		struct buf text, mail;
		unsigned steps;

		buf_init(&text, 100000);
		buf_init(&mail, 200000);
		buf_add(&text, slice_make("\xFF\xFE", 2));
		while (text.len < 2 * units)
			buf_add(&text, slice_make("x\0", 2));
		buf_add(&text, slice_make("a\0\x3D\xD8\x00\xDE" "b\0", 8));
		while (text.len < 60000)
			buf_add(&text, slice_make("x\0", 2));
		buf_add_text(&mail, head);
		base64_encode(&mail, buf_slice(&text));
		assert_true(matches_in("BODY \"a\xF0\x9F\x98\x80" "b\"", buf_slice(&mail), &steps));
		buf_release(&text);
		buf_release(&mail);
	}
}

/* A disk that fails ends the part, not the search. */
static void test_read_error(void **state)
{
	static const char message[] = "A: b\n\nneedle\n";
	struct arena *keep = arena_new(2 * SEARCH_PLAN_BYTES);
	struct imap_args a = { .rest = SLICE("BODY needle"), .arena = keep };
	struct search_plan plan;
	struct search_body body;
	struct reader *r;

	(void)state;
	fake_add(1, slice_of(message));
	fakes.at[0].torn_at = 8;
	r = reader_new(NULL, &fakes);
	assert_int_equal(search_plan_parse(&plan, &a, keep, false), SEARCH_PARSED);
	search_body_init(&body, &plan, keep);
	reader_open(r, 1);
	assert_true(search_body_begin(&body, r, 1));
	while (search_body_step(&body))
		;
	assert_int_equal(body.keys[0]->asked, 1);
	assert_false(body.keys[0]->answer);
	search_body_release(&body);
	reader_free(r);
	arena_free(keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_is_text, setup),
		cmocka_unit_test_setup(test_encodings_and_charsets, setup),
		cmocka_unit_test_setup(test_every_place_near_a_border, setup),
		cmocka_unit_test_setup(test_wide_pieces, setup),
		cmocka_unit_test_setup(test_read_error, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
