#ifndef IMAP_ORDER_JOB_H
#define IMAP_ORDER_JOB_H

#include "net/lane.h"
#include "sort.h"
#include "store/reader.h"
#include "thread.h"

/*
 * What comes behind the search of a SORT or THREAD, slice by slice on the readers
 * lane: the keys of the messages found, from the index by the thousand, and then the
 * order.  Keys that are not there yet are made from the messages' files.
 */
enum { ORDER_SLICE_MS = 50 };            /* then others on the lane have their turn */

enum order_kind {
	ORDER_NOTHING,                   /* only that the keys be in the index */
	ORDER_SORT,
	ORDER_THREAD,
};

struct order_job {
	struct job job;                  /* work is set; done and owner are the command's */
	enum order_kind kind;
	struct sorter sorter;
	struct threader threader;
	struct reader *reader;
	const struct snapshot *view;
	uint32_t *found;                 /* message numbers, ascending; sorted in the end */
	size_t count;

	/* The place. */
	size_t at;                       /* of found: the next whose keys are wanted */
	struct order_row *rows;          /* a batch from the index */
	size_t row_count, row;
	bool last_batch;
	struct buf bytes, made;
	size_t made_count;               /* keys made since the last reader_keep() */
	bool keys_full;                  /* reader_keep(), then on */
	bool finished;
	bool over;                       /* a ceiling of the sorter or threader: no order */
};

struct order_job *order_job_new(enum order_kind kind);
void order_job_free(struct order_job *j);    /* loop thread, job not running; NULL is fine */

/* sorter or threader is set up; takes `found`. */
void order_job_begin(struct order_job *j, struct mailbox *m, const struct snapshot *view,
		     uint32_t *found, size_t count);

#endif
