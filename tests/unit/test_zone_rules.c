#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/calendar/zone_rules.h"
#include "../support/calendar_rig.h"

static void test_offset(void **state)
{
	static const struct { const char *text; bool ok; int seconds; } cases[] = {
		{ "+0100", true, 3600 }, { "-0330", true, -12600 }, { "+053020", true, 19820 },
		{ "+01:00", true, 3600 }, { " -0800 ", true, -28800 }, { "+0000", true, 0 },
		{ "0100", false, 0 }, { "+1", false, 0 }, { "+2500", false, 0 }, { "+0160", false, 0 },
		{ "+010000000", false, 0 }, { "", false, 0 }, { "+01x0", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int seconds = 0;

		assert_int_equal(zone_rules_offset(slice_of(cases[i].text), &seconds), cases[i].ok);
		if (cases[i].ok)
			assert_int_equal(seconds, cases[i].seconds);
	}
}

static char *strict(struct rig *r, const char *observances)
{
	char *text = mem_printf("BEGIN:VTIMEZONE\nTZID:x\n%sEND:VTIMEZONE\n", observances);
	struct ics_comp *c = zone_rules_strict(r->arena, rig_parse(r, text)->children, SLICE("x"));
	struct buf out;

	free(text);
	buf_init(&out, 1 << 20);
	if (c)
		assert_true(ics_print(&out, c));
	return buf_take_string(&out);
}

static void test_strict(void **state)
{
	static const struct { const char *in, *has, *lacks; } cases[] = {
		{ "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETTO:+0100\nX-A:b\nEND:STANDARD\n",
		  "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100", "X-A" },
		{ "BEGIN:STANDARD\nDTSTART:19700101T000000Z\nTZOFFSETTO:+0100\nTZNAME:a\\;b\nEND:STANDARD\n",
		  "DTSTART:19700101T000000\r\n", "Z\r\n" },
		{ "BEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
		  "RRULE:FREQ=YEARLY;UNTIL=19721029T010000Z;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n",
		  "RDATE:19701025T030000\r\nRDATE:19711031T030000\r\nRDATE:19721029T", "RRULE" },
		{ "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETTO:+0100\nRRULE:FREQ=DAILY\nEND:STANDARD\n",
		  "DTSTART", "RRULE" },
		{ "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETTO:+0100\n"
		  "RRULE:FREQ=YEARLY;BYYEARDAY=1,2,3\nEND:STANDARD\n", "DTSTART", "RRULE" },
		{ "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETTO:+0100\n"
		  "RRULE:FREQ=YEARLY;BYMONTH=1\n :evil\nEND:STANDARD\n", "DTSTART", "RRULE" },
		/* Over before 1970, but for the last. */
		{ "BEGIN:STANDARD\nDTSTART:18930401T000000\nTZOFFSETTO:+0100\nEND:STANDARD\n"
		  "BEGIN:STANDARD\nDTSTART:19450401T000000\nTZOFFSETTO:+0200\nEND:STANDARD\n",
		  "DTSTART:19450401", "1893" },
		{ "BEGIN:DAWN\nDTSTART:19700101T000000\nTZOFFSETTO:+0100\nEND:DAWN\n", "", "VTIMEZONE" },
		{ "", "", "VTIMEZONE" },
	};
	struct rig r;

	(void)state;
	rig_init(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = strict(&r, cases[i].in);

		if (!strstr(text, cases[i].has) || strstr(text, cases[i].lacks))
			fail_msg("%s\ngives\n%s", cases[i].in, text);
		free(text);
	}
	rig_release(&r);
}

static void test_system(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	assert_non_null(zone_rules_system(r.arena, SLICE("Europe/Berlin")));
	assert_null(zone_rules_system(r.arena, SLICE("Europe/Nowhere")));
	assert_null(zone_rules_system(r.arena, SLICE("Europe")));
	assert_null(zone_rules_system(r.arena, SLICE("../zoneinfo/UTC")));
	assert_null(zone_rules_system(r.arena, SLICE("Europe/Berlin\x00")));
	assert_null(zone_rules_system(r.arena, SLICE("zone.tab")));
	assert_null(zone_rules_system(r.arena, SLICE("")));
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offset),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
