/*
 * The past is written as dates, grouped by what changed into what; the rule takes over
 * at the first change from which on every one follows it.  So a zone takes a
 * kilobyte, and nothing in it is a guess.
 */
#include "zone_system.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "mime/date.h"
#include "tzif.h"
#include "when.h"

enum { LAST_YEAR = 2100, GAP = 370 * 86400 };

struct change {
	int64_t at;
	struct tzif_type from, to;
};

static bool same_type(const struct tzif_type *a, const struct tzif_type *b)
{
	return a->offset == b->offset && a->is_dst == b->is_dst && slice_equal(a->name, b->name);
}

static struct slice wall_text(struct arena *a, int64_t at, int offset)
{
	struct when w = { .kind = WHEN_FLOATING };
	char text[WHEN_TEXT];

	when_set_seconds(&w, at + offset);
	when_print(text, &w);
	return slice_of(arena_string(a, slice_of(text)));
}

static void add_offset(struct arena *a, struct ics_comp *c, struct slice name, int offset)
{
	char text[16];
	unsigned s = (unsigned)abs(offset);
	int n = snprintf(text, sizeof(text), "%c%02u%02u", offset < 0 ? '-' : '+', s / 3600 % 100,
			 s / 60 % 60);

	if (s % 60)
		snprintf(text + n, sizeof(text) - (size_t)n, "%02u", s % 60);
	ics_prop_add(a, c, name, slice_of(arena_string(a, slice_of(text))));
}

static struct ics_comp *add_observance(struct arena *a, struct ics_comp *zone,
				       const struct change *c)
{
	/* Dublin's winter is a summer time of minus one hour in the file; readers
	 * expect the later clock to be DAYLIGHT. */
	bool summer = c->to.offset >= c->from.offset && (c->to.is_dst || c->from.is_dst) &&
		      !(c->to.offset == c->from.offset && !c->to.is_dst);
	struct ics_comp *o = ics_comp_new(a, summer ? SLICE("DAYLIGHT") : SLICE("STANDARD"));

	ics_prop_add(a, o, SLICE("DTSTART"), wall_text(a, c->at, c->from.offset));
	add_offset(a, o, SLICE("TZOFFSETFROM"), c->from.offset);
	add_offset(a, o, SLICE("TZOFFSETTO"), c->to.offset);
	ics_prop_add(a, o, SLICE("TZNAME"), c->to.name);
	ics_comp_add(zone, o);
	return o;
}

/* The rule of a change as RRULE; empty: its time lies so far outside its day that no
 * weekday of a month says it. */
static struct slice rule_text(struct arena *a, const struct tzif_day *d)
{
	static const char *const days[] = { "SU", "MO", "TU", "WE", "TH", "FR", "SA" };
	int shift = d->time / 86400, first = 7 * (d->week - 1) + 1 + shift;
	struct slice text = SLICE("");
	struct buf b;

	if (d->time < 0 || (shift && (d->week == 5 || first + 6 > 28)))
		return text;
	buf_init(&b, 200);
	buf_printf(&b, "FREQ=YEARLY;BYMONTH=%d;BYDAY=", d->month);
	if (shift == 0) {
		buf_printf(&b, "%d%s", d->week == 5 ? -1 : d->week, days[d->weekday]);
	} else {
		buf_printf(&b, "%s;BYMONTHDAY=", days[(d->weekday + shift) % 7]);
		for (int i = 0; i < 7; i++)
			buf_printf(&b, "%s%d", i ? "," : "", first + i);
	}
	text = arena_copy(a, buf_slice(&b));
	buf_release(&b);
	return text;
}

static int year_of(int64_t at)
{
	struct when w = { .kind = WHEN_UTC };

	when_set_seconds(&w, at);
	return w.year;
}

static bool follows_rule(const struct tzif *t, const struct change *c)
{
	int year = year_of(c->at);
	bool to_summer = same_type(&c->to, &t->summer);

	if (!(to_summer ? same_type(&c->from, &t->standard) :
	      same_type(&c->to, &t->standard) && same_type(&c->from, &t->summer)))
		return false;
	return tzif_change(t, to_summer, year) == c->at ||
	       tzif_change(t, to_summer, year + 1) == c->at ||
	       tzif_change(t, to_summer, year - 1) == c->at;
}

/* One half of the rule, from its first change at or behind `since`. */
static void add_rule(struct arena *a, struct ics_comp *zone, const struct tzif *t, bool to_summer,
		     int64_t since)
{
	struct slice rule = rule_text(a, to_summer ? &t->to_summer : &t->to_standard);
	struct change c = { .from = to_summer ? t->standard : t->summer,
			    .to = to_summer ? t->summer : t->standard };
	int year = year_of(since) - 1;
	struct ics_comp *o;

	while ((c.at = tzif_change(t, to_summer, year)) < since)
		year++;
	o = add_observance(a, zone, &c);
	if (rule.len)
		ics_prop_add(a, o, SLICE("RRULE"), rule);
	for (year++; !rule.len && year <= LAST_YEAR; year++)
		ics_prop_add(a, o, SLICE("RDATE"),
			     wall_text(a, tzif_change(t, to_summer, year), c.from.offset));
}

/* The changes from 1970 on; *before is what was in force until the first. */
static unsigned changes_of(struct arena *a, const struct tzif *t, struct tzif_type *before,
			   struct change **out)
{
	struct change *list = arena_array(a, t->count + 1, sizeof(*list));
	unsigned n = 0;

	*before = t->types[0];
	for (unsigned i = 0; i < t->count; i++) {
		const struct tzif_type *to = &t->types[t->kinds[i]];
		struct tzif_type from = n ? list[n - 1].to : *before;

		if (t->times[i] < 0)
			*before = *to;
		else if (!same_type(&from, to))
			list[n++] = (struct change){ t->times[i], from, *to };
	}
	*out = list;
	return n;
}

struct ics_comp *zone_system_make(struct arena *a, struct slice file, struct slice name)
{
	struct ics_comp *zone = ics_comp_new(a, SLICE("VTIMEZONE"));
	struct change *list, start = { .at = 0 };
	struct tzif_type before;
	unsigned n, past;
	struct tzif t;

	if (!tzif_read(a, file, &t))
		return NULL;
	n = past = changes_of(a, &t, &before, &list);
	while (t.has_rule && past > 0 && follows_rule(&t, &list[past - 1]) &&
	       (past == n || list[past].at - list[past - 1].at < GAP))
		past--;
	ics_prop_add(a, zone, SLICE("TZID"), name);
	start.from = start.to = before;
	start.at = -before.offset;       /* the first of January on its walls */
	add_observance(a, zone, &start);
	for (unsigned i = 0; i < past; i++) {
		struct ics_comp *o = NULL;
		unsigned same = 0;

		/* One observance for each kind of change, at its first. */
		while (same < i && !(same_type(&list[same].from, &list[i].from) &&
				     same_type(&list[same].to, &list[i].to)))
			same++;
		if (same < i)
			continue;
		o = add_observance(a, zone, &list[i]);
		for (unsigned k = i + 1; k < past; k++)
			if (same_type(&list[k].from, &list[i].from) &&
			    same_type(&list[k].to, &list[i].to))
				ics_prop_add(a, o, SLICE("RDATE"),
					     wall_text(a, list[k].at, list[k].from.offset));
	}
	if (t.has_rule) {
		int64_t since = past < n ? list[past].at : n ? list[n - 1].at + 1 : 0;

		add_rule(a, zone, &t, true, since);
		add_rule(a, zone, &t, false, since);
	}
	return zone;
}
