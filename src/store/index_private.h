#ifndef STORE_INDEX_PRIVATE_H
#define STORE_INDEX_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "index.h"

enum statement {
	S_BEGIN, S_COMMIT, S_ROLLBACK,
	S_FOLDER_GET, S_FOLDER_EXISTS, S_FOLDER_NEW, S_FOLDER_PUT, S_FOLDER_DELETE, S_FOLDER_MESSAGES_DELETE,
	S_FOLDER_TEXTS_DELETE, S_FOLDER_RENAME, S_BYTES, S_VALIDITY, S_FOLDERS,
	S_MESSAGES, S_MESSAGE_ADD, S_MESSAGE_CHANGE, S_MESSAGE_DELETE, S_TEXTS_DELETE,
	S_MESSAGE_UID, S_COUNT_FROM, S_TEXTS_PUT, S_TEXTS_COPY,
	S_FOLDER_KEYS_DELETE, S_KEYS_DELETE, S_KEYS_STATE, S_KEYS_PUT, S_KEYS_COPY,
	S_THREAD_GET, S_THREAD_PUT, S_THREAD_TRIM,
	S_VANISHED_ADD, S_VANISHED_SINCE, S_VANISHED_NTH, S_VANISHED_DROP,
	S_HISTORY_GET, S_HISTORY_PUT, S_HISTORY_DELETE,
	S_WRITES,
	S_TEXT = S_WRITES, S_TEXTS_FROM, S_FILE, S_KEYS, S_KEYS_FROM, S_THREAD_FIND, S_IDS, S_WALK_FOLDERS, S_WALK_FILES,
	S_COUNT,
};

struct index {
	char *path;
	int lock;                        /* held while the index is open; -1: no such thing here */
	sqlite3 *write, *read;
	sqlite3_stmt *statement[S_COUNT];
	pthread_mutex_t read_lock;       /* for the read connection */
	int failure;                     /* SQLite's code of the last one; the mail lane's */
	bool damaged, failing;
};

/* A statement ready for binding; NULL: it cannot be had (logged). */
sqlite3_stmt *index_statement(struct index *ix, enum statement which);
/* Runs to the end, resets.  True for SQLITE_DONE. */
bool index_run(struct index *ix, sqlite3_stmt *st);
/* True: a row is there, reset it later.  *ok: false for a failure. */
bool index_row(struct index *ix, sqlite3_stmt *st, bool *ok);
/* Runs a statement of one or (b >= 0) two numbers. */
bool index_run_with(struct index *ix, enum statement which, int64_t a, int64_t b);
/* With the lock held: a row of the read connection, to be reset; NULL: none.  A
 * failure is no row: who asks makes it again. */
sqlite3_stmt *index_read_row(struct index *ix, enum statement which, int64_t folder,
			     uint32_t uid);
/* The keys (READER_KEYS), with the thread id that follows from them. */
bool index_keys_put(struct index *ix, int64_t folder, uint32_t uid, struct slice keys);
/* Rows that SQLite finds nothing wrong with, and we do. */
void index_is_wrong(struct index *ix);
void index_note_failure(struct index *ix, sqlite3 *db, const char *what);

#endif
