/*
 * The reading side of the text index.  A search opens a transaction and keeps it to
 * its end: docs, blocks and entries agree with each other, whatever the text lane does.
 * Connections are handed on, since opening one costs as much as a search.
 *
 * Rows of fields are read in the order of docs, and messages are asked for in the order
 * of UIDs, which is nearly the same: stepping on is several times cheaper than looking
 * up each.
 */
#include "text_view.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sql.h"
#include "text_doc.h"
#include "textindex_private.h"

enum {
	IDLE_MAX = 4,                    /* as many as there are threads to use them */
	NEEDLE_BITS = 24,                /* of a needle; more would find little less */
	STEPS_MAX = 16,                  /* rows stepped over rather than looked up */
};

enum view_statement { V_FOLDER, V_CHUNKS, V_BLOCKS, V_PART, V_SIGNS, V_FIELDS, V_BODY, V_COUNT };

static const char *const SQL[V_COUNT] = {
	[V_FOLDER] = "SELECT number FROM folder WHERE id=?1 AND uid_validity=?2",
	[V_CHUNKS] = "SELECT id, entries FROM chunk WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
	[V_BLOCKS] = "SELECT id, width FROM block",
	[V_PART] = "SELECT bits FROM part WHERE id=?1",
	[V_SIGNS] = "SELECT doc, width, bits FROM sign",
	[V_FIELDS] = "SELECT id, fields FROM doc WHERE id>=?1 ORDER BY id",
	[V_BODY] = "SELECT packed FROM body WHERE doc=?1",
};

struct block {
	int64_t id;
	unsigned width;
};

struct text_view {
	struct textindex *ti;
	struct text_connection *c;
	sqlite3_stmt *statement[V_COUNT];
	uint32_t count;
	struct text_entry *entries;      /* by number, from 1 */
	uint32_t last_doc;
	uint8_t *found;                  /* by doc: of the last filter */
	struct block *blocks;
	size_t block_count, block_cap;
	bool has_blocks;
	uint32_t fields_at;              /* the doc that V_FIELDS stands on; 0: none */
	struct text_unpack *unpack;
};

/* ---- Connections ---- */

static void connection_close(struct text_connection *c)
{
	sqlite3_close(c->db);
	free(c);
}

static struct text_connection *connection_take(struct textindex *ti)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	struct text_connection *c;
	unsigned generation;

	pthread_mutex_lock(&ti->lock);
	generation = ti->suspect ? 0 : ti->generation;
	c = generation ? ti->idle : NULL;
	if (c) {
		ti->idle = c->next;
		ti->idle_count--;
	}
	pthread_mutex_unlock(&ti->lock);
	if (c && c->generation != generation) {
		connection_close(c);
		c = NULL;
	}
	if (c || !generation)
		return c;
	c = mem_alloc(sizeof(*c));
	c->generation = generation;
	if (sqlite3_open_v2(ti->path, &c->db, flags, NULL) == SQLITE_OK &&
	    sqlite3_exec(c->db, "PRAGMA busy_timeout=1000;PRAGMA cache_size=-2048;",
			 NULL, NULL, NULL) == SQLITE_OK)
		return c;
	connection_close(c);
	return NULL;
}

static void connection_give(struct textindex *ti, struct text_connection *c)
{
	bool kept;

	pthread_mutex_lock(&ti->lock);
	kept = c->generation == ti->generation && ti->idle_count < IDLE_MAX;
	if (kept) {
		c->next = ti->idle;
		ti->idle = c;
		ti->idle_count++;
	}
	pthread_mutex_unlock(&ti->lock);
	if (!kept)
		connection_close(c);
}

void text_view_close_idle(struct textindex *ti)
{
	struct text_connection *c;

	pthread_mutex_lock(&ti->lock);
	c = ti->idle;
	ti->idle = NULL;
	ti->idle_count = 0;
	pthread_mutex_unlock(&ti->lock);
	while (c) {
		struct text_connection *next = c->next;

		connection_close(c);
		c = next;
	}
}

/* ---- Reading ---- */

static bool fail(struct text_view *v)
{
	if (!sql_is_damage(sqlite3_errcode(v->c->db)))
		return false;
	pthread_mutex_lock(&v->ti->lock);
	v->ti->suspect = true;
	pthread_mutex_unlock(&v->ti->lock);
	return false;
}

static sqlite3_stmt *statement(struct text_view *v, enum view_statement which)
{
	if (!v->statement[which] &&
	    sqlite3_prepare_v3(v->c->db, SQL[which], -1, SQLITE_PREPARE_PERSISTENT,
			       &v->statement[which], NULL) != SQLITE_OK)
		fail(v);
	return v->statement[which];
}

static bool row(struct text_view *v, sqlite3_stmt *st, bool *ok)
{
	if (sql_row(st, ok))
		return true;
	if (st && !*ok)
		fail(v);
	return false;
}

static bool find_folder(struct text_view *v, int64_t folder, uint32_t uid_validity,
			int64_t *number)
{
	sqlite3_stmt *st = statement(v, V_FOLDER);
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, folder);
	sqlite3_bind_int64(st, 2, uid_validity);
	if (!row(v, st, &ok))
		return false;
	*number = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return true;
}

static void take_chunk(struct text_view *v, const struct snapshot *s, const uint8_t *chunk,
		       uint32_t first_uid)
{
	uint32_t seq = snapshot_seq_from(s, first_uid);

	for (; seq <= v->count; seq++) {
		uint32_t uid = snapshot_uid(s, seq);

		if (uid - first_uid >= TEXT_CHUNK)
			return;
		v->entries[seq] = text_entry_at(chunk, uid);
		if (v->entries[seq].doc > v->last_doc)
			v->last_doc = v->entries[seq].doc;
	}
}

static bool load_entries(struct text_view *v, const struct snapshot *s, int64_t number)
{
	sqlite3_stmt *st = statement(v, V_CHUNKS);
	bool ok;

	if (!st)
		return false;
	v->entries = mem_array((size_t)v->count + 1, sizeof(*v->entries));
	sqlite3_bind_int64(st, 1, text_chunk_of(number, 0));
	sqlite3_bind_int64(st, 2, text_chunk_of(number, UINT32_MAX));
	while (row(v, st, &ok)) {
		uint32_t chunk = (uint32_t)(sqlite3_column_int64(st, 0) & 0xFFFFFF);

		if (sqlite3_column_bytes(st, 1) == TEXT_CHUNK * TEXT_ENTRY)
			take_chunk(v, s, sqlite3_column_blob(st, 1), chunk * TEXT_CHUNK);
	}
	return ok;
}

struct text_view *text_view_new(struct textindex *ti, int64_t folder, const struct snapshot *s)
{
	struct text_connection *c = connection_take(ti);
	struct text_view *v;
	int64_t number;

	if (!c)
		return NULL;
	v = mem_alloc(sizeof(*v));
	v->ti = ti;
	v->c = c;
	v->count = snapshot_count(s);
	if (sqlite3_exec(c->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
	    find_folder(v, folder, snapshot_uid_validity(s), &number) &&
	    load_entries(v, s, number))
		return v;
	text_view_free(v);
	return NULL;
}

void text_view_free(struct text_view *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < V_COUNT; i++)
		sqlite3_finalize(v->statement[i]);
	sqlite3_exec(v->c->db, "ROLLBACK", NULL, NULL, NULL);
	connection_give(v->ti, v->c);
	text_unpack_free(v->unpack);
	free(v->entries);
	free(v->found);
	free(v->blocks);
	free(v);
}

bool text_view_knows(const struct text_view *v, uint32_t seq)
{
	return v->entries[seq].doc != 0;
}

int32_t text_view_sent(const struct text_view *v, uint32_t seq)
{
	return v->entries[seq].sent;
}

/* ---- Filtering ---- */

static bool load_blocks(struct text_view *v)
{
	sqlite3_stmt *st;
	bool ok;

	if (v->has_blocks)
		return true;
	st = statement(v, V_BLOCKS);
	if (!st)
		return false;
	while (row(v, st, &ok)) {
		struct block b = { sqlite3_column_int64(st, 0),
				   (unsigned)sqlite3_column_int(st, 1) };

		if (b.width < TEXT_WIDTH_MIN || b.width > TEXT_WIDTH_MAX)
			continue;
		if (v->block_count == v->block_cap) {
			v->block_cap = v->block_cap ? 2 * v->block_cap : 64;
			v->blocks = mem_grow(v->blocks, v->block_cap, sizeof(*v->blocks));
		}
		v->blocks[v->block_count++] = b;
	}
	v->has_blocks = ok;
	return ok;
}

/* A part's bytes, until st is reset; NULL: not to be had. */
static const uint8_t *part(struct text_view *v, sqlite3_stmt *st, int64_t id, size_t *len)
{
	bool ok;

	sqlite3_bind_int64(st, 1, id);
	if (!row(v, st, &ok))
		return NULL;
	*len = (size_t)sqlite3_column_bytes(st, 0);
	return sqlite3_column_blob(st, 0);
}

static bool note_docs(struct text_view *v, sqlite3_stmt *st, int64_t block, const uint8_t *have)
{
	size_t len = 0;
	const uint8_t *docs = part(v, st, text_part_id(block, TEXT_BLOCK_DOCS), &len);

	for (unsigned i = 0; docs && i < len / 4; i++) {
		uint32_t doc;

		memcpy(&doc, docs + 4 * i, 4);
		doc = le32toh(doc);
		if (text_bit(have, i) && doc <= v->last_doc)
			text_set_bit(v->found, doc);
	}
	sqlite3_reset(st);
	return docs != NULL;
}

/* The docs whose signature has all bits: the rows of those bits have it in common. */
static bool filter_block(struct text_view *v, const struct block *b, const uint32_t *bits,
			 size_t count)
{
	sqlite3_stmt *st = statement(v, V_PART);
	uint8_t have[TEXT_GRID_DOCS / 8];
	bool any = true;

	memset(have, 0xFF, sizeof(have));
	for (size_t i = 0; st && any && i < count; i++) {
		struct text_row r = text_grid_row(b->width, bits[i]);
		size_t len = 0;
		const uint8_t *at = part(v, st, text_part_id(b->id, r.part), &len);

		if (!at || r.from + r.len > len) {
			sqlite3_reset(st);
			return false;
		}
		any = false;
		for (size_t k = 0; k < r.len; k++) {
			have[k] &= at[r.from + k];
			any = any || have[k];
		}
		sqlite3_reset(st);
	}
	return st && (!any || note_docs(v, st, b->id, have));
}

/* Those that wait for a block. */
static bool filter_signs(struct text_view *v, const uint32_t *bits, size_t count)
{
	sqlite3_stmt *st = statement(v, V_SIGNS);
	bool ok;

	if (!st)
		return false;
	while (row(v, st, &ok)) {
		uint32_t doc = (uint32_t)sqlite3_column_int64(st, 0), mask;
		unsigned width = (unsigned)sqlite3_column_int(st, 1);
		const uint8_t *sign = sqlite3_column_blob(st, 2);
		bool all = true;

		if (width < TEXT_WIDTH_MIN || width > TEXT_WIDTH_MAX || doc > v->last_doc ||
		    sqlite3_column_bytes(st, 2) != 1 << (width - 3))
			continue;
		mask = (UINT32_C(1) << width) - 1;
		for (size_t i = 0; all && i < count; i++)
			all = text_bit(sign, bits[i] & mask);
		if (all)
			text_set_bit(v->found, doc);
	}
	return ok;
}

/* Adds to v->found. */
static bool find_docs(struct text_view *v, struct slice needle, bool body)
{
	uint32_t bits[NEEDLE_BITS];
	size_t count = text_needle_bits(needle, body, bits, NEEDLE_BITS);

	if (!load_blocks(v) || !filter_signs(v, bits, count))
		return false;
	for (size_t i = 0; i < v->block_count; i++)
		if (!filter_block(v, &v->blocks[i], bits, count))
			return false;
	return true;
}

bool text_view_filter(struct text_view *v, struct slice needle, enum reader_where where,
		      uint8_t *maybe)
{
	size_t size = v->last_doc / 8 + 1;

	if (needle.len < 2 || !v->last_doc)
		return true;
	if (!v->found)
		v->found = mem_alloc(size);
	memset(v->found, 0, size);
	if ((where != READER_IN_HEADER && !find_docs(v, needle, true)) ||
	    (where != READER_IN_BODY && !find_docs(v, needle, false)))
		return false;
	for (uint32_t seq = 1; seq <= v->count; seq++) {
		uint32_t doc = v->entries[seq].doc;

		if (doc && !text_bit(v->found, doc))
			maybe[seq >> 3] = (uint8_t)(maybe[seq >> 3] & ~(1 << (seq & 7)));
	}
	return true;
}

/* ---- Texts ---- */

/* V_FIELDS stands on this doc. */
static bool go_to_fields(struct text_view *v, sqlite3_stmt *st, uint32_t doc)
{
	bool ok;

	if (v->fields_at && v->fields_at < doc && doc - v->fields_at <= STEPS_MAX) {
		while (v->fields_at < doc && row(v, st, &ok))
			v->fields_at = (uint32_t)sqlite3_column_int64(st, 0);
	}
	if (v->fields_at == doc)
		return true;
	sqlite3_reset(st);
	v->fields_at = 0;
	sqlite3_bind_int64(st, 1, doc);
	if (!row(v, st, &ok))
		return false;
	v->fields_at = (uint32_t)sqlite3_column_int64(st, 0);
	return v->fields_at == doc;
}

bool text_view_fields(struct text_view *v, uint32_t seq, search_piece_fn *fn, void *ctx)
{
	uint32_t doc = v->entries[seq].doc;
	sqlite3_stmt *st = statement(v, V_FIELDS);
	struct slice fields;

	if (!st || !doc || !go_to_fields(v, st, doc))
		return false;
	fields = slice_make(sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1));
	text_fields_give(fields, fn, ctx);
	return fields.len > 0;
}

bool text_view_texts(struct text_view *v, uint32_t seq, search_piece_fn *fn, void *ctx,
		     const bool *enough)
{
	uint32_t doc = v->entries[seq].doc;
	sqlite3_stmt *st = statement(v, V_BODY);
	bool ok;

	if (!st || !doc)
		return false;
	if (!v->unpack)
		v->unpack = text_unpack_new();
	sqlite3_bind_int64(st, 1, doc);
	if (!row(v, st, &ok))
		return false;
	ok = text_unpack(v->unpack,
			 slice_make(sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0)),
			 fn, ctx, enough);
	sqlite3_reset(st);
	return ok;
}
