/* Time: the three texts, zones, the ends of the calendar, and setting it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void use_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void test_set(void **state)
{
	(void)state;
	clock_set(1000);
	assert_int_equal(clock_wall(), 1000);
	assert_int_equal(clock_wall_us(), 1000000000);
	clock_set(0);
	assert_int_equal(clock_wall(), 0);
	clock_set(-1);
	assert_true(clock_wall() > 1600000000);
	assert_true(llabs(clock_wall_us() / 1000000 - (int64_t)time(NULL)) <= 1);
}

static void test_mono(void **state)
{
	uint64_t last = clock_mono_ms(), start = last;

	(void)state;
	clock_set(5);
	while (last < start + 3) {
		uint64_t now = clock_mono_ms();

		assert_true(now >= last);
		last = now;
	}
	assert_true(clock_mono_us() / 1000 >= last);
	assert_true(clock_mono_us() / 1000 < last + 60000);
	clock_set(-1);
}

static void test_texts(void **state)
{
	static const struct {
		const char *zone;
		int64_t wall;
		const char *mail, *http, *iso;
	} cases[] = {
		{ "UTC0", 1795169640, "Fri, 20 Nov 2026 10:14:00 +0000",
		  "Fri, 20 Nov 2026 10:14:00 GMT", "2026-11-20T10:14:00Z" },
		{ "UTC0", 0, "Thu, 01 Jan 1970 00:00:00 +0000",
		  "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z" },
		{ "XYZ-5:30", 0, "Thu, 01 Jan 1970 05:30:00 +0530",
		  "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z" },
		{ "XYZ3:30", 0, "Wed, 31 Dec 1969 20:30:00 -0330",
		  "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1782864000,
		  "Wed, 01 Jul 2026 02:00:00 +0200",
		  "Wed, 01 Jul 2026 00:00:00 GMT", "2026-07-01T00:00:00Z" },
		{ "UTC0", 951782400, "Tue, 29 Feb 2000 00:00:00 +0000",
		  "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00Z" },
		{ "UTC0", -1, "Wed, 31 Dec 1969 23:59:59 +0000",
		  "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[CLOCK_TEXT];

		use_zone(cases[i].zone);
		clock_rfc5322(out, cases[i].wall);
		assert_string_equal(out, cases[i].mail);
		clock_http(out, cases[i].wall);
		assert_string_equal(out, cases[i].http);
		clock_rfc3339(out, cases[i].wall);
		assert_string_equal(out, cases[i].iso);
	}
}

static void test_ends_of_the_calendar(void **state)
{
	static const int64_t walls[] = {
		INT64_MIN, INT64_MAX, INT64_MIN / 1000000, INT64_MAX / 1000000,
		INT64_C(253402300800), INT64_C(-62135596801),
	};
	static const char *const zones[] = { "UTC0", "XYZ-14", "XYZ12" };

	(void)state;
	for (size_t z = 0; z < COUNT(zones); z++) {
		use_zone(zones[z]);
		for (size_t i = 0; i < COUNT(walls); i++) {
			char out[CLOCK_TEXT];

			clock_rfc5322(out, walls[i]);
			assert_int_equal(strlen(out), 31);
			clock_http(out, walls[i]);
			assert_int_equal(strlen(out), 29);
			clock_rfc3339(out, walls[i]);
			assert_int_equal(strlen(out), 20);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_mono),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_ends_of_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
