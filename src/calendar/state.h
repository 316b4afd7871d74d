#ifndef CALENDAR_STATE_H
#define CALENDAR_STATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "set.h"

/* calendar.state, beside calendar.ics: what was cancelled, and by which digest the
 * feed is known as ours.  Lost, it costs no more than a late older request that
 * comes back.  Text, one line each; lines that cannot be read are passed over. */
enum {
	STATE_BYTES = 8 * 1024 * 1024,   /* TOMBSTONES_MOST of the longest UIDs */
	STATE_DIGEST = 40,
};

/* "16 hex digits-length": of a feed's text. */
void state_digest(char out[STATE_DIGEST], struct slice feed);

bool state_write(struct buf *out, const struct set *s, struct slice feed);
void state_read(struct set *s, struct slice state);
bool state_knows(struct slice state, struct slice feed);

#endif
