#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/header.h"

static void assert_text(struct slice got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

static void test_fields(void **state)
{
	struct slice rest = SLICE("From nobody Fri Nov 20\n"
				  "Subject: one\r\n"
				  "\ttwo\r\n"
				  "  three\n"
				  "garbage\n"
				  " of two lines: x\n"
				  ": no name\n"
				  "Two Words: x\n"
				  "To : a@b\n"
				  "X-Empty:\n"
				  "X-Fold:\n"
				  " \n"
				  "\tlast\n"
				  "\r\n"
				  "Body: x\n");
	static const struct {
		const char *whole, *name, *value;
	} want[] = {
		{ "Subject: one\r\n\ttwo\r\n  three\n", "Subject", " one\r\n\ttwo\r\n  three" },
		{ "To : a@b\n", "To", " a@b" },
		{ "X-Empty:\n", "X-Empty", "" },
		{ "X-Fold:\n \n\tlast\n", "X-Fold", "\n \n\tlast" },
	};
	struct header_field f;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(header_next(&rest, &f));
		assert_text(f.whole, want[i].whole);
		assert_text(f.name, want[i].name);
		assert_text(f.value, want[i].value);
	}
	assert_false(header_next(&rest, &f));
	assert_text(rest, "Body: x\n");
}

static void test_ends(void **state)
{
	static const char *const cases[] = { "", "\n", "\r\n", "x", "x\n", "\r", " \n", ":", ": \n" };
	struct header_field f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice rest = slice_of(cases[i]);

		assert_false(header_next(&rest, &f));
		assert_int_equal(rest.len, 0);
	}
	struct slice rest = SLICE("A:b");
	assert_true(header_next(&rest, &f));
	assert_text(f.value, "b");
	assert_int_equal(rest.len, 0);
}

static void test_find(void **state)
{
	struct slice header = SLICE("A: 1\nsubject: 2\nSUBJECT: 3\n\nX: 4\n");
	struct header_field f;

	(void)state;
	assert_true(header_find(header, "Subject", &f));
	assert_text(f.value, " 2");
	assert_false(header_find(header, "Subjec", &f));
	assert_false(header_find(header, "X", &f));
}

static void test_unfold(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" }, { " a ", "a" }, { " a\r\n b", "a b" }, { "a\n\tb\n  c", "a\tb  c" },
		{ "\r\n a", "a" }, { "a\rb", "a\rb" }, { " \r\n \r\n ", "" }, { "a \r\n b", "a  b" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&b);
		assert_true(header_unfold(&b, slice_of(cases[i][0])));
		assert_text(buf_slice(&b), cases[i][1]);
	}
	buf_release(&b);
	buf_init(&b, 2);
	assert_false(header_unfold(&b, SLICE("abc")));
	buf_release(&b);
}

static void test_decode(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(header_decode(&b, SLICE(" =?utf-8?Q?Gr=C3=BC?=\r\n =?utf-8?Q?=C3=9Fe?= x")));
	assert_text(buf_slice(&b), "Gr\xc3\xbc\xc3\x9f" "e x");
	buf_clear(&b);
	assert_true(header_decode(&b, SLICE("")));
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void test_length(void **state)
{
	static const struct {
		const char *message;
		size_t length;
	} cases[] = {
		{ "", 0 }, { "\n", 1 }, { "\r\nx", 2 }, { "A: b\n\nx\n\n", 6 }, { "A: b\r\n\r\nx", 8 },
		{ "A: b", 4 }, { "A: b\n", 5 }, { "A: b\n \n\nx", 8 }, { "A\r\n\rx\n", 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(header_length(slice_of(cases[i].message)), cases[i].length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_unfold),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
