/*
 * SORT, THREAD and their UID forms (RFC 5256 3; ESORT, RFC 5267 3): a search whose
 * result goes through another job before it is told.  While that job makes keys that
 * the index lacks, they are brought there from time to time, or a large folder would
 * be read again by the next command.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "capability.h"
#include "commands.h"
#include "context.h"
#include "order_run.h"
#include "search_result.h"
#include "search_run.h"

enum { PIECE = 32 * 1024 };

struct ordering {
	struct search_return ret;
	struct search_run run;
	struct order_run order;
	bool gone;                       /* some messages were expunged by others */
	struct search_result result;
	uint32_t *numbers;               /* THREAD: what each message is told as */
	bool told;                       /* a part of the answer is written */
};

static enum imap_progress begin(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress search_on(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress order(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress order_on(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress sorted(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress threaded(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress tell_sorted(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress tell_threads(struct imap_session *s, struct imap_running *cmd);
static void release(struct imap_session *s, struct imap_running *cmd);

static struct ordering *prepare(struct imap_session *s, struct imap_running *cmd,
				enum order_kind kind)
{
	struct ordering *f = arena_get(cmd->arena, sizeof(*f));

	cmd->at = f;
	cmd->release = release;
	search_run_init(&f->run, s);
	order_run_init(&f->order, s, kind);
	return f;
}

/* sort = ["UID" SP] "SORT" SP sort-criteria SP search-criteria */
enum imap_progress cmd_sort(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = prepare(s, cmd, ORDER_SORT);
	struct imap_args *a = &cmd->args;
	struct sort_program program;

	if (!args_space(a) || !search_return_parse(&f->ret, a, search_options_known(s, true)) ||
	    !sort_program_parse(&program, a, imap_has(s, CAP_SORT_DISPLAY)) || !args_space(a))
		return imap_bad_args(s, cmd);
	if (f->ret.options & SEARCH_RETURN_UPDATE && imap_context_has(s, cmd->tag))
		return imap_bad(s, cmd, "That tag is in use by another search with UPDATE");
	sorter_init(&f->order.job->sorter, &program);
	return begin(s, cmd);
}

static bool parse_algorithm(const struct imap_session *s, struct imap_args *a,
			    enum thread_algorithm *out)
{
	static const struct {
		const char *name;
		enum imap_cap cap;
		enum thread_algorithm algorithm;
	} rows[] = {
		{ "ORDEREDSUBJECT", CAP_THREAD_ORDEREDSUBJECT, THREAD_ORDEREDSUBJECT },
		{ "REFERENCES", CAP_THREAD_REFERENCES, THREAD_REFERENCES },
		{ "REFS", CAP_THREAD_REFS, THREAD_REFS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*out = rows[i].algorithm;
		if (imap_has(s, rows[i].cap) && args_word(a, rows[i].name))
			return true;
	}
	return args_want(a, "a threading algorithm");
}

/* thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria */
enum imap_progress cmd_thread(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = prepare(s, cmd, ORDER_THREAD);
	struct imap_args *a = &cmd->args;
	enum thread_algorithm algorithm;

	if (!args_space(a) || !parse_algorithm(s, a, &algorithm) || !args_space(a))
		return imap_bad_args(s, cmd);
	threader_init(&f->order.job->threader, algorithm);
	return begin(s, cmd);
}

static enum imap_progress begin(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;
	enum imap_progress progress;

	if (!search_run_parse_charset(&f->run, cmd, &f->ret, &progress))
		return progress;
	search_run_begin(&f->run, s->mailbox, s->view);
	cmd->resume = search_on;
	return search_on(s, cmd);
}

static enum imap_progress search_on(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;
	enum imap_progress progress;

	return search_run_go_on(&f->run, cmd, &f->ret, &progress) ? order(s, cmd) : progress;
}

static enum imap_progress order(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;
	struct search_job *found = f->run.job;

	f->gone = found->gone;
	order_job_begin(f->order.job, s->mailbox, found->view, found->found, found->found_count);
	found->found = NULL;
	found->found_count = found->found_cap = 0;
	cmd->resume = order_on;
	return order_on(s, cmd);
}

static enum imap_progress order_on(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;

	if (s->leaving)
		return IMAP_DONE;                /* BYE instead */
	if (order_run_step(&f->order) == ORDER_GOES_ON)
		return IMAP_WAIT_JOB;
	if (f->order.job->over) {
		search_forget_saved(s, &f->ret);
		return imap_no(s, cmd, "[LIMIT] There is too much to put in order");
	}
	return f->order.job->kind == ORDER_SORT ? sorted(s, cmd) : threaded(s, cmd);
}

/* ---- SORT ---- */

static enum imap_progress sorted(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;

	f->result = (struct search_result){
		.ret = &f->ret, .word = "SORT", .tag = cmd->tag, .view = f->order.job->view,
		.found = f->order.job->found, .count = f->order.job->count, .uid = cmd->uid,
		.modseq = f->run.job->plan.modseq, .sorted = true,
	};
	if (f->ret.options & SEARCH_RETURN_SAVE && !search_result_save(&f->result, s))
		return imap_no(s, cmd, "[NOTSAVED] That is too much to keep");
	cmd->resume = tell_sorted;
	return tell_sorted(s, cmd);
}

/* Comes again when the client has read what was written so far. */
static enum imap_progress tell_sorted(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;

	if (!search_result_write(&f->result, s))
		return IMAP_WAIT_OUTPUT;
	/* RFC 5267 4.3. */
	if (f->ret.options & SEARCH_RETURN_UPDATE)
		imap_context_add_sorted(&f->run, cmd, &f->order.job->sorter.program,
					f->order.job->found, f->order.job->count);
	imap_context_fetch(s, cmd->tag, f->ret.items);
	return imap_completed_but(s, cmd, f->gone);
}

/* ---- THREAD ---- */

static enum imap_progress threaded(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;
	const struct order_job *j = f->order.job;

	f->numbers = mem_array(j->count ? j->count : 1, sizeof(*f->numbers));
	for (size_t i = 0; i < j->count; i++)
		f->numbers[i] = cmd->uid ? snapshot_uid(j->view, j->found[i]) : j->found[i];
	cmd->resume = tell_threads;
	return tell_threads(s, cmd);
}

/* thread-data = "THREAD" [SP 1*thread-list] */
static enum imap_progress tell_threads(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;
	struct buf out;
	bool done;

	buf_init(&out, 2 * PIECE);
	if (!f->told)
		buf_add_text(&out, f->order.job->count ? "* THREAD " : "* THREAD");
	f->told = true;
	done = threader_print(&f->order.job->threader, &out, PIECE, f->numbers);
	if (done)
		buf_add_text(&out, "\r\n");
	imap_write(s, buf_slice(&out));
	buf_release(&out);
	s->in_response = !done;
	return done ? imap_completed_but(s, cmd, f->gone) : IMAP_WAIT_OUTPUT;
}

static void release(struct imap_session *s, struct imap_running *cmd)
{
	struct ordering *f = cmd->at;

	(void)s;
	search_run_release(&f->run);
	order_run_release(&f->order);
	free(f->numbers);
}
