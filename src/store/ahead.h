#ifndef STORE_AHEAD_H
#define STORE_AHEAD_H

#include "index.h"

/*
 * The index's texts of messages, read some at a time: whoever takes one message after
 * the other has those of the next ones read along, in one question.  For one job at a
 * time.  What is written meanwhile is not seen.
 */
struct ahead {
	unsigned wanted;                 /* bit per text: those asked for so far */
	unsigned most;                   /* messages read at a time */
	uint32_t from, to;               /* UIDs that are known about; from 0: none */
	struct ahead_row *rows;          /* in their order */
	size_t count, at;
	struct buf bytes;                /* texts, one behind the other */
};

void ahead_init(struct ahead *a);
void ahead_release(struct ahead *a);

/* Not for INDEX_KEYS.  Valid until the next call.  Empty: the index has none. */
struct slice ahead_text(struct ahead *a, struct index *ix, int64_t folder, uint32_t uid,
			unsigned which);

#endif
