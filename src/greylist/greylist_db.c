/*
 * Greylisting must never cost mail.  So every failure ends in PASS, the handle is
 * closed, and the next visit opens it again: whatever it was (a full disk, a
 * volume that was not there yet, wrong rights) may be over by then, and an open
 * that fails costs less than a connection.
 *
 * Only a file that SQLite cannot make sense of is not waited for: it is moved
 * aside and a new one is begun.  It is not deleted, because a wrong
 * GRAYLISTING_DB_PATH may name somebody's file.
 *
 * WAL with synchronous=NORMAL: a commit costs no fsync.  A power cut may forget
 * the last seconds, which makes a few clients wait once more.
 */
#include "greylist_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	SCHEMA = 1,
	ANNOUNCE_EVERY_MS = 600 * 1000,  /* trouble that comes and goes is not said each time */
	BUSY_MS = 2000,          /* somebody looks into the file with sqlite3 */
	BATCH = 10000,           /* rows removed at a time: some 50 ms */
	BATCHES = 20,            /* in one go, so that visits need not wait for seconds */
};

enum statement { FIND, ADD, USE, EXPIRE_WAITING, EXPIRE_USED, EVICT, STATEMENTS };

/* used is 0 until the client came back; then it is when it last did.  The index
 * serves both expiries, and read from its start it gives the rows that are missed
 * least: those that never came back, oldest first. */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS visitor ("
	" id INTEGER PRIMARY KEY,"
	" network TEXT NOT NULL, sender TEXT NOT NULL,"
	" first INTEGER NOT NULL, used INTEGER NOT NULL,"
	" UNIQUE (network, sender));"
	"CREATE INDEX IF NOT EXISTS visitor_age ON visitor (used, first);"
	"PRAGMA user_version = 1;";

#define SOME "DELETE FROM visitor WHERE id IN (SELECT id FROM visitor "

static const char *const statements[STATEMENTS] = {
	[FIND] = "SELECT id, first, used FROM visitor WHERE network = ?1 AND sender = ?2",
	[ADD] = "INSERT INTO visitor (network, sender, first, used) VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT (network, sender) DO UPDATE SET first = ?3, used = ?4",
	[USE] = "UPDATE visitor SET used = ?2 WHERE id = ?1",
	[EXPIRE_WAITING] = SOME "WHERE used = 0 AND first < ?1 LIMIT ?2)",
	[EXPIRE_USED] = SOME "WHERE used > 0 AND used < ?1 LIMIT ?2)",
	[EVICT] = SOME "ORDER BY used, first LIMIT ?1)",
};

struct greylist_db {
	char *path;
	int64_t delay_s, expiry_s, max_rows;
	sqlite3 *handle;                 /* NULL: not open */
	sqlite3_stmt *prepared[STATEMENTS];
	int64_t rows;
	bool broken;
	bool announced;                  /* ... and it was said */
	uint64_t announced_ms;           /* clock_mono_ms(); 0: never */
};

struct greylist_db *greylist_db_new(const struct greylist_db_options *o)
{
	struct greylist_db *db = mem_alloc(sizeof(*db));

	db->path = mem_string(o->path);
	db->delay_s = o->delay_s;
	db->expiry_s = o->expiry_s;
	db->max_rows = o->max_rows ? o->max_rows : GREYLIST_ROWS_MAX;
	return db;
}

static void close_handle(struct greylist_db *db)
{
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(db->prepared[i]);
		db->prepared[i] = NULL;
	}
	sqlite3_close(db->handle);
	db->handle = NULL;
}

void greylist_db_free(struct greylist_db *db)
{
	if (!db)
		return;
	close_handle(db);
	free(db->path);
	free(db);
}

int64_t greylist_db_rows(const struct greylist_db *db)
{
	return db->handle ? db->rows : -1;
}

/* ==== Trouble ==== */

static void log_broken(struct greylist_db *db, int code)
{
	int err = db->handle ? sqlite3_system_errno(db->handle) : 0;
	uint64_t now = clock_mono_ms();

	if (db->broken)
		return;
	db->broken = true;
	/* On a full disk it works for those who are known and not for others. */
	if (db->announced_ms && now - db->announced_ms < ANNOUNCE_EVERY_MS)
		return;
	db->announced = true;
	db->announced_ms = now;
	log_event(LEVEL_ERROR, "greylist", "database does not work, everybody passes",
		  log_text("path", db->path),
		  log_text("reason", db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code)),
		  err ? log_errno(err) : (struct log_field){ .name = NULL });
}

static void log_works(struct greylist_db *db)
{
	if (db->broken && db->announced) {
		log_event(LEVEL_INFO, "greylist", "database works again",
			  log_text("path", db->path));
		db->announced = false;
	}
	db->broken = false;
}

/* The file is no database of ours, or not a whole one. */
static bool is_corrupt(int code)
{
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:               /* the table has other columns */
	case SQLITE_MISMATCH:
	case SQLITE_CONSTRAINT:
		return true;
	default:
		return false;
	}
}

/* Out of the way, with the WAL that belongs to it.  False: it stays. */
static bool move_aside(struct greylist_db *db, const char *reason)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	char *to = mem_printf("%s.broken-%lld", db->path, (long long)clock_wall());
	bool moved = false;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *file = mem_printf("%s%s", db->path, suffixes[i]);
		char *away = mem_printf("%s%s", to, suffixes[i]);

		moved = rename(file, away) == 0;
		free(file);
		free(away);
	}
	if (moved)
		log_event(LEVEL_ERROR, "greylist", "database was broken, a new one is begun",
			  log_text("path", db->path), log_text("moved_to", to),
			  log_text("reason", reason));
	free(to);
	return moved;
}

/* Something went wrong with `code`.  True: it was put right, try again. */
static bool recover(struct greylist_db *db, int code)
{
	char *reason = mem_string(db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
	bool again;

	if (!is_corrupt(code))
		log_broken(db, code);
	close_handle(db);
	again = is_corrupt(code) && move_aside(db, reason);
	if (is_corrupt(code) && !again)
		log_broken(db, code);
	free(reason);
	return again;
}

/* ==== Opening ==== */

static int read_number(struct greylist_db *db, const char *sql, int64_t *value)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_step(s);
		if (code == SQLITE_ROW)
			*value = sqlite3_column_int64(s, 0);
	}
	sqlite3_finalize(s);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int prepare_all(struct greylist_db *db)
{
	int code = SQLITE_OK;

	for (int i = 0; i < STATEMENTS && code == SQLITE_OK; i++)
		code = sqlite3_prepare_v3(db->handle, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
					  &db->prepared[i], NULL);
	return code;
}

static int set_up(struct greylist_db *db)
{
	int64_t version = 0;
	int code;

	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	code = sqlite3_exec(db->handle,
			    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			    "PRAGMA cache_size = -512; PRAGMA journal_size_limit = 4194304;"
			    "PRAGMA trusted_schema = OFF;", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = read_number(db, "PRAGMA user_version", &version);
	if (code == SQLITE_OK && version > SCHEMA)
		return SQLITE_NOTADB;            /* of a later program, or another one */
	if (code == SQLITE_OK && version < SCHEMA)
		code = sqlite3_exec(db->handle, schema, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = prepare_all(db);
	if (code == SQLITE_OK)
		code = read_number(db, "SELECT count(*) FROM visitor", &db->rows);
	return code;
}

/* Senders are nobody else's business, and SQLite would ask the umask. */
static void make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

/* An open handle, or NULL: there is none to be had now. */
static bool ready(struct greylist_db *db)
{
	for (int attempt = 0; attempt < 2 && !db->handle; attempt++) {
		int code;

		make_private(db->path);
		code = sqlite3_open_v2(db->path, &db->handle,
				       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
		if (code == SQLITE_OK)
			code = set_up(db);
		if (code != SQLITE_OK && !recover(db, code))
			return false;
	}
	return db->handle != NULL;
}

/* ==== A visit ==== */

/* Runs one of the statements that give no rows. */
static int run(struct greylist_db *db, enum statement which, int64_t *changes)
{
	sqlite3_stmt *s = db->prepared[which];
	int code = sqlite3_step(s);

	if (changes)
		*changes = sqlite3_changes(db->handle);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

struct visitor {
	bool found;
	int64_t id, first, used;
};

static int find(struct greylist_db *db, const char *network, const char *sender,
		struct visitor *v)
{
	sqlite3_stmt *s = db->prepared[FIND];
	int code;

	sqlite3_bind_text(s, 1, network, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, sender, -1, SQLITE_STATIC);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		*v = (struct visitor){ .found = true, .id = sqlite3_column_int64(s, 0),
				       .first = sqlite3_column_int64(s, 1),
				       .used = sqlite3_column_int64(s, 2) };
	}
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* A record whose time is over, or that a clock set back has put in the future, is
 * as if it were not there. */
static bool is_valid(const struct greylist_db *db, const struct visitor *v, int64_t now)
{
	if (!v->found || v->first > now || v->used > now)
		return false;
	return v->used ? now - v->used <= GREYLIST_KEPT_S : now - v->first <= db->expiry_s;
}

static int evict(struct greylist_db *db)
{
	int64_t changes = 0;
	int code;

	if (db->rows <= db->max_rows)
		return SQLITE_OK;
	/* A hundredth at a time, so that it is not done for each newcomer. */
	sqlite3_bind_int64(db->prepared[EVICT], 1, db->rows - db->max_rows + db->max_rows / 100);
	code = run(db, EVICT, &changes);
	db->rows -= changes;
	return code;
}

static int add(struct greylist_db *db, const char *network, const char *sender, int64_t now,
	       bool pass, bool found)
{
	sqlite3_stmt *s = db->prepared[ADD];
	int code;

	sqlite3_bind_text(s, 1, network, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, sender, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, now);
	sqlite3_bind_int64(s, 4, pass ? now : 0);
	code = run(db, ADD, NULL);
	if (code != SQLITE_OK || found)
		return code;
	db->rows++;
	return evict(db);
}

static int visit(struct greylist_db *db, const char *network, const char *sender, int64_t now,
		 struct greylist_visit *out)
{
	struct visitor v = { .found = false };
	int code = find(db, network, sender, &v);
	int64_t waited;

	if (code != SQLITE_OK)
		return code;
	if (!is_valid(db, &v, now)) {
		out->pass = out->known = db->delay_s <= 0;
		out->wait_s = out->pass ? 0 : db->delay_s;
		return add(db, network, sender, now, out->pass, v.found);
	}
	waited = now - v.first;
	if (!v.used && waited < db->delay_s) {
		out->pass = out->known = false;
		out->wait_s = db->delay_s - waited;
		return SQLITE_OK;
	}
	out->pass = out->known = true;
	out->wait_s = 0;
	sqlite3_bind_int64(db->prepared[USE], 1, v.id);
	sqlite3_bind_int64(db->prepared[USE], 2, now);
	return run(db, USE, NULL);
}

struct greylist_visit greylist_db_visit(struct greylist_db *db, const char *network,
					const char *sender, int64_t now)
{
	for (int attempt = 0; attempt < 2 && ready(db); attempt++) {
		struct greylist_visit out = { .pass = true };
		int code = visit(db, network, sender, now, &out);

		if (code == SQLITE_OK) {
			log_works(db);
			return out;
		}
		if (!recover(db, code))
			break;
	}
	return (struct greylist_visit){ .pass = true };
}

/* ==== Cleaning ==== */

static int expire(struct greylist_db *db, enum statement which, int64_t before)
{
	int64_t changes = BATCH;
	int code = SQLITE_OK;

	for (int i = 0; i < BATCHES && changes == BATCH && code == SQLITE_OK; i++) {
		sqlite3_bind_int64(db->prepared[which], 1, before);
		sqlite3_bind_int64(db->prepared[which], 2, BATCH);
		code = run(db, which, &changes);
		db->rows -= changes;
	}
	return code;
}

void greylist_db_expire(struct greylist_db *db, int64_t now)
{
	int code;

	if (!ready(db))
		return;
	code = expire(db, EXPIRE_WAITING, now - db->expiry_s);
	if (code == SQLITE_OK)
		code = expire(db, EXPIRE_USED, now - GREYLIST_KEPT_S);
	if (code == SQLITE_OK)
		log_works(db);
	else
		recover(db, code);
}
