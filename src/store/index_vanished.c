/*
 * The index's rows of what was removed.  A client that comes back with the modseq it
 * saw last is told which messages went since (RFC 7162 3.2.5.1), from ranges of UIDs
 * in tables of their own, so that a folder's row and a message's stay as they are.
 */
#include "index_private.h"

/* What a folder begins with. */
enum { MODSEQ_FIRST = 1 };

static sqlite3_stmt *of_folder(struct index *ix, enum statement which, int64_t folder)
{
	sqlite3_stmt *st = index_statement(ix, which);

	if (st)
		sqlite3_bind_int64(st, 1, folder);
	return st;
}

bool index_history_get(struct index *ix, int64_t folder, struct index_history *h)
{
	sqlite3_stmt *st = of_folder(ix, S_HISTORY_GET, folder);
	bool ok;

	*h = (struct index_history){ .floor = MODSEQ_FIRST };
	if (!st)
		return false;
	if (!index_row(ix, st, &ok))
		return ok;
	h->floor = (uint64_t)sqlite3_column_int64(st, 0);
	h->ranges = (uint64_t)sqlite3_column_int64(st, 1);
	sqlite3_reset(st);
	return true;
}

bool index_history_put(struct index *ix, int64_t folder, const struct index_history *h)
{
	sqlite3_stmt *st = of_folder(ix, S_HISTORY_PUT, folder);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 2, (int64_t)h->floor);
	sqlite3_bind_int64(st, 3, (int64_t)h->ranges);
	return index_run(ix, st);
}

bool index_history_delete(struct index *ix, int64_t folder)
{
	sqlite3_stmt *st = of_folder(ix, S_VANISHED_DROP, folder);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 2, INT64_MAX);
	return index_run(ix, st) && index_run(ix, of_folder(ix, S_HISTORY_DELETE, folder));
}

bool index_vanished_add(struct index *ix, int64_t folder, uint64_t modseq, uint32_t first,
			uint32_t last)
{
	sqlite3_stmt *st = of_folder(ix, S_VANISHED_ADD, folder);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 2, (int64_t)modseq);
	sqlite3_bind_int64(st, 3, first);
	sqlite3_bind_int64(st, 4, last);
	return index_run(ix, st);
}

bool index_vanished_since(struct index *ix, int64_t folder, uint64_t modseq, index_range_fn *fn,
			  void *ctx)
{
	sqlite3_stmt *st = of_folder(ix, S_VANISHED_SINCE, folder);
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 2, (int64_t)modseq);
	while (index_row(ix, st, &ok)) {
		int64_t first = sqlite3_column_int64(st, 0), last = sqlite3_column_int64(st, 1);

		if (first < 1 || last < first || last >= UINT32_MAX) {
			sqlite3_reset(st);
			index_is_wrong(ix);
			return false;
		}
		fn(ctx, (uint32_t)first, (uint32_t)last);
	}
	return ok;
}

bool index_vanished_trim(struct index *ix, int64_t folder, uint64_t keep,
			 struct index_history *h)
{
	sqlite3_stmt *st = of_folder(ix, S_VANISHED_NTH, folder);
	uint64_t oldest;
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 2, (int64_t)keep);
	if (!index_row(ix, st, &ok))
		return ok;
	oldest = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	st = of_folder(ix, S_VANISHED_DROP, folder);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 2, (int64_t)oldest);
	if (!index_run(ix, st))
		return false;
	h->ranges -= (uint64_t)sqlite3_changes(ix->write);
	h->floor = oldest;
	return true;
}
