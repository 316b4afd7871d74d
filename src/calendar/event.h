#ifndef CALENDAR_EVENT_H
#define CALENDAR_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ics.h"
#include "when.h"
#include "zone.h"

/* What an event is read with. */
struct event_source {
	struct arena *arena;
	struct zones *zones;
	const struct ics_comp *object;   /* the VCALENDAR it stands in; NULL: our own feed */
	const char *const *attendees;    /* NULL ends */
	int64_t sent;                    /* what DTSTAMP is where none is given */
};

/* A VEVENT made strict: known properties only, each of its type, in one order, so
 * that reading what was written gives the same text again. */
struct event {
	struct event *next;              /* the set's */
	struct ics_comp *comp;
	struct slice uid;
	int64_t sequence;
	char stamp[WHEN_TEXT];           /* DTSTAMP, comparable as text */
	bool cancelled;                  /* STATUS:CANCELLED */
	bool has_start, has_recurrence;
	bool and_future;                 /* RANGE=THISANDFUTURE */
	struct when start, recurrence;   /* DTSTART, RECURRENCE-ID */
};

/* NULL: nothing that a calendar could show or an event be found by; *reason says
 * why.  A cancellation needs no DTSTART (RFC 5546 3.2.5): `bare` accepts that. */
struct event *event_read(const struct event_source *s, const struct ics_comp *vevent, bool bare,
			 const char **reason);

/* Reads the fields again after the component was changed. */
void event_refresh(const struct event_source *s, struct event *e);

/* By SEQUENCE, then DTSTAMP (RFC 5546 2.1.5): >0 when a is the newer. */
int event_newer(const struct event *a, const struct event *b);

/* RECURRENCE-ID as text that is the same however it was written: UTC where it is a
 * moment, else as it stands.  "": none. */
void event_key(const struct event *e, char out[WHEN_TEXT]);

/* A property of dates, in the form and zone of `w`. */
struct ics_prop *event_set_when(struct arena *a, struct ics_comp *c, const char *name,
				const struct when *w);
/* The items of a list of dates (EXDATE, RDATE; a PERIOD gives its start); *at is
 * NULL to start.  False: no more. */
struct event_dates {
	const char *name;
	const struct ics_prop *prop;
	struct slice rest;
	bool begun;
};
bool event_date_next(struct zones *z, const struct ics_comp *c, struct event_dates *at,
		     struct when *w, struct slice *item);

#endif
