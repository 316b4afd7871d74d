/*
 * The rules of RFC 5546 for one who only looks: what a newer message says of a
 * series, or of one occurrence of it, replaces what was there.  The order in which
 * mail arrives is not the order in which it was sent, so each rule asks which of the
 * two is newer (2.1.4, 2.1.5) and none asks which came last.
 */
#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recur.h"

/* What one event may take of the arena, with all that it changes: 5,000 dates, twice,
 * 20,000 occurrences, as many reminders as a text has room for. */
enum { EVENT_ROOM = 64 * 1024 * 1024 };

void decisions_init(struct decisions *d, struct arena *a, unsigned most)
{
	*d = (struct decisions){ .most = most };
	d->at = arena_array(a, most + 1, sizeof(*d->at));
}

enum calendar_outcome decisions_outcome(const struct decisions *d)
{
	enum calendar_outcome best = CALENDAR_IGNORED;

	for (unsigned i = 0; i < d->count; i++)
		if (d->at[i].outcome < best)
			best = d->at[i].outcome;
	return best;
}

static void decide(struct decision *d, enum calendar_outcome outcome, const char *reason)
{
	d->outcome = outcome;
	d->reason = reason;
}

static struct event *find_master(const struct set *s, struct slice uid)
{
	struct event *e = set_first(s, uid);

	while (e && e->has_recurrence)
		e = set_next(e);
	return e;
}

/* The same occurrence of the same series, however each of them writes it.  Without the
 * series one of them says what the other leaves open. */
static bool same_occurrence(const struct event *a, const struct event *b,
			    const struct event *master)
{
	const struct when *model = master ? &master->start : &b->recurrence;
	struct when p = when_like(a->recurrence, model);
	struct when q = when_like(b->recurrence, model);

	return when_compare(&p, &q) == 0;
}

static struct event *find_override(const struct set *s, const struct event *e,
				   const struct event *master)
{
	struct event *o = set_first(s, e->uid);

	while (o && !(o->has_recurrence && same_occurrence(o, e, master)))
		o = set_next(o);
	return o;
}

/* Of an occurrence and a series: which says what is so now.  SEQUENCE is counted for
 * each of them on its own (RFC 5546 2.1.4), so here the time of writing decides. */
static int told_later(const struct event *a, const char *stamp, int64_t sequence)
{
	int order = strcmp(a->stamp, stamp);

	return order ? order : a->sequence < sequence ? -1 : a->sequence > sequence;
}

static int later_than_series(const struct event *occurrence, const struct event *master)
{
	return told_later(occurrence, master->stamp, master->sequence);
}

static bool buried(const struct event *e, const struct tombstone *t)
{
	return t && (e->sequence < t->sequence ||
		     (e->sequence == t->sequence && strcmp(e->stamp, t->stamp) <= 0));
}

/* RECURRENCE-ID has the form of the series' DTSTART (RFC 5545 3.8.4.4). */
static void fit_to_master(const struct event_source *s, struct event *o,
			  const struct event *master)
{
	struct when w = when_like(o->recurrence, &master->start);
	bool and_future = o->and_future;
	struct ics_prop *p;

	if (w.kind == o->recurrence.kind && w.zone == o->recurrence.zone)
		return;
	ics_prop_drop_all(o->comp, "RECURRENCE-ID");
	p = event_set_when(s->arena, o->comp, "RECURRENCE-ID", &w);
	if (and_future)
		ics_param_add(s->arena, p, SLICE("RANGE"), SLICE("THISANDFUTURE"));
	event_refresh(s, o);
}

/* The occurrences that stay, or may come, fit the series; the others go.  How many stay,
 * in `list`. */
static unsigned settle_overrides(struct set *s, struct event *master, struct when *list)
{
	struct event *next;
	unsigned stay = 0;

	for (struct event *o = set_first(s, master->uid); o; o = next) {
		next = set_next(o);
		if (!o->has_recurrence)
			continue;
		/* One that is not older refers to this series or to one still to come. */
		if (later_than_series(o, master) < 0 &&
		    recur_has(&s->source, master, &o->recurrence, &s->steps_left) == RECUR_NO) {
			set_remove(s, o);
			continue;
		}
		fit_to_master(&s->source, o, master);
		list[stay++] = o->recurrence;
	}
	return stay;
}

/* What is known of single occurrences, held against a series that has changed. */
static void settle_occurrences(struct set *s, struct event *master)
{
	struct when *stay = mem_array(s->events + 1, sizeof(*stay));
	struct when *gone = mem_array(s->tombstone_count + 1, sizeof(*gone));
	unsigned stay_count = settle_overrides(s, master, stay), gone_count = 0;

	for (const struct tombstone *t = s->tombstones; t; t = t->next)
		if (t->occurrence[0] && slice_equal(t->uid, master->uid) &&
		    told_later(master, t->stamp, t->sequence) <= 0 &&
		    when_parse(&gone[gone_count], slice_of(t->occurrence)))
			gone_count++;
	recur_exclude(&s->source, master, gone, gone_count);
	/* One that stays was written after it had been cancelled. */
	recur_include(&s->source, master, stay, stay_count);
	free(stay);
	free(gone);
}

/* True: what is there is as new, and `d` says so. */
static bool is_older(const struct event *e, const struct event *old, struct decision *d)
{
	int newer = old ? event_newer(e, old) : 1;

	if (old)
		d->was = old->sequence;
	if (newer < 0)
		decide(d, CALENDAR_STALE, "older than what is there");
	else if (newer == 0)
		decide(d, CALENDAR_IGNORED, "already there");
	return newer <= 0;
}

static void put_master(struct set *s, struct event *e, struct decision *d)
{
	struct event *old = find_master(s, e->uid);

	if (is_older(e, old, d))
		return;
	if (buried(e, set_tombstone(s, e->uid, ""))) {
		decide(d, CALENDAR_STALE, "cancelled since");
		return;
	}
	if (!old && s->events >= SET_EVENTS_MOST) {
		decide(d, CALENDAR_IGNORED, "the calendar is full");
		return;
	}
	if (old)
		set_remove(s, old);
	set_add(s, e);
	settle_occurrences(s, e);
	decide(d, old ? CALENDAR_UPDATED : CALENDAR_ADDED, NULL);
}

static void put_override(struct set *s, struct event *e, struct decision *d)
{
	struct event *master = find_master(s, e->uid);
	struct event *old = find_override(s, e, master);
	const struct tombstone *all;
	char key[WHEN_TEXT];

	if (is_older(e, old, d))
		return;
	if (master)
		fit_to_master(&s->source, e, master);
	event_key(e, key);
	all = set_tombstone(s, e->uid, "");
	if (buried(e, set_tombstone(s, e->uid, key)) ||
	    (all && told_later(e, all->stamp, all->sequence) <= 0)) {
		decide(d, CALENDAR_STALE, "cancelled since");
		return;
	}
	if (master && later_than_series(e, master) < 0 &&
	    recur_has(&s->source, master, &e->recurrence, &s->steps_left) == RECUR_NO) {
		decide(d, CALENDAR_STALE, "no occurrence of the series as it is now");
		return;
	}
	if (!old && s->events >= SET_EVENTS_MOST) {
		decide(d, CALENDAR_IGNORED, "the calendar is full");
		return;
	}
	if (old)
		set_remove(s, old);
	if (master) {
		struct when at = e->recurrence;

		recur_include(&s->source, master, &at, 1);
	}
	set_add(s, e);
	decide(d, old || master ? CALENDAR_UPDATED : CALENDAR_ADDED, "one occurrence");
}

/* METHOD:ADD (RFC 5546 3.2.4): one more occurrence, told of by its DTSTART alone. */
static void add_occurrence(struct set *s, struct event *e, struct decision *d)
{
	static const char *const series_only[] = { "RRULE", "EXRULE", "RDATE", "EXDATE" };
	struct event *master = find_master(s, e->uid);

	for (size_t i = 0; i < sizeof(series_only) / sizeof(*series_only); i++)
		ics_prop_drop_all(e->comp, series_only[i]);
	event_set_when(s->source.arena, e->comp, "RECURRENCE-ID", &e->start);
	event_refresh(&s->source, e);
	event_key(e, d->occurrence);
	put_override(s, e, d);
	if (master && d->outcome <= CALENDAR_UPDATED &&
	    recur_has(&s->source, master, &e->recurrence, &s->steps_left) == RECUR_NO)
		recur_add(&s->source, master, &e->recurrence);
}

static void ignore_cancelled(struct decision *d)
{
	decide(d, CALENDAR_IGNORED, "cancelled, and not in the calendar");
}

static void cancel_all(struct set *s, struct event *e, struct decision *d)
{
	struct event *master = find_master(s, e->uid), *next;
	struct event *o = master ? master : set_first(s, e->uid);
	bool any = false;

	/* Also when it comes late: what is older still may come behind it. */
	d->buried = set_bury(s, e, "");
	if (o)
		d->was = o->sequence;
	for (o = set_first(s, e->uid); o; o = next) {
		next = set_next(o);
		if (o == master ? event_newer(e, o) < 0 :
		    told_later(o, e->stamp, e->sequence) > 0)
			continue;
		set_remove(s, o);
		any = true;
	}
	if (any)
		decide(d, CALENDAR_CANCELLED, NULL);
	else if (d->was >= 0)
		decide(d, CALENDAR_STALE, "older than what is there");
	else
		ignore_cancelled(d);
}

/* RANGE=THISANDFUTURE (RFC 5545 3.2.13): this occurrence and all behind it. */
static void cancel_future(struct set *s, const struct event *e, struct event *master)
{
	struct event *next;

	for (struct event *o = set_first(s, e->uid); o; o = next) {
		next = set_next(o);
		if (!o->has_recurrence || event_newer(o, e) > 0)
			continue;
		struct when w = when_like(o->recurrence, &e->recurrence);
		if (when_compare(&w, &e->recurrence) >= 0)
			set_remove(s, o);
	}
	if (master)
		recur_end_before(&s->source, master, &e->recurrence, &s->steps_left);
}

static void cancel_one(struct set *s, struct event *e, struct decision *d)
{
	struct event *master = find_master(s, e->uid);
	struct event *old = find_override(s, e, master);
	bool falls = false, before;
	struct when at;
	char key[WHEN_TEXT];

	if (master)
		fit_to_master(&s->source, e, master);
	at = e->recurrence;
	event_key(e, key);
	d->buried = set_bury(s, e, key);
	if (old || master)
		d->was = old ? old->sequence : master->sequence;
	before = master && later_than_series(e, master) < 0;
	if (old ? event_newer(e, old) < 0 : before) {
		decide(d, CALENDAR_STALE, "older than what is there");
		return;
	}
	if (master && !before)
		falls = recur_has(&s->source, master, &at, &s->steps_left) != RECUR_NO;
	/* The only occurrence, or the first and all behind it. */
	if ((falls && !recur_is_series(master)) ||
	    (master && !before && e->and_future && when_compare(&at, &master->start) <= 0)) {
		cancel_all(s, e, d);
		return;
	}
	if (old)
		set_remove(s, old);
	if (e->and_future && !before)
		cancel_future(s, e, master);
	else if (falls)
		falls = recur_exclude(&s->source, master, &at, 1);
	if (old || falls)
		decide(d, CALENDAR_CANCELLED, "one occurrence");
	else
		ignore_cancelled(d);
}

/* What each method means here (RFC 5546 1.4).  One that is not listed is taken as
 * PUBLISH: senders write all kinds of things there. */
enum meaning { PUT, ADD, CANCEL, NOTHING };

static const struct method {
	const char *name;
	enum meaning meaning;
	const char *reason;
} methods[] = {
	{ "PUBLISH", PUT, NULL },
	{ "REQUEST", PUT, NULL },
	{ "ADD", ADD, NULL },
	{ "CANCEL", CANCEL, NULL },
	{ "REPLY", NOTHING, "REPLY: an answer, for the organizer" },
	{ "REFRESH", NOTHING, "REFRESH: a question, for the organizer" },
	{ "COUNTER", NOTHING, "COUNTER: a proposal, for the organizer" },
	{ "DECLINECOUNTER", NOTHING, "DECLINECOUNTER: an answer to a proposal" },
};

static const struct method *method_of(const struct ics_comp *object, struct slice header)
{
	struct slice name = ics_value(object, "METHOD");

	if (!name.len)
		name = slice_trim(header);
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (slice_is_nocase(name, methods[i].name))
			return &methods[i];
	return &methods[0];
}

static struct decision *decision_new(struct decisions *out)
{
	struct decision *d;

	if (out->count >= out->most) {
		out->left_out++;
		return NULL;
	}
	d = &out->at[out->count++];
	*d = (struct decision){ .outcome = CALENDAR_IGNORED, .was = -1 };
	return d;
}

/* The same event in a second part of the message (the attachment beside the
 * alternative) counts once. */
static bool told_before(const struct decisions *out, const struct decision *d)
{
	for (unsigned i = 0; i + 1 < out->count; i++) {
		const struct decision *o = &out->at[i];

		if (slice_equal(o->uid, d->uid) && o->sequence == d->sequence &&
		    strcmp(o->occurrence, d->occurrence) == 0 && strcmp(o->stamp, d->stamp) == 0)
			return true;
	}
	return false;
}

static void merge_event(struct set *s, const struct event_source *source,
			const struct ics_comp *vevent, const struct method *method,
			struct decisions *out)
{
	struct decision *d = decision_new(out);
	const char *reason = method->reason;
	struct event *e;
	bool cancel;

	if (!d)
		return;
	if (arena_room(s->source.arena) < EVENT_ROOM) {
		decide(d, CALENDAR_IGNORED, "the message says more than is read");
		return;
	}
	cancel = method->meaning == CANCEL ||
		 slice_is_nocase(ics_value(vevent, "STATUS"), "CANCELLED");
	d->uid = slice_head(ics_value(vevent, "UID"), 1024);
	if (method->meaning == NOTHING) {
		decide(d, CALENDAR_IGNORED, reason);
		if (told_before(out, d))
			out->count--;
		return;
	}
	if (cancel && d->uid.len == 0) {
		decide(d, CALENDAR_IGNORED, "a cancellation without UID");
		return;
	}
	e = event_read(source, vevent, cancel, &reason);
	if (!e) {
		decide(d, CALENDAR_IGNORED, reason);
		return;
	}
	d->uid = e->uid;
	d->sequence = e->sequence;
	memcpy(d->stamp, e->stamp, sizeof(d->stamp));
	event_key(e, d->occurrence);
	if (told_before(out, d)) {
		out->count--;
		return;
	}
	if (cancel)
		(e->has_recurrence ? cancel_one : cancel_all)(s, e, d);
	else if (e->has_recurrence)
		put_override(s, e, d);
	else if (method->meaning == ADD)
		add_occurrence(s, e, d);
	else
		put_master(s, e, d);
}

static bool is_event(const struct ics_comp *c)
{
	return slice_is_nocase(c->name, "VEVENT");
}

/* Tasks and the like are named once in the log, and left. */
static void skip_other(const struct ics_comp *c, struct decisions *out)
{
	static const struct { const char *name, *reason; } others[] = {
		{ "VTODO", "a task (VTODO), not an event" },
		{ "VJOURNAL", "a journal entry (VJOURNAL), not an event" },
		{ "VFREEBUSY", "free and busy times (VFREEBUSY), not an event" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct decision *d;

		if (!slice_is_nocase(c->name, others[i].name) || !(d = decision_new(out)))
			continue;
		d->uid = slice_head(ics_value(c, "UID"), 1024);
		decide(d, CALENDAR_IGNORED, others[i].reason);
	}
}

void merge_object(struct set *set, const struct ics_comp *object, struct slice header,
		  int64_t sent, struct decisions *out)
{
	const struct method *method = method_of(object, header);
	struct event_source source = set->source;

	source.object = object;
	source.sent = sent;
	/* The series before its occurrences, wherever they stand. */
	for (int occurrences = 0; occurrences < 2; occurrences++)
		for (const struct ics_comp *c = object->children; c; c = c->next)
			if (is_event(c) &&
			    (ics_prop_find(c, "RECURRENCE-ID") != NULL) == occurrences)
				merge_event(set, &source, c, method, out);
	for (const struct ics_comp *c = object->children; c; c = c->next)
		if (!is_event(c))
			skip_other(c, out);
}
