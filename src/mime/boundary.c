/*
 * Which of the open boundaries a line is.  To compare the line with each of them
 * is simplest, and was measured: a hundred nested multiparts and a body of lines
 * that nearly match came to 17 MB/s, on the thread that serves everybody.  So
 * the line is hashed once, from its start, and at each length that some open
 * boundary has, the hash so far is looked up.
 */
#include "boundary.h"

#include "base/hash.h"

static const uint64_t FACTOR = UINT64_C(0x100000001b3);

static uint64_t hash_more(uint64_t h, char c)
{
	return (h ^ (unsigned char)c) * FACTOR;
}

static unsigned bucket_of(uint64_t hash)
{
	return (unsigned)(hash >> 32 ^ hash) % BOUNDARY_BUCKETS;
}

void boundary_open(struct boundary_set *set, struct slice text, unsigned depth)
{
	struct boundary *b = &set->stack[set->count];
	size_t below = set->count ? b[-1].longest : 0;

	/* RFC 2046 5.1.1: a boundary does not end in a blank. */
	while (text.len && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	if (!text.len || text.len > BOUNDARY_MOST)
		return;
	*b = (struct boundary){ .text = text, .hash = HASH_START, .depth = depth };
	for (size_t i = 0; i < text.len; i++)
		b->hash = hash_more(b->hash, text.at[i]);
	b->longest = text.len > below ? text.len : below;
	b->next = set->bucket[bucket_of(b->hash)];
	set->bucket[bucket_of(b->hash)] = ++set->count;
	set->of_length[text.len]++;
}

void boundary_close(struct boundary_set *set, unsigned depth)
{
	struct boundary *b;

	if (!set->count || set->stack[set->count - 1].depth != depth)
		return;
	b = &set->stack[--set->count];
	set->bucket[bucket_of(b->hash)] = b->next;
	set->of_length[b->text.len]--;
}

/* The innermost that is exactly `text`. */
static const struct boundary *look_up(const struct boundary_set *set, struct slice text,
				      uint64_t hash)
{
	for (unsigned i = set->bucket[bucket_of(hash)]; i; i = set->stack[i - 1].next)
		if (set->stack[i - 1].hash == hash && slice_equal(set->stack[i - 1].text, text))
			return &set->stack[i - 1];
	return NULL;
}

static bool is_closing(struct slice behind)
{
	return behind.len >= 2 && behind.at[0] == '-' && behind.at[1] == '-';
}

/* Nothing but blanks, or "--" and blanks, behind the boundary. */
static bool is_whole(struct slice behind)
{
	return slice_trim(slice_from(behind, is_closing(behind) ? 2 : 0)).len == 0;
}

bool boundary_find(const struct boundary_set *set, struct slice line, unsigned *depth,
		   bool *closing)
{
	const struct boundary *best = NULL, *b;
	uint64_t hash = HASH_START;
	bool best_whole = false;
	size_t most;

	if (!set->count || line.len < 3 || line.at[0] != '-' || line.at[1] != '-')
		return false;
	line = slice_from(line, 2);
	most = set->stack[set->count - 1].longest;
	for (size_t n = 1; n <= most && n <= line.len; n++) {
		bool whole;

		hash = hash_more(hash, line.at[n - 1]);
		if (!set->of_length[n])
			continue;
		b = look_up(set, slice_head(line, n), hash);
		if (!b)
			continue;
		whole = is_whole(slice_from(line, n));
		if (best && best_whole && (!whole || b->depth < best->depth))
			continue;
		best = b;
		best_whole = whole;
	}
	if (!best)
		return false;
	*depth = best->depth;
	*closing = is_closing(slice_from(line, best->text.len));
	return true;
}
