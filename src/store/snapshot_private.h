#ifndef STORE_SNAPSHOT_PRIVATE_H
#define STORE_SNAPSHOT_PRIVATE_H

#include "keyword.h"
#include "names.h"
#include "records.h"
#include "store/snapshot.h"

struct snapshot {
	unsigned refs;
	uint32_t uid_validity, uid_next;
	uint64_t modseq;
	uint32_t unseen;                 /* as the index has counted */
	struct names *names;
	names_view view;
	const struct keywords *keywords;
	const char *const *all_keywords; /* in names */
	size_t all_count;
	struct records records;
};

/* Mail lane: these records as they are now.  One reference. */
struct snapshot *snapshot_new(const struct records *records, struct names *names,
			      const struct keywords *keywords);

const struct record *snapshot_record(const struct snapshot *s, uint32_t seq);
const char *snapshot_file(const struct snapshot *s, const struct record *r);

#endif
