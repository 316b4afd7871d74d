/* File names, packed; blocks never move. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/store/names.h"

static void kept_and_found(void **state)
{
	struct names *n = names_new();
	names_view early;
	uint32_t at[5000], first;

	(void)state;
	assert_int_equal(names_add(n, ""), 0);
	first = names_add(n, "first");
	early = names_now(n);
	for (int i = 0; i < 5000; i++) {
		char text[40];

		snprintf(text, sizeof(text), "1700000000.%d.host:2,S", i);
		at[i] = names_add(n, text);
		assert_int_not_equal(at[i], 0);
	}
	for (int i = 0; i < 5000; i++) {
		char text[40];

		snprintf(text, sizeof(text), "1700000000.%d.host:2,S", i);
		assert_string_equal(names_at(names_now(n), at[i]), text);
	}
	/* A view taken before it grew still reads what it saw. */
	assert_string_equal(names_at(early, first), "first");
	assert_string_equal(names_at(early, 0), "");
	assert_true(names_bytes(n) > 5000 * 20);
	names_drop(names_hold(n));
	names_drop(n);
	names_drop(NULL);
}

static void longest_names_fill_blocks(void **state)
{
	struct names *n = names_new();
	char text[256];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	for (int i = 0; i < 500; i++) {
		uint32_t at = names_add(n, text);

		assert_string_equal(names_at(names_now(n), at), text);
	}
	names_drop(n);
}

static void arrays(void **state)
{
	struct names *n = names_new();
	const char **a = names_array(n, 10);

	(void)state;
	assert_null(a[9]);
	a[9] = "x";
	assert_non_null(names_array(n, 0));
	names_drop(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_and_found),
		cmocka_unit_test(longest_names_fill_blocks),
		cmocka_unit_test(arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
