#ifndef TESTS_CALENDAR_RIG_H
#define TESTS_CALENDAR_RIG_H

/* A set of events in memory, for the tests of what is done to it.  Include behind
 * cmocka.h. */
#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

#include "../../src/calendar/feed.h"
#include "../../src/calendar/merge.h"
#include "base/mem.h"

struct rig {
	struct arena *arena;
	struct zones *zones;
	struct set *set;
	struct decisions last;
};

static const char *const rig_attendees[] = { "admin@example.com", "secretary@example.com", NULL };

enum { RIG_NOW = 1710000000, RIG_EVENTS = 100 };

static inline void rig_init(struct rig *r)
{
	icalerror_set_errors_are_fatal(0);
	r->arena = arena_new(256 * 1024 * 1024);
	r->zones = zones_new(r->arena);
	r->set = set_new(r->arena, r->zones, rig_attendees, RIG_NOW);
	decisions_init(&r->last, r->arena, RIG_EVENTS);
}

static inline void rig_release(struct rig *r)
{
	zones_free(r->zones);
	arena_free(r->arena);
	icalmemory_free_ring();
}

static inline struct ics_comp *rig_parse(struct rig *r, const char *text)
{
	struct buf lines;
	struct ics_comp *root;

	buf_init(&lines, 64 * 1024 * 1024);
	assert_true(ics_unfold(&lines, slice_of(text)));
	root = ics_parse(r->arena, arena_copy(r->arena, buf_slice(&lines)), 1000000);
	buf_release(&lines);
	return root;
}

/* One object; lines end in LF.  The outcome of its last decision. */
static inline enum calendar_outcome rig_object(struct rig *r, const char *text)
{
	struct ics_comp *root = rig_parse(r, text);

	decisions_init(&r->last, r->arena, RIG_EVENTS);
	for (struct ics_comp *c = root->children; c; c = c->next)
		merge_object(r->set, c, SLICE(""), RIG_NOW, &r->last);
	return r->last.count ? r->last.at[r->last.count - 1].outcome : CALENDAR_FAILED;
}

/* One VEVENT of these lines, sent with that method ("": none). */
static inline enum calendar_outcome rig_send(struct rig *r, const char *method, const char *lines)
{
	char *text = mem_printf("BEGIN:VCALENDAR\nVERSION:2.0\n%s%s%sBEGIN:VEVENT\n%sEND:VEVENT\n"
				"END:VCALENDAR\n", method[0] ? "METHOD:" : "", method,
				method[0] ? "\n" : "", lines);
	enum calendar_outcome outcome = rig_object(r, text);

	free(text);
	return outcome;
}

/* The feed as text (free), which must be without fault. */
static inline char *rig_feed(struct rig *r)
{
	struct buf out;
	const char *fault;

	buf_init(&out, FEED_BYTES);
	assert_true(feed_write(&out, r->set, SLICE("test")));
	fault = feed_fault(buf_slice(&out), r->set->events);
	if (fault)
		fail_msg("%s in:\n%.*s", fault, (int)out.len, out.data);
	return buf_take_string(&out);
}

static inline void rig_has(struct rig *r, const char *needle)
{
	char *feed = rig_feed(r);

	if (!strstr(feed, needle))
		fail_msg("no \"%s\" in:\n%s", needle, feed);
	free(feed);
}

static inline void rig_lacks(struct rig *r, const char *needle)
{
	char *feed = rig_feed(r);

	if (strstr(feed, needle))
		fail_msg("\"%s\" is in:\n%s", needle, feed);
	free(feed);
}

static inline unsigned rig_count(struct rig *r, const char *needle)
{
	char *feed = rig_feed(r);
	unsigned n = 0;

	for (const char *at = feed; (at = strstr(at, needle)); at++)
		n++;
	free(feed);
	return n;
}

#endif
