#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "../support/calendar_rig.h"

/* The C library reads the same files by code of its own: both agree on every month
 * of what is promised. */
static void test_with_libc(void **state)
{
	static const char *const names[] = {
		"Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Moscow", "America/New_York",
		"America/St_Johns", "America/Santiago", "America/Sao_Paulo", "Pacific/Easter",
		"Pacific/Apia", "Pacific/Fiji", "Africa/Cairo", "Africa/Casablanca", "Asia/Jerusalem",
		"Asia/Gaza", "Asia/Tehran", "Asia/Kolkata", "Asia/Tokyo", "Australia/Lord_Howe",
		"Australia/Sydney", "Antarctica/Troll", "America/Nuuk",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct rig r;
		struct zone *zone;
		int offset;

		rig_init(&r);
		assert_int_equal(zones_resolve(r.zones, slice_of(names[i]), NULL, &zone, &offset), ZONE_RULES);
		setenv("TZ", names[i], 1);
		tzset();
		for (int month = 0; month < 130 * 12; month++) {
			struct when w = { .kind = WHEN_UTC, .year = 1970 + month / 12, .month = month % 12 + 1,
					  .day = 15, .hour = 12 };
			time_t at = (time_t)when_seconds(&w);
			struct tm tm;

			assert_non_null(localtime_r(&at, &tm));
			if (zone_offset_utc(zone, &w) != (int)tm.tm_gmtoff)
				fail_msg("%s %04d-%02d: %d, not %ld", names[i], w.year, w.month,
					 zone_offset_utc(zone, &w), tm.tm_gmtoff);
		}
		rig_release(&r);
	}
}

/* A rule, not a list of dates, and nothing of the wars. */
static void test_short(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_send(&r, "", "UID:a\nDTSTAMP:20240101T000000Z\nDTSTART;TZID=Europe/Berlin:20240304T090000\n");
	assert_int_equal(rig_count(&r, "BEGIN:STANDARD") + rig_count(&r, "BEGIN:DAYLIGHT"), 5);
	assert_int_equal(rig_count(&r, "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"), 1);
	rig_lacks(&r, "1945");
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_with_libc),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
