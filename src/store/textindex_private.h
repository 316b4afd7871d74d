#ifndef STORE_TEXTINDEX_PRIVATE_H
#define STORE_TEXTINDEX_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "text_grid.h"
#include "textindex.h"

enum text_statement {
	T_BEGIN, T_COMMIT, T_ROLLBACK,
	T_FOLDER_GET, T_FOLDER_NEW, T_FOLDER_PUT, T_FOLDER_DELETE, T_FOLDER_NEXT, T_CHUNKS_DELETE,
	T_CHUNK_NEXT, T_CHUNK_GET, T_CHUNK_PUT, T_DOC_FIND, T_DOC_COUNT, T_DOC_GET, T_DOC_ADD, T_DOC_DELETE,
	T_DOC_PLACE, T_BODY_ADD, T_BODY_DELETE, T_SIGN_ADD, T_SIGN_DELETE, T_SIGN_COUNT, T_SIGNS,
	T_BLOCK_ADD, T_BLOCK_GET, T_BLOCK_LIVE, T_BLOCK_DELETE, T_PART_ADD, T_PARTS, T_PARTS_DELETE,
	T_SECRET,
	T_COUNT,
};

/* An open file for reading, handed from search to search. */
struct text_connection {
	struct text_connection *next;
	unsigned generation;
	sqlite3 *db;
};

struct textindex {
	char *path;

	/* The text lane's. */
	sqlite3 *db;
	sqlite3_stmt *statement[T_COUNT];
	bool damaged, failing;
	int64_t chunk_id;                /* the chunk in memory; 0: none */
	bool chunk_changed;
	uint8_t chunk[TEXT_CHUNK * TEXT_ENTRY];

	pthread_mutex_t lock;            /* for what follows */
	unsigned generation;             /* of the file; 0: there is none yet */
	bool suspect;                    /* a reader found it damaged */
	struct text_connection *idle;
	unsigned idle_count;
};

/* The docs of a block are part number TEXT_BLOCK_DOCS of its grid. */
enum { TEXT_BLOCK_DOCS = 4095 };
static inline int64_t text_part_id(int64_t block, unsigned part)
{
	return block << 12 | part;
}

sqlite3_stmt *textindex_statement(struct textindex *ti, enum text_statement which);
bool textindex_run(struct textindex *ti, sqlite3_stmt *st);
bool textindex_row(struct textindex *ti, sqlite3_stmt *st, bool *ok);
void textindex_failed(struct textindex *ti, const char *what);

/* ---- text_block.c: signatures and the blocks they are gathered in ---- */

bool text_block_sign(struct textindex *ti, uint32_t doc, unsigned width, const uint8_t *bits);
/* The doc is gone; `block` 0: it waits for one. */
bool text_block_unsign(struct textindex *ti, uint32_t doc, int64_t block);

#endif
