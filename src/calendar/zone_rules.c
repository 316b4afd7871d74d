/*
 * Why a sender's rules are written anew: an observance that recurs every second
 * would keep libical busy for ever, and one without an offset would shift every
 * event of the feed.  Rules here come once a year or on given days, nothing else.
 *
 * Why they lose what lies before 1970: some list each war, and every client would
 * read it at every refresh.
 */
#include "zone_rules.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libical/ical.h>

#include "base/mem.h"
#include "base/text.h"
#include "when.h"
#include "zone_system.h"

#define DATABASE "/usr/share/zoneinfo"

enum {
	OBSERVANCES_MOST = 200,  /* Casablanca's Ramadans to 2087 are the longest list */
	RDATES_MOST = 1000,      /* of one zone; those Ramadans are 180 */
	FIRST_YEAR = 1960,       /* a little before what is promised */
	FILE_MOST = 64 * 1024,   /* of the database; the longest has 4 KB */
	NAME_MOST = 64,          /* of an IANA name; the longest has 32 */
};

bool zone_rules_offset(struct slice value, int *seconds)
{
	char digit[6];
	size_t n = 0;
	bool minus;

	value = slice_trim(value);
	if (!value.len || (value.at[0] != '+' && value.at[0] != '-'))
		return false;
	minus = value.at[0] == '-';
	for (size_t i = 1; i < value.len; i++) {
		if (value.at[i] == ':')
			continue;
		if (value.at[i] < '0' || value.at[i] > '9' || n == sizeof(digit))
			return false;
		digit[n++] = (char)(value.at[i] - '0');
	}
	if (n != 4 && n != 6)
		return false;
	*seconds = (digit[0] * 10 + digit[1]) * 3600 + (digit[2] * 10 + digit[3]) * 60;
	if (n == 6)
		*seconds += digit[4] * 10 + digit[5];
	if (digit[2] > 5 || *seconds > 24 * 3600)
		return false;
	if (minus)
		*seconds = -*seconds;
	return true;
}

/* What a yearly rule of a zone is made of.  Domino also says the hour, which DTSTART
 * has: dropped. */
enum part_use { PART_KEEP, PART_DROP, PART_REFUSE };

static const struct { const char *name; enum part_use use; } rule_parts[] = {
	{ "INTERVAL", PART_KEEP }, { "COUNT", PART_KEEP }, { "UNTIL", PART_KEEP },
	{ "BYMONTH", PART_KEEP }, { "BYDAY", PART_KEEP }, { "BYMONTHDAY", PART_KEEP },
	{ "WKST", PART_KEEP },
	{ "BYHOUR", PART_DROP }, { "BYMINUTE", PART_DROP }, { "BYSECOND", PART_DROP },
};

static enum part_use rule_part(struct slice part)
{
	struct slice name = slice_head(part, slice_find(part, '='));

	if (part.len == 0 || slice_is_nocase(part, "FREQ=YEARLY"))
		return PART_DROP;
	for (size_t i = name.len; i < part.len; i++)
		if (!part.at[i] || !strchr("0123456789-+,=TZADEFHMNORSUW", part.at[i]))
			return PART_REFUSE;
	for (size_t i = 0; i < sizeof(rule_parts) / sizeof(*rule_parts); i++)
		if (slice_is_nocase(name, rule_parts[i].name))
			return rule_parts[i].use;
	return PART_REFUSE;
}

/* The rule where it comes once a year, on days that a year has; else empty. */
static struct slice yearly(struct arena *a, struct slice rule)
{
	struct slice part, made = SLICE("");
	bool is_yearly = false, bad = false;
	struct buf out;

	buf_init(&out, 300);
	buf_add_text(&out, "FREQ=YEARLY");
	while (text_next(&rule, ';', &part)) {
		enum part_use use = rule_part(part);

		is_yearly = is_yearly || slice_is_nocase(part, "FREQ=YEARLY");
		bad = bad || use == PART_REFUSE;
		if (use == PART_KEEP) {
			buf_add_byte(&out, ';');
			buf_add(&out, part);
		}
	}
	if (is_yearly && !bad && !out.overflow)
		made = arena_copy(a, buf_slice(&out));
	buf_release(&out);
	return made;
}

static void copy_rdates(struct arena *a, struct ics_comp *to, const struct ics_comp *from,
			unsigned *left)
{
	for (const struct ics_prop *p = ics_prop_find(from, "RDATE"); p;
	     p = ics_prop_next(p, "RDATE")) {
		struct slice rest = p->value, piece;
		struct when w;
		char text[WHEN_TEXT];

		while (*left && text_next(&rest, ',', &piece)) {
			if (!when_parse(&w, piece) || w.kind == WHEN_DATE)
				continue;
			(*left)--;
			when_print(text, &w);
			ics_prop_add(a, to, SLICE("RDATE"),
				     slice_of(arena_string(a, slice_of(text))));
		}
	}
}

static void add_rdate(struct arena *a, struct ics_comp *to, struct icaltimetype t)
{
	struct when w = { .kind = WHEN_FLOATING, .year = t.year, .month = t.month, .day = t.day,
			  .hour = t.hour, .minute = t.minute, .second = t.second };
	char text[WHEN_TEXT];

	when_print(text, &w);
	ics_prop_add(a, to, SLICE("RDATE"), slice_of(arena_string(a, slice_of(text))));
}

/* The rule itself, or where it ends its dates: readers that know the name from
 * nowhere else trip over UNTIL there (Debian 12's python-icalendar loses the whole
 * feed), and none over dates. */
static void copy_rule(struct arena *a, struct ics_comp *to, struct slice rule,
		      const struct when *start, int before, unsigned *left)
{
	struct icalrecurrencetype r = icalrecurrencetype_from_string(arena_string(a, rule));
	struct icaltimetype t = icaltime_null_time(), early = t;
	icalrecur_iterator *it;

	if (r.freq != ICAL_YEARLY_RECURRENCE)
		return;
	if (icaltime_is_null_time(r.until)) {
		ics_prop_add(a, to, SLICE("RRULE"), rule);
		return;
	}
	if (icaltime_is_utc(r.until)) {
		icaltime_adjust(&r.until, 0, 0, 0, before);
		r.until.zone = NULL;
	}
	t.year = start->year;
	t.month = start->month;
	t.day = start->day;
	t.hour = start->hour;
	t.minute = start->minute;
	t.second = start->second;
	it = icalrecur_iterator_new(r, t);
	for (unsigned i = 0; it && i < 2 * RDATES_MOST && *left; i++) {
		t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t))
			break;
		if (t.year < FIRST_YEAR) {
			early = t;
			continue;
		}
		add_rdate(a, to, t);
		--*left;
	}
	if (it)
		icalrecur_iterator_free(it);
	if (!icaltime_is_null_time(early))       /* in force until the first of them */
		add_rdate(a, to, early);
}

static void copy_offset(struct arena *a, struct ics_comp *to, struct slice name, int seconds)
{
	unsigned s = (unsigned)abs(seconds);
	char *text = mem_printf("%c%02u%02u", seconds < 0 ? '-' : '+', s / 3600, s / 60 % 60);
	char *exact = mem_printf("%s%02u", text, s % 60);

	ics_prop_add(a, to, name, slice_of(arena_string(a, slice_of(s % 60 ? exact : text))));
	free(text);
	free(exact);
}

static struct ics_comp *observance(struct arena *a, const struct ics_comp *from,
				   unsigned *rdates)
{
	bool summer = slice_is_nocase(from->name, "DAYLIGHT");
	struct ics_comp *c;
	struct slice name = ics_text_clean(a, ics_value(from, "TZNAME"), 64, false);
	struct slice rule = yearly(a, ics_value(from, "RRULE"));
	struct when start;
	char text[WHEN_TEXT];
	int before, after;

	if (!summer && !slice_is_nocase(from->name, "STANDARD"))
		return NULL;
	if (!when_parse(&start, ics_value(from, "DTSTART")) ||
	    !zone_rules_offset(ics_value(from, "TZOFFSETTO"), &after))
		return NULL;
	if (!zone_rules_offset(ics_value(from, "TZOFFSETFROM"), &before))
		before = after;
	if (start.kind != WHEN_FLOATING)
		start.kind = WHEN_FLOATING;
	c = ics_comp_new(a, summer ? SLICE("DAYLIGHT") : SLICE("STANDARD"));
	when_print(text, &start);
	ics_prop_add(a, c, SLICE("DTSTART"), slice_of(arena_string(a, slice_of(text))));
	copy_offset(a, c, SLICE("TZOFFSETFROM"), before);
	copy_offset(a, c, SLICE("TZOFFSETTO"), after);
	if (name.len)
		ics_prop_add(a, c, SLICE("TZNAME"), name);
	if (rule.len)
		copy_rule(a, c, rule, &start, before, rdates);
	copy_rdates(a, c, from, rdates);
	return c;
}

/* The last day an observance begins, as text; "9": it never ends. */
static struct slice last_onset(const struct ics_comp *o)
{
	struct slice last = slice_head(ics_value(o, "DTSTART"), 8);
	struct slice rule = ics_value(o, "RRULE"), part;

	for (const struct ics_prop *p = ics_prop_find(o, "RDATE"); p; p = ics_prop_next(p, "RDATE"))
		if (p->value.len >= 8 && memcmp(p->value.at, last.at, 8) > 0)
			last = slice_head(p->value, 8);
	if (rule.len) {
		last = SLICE("99999999");
		while (text_next(&rule, ';', &part))
			if (slice_starts_nocase(part, "UNTIL=") && part.len >= 14)
				last = slice_head(slice_from(part, 6), 8);
	}
	return last;
}

/* Drops what was over before 1970, save the last of it: that is in force then. */
static void drop_history(struct ics_comp *zone)
{
	struct slice newest = SLICE("00000000");
	struct ics_comp *c = zone->children;

	for (struct ics_comp *o = c; o; o = o->next) {
		struct slice last = last_onset(o);

		if (memcmp(last.at, "19700101", 8) < 0 && memcmp(last.at, newest.at, 8) > 0)
			newest = last;
	}
	zone->children = NULL;
	zone->children_end = &zone->children;
	while (c) {
		struct ics_comp *next = c->next;

		c->next = NULL;
		if (memcmp(last_onset(c).at, newest.at, 8) >= 0)
			ics_comp_add(zone, c);
		c = next;
	}
}

struct ics_comp *zone_rules_strict(struct arena *a, const struct ics_comp *from,
				   struct slice tzid)
{
	struct ics_comp *zone = ics_comp_new(a, SLICE("VTIMEZONE"));
	unsigned count = 0, rdates = RDATES_MOST;

	ics_prop_add(a, zone, SLICE("TZID"), tzid);
	for (const struct ics_comp *c = from->children; c; c = c->next) {
		struct ics_comp *o = count < OBSERVANCES_MOST ? observance(a, c, &rdates) :
				     NULL;

		if (!o)
			continue;
		ics_comp_add(zone, o);
		count++;
	}
	drop_history(zone);
	return count ? zone : NULL;
}

/* Only what can be a file of the database: no path may lead out of it. */
static bool database_name(struct slice name)
{
	if (name.len == 0 || name.len > NAME_MOST || name.at[0] < 'A' || name.at[0] > 'Z')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_+-/", name.at[i]) || !name.at[i])
			return false;
	return name.at[name.len - 1] != '/';
}

struct ics_comp *zone_rules_system(struct arena *a, struct slice name)
{
	struct ics_comp *zone = NULL;
	struct buf file;
	char *path;
	int fd;

	if (!database_name(name))
		return NULL;
	path = mem_printf(DATABASE "/%.*s", (int)name.len, name.at);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	free(path);
	if (fd < 0)
		return NULL;
	buf_init(&file, FILE_MOST);
	buf_reserve(&file, FILE_MOST);
	for (ssize_t n = 1; n > 0 && file.len < FILE_MOST; file.len += n > 0 ? (size_t)n : 0)
		n = read(fd, file.data + file.len, FILE_MOST - file.len);
	close(fd);
	zone = zone_system_make(a, arena_copy(a, buf_slice(&file)), arena_copy(a, name));
	buf_release(&file);
	return zone;
}
