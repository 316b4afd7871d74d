/*
 * SEARCH and UID SEARCH (RFC 3501 6.4.4, 6.4.8; RFC 4731; RFC 9051 6.4.4): the job
 * looks at some messages and comes back, until it has looked at all; then the
 * answer is written, piece by piece.
 */
#include "commands.h"
#include "context.h"
#include "search_result.h"
#include "search_run.h"

struct searching {
	struct search_return ret;
	struct search_run run;
	struct search_result result;
};

static enum imap_progress begin(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress next_slice(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress found(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress answer(struct imap_session *s, struct imap_running *cmd);
static void release(struct imap_session *s, struct imap_running *cmd);

enum imap_progress cmd_search(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = arena_get(cmd->arena, sizeof(*f));

	cmd->at = f;
	cmd->release = release;
	search_run_init(&f->run, s);
	if (!args_space(&cmd->args) ||
	    !search_return_parse(&f->ret, &cmd->args, search_options_known(s, false)))
		return imap_bad_args(s, cmd);
	/* RFC 5267 4.3. */
	if (f->ret.options & SEARCH_RETURN_UPDATE && imap_context_has(s, cmd->tag))
		return imap_bad(s, cmd, "That tag is in use by another search with UPDATE");
	/* RFC 9051 6.4.4: there is no SEARCH response any more. */
	if (s->enabled & IMAP_REV2 && !f->ret.extended)
		f->ret = (struct search_return){ .extended = true, .options = SEARCH_RETURN_ALL };
	return begin(s, cmd);
}

static enum imap_progress begin(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;
	enum imap_progress progress;

	if (!search_run_parse(&f->run, cmd, &f->ret, &progress))
		return progress;
	search_run_begin(&f->run, s->mailbox, s->view);
	cmd->resume = next_slice;
	return next_slice(s, cmd);
}

static enum imap_progress next_slice(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;
	enum imap_progress progress;

	cmd->goal = snapshot_count(s->view);
	cmd->done = f->run.job->seq - 1;
	return search_run_go_on(&f->run, cmd, &f->ret, &progress) ? found(s, cmd) : progress;
}

static enum imap_progress found(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;
	const struct search_job *j = f->run.job;

	f->result = (struct search_result){
		.ret = &f->ret, .word = "SEARCH", .tag = cmd->tag, .view = j->view,
		.found = j->found, .count = j->found_count, .uid = cmd->uid,
		.modseq = j->plan.modseq,
	};
	if (f->ret.options & SEARCH_RETURN_SAVE && !search_result_save(&f->result, s))
		return imap_no(s, cmd, "[NOTSAVED] That is too much to keep");
	cmd->resume = answer;
	return answer(s, cmd);
}

/* Comes again when the client has read what was written so far. */
static enum imap_progress answer(struct imap_session *s, struct imap_running *cmd)
{
	struct searching *f = cmd->at;
	bool gone = f->run.job->gone;

	if (!search_result_write(&f->result, s))
		return IMAP_WAIT_OUTPUT;
	if (f->ret.options & SEARCH_RETURN_UPDATE)
		imap_context_add(&f->run, cmd, false);
	imap_context_fetch(s, cmd->tag, f->ret.items);
	return imap_completed_but(s, cmd, gone);
}

static void release(struct imap_session *s, struct imap_running *cmd)
{
	(void)s;
	search_run_release(&((struct searching *)cmd->at)->run);
}
