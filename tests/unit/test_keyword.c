/* Keywords and sets of them, interned. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/store/keyword.h"

static void names_are_case_insensitive(void **state)
{
	struct keywords *k = keywords_new();
	int a = keywords_id(k, SLICE("Work")), b = keywords_id(k, SLICE("$Junk"));

	(void)state;
	assert_true(a >= 0 && b >= 0 && a != b);
	assert_int_equal(keywords_id(k, SLICE("WORK")), a);
	assert_string_equal(keywords_name(k, a), "Work");
	keywords_free(k);
	keywords_free(NULL);
}

static void not_keywords(void **state)
{
	static const char *const words[] = {
		"", "a b", "a(b", "a)b", "a{b", "a%b", "a*b", "a\"b", "a\\b", "a]b", "a\tb",
		"caf\xc3\xa9", "\x7f",
	};
	struct keywords *k = keywords_new();
	char text[KEYWORD_LEN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(keywords_id(k, slice_of(words[i])), -1);
	memset(text, 'x', sizeof(text));
	assert_int_equal(keywords_id(k, slice_make(text, sizeof(text))), -1);
	assert_true(keywords_id(k, slice_make(text, sizeof(text) - 1)) >= 0);
	keywords_free(k);
}

static void sets_are_one(void **state)
{
	static const struct { const char *a, *b; bool same; } cases[] = {
		{ "x y", "Y X", true }, { "x", "x x", true }, { "", "", true },
		{ "x", "y", false }, { "x y z", "x y", false },
	};
	struct keywords *k = keywords_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned a, b;

		assert_true(keywords_parse(k, slice_of(cases[i].a), &a));
		assert_true(keywords_parse(k, slice_of(cases[i].b), &b));
		assert_int_equal(a == b, cases[i].same);
	}
	keywords_free(k);
}

static void printed_and_parsed(void **state)
{
	struct keywords *k = keywords_new();
	unsigned a, b;
	char *text;

	(void)state;
	assert_true(keywords_parse(k, SLICE("one two three"), &a));
	text = keywords_print(k, a);
	assert_string_equal(text, "one two three");
	assert_true(keywords_parse(k, slice_of(text), &b));
	assert_int_equal(a, b);
	assert_int_equal(keywords_set(k, a)->count, 3);
	assert_string_equal(keywords_set(k, a)->names[1], "two");
	free(text);
	keywords_free(k);
}

/* What was handed out stays where it is, up to the ceilings. */
static void many(void **state)
{
	struct keywords *k = keywords_new();
	const char *const *first;
	unsigned set;
	char word[16];

	(void)state;
	assert_true(keywords_parse(k, SLICE("k0"), &set));
	first = keywords_set(k, set)->names;
	for (int i = 0; i < KEYWORD_NAMES_MAX; i++) {
		unsigned other;

		snprintf(word, sizeof(word), "k%d", i);
		assert_true(keywords_parse(k, slice_of(word), &other));
		assert_string_equal(keywords_set(k, other)->names[0], word);
	}
	assert_int_equal(keywords_id(k, SLICE("one-too-many")), -1);
	assert_ptr_equal(keywords_set(k, set)->names, first);
	assert_string_equal(first[0], "k0");
	keywords_free(k);
}

static void lists(void **state)
{
	struct keyword_list l = { .count = 0 };

	(void)state;
	keyword_list_add(&l, 5);
	keyword_list_add(&l, 1);
	keyword_list_add(&l, 5);
	keyword_list_add(&l, -1);
	keyword_list_remove(&l, 3);
	keyword_list_remove(&l, -1);
	assert_int_equal(l.count, 2);
	assert_int_equal(l.ids[0], 1);
	assert_true(keyword_list_has(&l, 5));
	keyword_list_remove(&l, 1);
	assert_false(keyword_list_has(&l, 1));
	assert_int_equal(l.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_case_insensitive),
		cmocka_unit_test(not_keywords),
		cmocka_unit_test(sets_are_one),
		cmocka_unit_test(printed_and_parsed),
		cmocka_unit_test(many),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
