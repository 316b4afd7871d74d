/*
 * Texts by the hundred.  Asked for one by one, each costs a transaction of the index (its
 * locks are system calls) and a turn at the one connection that all readers share; that
 * was most of the time of a FETCH of all envelopes.
 *
 * How many are read grows with each question that goes on where the one before ended, so
 * that whoever wants a single message is not made to wait for a hundred.
 */
#include "ahead.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
	FIRST = 4, MOST = 256,           /* messages */
	BYTES_MAX = 1024 * 1024,         /* texts of one question; at least one message's come */
	ROW_MAX = INDEX_TEXTS * 256 * 1024,
	/* UIDs that are not there, or were not asked for, in what is still a row. */
	GAP = 64,
};

struct ahead_row {
	uint32_t uid;
	uint32_t at[INDEX_TEXTS], len[INDEX_TEXTS];
};

void ahead_init(struct ahead *a)
{
	*a = (struct ahead){ .most = FIRST };
	buf_init(&a->bytes, BYTES_MAX + ROW_MAX);
}

void ahead_release(struct ahead *a)
{
	free(a->rows);
	buf_release(&a->bytes);
}

static bool note(void *ctx, uint32_t uid, const struct slice texts[INDEX_TEXTS])
{
	struct ahead *a = ctx;
	struct ahead_row *row = &a->rows[a->count++];

	*row = (struct ahead_row){ .uid = uid };
	for (size_t i = 0; i < INDEX_TEXTS; i++) {
		row->at[i] = (uint32_t)a->bytes.len;
		if (buf_add(&a->bytes, texts[i]))
			row->len[i] = (uint32_t)texts[i].len;
	}
	return a->bytes.len < BYTES_MAX;
}

static void read_on(struct ahead *a, struct index *ix, int64_t folder, uint32_t uid)
{
	if (!a->rows)
		a->rows = mem_array(MOST, sizeof(*a->rows));
	if (a->from && uid > a->to && uid - a->to <= GAP)
		a->most = 2 * a->most < MOST ? 2 * a->most : MOST;
	else
		a->most = FIRST;
	a->count = a->at = 0;
	buf_clear(&a->bytes);
	index_texts(ix, folder, uid, a->most, a->wanted, note, a);
	a->from = uid;
	/* Of those behind the last, nothing is known; of as many as were wanted, that they
	 * have none. */
	a->to = a->count ? a->rows[a->count - 1].uid : uid;
	if (a->count < a->most && a->bytes.len < BYTES_MAX && a->to < uid + (a->most - 1))
		a->to = uid + (a->most - 1);
}

struct slice ahead_text(struct ahead *a, struct index *ix, int64_t folder, uint32_t uid,
			unsigned which)
{
	const struct ahead_row *row;

	if (!(a->wanted & 1u << which))
		a->from = 0;
	a->wanted |= 1u << which;
	if (!a->from || uid < a->from || uid > a->to)
		read_on(a, ix, folder, uid);
	if (a->at >= a->count || a->rows[a->at].uid > uid)
		a->at = 0;
	while (a->at < a->count && a->rows[a->at].uid < uid)
		a->at++;
	if (a->at == a->count || a->rows[a->at].uid != uid)
		return SLICE("");
	row = &a->rows[a->at];
	return slice_make(a->bytes.data + row->at[which], row->len[which]);
}
