#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/calendar/property.h"
#include "../support/calendar_rig.h"

#define OBSERVANCE(kind, start, from, to, more) \
	"BEGIN:" kind "\nDTSTART:" start "\nTZOFFSETFROM:" from "\nTZOFFSETTO:" to "\n" more \
	"END:" kind "\n"
#define WESTERN \
	OBSERVANCE("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n") \
	OBSERVANCE("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n")
#define ZONE(name, rules) "BEGIN:VTIMEZONE\nTZID:" name "\n" rules "END:VTIMEZONE\n"

struct rig_zone {
	struct rig rig;
	struct ics_comp *object;
};

static void begin(struct rig_zone *z, const char *zones)
{
	char *text = mem_printf("BEGIN:VCALENDAR\n%sEND:VCALENDAR\n", zones);

	rig_init(&z->rig);
	z->object = rig_parse(&z->rig, text)->children;
	free(text);
}

static void check(struct rig_zone *z, const char *tzid, const char *local, const char *utc)
{
	struct event_source s = z->rig.set->source;
	struct ics_comp *c = ics_comp_new(z->rig.arena, SLICE("VEVENT"));
	struct ics_prop *p = ics_prop_add(z->rig.arena, c, SLICE("DTSTART"), slice_of(local));
	char got[WHEN_TEXT], back[WHEN_TEXT];
	struct when w, there;

	s.object = z->object;
	ics_param_add(z->rig.arena, p, SLICE("TZID"), slice_of(tzid));
	assert_true(property_when(&s, p, p->value, &w));
	there = when_to_utc(w);
	when_print(got, &there);
	if (strcmp(got, utc) != 0)
		fail_msg("%s in %s is %s, not %s", local, tzid, got, utc);
	there = when_like(there, &w);
	when_print(back, &there);
	if (w.kind == WHEN_ZONED)
		assert_string_equal(back, local);
}

static void test_names(void **state)
{
	static const struct { const char *tzid, *local, *utc; } cases[] = {
		{ "Europe/Berlin", "20240304T090000", "20240304T080000Z" },
		{ "Europe/Berlin", "20240704T090000", "20240704T070000Z" },
		{ "Europe/Berlin", "20950704T090000", "20950704T070000Z" },
		{ "Europe/Berlin", "19750704T090000", "19750704T080000Z" },
		{ "America/New_York", "20240310T030000", "20240310T070000Z" },
		{ "Asia/Kolkata", "20240704T090000", "20240704T033000Z" },
		{ "/freeassociation.sourceforge.net/Europe/Berlin", "20240704T090000", "20240704T070000Z" },
		{ "/mozilla.org/20050126_1/America/Argentina/Buenos_Aires", "20240704T090000",
		  "20240704T120000Z" },
		{ "Europe/Berlin", "99990704T090000", "99990704T070000Z" },
		{ "UTC", "20240704T090000", "20240704T090000Z" },
		{ "Etc/GMT", "20240704T090000", "20240704T090000Z" },
		{ "(UTC+01:00) Amsterdam, Berlin", "20240704T090000", "20240704T080000Z" },
		{ "GMT -0500", "20240704T090000", "20240704T140000Z" },
		{ "(GMT+05.30)", "20240704T090000", "20240704T033000Z" },
		/* Nobody knows: on every wall. */
		{ "Nowhere Standard Time", "20240704T090000", "20240704T090000" },
		{ "../../etc/passwd", "20240704T090000", "20240704T090000" },
		{ "/etc/passwd", "20240704T090000", "20240704T090000" },
		{ "Europe/../../../etc/passwd", "20240704T090000", "20240704T090000" },
	};
	struct rig_zone z;

	(void)state;
	begin(&z, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&z, cases[i].tzid, cases[i].local, cases[i].utc);
	rig_release(&z.rig);
}

static void test_sender_rules(void **state)
{
	struct rig_zone z;

	(void)state;
	begin(&z, ZONE("W. Europe Standard Time", WESTERN)
	      ZONE("Kuala Lumpur\\, Singapore", OBSERVANCE("STANDARD", "16010101T000000", "+0800", "+0800", ""))
	      /* Rules that contradict the database: the database knows better. */
	      ZONE("Europe/Paris", OBSERVANCE("STANDARD", "19700101T000000", "+0900", "+0900", ""))
	      /* Domino names the hour twice. */
	      ZONE("Eastern", OBSERVANCE("STANDARD", "19501029T020000", "-0400", "-0500",
			"RRULE:FREQ=YEARLY;BYMINUTE=0;BYHOUR=2;BYDAY=1SU;BYMONTH=11\n")
		   OBSERVANCE("DAYLIGHT", "19500402T020000", "-0500", "-0400",
			"RRULE:FREQ=YEARLY;BYMINUTE=0;BYHOUR=2;BYDAY=2SU;BYMONTH=3\n"))
	      /* Never ends, so it is not asked. */
	      ZONE("Hostile", OBSERVANCE("STANDARD", "19700101T000000", "+0300", "+0300",
			"RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\n"))
	      ZONE("Empty", "")
	      ZONE("Broken", OBSERVANCE("STANDARD", "never", "+0300", "+0300", "")));
	check(&z, "W. Europe Standard Time", "20240304T090000", "20240304T080000Z");
	check(&z, "W. Europe Standard Time", "20240704T090000", "20240704T070000Z");
	check(&z, "Kuala Lumpur, Singapore", "20240704T090000", "20240704T010000Z");
	check(&z, "Europe/Paris", "20240704T090000", "20240704T070000Z");
	/* Nor under a name that becomes the database's. */
	check(&z, "Europe/\x01Paris", "20240704T090000", "20240704T070000Z");
	check(&z, "Eastern", "20240704T090000", "20240704T130000Z");
	check(&z, "Eastern", "20241204T090000", "20241204T140000Z");
	check(&z, "Hostile", "20240704T090000", "20240704T060000Z");
	check(&z, "Empty", "20240704T090000", "20240704T090000");
	check(&z, "Broken", "20240704T090000", "20240704T090000");
	rig_release(&z.rig);
}

/* Two senders, one name, two meanings: both at their own hour, also after the feed
 * was read back. */
static void test_clash(void **state)
{
	static const char *const rules[] = {
		ZONE("Customized Time Zone", OBSERVANCE("STANDARD", "16010101T000000", "+0100", "+0100", "")),
		ZONE("Customized Time Zone", OBSERVANCE("STANDARD", "16010101T000000", "-0800", "-0800", "")),
		ZONE("Customized Time Zone", OBSERVANCE("STANDARD", "16010101T000000", "+0100", "+0100", "")),
	};
	struct rig r, again;
	char *feed, *second;
	unsigned refused;

	(void)state;
	rig_init(&r);
	for (int i = 0; i < 3; i++) {
		char *text = mem_printf("BEGIN:VCALENDAR\n%sBEGIN:VEVENT\nUID:%d\nDTSTAMP:20240101T000000Z\n"
			"DTSTART;TZID=Customized Time Zone:20240704T090000\nEND:VEVENT\n"
			"END:VCALENDAR\n", rules[i], i);

		assert_int_equal(rig_object(&r, text), CALENDAR_ADDED);
		free(text);
	}
	feed = rig_feed(&r);
	assert_int_equal(rig_count(&r, "BEGIN:VTIMEZONE"), 2);
	assert_int_equal(rig_count(&r, "DTSTART;TZID=Customized Time Zone:"), 2);
	assert_int_equal(rig_count(&r, "DTSTART;TZID=Customized Time Zone (2):"), 1);
	rig_init(&again);
	assert_true(feed_read(again.set, slice_of(feed), FEED_OURS, &refused));
	second = rig_feed(&again);
	assert_string_equal(second, feed);
	free(feed);
	free(second);
	rig_release(&r);
	rig_release(&again);
}

/* Exactly the zones that are named. */
static void test_only_used(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_object(&r, "BEGIN:VCALENDAR\n" ZONE("Unused", WESTERN)
		   "BEGIN:VEVENT\nUID:1\nDTSTAMP:20240101T000000Z\n"
		   "DTSTART;TZID=Europe/Berlin:20240704T090000\nEND:VEVENT\nEND:VCALENDAR\n");
	assert_int_equal(rig_count(&r, "BEGIN:VTIMEZONE"), 1);
	rig_has(&r, "TZID:Europe/Berlin\r\n");
	rig_send(&r, "CANCEL", "UID:1\nSEQUENCE:1\nDTSTAMP:20240102T000000Z\n");
	assert_int_equal(rig_count(&r, "BEGIN:VTIMEZONE"), 0);
	rig_release(&r);
}

static void add_zone(struct buf *out, const char *name, unsigned observances, unsigned dates)
{
	buf_printf(out, "BEGIN:VTIMEZONE\nTZID:%s\n", name);
	for (unsigned i = 0; i < observances; i++) {
		buf_printf(out, "BEGIN:STANDARD\nDTSTART:19%02u0101T000000\nTZOFFSETFROM:+0100\n"
			   "TZOFFSETTO:+0200\n", 70 + i % 30);
		for (unsigned k = 0; k < dates; k++)
			buf_printf(out, "RDATE:20%02u%02u%02uT000000\n", k % 60 + 10, k % 12 + 1,
				   k % 28 + 1);
		buf_add_text(out, "END:STANDARD\n");
	}
	buf_add_text(out, "END:VTIMEZONE\n");
}

/* Five thousand dates in that zone; ",0": a name that is spelt in many ways. */
static void add_event(struct buf *out, unsigned uid, const char *tzid)
{
	char commas[151];

	memset(commas, ',', sizeof(commas));
	buf_printf(out, "BEGIN:VEVENT\nUID:%u\nDTSTAMP:20240101T000000Z\n"
		   "DTSTART:20240101T000000\nRRULE:FREQ=DAILY\n", uid);
	for (unsigned k = 0; k < 5000; k++) {
		buf_printf(out, "EXDATE;TZID=\"%s%.*s\":2024%02u%02uT%02u0000\n", tzid,
			   tzid[0] == ',' ? (int)(k % 150) : 0, commas, k / 28 % 12 + 1,
			   k % 28 + 1, k / 336);
	}
	buf_add_text(out, "END:VEVENT\n");
}

/* What a stranger can write about zones costs little, and no memory without end. */
static void test_hostile(void **state)
{
	static const struct { unsigned zones, observances, dates, events; const char *tzid; } cases[] = {
		{ 1, 200, 400, 3, "0" },         /* one large zone, asked often */
		{ 10000, 1, 0, 3, "nowhere" },   /* many zones, asked for another */
		{ 1000, 1, 0, 3, "Some/where" }, /* nor in the database */
		{ 1, 200, 100, 1, ",0" },        /* one zone under many spellings */
	};
	struct buf text;
	struct rig r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char name[16], *string;

		buf_init(&text, 64 * 1024 * 1024);
		buf_add_text(&text, "BEGIN:VCALENDAR\n");
		for (unsigned k = 0; k < cases[i].zones; k++) {
			snprintf(name, sizeof(name), "%u", k);
			add_zone(&text, name, cases[i].observances, cases[i].dates);
		}
		for (unsigned k = 0; k < cases[i].events; k++)
			add_event(&text, k, cases[i].tzid);
		buf_add_text(&text, "END:VCALENDAR\n");
		string = buf_take_string(&text);
		rig_init(&r);
		rig_object(&r, string);
		assert_int_equal(r.last.count, cases[i].events);
		assert_true(arena_room(r.arena) > 128 * 1024 * 1024);
		free(string);
		rig_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sender_rules),
		cmocka_unit_test(test_clash),
		cmocka_unit_test(test_only_used),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
