/*
 * Whether an occurrence still falls on its series, asked of libical with bounds:
 * a rule may recur every second for ever, or name a day that never comes, and libical
 * looks for it until the year 2582 within one call.
 */
#include "recur.h"

#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

#include "base/mem.h"
#include "base/text.h"

enum {
	STEPS_ONE = 40000,       /* of one rule: a daily one of a hundred years */
	YEAR_MOST = 2500,        /* libical's own end is a little later */
	RULE_MOST = 2048,        /* property.c lets half of that through, UNTIL comes to it */
};

static struct icaltimetype library_wall(const struct when *w)
{
	struct icaltimetype t = icaltime_null_time();

	t.year = w->year;
	t.month = w->month;
	t.day = w->day;
	t.hour = w->hour;
	t.minute = w->minute;
	t.second = w->second;
	t.is_date = w->kind == WHEN_DATE;
	return t;
}

static int compare_wall(struct icaltimetype t, const struct when *w)
{
	struct when other = *w;

	other.year = t.year;
	other.month = t.month;
	other.day = t.day;
	if (w->kind != WHEN_DATE) {
		other.hour = t.hour;
		other.minute = t.minute;
		other.second = t.second;
	}
	return when_compare(&other, w);
}

/* UNTIL is in UTC where DTSTART has a zone (3.3.10); libical is asked on the walls
 * of the zone. */
static void until_on_wall(struct icalrecurrencetype *rule, const struct when *start)
{
	struct icaltimetype u = rule->until;
	struct when w = { .kind = u.is_date ? WHEN_DATE : WHEN_FLOATING };

	if (icaltime_is_null_time(u))
		return;
	if (!u.is_date && icaltime_is_utc(u))
		w.kind = WHEN_UTC;
	w.year = u.year;
	w.month = u.month;
	w.day = u.day;
	w.hour = u.hour;
	w.minute = u.minute;
	w.second = u.second;
	if (w.kind == WHEN_DATE && start->kind != WHEN_DATE) {
		w.kind = WHEN_FLOATING;  /* the whole of that day */
		w.hour = 23;
		w.minute = w.second = 59;
	}
	w = when_like(w, start);
	rule->until = library_wall(&w);
}

/* How a rule stands to a time: comes to it, past it, or ends before. */
enum reach { MEETS, PASSES, ENDS, UNKNOWN };

static enum reach rule_reach(const struct event *master, struct slice value,
			     const struct when *w, unsigned *left)
{
	struct icalrecurrencetype rule;
	icalrecur_iterator *it;
	enum reach answer = UNKNOWN;
	char text[RULE_MOST];
	bool other_calendar;

	if (value.len >= sizeof(text) || *left == 0)
		return UNKNOWN;
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	rule = icalrecurrencetype_from_string(text);
	other_calendar = rule.rscale != NULL;
	icalmemory_free_buffer(rule.rscale);
	/* Finer than a day may need a step for each second of centuries; other
	 * calendars (RFC 7529) are as costly. */
	if (rule.freq < ICAL_DAILY_RECURRENCE || rule.freq > ICAL_YEARLY_RECURRENCE ||
	    other_calendar || master->start.year > YEAR_MOST || w->year > YEAR_MOST)
		return UNKNOWN;
	until_on_wall(&rule, &master->start);
	it = icalrecur_iterator_new(rule, library_wall(&master->start));
	for (unsigned i = 0; it && i < STEPS_ONE && *left > 0; i++, --*left) {
		struct icaltimetype t = icalrecur_iterator_next(it);
		bool none = icaltime_is_null_time(t);
		int order = none ? 1 : compare_wall(t, w);

		if (order >= 0) {
			answer = none ? ENDS : order == 0 ? MEETS : PASSES;
			break;
		}
	}
	if (it)
		icalrecur_iterator_free(it);
	return answer;
}

static bool listed(const struct event_source *s, const struct event *master, const char *name,
		   const struct when *w, unsigned *left)
{
	struct event_dates at = { .name = name };
	struct slice item;
	struct when d;

	while (*left > 0 && event_date_next(s->zones, master->comp, &at, &d, &item)) {
		d = when_like(d, &master->start);
		if (when_compare(&d, w) == 0)
			return true;
		--*left;
	}
	return false;
}

enum recur_answer recur_has(const struct event_source *s, const struct event *master,
			    const struct when *at, unsigned *left)
{
	struct when w = when_like(*at, &master->start);
	enum recur_answer answer = RECUR_NO;

	if (listed(s, master, "EXDATE", &w, left))
		return RECUR_NO;
	if (when_compare(&w, &master->start) == 0 || listed(s, master, "RDATE", &w, left))
		return RECUR_YES;
	if (*left == 0)
		return RECUR_UNKNOWN;
	if (when_compare(&w, &master->start) < 0)
		return RECUR_NO;
	for (const struct ics_prop *p = ics_prop_find(master->comp, "RRULE"); p;
	     p = ics_prop_next(p, "RRULE")) {
		enum reach one = rule_reach(master, p->value, &w, left);

		if (one == MEETS)
			return RECUR_YES;
		if (one == UNKNOWN)
			answer = RECUR_UNKNOWN;
	}
	return answer;
}

bool recur_is_series(const struct event *master)
{
	return ics_prop_find(master->comp, "RRULE") || ics_prop_find(master->comp, "RDATE");
}

static int in_order(const void *x, const void *y)
{
	return when_compare(x, y);
}

/* In the form of DTSTART, in order, each once; how many there are then. */
static unsigned put_in_order(const struct event *master, struct when *w, unsigned count)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++)
		w[i] = when_like(w[i], &master->start);
	if (count)
		qsort(w, count, sizeof(*w), in_order);
	for (unsigned i = 0; i < count; i++)
		if (n == 0 || when_compare(&w[i], &w[n - 1]) != 0)
			w[n++] = w[i];
	return n;
}

/* Drops those dates that are among `w`.  Our events hold one date a property. */
static void drop_dates(const struct event_source *s, struct event *master, const char *name,
		       const struct when *w, unsigned count)
{
	struct event_dates at = { .name = name };
	struct slice item;
	struct when d;

	while (event_date_next(s->zones, master->comp, &at, &d, &item)) {
		d = when_like(d, &master->start);
		if (bsearch(&d, w, count, sizeof(*w), in_order))
			ics_prop_drop(master->comp, at.prop);
	}
}

static unsigned count_dates(const struct event *master, const char *name)
{
	unsigned n = 0;

	for (const struct ics_prop *p = ics_prop_find(master->comp, name); p;
	     p = ics_prop_next(p, name))
		n++;
	return n;
}

bool recur_exclude(const struct event_source *s, struct event *master, struct when *w,
		   unsigned count)
{
	unsigned there;

	count = put_in_order(master, w, count);
	if (count == 0)
		return true;
	drop_dates(s, master, "RDATE", w, count);
	drop_dates(s, master, "EXDATE", w, count);
	there = count_dates(master, "EXDATE");
	for (unsigned i = 0; i < count && there + i < RECUR_DATES; i++)
		event_set_when(s->arena, master->comp, "EXDATE", &w[i]);
	event_refresh(s, master);
	return there + count <= RECUR_DATES;
}

void recur_include(const struct event_source *s, struct event *master, struct when *w,
		   unsigned count)
{
	count = put_in_order(master, w, count);
	if (count)
		drop_dates(s, master, "EXDATE", w, count);
}

void recur_add(const struct event_source *s, struct event *master, const struct when *at)
{
	struct when w = when_like(*at, &master->start);

	drop_dates(s, master, "RDATE", &w, 1);
	if (count_dates(master, "RDATE") < RECUR_DATES)
		event_set_when(s->arena, master->comp, "RDATE", &w);
	event_refresh(s, master);
}

/* The rule without its own end, and with UNTIL. */
static struct slice ended(struct arena *a, struct slice rule, const char *until)
{
	struct slice part;
	struct buf out;

	buf_init(&out, rule.len + 64);
	while (text_next(&rule, ';', &part)) {
		if (slice_starts_nocase(part, "UNTIL=") || slice_starts_nocase(part, "COUNT="))
			continue;
		buf_add(&out, part);
		buf_add_byte(&out, ';');
	}
	buf_add_text(&out, "UNTIL=");
	buf_add_text(&out, until);
	part = arena_copy(a, buf_slice(&out));
	buf_release(&out);
	return part;
}

static void drop_from(const struct event_source *s, struct event *master, const char *name,
		      const struct when *w)
{
	struct event_dates at = { .name = name };
	struct slice item;
	struct when d;

	while (event_date_next(s->zones, master->comp, &at, &d, &item)) {
		d = when_like(d, &master->start);
		if (when_compare(&d, w) >= 0)
			ics_prop_drop(master->comp, at.prop);
	}
}

void recur_end_before(const struct event_source *s, struct event *master, const struct when *at,
		      unsigned *left)
{
	struct when w = when_like(*at, &master->start), last;
	char until[WHEN_TEXT];

	last = when_to_utc(w);
	when_set_seconds(&last, when_seconds(&last) - (last.kind == WHEN_DATE ? 86400 : 1));
	when_print(until, &last);
	for (struct ics_prop *p = ics_prop_find(master->comp, "RRULE"); p;
	     p = ics_prop_next(p, "RRULE"))
		if (rule_reach(master, p->value, &w, left) != ENDS)
			p->value = ended(s->arena, p->value, until);
	drop_from(s, master, "RDATE", &w);
}
