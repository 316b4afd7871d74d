#ifndef CALENDAR_RECUR_H
#define CALENDAR_RECUR_H

#include <stdbool.h>

#include "event.h"

/* The recurrence set of a series (RFC 5545 3.8.5): which occurrences it has, and how
 * one is taken out or put in. */
enum recur_answer { RECUR_NO, RECUR_YES, RECUR_UNKNOWN };

/* How many occurrences and dates are looked at in one merge at most; past it the
 * answer is UNKNOWN.  A daily series of fifty years has 18,000. */
enum { RECUR_STEPS = 1000000 };

/* EXDATEs or RDATEs of one series: fourteen years of days. */
enum { RECUR_DATES = 5000 };

enum recur_answer recur_has(const struct event_source *s, const struct event *master,
			    const struct when *w, unsigned *steps_left);
bool recur_is_series(const struct event *master);

/* `count` times become EXDATEs in the form of DTSTART, and are RDATEs no more.  False:
 * no room for all.  `w` is put in that form too, and in order. */
bool recur_exclude(const struct event_source *s, struct event *master, struct when *w,
		   unsigned count);
/* EXDATEs at these times taken away; `w` as above. */
void recur_include(const struct event_source *s, struct event *master, struct when *w,
		   unsigned count);
/* One RDATE more, where there is room. */
void recur_add(const struct event_source *s, struct event *master, const struct when *w);

/* The series ends before `w`, if it does not anyhow: UNTIL in its rules, later RDATEs
 * dropped. */
void recur_end_before(const struct event_source *s, struct event *master, const struct when *w,
		      unsigned *steps_left);

#endif
