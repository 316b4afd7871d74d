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

static enum recur_answer rule_has(const struct event_source *s, const struct event *master,
				  struct slice value, const struct when *w, unsigned *left)
{
	struct icalrecurrencetype rule;
	icalrecur_iterator *it;
	enum recur_answer answer = RECUR_UNKNOWN;

	/* Finer than a day may need a step for each second of centuries; other
	 * calendars (RFC 7529) are as costly. */
	rule = icalrecurrencetype_from_string(arena_string(s->arena, value));
	if (rule.freq < ICAL_DAILY_RECURRENCE || rule.freq > ICAL_YEARLY_RECURRENCE ||
	    rule.rscale || master->start.year > YEAR_MOST || w->year > YEAR_MOST)
		return RECUR_UNKNOWN;
	until_on_wall(&rule, &master->start);
	it = icalrecur_iterator_new(rule, library_wall(&master->start));
	for (unsigned i = 0; it && i < STEPS_ONE && *left > 0; i++, --*left) {
		struct icaltimetype t = icalrecur_iterator_next(it);
		int order = icaltime_is_null_time(t) ? 1 : compare_wall(t, w);

		if (order >= 0) {
			answer = order == 0 ? RECUR_YES : RECUR_NO;
			break;
		}
	}
	if (it)
		icalrecur_iterator_free(it);
	return answer;
}

static bool listed(const struct event_source *s, const struct event *master, const char *name,
		   const struct when *w)
{
	struct event_dates at = { .name = name };
	struct slice item;
	struct when d;

	while (event_date_next(s->zones, master->comp, &at, &d, &item)) {
		d = when_like(d, &master->start);
		if (when_compare(&d, w) == 0)
			return true;
	}
	return false;
}

enum recur_answer recur_has(const struct event_source *s, const struct event *master,
			    const struct when *at, unsigned *left)
{
	struct when w = when_like(*at, &master->start);
	enum recur_answer answer = RECUR_NO;

	if (listed(s, master, "EXDATE", &w))
		return RECUR_NO;
	if (when_compare(&w, &master->start) == 0 || listed(s, master, "RDATE", &w))
		return RECUR_YES;
	if (when_compare(&w, &master->start) < 0)
		return RECUR_NO;
	for (const struct ics_prop *p = ics_prop_find(master->comp, "RRULE"); p;
	     p = ics_prop_next(p, "RRULE")) {
		enum recur_answer one = rule_has(s, master, p->value, &w, left);

		if (one == RECUR_YES)
			return one;
		if (one == RECUR_UNKNOWN)
			answer = one;
	}
	return answer;
}

bool recur_is_series(const struct event *master)
{
	return ics_prop_find(master->comp, "RRULE") || ics_prop_find(master->comp, "RDATE");
}

/* Our events hold one date a property. */
static void drop_date(const struct event_source *s, struct event *master, const char *name,
		      const struct when *w, bool later)
{
	struct event_dates at = { .name = name };
	struct slice item;
	struct when d;

	while (event_date_next(s->zones, master->comp, &at, &d, &item)) {
		int order;

		d = when_like(d, &master->start);
		order = when_compare(&d, w);
		if (order == 0 || (later && order > 0))
			ics_prop_drop(master->comp, at.prop);
	}
}

void recur_exclude(const struct event_source *s, struct event *master, const struct when *at)
{
	struct when w = when_like(*at, &master->start);

	drop_date(s, master, "RDATE", &w, false);
	if (!listed(s, master, "EXDATE", &w))
		event_set_when(s->arena, master->comp, "EXDATE", &w);
	event_refresh(s, master);
}

void recur_include(const struct event_source *s, struct event *master, const struct when *at)
{
	struct when w = when_like(*at, &master->start);

	drop_date(s, master, "EXDATE", &w, false);
}

void recur_add(const struct event_source *s, struct event *master, const struct when *at)
{
	struct when w = when_like(*at, &master->start);

	if (!listed(s, master, "RDATE", &w))
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

void recur_end_before(const struct event_source *s, struct event *master, const struct when *at)
{
	struct when w = when_like(*at, &master->start), last;
	char until[WHEN_TEXT];

	last = when_to_utc(w);
	when_set_seconds(&last, when_seconds(&last) - (last.kind == WHEN_DATE ? 86400 : 1));
	when_print(until, &last);
	for (struct ics_prop *p = ics_prop_find(master->comp, "RRULE"); p;
	     p = ics_prop_next(p, "RRULE"))
		p->value = ended(s->arena, p->value, until);
	drop_date(s, master, "RDATE", &w, true);
}
