/* Which of the results a PARTIAL means (RFC 9394 3.1, 4). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/imap/search_return.h"

static void ranges(void **state)
{
	static const struct { const char *text; size_t count, begin, end; } rows[] = {
		{ "1:3", 10, 0, 3 }, { "3:1", 10, 0, 3 }, { "4:4", 10, 3, 4 }, { "9:12", 10, 8, 10 },
		{ "10:10", 10, 9, 10 }, { "11:12", 10, 10, 10 }, { "1:1", 0, 0, 0 },
		{ "-1:-3", 10, 7, 10 }, { "-3:-1", 10, 7, 10 }, { "-10:-10", 10, 0, 1 },
		{ "-8:-12", 10, 0, 3 }, { "-11:-12", 10, 0, 0 }, { "-1:-1", 0, 0, 0 },
		{ "1:4294967295", 10, 0, 10 }, { "-4294967295:-1", 10, 0, 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct imap_args a = { .rest = slice_of(rows[i].text) };
		struct partial_range p;
		size_t begin, end;

		assert_true(partial_range_parse(&p, &a) && a.rest.len == 0);
		partial_range_of(&p, rows[i].count, &begin, &end);
		assert_int_equal(begin, rows[i].begin);
		assert_int_equal(end, rows[i].end);
	}
}

static void known(void **state)
{
	struct imap_args a = { .rest = SLICE("RETURN (MIN SAVE) ALL") };
	struct search_return ret;

	(void)state;
	assert_true(search_return_parse(&ret, &a, SEARCH_RETURN_MIN | SEARCH_RETURN_SAVE));
	assert_true(ret.extended && ret.options == (SEARCH_RETURN_MIN | SEARCH_RETURN_SAVE));
	assert_true(slice_is(a.rest, "ALL"));
	a.rest = SLICE("RETURN (MIN SAVE) ALL");
	assert_false(search_return_parse(&ret, &a, SEARCH_RETURN_MIN));
	/* Then it is no word that is known, and left to the search keys. */
	a.rest = SLICE("RETURN (MIN) ALL");
	assert_true(search_return_parse(&ret, &a, 0) && !ret.extended);
	assert_true(slice_is(a.rest, "RETURN (MIN) ALL"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
