#ifndef IMAP_SEARCH_RUN_H
#define IMAP_SEARCH_RUN_H

#include "net/loop.h"
#include "search_job.h"
#include "search_return.h"
#include "session.h"

/*
 * A search_job on its way over the readers lane: slice after slice until it is
 * finished, whoever wants it (SEARCH, SORT, ESEARCH, a context).  Embed; loop thread.
 */
struct search_run {
	struct imap_session *s;
	struct search_job *job;          /* to be filled: plan and search_job_begin() */
	/* A slice is done, or it is time to try again: call search_run_step(). */
	void (*turn)(struct search_run *r);
	bool running;                    /* the job is on its lane */
	bool begun;                      /* it has been there */
	struct timer retry;
};

/* Moves a run whose job is not under way to another place. */
void search_run_take(struct search_run *to, struct search_run *from);

enum search_step {
	SEARCH_GOES_ON,                  /* turn() will be called */
	SEARCH_BUSY,                     /* it cannot be done now: lane or descriptors are full */
	SEARCH_FINISHED,                 /* job->found is there */
};

/* turn() resumes the session's command. */
void search_run_init(struct search_run *r, struct imap_session *s);
/* Abandons or frees the job. */
void search_run_release(struct search_run *r);
enum search_step search_run_step(struct search_run *r);

/* The RETURN options that there are, of SEARCH or of SORT. */
unsigned search_options_known(const struct imap_session *s, bool sort);

/* Reads the criteria (charset and keys) into the job.  False: *progress is the answer
 * that was given instead. */
bool search_run_parse(struct search_run *r, struct imap_running *cmd,
		      const struct search_return *ret, enum imap_progress *progress);
/* The same where a charset has to stand first (SORT, THREAD). */
bool search_run_parse_charset(struct search_run *r, struct imap_running *cmd,
			      const struct search_return *ret, enum imap_progress *progress);
/* Then begins it, with what the session has saved if it is the selected mailbox. */
void search_run_begin(struct search_run *r, struct mailbox *m, const struct snapshot *view);

/* A step for a command that is resumed by turn().  True: it is finished; false: *progress
 * is what the command has come to. */
bool search_run_go_on(struct search_run *r, struct imap_running *cmd,
		      const struct search_return *ret, enum imap_progress *progress);

/* NO to a search: with SAVE it empties the saved result (RFC 5182 2.1). */
void search_forget_saved(struct imap_session *s, const struct search_return *ret);

#endif
