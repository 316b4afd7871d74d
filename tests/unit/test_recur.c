#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/calendar/recur.h"
#include "../support/calendar_rig.h"
#include "base/clock.h"

static const struct {
	const char *lines, *at;
	enum recur_answer answer;
} cases[] = {
	{ "DTSTART:20240304T090000Z\n", "20240304T090000Z", RECUR_YES },
	{ "DTSTART:20240304T090000Z\n", "20240305T090000Z", RECUR_NO },
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=WEEKLY\n", "20300304T090000Z", RECUR_YES },
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=WEEKLY\n", "20240226T090000Z", RECUR_NO },
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=WEEKLY\n", "20240311T090001Z", RECUR_NO },
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=WEEKLY;COUNT=2\n", "20240318T090000Z", RECUR_NO },
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=WEEKLY;UNTIL=20240311T090000Z\n", "20240311T090000Z", RECUR_YES },
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=WEEKLY\nEXDATE:20240311T090000Z\n", "20240311T090000Z", RECUR_NO },
	{ "DTSTART:20240304T090000Z\nRDATE:20240312T090000Z\n", "20240312T090000Z", RECUR_YES },
	/* Across the change of the clocks, and UNTIL in UTC on the last one. */
	{ "DTSTART;TZID=Europe/Berlin:20240325T090000\nRRULE:FREQ=WEEKLY\n", "20240401T070000Z", RECUR_YES },
	{ "DTSTART;TZID=Europe/Berlin:20240325T090000\nRRULE:FREQ=WEEKLY\n", "20240401T080000Z", RECUR_NO },
	{ "DTSTART;TZID=Europe/Berlin:20240325T090000\nRRULE:FREQ=WEEKLY;UNTIL=20240401T070000Z\n",
	  "20240401T070000Z", RECUR_YES },
	{ "DTSTART;TZID=America/New_York:20240325T200000\nRRULE:FREQ=DAILY;UNTIL=20240401T000000Z\n",
	  "20240401T000000Z", RECUR_YES },
	{ "DTSTART;VALUE=DATE:20240304\nRRULE:FREQ=MONTHLY;BYDAY=1MO\n", "20240401", RECUR_YES },
	{ "DTSTART;VALUE=DATE:20240304\nRRULE:FREQ=MONTHLY;BYDAY=1MO\n", "20240402", RECUR_NO },
	/* Not worked out: far too many. */
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\n", "20300304T090000Z",
	  RECUR_UNKNOWN },
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=MINUTELY\n", "20300304T090000Z", RECUR_UNKNOWN },
	{ "DTSTART:00010101T090000Z\nRRULE:FREQ=DAILY\n", "20240305T090000Z", RECUR_UNKNOWN },
	{ "DTSTART:20240304T090000Z\nRRULE:FREQ=YEARLY\n", "99990304T090000Z", RECUR_UNKNOWN },
};

static void test_has(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *lines = mem_printf("UID:a\nDTSTAMP:20240101T000000Z\n%s", cases[i].lines);
		uint64_t start = clock_mono_ms();
		enum recur_answer got;
		struct rig r;
		struct when w;

		rig_init(&r);
		assert_int_equal(rig_send(&r, "", lines), CALENDAR_ADDED);
		assert_true(when_parse(&w, slice_of(cases[i].at)));
		got = recur_has(&r.set->source, set_first(r.set, SLICE("a")), &w, &r.set->steps_left);
		if (got != cases[i].answer)
			fail_msg("%s: %s is %d, not %d", cases[i].lines, cases[i].at, got, cases[i].answer);
		assert_true(clock_mono_ms() - start < 5000);
		free(lines);
		rig_release(&r);
	}
}

/* The steps of one merge end, whatever is asked. */
static void test_steps(void **state)
{
	unsigned left = 10;
	struct rig r;
	struct when w;

	(void)state;
	rig_init(&r);
	rig_send(&r, "", "UID:a\nDTSTAMP:20240101T000000Z\nDTSTART:20240304T090000Z\nRRULE:FREQ=DAILY\n");
	assert_true(when_parse(&w, SLICE("20250304T090000Z")));
	assert_int_equal(recur_has(&r.set->source, set_first(r.set, SLICE("a")), &w, &left), RECUR_UNKNOWN);
	assert_int_equal(left, 0);
	rig_release(&r);
}

static void test_edit(void **state)
{
	struct event *e;
	struct rig r;
	struct when w;

	(void)state;
	rig_init(&r);
	rig_send(&r, "", "UID:a\nDTSTAMP:20240101T000000Z\nDTSTART;TZID=Europe/Berlin:20240304T090000\n"
		 "RRULE:FREQ=DAILY;COUNT=5\nRDATE;TZID=Europe/Berlin:20240401T090000\n");
	e = set_first(r.set, SLICE("a"));
	assert_true(recur_is_series(e));
	assert_true(when_parse(&w, SLICE("20240305T080000Z")));
	recur_exclude(&r.set->source, e, &w);
	recur_exclude(&r.set->source, e, &w);
	assert_int_equal(rig_count(&r, "EXDATE;TZID=Europe/Berlin:20240305T090000"), 1);
	recur_include(&r.set->source, e, &w);
	rig_lacks(&r, "EXDATE");
	recur_add(&r.set->source, e, &w);
	rig_has(&r, "RDATE;TZID=Europe/Berlin:20240305T090000");
	assert_true(when_parse(&w, SLICE("20240306T080000Z")));
	recur_end_before(&r.set->source, e, &w);
	rig_has(&r, "RRULE:FREQ=DAILY;UNTIL=20240306T075959Z");
	rig_lacks(&r, "20240401T090000");
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_edit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
