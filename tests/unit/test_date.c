#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/date.h"

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t utc;
		int zone, year, month, day;
	} cases[] = {
		{ "Thu, 1 Jan 1970 00:00:00 +0000", 0, 0, 1970, 1, 1 },
		{ "Fri, 20 Nov 2026 10:14:05 +0100", 1795166045, 60, 2026, 11, 20 },
		{ "20 Nov 2026 10:14:05 -0930", 1795203845, -570, 2026, 11, 20 },
		{ "20 Nov 2026 10:14 +0000", 1795169640, 0, 2026, 11, 20 },
		{ " fri , 20 nOV 2026\r\n 10 : 14 : 05 +0000", 1795169645, 0, 2026, 11, 20 },
		{ "Fri (day), 20 (x) Nov(y)2026 10:14:05 (z (w)) +0000 (UTC)", 1795169645, 0, 2026, 11, 20 },
		{ "Fri, 20 Nov 26 10:14:05 EST", 1795187645, -300, 2026, 11, 20 },
		{ "Sun, 21 Nov 93 09:00:00 PDT", 753897600, -420, 1993, 11, 21 },
		{ "1 Jan 100 00:00:00 GMT", 946684800, 0, 2000, 1, 1 },
		{ "1 Jan 49 00:00 UT", 2493072000, 0, 2049, 1, 1 },
		{ "1 Jan 50 00:00 Z", -631152000, 0, 1950, 1, 1 },
		{ "29 Feb 2024 23:59:60 +0000", 1709251200, 0, 2024, 2, 29 },
		{ "1-Feb-2024 00:00:00 +0000", 1706745600, 0, 2024, 2, 1 },
		{ "1 February 2024", 1706745600, 0, 2024, 2, 1 },
		{ "1 Feb 2024 00:00:00", 1706745600, 0, 2024, 2, 1 },
		{ "1 Feb 2024 00:00:00 +25", 1706745600, 0, 2024, 2, 1 },
		{ "1 Feb 2024 00:00:00 +0199", 1706745600, 0, 2024, 2, 1 },
		{ "1 Feb 2024 00.00.01 A", 1706745601, 0, 2024, 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mime_date d;

		if (!mime_date_parse(&d, slice_of(cases[i].text)))
			fail_msg("not read: %s", cases[i].text);
		if (d.utc != cases[i].utc)
			fail_msg("%s: %lld", cases[i].text, (long long)d.utc);
		assert_int_equal(d.zone_minutes, cases[i].zone);
		assert_int_equal(d.year, cases[i].year);
		assert_int_equal(d.month, cases[i].month);
		assert_int_equal(d.day, cases[i].day);
	}
}

static void test_no_dates(void **state)
{
	static const char *const cases[] = {
		"", " ", "yesterday", "31 Feb 2024 10:00:00 +0000", "29 Feb 2023 10:00:00 +0000",
		"0 Jan 2024 10:00:00 +0000", "32 Jan 2024 10:00:00", "1 Foo 2024 10:00:00",
		"1 Jan 2024 24:00:00", "1 Jan 2024 10:60:00", "1 Jan 2024 10:00:61", "1 Jan",
		"1 Jan 2024 noon", "1 Jan 20244 10:00:00", "1 Jan 0000 10:00:00", "(((((", "-1 -1",
		"99999999999999999999 Jan 2024", "1 Jan 2024 10", "1 Ja 2024", "1 Jan 4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mime_date d = { .utc = 42 };

		if (mime_date_parse(&d, slice_of(cases[i])))
			fail_msg("read: %s", cases[i]);
		assert_int_equal(d.utc, 42);
	}
}

static void test_days(void **state)
{
	int64_t day = mime_days(1600, 1, 1);
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	(void)state;
	assert_int_equal(mime_days(1970, 1, 1), 0);
	assert_int_equal(mime_days(1969, 12, 31), -1);
	assert_int_equal(mime_days(2000, 3, 1), 11017);
	for (int y = 1600; y < 2401; y++) {
		for (int m = 1; m <= 12; m++) {
			bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

			assert_int_equal(mime_days(y, m, 1), day);
			day += lengths[m - 1] + (m == 2 && leap);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_no_dates),
		cmocka_unit_test(test_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
