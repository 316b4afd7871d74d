#ifndef STORE_SNAPSHOT_PRIVATE_H
#define STORE_SNAPSHOT_PRIVATE_H

#include "keyword.h"
#include "names.h"
#include "store/snapshot.h"

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
	uint8_t seen_in_scan;            /* the folder's, while it compares */
};

struct snapshot {
	unsigned refs;
	uint32_t count, uid_validity, uid_next;
	uint64_t modseq;
	struct names *names;
	names_view view;
	const struct keywords *keywords;
	const char *const *all_keywords; /* in names */
	size_t all_count;
	struct record *records;
};

/* Mail lane: a copy of the table as it is now.  One reference. */
struct snapshot *snapshot_new(const struct record *records, uint32_t count,
			      struct names *names, const struct keywords *keywords);

const struct record *snapshot_record(const struct snapshot *s, uint32_t seq);
const char *snapshot_file(const struct snapshot *s, const struct record *r);

/* The first record whose UID is at least `uid`; `count`: none. */
uint32_t records_find(const struct record *records, uint32_t count, uint32_t uid);

#endif
