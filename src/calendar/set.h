#ifndef CALENDAR_SET_H
#define CALENDAR_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

/* What the calendar holds while one message is merged: the events of the feed, and
 * what was cancelled.  Everything lies in the arena; lane thread. */

/* A series, or one occurrence of it, that was cancelled: kept so that an older
 * request that comes late does not bring it back. */
struct tombstone {
	struct tombstone *next;
	struct slice uid;
	char occurrence[WHEN_TEXT];      /* event_key; "": all of it */
	int64_t sequence;
	char stamp[WHEN_TEXT];
	int64_t made;                    /* by our clock */
};

enum {
	/* A year: mail that is a year late does not come.  5,000: what a busy
	 * household's calendars cancel in a year, some times over. */
	TOMBSTONE_SECONDS = 366 * 86400,
	TOMBSTONES_MOST = 5000,
	SET_BUCKETS = 8192,
	SET_EVENTS_MOST = 20000,         /* twice what thirty years of a full diary come to */
};

struct set {
	struct event_source source;      /* of the feed's own text: object is NULL */
	struct event *buckets[SET_BUCKETS];
	struct tombstone *tombstones, **tombstones_end;
	size_t events, tombstone_count;
	unsigned steps_left;             /* of recur_has */
	int64_t now;
};

struct set *set_new(struct arena *a, struct zones *z, const char *const *attendees, int64_t now);
void set_add(struct set *s, struct event *e);
void set_remove(struct set *s, struct event *e);

/* All events, by UID; of one UID the series first, then by RECURRENCE-ID: one order
 * whatever order they came in.  In the arena. */
struct event **set_sorted(const struct set *s);

/* The first event of that UID in *at's chain, or the next. */
struct event *set_first(const struct set *s, struct slice uid);
struct event *set_next(const struct event *e);

const struct tombstone *set_tombstone(const struct set *s, struct slice uid,
				      const char *occurrence);
/* From a cancellation; the newer of two stays (false: that is the old one). */
bool set_bury(struct set *s, const struct event *cancel, const char *occurrence);
void set_unbury(struct set *s, struct slice uid, const char *occurrence);
void set_tombstone_add(struct set *s, const struct tombstone *t);

#endif
