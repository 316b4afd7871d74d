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

/* Twenty thousand questions take no memory, and dates are steps too. */
static void test_cost(void **state)
{
	char rule[1000] = "BYDAY=MO";
	unsigned left = RECUR_STEPS;
	struct buf text;
	struct when w;
	struct rig r;
	size_t room;
	char *lines;

	(void)state;
	rig_init(&r);
	for (size_t n = strlen(rule); n + 4 < sizeof(rule); n += 3)
		memcpy(rule + n, ",MO", 4);
	lines = mem_printf("UID:a\nDTSTAMP:20240101T000000Z\nDTSTART:20240304T090000Z\n"
			   "RRULE:FREQ=WEEKLY;%s\nRRULE:RSCALE=GREGORIAN;FREQ=YEARLY\n", rule);
	rig_send(&r, "", lines);
	assert_true(when_parse(&w, SLICE("20240305T090000Z")));
	room = arena_room(r.arena);
	for (int i = 0; i < 20000; i++)
		recur_has(&r.set->source, set_first(r.set, SLICE("a")), &w, &left);
	assert_int_equal(arena_room(r.arena), room);
	free(lines);

	buf_init(&text, 1024 * 1024);
	buf_add_text(&text, "UID:b\nDTSTAMP:20240101T000000Z\nDTSTART:20240304T090000Z\n"
		     "RRULE:FREQ=DAILY\nEXDATE:");
	for (int i = 0; i < 4000; i++)
		buf_printf(&text, "%s20%02d%02d%02dT090000Z", i ? "," : "", 30 + i / 336, i / 28 % 12 + 1,
			   i % 28 + 1);
	buf_add_text(&text, "\n");
	lines = buf_take_string(&text);
	rig_send(&r, "", lines);
	left = 6000;
	recur_has(&r.set->source, set_first(r.set, SLICE("b")), &w, &left);
	assert_true(left < 2000);
	assert_int_equal(recur_has(&r.set->source, set_first(r.set, SLICE("b")), &w, &left), RECUR_UNKNOWN);
	free(lines);
	rig_release(&r);
}

/* A series does not grow with each cancellation for ever. */
static void test_dates_end(void **state)
{
	struct when *w = mem_array(RECUR_DATES + 2, sizeof(*w));
	struct event *e;
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_send(&r, "", "UID:a\nDTSTAMP:20240101T000000Z\nDTSTART:20240304T090000Z\nRRULE:FREQ=HOURLY\n");
	e = set_first(r.set, SLICE("a"));
	for (unsigned i = 0; i < RECUR_DATES + 2; i++) {
		w[i] = e->start;
		when_set_seconds(&w[i], when_seconds(&w[i]) + 3600 * (i ? i : 1));
	}
	assert_true(recur_exclude(&r.set->source, e, w, RECUR_DATES + 1));       /* one twice */
	assert_int_equal(rig_count(&r, "\nEXDATE"), RECUR_DATES);
	assert_true(recur_exclude(&r.set->source, e, w, 1));
	assert_false(recur_exclude(&r.set->source, e, &w[RECUR_DATES + 1], 1));
	assert_int_equal(rig_count(&r, "\nEXDATE"), RECUR_DATES);
	for (unsigned i = 0; i < RECUR_DATES + 2; i++)
		w[i] = e->start;
	recur_add(&r.set->source, e, &w[0]);
	recur_add(&r.set->source, e, &w[0]);
	assert_int_equal(rig_count(&r, "\nRDATE"), 1);
	free(w);
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
	assert_true(recur_exclude(&r.set->source, e, &w, 1));
	assert_true(recur_exclude(&r.set->source, e, &w, 1));
	assert_int_equal(rig_count(&r, "EXDATE;TZID=Europe/Berlin:20240305T090000"), 1);
	recur_include(&r.set->source, e, &w, 1);
	rig_lacks(&r, "EXDATE");
	recur_add(&r.set->source, e, &w);
	rig_has(&r, "RDATE;TZID=Europe/Berlin:20240305T090000");
	assert_true(when_parse(&w, SLICE("20240306T080000Z")));
	recur_end_before(&r.set->source, e, &w, &r.set->steps_left);
	rig_has(&r, "RRULE:FREQ=DAILY;UNTIL=20240306T075959Z");
	rig_lacks(&r, "20240401T090000");
	/* What ends sooner is not carried on. */
	assert_true(when_parse(&w, SLICE("20240501T080000Z")));
	recur_end_before(&r.set->source, e, &w, &r.set->steps_left);
	rig_has(&r, "RRULE:FREQ=DAILY;UNTIL=20240306T075959Z");
	rig_send(&r, "", "UID:b\nDTSTAMP:20240101T000000Z\nDTSTART:20240304T090000Z\nRRULE:FREQ=DAILY;COUNT=5\n");
	recur_end_before(&r.set->source, set_first(r.set, SLICE("b")), &w, &r.set->steps_left);
	rig_has(&r, "RRULE:FREQ=DAILY;COUNT=5");
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_dates_end),
		cmocka_unit_test(test_edit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
