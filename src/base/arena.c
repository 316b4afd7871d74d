/*
 * Why blocks in a chain rather than one region that grows: what was given out
 * must not move.  Blocks start small, because a thousand idle sessions own one
 * each, and double, so that a large command needs few of them.
 *
 * The ceiling counts the bytes that were asked for, without padding: whoever
 * has seen room for a sum may then take the parts in any number of pieces.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	BLOCK_FIRST = 1024,             /* what an idle owner keeps */
	BLOCK_MOST = 64 * 1024,         /* doubling further only wastes the rest */
	BLOCK_OWN = BLOCK_MOST / 4,     /* larger pieces get a block to themselves */
	ALIGNMENT = alignof(max_align_t)
};

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *blocks;           /* the first is the one being filled */
	size_t ceiling, used, next_size;
};

struct arena *arena_new(size_t ceiling)
{
	struct arena *a = mem_alloc(sizeof(*a));

	a->ceiling = ceiling;
	a->next_size = BLOCK_FIRST;
	return a;
}

static void free_chain(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	free_chain(a->blocks);
	free(a);
}

void arena_clear(struct arena *a)
{
	struct block *kept = a->blocks;

	/* The oldest block is the smallest, and the one worth keeping. */
	while (kept && kept->next) {
		struct block *next = kept->next;

		free(kept);
		kept = next;
	}
	if (kept && kept->size > BLOCK_FIRST) {
		free(kept);
		kept = NULL;
	}
	if (kept)
		kept->used = 0;
	a->blocks = kept;
	a->used = 0;
	a->next_size = kept ? 2 * BLOCK_FIRST : BLOCK_FIRST;
}

size_t arena_room(const struct arena *a)
{
	return a->ceiling - a->used;
}

static struct block *block_new(size_t size)
{
	struct block *b;

	assert(size <= SIZE_MAX - sizeof(*b));
	b = mem_grow(NULL, sizeof(*b) + size, 1);
	b->next = NULL;
	b->used = 0;
	b->size = size;
	return b;
}

/* A piece that starts on a fresh block. */
static char *take_new(struct arena *a, size_t size)
{
	struct block *b;

	if (size > BLOCK_OWN && a->blocks) {
		b = block_new(size);
		b->next = a->blocks->next;      /* behind the one being filled */
		a->blocks->next = b;
	} else {
		b = block_new(size > a->next_size ? size : a->next_size);
		b->next = a->blocks;
		a->blocks = b;
		if (a->next_size < BLOCK_MOST)
			a->next_size *= 2;
	}
	b->used = size;
	return b->data;
}

static char *take(struct arena *a, size_t size, size_t alignment)
{
	struct block *b = a->blocks;
	size_t start;

	assert(size <= arena_room(a));
	a->used += size;
	if (!b)
		return take_new(a, size);
	start = (b->used + alignment - 1) / alignment * alignment;
	if (start > b->size || size > b->size - start)
		return take_new(a, size);
	b->used = start + size;
	return b->data + start;
}

void *arena_get(struct arena *a, size_t size)
{
	char *p = take(a, size, ALIGNMENT);

	if (size)
		memset(p, 0, size);
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	assert(size == 0 || count <= SIZE_MAX / size);
	return arena_get(a, count * size);
}

char *arena_string(struct arena *a, struct slice s)
{
	char *text;

	assert(s.len < SIZE_MAX);
	text = take(a, s.len + 1, 1);
	if (s.len)
		memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	return text;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
	char *at;

	if (s.len == 0)
		return SLICE("");
	at = take(a, s.len, 1);
	memcpy(at, s.at, s.len);
	return slice_make(at, s.len);
}
