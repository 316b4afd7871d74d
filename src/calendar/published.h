#ifndef CALENDAR_PUBLISHED_H
#define CALENDAR_PUBLISHED_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "calendar/calendar.h"

/* One feed as it was written, counted.  Made on any thread, held and dropped on the
 * loop's. */
struct published {
	struct calendar_feed feed;
	unsigned holders;
	struct buf ics, gzip, state;     /* state: calendar.state that belongs to it */
	char etag[64], etag_gzip[64];
	/* The file, to notice another hand in it. */
	dev_t dev;
	ino_t ino;
	struct timespec mtime;
};

/* Takes the bytes of both; held once.  `path`: the file they were written to. */
struct published *published_new(struct buf *ics, struct buf *state, unsigned events,
				const char *path);
void published_drop(struct published *p);        /* NULL is fine */
struct published *published_of(const struct calendar_feed *feed);

/* The file at path is still the one that was published. */
bool published_is_at(const struct published *p, const char *path);

#endif
