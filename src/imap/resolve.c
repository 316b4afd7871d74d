/*
 * Sequence sets against a view.  A client may name a hundred thousand messages
 * ten thousand times over in one line; so ranges are sorted and merged before
 * anything is looked up, and what is done is bounded by the folder.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session.h"

static int by_first(const void *a, const void *b)
{
	const struct uid_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static void add_uids(const struct snapshot *view, struct uid_set *uids, uint32_t from, uint32_t to)
{
	for (uint32_t seq = from; seq <= to; seq++) {
		uint32_t uid = snapshot_uid(view, seq);

		uid_set_add(uids, uid, uid);
	}
}

/* A range with "*" put in its place; false: a number that is not there. */
static bool range_of_numbers(const struct snapshot *view, bool uid, struct uid_range *r)
{
	uint32_t count = snapshot_count(view);
	uint32_t star = count && uid ? snapshot_uid(view, count) : count;

	if (r->first == IMAP_STAR)
		r->first = star;
	if (r->last == IMAP_STAR)
		r->last = star;
	if (r->first > r->last)
		*r = (struct uid_range){ r->last, r->first };
	if (uid) {
		r->first = snapshot_seq_from(view, r->first);
		r->last = r->last == UINT32_MAX ? count : snapshot_seq_from(view, r->last + 1) - 1;
		return true;
	}
	return r->first >= 1 && r->last <= count;
}

/* "When a message listed in the search result variable is EXPUNGEd, it is
 * automatically removed from the list" (RFC 5182 2.1). */
static void resolve_saved(const struct imap_session *s, struct uid_set *uids)
{
	for (size_t i = 0; i < s->saved.count; i++) {
		const struct uid_range *r = &s->saved.ranges[i];
		uint32_t seq = snapshot_seq_from(s->view, r->first);
		uint32_t end = snapshot_seq_from(s->view, r->last + 1);

		if (seq < end)
			add_uids(s->view, uids, seq, end - 1);
	}
}

bool imap_set_resolve(const struct imap_session *s, const struct imap_set *set, bool uid,
		      struct uid_set *uids)
{
	struct uid_range *ranges;
	uint32_t next = 1;       /* numbers below it are in already */
	bool good = true;

	if (set->saved) {
		resolve_saved(s, uids);
		return true;
	}
	ranges = mem_array(set->count, sizeof(*ranges));
	for (size_t i = 0; i < set->count && good; i++) {
		ranges[i] = set->ranges[i];
		good = range_of_numbers(s->view, uid, &ranges[i]);
	}
	if (good)
		qsort(ranges, set->count, sizeof(*ranges), by_first);
	for (size_t i = 0; i < set->count && good; i++) {
		uint32_t from = ranges[i].first > next ? ranges[i].first : next;

		if (from > ranges[i].last)
			continue;
		add_uids(s->view, uids, from, ranges[i].last);
		next = ranges[i].last + 1;
	}
	free(ranges);
	return good;
}

void imap_set_known(const struct imap_set *set, uint32_t last, struct uid_set *uids)
{
	struct uid_range *ranges = mem_array(set->count ? set->count : 1, sizeof(*ranges));

	memcpy(ranges, set->ranges, set->count * sizeof(*ranges));
	qsort(ranges, set->count, sizeof(*ranges), by_first);
	for (size_t i = 0; i < set->count; i++) {
		uint32_t a = ranges[i].first < last ? ranges[i].first : last;
		uint32_t b = ranges[i].last < last ? ranges[i].last : last;

		/* What lies behind the last is none of them, but "*" is. */
		if (last && (ranges[i].first <= last || ranges[i].last == IMAP_STAR))
			uid_set_add(uids, a, b);
	}
	free(ranges);
}
