#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/imap/literal.h"

static void heads(void **state)
{
	static const struct {
		const char *line;
		bool good, sync;
		uint64_t size;
		size_t head;
	} cases[] = {
		{ "a LOGIN {5}", true, true, 5, 3 }, { "{5+}", true, false, 5, 4 },
		{ "{0}", true, true, 0, 3 }, { "x{310+}", true, false, 310, 6 },
		{ "{007}", true, true, 7, 5 },
		{ "{9223372036854775807}", true, true, INT64_MAX, 21 },
		{ "{}", false, false, 0, 0 }, { "{+}", false, false, 0, 0 },
		{ "5}", false, false, 0, 0 }, { "}", false, false, 0, 0 }, { "", false, false, 0, 0 },
		{ "+}", false, false, 0, 0 }, { "{5} ", false, false, 0, 0 },
		{ "{5-}", false, false, 0, 0 }, { "{-5}", false, false, 0, 0 },
		{ "{5++}", false, false, 0, 0 }, { "{ 5}", false, false, 0, 0 },
	};
	struct imap_literal l;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(imap_literal_at_end(slice_of(cases[i].line), &l), cases[i].good);
		if (!cases[i].good)
			continue;
		assert_int_equal(l.sync, cases[i].sync);
		assert_true(l.size == cases[i].size);
		assert_int_equal(l.head, cases[i].head);
	}
	/* However many digits, it stays a number that is too large. */
	assert_true(imap_literal_at_end(SLICE("{99999999999999999999999999999999}"), &l));
	assert_true(l.size > INT64_MAX / 2 && l.size <= INT64_MAX);
}

static void lines(void **state)
{
	struct slice line;
	size_t used;

	(void)state;
	assert_false(imap_line_ready(SLICE(""), &line, &used));
	assert_false(imap_line_ready(SLICE("DONE\r"), &line, &used));
	assert_true(imap_line_ready(SLICE("DONE\r\nx"), &line, &used));
	assert_true(slice_is(line, "DONE"));
	assert_int_equal(used, 6);
	assert_true(imap_line_ready(SLICE("\n"), &line, &used));
	assert_int_equal(line.len, 0);
	assert_int_equal(used, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
