/*
 * A flat array would be copied whole whenever one flag changes, because a snapshot
 * never does: five megabytes for a hundred thousand messages, fifty for a million,
 * once for each change and once more for every session that is not up to date.  In
 * chunks a change costs one of them, and comparing two snapshots passes over all
 * that they share.
 *
 * Chunks are full but where messages were taken out, so the chunk of a number is
 * the number's upper bits, or a little behind.
 */
#include "records.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM_FIRST = 8 };

static struct chunk *chunk_new(uint32_t room)
{
	struct chunk *c = mem_grow(NULL, 1, sizeof(*c) + room * sizeof(c->at[0]));

	atomic_init(&c->refs, 1);
	c->room = room;
	return c;
}

static void chunk_drop(struct chunk *c)
{
	if (atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}

static uint32_t begin_of(const struct records *r, uint32_t part)
{
	return part ? r->part[part - 1].end : 0;
}

static uint32_t length_of(const struct records *r, uint32_t part)
{
	return r->part[part].end - begin_of(r, part);
}

void records_init(struct records *r)
{
	memset(r, 0, sizeof(*r));
}

void records_release(struct records *r)
{
	for (uint32_t i = 0; i < r->parts; i++)
		chunk_drop(r->part[i].chunk);
	free(r->part);
	records_init(r);
}

void records_share(struct records *to, const struct records *from)
{
	*to = *from;
	to->cap = from->parts;
	to->part = NULL;
	if (from->parts == 0)
		return;
	to->part = mem_grow(NULL, from->parts, sizeof(*to->part));
	memcpy(to->part, from->part, from->parts * sizeof(*to->part));
	for (uint32_t i = 0; i < to->parts; i++)
		atomic_fetch_add(&to->part[i].chunk->refs, 1);
}

/* The part that record number `at` lies in. */
static uint32_t part_of(const struct records *r, uint32_t at)
{
	uint32_t low = at >> CHUNK_BITS, high = r->parts;

	assert(at < r->count);
	/* No part is longer than a chunk, so it is not before this one. */
	if (at < r->part[low].end)
		return low;
	while (low + 1 < high) {
		uint32_t middle = low + (high - low) / 2;

		if (at >= begin_of(r, middle))
			low = middle;
		else
			high = middle;
	}
	return low;
}

const struct record *records_at(const struct records *r, uint32_t at)
{
	uint32_t part = part_of(r, at);

	return &r->part[part].chunk->at[at - begin_of(r, part)];
}

uint32_t records_find(const struct records *r, uint32_t uid)
{
	uint32_t low = 0, high = r->parts, part;
	const struct record *at;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (r->part[middle].last < uid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == r->parts)
		return r->count;
	part = low;
	at = r->part[part].chunk->at;
	low = 0;
	high = length_of(r, part);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (at[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return begin_of(r, part) + low;
}

/* A chunk that nobody else has, with that much room. */
static struct chunk *own_part(struct records *r, uint32_t part, uint32_t room)
{
	struct chunk *c = r->part[part].chunk, *mine;

	if (atomic_load(&c->refs) == 1 && c->room >= room)
		return c;
	mine = chunk_new(room > c->room ? room : c->room);
	memcpy(mine->at, c->at, length_of(r, part) * sizeof(c->at[0]));
	r->part[part].chunk = mine;
	if (r->tail == c)
		r->tail = mine;
	chunk_drop(c);
	return mine;
}

struct record *records_own(struct records *r, uint32_t at)
{
	uint32_t part = part_of(r, at);

	return &own_part(r, part, 0)->at[at - begin_of(r, part)];
}

static void add_part(struct records *r, struct chunk *c, uint32_t count, uint32_t last)
{
	if (r->parts == r->cap) {
		r->cap = r->cap ? r->cap + r->cap / 2 + 1 : 1;
		r->part = mem_grow(r->part, r->cap, sizeof(*r->part));
	}
	r->count += count;
	r->part[r->parts++] = (struct part){ c, r->count, last };
}

/* Others may share the tail: what lies behind the records they know they never see. */
struct record *records_add(struct records *r, const struct record *add)
{
	uint32_t length = r->tail ? length_of(r, r->parts - 1) : CHUNK;
	struct chunk *c = r->tail;

	if (length == CHUNK) {
		c = r->tail = chunk_new(r->count ? CHUNK : ROOM_FIRST);
		add_part(r, c, 0, 0);
		length = 0;
	} else if (length == c->room) {
		c = own_part(r, r->parts - 1, length < CHUNK / 2 ? length * 2 : CHUNK);
	}
	c->at[length] = *add;
	r->part[r->parts - 1].end++;
	r->part[r->parts - 1].last = add->uid;
	r->count++;
	return &c->at[length];
}

struct record *records_room(struct records *r, uint32_t count)
{
	assert(count > 0 && count <= CHUNK);
	r->tail = chunk_new(CHUNK);
	add_part(r, r->tail, count, UINT32_MAX);
	return r->tail->at;
}

void records_filled(struct records *r)
{
	r->part[r->parts - 1].last = r->tail->at[length_of(r, r->parts - 1) - 1].uid;
}

/* Those with a name to the front; how many they are. */
static uint32_t sweep_part(struct records *r, uint32_t part)
{
	uint32_t length = length_of(r, part), kept = 0;
	struct record *at = r->part[part].chunk->at;

	while (kept < length && at[kept].name)
		kept++;
	if (kept == length)
		return length;
	at = own_part(r, part, 0)->at;
	for (uint32_t i = kept; i < length; i++) {
		if (at[i].name)
			at[kept++] = at[i];
	}
	return kept;
}

/* Small parts grow out of many expunges, and would make every search long. */
static void pack(struct records *r)
{
	struct records old = *r;

	records_init(r);
	for (uint32_t i = 0; i < old.count; i++)
		records_add(r, records_at(&old, i));
	records_release(&old);
}

void records_sweep(struct records *r, uint32_t first_uid, uint32_t last_uid)
{
	struct records kept;
	bool changed = false;

	records_init(&kept);
	for (uint32_t i = 0; i < r->parts; i++) {
		uint32_t length = length_of(r, i), count = length;

		if (r->part[i].chunk->at[0].uid <= last_uid && r->part[i].last >= first_uid)
			count = sweep_part(r, i);
		changed = changed || count < length;
		if (count > 0)
			add_part(&kept, r->part[i].chunk, count, r->part[i].chunk->at[count - 1].uid);
		else
			chunk_drop(r->part[i].chunk);
	}
	if (kept.parts > 0 && kept.part[kept.parts - 1].chunk == r->tail)
		kept.tail = r->tail;
	free(r->part);
	*r = kept;
	if (changed && r->count / (CHUNK / 2) + 1 < r->parts)
		pack(r);
}

uint32_t records_run(const struct records *r, uint32_t at, const struct record **first)
{
	uint32_t part = part_of(r, at);

	*first = &r->part[part].chunk->at[at - begin_of(r, part)];
	return r->part[part].end - at;
}

uint32_t records_same(const struct records *a, uint32_t at, const struct records *b, uint32_t bt)
{
	uint32_t part = part_of(a, at), other = part_of(b, bt), length, other_length;

	if (a->part[part].chunk != b->part[other].chunk || at != begin_of(a, part) ||
	    bt != begin_of(b, other))
		return 0;
	length = length_of(a, part);
	other_length = length_of(b, other);
	return length < other_length ? length : other_length;
}

void records_add_same(struct records *r, const struct records *from, uint32_t at, uint32_t count)
{
	struct chunk *c = from->part[part_of(from, at)].chunk;

	atomic_fetch_add(&c->refs, 1);
	add_part(r, c, count, c->at[count - 1].uid);
	r->tail = NULL;
}
