#ifndef CALENDAR_SHELF_H
#define CALENDAR_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "merge.h"
#include "published.h"

/* The blocking half of the calendar: folder/calendar.ics and what a message does to
 * it.  One thread at a time. */
struct shelf {
	char *folder, *path, *name;      /* path: calendar.ics; name: what clients show */
	char **attendees;                /* NULL ends */
	unsigned max_events;
	uint64_t message_max;
};

void shelf_init(struct shelf *s, const struct calendar_options *o);
void shelf_release(struct shelf *s);

/* What lies there, or an empty feed written new.  A file that is not as we wrote it
 * is kept as calendar.ics.broken-<time>, and what can be read of it goes on.
 * NULL: the disk; errno. */
struct published *shelf_load(const struct shelf *s);

/* While a message is worked on its name has one SHELF_TRIED more at its end, so that one
 * that ends the program is known by its name. */
#define SHELF_TRIED '~'

/* Merges the message at `path`, written on what `base` holds, and unlinks it when it
 * is done with.  *made: the new feed, durable; NULL: nothing changed. */
enum calendar_outcome shelf_import(const struct shelf *s, const struct published *base,
				   const char *path, struct published **made);

#endif
