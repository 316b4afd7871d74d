/*
 * The file of the text index.
 *
 * WAL with synchronous=NORMAL: a lost current takes the last commits back and tears
 * nothing, and what was taken back is made again from the messages.  With OFF a torn
 * page could answer a search wrongly, and nobody would know.
 *
 * SQLite's own FTS5 would do for the filter.  It was left because a text taken out of a
 * contentless table needs SQLite 3.43 (Debian 12 has 3.40), because its trigrams are
 * characters (a needle of two Chinese ones finds nothing to filter by), and because a
 * common trigram's list is read from one end to the other: rows of a grid (text_grid.h)
 * are as short for a common one.
 */
#include "textindex_private.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "sql.h"
#include "text_view.h"

enum { LAYOUT = 2 };

static const char *const SETUP =
	"PRAGMA page_size=4096;"
	"PRAGMA journal_mode=WAL;"
	"PRAGMA synchronous=NORMAL;"
	"PRAGMA busy_timeout=5000;"
	"PRAGMA journal_size_limit=4194304;"
	"PRAGMA cache_size=-4096;"
	"PRAGMA temp_store=MEMORY;";

static const char *const TABLES =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE secret(bytes BLOB);"
	"INSERT INTO secret VALUES(randomblob(32));"
	"CREATE TABLE folder(number INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER UNIQUE,"
	" uid_validity INTEGER, mark INTEGER, entries INTEGER);"
	"CREATE TABLE chunk(id INTEGER PRIMARY KEY, entries BLOB);"
	/* Docs are numbered in the order they came, so those of a folder lie together. */
	"CREATE TABLE doc(id INTEGER PRIMARY KEY, key BLOB UNIQUE, uses INTEGER, block INTEGER,"
	" fields BLOB);"
	"CREATE TABLE body(doc INTEGER PRIMARY KEY, packed BLOB);"
	"CREATE TABLE sign(doc INTEGER PRIMARY KEY, width INTEGER, bits BLOB);"
	"CREATE INDEX sign_width ON sign(width);"
	"CREATE TABLE block(id INTEGER PRIMARY KEY AUTOINCREMENT, width INTEGER, live INTEGER);"
	"CREATE TABLE part(id INTEGER PRIMARY KEY, bits BLOB);"
	"PRAGMA user_version=2;"
	"COMMIT;";

static const char *const SQL[T_COUNT] = {
	[T_BEGIN] = "BEGIN IMMEDIATE",
	[T_COMMIT] = "COMMIT",
	[T_ROLLBACK] = "ROLLBACK",
	[T_FOLDER_GET] = "SELECT number, id, uid_validity, mark, entries FROM folder WHERE id=?1",
	[T_FOLDER_NEW] = "INSERT INTO folder(id, uid_validity, mark, entries) VALUES(?1, ?2, 0, 0)",
	[T_FOLDER_PUT] = "UPDATE folder SET uid_validity=?2, mark=?3, entries=?4 WHERE number=?1",
	[T_FOLDER_DELETE] = "DELETE FROM folder WHERE number=?1",
	[T_FOLDER_NEXT] = ("SELECT number, id, uid_validity, mark, entries FROM folder"
		" WHERE number>?1 ORDER BY number LIMIT 1"),
	[T_CHUNKS_DELETE] = "DELETE FROM chunk WHERE id BETWEEN ?1 AND ?2",
	[T_CHUNK_NEXT] = "SELECT id FROM chunk WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1",
	[T_CHUNK_GET] = "SELECT entries FROM chunk WHERE id=?1",
	[T_CHUNK_PUT] = "INSERT OR REPLACE INTO chunk(id, entries) VALUES(?1, ?2)",
	[T_DOC_FIND] = "SELECT id FROM doc WHERE key=?1",
	[T_DOC_COUNT] = "UPDATE doc SET uses=uses+?2 WHERE id=?1",
	[T_DOC_GET] = "SELECT uses, block FROM doc WHERE id=?1",
	[T_DOC_ADD] = "INSERT INTO doc(key, uses, block, fields) VALUES(?1, 1, 0, ?2)",
	[T_DOC_DELETE] = "DELETE FROM doc WHERE id=?1",
	[T_DOC_PLACE] = "UPDATE doc SET block=?2 WHERE id=?1",
	[T_BODY_ADD] = "INSERT INTO body(doc, packed) VALUES(?1, ?2)",
	[T_BODY_DELETE] = "DELETE FROM body WHERE doc=?1",
	[T_SIGN_ADD] = "INSERT INTO sign(doc, width, bits) VALUES(?1, ?2, ?3)",
	[T_SIGN_DELETE] = "DELETE FROM sign WHERE doc=?1",
	[T_SIGN_COUNT] = "SELECT count(*) FROM sign WHERE width=?1",
	[T_SIGNS] = "SELECT doc, bits FROM sign WHERE width=?1 ORDER BY doc LIMIT ?2",
	[T_BLOCK_ADD] = "INSERT INTO block(width, live) VALUES(?1, ?2)",
	[T_BLOCK_GET] = "SELECT width, live FROM block WHERE id=?1",
	[T_BLOCK_LIVE] = "UPDATE block SET live=?2 WHERE id=?1",
	[T_BLOCK_DELETE] = "DELETE FROM block WHERE id=?1",
	[T_PART_ADD] = "INSERT INTO part(id, bits) VALUES(?1, ?2)",
	[T_PARTS] = "SELECT id & 4095, bits FROM part WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
	[T_PARTS_DELETE] = "DELETE FROM part WHERE id BETWEEN ?1 AND ?2",
	[T_SECRET] = "SELECT bytes FROM secret",
};

void textindex_failed(struct textindex *ti, const char *what)
{
	int code = ti->db ? sqlite3_extended_errcode(ti->db) : SQLITE_NOMEM;

	ti->damaged = ti->damaged || sql_is_damage(code);
	if (!ti->failing)
		log_event(LEVEL_WARN, "store", what, log_text("path", ti->path),
			  log_text("error", ti->db ? sqlite3_errmsg(ti->db) : "out of memory"),
			  log_number("code", code));
	ti->failing = true;
}

sqlite3_stmt *textindex_statement(struct textindex *ti, enum text_statement which)
{
	if (!ti->statement[which] &&
	    sqlite3_prepare_v3(ti->db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT,
			       &ti->statement[which], NULL) != SQLITE_OK) {
		textindex_failed(ti, "the text index cannot be used");
		return NULL;
	}
	return ti->statement[which];
}

bool textindex_run(struct textindex *ti, sqlite3_stmt *st)
{
	bool ok = sql_run(st);

	if (st && !ok)
		textindex_failed(ti, "the text index cannot be changed");
	return ok;
}

bool textindex_row(struct textindex *ti, sqlite3_stmt *st, bool *ok)
{
	if (sql_row(st, ok))
		return true;
	if (st && !*ok)
		textindex_failed(ti, "the text index cannot be read");
	return false;
}

/* ---- The file ---- */

struct textindex *textindex_new(const char *path)
{
	struct textindex *ti = mem_alloc(sizeof(*ti));

	ti->path = mem_string(path);
	pthread_mutex_init(&ti->lock, NULL);
	return ti;
}

static void close_file(struct textindex *ti)
{
	for (size_t i = 0; i < T_COUNT; i++) {
		sqlite3_finalize(ti->statement[i]);
		ti->statement[i] = NULL;
	}
	sqlite3_close(ti->db);
	ti->db = NULL;
	ti->chunk_id = 0;
	ti->chunk_changed = false;
}

void textindex_free(struct textindex *ti)
{
	if (!ti)
		return;
	text_view_close_idle(ti);
	close_file(ti);
	pthread_mutex_destroy(&ti->lock);
	free(ti->path);
	free(ti);
}

/* Of another layout, ours or not: nothing in it is worth more than what it costs to
 * make it again. */
static bool open_file(struct textindex *ti)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_PRIVATECACHE;
	int64_t layout;

	if (sqlite3_open_v2(ti->path, &ti->db, flags, NULL) != SQLITE_OK ||
	    sqlite3_exec(ti->db, SETUP, NULL, NULL, NULL) != SQLITE_OK)
		return false;
	layout = sql_layout(ti->db);
	if (layout == 0 && sqlite3_exec(ti->db, TABLES, NULL, NULL, NULL) == SQLITE_OK)
		layout = LAYOUT;
	ti->damaged = ti->damaged || (layout > 0 && layout != LAYOUT) ||
		      (layout == 0 && (sqlite3_errcode(ti->db) & 0xff) == SQLITE_ERROR);
	for (size_t i = 0; layout == LAYOUT && i < T_COUNT; i++) {
		if (textindex_statement(ti, (enum text_statement)i))
			continue;
		ti->damaged = ti->damaged || (sqlite3_errcode(ti->db) & 0xff) == SQLITE_ERROR;
		return false;
	}
	return layout == LAYOUT;
}

static void remove_file(struct textindex *ti)
{
	static const char *const suffix[] = { "-wal", "-shm", "" };

	log_event(LEVEL_WARN, "store", "the text index was damaged and is made anew",
		  log_text("path", ti->path));
	for (size_t i = 0; i < 3; i++) {
		char *path = mem_printf("%s%s", ti->path, suffix[i]);

		unlink(path);
		free(path);
	}
}

/* Readers take no connection while there is no generation; those that have one keep
 * the old file until they are through. */
bool textindex_ready(struct textindex *ti)
{
	bool suspect;
	unsigned before;

	pthread_mutex_lock(&ti->lock);
	suspect = ti->suspect;
	before = ti->generation;
	pthread_mutex_unlock(&ti->lock);
	ti->damaged = ti->damaged || suspect;
	if (ti->db && !ti->damaged)
		return true;
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		close_file(ti);
		if (ti->damaged)
			remove_file(ti);
		ti->damaged = false;
		if (open_file(ti)) {
			pthread_mutex_lock(&ti->lock);
			ti->generation = before + 1;
			ti->suspect = false;
			pthread_mutex_unlock(&ti->lock);
			ti->failing = false;
			return true;
		}
		if (!ti->failing)
			textindex_failed(ti, "the text index cannot be opened");
		if (!ti->damaged)
			break;
	}
	close_file(ti);
	return false;
}

void textindex_rest(struct textindex *ti)
{
	if (ti->db)
		sqlite3_db_release_memory(ti->db);
	text_view_close_idle(ti);
}

/* ---- Transactions ---- */

static bool flush_chunk(struct textindex *ti)
{
	sqlite3_stmt *st;

	if (!ti->chunk_changed)
		return true;
	st = textindex_statement(ti, T_CHUNK_PUT);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, ti->chunk_id);
	sqlite3_bind_blob(st, 2, ti->chunk, sizeof(ti->chunk), SQLITE_STATIC);
	ti->chunk_changed = false;
	return textindex_run(ti, st);
}

bool textindex_begin(struct textindex *ti)
{
	return textindex_run(ti, textindex_statement(ti, T_BEGIN));
}

bool textindex_end(struct textindex *ti, bool ok)
{
	ok = ok && flush_chunk(ti) && textindex_run(ti, textindex_statement(ti, T_COMMIT));
	if (ok) {
		ti->failing = false;
		return true;
	}
	ti->chunk_id = 0;
	ti->chunk_changed = false;
	if (!sqlite3_get_autocommit(ti->db)) {
		sqlite3_stmt *st = textindex_statement(ti, T_ROLLBACK);

		if (st) {
			sqlite3_step(st);
			sqlite3_reset(st);
		}
	}
	return false;
}

bool textindex_secret(struct textindex *ti, uint8_t secret[2 * TEXT_KEY])
{
	sqlite3_stmt *st = textindex_statement(ti, T_SECRET);
	bool ok, found;

	if (!st || !textindex_row(ti, st, &ok))
		return false;
	found = sqlite3_column_bytes(st, 0) == 2 * TEXT_KEY;
	if (found)
		memcpy(secret, sqlite3_column_blob(st, 0), 2 * TEXT_KEY);
	sqlite3_reset(st);
	ti->damaged = ti->damaged || !found;
	return found;
}

/* ---- Folders ---- */

static void read_folder(sqlite3_stmt *st, struct text_folder *f)
{
	f->number = sqlite3_column_int64(st, 0);
	f->id = sqlite3_column_int64(st, 1);
	f->uid_validity = (uint32_t)sqlite3_column_int64(st, 2);
	f->mark = (uint32_t)sqlite3_column_int64(st, 3);
	f->entries = (uint32_t)sqlite3_column_int64(st, 4);
	sqlite3_reset(st);
}

bool textindex_folder(struct textindex *ti, int64_t id, uint32_t uid_validity,
		      struct text_folder *f)
{
	sqlite3_stmt *st = textindex_statement(ti, T_FOLDER_GET);
	bool ok;

	*f = (struct text_folder){ .id = id, .uid_validity = uid_validity };
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	if (textindex_row(ti, st, &ok)) {
		read_folder(st, f);
		return true;
	}
	st = ok ? textindex_statement(ti, T_FOLDER_NEW) : NULL;
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, uid_validity);
	if (!textindex_run(ti, st))
		return false;
	f->number = sqlite3_last_insert_rowid(ti->db);
	return true;
}

bool textindex_folder_next(struct textindex *ti, int64_t after, struct text_folder *f)
{
	sqlite3_stmt *st = textindex_statement(ti, T_FOLDER_NEXT);
	bool ok;

	*f = (struct text_folder){ .number = 0 };
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, after);
	if (textindex_row(ti, st, &ok))
		read_folder(st, f);
	return ok;
}

bool textindex_folder_put(struct textindex *ti, const struct text_folder *f)
{
	sqlite3_stmt *st = textindex_statement(ti, T_FOLDER_PUT);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, f->number);
	sqlite3_bind_int64(st, 2, f->uid_validity);
	sqlite3_bind_int64(st, 3, f->mark);
	sqlite3_bind_int64(st, 4, f->entries);
	return textindex_run(ti, st);
}

bool textindex_folder_delete(struct textindex *ti, const struct text_folder *f)
{
	sqlite3_stmt *st = textindex_statement(ti, T_CHUNKS_DELETE);

	if (!st)
		return false;
	ti->chunk_id = 0;
	ti->chunk_changed = false;
	sqlite3_bind_int64(st, 1, text_chunk_of(f->number, 0));
	sqlite3_bind_int64(st, 2, text_chunk_of(f->number, UINT32_MAX));
	if (!textindex_run(ti, st) || !(st = textindex_statement(ti, T_FOLDER_DELETE)))
		return false;
	sqlite3_bind_int64(st, 1, f->number);
	return textindex_run(ti, st);
}

/* ---- Entries ---- */

struct text_entry text_entry_at(const uint8_t *chunk, uint32_t uid)
{
	uint32_t doc, sent;

	memcpy(&doc, chunk + uid % TEXT_CHUNK * TEXT_ENTRY, 4);
	memcpy(&sent, chunk + uid % TEXT_CHUNK * TEXT_ENTRY + 4, 4);
	return (struct text_entry){ le32toh(doc), (int32_t)le32toh(sent) };
}

/* Has the message's chunk in memory. */
static bool have_chunk(struct textindex *ti, const struct text_folder *f, uint32_t uid)
{
	int64_t id = text_chunk_of(f->number, uid);
	sqlite3_stmt *st;
	bool ok;

	if (ti->chunk_id == id)
		return true;
	if (!flush_chunk(ti) || !(st = textindex_statement(ti, T_CHUNK_GET)))
		return false;
	ti->chunk_id = 0;
	memset(ti->chunk, 0, sizeof(ti->chunk));
	sqlite3_bind_int64(st, 1, id);
	if (textindex_row(ti, st, &ok)) {
		if (sqlite3_column_bytes(st, 0) == sizeof(ti->chunk))
			memcpy(ti->chunk, sqlite3_column_blob(st, 0), sizeof(ti->chunk));
		sqlite3_reset(st);
	}
	if (ok)
		ti->chunk_id = id;
	return ok;
}

bool textindex_entry(struct textindex *ti, const struct text_folder *f, uint32_t uid,
		     struct text_entry *e)
{
	if (!have_chunk(ti, f, uid))
		return false;
	*e = text_entry_at(ti->chunk, uid);
	return true;
}

static bool count_down(struct textindex *ti, uint32_t doc);

bool textindex_entry_put(struct textindex *ti, struct text_folder *f, uint32_t uid,
			 const struct text_entry *e)
{
	uint32_t doc = htole32(e->doc), sent = htole32((uint32_t)e->sent);
	struct text_entry old;

	if (!textindex_entry(ti, f, uid, &old))
		return false;
	memcpy(ti->chunk + uid % TEXT_CHUNK * TEXT_ENTRY, &doc, 4);
	memcpy(ti->chunk + uid % TEXT_CHUNK * TEXT_ENTRY + 4, &sent, 4);
	ti->chunk_changed = true;
	f->entries += e->doc != 0;
	f->entries -= old.doc != 0;
	return old.doc == 0 || count_down(ti, old.doc);
}

bool textindex_entries_from(struct textindex *ti, const struct text_folder *f, uint32_t *uid)
{
	sqlite3_stmt *st;
	uint32_t first;
	bool ok;

	if (!flush_chunk(ti) || !(st = textindex_statement(ti, T_CHUNK_NEXT)))
		return false;
	sqlite3_bind_int64(st, 1, text_chunk_of(f->number, *uid));
	sqlite3_bind_int64(st, 2, text_chunk_of(f->number, UINT32_MAX));
	if (!textindex_row(ti, st, &ok)) {
		*uid = UINT32_MAX;
		return ok;
	}
	first = (uint32_t)(sqlite3_column_int64(st, 0) & 0xFFFFFF) * TEXT_CHUNK;
	sqlite3_reset(st);
	*uid = first > *uid ? first : *uid;
	return true;
}

/* ---- Docs ---- */

static bool run_with(struct textindex *ti, enum text_statement which, int64_t a)
{
	sqlite3_stmt *st = textindex_statement(ti, which);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, a);
	return textindex_run(ti, st);
}

static bool count(struct textindex *ti, uint32_t doc, int by)
{
	sqlite3_stmt *st = textindex_statement(ti, T_DOC_COUNT);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, doc);
	sqlite3_bind_int(st, 2, by);
	return textindex_run(ti, st);
}

static bool count_down(struct textindex *ti, uint32_t doc)
{
	sqlite3_stmt *st = textindex_statement(ti, T_DOC_GET);
	int64_t uses, block;
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, doc);
	if (!textindex_row(ti, st, &ok))
		return ok;
	uses = sqlite3_column_int64(st, 0);
	block = sqlite3_column_int64(st, 1);
	sqlite3_reset(st);
	if (uses > 1)
		return count(ti, doc, -1);
	return run_with(ti, T_DOC_DELETE, doc) && run_with(ti, T_BODY_DELETE, doc) &&
	       text_block_unsign(ti, doc, block);
}

bool textindex_doc_find(struct textindex *ti, const uint8_t key[TEXT_KEY], uint32_t *doc)
{
	sqlite3_stmt *st = textindex_statement(ti, T_DOC_FIND);
	bool ok;

	*doc = 0;
	if (!st)
		return false;
	sqlite3_bind_blob(st, 1, key, TEXT_KEY, SQLITE_STATIC);
	if (!textindex_row(ti, st, &ok))
		return ok;
	*doc = (uint32_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return count(ti, *doc, 1);
}

bool textindex_doc_add(struct textindex *ti, const uint8_t key[TEXT_KEY], struct text_doc *d,
		       uint32_t *doc)
{
	sqlite3_stmt *st = textindex_statement(ti, T_DOC_ADD);
	unsigned width;

	*doc = 0;
	if (!st)
		return false;
	sqlite3_bind_blob(st, 1, key, TEXT_KEY, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, d->fields.len ? d->fields.data : "", (int)d->fields.len,
			  SQLITE_STATIC);
	if (!textindex_run(ti, st))
		return false;
	*doc = (uint32_t)sqlite3_last_insert_rowid(ti->db);
	st = textindex_statement(ti, T_BODY_ADD);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, *doc);
	sqlite3_bind_blob(st, 2, d->packed.data, (int)d->packed.len, SQLITE_STATIC);
	if (!textindex_run(ti, st))
		return false;
	width = text_doc_sign(d);
	return text_block_sign(ti, *doc, width, d->sign);
}
