/*
 * The index's rows.  A message's file name is kept in two columns, the part that
 * never changes and the part that does, because a file is looked for by the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index_private.h"
#include "store/object_id.h"

static void bind_text(sqlite3_stmt *st, int at, const char *text, size_t len)
{
	sqlite3_bind_text(st, at, text, (int)len, SQLITE_STATIC);
}

bool index_folder_get(struct index *ix, const char *dir, struct index_folder *f)
{
	sqlite3_stmt *st = index_statement(ix, S_FOLDER_GET);
	bool ok;

	memset(f, 0, sizeof(*f));
	if (!st)
		return false;
	bind_text(st, 1, dir, strlen(dir));
	if (!index_row(ix, st, &ok))
		return ok;
	f->id = sqlite3_column_int64(st, 0);
	f->uid_validity = (uint32_t)sqlite3_column_int64(st, 1);
	f->uid_next = (uint32_t)sqlite3_column_int64(st, 2);
	f->first_recent = (uint32_t)sqlite3_column_int64(st, 3);
	f->modseq = (uint64_t)sqlite3_column_int64(st, 4);
	f->new_mtime = sqlite3_column_int64(st, 5);
	f->cur_mtime = sqlite3_column_int64(st, 6);
	f->messages = (uint64_t)sqlite3_column_int64(st, 7);
	f->unseen = (uint64_t)sqlite3_column_int64(st, 8);
	f->bytes = (uint64_t)sqlite3_column_int64(st, 9);
	f->stamp = (uint64_t)sqlite3_column_int64(st, 10);
	f->deleted = (uint64_t)sqlite3_column_int64(st, 11);
	f->deleted_bytes = (uint64_t)sqlite3_column_int64(st, 12);
	sqlite3_reset(st);
	return true;
}

static void bind_folder(sqlite3_stmt *st, const struct index_folder *f)
{
	sqlite3_bind_int64(st, 2, f->uid_validity);
	sqlite3_bind_int64(st, 3, f->uid_next);
	sqlite3_bind_int64(st, 4, f->first_recent);
	sqlite3_bind_int64(st, 5, (int64_t)f->modseq);
	sqlite3_bind_int64(st, 6, f->new_mtime);
	sqlite3_bind_int64(st, 7, f->cur_mtime);
	sqlite3_bind_int64(st, 8, (int64_t)f->messages);
	sqlite3_bind_int64(st, 9, (int64_t)f->unseen);
	sqlite3_bind_int64(st, 10, (int64_t)f->bytes);
	sqlite3_bind_int64(st, 11, (int64_t)f->stamp);
	sqlite3_bind_int64(st, 12, (int64_t)f->deleted);
	sqlite3_bind_int64(st, 13, (int64_t)f->deleted_bytes);
}

bool index_folder_new(struct index *ix, const char *dir, struct index_folder *f)
{
	sqlite3_stmt *st = index_statement(ix, S_FOLDER_NEW);

	if (!st)
		return false;
	bind_text(st, 1, dir, strlen(dir));
	bind_folder(st, f);
	if (!index_run(ix, st))
		return false;
	f->id = sqlite3_last_insert_rowid(ix->write);
	return true;
}

bool index_folder_put(struct index *ix, const struct index_folder *f)
{
	sqlite3_stmt *st = index_statement(ix, S_FOLDER_PUT);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, f->id);
	bind_folder(st, f);
	return index_run(ix, st);
}

bool index_run_with(struct index *ix, enum statement which, int64_t a, int64_t b)
{
	sqlite3_stmt *st = index_statement(ix, which);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, a);
	if (b >= 0)
		sqlite3_bind_int64(st, 2, b);
	return index_run(ix, st);
}

bool index_folder_delete(struct index *ix, int64_t id)
{
	return index_history_delete(ix, id) &&
	       index_run_with(ix, S_FOLDER_TEXTS_DELETE, id, -1) &&
	       index_run_with(ix, S_FOLDER_KEYS_DELETE, id, -1) &&
	       index_run_with(ix, S_FOLDER_MESSAGES_DELETE, id, -1) &&
	       index_run_with(ix, S_FOLDER_DELETE, id, -1);
}

bool index_folder_rename(struct index *ix, const char *from, const char *to)
{
	sqlite3_stmt *st = index_statement(ix, S_FOLDER_RENAME);

	if (!st)
		return false;
	bind_text(st, 1, from, strlen(from));
	bind_text(st, 2, to, strlen(to));
	return index_run(ix, st);
}

bool index_folders(struct index *ix, index_dir_fn *fn, void *ctx)
{
	sqlite3_stmt *st = index_statement(ix, S_FOLDERS);
	bool ok;

	if (!st)
		return false;
	while (index_row(ix, st, &ok)) {
		const char *dir = (const char *)sqlite3_column_text(st, 0);

		if (dir)
			fn(ctx, dir);
	}
	return ok;
}

bool index_folder_exists(struct index *ix, int64_t id, bool *exists)
{
	sqlite3_stmt *st = index_statement(ix, S_FOLDER_EXISTS);
	bool ok;

	*exists = false;
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	*exists = index_row(ix, st, &ok);
	if (*exists)
		sqlite3_reset(st);
	return ok;
}

static uint64_t one_number(struct index *ix, enum statement which)
{
	sqlite3_stmt *st = index_statement(ix, which);
	uint64_t number;
	bool ok;

	if (!st || !index_row(ix, st, &ok))
		return 0;
	number = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return number;
}

uint64_t index_bytes(struct index *ix)
{
	return one_number(ix, S_BYTES);
}

uint32_t index_largest_validity(struct index *ix)
{
	return (uint32_t)one_number(ix, S_VALIDITY);
}

/* A disk that turns a bit makes rows that are read without an error. */
static bool can_be(const struct index_message *m, int64_t uid, uint32_t last)
{
	return uid > last && uid < UINT32_MAX && m->name && m->keywords &&
	       strlen(m->name) < FILE_NAME && file_base_len(m->name) > 0 &&
	       m->name[0] != '.' && !strchr(m->name, '/');
}

bool index_messages(struct index *ix, int64_t folder, index_message_fn *fn, void *ctx)
{
	sqlite3_stmt *st = index_statement(ix, S_MESSAGES);
	uint32_t last = 0;
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, folder);
	while (index_row(ix, st, &ok)) {
		struct index_message m = {
			.uid = (uint32_t)sqlite3_column_int64(st, 0),
			.place = sqlite3_column_int(st, 1) ? PLACE_CUR : PLACE_NEW,
			.name = (const char *)sqlite3_column_text(st, 2),
			.keywords = (const char *)sqlite3_column_text(st, 3),
			.modseq = (uint64_t)sqlite3_column_int64(st, 4),
			.size = (uint64_t)sqlite3_column_int64(st, 5),
			.received = sqlite3_column_int64(st, 6),
			.saved = sqlite3_column_int64(st, 7),
		};

		if (!can_be(&m, sqlite3_column_int64(st, 0), last)) {
			sqlite3_reset(st);
			index_is_wrong(ix);
			return false;
		}
		last = m.uid;
		fn(ctx, &m);
	}
	return ok;
}

static void bind_message(sqlite3_stmt *st, int64_t folder, const struct index_message *m)
{
	size_t base_len = file_base_len(m->name);

	sqlite3_bind_int64(st, 1, folder);
	sqlite3_bind_int64(st, 2, m->uid);
	bind_text(st, 3, m->name, base_len);
	bind_text(st, 4, m->name + base_len, strlen(m->name) - base_len);
	sqlite3_bind_int(st, 5, m->place == PLACE_CUR);
	if (m->keywords[0])
		bind_text(st, 6, m->keywords, strlen(m->keywords));
	else
		sqlite3_bind_null(st, 6);
	sqlite3_bind_int64(st, 7, (int64_t)m->modseq);
}

bool index_message_add(struct index *ix, int64_t folder, const struct index_message *m)
{
	sqlite3_stmt *st = index_statement(ix, S_MESSAGE_ADD);

	if (!st)
		return false;
	bind_message(st, folder, m);
	sqlite3_bind_int64(st, 8, (int64_t)m->size);
	sqlite3_bind_int64(st, 9, m->received);
	sqlite3_bind_int64(st, 10, m->saved);
	return index_run(ix, st);
}

bool index_message_change(struct index *ix, int64_t folder, const struct index_message *m)
{
	sqlite3_stmt *st = index_statement(ix, S_MESSAGE_CHANGE);

	if (!st)
		return false;
	bind_message(st, folder, m);
	return index_run(ix, st);
}

bool index_message_delete(struct index *ix, int64_t folder, uint32_t uid)
{
	return index_run_with(ix, S_TEXTS_DELETE, folder, uid) &&
	       index_run_with(ix, S_KEYS_DELETE, folder, uid) &&
	       index_run_with(ix, S_MESSAGE_DELETE, folder, uid);
}

bool index_message_uid(struct index *ix, int64_t folder, const char *base, size_t base_len,
		       uint32_t *uid)
{
	sqlite3_stmt *st = index_statement(ix, S_MESSAGE_UID);
	bool ok;

	*uid = 0;
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, folder);
	bind_text(st, 2, base, base_len);
	if (!index_row(ix, st, &ok))
		return ok;
	*uid = (uint32_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return true;
}

bool index_count_from(struct index *ix, int64_t folder, uint32_t uid, uint32_t *count)
{
	sqlite3_stmt *st = index_statement(ix, S_COUNT_FROM);
	bool ok;

	*count = 0;
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, folder);
	sqlite3_bind_int64(st, 2, uid);
	if (!index_row(ix, st, &ok))
		return ok;
	*count = (uint32_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return true;
}

bool index_texts_put(struct index *ix, int64_t folder, uint32_t uid,
		     const struct slice texts[INDEX_TEXTS])
{
	sqlite3_stmt *st = index_statement(ix, S_TEXTS_PUT);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, folder);
	sqlite3_bind_int64(st, 2, uid);
	for (int i = 0; i < INDEX_KEYS; i++)
		sqlite3_bind_blob(st, 3 + i, texts[i].len ? texts[i].at : "",
				  (int)texts[i].len, SQLITE_STATIC);
	sqlite3_bind_blob(st, 3 + INDEX_KEYS, texts[INDEX_PREVIEW].len ?
			  texts[INDEX_PREVIEW].at : "", (int)texts[INDEX_PREVIEW].len, SQLITE_STATIC);
	return index_run(ix, st) && index_keys_put(ix, folder, uid, texts[INDEX_KEYS]);
}

bool index_texts_copy(struct index *ix, int64_t from, uint32_t from_uid, int64_t to,
		      uint32_t to_uid, const char *from_name)
{
	static const enum statement tables[] = { S_TEXTS_COPY, S_KEYS_COPY };
	uint64_t email = object_id_email(from_name, file_base_len(from_name));

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		sqlite3_stmt *st = index_statement(ix, tables[i]);

		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, from);
		sqlite3_bind_int64(st, 2, from_uid);
		sqlite3_bind_int64(st, 3, to);
		sqlite3_bind_int64(st, 4, to_uid);
		if (tables[i] == S_KEYS_COPY)
			sqlite3_bind_int64(st, 5, (int64_t)email);
		if (!index_run(ix, st))
			return false;
	}
	return true;
}

sqlite3_stmt *index_read_row(struct index *ix, enum statement which, int64_t folder,
			     uint32_t uid)
{
	sqlite3_stmt *st = index_statement(ix, which);

	if (!st)
		return NULL;
	sqlite3_bind_int64(st, 1, folder);
	sqlite3_bind_int64(st, 2, uid);
	if (sqlite3_step(st) == SQLITE_ROW)
		return st;
	sqlite3_reset(st);
	return NULL;
}

bool index_text(struct index *ix, int64_t folder, uint32_t uid, unsigned which,
		struct buf *out)
{
	sqlite3_stmt *st;
	bool found = false;

	pthread_mutex_lock(&ix->read_lock);
	st = index_read_row(ix, which == INDEX_KEYS ? S_KEYS : S_TEXT, folder, uid);
	if (st) {
		int column = which == INDEX_KEYS ? 0 :
			     which == INDEX_PREVIEW ? INDEX_KEYS : (int)which;
		const char *at = sqlite3_column_blob(st, column);
		int len = sqlite3_column_bytes(st, column);

		/* An empty one is a text that was too long to keep. */
		found = at && len > 0 && buf_add(out, slice_make(at, (size_t)len));
		sqlite3_reset(st);
	}
	pthread_mutex_unlock(&ix->read_lock);
	return found;
}

/* Those wanted of the row under way. */
static bool give_texts(sqlite3_stmt *st, unsigned wanted, index_texts_fn *fn, void *ctx)
{
	struct slice texts[INDEX_TEXTS];

	for (int i = 0; i < INDEX_TEXTS; i++) {
		int column = i == INDEX_PREVIEW ? 4 : 1 + i;
		const char *at = wanted & 1u << i ? sqlite3_column_blob(st, column) : NULL;

		texts[i] = at ? slice_make(at, (size_t)sqlite3_column_bytes(st, column)) : SLICE("");
	}
	return fn(ctx, (uint32_t)sqlite3_column_int64(st, 0), texts);
}

void index_texts(struct index *ix, int64_t folder, uint32_t from_uid, unsigned most,
		 unsigned wanted, index_texts_fn *fn, void *ctx)
{
	sqlite3_stmt *st;

	pthread_mutex_lock(&ix->read_lock);
	st = index_read_row(ix, S_TEXTS_FROM, folder, from_uid);
	for (unsigned i = 0; st && i < most; i++)
		if (!give_texts(st, wanted, fn, ctx) ||
		    (i + 1 < most && sqlite3_step(st) != SQLITE_ROW))
			break;
	if (st)
		sqlite3_reset(st);
	pthread_mutex_unlock(&ix->read_lock);
}

bool index_file(struct index *ix, int64_t folder, uint32_t uid, enum place *place,
		char name[FILE_NAME])
{
	sqlite3_stmt *st;
	bool found = false;

	pthread_mutex_lock(&ix->read_lock);
	st = index_read_row(ix, S_FILE, folder, uid);
	if (st) {
		const char *text = (const char *)sqlite3_column_text(st, 1);

		*place = sqlite3_column_int(st, 0) ? PLACE_CUR : PLACE_NEW;
		found = text && strlen(text) < FILE_NAME;
		if (found)
			snprintf(name, FILE_NAME, "%s", text);
		sqlite3_reset(st);
	}
	pthread_mutex_unlock(&ix->read_lock);
	return found;
}
