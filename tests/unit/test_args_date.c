#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "../../src/imap/args.h"

static void dates(void **state)
{
	static const struct { const char *text; bool good; int64_t days; } cases[] = {
		{ "1-Jan-1970", true, 0 }, { "\"1-Jan-1970\"", true, 0 },
		{ "01-jan-1970", true, 0 }, { "31-Dec-1969", true, -1 },
		{ "1-Feb-1994", true, 8797 }, { "29-Feb-2000", true, 11016 },
		{ "29-Feb-1900", false, 0 }, { "31-Apr-2000", false, 0 },
		{ "0-Jan-2000", false, 0 }, { "32-Jan-2000", false, 0 },
		{ "1-Foo-2000", false, 0 }, { "1-Jan-200", false, 0 },
		{ "1-Jan-70", false, 0 }, { "\"1-Jan-1970", false, 0 },
		{ "", false, 0 }, { "1", false, 0 }, { "1-", false, 0 }, { "1-Jan", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct imap_args a = { .rest = slice_of(cases[i].text) };
		int64_t days = 0;

		assert_int_equal(args_date(&a, &days), cases[i].good);
		if (cases[i].good)
			assert_true(days == cases[i].days);
		else
			assert_non_null(a.wanted);
	}
}

/* Every day of 400 years against the C library's idea of it. */
static void days_follow_each_other(void **state)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	(void)state;
	for (int64_t day = -100000; day < 100000; day += 7) {
		time_t t = (time_t)(day * 86400);
		struct tm tm;
		char text[64];
		struct imap_args a = { 0 };
		int64_t got;

		assert_non_null(gmtime_r(&t, &tm));
		snprintf(text, sizeof(text), "%d-%s-%04d", tm.tm_mday, months[tm.tm_mon],
			 tm.tm_year + 1900);
		a.rest = slice_of(text);
		assert_true(args_date(&a, &got));
		assert_true(got == day);
	}
}

static void date_times(void **state)
{
	static const struct { const char *text; bool good; int64_t t; } cases[] = {
		{ "\"01-Jan-1970 00:00:00 +0000\"", true, 0 },
		{ "\" 7-Feb-1994 21:52:25 -0800\"", true, 760686745 },
		{ "\"07-Feb-1994 21:52:25 -0800\"", true, 760686745 },
		{ "\"7-Feb-1994 21:52:25 -0800\"", true, 760686745 },
		{ "\"17-Jul-1996 02:44:25 -0700\"", true, 837596665 },
		{ "\"17-Jul-1996 11:14:25 +0130\"", true, 837596665 },
		{ "\"17-Jul-1996 24:44:25 -0700\"", false, 0 },
		{ "\"17-Jul-1996 02:60:25 -0700\"", false, 0 },
		{ "\"17-Jul-1996 02:44:25 0700\"", false, 0 },
		{ "\"17-Jul-1996 02:44:25 -070\"", false, 0 },
		{ "\"17-Jul-1996 02:44:25\"", false, 0 },
		{ "\"30-Feb-1996 02:44:25 -0700\"", false, 0 },
		{ "17-Jul-1996 02:44:25 -0700", false, 0 },
		{ "\"17-Jul-1996 02:44:25 -0700", false, 0 },
		{ "\"", false, 0 }, { "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct imap_args a = { .rest = slice_of(cases[i].text) };
		int64_t t = 0;

		assert_int_equal(args_date_time(&a, &t), cases[i].good);
		if (cases[i].good)
			assert_true(t == cases[i].t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates),
		cmocka_unit_test(days_follow_each_other),
		cmocka_unit_test(date_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
