#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "../support/calendar_rig.h"
#include "base/clock.h"

#define STAMP(day) "DTSTAMP:202401" day "T000000Z\n"
#define ONCE "DTSTART:20240305T090000Z\nDTEND:20240305T100000Z\n"
#define SERIES "DTSTART;TZID=Europe/Berlin:20240304T090000\n" \
	"DTEND;TZID=Europe/Berlin:20240304T093000\nRRULE:FREQ=WEEKLY;COUNT=6\n"
#define SECOND "RECURRENCE-ID;TZID=Europe/Berlin:20240311T090000\n" \
	"DTSTART;TZID=Europe/Berlin:20240311T110000\n"

/* A sequence of messages: method, lines, what is decided. */
struct step {
	const char *method, *lines;
	enum calendar_outcome outcome;
};

struct story {
	const char *name;
	struct step steps[6];
	const char *has[4], *lacks[4];   /* of the feed after the last step */
};

static const struct story stories[] = {
	{ "a newer sequence replaces, an older is ignored", {
		{ "REQUEST", "UID:a\n" STAMP("01") "SEQUENCE:0\nSUMMARY:First\n" ONCE, CALENDAR_ADDED },
		{ "REQUEST", "UID:a\n" STAMP("02") "SEQUENCE:2\nSUMMARY:Second\n" ONCE, CALENDAR_UPDATED },
		{ "REQUEST", "UID:a\n" STAMP("03") "SEQUENCE:1\nSUMMARY:Late\n" ONCE, CALENDAR_STALE },
	}, { "SUMMARY:Second" }, { "SUMMARY:First", "SUMMARY:Late" } },
	{ "equal sequence: the newer stamp", {
		{ "PUBLISH", "UID:a\n" STAMP("02") "SUMMARY:Two\n" ONCE, CALENDAR_ADDED },
		{ "PUBLISH", "UID:a\n" STAMP("01") "SUMMARY:One\n" ONCE, CALENDAR_STALE },
		{ "PUBLISH", "UID:a\n" STAMP("02") "SUMMARY:Two\n" ONCE, CALENDAR_IGNORED },
		{ "PUBLISH", "UID:a\n" STAMP("03") "SUMMARY:Three\n" ONCE, CALENDAR_UPDATED },
	}, { "SUMMARY:Three" }, { "SUMMARY:Two" } },
	{ "no method is as good as PUBLISH, and so is one that nobody knows", {
		{ "", "UID:a\n" STAMP("01") ONCE, CALENDAR_ADDED },
		{ "X-INVITE", "UID:b\n" STAMP("01") ONCE, CALENDAR_ADDED },
	}, { "UID:a\r\n", "UID:b\r\n" }, { NULL } },
	{ "UIDs differ by case", {
		{ "REQUEST", "UID:abc\n" STAMP("01") ONCE, CALENDAR_ADDED },
		{ "REQUEST", "UID:ABC\n" STAMP("01") ONCE, CALENDAR_ADDED },
	}, { "UID:abc\r\n", "UID:ABC\r\n" }, { NULL } },
	{ "answers and proposals change nothing", {
		{ "REQUEST", "UID:a\n" STAMP("01") "SUMMARY:First\n" ONCE, CALENDAR_ADDED },
		{ "REPLY", "UID:a\n" STAMP("02") "SUMMARY:x\n" ONCE, CALENDAR_IGNORED },
		{ "COUNTER", "UID:a\nSEQUENCE:9\n" STAMP("02") "SUMMARY:x\n" ONCE, CALENDAR_IGNORED },
		{ "DECLINECOUNTER", "UID:a\n" STAMP("02") ONCE, CALENDAR_IGNORED },
		{ "REFRESH", "UID:a\n" STAMP("02"), CALENDAR_IGNORED },
	}, { "SUMMARY:First" }, { "SUMMARY:x" } },
	{ "a cancellation, and an older request behind it", {
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("01") ONCE, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:2\n" STAMP("03"), CALENDAR_CANCELLED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") ONCE, CALENDAR_STALE },
		{ "CANCEL", "UID:a\nSEQUENCE:2\n" STAMP("03"), CALENDAR_IGNORED },
	}, { NULL }, { "UID:a" } },
	{ "a cancellation that comes first", {
		{ "CANCEL", "UID:a\nSEQUENCE:2\n" STAMP("03"), CALENDAR_IGNORED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("01") ONCE, CALENDAR_STALE },
		{ "REQUEST", "UID:a\nSEQUENCE:3\n" STAMP("04") "SUMMARY:Again\n" ONCE, CALENDAR_ADDED },
	}, { "SUMMARY:Again" }, { NULL } },
	{ "a cancellation without a raised sequence: by its stamp", {
		{ "REQUEST", "UID:a\n" STAMP("02") ONCE, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\n" STAMP("01"), CALENDAR_STALE },
		{ "CANCEL", "UID:a\n" STAMP("03"), CALENDAR_CANCELLED },
	}, { NULL }, { "UID:a" } },
	{ "STATUS:CANCELLED in a request", {
		{ "REQUEST", "UID:a\n" STAMP("01") ONCE, CALENDAR_ADDED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\nSTATUS:CANCELLED\n" STAMP("02") ONCE, CALENDAR_CANCELLED },
	}, { NULL }, { "UID:a" } },
	{ "one occurrence moved", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Moved\n" SECOND, CALENDAR_UPDATED },
		{ "REQUEST", "UID:a\nSEQUENCE:0\n" STAMP("03") "SUMMARY:Late\n" SECOND, CALENDAR_STALE },
	}, { "RRULE:FREQ=WEEKLY;COUNT=6", "SUMMARY:Moved",
	     "RECURRENCE-ID;TZID=Europe/Berlin:20240311T090000" }, { "SUMMARY:Late" } },
	{ "one occurrence moved before its series is known", {
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Moved\n"
		  "RECURRENCE-ID:20240311T080000Z\nDTSTART:20240311T100000Z\n", CALENDAR_ADDED },
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
	}, { "RRULE:", "SUMMARY:Moved", "RECURRENCE-ID;TZID=Europe/Berlin:20240311T090000" },
	   { NULL } },
	{ "one occurrence cancelled, named in UTC", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02") "RECURRENCE-ID:20240318T080000Z\n",
		  CALENDAR_CANCELLED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02") "RECURRENCE-ID:20240318T080000Z\n",
		  CALENDAR_IGNORED },
	}, { "EXDATE;TZID=Europe/Berlin:20240318T090000", "RRULE:" }, { NULL } },
	{ "a moved occurrence cancelled", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Moved\n" SECOND, CALENDAR_UPDATED },
		{ "CANCEL", "UID:a\nSEQUENCE:2\n" STAMP("03") SECOND, CALENDAR_CANCELLED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Moved\n" SECOND, CALENDAR_STALE },
	}, { "EXDATE;TZID=Europe/Berlin:20240311T090000" }, { "SUMMARY:Moved", "RECURRENCE-ID" } },
	{ "a cancelled occurrence takes place after all", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02") SECOND, CALENDAR_CANCELLED },
		{ "REQUEST", "UID:a\nSEQUENCE:2\n" STAMP("03") "SUMMARY:Back\n" SECOND, CALENDAR_UPDATED },
	}, { "SUMMARY:Back" }, { "EXDATE" } },
	{ "an occurrence cancelled before its series is known", {
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02") "RECURRENCE-ID:20240318T080000Z\n",
		  CALENDAR_IGNORED },
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
	}, { "EXDATE;TZID=Europe/Berlin:20240318T090000" }, { NULL } },
	{ "the only occurrence cancelled is the event cancelled", {
		{ "REQUEST", "UID:a\n" STAMP("01") ONCE, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02") "RECURRENCE-ID:20240305T090000Z\n",
		  CALENDAR_CANCELLED },
	}, { NULL }, { "UID:a" } },
	{ "an occurrence that the series does not have", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02") "RECURRENCE-ID:20240319T080000Z\n",
		  CALENDAR_IGNORED },
	}, { "RRULE:" }, { "EXDATE" } },
	{ "a series on another day drops what was moved", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Moved\n" SECOND, CALENDAR_UPDATED },
		{ "REQUEST", "UID:a\nSEQUENCE:2\n" STAMP("04")
		  "DTSTART;TZID=Europe/Berlin:20240305T090000\nRRULE:FREQ=WEEKLY;COUNT=6\n",
		  CALENDAR_UPDATED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Moved\n" SECOND, CALENDAR_STALE },
	}, { "RRULE:" }, { "RECURRENCE-ID" } },
	{ "a series that only changes its name keeps it", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Moved\n" SECOND, CALENDAR_UPDATED },
		{ "REQUEST", "UID:a\nSEQUENCE:2\n" STAMP("04") "SUMMARY:Renamed\n" SERIES, CALENDAR_UPDATED },
	}, { "SUMMARY:Moved", "SUMMARY:Renamed" }, { NULL } },
	{ "the whole series cancelled", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") SECOND, CALENDAR_UPDATED },
		{ "CANCEL", "UID:a\nSEQUENCE:2\n" STAMP("03"), CALENDAR_CANCELLED },
	}, { NULL }, { "UID:a" } },
	{ "one more occurrence (ADD)", {
		{ "REQUEST", "UID:a\n" STAMP("01") "SUMMARY:Weekly\n" SERIES, CALENDAR_ADDED },
		{ "ADD", "UID:a\nSEQUENCE:1\n" STAMP("02")
		  "SUMMARY:Extra\nDTSTART;TZID=Europe/Berlin:20240307T150000\n", CALENDAR_UPDATED },
	}, { "SUMMARY:Weekly", "SUMMARY:Extra", "RDATE;TZID=Europe/Berlin:20240307T150000",
	     "RECURRENCE-ID;TZID=Europe/Berlin:20240307T150000" }, { NULL } },
	{ "this and all that follow", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Later\n"
		  "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240318T090000\n"
		  "DTSTART;TZID=Europe/Berlin:20240318T100000\n", CALENDAR_UPDATED },
	}, { "RRULE:", ";RANGE=THISANDFUTURE:20240318T090000" }, { NULL } },
	{ "this and all that follow cancelled", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02")
		  "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240318T090000\n",
		  CALENDAR_CANCELLED },
	}, { "RRULE:FREQ=WEEKLY;UNTIL=20240318T075959Z" }, { "COUNT", "EXDATE" } },
	{ "the first and all that follow cancelled", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02")
		  "RECURRENCE-ID;RANGE=THISANDFUTURE:20240304T080000Z\n", CALENDAR_CANCELLED },
	}, { NULL }, { "VEVENT" } },
	{ "all cancelled that follow, and then what follows later", {
		{ "REQUEST", "UID:a\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02")
		  "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240318T090000\n",
		  CALENDAR_CANCELLED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("03")
		  "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240325T090000\n",
		  CALENDAR_IGNORED },
	}, { "RRULE:FREQ=WEEKLY;UNTIL=20240318T075959Z" }, { "COUNT", "EXDATE" } },
	{ "an occurrence of the same moment before its series, and again", {
		{ "REQUEST", "UID:a\n" STAMP("01") "RECURRENCE-ID:20240306T090000Z\nSUMMARY:One\n"
		  "DTSTART:20240306T100000Z\n", CALENDAR_ADDED },
		{ "REQUEST", "UID:a\n" STAMP("01") "DTSTART:20240304T100000Z\nRRULE:FREQ=DAILY\n", CALENDAR_ADDED },
		{ "REQUEST", "UID:a\n" STAMP("01") "RECURRENCE-ID:20240306T090000Z\nSUMMARY:One\n"
		  "DTSTART:20240306T100000Z\n", CALENDAR_IGNORED },
	}, { "SUMMARY:One" }, { NULL } },
	{ "an occurrence that outlives its series comes again", {
		{ "REQUEST", "UID:a\n" STAMP("01") "DTSTART:20240304T090000\nRRULE:FREQ=DAILY\n", CALENDAR_ADDED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("03") "RECURRENCE-ID:20240306T090000Z\n"
		  "DTSTART:20240306T100000\n", CALENDAR_UPDATED },
		{ "CANCEL", "UID:a\nSEQUENCE:2\n" STAMP("02"), CALENDAR_CANCELLED },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("03") "RECURRENCE-ID:20240306T090000Z\n"
		  "DTSTART:20240306T100000\n", CALENDAR_IGNORED },
	}, { "RECURRENCE-ID:20240306T090000\r" }, { "RRULE" } },
	{ "an occurrence whose sequence is counted from nought", {
		{ "REQUEST", "UID:a\nSEQUENCE:3\n" STAMP("01") SERIES, CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:0\n" STAMP("02") SECOND, CALENDAR_CANCELLED },
		{ "REQUEST", "UID:a\nSEQUENCE:3\n" STAMP("01") SERIES, CALENDAR_IGNORED },
	}, { "EXDATE;TZID=Europe/Berlin:20240311T090000" }, { NULL } },
	{ "a series of days: an occurrence named with an hour", {
		{ "REQUEST", "UID:a\n" STAMP("01")
		  "DTSTART;VALUE=DATE:20240304\nRRULE:FREQ=DAILY\n", CALENDAR_ADDED },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("02") "RECURRENCE-ID:20240306T000000\n",
		  CALENDAR_CANCELLED },
	}, { "EXDATE;VALUE=DATE:20240306" }, { NULL } },
};

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		const struct story *s = &stories[i];
		struct rig r;

		rig_init(&r);
		for (size_t n = 0; n < 6 && s->steps[n].method; n++) {
			enum calendar_outcome got = rig_send(&r, s->steps[n].method, s->steps[n].lines);

			if (got != s->steps[n].outcome)
				fail_msg("%s: step %zu gives %d, not %d (%s)", s->name, n + 1, got,
					 s->steps[n].outcome, r.last.at[0].reason);
		}
		for (size_t n = 0; n < 4 && s->has[n]; n++)
			rig_has(&r, s->has[n]);
		for (size_t n = 0; n < 4 && s->lacks[n]; n++)
			rig_lacks(&r, s->lacks[n]);
		rig_release(&r);
	}
}

/* Messages whose order RFC 5546 leaves open: each order gives the same feed. */
static void test_any_order(void **state)
{
	static const struct { const char *method, *lines; } sent[] = {
		{ "REQUEST", "UID:a\nSEQUENCE:0\n" STAMP("01") SERIES },
		{ "REQUEST", "UID:a\nSEQUENCE:1\n" STAMP("02") "SUMMARY:Moved\n" SECOND },
		{ "CANCEL", "UID:a\nSEQUENCE:1\n" STAMP("03") "RECURRENCE-ID:20240318T080000Z\n" },
		{ "REQUEST", "UID:b\nSEQUENCE:0\n" STAMP("01") ONCE },
		{ "CANCEL", "UID:b\nSEQUENCE:1\n" STAMP("02") },
	};
	enum { COUNT = sizeof(sent) / sizeof(*sent) };
	char *first = NULL;

	(void)state;
	for (unsigned order = 0; order < 3125; order++) {
		unsigned used = 0, rest = order, at[COUNT];
		struct rig r;
		char *feed;

		for (unsigned i = 0; i < COUNT; i++, rest /= COUNT) {
			at[i] = rest % COUNT;
			used |= 1u << at[i];
		}
		if (used != (1u << COUNT) - 1)
			continue;
		rig_init(&r);
		for (unsigned i = 0; i < COUNT; i++)
			rig_send(&r, sent[at[i]].method, sent[at[i]].lines);
		feed = rig_feed(&r);
		if (!first)
			first = feed;
		else
			assert_string_equal(feed, first);
		if (feed != first)
			free(feed);
		rig_release(&r);
	}
	assert_non_null(strstr(first, "SUMMARY:Moved"));
	free(first);
}

static void test_several_in_one(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	/* The occurrence before its series, the same event twice, a task, one without
	 * a time. */
	rig_object(&r, "BEGIN:VCALENDAR\nMETHOD:REQUEST\n"
		   "BEGIN:VEVENT\nUID:a\n" STAMP("01") SECOND "END:VEVENT\n"
		   "BEGIN:VEVENT\nUID:a\n" STAMP("01") SERIES "END:VEVENT\n"
		   "BEGIN:VEVENT\nUID:a\n" STAMP("01") SERIES "END:VEVENT\n"
		   "BEGIN:VEVENT\nUID:c\n" STAMP("01") "SUMMARY:no time\nEND:VEVENT\n"
		   "BEGIN:VTODO\nUID:t\nEND:VTODO\nEND:VCALENDAR\n");
	assert_int_equal(r.last.count, 4);
	assert_int_equal(r.last.at[0].outcome, CALENDAR_ADDED);
	assert_string_equal(r.last.at[0].occurrence, "");
	assert_int_equal(r.last.at[1].outcome, CALENDAR_IGNORED);
	assert_string_equal(r.last.at[1].reason, "no DTSTART");
	assert_int_equal(r.last.at[2].outcome, CALENDAR_UPDATED);
	assert_string_equal(r.last.at[2].occurrence, "20240311T080000Z");
	assert_int_equal(r.last.at[3].outcome, CALENDAR_IGNORED);
	assert_int_equal(decisions_outcome(&r.last), CALENDAR_ADDED);
	assert_int_equal(r.set->events, 2);
	rig_release(&r);
}

static void test_ceiling(void **state)
{
	struct ics_comp *root;
	struct rig r;
	struct buf b;

	(void)state;
	rig_init(&r);
	buf_init(&b, 1 << 20);
	buf_add_text(&b, "BEGIN:VCALENDAR\n");
	for (int i = 0; i < 20; i++)
		buf_printf(&b, "BEGIN:VEVENT\nUID:%d\n" STAMP("01") ONCE "END:VEVENT\n", i);
	buf_add_text(&b, "END:VCALENDAR\n");
	buf_add_byte(&b, '\0');
	root = rig_parse(&r, b.data);
	decisions_init(&r.last, r.arena, 7);
	merge_object(r.set, root->children, SLICE("REQUEST"), RIG_NOW, &r.last);
	assert_int_equal(r.last.count, 7);
	assert_int_equal(r.last.left_out, 13);
	assert_int_equal(r.set->events, 7);
	buf_release(&b);
	rig_release(&r);
}

/* The header says what the object does not (RFC 6047 2.4). */
static void test_method_of_header(void **state)
{
	struct ics_comp *root;
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_send(&r, "", "UID:a\n" STAMP("01") ONCE);
	root = rig_parse(&r, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nSEQUENCE:1\n" STAMP("02")
			 "END:VEVENT\nEND:VCALENDAR\n");
	merge_object(r.set, root->children, SLICE("cancel"), RIG_NOW, &r.last);
	assert_int_equal(r.set->events, 0);
	rig_release(&r);
}

/* A series of which as much is known as there can be, and a message that changes it
 * twenty times. */
static void test_heavy_series(void **state)
{
	uint64_t start;
	struct buf b;
	struct rig r;
	char *text;

	(void)state;
	rig_init(&r);
	for (int i = 0; i < TOMBSTONES_MOST; i++) {
		struct tombstone t = { .uid = SLICE("a"), .made = RIG_NOW, .sequence = 100 };

		snprintf(t.occurrence, sizeof(t.occurrence), "20%02d%02d%02dT100000Z", 24 + i / 336,
			 i / 28 % 12 + 1, i % 28 + 1);
		memcpy(t.stamp, "20240201T000000Z", 17);
		set_tombstone_add(r.set, &t);
	}
	for (int i = 0; i < 20; i++) {
		buf_init(&b, 1 << 20);
		buf_add_text(&b, "BEGIN:VCALENDAR\n");
		for (int k = 0; k < RIG_EVENTS; k++)
			buf_printf(&b, "BEGIN:VEVENT\nUID:a\n" STAMP("01") "DTSTART:20240101T100000Z\n"
				   "RECURRENCE-ID:20%02d%02d%02dT110000Z\nEND:VEVENT\n",
				   24 + i, k / 28 + 1, k % 28 + 1);
		buf_add_text(&b, "END:VCALENDAR\n");
		text = buf_take_string(&b);
		rig_object(&r, text);
		free(text);
	}
	assert_int_equal(r.set->events, 20 * RIG_EVENTS);
	buf_init(&b, 16 << 20);
	buf_add_text(&b, "BEGIN:VCALENDAR\n");
	for (int i = 0; i < 20; i++) {
		buf_printf(&b, "BEGIN:VEVENT\nUID:a\nSEQUENCE:%d\n" STAMP("01")
			   "DTSTART;TZID=Europe/Berlin:20240101T100000\nRRULE:FREQ=HOURLY\nRDATE:", i);
		for (int k = 0; k < 4000; k++)
			buf_printf(&b, "%s20%02d%02d%02dT120000Z", k ? "," : "", 24 + k / 336,
				   k / 28 % 12 + 1, k % 28 + 1);
		buf_add_text(&b, "\nEND:VEVENT\n");
	}
	buf_add_text(&b, "END:VCALENDAR\n");
	text = buf_take_string(&b);
	start = clock_mono_ms();
	rig_object(&r, text);
	assert_int_equal(r.last.count, 20);
	assert_true(clock_mono_ms() - start < 20000);
	assert_true(arena_room(r.arena) > 64 * 1024 * 1024);
	free(text);
	rig_release(&r);
}

/* What one message takes of the memory ends before the memory does. */
static void test_no_room(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	arena_get(r.arena, arena_room(r.arena) - 32 * 1024 * 1024);
	assert_int_equal(rig_send(&r, "", "UID:a\n" STAMP("01") ONCE), CALENDAR_IGNORED);
	assert_int_equal(r.set->events, 0);
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_several_in_one),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_method_of_header),
		cmocka_unit_test(test_heavy_series),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
