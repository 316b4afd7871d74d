#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One message in a folder's table and in its snapshots: 48 bytes. */
struct record {
	uint64_t modseq;
	uint64_t size;                   /* CRLF form */
	int64_t received, saved;
	uint32_t uid;
	uint32_t keywords;
	uint32_t name;                   /* in names; 0: the file is known to be gone */
	uint8_t flags;
	uint8_t place;
	uint8_t unused[2];
};

/*
 * Records in the order of their UIDs, in chunks that a folder's table and its
 * snapshots share: who changes a record gets a chunk of its own first.  The table
 * is changed on the mail lane; what snapshots hold of it is never changed, but
 * that records may be put behind the last one they know.
 */
enum { CHUNK_BITS = 10, CHUNK = 1 << CHUNK_BITS };

struct chunk {
	atomic_uint refs;
	uint32_t room;
	struct record at[];
};

struct part {
	struct chunk *chunk;
	uint32_t end;                    /* records up to and with this part */
	uint32_t last;                   /* its last UID */
};

struct records {
	uint32_t count;
	uint32_t parts, cap;
	struct part *part;
	struct chunk *tail;              /* the last one, when it is ours to fill */
};

void records_init(struct records *r);
void records_release(struct records *r);
/* The same records once more, a few bytes for each chunk. */
void records_share(struct records *to, const struct records *from);

const struct record *records_at(const struct records *r, uint32_t at);
/* The first whose UID is at least `uid`; count: none. */
uint32_t records_find(const struct records *r, uint32_t uid);

/* To be changed by the caller; good until the next call that is not const. */
struct record *records_own(struct records *r, uint32_t at);
struct record *records_add(struct records *r, const struct record *add);
/* As many at once, at most CHUNK, for the caller to fill before anything else. */
struct record *records_room(struct records *r, uint32_t count);
void records_filled(struct records *r);
/* Takes out those without a name; they lie between these UIDs. */
void records_sweep(struct records *r, uint32_t first_uid, uint32_t last_uid);

/* From `at` on so many lie side by side. */
uint32_t records_run(const struct records *r, uint32_t at, const struct record **first);
/* So many are the very same ones in both, from there on; 0: they may still be equal. */
uint32_t records_same(const struct records *a, uint32_t at, const struct records *b, uint32_t bt);
/* So many, as records_same() said, go behind those of `r`, which shares them. */
void records_add_same(struct records *r, const struct records *from, uint32_t at, uint32_t count);

#endif
