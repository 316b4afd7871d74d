/*
 * SEARCH and UID SEARCH (RFC 3501 6.4.4, 6.4.8): the job looks at some messages
 * and comes back, until it has looked at all; then the numbers are written, piece
 * by piece, because a million of them are seven megabytes.
 */
#include <assert.h>

#include "base/list.h"
#include "commands.h"
#include "net/loop.h"
#include "search_job.h"
#include "session.h"

enum {
	RETRY_MS = 100,                  /* the readers' queue is full in the middle */
	ANSWER_PIECE = 32 * 1024,
	NUMBER_MAX = 12,                 /* SP and ten digits */
};

struct searching {
	struct imap_session *s;
	struct search_job *job;
	bool running;                    /* the job is on its lane */
	bool begun;                      /* it has been there */
	size_t told;                     /* of job->found */
	struct timer retry;
};

static enum imap_progress begin(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress submit(struct imap_session *s, struct imap_running *cmd);
static void retry_now(struct timer *t);
static void slice_done(struct job *job);
static enum imap_progress next_slice(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress answer(struct imap_session *s, struct imap_running *cmd);
static void release(struct imap_session *s, struct imap_running *cmd);

enum imap_progress cmd_search(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;
	struct searching *f = arena_get(cmd->arena, sizeof(*f));

	f->s = s;
	f->job = search_job_new();
	f->job->job.done = slice_done;
	f->job->job.owner = s;
	f->retry.fire = retry_now;
	cmd->at = f;
	cmd->release = release;

	if (!args_space(a))
		return imap_bad_args(s, cmd);
	switch (search_plan_parse(&f->job->plan, a, f->job->keep, s->enabled & IMAP_UTF8)) {
	case SEARCH_PARSED:
		return begin(s, cmd);
	case SEARCH_SYNTAX:
		return imap_bad_args(s, cmd);
	case SEARCH_LIMIT:
		/* RFC 5530 3. */
		return imap_no(s, cmd, "[LIMIT] Too much %s in one search", a->wanted);
	case SEARCH_CHARSET:
		/* RFC 3501 6.4.4, 7.1: what can be relied on; more are known. */
		return imap_no(s, cmd, "[BADCHARSET (US-ASCII UTF-8)] That charset is not known");
	}
	return imap_bad_args(s, cmd);
}

static enum imap_progress begin(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;

	search_job_begin(f->job, s->mailbox, s->view, &s->recent);
	cmd->resume = next_slice;
	return submit(s, cmd);
}

static enum imap_progress submit(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;

	f->running = reader_submit(f->job->reader, &f->job->job);
	if (!f->running && !f->begun)
		return imap_no_status(s, cmd, STORE_BUSY);
	f->begun = true;
	if (!f->running)
		timer_set(conn_loop(s->base.conn), &f->retry, RETRY_MS);
	return IMAP_WAIT_JOB;
}

static void retry_now(struct timer *t)
{
	imap_command_resume(container_of(t, struct searching, retry)->s);
}

static void slice_done(struct job *job)
{
	struct search_job *j = container_of(job, struct search_job, job);
	struct imap_session *s = job->owner;

	if (!s) {
		search_job_free(j);
		return;
	}
	((struct searching *)s->running->at)->running = false;
	imap_command_resume(s);
}

static enum imap_progress next_slice(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;

	assert(!f->running);
	if (s->leaving)
		return IMAP_DONE;                /* BYE instead */
	if (!f->job->finished)
		return submit(s, cmd);
	imap_write(s, SLICE("* SEARCH"));
	s->in_response = true;
	cmd->resume = answer;
	return answer(s, cmd);
}

/* Comes again when the client has read what was written so far. */
static enum imap_progress answer(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;
	const struct search_job *j = f->job;
	struct buf out;

	buf_init(&out, ANSWER_PIECE);
	while (f->told < j->found_count && out.len + NUMBER_MAX < ANSWER_PIECE) {
		uint32_t seq = j->found[f->told++];

		buf_printf(&out, " %lu",
			   (unsigned long)(cmd->uid ? snapshot_uid(j->view, seq) : seq));
	}
	imap_write(s, buf_slice(&out));
	buf_release(&out);
	if (f->told < j->found_count)
		return IMAP_WAIT_OUTPUT;
	imap_write(s, SLICE("\r\n"));
	s->in_response = false;
	if (j->gone)
		return imap_ok(s, cmd, "[EXPUNGEISSUED] %s completed", cmd->command->name);
	return imap_completed(s, cmd);
}

static void release(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;

	if (timer_is_set(&f->retry))
		timer_clear(conn_loop(s->base.conn), &f->retry);
	if (f->running)
		job_abandon(&f->job->job);
	else
		search_job_free(f->job);
}
