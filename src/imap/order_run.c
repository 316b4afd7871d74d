/*
 * Here because SORT, THREAD and a FETCH of thread ids need the same of the keys, and
 * abandoning is the part that is easily got wrong.
 */
#include "order_run.h"

#include "base/list.h"
#include "store/store.h"

enum { RETRY_MS = 100 };                 /* the readers' queue is full */

static void resume_command(struct order_run *r)
{
	imap_command_resume(r->s);
}

static void retry_now(struct timer *t)
{
	struct order_run *r = container_of(t, struct order_run, retry);

	r->turn(r);
}

static void keys_kept(void *owner, enum store_status st)
{
	struct order_run *r = owner;

	(void)st;
	r->turn(r);
}

static void slice_done(struct job *job)
{
	struct order_job *j = container_of(job, struct order_job, job);
	struct order_run *r = job->owner;

	if (!r) {
		order_job_free(j);
		return;
	}
	r->running = false;
	r->turn(r);
}

void order_run_init(struct order_run *r, struct imap_session *s, enum order_kind kind)
{
	*r = (struct order_run){ .s = s, .job = order_job_new(kind),
				  .turn = resume_command };
	r->job->job.done = slice_done;
	r->job->job.owner = r;
	r->retry.fire = retry_now;
}

void order_run_release(struct order_run *r)
{
	if (!r->job)
		return;
	if (timer_is_set(&r->retry))
		timer_clear(conn_loop(r->s->base.conn), &r->retry);
	store_abandon(r->s->server->store, r);
	if (r->running)
		job_abandon(&r->job->job);
	else
		order_job_free(r->job);
	r->job = NULL;
}

enum order_step order_run_step(struct order_run *r)
{
	struct order_job *j = r->job;

	/* Whoever only wants the index to have them waits for the last of them too. */
	if (j->keys_full || (j->finished && j->kind == ORDER_NOTHING && j->made_count)) {
		j->keys_full = false;
		j->made_count = 0;
		reader_keep(j->reader, keys_kept, r);
		return ORDER_GOES_ON;
	}
	if (j->finished)
		return ORDER_FINISHED;
	r->running = reader_submit(j->reader, &j->job);
	if (!r->running)
		timer_set(conn_loop(r->s->base.conn), &r->retry, RETRY_MS);
	return ORDER_GOES_ON;
}
