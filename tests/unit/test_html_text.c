#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "mime/html_text.h"

/* In pieces of `size` bytes. */
static char *bare(struct slice html, size_t size)
{
	struct html_text h;
	struct buf out;

	buf_init(&out, 1 << 20);
	html_text_begin(&h);
	for (; html.len; html = slice_from(html, size))
		assert_true(html_text_add(&h, &out, slice_head(html, size)));
	assert_true(html_text_end(&h, &out));
	return buf_take_string(&out);
}

static void test_bare(void **state)
{
	static const struct { const char *html, *want; } rows[] = {
		{ "plain", "plain" }, { "", "" }, { "  a \n\t b ", "a b" },
		{ "<p>one</p><p>two</p>", "one two" }, { "one<br>two<BR/>three", "one two three" },
		{ "f<b>o</b><i class=\"x\">o</i>", "foo" }, { "<SPAN>a</SPAN>b", "ab" },
		{ "<td>a</td><td>b</td>", "a b" }, { "a<o:p></o:p>b", "ab" },
		{ "a<img src=x alt=\"y > z\">b", "a b" }, { "a<x y='>'>b", "a b" },
		{ "a<x y=1>b", "a b" }, { "a<x y= '>' z>b", "a b" }, { "<a href=x/>b", "b" },
		{ "&lt;b&gt; &amp;amp; &quot;", "<b> &amp; \"" },
		{ "&auml;&Auml;&#228;&#xE4;&#XE4;", "\xC3\xA4\xC3\x84\xC3\xA4\xC3\xA4\xC3\xA4" },
		{ "a&nbsp;&nbsp;b", "a b" }, { "a\xC2\xA0" "b", "a b" }, { "a&#160;b", "a b" },
		{ "a&#10;b", "a b" }, { "&euro;1 &#128;2", "\xE2\x82\xAC" "1 \xE2\x82\xAC" "2" },
		{ "&copy2", "&copy2" }, { "&copy x", "\xC2\xA9 x" }, { "AT&T", "AT&T" },
		{ "a & b", "a & b" }, { "a&b;c", "a&b;c" }, { "&", "&" }, { "&#;", "&#;" },
		{ "&#xD800;", "&#xD800;" }, { "&#1114112;", "&#1114112;" }, { "&#0;", "&#0;" },
		{ "&#99999999999999;", "&#99999999999999;" },
		{ "&abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz;",
		  "&abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz;" },
		{ "a<!-- x > y --z -->b", "ab" }, { "a<!---->b", "ab" }, { "a<!-->b", "ab" },
		{ "<!DOCTYPE html>a", "a" }, { "<?xml version=1?>a", "a" }, { "a<!x--y>b", "ab" },
		{ "a<style>b{c:d}</style>e", "a e" }, { "a<script>if (x<y) \"</b>\"</script >e", "a e" },
		{ "<script src=x>1</scripty>2</SCRIPT>3", "3" }, { "<STYLE\n>x</style\n>y", "y" },
		{ "1 < 2", "1 < 2" }, { "1<2", "1<2" }, { "a<", "a<" }, { "a</", "a</" },
		{ "a</>b", "ab" }, { "a</ x>b", "ab" }, { "<b", "" }, { "<<b>x", "<x" },
		{ "a<verylongnameoftagthatdoesnotfitinthewordthatiskept>b", "a b" },
		{ "\xF0\x9F\x98\x80<b>\xE6\x97\xA5</b>\xE6\x9C\xAC",
		  "\xF0\x9F\x98\x80\xE6\x97\xA5\xE6\x9C\xAC" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *whole = bare(slice_of(rows[i].html), 1000), *bytes;

		if (strcmp(whole, rows[i].want) != 0)
			fail_msg("%s gave \"%s\"", rows[i].html, whole);
		free(whole);
		/* The two bytes of U+00A0 come in one piece: pieces are cut between
		 * characters. */
		if (strstr(rows[i].html, "\xC2\xA0"))
			continue;
		bytes = bare(slice_of(rows[i].html), 1);
		if (strcmp(bytes, rows[i].want) != 0)
			fail_msg("%s byte by byte gave \"%s\"", rows[i].html, bytes);
		free(bytes);
	}
}

/* Every byte stands for itself or for nothing. */
static void test_never_longer(void **state)
{
	static const char alphabet[] = "<>!-/&#;x1a \"'=\nsctyle";
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		char html[64], *got;
		size_t len = round % sizeof(html);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			html[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		got = bare(slice_make(html, len), 1 + round % 7);
		assert_true(strlen(got) <= len);
		free(got);
	}
}

static void test_full(void **state)
{
	struct html_text h;
	struct buf out;

	(void)state;
	buf_init(&out, 4);
	html_text_begin(&h);
	assert_true(html_text_add(&h, &out, SLICE("ab c")));
	assert_false(html_text_add(&h, &out, SLICE("d")));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_never_longer),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
