/*
 * Why the set is made from the feed's text for each message and thrown away behind
 * it: the file is the truth, an idle daemon holds no copy of it, and reading ten
 * thousand events back takes some milliseconds.
 */
#include "set.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "recur.h"

struct set *set_new(struct arena *a, struct zones *z, const char *const *attendees, int64_t now)
{
	struct set *s = arena_get(a, sizeof(*s));

	s->source.arena = a;
	s->source.zones = z;
	s->source.attendees = attendees;
	s->source.sent = now;
	s->now = now;
	s->steps_left = RECUR_STEPS;
	s->tombstones_end = &s->tombstones;
	return s;
}

static struct event **bucket(struct set *s, struct slice uid)
{
	return &s->buckets[hash_keyed(uid) % SET_BUCKETS];
}

void set_add(struct set *s, struct event *e)
{
	struct event **at = bucket(s, e->uid);

	e->next = *at;
	*at = e;
	s->events++;
}

void set_remove(struct set *s, struct event *e)
{
	struct event **at = bucket(s, e->uid);

	while (*at && *at != e)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = e->next;
	s->events--;
}

struct event *set_first(const struct set *s, struct slice uid)
{
	struct event *e = s->buckets[hash_keyed(uid) % SET_BUCKETS];

	while (e && !slice_equal(e->uid, uid))
		e = e->next;
	return e;
}

struct event *set_next(const struct event *e)
{
	struct event *n = e->next;

	while (n && !slice_equal(n->uid, e->uid))
		n = n->next;
	return n;
}

static int by_name(const void *x, const void *y)
{
	const struct event *a = *(struct event *const *)x, *b = *(struct event *const *)y;
	size_t n = a->uid.len < b->uid.len ? a->uid.len : b->uid.len;
	int order = n ? memcmp(a->uid.at, b->uid.at, n) : 0;
	char p[WHEN_TEXT], q[WHEN_TEXT];

	if (order == 0 && a->uid.len != b->uid.len)
		order = a->uid.len < b->uid.len ? -1 : 1;
	if (order)
		return order;
	event_key(a, p);
	event_key(b, q);
	return strcmp(p, q);
}

struct event **set_sorted(const struct set *s)
{
	struct event **all = arena_array(s->source.arena, s->events + 1, sizeof(struct event *));
	size_t n = 0;

	for (size_t i = 0; i < SET_BUCKETS; i++)
		for (struct event *e = s->buckets[i]; e; e = e->next)
			all[n++] = e;
	qsort(all, n, sizeof(*all), by_name);
	return all;
}

static struct tombstone **find(struct set *s, struct slice uid, const char *occurrence)
{
	struct tombstone **at = &s->tombstones;

	while (*at && !(slice_equal((*at)->uid, uid) && strcmp((*at)->occurrence, occurrence) == 0))
		at = &(*at)->next;
	return at;
}

const struct tombstone *set_tombstone(const struct set *s, struct slice uid,
				      const char *occurrence)
{
	const struct tombstone *t = s->tombstones;

	while (t && !(slice_equal(t->uid, uid) && strcmp(t->occurrence, occurrence) == 0))
		t = t->next;
	return t;
}

void set_unbury(struct set *s, struct slice uid, const char *occurrence)
{
	struct tombstone **at = find(s, uid, occurrence);
	struct tombstone *gone = *at;

	if (!gone)
		return;
	*at = gone->next;
	if (s->tombstones_end == &gone->next)
		s->tombstones_end = at;
	s->tombstone_count--;
}

void set_tombstone_add(struct set *s, const struct tombstone *t)
{
	struct tombstone *copy;

	if (t->made < s->now - TOMBSTONE_SECONDS || set_tombstone(s, t->uid, t->occurrence))
		return;
	while (s->tombstone_count >= TOMBSTONES_MOST)
		set_unbury(s, s->tombstones->uid, s->tombstones->occurrence);
	copy = arena_get(s->source.arena, sizeof(*copy));
	*copy = *t;
	copy->next = NULL;
	copy->uid = arena_copy(s->source.arena, t->uid);
	*s->tombstones_end = copy;
	s->tombstones_end = &copy->next;
	s->tombstone_count++;
}

bool set_bury(struct set *s, const struct event *cancel, const char *occurrence)
{
	const struct tombstone *old = set_tombstone(s, cancel->uid, occurrence);
	struct tombstone t = { .uid = cancel->uid, .sequence = cancel->sequence, .made = s->now };

	if (old && (old->sequence > t.sequence ||
		    (old->sequence == t.sequence && strcmp(old->stamp, cancel->stamp) >= 0)))
		return false;
	memcpy(t.occurrence, occurrence, strlen(occurrence) + 1);
	memcpy(t.stamp, cancel->stamp, sizeof(t.stamp));
	set_unbury(s, cancel->uid, occurrence);
	set_tombstone_add(s, &t);
	return true;
}
