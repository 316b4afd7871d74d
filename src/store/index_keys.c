/*
 * The index's rows of what messages are sorted, threaded and known by.
 *
 * A thread id may not change once it was told (RFC 8474 5.2), whatever mail comes
 * later, so it is given once, when a message's keys are written, and noted for every
 * Message-ID that the message names: whoever names one of them later belongs to it.
 * Which is found first: the message itself (a second copy of it is in the same thread),
 * then its references from the nearest up.  When none was ever seen, the id is that of
 * the thread's beginning, so that a lost index gives most threads the same again.
 */
#include "index_private.h"
#include "mime/keys.h"

/* How many Message-IDs are remembered, at 40 bytes each: more than the mail of a
 * lifetime, and a sender who makes up a hundred with each message gains nothing. */
enum { THREADS_MAX = 1000000 };

static bool find_thread(struct index *ix, uint64_t id, uint64_t *thread)
{
	sqlite3_stmt *st = index_statement(ix, S_THREAD_GET);
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)id);
	if (!index_row(ix, st, &ok))
		return ok;
	*thread = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return true;
}

static bool note_thread(struct index *ix, uint64_t id, uint64_t thread)
{
	sqlite3_stmt *st = index_statement(ix, S_THREAD_PUT);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)id);
	sqlite3_bind_int64(st, 2, (int64_t)thread);
	if (!index_run(ix, st))
		return false;
	/* Only of a row that is new: else the row id is some other table's. */
	return sqlite3_changes(ix->write) == 0 ||
	       sqlite3_last_insert_rowid(ix->write) <= THREADS_MAX ||
	       index_run_with(ix, S_THREAD_TRIM,
			      sqlite3_last_insert_rowid(ix->write) - THREADS_MAX, -1);
}

/* The thread's beginning. */
static uint64_t first_of(const struct mime_keys *k, uint64_t email)
{
	return k->reference_count ? k->references[0] : k->id ? k->id : email;
}

/* *thread is 0, or one that was given before. */
static bool give_thread(struct index *ix, const struct mime_keys *k, uint64_t email,
			uint64_t *thread)
{
	bool ok = true;

	if (!*thread && k->id)
		ok = find_thread(ix, k->id, thread);
	for (size_t i = k->reference_count; ok && !*thread && i-- > 0;)
		ok = find_thread(ix, k->references[i], thread);
	if (!*thread)
		*thread = first_of(k, email);
	if (ok && k->id)
		ok = note_thread(ix, k->id, *thread);
	for (size_t i = 0; ok && i < k->reference_count; i++)
		ok = note_thread(ix, k->references[i], *thread);
	return ok;
}

/* From the columns base, email and thread. */
static void read_ids(sqlite3_stmt *st, struct object_ids *ids)
{
	const char *base = (const char *)sqlite3_column_text(st, 0);

	ids->email = (uint64_t)sqlite3_column_int64(st, 1);
	if (sqlite3_column_type(st, 1) == SQLITE_NULL && base)
		ids->email = object_id_email(base, strlen(base));
	ids->thread = (uint64_t)sqlite3_column_int64(st, 2);
}

bool index_keys_put(struct index *ix, int64_t folder, uint32_t uid, struct slice keys)
{
	sqlite3_stmt *st = index_statement(ix, S_KEYS_STATE);
	struct object_ids ids;
	struct mime_keys k;
	bool ok;

	if (!mime_keys_read(&k, keys))
		return true;
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, folder);
	sqlite3_bind_int64(st, 2, uid);
	if (!index_row(ix, st, &ok))
		return ok;
	read_ids(st, &ids);
	sqlite3_reset(st);
	if (!give_thread(ix, &k, ids.email, &ids.thread))
		return false;
	st = index_statement(ix, S_KEYS_PUT);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, folder);
	sqlite3_bind_int64(st, 2, uid);
	sqlite3_bind_int64(st, 3, (int64_t)ids.thread);
	sqlite3_bind_blob(st, 4, keys.at, (int)keys.len, SQLITE_STATIC);
	return index_run(ix, st);
}

/* ---- Any thread ---- */

bool index_ids(struct index *ix, int64_t folder, uint32_t uid, struct object_ids *ids)
{
	sqlite3_stmt *st;

	pthread_mutex_lock(&ix->read_lock);
	st = index_read_row(ix, S_IDS, folder, uid);
	if (st) {
		read_ids(st, ids);
		sqlite3_reset(st);
	}
	pthread_mutex_unlock(&ix->read_lock);
	return st != NULL;
}

static bool thread_known(struct index *ix, uint64_t id, uint64_t *thread)
{
	sqlite3_stmt *st = id ? index_statement(ix, S_THREAD_FIND) : NULL;
	bool found;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)id);
	found = sqlite3_step(st) == SQLITE_ROW;
	if (found)
		*thread = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return found;
}

uint64_t index_thread_of(struct index *ix, struct slice keys, uint64_t email)
{
	uint64_t thread = email;
	struct mime_keys k;
	bool found;

	if (!mime_keys_read(&k, keys))
		return email;
	pthread_mutex_lock(&ix->read_lock);
	found = thread_known(ix, k.id, &thread);
	for (size_t i = k.reference_count; !found && i-- > 0;)
		found = thread_known(ix, k.references[i], &thread);
	pthread_mutex_unlock(&ix->read_lock);
	return found ? thread : first_of(&k, email);
}

void index_keys(struct index *ix, int64_t folder, uint32_t from_uid, unsigned most,
		index_keys_fn *fn, void *ctx)
{
	sqlite3_stmt *st;

	pthread_mutex_lock(&ix->read_lock);
	st = index_read_row(ix, S_KEYS_FROM, folder, from_uid);
	for (unsigned i = 0; st && i < most; i++) {
		const char *at = sqlite3_column_blob(st, 2);
		int len = sqlite3_column_bytes(st, 2);

		if (at && len > 0)
			fn(ctx, (uint32_t)sqlite3_column_int64(st, 0),
			   (uint64_t)sqlite3_column_int64(st, 1), slice_make(at, (size_t)len));
		if (i + 1 < most && sqlite3_step(st) != SQLITE_ROW)
			break;
	}
	if (st)
		sqlite3_reset(st);
	pthread_mutex_unlock(&ix->read_lock);
}
