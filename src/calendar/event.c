/*
 * What a sender's VEVENT becomes before anything is decided about it.  The repair is
 * made once, here, and not where the feed is written: so the merge compares like with
 * like, and one bad event is refused alone, with a reason, before it is part of
 * anything.
 */
#include "event.h"

#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "property.h"
#include "rule.h"

enum {
	ALARMS_MOST = 8,
	EVENT_BYTES = 512 * 1024,        /* 5,000 dates and the longest description */
};

struct ics_prop *event_set_when(struct arena *a, struct ics_comp *c, const char *name,
				const struct when *w)
{
	char text[WHEN_TEXT];
	struct ics_prop *p;

	when_print(text, w);
	p = ics_prop_add(a, c, slice_of(name), slice_of(arena_string(a, slice_of(text))));
	if (w->kind == WHEN_DATE)
		ics_param_add(a, p, SLICE("VALUE"), SLICE("DATE"));
	else if (w->kind == WHEN_ZONED)
		ics_param_add(a, p, SLICE("TZID"), zone_tzid(w->zone));
	return p;
}

/* Of our own text: the TZID is one of the feed's. */
static bool own_when(struct zones *z, const struct ics_prop *p, struct slice value, struct when *w)
{
	struct event_source own = { .zones = z };

	return property_when(&own, p, value, w);
}

bool event_date_next(struct zones *z, const struct ics_comp *c, struct event_dates *at,
		     struct when *w, struct slice *item)
{
	for (;;) {
		if (!at->begun || !text_next(&at->rest, ',', item)) {
			at->prop = at->begun ? ics_prop_next(at->prop, at->name) :
				   ics_prop_find(c, at->name);
			at->begun = true;
			if (!at->prop)
				return false;
			at->rest = at->prop->value;
			continue;
		}
		if (own_when(z, at->prop, slice_head(*item, slice_find(*item, '/')), w))
			return true;
	}
}

void event_refresh(const struct event_source *s, struct event *e)
{
	struct ics_comp *c = e->comp;
	const struct ics_prop *p;
	struct slice stamp = slice_head(ics_value(c, "DTSTAMP"), WHEN_TEXT - 1);
	uint64_t number;

	property_sort(c);
	e->uid = ics_value(c, "UID");
	e->sequence = 0;
	if (text_number(ics_value(c, "SEQUENCE"), INT32_MAX, &number))
		e->sequence = (int64_t)number;
	memset(e->stamp, 0, sizeof(e->stamp));
	if (stamp.len)
		memcpy(e->stamp, stamp.at, stamp.len);
	e->cancelled = slice_is(ics_value(c, "STATUS"), "CANCELLED");
	p = ics_prop_find(c, "DTSTART");
	e->has_start = p && own_when(s->zones, p, p->value, &e->start);
	p = ics_prop_find(c, "RECURRENCE-ID");
	e->has_recurrence = p && own_when(s->zones, p, p->value, &e->recurrence);
	e->and_future = p && ics_param(p, "RANGE").len > 0;
}

int event_newer(const struct event *a, const struct event *b)
{
	if (a->sequence != b->sequence)
		return a->sequence < b->sequence ? -1 : 1;
	return strcmp(a->stamp, b->stamp);
}

void event_key(const struct event *e, char out[WHEN_TEXT])
{
	struct when w;

	out[0] = '\0';
	if (!e->has_recurrence)
		return;
	w = when_to_utc(e->recurrence);
	when_print(out, &w);
}

/* The end behind the start and of its kind, or none (RFC 5545 3.6.1, 3.8.2.2). */
static void repair_end(const struct event_source *s, struct ics_comp *c, const struct when *start)
{
	struct ics_prop *p = ics_prop_find(c, "DTEND"), *duration = ics_prop_find(c, "DURATION");
	struct when end;

	if (p && own_when(s->zones, p, p->value, &end)) {
		if ((end.kind == WHEN_DATE) != (start->kind == WHEN_DATE)) {
			end = when_like(end, start);
			ics_prop_drop(c, p);
			p = event_set_when(s->arena, c, "DTEND", &end);
		}
		if (when_compare(&end, start) <= 0) {
			ics_prop_drop(c, p);
			p = NULL;
		}
	}
	if (p && duration)
		ics_prop_drop(c, duration);
	/* 3.8.2.5: a day's event lasts days or weeks. */
	duration = ics_prop_find(c, "DURATION");
	if (duration && start->kind == WHEN_DATE &&
	    slice_find(duration->value, 'T') < duration->value.len)
		ics_prop_drop(c, duration);
}

/* EXDATE and RDATE are of the start's kind (3.8.5.1, 3.8.5.2). */
static void repair_dates(const struct event_source *s, struct ics_comp *c, const char *name,
			 const struct when *start)
{
	struct ics_prop *p = ics_prop_find(c, name);

	while (p) {
		struct ics_prop *next = ics_prop_next(p, name);
		struct when w;

		if (slice_find(p->value, '/') == p->value.len &&
		    own_when(s->zones, p, p->value, &w) &&
		    (w.kind == WHEN_DATE) != (start->kind == WHEN_DATE)) {
			w = when_like(w, start);
			ics_prop_drop(c, p);
			event_set_when(s->arena, c, name, &w);
		}
		p = next;
	}
}

/* UNTIL is of the start's kind (3.3.10). */
static void repair_rules(const struct event_source *s, struct ics_comp *c, const char *name,
			 const struct when *start)
{
	for (struct ics_prop *p = ics_prop_find(c, name); p; p = ics_prop_next(p, name))
		p->value = rule_fit(s->arena, p->value, start);
}

static void supply_stamp(const struct event_source *s, struct ics_comp *c)
{
	struct slice value = ics_value(c, "LAST-MODIFIED");
	struct when w = { .kind = WHEN_UTC };
	char text[WHEN_TEXT];

	if (ics_prop_find(c, "DTSTAMP"))
		return;
	if (!value.len) {
		when_set_seconds(&w, s->sent);
		when_print(text, &w);
		value = slice_of(arena_string(s->arena, slice_of(text)));
	}
	ics_prop_add(s->arena, c, SLICE("DTSTAMP"), value);
}

/* The same event has the same name each time it comes. */
static void supply_uid(const struct event_source *s, struct ics_comp *c)
{
	static const char *const parts[] = { "DTSTART", "RRULE", "SUMMARY", "LOCATION",
					     "ORGANIZER" };
	uint64_t hash = HASH_START;
	char *text;

	if (ics_prop_find(c, "UID"))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		hash = hash_stable(hash, ics_value(c, parts[i]));
		hash = hash_stable(hash, SLICE("\n"));
	}
	text = mem_printf("%016llx@letterplate.invalid", (unsigned long long)hash);
	ics_prop_add(s->arena, c, SLICE("UID"), slice_of(arena_string(s->arena, slice_of(text))));
	free(text);
}

/* Exactly the ones who read this calendar, and none who would be asked to answer:
 * the answer cannot be sent from a feed. */
static void set_attendees(const struct event_source *s, struct ics_comp *c)
{
	for (size_t i = 0; s->attendees && s->attendees[i]; i++) {
		char *text = mem_printf("mailto:%s", s->attendees[i]);
		struct ics_prop *p = ics_prop_add(s->arena, c, SLICE("ATTENDEE"),
			slice_of(arena_string(s->arena, slice_of(text))));

		ics_param_add(s->arena, p, SLICE("PARTSTAT"), SLICE("ACCEPTED"));
		ics_param_add(s->arena, p, SLICE("RSVP"), SLICE("FALSE"));
		free(text);
	}
}

/* libical has the last word on each event alone: what it cannot read without a
 * complaint would break the whole feed in somebody's client. */
static bool library_agrees(const struct ics_comp *c)
{
	icalcomponent *parsed;
	struct buf text;
	char *printed;
	bool ok;

	buf_init(&text, EVENT_BYTES);
	if (!ics_print(&text, c)) {
		buf_release(&text);
		return false;
	}
	printed = buf_take_string(&text);
	parsed = icalparser_parse_string(printed);
	free(printed);
	ok = parsed && icalcomponent_isa(parsed) == ICAL_VEVENT_COMPONENT &&
	     icalcomponent_count_errors(parsed) == 0;
	if (parsed)
		icalcomponent_free(parsed);
	return ok;
}

/* Leaves out, one at a time, what libical complains of; the event's name and time
 * stay, or it is refused. */
static bool drop_what_is_refused(struct arena *a, struct ics_comp *c)
{
	static const char *const needed[] = { "UID", "DTSTAMP", "DTSTART", "RECURRENCE-ID" };
	struct ics_prop *p = c->props;

	c->children = NULL;
	c->children_end = &c->children;
	while (p) {
		struct ics_prop *next = p->next;
		struct ics_comp *alone = ics_comp_new(a, c->name);
		struct ics_prop copy = *p;
		bool keep = false;

		copy.next = NULL;
		alone->props = &copy;
		for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
			keep = keep || slice_is(p->name, needed[i]);
		if (!keep && !library_agrees(alone))
			ics_prop_drop(c, p);
		p = next;
	}
	return library_agrees(c);
}

static void copy_alarms(const struct event_source *s, struct ics_comp *to,
			const struct ics_comp *from)
{
	unsigned count = 0;

	for (const struct ics_comp *c = from->children; c && count < ALARMS_MOST; c = c->next) {
		struct ics_comp *alarm = slice_is_nocase(c->name, "VALARM") ?
			property_alarm(s, c, ics_value(to, "SUMMARY")) : NULL;

		if (!alarm)
			continue;
		ics_comp_add(to, alarm);
		count++;
	}
}

/* One occurrence does not recur (RFC 5545 3.8.4.4). */
static const char *const series_only[] = { "RRULE", "EXRULE", "RDATE", "EXDATE" };

struct event *event_read(const struct event_source *s, const struct ics_comp *vevent, bool bare,
			 const char **reason)
{
	struct event *e = arena_get(s->arena, sizeof(*e));
	struct ics_comp *c = ics_comp_new(s->arena, SLICE("VEVENT"));

	e->comp = c;
	property_copy_all(s, c, vevent);
	supply_stamp(s, c);
	supply_uid(s, c);
	event_refresh(s, e);
	if (!e->has_start && !bare) {
		*reason = ics_prop_find(vevent, "DTSTART") ? "a DTSTART that is no time" :
			  "no DTSTART";
		return NULL;
	}
	if (!e->has_recurrence && ics_prop_find(vevent, "RECURRENCE-ID")) {
		*reason = "a RECURRENCE-ID that is no time";
		return NULL;
	}
	if (e->has_start) {
		repair_end(s, c, &e->start);
		repair_dates(s, c, "EXDATE", &e->start);
		repair_dates(s, c, "RDATE", &e->start);
		repair_rules(s, c, "RRULE", &e->start);
		repair_rules(s, c, "EXRULE", &e->start);
	}
	if (e->has_recurrence)
		for (size_t i = 0; i < sizeof(series_only) / sizeof(*series_only); i++)
			ics_prop_drop_all(c, series_only[i]);
	copy_alarms(s, c, vevent);
	set_attendees(s, c);
	event_refresh(s, e);
	if (!library_agrees(c) && !drop_what_is_refused(s->arena, c)) {
		*reason = "not a valid event";
		return NULL;
	}
	return e;
}
