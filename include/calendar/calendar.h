#ifndef CALENDAR_CALENDAR_H
#define CALENDAR_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct lane;
struct loop;

/*
 * calendar.ics and the invitations merged into it (RFC 5545, 5546, 6047).
 *
 *   message file -> extract (which parts) -> merge (pure) -> zone, feed (strict
 *   re-emission, parsed again before it replaces the old one) -> rename
 *
 * One lane thread, and one message at a time, so invitations merge in the order
 * they came.  The loop thread only ever sees finished feeds.
 *
 * In the folder: calendar.ics, the truth; calendar.state (what was cancelled, for a
 * year; the feed's digest), which may be lost; pending/, messages still to be merged
 * (and one that ended the program twenty times, which is left there).
 */
struct calendar;

struct calendar_options {
	struct loop *loop;
	struct lane *lane;               /* one thread */
	const char *folder;              /* MAILFOLDER/webcal: made when missing */
	const char *const *attendees;    /* "admin@example.com", "secretary@example.com"; NULL ends */
	unsigned max_events;             /* WEBCAL_MAX_EVENTS, of one message */
	uint64_t message_max;            /* bytes read of one message */
};

/* Reads folder/calendar.ics, or publishes an empty one.  One that is not as it was
 * written (damaged, edited, another program's) is kept aside as
 * calendar.ics.broken-<time>, and each event that can be read goes on.  Takes up
 * again what lies in folder/pending from before a crash.  Blocking: for the start.
 * NULL: `error`. */
struct calendar *calendar_open(const struct calendar_options *o, char *error, size_t error_size);
/* After its lane has been drained (lane_free), which merges what still waits. */
void calendar_close(struct calendar *c);

/* A path in folder/pending that no other message has, for spool_commit's link_path:
 * the message waits there from before its 250 until it has been merged, so that a
 * crash forgets no invitation. */
void calendar_pending_path(struct calendar *c, char *out, size_t size);

enum calendar_outcome {
	CALENDAR_ADDED,
	CALENDAR_UPDATED,
	CALENDAR_CANCELLED,      /* an event or one occurrence removed */
	CALENDAR_STALE,          /* older than what is there */
	CALENDAR_IGNORED,        /* nothing for a calendar in it, or a REPLY and the like */
	CALENDAR_FAILED,         /* could not be read or written; logged */
};

/* Merges the message at `path` (in the pending folder; removed when done, kept
 * when the disk failed) and logs one line an event.  Loop thread; the work is on
 * the lane.  `fn` may be NULL; it comes on the loop thread with the most telling
 * outcome, when the feed is durable and published.  A message that failed is tried
 * again some minutes later and at the next start; so is one past the 10,000 that may
 * wait, for which `fn` is called at once. */
typedef void calendar_fn(void *owner, enum calendar_outcome outcome);
void calendar_import(struct calendar *c, const char *path, calendar_fn *fn, void *owner);

/* The feed as last written: immutable, counted, ready to send.  Loop thread. */
struct calendar_feed {
	struct slice ics;                /* text/calendar; charset=utf-8, CRLF */
	struct slice gzip;               /* the same, compressed */
	const char *etag;                /* strong, with its quotes; of the identity form */
	const char *etag_gzip;
	int64_t modified;                /* seconds since 1970 */
	unsigned events;
};
const struct calendar_feed *calendar_feed_hold(struct calendar *c);
void calendar_feed_drop(const struct calendar_feed *feed);       /* NULL is fine */

#endif
