/*
 * Signatures wait as they are until there are enough of one width for a block, and are
 * turned then, so that a text that comes alone changes a few rows and not a grid.  A
 * block of which half is gone is turned back, and what is left of it waits again.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "textindex_private.h"

static bool add_sign(struct textindex *ti, uint32_t doc, unsigned width, const uint8_t *bits)
{
	sqlite3_stmt *st = textindex_statement(ti, T_SIGN_ADD);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, doc);
	sqlite3_bind_int(st, 2, (int)width);
	sqlite3_bind_blob(st, 3, bits, 1 << (width - 3), SQLITE_STATIC);
	return textindex_run(ti, st);
}

static bool run_two(struct textindex *ti, enum text_statement which, int64_t a, int64_t b)
{
	sqlite3_stmt *st = textindex_statement(ti, which);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, a);
	sqlite3_bind_int64(st, 2, b);
	return textindex_run(ti, st);
}

static bool add_part(struct textindex *ti, int64_t id, const void *bits, size_t len)
{
	sqlite3_stmt *st = textindex_statement(ti, T_PART_ADD);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_blob(st, 2, bits, (int)len, SQLITE_STATIC);
	return textindex_run(ti, st);
}

/* A block's docs and its grid, in memory. */
struct block {
	unsigned width, count;
	uint32_t docs[TEXT_GRID_DOCS];
	uint8_t *grid;
};

static bool gather(struct textindex *ti, struct block *b)
{
	sqlite3_stmt *st = textindex_statement(ti, T_SIGNS);
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int(st, 1, (int)b->width);
	sqlite3_bind_int(st, 2, (int)text_grid_docs(b->width));
	while (textindex_row(ti, st, &ok)) {
		if (sqlite3_column_bytes(st, 1) != 1 << (b->width - 3)) {
			ti->damaged = true;
			sqlite3_reset(st);
			return false;
		}
		text_grid_put(b->grid, b->width, b->count, sqlite3_column_blob(st, 1));
		b->docs[b->count++] = (uint32_t)sqlite3_column_int64(st, 0);
	}
	return ok;
}

static bool write_block(struct textindex *ti, const struct block *b)
{
	size_t size = text_grid_size(b->width);
	uint32_t docs[TEXT_GRID_DOCS];
	int64_t block;

	if (!run_two(ti, T_BLOCK_ADD, b->width, b->count))
		return false;
	block = sqlite3_last_insert_rowid(ti->db);
	for (unsigned part = 0; part * (size_t)TEXT_GRID_PART < size; part++) {
		size_t from = part * (size_t)TEXT_GRID_PART;

		if (!add_part(ti, text_part_id(block, part), b->grid + from,
			      size - from < TEXT_GRID_PART ? size - from : TEXT_GRID_PART))
			return false;
	}
	for (unsigned i = 0; i < b->count; i++)
		docs[i] = htole32(b->docs[i]);
	if (!add_part(ti, text_part_id(block, TEXT_BLOCK_DOCS), docs, 4 * b->count))
		return false;
	for (unsigned i = 0; i < b->count; i++) {
		sqlite3_stmt *st = textindex_statement(ti, T_SIGN_DELETE);

		if (!st)
			return false;
		sqlite3_bind_int64(st, 1, b->docs[i]);
		if (!textindex_run(ti, st) || !run_two(ti, T_DOC_PLACE, b->docs[i], block))
			return false;
	}
	return true;
}

static bool make_block(struct textindex *ti, unsigned width)
{
	struct block b = { .width = width, .grid = mem_alloc(text_grid_size(width)) };
	bool ok = gather(ti, &b) && write_block(ti, &b);

	free(b.grid);
	return ok;
}

bool text_block_sign(struct textindex *ti, uint32_t doc, unsigned width, const uint8_t *bits)
{
	sqlite3_stmt *st = textindex_statement(ti, T_SIGN_COUNT);
	int64_t waiting = 0;
	bool ok;

	if (!st || !add_sign(ti, doc, width, bits))
		return false;
	sqlite3_bind_int(st, 1, (int)width);
	if (!textindex_row(ti, st, &ok))
		return ok;
	waiting = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return waiting < text_grid_docs(width) || make_block(ti, width);
}

/* ---- Turning back ---- */

static bool read_block(struct textindex *ti, int64_t block, struct block *b)
{
	const size_t size = text_grid_size(b->width);
	sqlite3_stmt *st = textindex_statement(ti, T_PARTS);
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, text_part_id(block, 0));
	sqlite3_bind_int64(st, 2, text_part_id(block, TEXT_BLOCK_DOCS));
	while (textindex_row(ti, st, &ok)) {
		size_t part = (size_t)sqlite3_column_int64(st, 0);
		size_t len = (size_t)sqlite3_column_bytes(st, 1);
		const void *bits = sqlite3_column_blob(st, 1);

		if (part == TEXT_BLOCK_DOCS && len <= sizeof(b->docs)) {
			memcpy(b->docs, bits, len);
			b->count = (unsigned)len / 4;
		} else if (part * TEXT_GRID_PART + len <= size) {
			memcpy(b->grid + part * TEXT_GRID_PART, bits, len);
		}
	}
	for (unsigned i = 0; i < b->count; i++)
		b->docs[i] = le32toh(b->docs[i]);
	return ok;
}

/* Those that were counted down to nothing have no row any more. */
static bool is_of_block(struct textindex *ti, uint32_t doc, int64_t block, bool *is)
{
	sqlite3_stmt *st = textindex_statement(ti, T_DOC_GET);
	bool ok;

	*is = false;
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, doc);
	if (!textindex_row(ti, st, &ok))
		return ok;
	*is = sqlite3_column_int64(st, 1) == block;
	sqlite3_reset(st);
	return true;
}

static bool let_wait(struct textindex *ti, int64_t block, const struct block *b)
{
	uint8_t *bits = mem_alloc(TEXT_SIGN_MAX);
	bool ok = true, is;

	for (unsigned i = 0; ok && i < b->count; i++) {
		ok = is_of_block(ti, b->docs[i], block, &is);
		if (!ok || !is)
			continue;
		text_grid_get(b->grid, b->width, i, bits);
		ok = run_two(ti, T_DOC_PLACE, b->docs[i], 0) &&
		     text_block_sign(ti, b->docs[i], b->width, bits);
	}
	free(bits);
	return ok;
}

static bool undo_block(struct textindex *ti, int64_t block, unsigned width)
{
	struct block b = { .width = width, .grid = mem_alloc(text_grid_size(width)) };
	sqlite3_stmt *st = textindex_statement(ti, T_BLOCK_DELETE);
	bool ok = read_block(ti, block, &b) && let_wait(ti, block, &b) &&
		  run_two(ti, T_PARTS_DELETE, text_part_id(block, 0),
			  text_part_id(block, TEXT_BLOCK_DOCS));

	free(b.grid);
	if (!ok || !st)
		return false;
	sqlite3_bind_int64(st, 1, block);
	return textindex_run(ti, st);
}

bool text_block_unsign(struct textindex *ti, uint32_t doc, int64_t block)
{
	sqlite3_stmt *st = textindex_statement(ti, block ? T_BLOCK_GET : T_SIGN_DELETE);
	unsigned width;
	int64_t live;
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, block ? block : (int64_t)doc);
	if (!block)
		return textindex_run(ti, st);
	if (!textindex_row(ti, st, &ok))
		return ok;
	width = (unsigned)sqlite3_column_int(st, 0);
	live = sqlite3_column_int64(st, 1) - 1;
	sqlite3_reset(st);
	if (width < TEXT_WIDTH_MIN || width > TEXT_WIDTH_MAX) {
		ti->damaged = true;
		return false;
	}
	if (live * 2 < text_grid_docs(width))
		return undo_block(ti, block, width);
	return run_two(ti, T_BLOCK_LIVE, block, live);
}
