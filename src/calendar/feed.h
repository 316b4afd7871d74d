#ifndef CALENDAR_FEED_H
#define CALENDAR_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "set.h"

/* The set as text and back (RFC 5545, RFC 7986). */

enum {
	/* A client reads the whole feed at each refresh; 20,000 events of 500 bytes
	 * are a third of this. */
	FEED_BYTES = 32 * 1024 * 1024,
	FEED_LINES = 2000000,
};

/* The longest feed as lines takes some ten times its text, and what a message adds is
 * small beside it. */
#define FEED_ARENA ((size_t)1024 * 1024 * 1024)

/* What another program wrote there: each event is read as if it had come by mail. */
enum feed_trust { FEED_OURS, FEED_FOREIGN };

/* Fills an empty set.  False: FEED_OURS is not what we write; or nothing could be
 * read of a foreign one.  *refused counts events that were left out. */
bool feed_read(struct set *s, struct slice text, enum feed_trust trust, unsigned *refused);

/* The whole feed, named `name`.  False: past FEED_BYTES. */
bool feed_write(struct buf *out, const struct set *s, struct slice name);

/* Reads the text again in full, as its readers will: by line (lengths, ends, UTF-8,
 * each TZID defined) and by libical.  NULL: good; else what is wrong. */
const char *feed_fault(struct slice text, size_t events);

#endif
