#ifndef CALENDAR_MERGE_H
#define CALENDAR_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "calendar/calendar.h"
#include "ics.h"
#include "set.h"

/*
 * An invitation put into a set (RFC 5546).  Pure: memory only, no clock but the
 * set's, so that the same messages give the same set.
 */
struct decision {
	enum calendar_outcome outcome;
	const char *reason;              /* NULL: nothing to add */
	struct slice uid;                /* empty: of no event */
	char occurrence[WHEN_TEXT];      /* "": the series */
	char stamp[WHEN_TEXT];
	int64_t sequence, was;           /* was: what was there before; -1: nothing */
	bool buried;                     /* a cancellation that is kept in mind */
};

/* One message's: more than one object may add to it. */
struct decisions {
	struct decision *at;             /* in the arena */
	unsigned count, most;
	unsigned left_out;               /* events past the ceiling */
};

void decisions_init(struct decisions *d, struct arena *a, unsigned most);
enum calendar_outcome decisions_outcome(const struct decisions *d);      /* the most telling */

/* All events of one VCALENDAR (or of a nameless root without one).  `method` is what
 * the message's header says, for an object that does not say; `sent` its date. */
void merge_object(struct set *set, const struct ics_comp *object, struct slice method,
		  int64_t sent, struct decisions *out);

#endif
