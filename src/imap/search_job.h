#ifndef IMAP_SEARCH_JOB_H
#define IMAP_SEARCH_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "net/lane.h"
#include "search_body.h"
#include "search_key.h"
#include "store/reader.h"
#include "store/snapshot.h"
#include "store/uid_set.h"

/*
 * A SEARCH under way, slice by slice on the readers lane.  Like the job of a FETCH
 * it owns all it touches and keeps its place between slices.
 */
enum {
	SEARCH_SLICE_MS = 50,            /* then others on the lane have their turn */
	SEARCH_CLOCK_EVERY = 64,         /* messages that cost nothing, between looks at it */
};

struct search_job {
	struct job job;                  /* work is set; done and owner are the command's */

	/* Filled by the command, from `keep` or owned. */
	struct arena *keep;
	struct search_plan plan;
	struct reader *reader;
	const struct snapshot *view;
	struct uid_set recent;           /* \Recent of this session */
	struct uid_set saved;            /* "$" */
	int64_t now;                     /* for OLDER and YOUNGER */

	size_t prepared;                 /* keys of `body` that were looked up... */
	bool ready;                      /* ...all of them */
	bool known;                      /* the reader knows of messages */
	bool any_apart;                  /* some key has field_apart */
	bool costly;                     /* the last message was more than a look */

	bool partly;                     /* of these UIDs alone: search_again.h */
	struct uid_set only;
	size_t only_at;
	uint32_t seq;                    /* the message under way, from 1 */
	bool in_body;                    /* `body` is in the middle of it */
	struct search_body body;
	struct buf field;                /* scratch */

	uint32_t *found;                 /* message numbers, ascending */
	size_t found_count, found_cap;
	bool finished;
	bool gone;                       /* some messages were expunged by others */
	/* There were no descriptors to be had: what was found is not all there is. */
	bool failed;
};

struct search_job *search_job_new(void);
void search_job_free(struct search_job *j);  /* loop thread, job not running; NULL is fine */

/* What "$" is, if anything; before search_job_begin. */
void search_job_saved(struct search_job *j, const struct uid_set *saved);

/* Takes the view (a copy of it and of the session's \Recent); the plan is set. */
void search_job_begin(struct search_job *j, struct mailbox *m, const struct snapshot *view,
		      const struct uid_set *recent);

#endif
