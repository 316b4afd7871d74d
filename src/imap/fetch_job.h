#ifndef IMAP_FETCH_JOB_H
#define IMAP_FETCH_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "body.h"
#include "fetch_item.h"
#include "net/lane.h"
#include "store/reader.h"
#include "store/snapshot.h"
#include "store/uid_set.h"

/*
 * The responses to a FETCH, made slice by slice on the readers lane: each slice is
 * at most a little more than FETCH_SLICE_BYTES and FETCH_SLICE_MS, whatever was
 * asked for, and the place is kept here in between.  The job owns all it touches,
 * because the session that asked may be gone before it comes back.
 */
enum {
	/* Twice what a connection holds before it calls itself full. */
	FETCH_SLICE_BYTES = 256 * 1024,
	/* Then others on the lane have their turn. */
	FETCH_SLICE_MS = 50,
};

struct fetch_job {
	struct job job;              /* work is set; done and owner are the command's */

	/* Filled by the command, from `keep` or owned. */
	struct arena *keep;
	struct fetch_plan plan;
	struct reader *reader;
	const struct snapshot *view;
	struct uid_set uids;         /* asked for */
	struct uid_set recent;       /* \Recent of this session */
	struct uid_set seen;         /* got \Seen by this command: FLAGS are told */
	unsigned enabled;            /* the session's */

	/* The place. */
	size_t range;                /* in uids */
	uint32_t seq;                /* the message under way; 0: none */
	uint32_t next_uid;
	size_t item;                 /* of plan.items; plan.count is the end */
	size_t message_at;           /* in out, where the message under way began */
	bool torn;                   /* a part of its response is with the client */
	bool sending;
	struct body body;            /* the value that is being sent */

	/* The result of a slice; the loop writes it and clears it. */
	struct buf out;
	bool finished;               /* there is no more */
	bool broken;                 /* a literal cannot be finished: end the connection */
	bool gone, failed;           /* messages were left out: expunged; unreadable */
	bool unknown_cte;            /* ...in an encoding that is not known (RFC 3516 4.3) */
};

/* With an empty plan and no reader. */
struct fetch_job *fetch_job_new(void);
void fetch_job_free(struct fetch_job *f);    /* loop thread, job not running; NULL is fine */

/* Takes the view (a copy of it and of the session's \Recent); plan and uids are set. */
void fetch_job_begin(struct fetch_job *f, struct mailbox *m, const struct snapshot *view,
		     const struct uid_set *recent);

#endif
