#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/mime/lexer.h"

static void assert_text(struct slice got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.at, want, got.len);
}

static void test_skip(void **state)
{
	static const struct {
		const char *in, *left, *comment;
	} cases[] = {
		{ "", "", NULL },
		{ "  a", "a", NULL },
		{ "\r\n\t a", "a", NULL },
		{ "(x) a", "a", "x" },
		{ "(x (y (z)) w)a", "a", "x (y (z)) w" },
		{ "(a)(b) (c)d", "d", "c" },
		{ "(x \\) y)a", "a", "x \\) y" },
		{ "(never closed", "", "never closed" },
		{ "((((", "", "(((" },
		{ "(x\\", "", "x\\" },
		{ ")a", ")a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lexer l = lexer_of(slice_of(cases[i].in));
		struct slice comment = { NULL, 0 };

		lex_skip(&l, &comment);
		assert_text(slice_make(l.at, (size_t)(l.end - l.at)), cases[i].left);
		if (cases[i].comment)
			assert_text(comment, cases[i].comment);
		else
			assert_null(comment.at);
	}
}

static void test_quoted(void **state)
{
	static const struct {
		const char *in, *text, *left;
	} cases[] = {
		{ "\"\"x", "", "x" },
		{ "\"a b\"x", "a b", "x" },
		{ "\"a\\\"b\\\\c\"", "a\"b\\c", "" },
		{ "\"a\r\n b\"", "a b", "" },
		{ "\"a\n\tb\"", "a\tb", "" },
		{ "\"open", "open", "" },
		{ "\"open\\", "open\\", "" },
		{ "\"", "", "" },
	};
	char room[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lexer l = lexer_of(slice_of(cases[i].in));
		struct lex_out o = { room, room + sizeof(room) };

		assert_text(lex_quoted(&l, &o), cases[i].text);
		assert_text(slice_make(l.at, (size_t)(l.end - l.at)), cases[i].left);
	}
}

static void test_no_room(void **state)
{
	struct lexer l = lexer_of(SLICE("\"abcdef\"x"));
	char room[3];
	struct lex_out o = { room, room + sizeof(room) };

	(void)state;
	assert_text(lex_quoted(&l, &o), "abc");
	assert_true(lex_is(&l, 'x'));
}

static void test_token(void **state)
{
	static const char *const cases[][2] = {
		{ "text/plain", "text" }, { "a;b", "a" }, { "a=b", "a" }, { "", "" },
		{ "\"q\"", "" }, { "x-y.z+1 b", "x-y.z+1" }, { "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lexer l = lexer_of(slice_of(cases[i][0]));

		assert_text(lex_token(&l), cases[i][1]);
	}
}

static void test_comment_text(void **state)
{
	char room[64];
	struct lex_out o = { room, room + sizeof(room) };

	(void)state;
	assert_text(lex_comment_text(SLICE(" A \\(B\\)\r\n C "), &o), "A (B) C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_comment_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
