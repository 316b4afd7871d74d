#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../support/calendar_rig.h"

#define HEAD "UID:a\nDTSTAMP:20240101T000000Z\n"

/* A VEVENT as it came, what the feed then has and lacks; has NULL: refused. */
static const struct {
	const char *lines, *has[3], *lacks[3];
} cases[] = {
	{ HEAD "DTSTART:20240305T100000Z\nDTEND:20240305T110000Z\n",
	  { "DTEND:20240305T110000Z" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nDTEND:20240305T090000Z\n",
	  { "DTSTART:20240305T100000Z" }, { "DTEND" } },
	{ HEAD "DTSTART;VALUE=DATE:20240305\nDTEND;VALUE=DATE:20240305\n",
	  { "DTSTART;VALUE=DATE:20240305" }, { "DTEND" } },
	{ HEAD "DTSTART;VALUE=DATE:20240305\nDTEND:20240306T000000Z\n",
	  { "DTEND;VALUE=DATE:20240306" }, { NULL } },
	{ HEAD "DTSTART:20240305\n", { "DTSTART;VALUE=DATE:20240305" }, { NULL } },
	{ HEAD "DTSTART;VALUE=DATE:20240305T000000\n", { "DTSTART;VALUE=DATE:20240305" }, { NULL } },
	{ HEAD "DTSTART;VALUE=DATE:20240305T200000\n", { "DTSTART;VALUE=DATE:20240305" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nDTEND:20240305T110000Z\nDURATION:PT1H\n",
	  { "DTEND" }, { "\nDURATION:" } },
	{ HEAD "DTSTART:20240305T100000Z\nDURATION:-PT1H\n", { "UID:a" }, { "\nDURATION:" } },
	{ HEAD "DTSTART:20240305T100000Z\nDURATION:P1W2D\n", { "UID:a" }, { "\nDURATION:" } },
	{ HEAD "DTSTART:20240305T100000Z\nDURATION:P1DT2H\n", { "DURATION:P1DT2H" }, { NULL } },
	{ HEAD "DTSTART;VALUE=DATE:20240305\nDURATION:PT1H\n", { "UID:a" }, { "\nDURATION:" } },
	{ HEAD, { NULL }, { NULL } },
	{ HEAD "DTSTART:20240231T100000Z\n", { NULL }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nRECURRENCE-ID:never\n", { NULL }, { NULL } },
	/* Missing things are supplied. */
	{ "UID:a\nDTSTART:20240305T100000Z\n", { "DTSTAMP:20240309T160000Z" }, { NULL } },
	{ "UID:a\nDTSTART:20240305T100000Z\nLAST-MODIFIED:20240201T000000Z\n",
	  { "DTSTAMP:20240201T000000Z" }, { NULL } },
	{ "DTSTAMP:20240101T000000Z\nDTSTART:20240305T100000Z\nSUMMARY:x\n",
	  { "@letterplate.invalid" }, { NULL } },
	/* People. */
	{ HEAD "DTSTART:20240305T100000Z\nORGANIZER;CN=Otto:MAILTO:otto@example.org\n"
	  "ATTENDEE;RSVP=TRUE:mailto:other@example.net\n",
	  { "ORGANIZER;CN=Otto:mailto:otto@example.org",
	    "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:admin@example.com\r\n"
	    "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:secretary@example.com\r\n" },
	  { "other@example.net", "RSVP=TRUE" } },
	{ HEAD "DTSTART:20240305T100000Z\nORGANIZER;otto@example.org\nX-A:b\n",
	  { "UID:a" }, { "ORGANIZER", "X-A" } },
	{ HEAD "DTSTART:20240305T100000Z\nORGANIZER;mailto:otto@example.org\n",
	  { "ORGANIZER:mailto:otto@example.org" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nORGANIZER;CN=\"Ots\xc3\xb6; O^'T, \\x\x01\";SENT-BY=\"mailto:x@y\":"
	  "mailto:otto@example.org\n",
	  { "ORGANIZER;CN=\"Ots\xc3\xb6; O^'T, \\x\";SENT-BY=\"mailto:x@y\":" }, { NULL } },
	/* Texts. */
	{ HEAD "DTSTART:20240305T100000Z\nSUMMARY;LANGUAGE=de;X-EVIL=\"a\":One, two; three\x01\n",
	  { "SUMMARY;LANGUAGE=de:One\\, two\\; three\r\n" }, { "X-EVIL" } },
	{ HEAD "DTSTART:20240305T100000Z\nCATEGORIES:A,B\\,C\n", { "CATEGORIES:A,B\\,C" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nSUMMARY:\nLOCATION:  \n", { "UID:a" },
	  { "SUMMARY", "LOCATION" } },
	{ HEAD "DTSTART:20240305T100000Z\nSUMMARY:first\nSUMMARY:second\n", { "SUMMARY:first" },
	  { "second" } },
	{ HEAD "DTSTART:20240305T100000Z\nX-ALT-DESC;FMTTYPE=text/html:<script>\n"
	  "X-MICROSOFT-CDO-BUSYSTATUS:oof\n", { "X-MICROSOFT-CDO-BUSYSTATUS:OOF" }, { "script" } },
	{ HEAD "DTSTART:20240305T100000Z\nURL:javascript:alert(1)\nATTACH:data:text/html\\,x\n",
	  { "UID:a" }, { "javascript", "ATTACH" } },
	{ HEAD "DTSTART:20240305T100000Z\nATTACH;FMTTYPE=a/b:https://example.org/x?a=1\\;b\n",
	  { "ATTACH;FMTTYPE=a/b:https://example.org/x?a=1" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA\n", { "UID:a" },
	  { "ATTACH" } },
	{ HEAD "DTSTART:20240305T100000Z\nGEO:48.85;2.35\n", { "GEO:48.85;2.35" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nGEO:48.85;2.35;1\nPRIORITY:10\nSEQUENCE:-1\nSTATUS:MAYBE\n",
	  { "UID:a" }, { "GEO", "PRIORITY", "SEQUENCE" } },
	/* Recurrence. */
	{ HEAD "DTSTART:20240305T100000Z\nRRULE:FREQ=WEEKLY;BYDAY=TU;WKST=SU;INTERVAL=2;COUNT=9\n",
	  { "RRULE:FREQ=WEEKLY;BYDAY=TU;WKST=SU;INTERVAL=2;COUNT=9" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nRRULE:;Freq=weekly; byday=tu;;\n",
	  { "RRULE:FREQ=WEEKLY;BYDAY=TU" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nRRULE:FREQ=SOMETIMES\n", { "UID:a" }, { "RRULE" } },
	{ HEAD "DTSTART:20240305T100000Z\nRRULE:W1 TU #3\n", { "UID:a" }, { "RRULE" } },
	{ HEAD "DTSTART:20240305T100000Z\nRRULE:FREQ=DAILY\nEXDATE:20240306T100000Z,20240307T100000Z\n",
	  { "EXDATE:20240306T100000Z\r\nEXDATE:20240307T100000Z" }, { NULL } },
	{ HEAD "DTSTART;TZID=Europe/Berlin:20240305T100000\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20240306\n",
	  { "EXDATE;TZID=Europe/Berlin:20240306T100000" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nRDATE;VALUE=PERIOD:20240306T100000Z/PT1H,20240307T100000Z/"
	  "20240307T110000Z,20240308T100000Z/bad\n",
	  { "RDATE;VALUE=PERIOD:20240306T100000Z/PT1H\r\n",
	    "RDATE;VALUE=PERIOD:20240307T100000Z/20240307T110000Z\r\n",
	    "RDATE:20240308T100000Z\r\n" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nRECURRENCE-ID:20240305T090000Z\nRRULE:FREQ=DAILY\n",
	  { "RECURRENCE-ID" }, { "RRULE" } },
	{ HEAD "DTSTART:20240305T100000Z\nRRULE:FREQ=DAILY\nEXDATE;TZID=\"(UTC+10:00)\":00010101T000000\n"
	  "EXDATE;TZID=\"(UTC-10:00)\":99991231T235959\n",
	  { "EXDATE:00010101T000000Z", "EXDATE:99991231T235959Z" }, { "EXDATE:0000" } },
	/* Alarms. */
	{ HEAD "DTSTART:20240305T100000Z\nSUMMARY:x\nBEGIN:VALARM\nACTION:display\nTRIGGER:-PT15M\nEND:VALARM\n",
	  { "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM" }, { NULL } },
	{ HEAD "DTSTART:20240305T100000Z\nBEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT15M\n"
	  "ATTENDEE:mailto:victim@example.net\nEND:VALARM\n", { "UID:a" }, { "VALARM", "victim" } },
	{ HEAD "DTSTART:20240305T100000Z\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-P1W6DT15H\nEND:VALARM\n",
	  { "UID:a" }, { "VALARM" } },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rig r;
		enum calendar_outcome got;

		rig_init(&r);
		got = rig_send(&r, "REQUEST", cases[i].lines);
		if ((got == CALENDAR_ADDED) != (cases[i].has[0] != NULL))
			fail_msg("outcome %d of:\n%s", got, cases[i].lines);
		for (int n = 0; n < 3 && cases[i].has[n]; n++)
			rig_has(&r, cases[i].has[n]);
		for (int n = 0; n < 3 && cases[i].lacks[n]; n++)
			rig_lacks(&r, cases[i].lacks[n]);
		rig_release(&r);
	}
}

/* What was written is read back as the same text, by either way of reading. */
static void test_stable(void **state)
{
	static const enum feed_trust ways[] = { FEED_OURS, FEED_FOREIGN };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (int way = 0; way < 2; way++) {
			struct rig r, again;
			char *first, *second;
			unsigned refused;

			rig_init(&r);
			rig_init(&again);
			rig_send(&r, "PUBLISH", cases[i].lines);
			first = rig_feed(&r);
			assert_true(feed_read(again.set, slice_of(first), ways[way], &refused));
			second = rig_feed(&again);
			assert_string_equal(first, second);
			assert_int_equal(refused, 0);
			free(first);
			free(second);
			rig_release(&r);
			rig_release(&again);
		}
	}
}

static void test_uid_is_stable(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_send(&r, "", "DTSTAMP:20240101T000000Z\nDTSTART:20240305T100000Z\nSUMMARY:x\n");
	assert_int_equal(rig_send(&r, "", "DTSTAMP:20240102T000000Z\nDTSTART:20240305T100000Z\nSUMMARY:x\n"
				  "DESCRIPTION:more\n"), CALENDAR_UPDATED);
	assert_int_equal(rig_send(&r, "", "DTSTAMP:20240102T000000Z\nDTSTART:20240305T100000Z\nSUMMARY:y\n"),
			 CALENDAR_ADDED);
	assert_int_equal(r.set->events, 2);
	rig_release(&r);
}

/* A hundred thousand EXDATEs, a description of megabytes: cut, not refused, not slow. */
static void test_large(void **state)
{
	struct rig r;
	struct buf b;

	(void)state;
	rig_init(&r);
	buf_init(&b, 1 << 24);
	buf_add_text(&b, HEAD "DTSTART:20200101T000000Z\nRRULE:FREQ=DAILY\nDESCRIPTION:");
	for (int i = 0; i < 1000000; i++)
		buf_add_text(&b, "\xc3\xa4");
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "%s%04d%02d%02dT000000Z", i % 100 ? "," : "\nEXDATE:", 2000 + i / 336 % 300,
			   i / 28 % 12 + 1, i % 28 + 1);
	buf_add_text(&b, "\n");
	buf_add_byte(&b, '\0');
	assert_int_equal(rig_send(&r, "REQUEST", b.data), CALENDAR_ADDED);
	assert_int_equal(rig_count(&r, "\nEXDATE:"), 5000);
	buf_release(&b);
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_uid_is_stable),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
