/*
 * The index read along by those who come behind it (the text index).  On the reading
 * connection, under its lock: never for more rows than a few hundred at a time.
 */
#include "index_private.h"

bool index_walk_folders(struct index *ix, index_folder_fn *fn, void *ctx)
{
	sqlite3_stmt *st;
	int code = SQLITE_ERROR;

	pthread_mutex_lock(&ix->read_lock);
	st = index_statement(ix, S_WALK_FOLDERS);
	while (st && (code = sqlite3_step(st)) == SQLITE_ROW) {
		struct index_folder f = {
			.id = sqlite3_column_int64(st, 0),
			.uid_validity = (uint32_t)sqlite3_column_int64(st, 2),
			.uid_next = (uint32_t)sqlite3_column_int64(st, 3),
			.messages = (uint64_t)sqlite3_column_int64(st, 4),
		};
		const char *dir = (const char *)sqlite3_column_text(st, 1);

		if (dir)
			fn(ctx, dir, &f);
	}
	sqlite3_reset(st);
	pthread_mutex_unlock(&ix->read_lock);
	return code == SQLITE_DONE;
}

bool index_walk_files(struct index *ix, int64_t folder, uint32_t from, uint32_t most,
		      index_file_fn *fn, void *ctx)
{
	sqlite3_stmt *st;
	int code = SQLITE_ERROR;

	pthread_mutex_lock(&ix->read_lock);
	st = index_statement(ix, S_WALK_FILES);
	if (st) {
		sqlite3_bind_int64(st, 1, folder);
		sqlite3_bind_int64(st, 2, from);
		sqlite3_bind_int64(st, 3, most);
	}
	while (st && (code = sqlite3_step(st)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 2);

		fn(ctx, (uint32_t)sqlite3_column_int64(st, 0),
		   sqlite3_column_int(st, 1) ? PLACE_CUR : PLACE_NEW, name ? name : "");
	}
	sqlite3_reset(st);
	pthread_mutex_unlock(&ix->read_lock);
	return code == SQLITE_DONE;
}
