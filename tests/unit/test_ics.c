#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/calendar/ics.h"
#include "base/mem.h"
#include "base/text.h"

static const struct { const char *in, *out; } folds[] = {
	{ "A:1\r\nB:2\r\n", "A:1\nB:2" },
	{ "A:1\nB:2", "A:1\nB:2" },
	{ "A:1\rB:2\r", "A:1\nB:2" },
	{ "A:1\r\r\nB:2", "A:1\nB:2" },
	{ "A:one \r\n two\r\nB:2", "A:one two\nB:2" },
	{ "A:one\r\n\ttwo", "A:onetwo" },
	{ "A:one\n\n\n two", "A:onetwo" },
	{ "A:\xc3\r\n \xa4", "A:\xc3\xa4" },
	{ "BEGIN\n :VEVENT\nUID\r\n ;X=1:2", "BEGIN:VEVENT\nUID;X=1:2" },
	/* A line that begins nothing belongs to the one before it. */
	{ "DESCRIPTION:short\nand more text\nB:2", "DESCRIPTION:short\\nand more text\nB:2" },
	{ "D:23456789012345678901234567890123456789012345678901234567890123456789012345\ncut",
	  "D:23456789012345678901234567890123456789012345678901234567890123456789012345cut" },
	{ "END:VCALENDAR\n-- \nthe list", "END:VCALENDAR" },
	{ "<html>\n<b>x</b>", "" },
	{ "", "" },
	{ " \n \n", "" },
};

static void test_unfold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(folds) / sizeof(*folds); i++) {
		struct buf b;
		char *got;

		buf_init(&b, 1000);
		assert_true(ics_unfold(&b, slice_of(folds[i].in)));
		got = buf_take_string(&b);
		assert_string_equal(got, folds[i].out);
		free(got);
	}
}

static void test_unfold_full(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_false(ics_unfold(&b, SLICE("A:12345")));
	buf_release(&b);
}

static struct ics_comp *parse(struct arena *a, const char *text)
{
	return ics_parse(a, slice_of(text), 1000);
}

static const struct { const char *line, *name, *param, *value, *text; } lines[] = {
	{ "A:b", "A", "X", "", "b" },
	{ "A;X=1:b:c", "A", "X", "1", "b:c" },
	{ "A;x=\"1:2;3\";Y=2:b", "A", "X", "1:2;3", "b" },
	{ "A;Y=\"a\",\"b\";X=2:b", "A", "X", "2", "b" },
	{ "A;X=\"1:b", "A", "X", "\"1", "b" },
	{ "A;mailto:x@y", "A", "X", "", "x@y" },
	{ "A;X=:", "A", "X", "", "" },
	{ "A;;;X=1:v", "A", "X", "1", "v" },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct arena *a = arena_new(1 << 20);
		struct ics_comp *c = parse(a, lines[i].line);

		assert_non_null(c->props);
		assert_true(slice_is(c->props->name, lines[i].name));
		assert_true(slice_is(ics_param(c->props, lines[i].param), lines[i].value));
		assert_true(slice_is(c->props->value, lines[i].text));
		arena_free(a);
	}
}

static void test_tree(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct ics_comp *root = parse(a, "begin:VCALENDAR\nX:1\nBEGIN:VEVENT\nUID:1\nEND:VALARM\n"
				      "BEGIN:VALARM\nT:1\nEND:VEVENT\nBEGIN:VEVENT\nUID:2");
	struct ics_comp *calendar = root->children;

	(void)state;
	assert_null(root->props);
	assert_null(calendar->next);
	assert_true(slice_is(ics_value(calendar->children, "uid"), "1"));
	assert_true(slice_is(calendar->children->children->name, "VALARM"));
	assert_true(slice_is(ics_value(calendar->children->next, "UID"), "2"));
	assert_null(calendar->children->next->next);
	arena_free(a);
}

static void test_depth_and_lines(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct ics_comp *c;
	unsigned depth = 0;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_add_text(&b, "BEGIN:X\n");
	for (int i = 0; i < 1000; i++)
		buf_add_text(&b, "END:X\n");
	buf_add_text(&b, "A:1\nB:2\n");
	c = ics_parse(a, buf_slice(&b), 2001);
	assert_true(slice_is(c->props->name, "A"));
	assert_null(c->props->next);
	while ((c = c->children))
		depth++;
	assert_int_equal(depth, ICS_DEPTH - 1);
	buf_release(&b);
	arena_free(a);
}

/* An arena without room ends the reading, not the process. */
static void test_arena_full(void **state)
{
	struct arena *a = arena_new(16 * 1024);
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_add_text(&b, "A;X=1;Y=2:1\n");
	assert_non_null(ics_parse(a, buf_slice(&b), SIZE_MAX)->props);
	buf_release(&b);
	arena_free(a);
}

/* Every length, with characters of every width across the edge. */
static void test_print_folds(void **state)
{
	(void)state;
	for (size_t lead = 0; lead < 160; lead++) {
		struct arena *a = arena_new(1 << 20);
		struct buf value, out, back;
		struct ics_comp *c = ics_comp_new(a, SLICE("VEVENT"));

		buf_init(&value, 4000);
		buf_init(&out, 8000);
		buf_init(&back, 8000);
		for (size_t i = 0; i < lead; i++)
			buf_add_byte(&value, 'x');
		for (int i = 0; i < 40; i++)
			buf_add_text(&value, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
		ics_prop_add(a, c, SLICE("SUMMARY"), buf_slice(&value));
		assert_true(ics_print(&out, c));
		for (size_t at = 0; at < out.len;) {
			size_t n = slice_find(slice_from(buf_slice(&out), at), '\n');

			assert_true(n >= 1 && n <= 76 && out.data[at + n - 1] == '\r');
			assert_true(text_is_utf8(slice_make(out.data + at, n)));
			at += n + 1;
		}
		assert_true(ics_unfold(&back, buf_slice(&out)));
		c = ics_parse(a, buf_slice(&back), 100)->children;
		assert_true(slice_equal(ics_value(c, "SUMMARY"), buf_slice(&value)));
		buf_release(&value);
		buf_release(&out);
		buf_release(&back);
		arena_free(a);
	}
}

static void test_print_param(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct ics_comp *c = ics_comp_new(a, SLICE("X"));
	struct ics_prop *p = ics_prop_add(a, c, SLICE("A"), SLICE("v"));
	struct buf out;

	(void)state;
	ics_param_add(a, p, SLICE("N"), SLICE("two words"));
	ics_param_add(a, p, SLICE("Q"), SLICE("a\"b;\r\nc"));
	buf_init(&out, 1000);
	assert_true(ics_print_prop(&out, p));
	assert_true(slice_is(buf_slice(&out), "A;N=two words;Q=\"ab;c\":v\r\n"));
	buf_release(&out);
	arena_free(a);
}

static const struct { const char *in, *out; bool list; } texts[] = {
	{ "plain", "plain", false },
	{ "a\\nb\\Nc", "a\\nb\\nc", false },
	{ "a,b;c", "a\\,b\\;c", false },
	{ "a,b\\,c;d", "a,b\\,c\\;d", true },
	{ "c:\\temp\\", "c:\\\\temp\\\\", false },
	{ "a\\\\nb", "a\\\\nb", false },
	{ "tab\there\x01\x7f", "tab here", false },
	{ "\xff\xc3(\xc3\xa4", "(\xc3\xa4", false },
	{ "\xc2\x85next", "next", false },
};

/* However a text is cut: what is left is stable, and no escape is cut through. */
static void test_text_cut(void **state)
{
	const struct slice long_text = SLICE("ab \\n c\\;d,\xe2\x82\xac e\\\\ \xf0\x9f\x93\x85   f\\");

	(void)state;
	for (size_t most = 4; most < 60; most++) {
		struct arena *a = arena_new(1 << 20);
		struct slice once = ics_text_clean(a, long_text, most, false);
		struct slice name = ics_param_clean(a, long_text, most);

		assert_true(once.len <= most && name.len <= most);
		assert_true(slice_equal(ics_text_clean(a, once, most, false), once));
		assert_true(slice_equal(ics_param_clean(a, name, most), name));
		arena_free(a);
	}
}

static void test_param(void **state)
{
	struct arena *a = arena_new(1 << 20);

	(void)state;
	assert_true(slice_is(ics_param_clean(a, SLICE(" a;b\\,^n\"c\"\t\x01\xff\xc3\xa4"), 100),
			     "a;b\\,^n'c' \xc3\xa4"));
	assert_int_equal(ics_param_clean(a, SLICE("  "), 100).len, 0);
	arena_free(a);
}

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct arena *a = arena_new(1 << 20);
		struct slice once = ics_text_clean(a, slice_of(texts[i].in), 100, texts[i].list);

		assert_true(slice_is(once, texts[i].out));
		assert_true(slice_equal(ics_text_clean(a, once, 100, texts[i].list), once));
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unfold),
		cmocka_unit_test(test_unfold_full),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_depth_and_lines),
		cmocka_unit_test(test_arena_full),
		cmocka_unit_test(test_print_folds),
		cmocka_unit_test(test_print_param),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_cut),
		cmocka_unit_test(test_param),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
