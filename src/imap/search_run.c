/*
 * A search job looks at some messages and comes back, so that others on the lane
 * have their turn; here it is sent again until it is finished.  One place, because
 * abandoning it is the part that is easily got wrong.
 */
#include "search_run.h"

#include <assert.h>

#include "base/list.h"
#include "capability.h"

enum { RETRY_MS = 100 };                 /* the readers' queue is full in the middle */

static void resume_command(struct search_run *r)
{
	imap_command_resume(r->s);
}

static void retry_now(struct timer *t)
{
	struct search_run *r = container_of(t, struct search_run, retry);

	r->turn(r);
}

static void slice_done(struct job *job)
{
	struct search_job *j = container_of(job, struct search_job, job);
	struct search_run *r = job->owner;

	if (!r) {
		search_job_free(j);
		return;
	}
	r->running = false;
	r->turn(r);
}

void search_run_init(struct search_run *r, struct imap_session *s)
{
	*r = (struct search_run){ .s = s, .job = search_job_new(), .turn = resume_command };
	r->job->job.done = slice_done;
	r->job->job.owner = r;
	r->retry.fire = retry_now;
}

void search_run_release(struct search_run *r)
{
	if (timer_is_set(&r->retry))
		timer_clear(conn_loop(r->s->base.conn), &r->retry);
	if (r->running)
		job_abandon(&r->job->job);
	else
		search_job_free(r->job);
	r->job = NULL;
}

void search_run_take(struct search_run *to, struct search_run *from)
{
	assert(!from->running);
	*to = (struct search_run){ .s = from->s, .job = from->job, .turn = from->turn,
				   .begun = true };
	to->job->job.owner = to;
	to->retry.fire = retry_now;
	from->job = NULL;
}

enum search_step search_run_step(struct search_run *r)
{
	assert(!r->running);
	if (r->job->finished)
		return r->job->failed ? SEARCH_BUSY : SEARCH_FINISHED;
	r->running = reader_submit(r->job->reader, &r->job->job);
	if (!r->running && !r->begun)
		return SEARCH_BUSY;
	r->begun = true;
	if (!r->running)
		timer_set(conn_loop(r->s->base.conn), &r->retry, RETRY_MS);
	return SEARCH_GOES_ON;
}

unsigned search_options_known(const struct imap_session *s, bool sort)
{
	bool context = imap_has(s, sort ? CAP_CONTEXT_SORT : CAP_CONTEXT_SEARCH);
	unsigned known = 0;

	if (imap_has(s, sort ? CAP_ESORT : CAP_ESEARCH))
		known |= SEARCH_RETURN_MIN | SEARCH_RETURN_MAX | SEARCH_RETURN_ALL |
			 SEARCH_RETURN_COUNT;
	/* Of SORT all options are ESORT's (RFC 5267 3). */
	if (sort && !known)
		return 0;
	if (imap_has(s, CAP_SEARCHRES))
		known |= SEARCH_RETURN_SAVE;
	/* RFC 9394 3.1 speaks of SEARCH alone. */
	if (context || (imap_has(s, CAP_PARTIAL) && !sort))
		known |= SEARCH_RETURN_PARTIAL;
	if (context)
		known |= SEARCH_RETURN_UPDATE | SEARCH_RETURN_CONTEXT |
			 (imap_has(s, CAP_NOTIFY) ? SEARCH_RETURN_ITEMS : 0u);
	return known;
}

static enum imap_progress refuse(struct imap_session *s, struct imap_running *cmd,
				 enum search_parse why)
{
	/* RFC 5530 3. */
	if (why == SEARCH_LIMIT)
		return imap_no(s, cmd, "[LIMIT] Too much %s in one search", cmd->args.wanted);
	/* RFC 3501 6.4.4, 7.1: what can be relied on; more are known. */
	return imap_no(s, cmd, "[BADCHARSET (US-ASCII UTF-8)] That charset is not known");
}

/* A key of what is not there is no key. */
static bool has_all(const struct imap_session *s, const struct search_plan *plan)
{
	return (!plan->modseq || imap_has(s, CAP_CONDSTORE)) &&
	       (!plan->ages || imap_has(s, CAP_WITHIN)) &&
	       (!plan->saved_dates || imap_has(s, CAP_SAVEDATE)) &&
	       (!plan->ids || imap_has(s, CAP_OBJECTID));
}

static bool may_run(const struct search_plan *plan, struct imap_session *s,
		    struct imap_running *cmd, enum imap_progress *progress)
{
	/* RFC 9586 3. */
	if (plan->numbers && s->enabled & IMAP_UIDONLY) {
		*progress = imap_bad(s, cmd, "[UIDREQUIRED] Message numbers are not used after "
				     "ENABLE UIDONLY");
		return false;
	}
	if (!has_all(s, plan)) {
		cmd->args.wanted = "a search key";
		*progress = imap_bad_args(s, cmd);
		return false;
	}
	if (plan->modseq)
		imap_enable(s, IMAP_CONDSTORE);
	/* RFC 7162 3.2.10.2: the client may not know what its numbers meant. */
	cmd->no_expunge = cmd->no_expunge || plan->numbers;
	return true;
}

static bool parsed(struct search_run *r, struct imap_running *cmd, enum search_parse result,
		   const struct search_return *ret, enum imap_progress *progress)
{
	struct imap_session *s = r->s;

	if (result == SEARCH_PARSED)
		return may_run(&r->job->plan, s, cmd, progress);
	if (result == SEARCH_SYNTAX) {
		*progress = imap_bad_args(s, cmd);
		return false;
	}
	search_forget_saved(s, ret);
	*progress = refuse(s, cmd, result);
	return false;
}

bool search_run_parse(struct search_run *r, struct imap_running *cmd,
		      const struct search_return *ret, enum imap_progress *progress)
{
	/* RFC 6855 3; but RFC 9051 6.4.4 takes what clients of IMAP4rev1 write. */
	bool no_charset = (r->s->enabled & (IMAP_ACCEPT | IMAP_REV2)) == IMAP_ACCEPT;

	return parsed(r, cmd, search_plan_parse(&r->job->plan, &cmd->args, r->job->keep,
						no_charset), ret, progress);
}

bool search_run_parse_charset(struct search_run *r, struct imap_running *cmd,
			      const struct search_return *ret, enum imap_progress *progress)
{
	return parsed(r, cmd, search_plan_parse_charset(&r->job->plan, &cmd->args,
							   r->job->keep), ret, progress);
}

void search_run_begin(struct search_run *r, struct mailbox *m, const struct snapshot *view)
{
	/* In a folder that is not the selected one nothing is saved and nothing recent. */
	static const struct uid_set none;
	bool selected = m == r->s->mailbox;

	search_job_saved(r->job, selected ? &r->s->saved : &none);
	search_job_begin(r->job, m, view, selected ? &r->s->recent : &none);
}

bool search_run_go_on(struct search_run *r, struct imap_running *cmd,
		      const struct search_return *ret, enum imap_progress *progress)
{
	if (r->s->leaving) {
		*progress = IMAP_DONE;           /* BYE instead */
		return false;
	}
	switch (search_run_step(r)) {
	case SEARCH_GOES_ON:
		*progress = IMAP_WAIT_JOB;
		return false;
	case SEARCH_BUSY:
		search_forget_saved(r->s, ret);
		*progress = imap_no_status(r->s, cmd, STORE_BUSY);
		return false;
	case SEARCH_FINISHED:
		break;
	}
	return true;
}

void search_forget_saved(struct imap_session *s, const struct search_return *ret)
{
	if (ret->options & SEARCH_RETURN_SAVE)
		uid_set_release(&s->saved);
}
