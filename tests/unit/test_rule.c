#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../src/calendar/rule.h"

static const struct { const char *in, *out; } rules[] = {
	{ "FREQ=DAILY", "FREQ=DAILY" },
	{ ";freq=Weekly; byday=mo,+2tu;;", "FREQ=WEEKLY;BYDAY=MO,2TU" },
	{ "FREQ=YEARLY;BYDAY=-1SU,20MO;BYMONTH=03,10,", "FREQ=YEARLY;BYDAY=-1SU,20MO;BYMONTH=3,10" },
	{ "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=10;INTERVAL=2;WKST=SU",
	  "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=10;INTERVAL=2;WKST=SU" },
	{ "FREQ=DAILY;UNTIL=2024-03-05T10:00:00Z", "FREQ=DAILY;UNTIL=20240305T100000Z" },
	{ "BYHOUR=0,23;BYMINUTE=59;BYSECOND=60;FREQ=DAILY", "BYHOUR=0,23;BYMINUTE=59;BYSECOND=60;FREQ=DAILY" },
	{ "FREQ=DAILY;X-A=1", "FREQ=DAILY" },
	{ "", NULL }, { ";", NULL }, { "DAILY", NULL }, { "FREQ=", NULL }, { "FREQ=SOMETIMES", NULL },
	{ "COUNT=3", NULL }, { "FREQ=DAILY,WEEKLY", NULL }, { "FREQ=DAILY;A=1", NULL },
	{ "FREQ=YEARLY;BYMONTH=13", NULL }, { "FREQ=YEARLY;BYMONTH=0", NULL },
	{ "FREQ=YEARLY;BYMONTH=-1", NULL }, { "FREQ=YEARLY;BYMONTH=5L", NULL },
	{ "FREQ=YEARLY;BYWEEKNO=54", NULL }, { "FREQ=YEARLY;BYYEARDAY=-367", NULL },
	{ "FREQ=YEARLY;BYDAY=54MO", NULL }, { "FREQ=YEARLY;BYDAY=0MO", NULL },
	{ "FREQ=YEARLY;BYDAY=MO1", NULL }, { "FREQ=YEARLY;BYDAY=--1MO", NULL },
	{ "FREQ=DAILY;BYSETPOS=367", NULL }, { "FREQ=DAILY;BYHOUR=24", NULL },
	{ "FREQ=DAILY;COUNT=0", NULL }, { "FREQ=DAILY;INTERVAL=0", NULL },
	{ "FREQ=DAILY;INTERVAL=1A", NULL }, { "FREQ=DAILY;COUNT=99999999999999999999", NULL },
	{ "FREQ=DAILY;UNTIL=20240231", NULL }, { "FREQ=DAILY;UNTIL=", NULL },
	{ "FREQ=WEEKLY;BYMONTHDAY=5", NULL }, { "BYWEEKNO=5;FREQ=MONTHLY", NULL },
	{ "FREQ=DAILY;BYYEARDAY=5", NULL }, { "FREQ=YEARLY;BYWEEKNO=-1", "FREQ=YEARLY;BYWEEKNO=-1" },
	{ "FREQ=DAILY;WKST=1MO", NULL }, { "FREQ=DAILY;WKST=XX", NULL },
	{ "FREQ=DAILY;COUNT=3;UNTIL=20250101", NULL }, { "FREQ=DAILY;COUNT=3,4", NULL },
};

static void test_strict(void **state)
{
	struct arena *a = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct slice out, again;
		bool ok = rule_strict(a, slice_of(rules[i].in), &out);

		if (ok != (rules[i].out != NULL) || (ok && !slice_is(out, rules[i].out)))
			fail_msg("%s", rules[i].in);
		if (!ok)
			continue;
		assert_true(rule_strict(a, out, &again));
		assert_true(slice_equal(out, again));
	}
	arena_free(a);
}

static void test_long(void **state)
{
	struct arena *a = arena_new(1 << 20);
	char text[2000] = "FREQ=DAILY;BYSECOND=1";
	struct slice out;

	(void)state;
	for (size_t n = strlen(text); n + 3 < sizeof(text); n += 2)
		memcpy(text + n, ",1", 3);
	assert_false(rule_strict(a, slice_of(text), &out));
	arena_free(a);
}

static void test_until(void **state)
{
	static const struct { const char *start, *until, *out; } cases[] = {
		{ "20240304", "20240310", "20240310" },
		{ "20240304", "20240310T235959Z", "20240310" },
		{ "20240304T090000Z", "20240310", "20240310T235959Z" },
		{ "20240304T090000Z", "20240310T090000", "20240310T090000Z" },
		{ "20240304T090000Z", "20240310T090000Z", "20240310T090000Z" },
		{ "20240304T090000", "20240310", "20240310T235959" },
		{ "20240304T090000", "20240310T090000Z", "20240310T090000" },
	};
	struct arena *a = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char rule[100], want[100];
		struct when start;
		struct slice got;

		assert_true(when_parse(&start, slice_of(cases[i].start)));
		snprintf(rule, sizeof(rule), "FREQ=DAILY;UNTIL=%s;WKST=SU", cases[i].until);
		snprintf(want, sizeof(want), "FREQ=DAILY;UNTIL=%s;WKST=SU", cases[i].out);
		got = rule_fit(a, slice_of(rule), &start);
		if (!slice_is(got, want))
			fail_msg("%s from %s: %.*s", rule, cases[i].start, (int)got.len, got.at);
		assert_true(slice_equal(rule_fit(a, got, &start), got));
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_until),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
