/* What a message's file name says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/store/maildir.h"

static void letters(void **state)
{
	static const struct { const char *name; unsigned flags; const char *remade; } cases[] = {
		{ "1.a", 0, "1.a:2," },
		{ "1.a:2,", 0, "1.a:2," },
		{ "1.a:2,SRF", MESSAGE_SEEN | MESSAGE_ANSWERED | MESSAGE_FLAGGED, "1.a:2,FRS" },
		{ "1.a:2,DTPab", MESSAGE_DRAFT | MESSAGE_DELETED, "1.a:2,DPTab" },
		{ "1.a:2,SSzZ", MESSAGE_SEEN, "1.a:2,SZz" },
		{ "1.a:2,S,more", MESSAGE_SEEN, "1.a:2,S" },
		{ "1.a:1,S", 0, "1.a:2," },
		{ "1.a:", 0, "1.a:2," },
		{ ":2,S", MESSAGE_SEEN, ":2,S" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = cases[i].name;
		char made[FILE_NAME];

		assert_int_equal(letters_to_flags(file_letters(name)), cases[i].flags);
		assert_true(file_name_make(made, name, file_base_len(name), file_letters(name)));
		assert_string_equal(made, cases[i].remade);
	}
	for (unsigned flags = 0; flags < 32; flags++)
		assert_int_equal(letters_to_flags(letters_of_flags(flags)), flags);
}

static void too_long(void **state)
{
	char base[FILE_NAME], made[FILE_NAME];

	(void)state;
	memset(base, 'x', sizeof(base));
	assert_true(file_name_make(made, base, 252, 0));
	assert_false(file_name_make(made, base, 252, LETTER('S')));
	assert_false(file_name_make(made, base, 253, 0));
}

static void numbers(void **state)
{
	static const struct { const char *name; char key; int64_t value; } cases[] = {
		{ "1.a,S=12,W=345:2,S", 'S', 12 }, { "1.a,S=12,W=345:2,S", 'W', 345 },
		{ "1.a,W=7", 'W', 7 }, { "1.a", 'W', -1 }, { "1.a,W=", 'W', -1 },
		{ "1.a,W=x", 'W', -1 }, { "1.a,W=1x,S=2", 'W', -1 }, { "1.a:2,W=5", 'W', -1 },
		{ "W=5", 'W', -1 }, { "1,W=99999999999999999999", 'W', -1 }, { "", 'W', -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0;

		assert_int_equal(file_name_number(cases[i].name, cases[i].key, &value),
				 cases[i].value >= 0);
		if (cases[i].value >= 0)
			assert_int_equal(value, cases[i].value);
	}
}

static void unique_names(void **state)
{
	char a[UNIQUE_NAME], b[UNIQUE_NAME];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		file_unique(a);
		file_unique(b);
		assert_string_not_equal(a, b);
		assert_true(strlen(a) <= 100);
		assert_int_equal(strcspn(a, "/:,"), strlen(a));
		assert_true(a[0] >= '0' && a[0] <= '9');
	}
}

static void paths(void **state)
{
	struct path p;

	(void)state;
	path_make(&p, "/r", "", "tmp", "");
	assert_string_equal(p.at, "/r/tmp");
	path_make(&p, "/r", ".A", "cur", "x");
	assert_string_equal(p.at, "/r/.A/cur/x");
	path_message(&p, "/r/.A", PLACE_NEW, "x");
	assert_string_equal(p.at, "/r/.A/new/x");
}

static void times(void **state)
{
	static const struct { int64_t seconds; long ns; int64_t expected; } cases[] = {
		{ 0, 0, 0 },
		{ 1700000000, 5, INT64_C(1700000000000000005) },
		{ -1, 999999999, -1 },
		{ 9223372035, 999999999, INT64_C(9223372035999999999) },
		{ 9223372036, 0, INT64_MAX },
		{ 9223372037, 0, INT64_MAX },
		{ INT64_C(144700000000), 0, INT64_MAX },         /* the year 6555 */
		{ INT64_MAX, 999999999, INT64_MAX },
		{ -9223372035, 0, INT64_C(-9223372035000000000) },
		{ -9223372036, 999999999, INT64_MIN },
		{ -9223372037, 0, INT64_MIN },
		{ INT64_MIN, 0, INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stat st = { .st_mtim = { .tv_sec = (time_t)cases[i].seconds,
						.tv_nsec = cases[i].ns } };

		if (st.st_mtim.tv_sec == cases[i].seconds)      /* not on all machines */
			assert_true(stat_mtime_ns(&st) == cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters),
		cmocka_unit_test(too_long),
		cmocka_unit_test(numbers),
		cmocka_unit_test(unique_names),
		cmocka_unit_test(paths),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
