#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../support/calendar_rig.h"

#define CAL(inner) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" inner "END:VCALENDAR\r\n"
#define EVENT(more) "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20240101T000000Z\r\n" more "END:VEVENT\r\n"

static void test_head(void **state)
{
	struct rig r;
	char *feed;

	(void)state;
	rig_init(&r);
	feed = rig_feed(&r);
	assert_string_equal(feed, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
			    "PRODID:-//Letterplate//Calendar//EN\r\nCALSCALE:GREGORIAN\r\n"
			    "METHOD:PUBLISH\r\nNAME:test\r\nX-WR-CALNAME:test\r\n"
			    "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\nX-PUBLISHED-TTL:PT15M\r\n"
			    "END:VCALENDAR\r\n");
	free(feed);
	rig_release(&r);
}

static const struct { const char *text, *fault; size_t events; } faults[] = {
	{ CAL(EVENT("DTSTART:20240305T100000Z\r\n")), NULL, 1 },
	{ CAL(EVENT("DTSTART:20240305T100000Z\r\n")), "the number of events", 2 },
	{ CAL(EVENT("DTSTART;TZID=Nowhere:20240305T100000\r\n")), "a TZID without VTIMEZONE", 1 },
	{ CAL(EVENT("DTSTART:20240305T100000Z\r\nSUMMARY:x\n")), "a line end", 1 },
	{ CAL(EVENT("DTSTART:20240305T100000Z\r\nSUMMARY:\xff\r\n")), "not UTF-8", 1 },
	{ CAL(EVENT("DTSTART:20240305T100000Z\r\nSUMMARY:\x07\r\n")), "a control character", 1 },
	{ CAL(EVENT("SUMMARY:1234567890123456789012345678901234567890123456789012345678901234567890\r\n")),
	  "a line's length", 1 },
	{ CAL(EVENT("DTSTART:sometime\r\n")), "libical finds an error", 1 },
	{ "BEGIN:VEVENT\r\nEND:VEVENT\r\n", "no VCALENDAR", 0 },
	{ "", "no VCALENDAR", 0 },
};

static void test_faults(void **state)
{
	(void)state;
	icalerror_set_errors_are_fatal(0);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		const char *fault = feed_fault(slice_of(faults[i].text), faults[i].events);

		if (!faults[i].fault)
			assert_null(fault);
		else
			assert_string_equal(fault ? fault : "none", faults[i].fault);
	}
	icalmemory_free_ring();
}

/* What another program wrote: read like mail, the newest of a name, the rest left. */
static void test_foreign(void **state)
{
	unsigned refused;
	struct rig r;

	(void)state;
	rig_init(&r);
	assert_true(feed_read(r.set, SLICE("BEGIN:VCALENDAR\nPRODID:other\n"
		"BEGIN:VEVENT\nUID:a\nDTSTART:20240305T100000Z\nSEQUENCE:1\nSUMMARY:one\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:a\nDTSTART:20240305T100000Z\nSEQUENCE:2\nSUMMARY:two \xfc\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:a\nDTSTART:20240305T100000Z\nSEQUENCE:1\nSUMMARY:three\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:b\nSUMMARY:never\nEND:VEVENT\nEND:VCALENDAR\n"), FEED_FOREIGN, &refused));
	assert_int_equal(refused, 2);
	assert_int_equal(r.set->events, 1);
	rig_has(&r, "SUMMARY:two \xc3\xbc");
	rig_release(&r);
	rig_init(&r);
	assert_false(feed_read(r.set, SLICE("<html>"), FEED_FOREIGN, &refused));
	assert_false(feed_read(r.set, SLICE("<html>"), FEED_OURS, &refused));
	assert_false(feed_read(r.set, slice_of(CAL("BEGIN:VEVENT\r\nEND:VEVENT\r\n")), FEED_OURS, &refused));
	rig_release(&r);
}

static void test_order(void **state)
{
	static const char *const uids[] = { "b", "a", "c", "aa" };
	struct rig r;
	char *feed;
	const char *at;

	(void)state;
	rig_init(&r);
	for (int i = 0; i < 4; i++) {
		char *lines = mem_printf("UID:%s\nDTSTAMP:20240101T000000Z\nDTSTART:20240305T100000Z\n", uids[i]);

		rig_send(&r, "", lines);
		free(lines);
	}
	feed = rig_feed(&r);
	at = feed;
	for (const char *const *u = (const char *const[]){ "UID:a\r", "UID:aa\r", "UID:b\r", "UID:c\r", NULL }; *u; u++) {
		at = strstr(at, *u);
		assert_non_null(at);
	}
	free(feed);
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
