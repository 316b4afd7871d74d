#ifndef IMAP_ORDER_RUN_H
#define IMAP_ORDER_RUN_H

#include "net/loop.h"
#include "order_job.h"
#include "session.h"

/*
 * An order_job on its way over the readers lane, slice after slice until it is
 * finished; what it makes goes to the index in between, or the next command would
 * make it again.  Embed; loop thread.
 */
struct order_run {
	struct imap_session *s;
	struct order_job *job;           /* to be set up: order_job_begin() */
	/* Call order_run_step() again.  From the beginning it resumes the session's command. */
	void (*turn)(struct order_run *r);
	bool running;                    /* the job is on its lane */
	struct timer retry;
};

enum order_step { ORDER_GOES_ON, ORDER_FINISHED };

void order_run_init(struct order_run *r, struct imap_session *s, enum order_kind kind);
/* Abandons or frees the job; harmless when there was no init (all zero). */
void order_run_release(struct order_run *r);
/* It comes again (the command waits: IMAP_WAIT_JOB), or all is there. */
enum order_step order_run_step(struct order_run *r);

#endif
