/*
 * Sets as sorted ranges.  A client names a mailbox of a hundred thousand
 * messages as "1:*", and that must cost eight bytes, not a bit or a word each.
 */
#include "store/uid_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void uid_set_init(struct uid_set *s)
{
	*s = (struct uid_set){ NULL, 0, 0 };
}

void uid_set_release(struct uid_set *s)
{
	free(s->ranges);
	uid_set_init(s);
}

void uid_set_copy(struct uid_set *to, const struct uid_set *from)
{
	struct uid_range *copy = NULL;

	if (from->count > 0) {
		copy = mem_array(from->count, sizeof(*copy));
		memcpy(copy, from->ranges, from->count * sizeof(*copy));
	}
	uid_set_release(to);
	*to = (struct uid_set){ copy, from->count, from->count };
}

/* The first range that ends at `uid` or after it. */
static size_t find(const struct uid_set *s, uint32_t uid)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->ranges[middle].last < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void make_room(struct uid_set *s)
{
	if (s->count < s->cap)
		return;
	s->cap = s->cap ? s->cap * 2 : 4;
	s->ranges = mem_grow(s->ranges, s->cap, sizeof(*s->ranges));
}

void uid_set_add(struct uid_set *s, uint32_t first, uint32_t last)
{
	size_t at, end;

	if (first > last) {
		uint32_t swap = first;

		first = last;
		last = swap;
	}
	/* Every range from `at` up to `end` touches the new one and joins it. */
	at = find(s, first ? first - 1 : 0);
	for (end = at; end < s->count; end++) {
		if (last != UINT32_MAX && s->ranges[end].first > last + 1)
			break;
	}
	if (at == end) {
		make_room(s);
		memmove(s->ranges + at + 1, s->ranges + at,
			(s->count - at) * sizeof(*s->ranges));
		s->ranges[at] = (struct uid_range){ first, last };
		s->count++;
		return;
	}
	if (s->ranges[at].first > first)
		s->ranges[at].first = first;
	s->ranges[at].last = s->ranges[end - 1].last > last ? s->ranges[end - 1].last : last;
	memmove(s->ranges + at + 1, s->ranges + end, (s->count - end) * sizeof(*s->ranges));
	s->count -= end - at - 1;
}

bool uid_set_has(const struct uid_set *s, uint32_t uid)
{
	size_t at = find(s, uid);

	return at < s->count && s->ranges[at].first <= uid;
}

void uid_set_add_all(struct uid_set *to, const struct uid_set *from)
{
	struct uid_set both;
	size_t i = 0, j = 0;

	uid_set_init(&both);
	while (i < to->count || j < from->count) {
		bool ours = j == from->count ||
			    (i < to->count && to->ranges[i].first <= from->ranges[j].first);
		const struct uid_range *r = ours ? &to->ranges[i++] : &from->ranges[j++];

		uid_set_add(&both, r->first, r->last);
	}
	uid_set_release(to);
	*to = both;
}

void uid_set_common(struct uid_set *out, const struct uid_set *a, const struct uid_set *b)
{
	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		const struct uid_range *x = &a->ranges[i], *y = &b->ranges[j];
		uint32_t first = x->first > y->first ? x->first : y->first;
		uint32_t last = x->last < y->last ? x->last : y->last;

		if (first <= last)
			uid_set_add(out, first, last);
		if (x->last < y->last)
			i++;
		else
			j++;
	}
}

uint64_t uid_set_size(const struct uid_set *s)
{
	uint64_t size = 0;

	for (size_t i = 0; i < s->count; i++)
		size += (uint64_t)s->ranges[i].last - s->ranges[i].first + 1;
	return size;
}

bool uid_set_print(struct buf *out, const struct uid_set *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct uid_range *r = &s->ranges[i];

		if (i > 0)
			buf_add_byte(out, ',');
		if (r->first == r->last)
			buf_printf(out, "%u", r->first);
		else
			buf_printf(out, "%u:%u", r->first, r->last);
	}
	return !out->overflow;
}
