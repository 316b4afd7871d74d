#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/calendar/property.h"
#include "../support/calendar_rig.h"

static void test_duration(void **state)
{
	static const char *const good[] = { "PT15M", "-PT15M", "+P1D", "P1W", "P1DT2H3M4S", "PT0S",
					    "PT1H30M", "P0D", "-P15W" };
	static const char *const bad[] = { "", "P", "PT", "15M", "P1", "P1H", "PT1D", "P1W2D", "P1D2H",
					   "PT1M2H", "P12345678D", "PT1H ", "P-1D", "P1DT", "p1d" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!property_is_duration(slice_of(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (property_is_duration(slice_of(bad[i])))
			fail_msg("%s", bad[i]);
}

static void test_sort(void **state)
{
	static const char *const want[] = { "UID", "DTSTAMP", "EXDATE", "EXDATE", "SUMMARY", "ATTENDEE" };
	static const char *const given[] = { "ATTENDEE", "EXDATE", "SUMMARY", "UID", "EXDATE", "DTSTAMP" };
	struct arena *a = arena_new(1 << 20);
	struct ics_comp *c = ics_comp_new(a, SLICE("VEVENT"));
	const struct ics_prop *p;
	int i = 0;

	(void)state;
	property_sort(c);
	assert_null(c->props);
	for (i = 0; i < 6; i++)
		ics_prop_add(a, c, slice_of(given[i]), i < 3 ? SLICE("1") : SLICE("2"));
	property_sort(c);
	for (i = 0, p = c->props; p; p = p->next, i++)
		assert_true(i < 6 && slice_is(p->name, want[i]));
	assert_int_equal(i, 6);
	assert_true(slice_is(ics_value(c, "EXDATE"), "1"));
	/* The end is where more is added. */
	ics_prop_add(a, c, SLICE("X"), SLICE(""));
	assert_non_null(ics_prop_find(c, "X"));
	arena_free(a);
}

static void test_alarm(void **state)
{
	static const struct { const char *lines, *trigger; } cases[] = {
		{ "ACTION:DISPLAY\nTRIGGER:-PT5M\n", "-PT5M" },
		{ "ACTION:AUDIO\nTRIGGER;RELATED=END:PT5M\n", "PT5M" },
		{ "ACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20240305T100000Z\n", "20240305T100000Z" },
		{ "ACTION:DISPLAY\nTRIGGER:soon\n", NULL },
		{ "ACTION:DISPLAY\n", NULL },
		{ "TRIGGER:-PT5M\n", NULL },
		{ "ACTION:PROCEDURE\nTRIGGER:-PT5M\nATTACH:file:///bin/rm\n", NULL },
	};
	struct rig r;

	(void)state;
	rig_init(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ics_comp *c = property_alarm(&r.set->source, rig_parse(&r, cases[i].lines), SLICE("title"));

		assert_int_equal(c != NULL, cases[i].trigger != NULL);
		if (c) {
			assert_true(slice_is(ics_value(c, "TRIGGER"), cases[i].trigger));
			assert_true(slice_is(ics_value(c, "DESCRIPTION"), "title"));
		}
	}
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
