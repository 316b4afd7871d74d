/*
 * A hundred thousand messages are a hundred thousand names of sixty bytes.  With
 * an allocation each they would cost half as much again, and could not be shared
 * with snapshots without counting each.
 */
#include "names.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct kept {
	struct kept *next;
	void *memory;
};

struct names {
	atomic_uint refs;
	char **blocks;
	uint32_t count, cap, used;       /* used: of the last block */
	uint32_t whole;                  /* the first so many are one piece of memory, kept */
	struct kept *kept;               /* outgrown lists of blocks, arrays */
};

static void *keep(struct names *n, void *memory)
{
	struct kept *k = mem_alloc(sizeof(*k));

	k->memory = memory;
	k->next = n->kept;
	n->kept = k;
	return memory;
}

struct names *names_new(void)
{
	struct names *n = mem_alloc(sizeof(*n));

	atomic_init(&n->refs, 1);
	n->cap = 4;
	n->blocks = keep(n, mem_array(n->cap, sizeof(*n->blocks)));
	n->blocks[0] = mem_alloc(NAMES_BLOCK);
	n->count = 1;
	n->used = 1;                     /* the empty name */
	return n;
}

struct names *names_of_blocks(uint32_t count, uint32_t used)
{
	struct names *n = mem_alloc(sizeof(*n));
	char *slab = keep(n, mem_array(count, NAMES_BLOCK));

	assert(count > 0);
	atomic_init(&n->refs, 1);
	n->count = n->cap = n->whole = count;
	n->used = used;
	n->blocks = keep(n, mem_array(n->cap, sizeof(*n->blocks)));
	for (uint32_t i = 0; i < count; i++)
		n->blocks[i] = slab + (size_t)i * NAMES_BLOCK;
	return n;
}

uint32_t names_blocks(const struct names *n)
{
	return n->count;
}

uint32_t names_used(const struct names *n)
{
	return n->used;
}

char *names_block(const struct names *n, uint32_t i)
{
	return n->blocks[i];
}

struct names *names_hold(struct names *n)
{
	atomic_fetch_add(&n->refs, 1);
	return n;
}

void names_drop(struct names *n)
{
	if (!n || atomic_fetch_sub(&n->refs, 1) != 1)
		return;
	for (uint32_t i = n->whole; i < n->count; i++)
		free(n->blocks[i]);
	while (n->kept) {
		struct kept *k = n->kept;

		n->kept = k->next;
		free(k->memory);
		free(k);
	}
	free(n);
}

static void add_block(struct names *n)
{
	if (n->count == n->cap) {
		char **more = mem_array((size_t)n->cap * 2, sizeof(*more));

		memcpy(more, n->blocks, n->count * sizeof(*more));
		n->cap *= 2;
		n->blocks = keep(n, more);
	}
	n->blocks[n->count++] = mem_alloc(NAMES_BLOCK);
	n->used = 0;
}

uint32_t names_add(struct names *n, const char *text)
{
	size_t size = strlen(text) + 1;
	uint32_t at;

	assert(size <= NAMES_BLOCK);
	if (size == 1)
		return 0;
	if (n->used + size > NAMES_BLOCK)
		add_block(n);
	assert(n->count < UINT32_MAX >> NAMES_BLOCK_BITS);
	at = (n->count - 1) << NAMES_BLOCK_BITS | n->used;
	memcpy(n->blocks[n->count - 1] + n->used, text, size);
	n->used += (uint32_t)size;
	return at;
}

const char **names_array(struct names *n, size_t count)
{
	return keep(n, mem_array(count ? count : 1, sizeof(const char *)));
}

names_view names_now(const struct names *n)
{
	return n->blocks;
}

const char *names_at(names_view v, uint32_t at)
{
	return v[at >> NAMES_BLOCK_BITS] + (at & (NAMES_BLOCK - 1));
}

size_t names_bytes(const struct names *n)
{
	return (size_t)n->count << NAMES_BLOCK_BITS;
}
