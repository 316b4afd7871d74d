/*
 * FETCH and UID FETCH (RFC 3501 6.4.5, 6.4.8), told in the order in which things
 * happen: parse, set \Seen, then slice after slice: the job renders, the loop
 * writes, the client reads.  No slice is begun before the client has read most of
 * the one before, so the answer may be larger than memory and the client as slow
 * as it likes.
 *
 * \Seen is set before the first byte, for all messages at once.  Setting it
 * message by message as bodies go out would need a change of the folder per
 * message, each with its own snapshot.
 */
#include <assert.h>

#include "base/list.h"
#include "base/mem.h"
#include "capability.h"
#include "commands.h"
#include "fetch_job.h"
#include "fetch_later.h"
#include "fetch_modifier.h"
#include "net/loop.h"
#include "order_run.h"
#include "session.h"

enum {
	/* When the readers' queue is full in the middle of an answer. */
	RETRY_MS = 100,
};

struct fetching {
	struct imap_session *s;
	struct fetch_job *job;
	bool running;                    /* the job is on its lane */
	bool keeping;                    /* texts are on their way to the index... */
	bool over;                       /* ...and that is all there is to wait for */
	bool answered;                   /* a part of the answer is written */
	struct timer retry;
	struct fetch_modifiers modifiers;
	struct imap_set set;             /* as it was written */
	struct order_run ids;            /* THREADID */
};

static void ask_vanished(struct imap_session *s, struct fetching *f);
static void got_vanished(void *owner, enum store_status st, const struct uid_set *vanished);
static enum imap_progress after_vanished(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress set_seen(struct imap_session *s, struct imap_running *cmd);
static void mark_seen(struct imap_session *s, struct fetching *f);
static void marked_seen(void *owner, enum store_status st, const struct uid_set *refused);
static enum imap_progress after_seen(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress begin(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress give_threads(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress render(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress submit(struct imap_session *s, struct imap_running *cmd);
static void retry_now(struct timer *t);
static void slice_done(struct job *job);
static enum imap_progress next_slice(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress finish(struct imap_session *s, struct imap_running *cmd);
static void release(struct imap_session *s, struct imap_running *cmd);

/* The numbers of those that were asked for. */
static size_t list_messages(const struct imap_session *s, const struct uid_set *asked,
			    uint32_t **out)
{
	uint32_t *found = mem_array((size_t)snapshot_count(s->view) + 1, sizeof(*found));
	size_t count = 0;

	for (size_t i = 0; i < asked->count; i++) {
		uint32_t seq = snapshot_seq_from(s->view, asked->ranges[i].first);

		for (; seq <= snapshot_count(s->view) &&
		       snapshot_uid(s->view, seq) <= asked->ranges[i].last; seq++)
			found[count++] = seq;
	}
	*out = found;
	return count;
}

static bool is_unseen(const struct message_info *m, uint64_t unused)
{
	(void)unused;
	return !(m->flags & MESSAGE_SEEN);
}

static bool has_changed(const struct message_info *m, uint64_t since)
{
	return m->modseq > since;
}

/* Which of the asked-for messages are such. */
static void pick(const struct imap_session *s, const struct uid_set *asked,
		 bool (*is_such)(const struct message_info *m, uint64_t since), uint64_t since,
		 struct uid_set *out)
{
	for (size_t i = 0; i < asked->count; i++) {
		const struct uid_range *r = &asked->ranges[i];
		uint32_t seq = snapshot_seq_from(s->view, r->first);

		for (; seq <= snapshot_count(s->view); seq++) {
			struct message_info m = snapshot_message(s->view, seq);

			if (m.uid > r->last)
				break;
			if (is_such(&m, since))
				uid_set_add(out, m.uid, m.uid);
		}
	}
}

/* What \Seen will change. */
static void find_unseen(const struct imap_session *s, const struct uid_set *asked,
			struct uid_set *unseen)
{
	pick(s, asked, is_unseen, 0, unseen);
}

/* CHANGEDSINCE: the snapshot knows, so no message is opened that is not told. */
static void leave_unchanged(const struct imap_session *s, struct uid_set *asked, uint64_t since)
{
	struct uid_set changed;

	uid_set_init(&changed);
	pick(s, asked, has_changed, since, &changed);
	uid_set_release(asked);
	*asked = changed;
}

/* PARTIAL: so many from one of its ends. */
static void keep_part(struct uid_set *asked, const struct partial_range *p)
{
	size_t begin, end, at = 0;
	struct uid_set part;

	uid_set_init(&part);
	partial_range_of(p, uid_set_size(asked), &begin, &end);
	for (size_t i = 0; i < asked->count && at < end; i++) {
		const struct uid_range *r = &asked->ranges[i];
		size_t next = at + (r->last - r->first + 1);
		size_t from = begin > at ? begin : at, to = next < end ? next : end;

		if (from < to)
			uid_set_add(&part, r->first + (uint32_t)(from - at),
				    r->first + (uint32_t)(to - at - 1));
		at = next;
	}
	uid_set_release(asked);
	*asked = part;
}

static unsigned modifiers_known(const struct imap_session *s, const struct imap_running *cmd)
{
	return (imap_has(s, CAP_CONDSTORE) ? FETCH_CHANGEDSINCE : 0u) |
	       (cmd->uid && s->enabled & IMAP_QRESYNC ? FETCH_VANISHED : 0u) |
	       /* RFC 9394 3.3 speaks of UID FETCH. */
	       (cmd->uid && imap_has(s, CAP_PARTIAL) ? FETCH_PARTIAL : 0u);
}

static bool parse(struct imap_session *s, struct imap_running *cmd, struct fetching *f)
{
	struct fetch_plan *plan = &f->job->plan;
	struct imap_args *a = &cmd->args;

	/* RFC 9586 3: the UID stands in front. */
	if (!args_space(a) || !args_set(a, &f->set) || !args_space(a) ||
	    !fetch_plan_parse(plan, a, f->job->keep, cmd->uid && !(s->enabled & IMAP_UIDONLY)) ||
	    !fetch_modifiers_parse(&f->modifiers, a, modifiers_known(s, cmd)) ||
	    !args_end(a))
		return false;
	/* RFC 7162 3.1.4.1. */
	if (f->modifiers.changed)
		fetch_plan_add(plan, FETCH_MODSEQ);
	if (!imap_fetch_plan_is_known(s, plan))
		return args_want(a, "a FETCH item");
	return true;
}

enum imap_progress cmd_fetch(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = arena_get(cmd->arena, sizeof(*f));

	f->s = s;
	f->job = fetch_job_new();
	f->job->job.done = slice_done;
	f->job->job.owner = s;
	f->retry.fire = retry_now;
	cmd->at = f;
	cmd->release = release;

	if (!parse(s, cmd, f))
		return imap_bad_args(s, cmd);
	if (!imap_set_resolve(s, &f->set, cmd->uid, &f->job->uids))
		return imap_bad(s, cmd, "No such message number");
	if (fetch_plan_has(&f->job->plan, FETCH_MODSEQ))
		imap_enable(s, IMAP_CONDSTORE);
	/* RFC 9394 3.4: this first. */
	if (f->modifiers.partly)
		keep_part(&f->job->uids, &f->modifiers.partial);
	if (f->modifiers.changed)
		leave_unchanged(s, &f->job->uids, f->modifiers.since);
	if (!f->modifiers.vanished)
		return set_seen(s, cmd);
	cmd->resume = after_vanished;
	ask_vanished(s, f);
	return IMAP_WAIT_JOB;
}

/* RFC 7162 3.2.6.  "*" is here any UID that there was. */
static void ask_vanished(struct imap_session *s, struct fetching *f)
{
	uint32_t last = snapshot_uid_next(s->view) - 1;
	struct uid_set known;

	uid_set_init(&known);
	if (f->set.saved)
		uid_set_copy(&known, &s->saved);
	else
		imap_set_known(&f->set, last, &known);
	mailbox_vanished(s->mailbox, s->view, f->modifiers.since, &known, got_vanished, s);
	uid_set_release(&known);
}

static void got_vanished(void *owner, enum store_status st, const struct uid_set *vanished)
{
	imap_tell_vanished(owner, vanished, true);
	imap_store_answer(owner, st);
}

/* Without them the client would take what is told for all there is. */
static enum imap_progress after_vanished(struct imap_session *s, struct imap_running *cmd)
{
	return cmd->status == STORE_OK ? set_seen(s, cmd) : imap_no_status(s, cmd, cmd->status);
}

static enum imap_progress set_seen(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;

	/* 6.3.2: nothing changes in a mailbox that is only examined. */
	if (f->job->plan.sets_seen && !s->read_only)
		find_unseen(s, &f->job->uids, &f->job->seen);
	if (!f->job->seen.count)
		return begin(s, cmd);
	cmd->resume = after_seen;
	mark_seen(s, f);
	return IMAP_WAIT_JOB;
}

static const struct flag_edit add_seen = { .change = FLAGS_ADD, .flags = MESSAGE_SEEN };

static void mark_seen(struct imap_session *s, struct fetching *f)
{
	mailbox_edit_flags(s->mailbox, &f->job->seen, &add_seen, marked_seen, s);
}

/* When it could not be done (a full disk) the messages are shown all the same. */
static void marked_seen(void *owner, enum store_status st, const struct uid_set *refused)
{
	(void)st;
	(void)refused;
	imap_command_resume(owner);
}

/* The view has our edit after this, and says nothing of it: each message's new
 * FLAGS are in its own response. */
static enum imap_progress after_seen(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;

	imap_update_edit(s, &f->job->seen, &add_seen, IMAP_OWN_LATER, cmd->uid);
	return begin(s, cmd);
}

static enum imap_progress begin(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;
	uint32_t *found;
	size_t count;

	if (!fetch_plan_has(&f->job->plan, FETCH_THREADID))
		return render(s, cmd);
	/* RFC 8474 5.2: what is told once stays, so it is written down before. */
	count = list_messages(s, &f->job->uids, &found);
	order_run_init(&f->ids, s, ORDER_NOTHING);
	order_job_begin(f->ids.job, s->mailbox, s->view, found, count);
	cmd->resume = give_threads;
	return give_threads(s, cmd);
}

static enum imap_progress give_threads(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;

	if (s->leaving)
		return IMAP_DONE;
	if (order_run_step(&f->ids) == ORDER_GOES_ON)
		return IMAP_WAIT_JOB;
	order_run_release(&f->ids);
	return render(s, cmd);
}

static enum imap_progress render(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;

	f->job->enabled = s->enabled;
	fetch_job_begin(f->job, s->mailbox, s->view, &s->recent);
	cmd->resume = next_slice;
	return submit(s, cmd);
}

/* A queue that is full is NO to a new FETCH; but one that has begun to answer
 * cannot stop within a literal, and waits. */
static enum imap_progress submit(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;

	f->running = reader_submit(f->job->reader, &f->job->job);
	if (f->running)
		return IMAP_WAIT_JOB;
	if (!f->answered)
		return imap_no_status(s, cmd, STORE_BUSY);
	timer_set(conn_loop(s->base.conn), &f->retry, RETRY_MS);
	return IMAP_WAIT_JOB;
}

static void retry_now(struct timer *t)
{
	imap_command_resume(container_of(t, struct fetching, retry)->s);
}

static void slice_done(struct job *job)
{
	struct fetch_job *f = container_of(job, struct fetch_job, job);
	struct imap_session *s = job->owner;

	if (!s) {
		fetch_job_free(f);
		return;
	}
	((struct fetching *)s->running->at)->running = false;
	imap_command_resume(s);
}

static void kept(void *owner, enum store_status st)
{
	struct imap_session *s = owner;
	struct fetching *f;

	(void)st;
	/* The answer ended before its time, and the session ends with it. */
	if (!s->running || s->running->release != release)
		return;
	f = s->running->at;
	f->keeping = false;
	if (f->over)
		imap_command_resume(s);
}

/* Those made so far, while the next are made; the rest goes with the reader. */
static void keep_texts(struct imap_session *s, struct fetching *f)
{
	if (f->keeping || !reader_has_much(f->job->reader))
		return;
	f->keeping = true;
	reader_keep(f->job->reader, kept, s);
}

/* Comes when a slice is done, when the client has read it, and to try again. */
static enum imap_progress next_slice(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;
	struct fetch_job *job = f->job;

	assert(!f->running);
	if (job->out.len) {
		imap_write(s, buf_slice(&job->out));
		buf_clear(&job->out);
		f->answered = true;
	}
	s->in_response = job->seq != 0;
	if (job->broken) {
		conn_log(s->base.conn, LEVEL_ERROR, "message changed while it was sent",
			 log_text("mailbox", mailbox_name(s->mailbox)));
		s->ending = true;
		conn_finish(s->base.conn);
		return IMAP_DONE;
	}
	keep_texts(s, f);
	if (job->finished)
		return finish(s, cmd);
	/* BYE instead: the rest may be gigabytes. */
	if (s->leaving)
		return IMAP_DONE;
	return conn_full(s->base.conn) ? IMAP_WAIT_OUTPUT : submit(s, cmd);
}

static enum imap_progress finish(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;
	const struct fetch_job *job = f->job;

	f->over = true;
	cmd->resume = finish;
	if (f->keeping)
		return IMAP_WAIT_JOB;
	if (job->failed)
		return imap_no_status(s, cmd, STORE_FAILED);
	if (job->unknown_cte)
		return imap_no(s, cmd, "[UNKNOWN-CTE] There is an encoding that is not known");
	/* RFC 2180 4.1.2: NO makes the client ask why.  Behind a UID FETCH the
	 * EXPUNGE responses stand already, so there is nothing to ask. */
	if (job->gone && !cmd->uid)
		return imap_no_status(s, cmd, STORE_GONE);
	return imap_completed_but(s, cmd, job->gone);
}

static void release(struct imap_session *s, struct imap_running *cmd)
{
	struct fetching *f = cmd->at;

	if (timer_is_set(&f->retry))
		timer_clear(conn_loop(s->base.conn), &f->retry);
	if (f->running)
		job_abandon(&f->job->job);
	else
		fetch_job_free(f->job);
	order_run_release(&f->ids);
}
