#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include <stdbool.h>

#include "snapshot_private.h"

/* The messages of one folder by UID and by file: what the mail lane changes and
 * snapshots are copied from. */
struct table {
	struct records records;          /* by UID */
	uint32_t removed_first, removed_last;    /* UIDs, since the last sweep; 0: none */
	struct names *names;
	size_t wasted;                   /* bytes of names that no record uses */
	uint32_t *slot;                  /* UIDs by hash of base; 0: free; NULL: not made yet */
	uint32_t slots, used;
	const char **all;                /* every keyword in use, in names */
	size_t all_count, all_cap;
	uint8_t has_keyword[KEYWORD_NAMES_MAX / 8];
};

void table_init(struct table *t);
void table_init_names(struct table *t, struct names *names);     /* it owns them then */
void table_release(struct table *t);

/* NULL: none.  What they give is good until the next change of the table. */
const struct record *table_uid(const struct table *t, uint32_t uid);
/* The first time all names are hashed. */
const struct record *table_file(struct table *t, const char *base, size_t base_len);
/* As that, by its place in `records`. */
bool table_file_at(struct table *t, const char *base, size_t base_len, uint32_t *at);
const char *table_name(const struct table *t, const struct record *r);
/* The same record, to be changed. */
struct record *table_own(struct table *t, const struct record *r);

/* Its UID is larger than any before.  The pointer is good until the next one. */
struct record *table_add(struct table *t, const struct record *r, const char *name,
			 const struct keywords *k);
void table_rename(struct table *t, struct record *r, const char *name);
void table_note_keywords(struct table *t, const struct keywords *k, unsigned set);

/* Marks; the record stays until table_sweep(), without a name. */
void table_remove(struct table *t, const struct record *r);
void table_sweep(struct table *t);

/* Most of its names belong to nobody any more. */
bool table_is_wasteful(const struct table *t);
struct snapshot *table_snapshot(struct table *t, const struct keywords *k);

#endif
