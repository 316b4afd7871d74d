#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "../../src/mime/boundary.h"
#include "base/clock.h"
#include "base/mem.h"

enum { OPEN_MOST = 100 };

static struct boundary_set *new_set(void)
{
	struct boundary_set *set = mem_alloc(sizeof(*set));

	set->stack = mem_array(OPEN_MOST, sizeof(*set->stack));
	return set;
}

static void free_set(struct boundary_set *set)
{
	free(set->stack);
	free(set);
}

/* Opens the words of `open` (between commas) and asks for `line`; depth -1: none. */
static void check(const char *open, const char *line, int depth, bool closing)
{
	struct boundary_set *set = new_set();
	struct slice left = slice_of(open);
	unsigned found, n = 0;
	bool closes, is;

	while (left.len) {
		size_t comma = slice_find(left, ',');

		boundary_open(set, slice_head(left, comma), n++);
		left = slice_from(left, comma + 1);
	}
	is = boundary_find(set, slice_of(line), &found, &closes);
	if (is != (depth >= 0) || (is && ((int)found != depth || closes != closing)))
		fail_msg("%s in %s: %d", line, open, is ? (int)found : -1);
	free_set(set);
}

static void test_find(void **state)
{
	(void)state;
	check("b", "--b\r\n", 0, false);
	check("b", "--b", 0, false);
	check("b", "--b--\n", 0, true);
	check("b", "--b-- \t\r\n", 0, true);
	check("b", "--b-\n", 0, false);
	check("b", "--bcd\n", 0, false);
	check("b", "--\n", -1, false);
	check("b", "-b\n", -1, false);
	check("b", "--c\n", -1, false);
	check("b", "--B\n", -1, false);
	check("", "--\n", -1, false);
	check(" ", "-- \n", -1, false);
	check("b \t", "--b\n", 0, false);
	check("b c", "--b c\n", 0, false);
	check("b c", "--b\n", -1, false);
}

/* A whole line, then the longest, then the innermost. */
static void test_choice(void **state)
{
	(void)state;
	check("b,b", "--b\n", 1, false);
	check("a,a-in", "--a-in\n", 1, false);
	check("a,a-in", "--a\n", 0, false);
	check("a-out,a", "--a-out\n", 0, false);
	check("a-out,a", "--a-ou\n", 1, false);
	check("a,a--", "--a--\n", 1, false);
	check("a--,a", "--a--\n", 1, true);
	check("a,a--", "--a----\n", 1, true);
	check("a,a-", "--a--\n", 0, true);
	check("1,12,123", "--1234\n", 2, false);
	check("123,12,1", "--1234\n", 0, false);
	check("123,12,1", "--12\n", 1, false);
}

static void test_close(void **state)
{
	struct boundary_set *set = new_set();
	unsigned depth;
	bool closing;

	(void)state;
	boundary_open(set, SLICE("a"), 0);
	boundary_open(set, SLICE("a"), 3);
	boundary_close(set, 2);
	assert_true(boundary_find(set, SLICE("--a\n"), &depth, &closing));
	assert_int_equal(depth, 3);
	boundary_close(set, 3);
	boundary_close(set, 3);
	assert_true(boundary_find(set, SLICE("--a\n"), &depth, &closing));
	assert_int_equal(depth, 0);
	boundary_close(set, 0);
	boundary_close(set, 0);
	assert_false(boundary_find(set, SLICE("--a\n"), &depth, &closing));
	free_set(set);
}

static void test_length(void **state)
{
	char line[BOUNDARY_MOST + 10] = "--";
	struct boundary_set *set = new_set();
	unsigned depth;
	bool closing;

	(void)state;
	memset(line + 2, 'x', sizeof(line) - 2);
	boundary_open(set, slice_make(line + 2, BOUNDARY_MOST + 1), 0);
	assert_int_equal(set->count, 0);
	boundary_open(set, slice_make(line + 2, BOUNDARY_MOST), 0);
	assert_true(boundary_find(set, slice_make(line, sizeof(line)), &depth, &closing));
	assert_false(boundary_find(set, slice_make(line, BOUNDARY_MOST + 1), &depth, &closing));
	free_set(set);
}

/* Many that nearly match cost what one does. */
static void test_many(void **state)
{
	struct boundary_set *set = new_set();
	char names[OPEN_MOST][8];
	uint64_t start = clock_mono_ms();
	unsigned depth;
	bool closing;

	(void)state;
	for (unsigned i = 0; i < OPEN_MOST; i++) {
		snprintf(names[i], sizeof(names[i]), "near%02u", i);
		boundary_open(set, slice_of(names[i]), i);
	}
	for (int i = 0; i < 1000000; i++)
		assert_false(boundary_find(set, SLICE("--nearly"), &depth, &closing));
	assert_true(clock_mono_ms() - start < 10000);
	for (unsigned i = OPEN_MOST; i-- > 0;) {
		char line[16];

		snprintf(line, sizeof(line), "--near%02u--", i);
		assert_true(boundary_find(set, slice_of(line), &depth, &closing));
		assert_true(closing);
		assert_int_equal(depth, i);
		boundary_close(set, i);
		assert_false(boundary_find(set, slice_of(line), &depth, &closing));
	}
	free_set(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
