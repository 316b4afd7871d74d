/*
 * The index's file: opening, renewing, committing.
 *
 * WAL, so that readers never wait for the mail lane.  synchronous is FULL: each
 * commit is on disk before it returns.  With NORMAL a lost current could take
 * the last commits back, and a UID that a client was told would be given to
 * another message, which a client never notices.  It costs one fsync for each
 * command that changes something; deliveries do not wait for it.
 */
#include "index_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "sql.h"

static const char *const SETUP =
	"PRAGMA journal_mode=WAL;"
	"PRAGMA synchronous=FULL;"
	"PRAGMA busy_timeout=5000;"
	"PRAGMA journal_size_limit=4194304;"
	"PRAGMA cache_size=-1024;"
	"PRAGMA temp_store=MEMORY;";

/* Step i takes a file of layout i to layout i + 1, in a transaction; an empty file has
 * layout 0.  What was released is never edited: a change is another step. */
static const char *const STEPS[] = {
	"CREATE TABLE folder(id INTEGER PRIMARY KEY AUTOINCREMENT, dir TEXT UNIQUE NOT NULL,"
	" uid_validity INTEGER, uid_next INTEGER, first_recent INTEGER, modseq INTEGER,"
	" new_mtime INTEGER, cur_mtime INTEGER,"
	" messages INTEGER, unseen INTEGER, bytes INTEGER);"
	"CREATE TABLE message(folder INTEGER, uid INTEGER, base TEXT NOT NULL, info TEXT NOT NULL,"
	" place INTEGER, keywords TEXT, modseq INTEGER, size INTEGER,"
	" received INTEGER, saved INTEGER, PRIMARY KEY(folder, uid)) WITHOUT ROWID;"
	"CREATE UNIQUE INDEX message_base ON message(folder, base);"
	"CREATE TABLE text(folder INTEGER, uid INTEGER, envelope BLOB, body BLOB,"
	" bodystructure BLOB, PRIMARY KEY(folder, uid)) WITHOUT ROWID;"
	/* A reader of a lost index goes on with the number it has: no other folder
	 * may have that one in the next. */
	"INSERT INTO sqlite_sequence(name, seq) VALUES('folder', abs(random() % 1000000000000));",
	/* See image.c. */
	"ALTER TABLE folder ADD COLUMN stamp INTEGER;",
	/* Beside `text` and not in it: those of a whole folder are read at once. */
	"CREATE TABLE keys(folder INTEGER, uid INTEGER, email INTEGER, thread INTEGER,"
	" keys BLOB, PRIMARY KEY(folder, uid)) WITHOUT ROWID;"
	"CREATE TABLE thread(seq INTEGER PRIMARY KEY, id INTEGER UNIQUE NOT NULL,"
	" thread INTEGER NOT NULL);",
	/* STATUS DELETED and DELETED-STORAGE without reading a folder's rows. */
	"ALTER TABLE folder ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE folder ADD COLUMN deleted_bytes INTEGER NOT NULL DEFAULT 0;"
	"UPDATE folder SET (deleted, deleted_bytes) = (SELECT count(*), coalesce(sum(size), 0)"
	" FROM message WHERE message.folder=folder.id AND info GLOB ':2,*T*');",
	/* What was removed, for RFC 7162: of what came before this step nothing is known. */
	"CREATE TABLE vanished(folder INTEGER, modseq INTEGER, first INTEGER, last INTEGER,"
	" PRIMARY KEY(folder, modseq, first)) WITHOUT ROWID;"
	"CREATE TABLE history(folder INTEGER PRIMARY KEY, floor INTEGER, ranges INTEGER);"
	"INSERT INTO history(folder, floor, ranges) SELECT id, modseq, 0 FROM folder;",
	"ALTER TABLE text ADD COLUMN preview BLOB;",
	/* By row ids: a table without them lets no row be larger than a quarter of a page,
	 * and took three times the room of the texts.  They are made again. */
	"DROP TABLE text;"
	"CREATE TABLE text(id INTEGER PRIMARY KEY, folder INTEGER, uid INTEGER, envelope BLOB,"
	" body BLOB, bodystructure BLOB, preview BLOB);"
	"CREATE UNIQUE INDEX text_message ON text(folder, uid);",
};
enum { LAYOUT = sizeof(STEPS) / sizeof(STEPS[0]) };

static const char *const SQL[S_COUNT] = {
	[S_BEGIN] = "BEGIN IMMEDIATE",
	[S_COMMIT] = "COMMIT",
	[S_ROLLBACK] = "ROLLBACK",
	[S_FOLDER_GET] = "SELECT id, uid_validity, uid_next, first_recent, modseq, new_mtime,"
		" cur_mtime, messages, unseen, bytes, stamp, deleted, deleted_bytes"
		" FROM folder WHERE dir=?1",
	[S_FOLDER_EXISTS] = "SELECT 1 FROM folder WHERE id=?1",
	[S_FOLDER_NEW] = "INSERT INTO folder(dir, uid_validity, uid_next, first_recent, modseq,"
		" new_mtime, cur_mtime, messages, unseen, bytes, stamp, deleted,"
		" deleted_bytes)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[S_FOLDER_PUT] = "UPDATE folder SET uid_validity=?2, uid_next=?3, first_recent=?4,"
		" modseq=?5, new_mtime=?6, cur_mtime=?7, messages=?8, unseen=?9, bytes=?10,"
		" stamp=?11, deleted=?12, deleted_bytes=?13"
		" WHERE id=?1",
	[S_FOLDER_DELETE] = "DELETE FROM folder WHERE id=?1",
	[S_FOLDER_MESSAGES_DELETE] = "DELETE FROM message WHERE folder=?1",
	[S_FOLDER_TEXTS_DELETE] = "DELETE FROM text WHERE folder=?1",
	[S_FOLDER_KEYS_DELETE] = "DELETE FROM keys WHERE folder=?1",
	[S_FOLDER_RENAME] = "UPDATE folder SET dir=?2 WHERE dir=?1",
	[S_BYTES] = "SELECT coalesce(sum(bytes), 0) FROM folder",
	[S_FOLDERS] = "SELECT dir FROM folder",
	[S_VALIDITY] = "SELECT coalesce(max(uid_validity), 0) FROM folder",
	[S_MESSAGES] = "SELECT uid, place, base || info, coalesce(keywords, ''), modseq, size,"
		" received, saved FROM message WHERE folder=?1 ORDER BY uid",
	[S_MESSAGE_ADD] = "INSERT INTO message(folder, uid, base, info, place, keywords, modseq,"
		" size, received, saved) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[S_MESSAGE_CHANGE] = "UPDATE message SET info=?4, place=?5, keywords=?6,"
		" modseq=?7 WHERE folder=?1 AND uid=?2",
	[S_MESSAGE_DELETE] = "DELETE FROM message WHERE folder=?1 AND uid=?2",
	[S_TEXTS_DELETE] = "DELETE FROM text WHERE folder=?1 AND uid=?2",
	[S_MESSAGE_UID] = "SELECT uid FROM message WHERE folder=?1 AND base=?2",
	[S_COUNT_FROM] = "SELECT count(*) FROM message WHERE folder=?1 AND uid>=?2",
	[S_TEXTS_PUT] = "INSERT OR REPLACE INTO text(folder, uid, envelope, body, bodystructure,"
		" preview)"
		" SELECT folder, uid, ?3, ?4, ?5, ?6 FROM message WHERE folder=?1 AND uid=?2",
	[S_TEXTS_COPY] = "INSERT OR REPLACE INTO text(folder, uid, envelope, body, bodystructure,"
		" preview)"
		" SELECT ?3, ?4, envelope, body, bodystructure, preview FROM text"
		" WHERE folder=?1 AND uid=?2",
	[S_KEYS_DELETE] = "DELETE FROM keys WHERE folder=?1 AND uid=?2",
	[S_KEYS_STATE] = "SELECT m.base, k.email, k.thread FROM message m LEFT JOIN keys k"
		" ON k.folder=m.folder AND k.uid=m.uid WHERE m.folder=?1 AND m.uid=?2",
	[S_KEYS_PUT] = "INSERT INTO keys(folder, uid, thread, keys) VALUES(?1, ?2, ?3, ?4)"
		" ON CONFLICT(folder, uid) DO UPDATE SET thread=?3, keys=?4",
	/* What the original has of it; its email id in any case. */
	[S_KEYS_COPY] = "INSERT OR REPLACE INTO keys(folder, uid, email, thread, keys)"
		" SELECT ?3, ?4, coalesce(k.email, ?5), k.thread, k.keys"
		" FROM (SELECT 1) LEFT JOIN keys k ON k.folder=?1 AND k.uid=?2",
	[S_THREAD_GET] = "SELECT thread FROM thread WHERE id=?1",
	[S_THREAD_PUT] = "INSERT OR IGNORE INTO thread(id, thread) VALUES(?1, ?2)",
	[S_THREAD_TRIM] = "DELETE FROM thread WHERE seq<?1",
	[S_VANISHED_ADD] = "INSERT OR REPLACE INTO vanished(folder, modseq, first, last)"
		" VALUES(?1, ?2, ?3, ?4)",
	[S_VANISHED_SINCE] = "SELECT first, last FROM vanished WHERE folder=?1 AND modseq>?2"
		" ORDER BY first",
	[S_VANISHED_NTH] = "SELECT modseq FROM vanished WHERE folder=?1"
		" ORDER BY modseq DESC LIMIT 1 OFFSET ?2",
	[S_VANISHED_DROP] = "DELETE FROM vanished WHERE folder=?1 AND modseq<=?2",
	[S_HISTORY_GET] = "SELECT floor, ranges FROM history WHERE folder=?1",
	[S_HISTORY_PUT] = "INSERT OR REPLACE INTO history(folder, floor, ranges)"
		" VALUES(?1, ?2, ?3)",
	[S_HISTORY_DELETE] = "DELETE FROM history WHERE folder=?1",
	[S_TEXT] = "SELECT envelope, body, bodystructure, preview FROM text WHERE folder=?1 AND uid=?2",
	[S_TEXTS_FROM] = "SELECT uid, envelope, body, bodystructure, preview FROM text"
		" WHERE folder=?1 AND uid>=?2 ORDER BY uid",
	[S_FILE] = "SELECT place, base || info FROM message WHERE folder=?1 AND uid=?2",
	[S_KEYS] = "SELECT keys FROM keys WHERE folder=?1 AND uid=?2",
	[S_KEYS_FROM] = "SELECT uid, thread, keys FROM keys WHERE folder=?1 AND uid>=?2"
		" ORDER BY uid",
	[S_THREAD_FIND] = "SELECT thread FROM thread WHERE id=?1",
	[S_IDS] = "SELECT m.base, k.email, k.thread FROM message m LEFT JOIN keys k"
		" ON k.folder=m.folder AND k.uid=m.uid WHERE m.folder=?1 AND m.uid=?2",
	[S_WALK_FOLDERS] = "SELECT id, dir, uid_validity, uid_next, messages FROM folder",
	[S_WALK_FILES] = "SELECT uid, place, base || info FROM message WHERE folder=?1 AND uid>=?2"
		" ORDER BY uid LIMIT ?3",
};

/* At the start also: a table or column is not there.  Never a full disk or a lock:
 * the index is lost with every UID in it. */
static bool is_foreign(sqlite3 *db)
{
	int code = sqlite3_errcode(db);

	return sql_is_damage(code) || (code & 0xff) == SQLITE_ERROR;
}

void index_note_failure(struct index *ix, sqlite3 *db, const char *what)
{
	int code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;

	ix->failure = code;
	if (sql_is_damage(code))
		ix->damaged = true;
	/* Once until a commit succeeds: a full disk fails a thousand times. */
	if (!ix->failing)
		log_event(LEVEL_ERROR, "store", what, log_text("path", ix->path),
			  log_text("error", db ? sqlite3_errmsg(db) : "out of memory"),
			  log_number("code", code),
			  log_number("errno", db ? sqlite3_system_errno(db) : 0));
	ix->failing = true;
}

enum store_status index_failure(const struct index *ix)
{
	switch (ix->failure & 0xff) {
	case SQLITE_FULL: case SQLITE_READONLY:
		return STORE_NO_SPACE;
	case SQLITE_BUSY:                /* somebody looks into it with a tool */
		return STORE_BUSY;
	default:
		return STORE_FAILED;
	}
}

sqlite3_stmt *index_statement(struct index *ix, enum statement which)
{
	sqlite3 *db = which < S_WRITES ? ix->write : ix->read;

	if (!db)
		return NULL;
	if (!ix->statement[which] &&
	    sqlite3_prepare_v3(db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT,
			       &ix->statement[which], NULL) != SQLITE_OK) {
		if (which < S_WRITES)
			index_note_failure(ix, db, "the index cannot be used");
		return NULL;
	}
	return ix->statement[which];
}

bool index_run(struct index *ix, sqlite3_stmt *st)
{
	bool ok = sql_run(st);

	if (st && !ok)
		index_note_failure(ix, ix->write, "the index cannot be changed");
	return ok;
}

bool index_row(struct index *ix, sqlite3_stmt *st, bool *ok)
{
	if (sql_row(st, ok))
		return true;
	if (st && !*ok)
		index_note_failure(ix, ix->write, "the index cannot be read");
	return false;
}

static void close_files(struct index *ix)
{
	for (size_t i = 0; i < S_COUNT; i++) {
		sqlite3_finalize(ix->statement[i]);
		ix->statement[i] = NULL;
	}
	sqlite3_close(ix->read);
	sqlite3_close(ix->write);
	ix->read = ix->write = NULL;
}

static bool take_step(sqlite3 *db, int64_t from)
{
	char *sql = mem_printf("BEGIN IMMEDIATE;%sPRAGMA user_version=%d;COMMIT;",
			       STEPS[from], (int)from + 1);
	bool ok = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;

	free(sql);
	return ok;
}

/* *damaged: no layout that we know leads here, or the file lies about its own. */
static bool bring_up_to_date(sqlite3 *db, bool *damaged)
{
	int64_t layout = sql_layout(db);

	if (layout < 0 || layout > LAYOUT) {
		*damaged = layout > 0 || is_foreign(db);
		return false;
	}
	for (; layout < LAYOUT; layout++) {
		if (!take_step(db, layout)) {
			*damaged = is_foreign(db);
			return false;
		}
	}
	return true;
}

/* *damaged: the file is there and is not an index of ours. */
static bool open_files(struct index *ix, bool *damaged)
{
	const int shared = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

	*damaged = false;
	if (sqlite3_open_v2(ix->path, &ix->write,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | shared,
			    NULL) != SQLITE_OK)
		return false;
	sqlite3_extended_result_codes(ix->write, 1);
	if (sqlite3_exec(ix->write, SETUP, NULL, NULL, NULL) != SQLITE_OK) {
		*damaged = sql_is_damage(sqlite3_errcode(ix->write));
		return false;
	}
	if (!bring_up_to_date(ix->write, damaged))
		return false;
	/* Every table is looked at once: a missing or torn one shows here. */
	for (size_t i = 0; i < S_WRITES; i++) {
		if (!index_statement(ix, (enum statement)i)) {
			*damaged = is_foreign(ix->write);
			return false;
		}
	}
	index_bytes(ix);
	if (ix->failing) {
		*damaged = ix->damaged;
		return false;
	}
	return sqlite3_open_v2(ix->path, &ix->read, SQLITE_OPEN_READONLY | shared,
			       NULL) == SQLITE_OK &&
	       sqlite3_exec(ix->read, "PRAGMA busy_timeout=5000;PRAGMA cache_size=-512;",
			    NULL, NULL, NULL) == SQLITE_OK;
}

static void move_aside(const char *path)
{
	static const char *const suffix[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < 3; i++) {
		char *from = mem_printf("%s%s", path, suffix[i]);
		char *to = mem_printf("%s.damaged%s", path, suffix[i]);

		if (rename(from, to) != 0 && errno != ENOENT)
			maildir_failed("cannot move the damaged index aside", from, errno);
		free(from);
		free(to);
	}
	log_event(LEVEL_WARN, "store", "the index was damaged and is made anew",
		  log_text("path", path));
}

/* Two that share an index would give one UID to two messages, each from what it
 * remembers.  A file of its own, because the index itself may be moved aside and
 * SQLite's locks on it end with any descriptor of it. */
static bool lock_index(struct index *ix)
{
	char *path = mem_printf("%s.lock", ix->path);
	bool taken;

	ix->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	taken = ix->lock >= 0 && flock(ix->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	free(path);
	return !taken;
}

struct index *index_open(const char *path, char *error, size_t error_size)
{
	struct index *ix = mem_alloc(sizeof(*ix));
	bool damaged, ok;

	/* Nobody asks for its memory statistics, and they cost a lock for each malloc. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	ix->path = mem_string(path);
	pthread_mutex_init(&ix->read_lock, NULL);
	if (!lock_index(ix)) {
		snprintf(error, error_size, "Another letterplate is running on the index %s. Stop it,"
			 " or give each its own MAILFOLDER.", path);
		index_close(ix);
		return NULL;
	}
	ok = open_files(ix, &damaged);
	if (!ok && damaged) {
		close_files(ix);
		move_aside(path);
		ix->failing = ix->damaged = false;
		ok = open_files(ix, &damaged);
	}
	if (ok)
		return ix;
	snprintf(error, error_size, "The index %s cannot be opened: %s.", path,
		 ix->write ? sqlite3_errmsg(ix->write) : "out of memory");
	index_close(ix);
	return NULL;
}

void index_close(struct index *ix)
{
	if (!ix)
		return;
	close_files(ix);
	if (ix->lock >= 0)
		close(ix->lock);
	pthread_mutex_destroy(&ix->read_lock);
	free(ix->path);
	free(ix);
}

bool index_is_damaged(const struct index *ix)
{
	return ix->damaged;
}

void index_is_wrong(struct index *ix)
{
	log_event(LEVEL_ERROR, "store", "the index says what cannot be", log_text("path", ix->path));
	ix->failure = SQLITE_CORRUPT;
	ix->damaged = true;
}

bool index_renew(struct index *ix)
{
	bool damaged, ok;

	pthread_mutex_lock(&ix->read_lock);
	close_files(ix);
	move_aside(ix->path);
	ix->failing = ix->damaged = false;
	ok = open_files(ix, &damaged);
	if (!ok)
		close_files(ix);
	ix->damaged = !ok;
	pthread_mutex_unlock(&ix->read_lock);
	return ok;
}

bool index_begin(struct index *ix)
{
	return index_run(ix, index_statement(ix, S_BEGIN));
}

bool index_commit(struct index *ix)
{
	if (!index_run(ix, index_statement(ix, S_COMMIT))) {
		index_rollback(ix);
		return false;
	}
	ix->failing = false;
	return true;
}

void index_rollback(struct index *ix)
{
	sqlite3_stmt *st;

	/* Some failures have rolled back by themselves. */
	if (!ix->write || sqlite3_get_autocommit(ix->write))
		return;
	st = index_statement(ix, S_ROLLBACK);
	if (st) {
		sqlite3_step(st);
		sqlite3_reset(st);
	}
}
