/*
 * What keeps a context true.  When the view moves, only the messages that came or
 * changed are looked at again, by the search's own job with its own keys; what it finds
 * is compared with the results that the client has, and the difference is told.
 * Messages that go are told before their EXPUNGE, while their numbers still count
 * (RFC 5267 4.3.4), even when that EXPUNGE has to wait.
 *
 * The job reads on its lane while the session goes on.  So what it found is used for
 * those messages only that have neither changed again nor gone in the meantime.
 */
#include "context.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "commands.h"
#include "context_order.h"
#include "search_again.h"
#include "unasked.h"

enum {
	LATER_MS = 100,                  /* the client is in the middle of a response */
	AGAIN_MS = 1000,                 /* there were no descriptors */
	/* Of OLDER and YOUNGER the results change by themselves (RFC 5032 2). */
	AGES_MS = 60 * 1000,
	RANGES_A_LINE = 1000,            /* twenty kilobytes */
	LINE_MAX_BYTES = 64 * 1024,
};

struct imap_context {
	struct imap_observer observer;
	struct list node;                /* the session's contexts */
	struct imap_session *s;
	char *tag;
	bool uid, correlate;
	struct search_run run;
	bool looks;                      /* the job is under way, or its result not told */
	struct timer ages;
	struct uid_set results;          /* as the client knows them */
	struct uid_set changed;          /* to be looked at */
	struct uid_set looked_at;        /* under way */
	char *items;                     /* to be fetched of new results; NULL: nothing */
	size_t items_len;
	struct uid_set fresh;            /* new in the mailbox, and not looked at yet */
	struct context_order *order;     /* of a SORT; NULL: the mailbox's */
	struct uid_set come;             /* being sorted */
	struct timer later;
};

static void context_free(struct imap_context *c)
{
	imap_unobserve(&c->observer);
	list_remove(&c->node);
	if (timer_is_set(&c->ages))
		timer_clear(conn_loop(c->s->base.conn), &c->ages);
	if (timer_is_set(&c->later))
		timer_clear(conn_loop(c->s->base.conn), &c->later);
	search_run_release(&c->run);
	context_order_free(c->order);
	uid_set_release(&c->come);
	uid_set_release(&c->results);
	uid_set_release(&c->changed);
	uid_set_release(&c->looked_at);
	uid_set_release(&c->fresh);
	free(c->items);
	free(c->tag);
	free(c);
}

/* ---- Telling ---- */

static void line_begin(const struct imap_context *c, struct buf *out, const char *what)
{
	buf_printf(out, "* ESEARCH (TAG \"%s\"", c->tag);
	if (c->correlate) {
		buf_add_text(out, " MAILBOX ");
		imap_mailbox_text(out, c->s, mailbox_name(c->s->mailbox));
		buf_printf(out, " UIDVALIDITY %u", snapshot_uid_validity(c->s->view));
	}
	buf_printf(out, ")%s %s (", c->uid ? " UID" : "", what);
}

/* The set as it is written: UIDs, or the numbers they have in the view. */
static void as_told(const struct imap_context *c, const struct uid_set *uids, struct uid_set *told)
{
	uid_set_init(told);
	if (c->uid) {
		uid_set_copy(told, uids);
		return;
	}
	for (size_t i = 0; i < uids->count; i++) {
		const struct uid_range *r = &uids->ranges[i];
		uint32_t from = snapshot_seq_from(c->s->view, r->first);
		uint32_t end = snapshot_seq_from(c->s->view, r->last + 1);

		if (from < end)
			uid_set_add(told, from, end - 1);
	}
}

/* RFC 5267 4.3.3: position 0, "in mailbox order". */
static void tell(const struct imap_context *c, const char *what, const struct uid_set *uids)
{
	struct uid_set told;

	as_told(c, uids, &told);
	for (size_t at = 0; at < told.count && !c->s->ending; at += RANGES_A_LINE) {
		size_t left = told.count - at;
		struct uid_set part = { .ranges = told.ranges + at,
					.count = left < RANGES_A_LINE ? left : RANGES_A_LINE };
		struct buf out;

		buf_init(&out, LINE_MAX_BYTES);
		line_begin(c, &out, what);
		buf_add_text(&out, "0 ");
		uid_set_print(&out, &part);
		buf_add_text(&out, ")\r\n");
		imap_write(c->s, buf_slice(&out));
		buf_release(&out);
	}
	uid_set_release(&told);
}

/* With positions. */
static void tell_pairs(void *owner, const char *what, struct slice pairs)
{
	const struct imap_context *c = owner;
	struct buf out;

	if (c->s->ending)
		return;
	buf_init(&out, LINE_MAX_BYTES);
	line_begin(c, &out, what);
	buf_add(&out, pairs);
	buf_add_text(&out, ")\r\n");
	imap_write(c->s, buf_slice(&out));
	buf_release(&out);
}

static void tell_gone(struct imap_context *c, const struct uid_set *go)
{
	if (!c->order)
		tell(c, "REMOVEFROM", go);
	else if (go->count)
		context_order_remove(c->order, go, c->uid, tell_pairs);
}

/* `set` without `gone`. */
static void subtract(struct uid_set *set, const struct uid_set *gone)
{
	struct uid_set rest;
	size_t at = 0;

	uid_set_init(&rest);
	for (size_t i = 0; i < set->count; i++) {
		uint32_t first = set->ranges[i].first, last = set->ranges[i].last;

		while (at < gone->count && gone->ranges[at].last < first)
			at++;
		for (size_t g = at; g < gone->count && gone->ranges[g].first <= last; g++) {
			if (gone->ranges[g].first > first)
				uid_set_add(&rest, first, gone->ranges[g].first - 1);
			first = gone->ranges[g].last + 1;
		}
		if (first <= last && first != 0)
			uid_set_add(&rest, first, last);
	}
	uid_set_release(set);
	*set = rest;
}

/* ---- Looking ---- */

static void look(struct imap_context *c);

struct difference {
	struct imap_context *c;
	struct uid_set found, come, go;
};

/* Without those that the client does not know, that the job did not see, or that have
 * changed again or gone since. */
static void leave_certain(const struct imap_context *c, struct uid_set *set)
{
	const struct snapshot *seen = c->run.job->view, *newest = mailbox_newest(c->s->mailbox);
	struct uid_set certain;

	uid_set_init(&certain);
	for (size_t i = 0; i < set->count; i++) {
		const struct uid_range *r = &set->ranges[i];

		for (uint32_t uid = r->first; uid - r->first <= r->last - r->first; uid++)
			if (snapshot_seq(seen, uid) && snapshot_seq(c->s->view, uid) &&
			    snapshot_seq(newest, uid) && !uid_set_has(&c->changed, uid))
				uid_set_add(&certain, uid, uid);
	}
	uid_set_release(set);
	*set = certain;
}

/* By whole sets: of a million messages looked at, few differ. */
static void compare_all(struct difference *d)
{
	const struct imap_context *c = d->c;
	const struct search_job *j = c->run.job;

	for (size_t i = 0; i < j->found_count; i++) {
		uint32_t uid = snapshot_uid(j->view, j->found[i]);

		uid_set_add(&d->found, uid, uid);
	}
	uid_set_copy(&d->come, &d->found);
	subtract(&d->come, &c->results);
	uid_set_common(&d->go, &c->results, &c->looked_at);
	subtract(&d->go, &d->found);
	leave_certain(c, &d->come);
	leave_certain(c, &d->go);
}

/* On to what has changed in the meantime. */
static void look_on(struct imap_context *c)
{
	c->looks = false;
	look(c);
}

/* RFC 5267 4.3.1. */
static void refuse(struct imap_session *s, const char *tag)
{
	imap_untagged(s, "NO [NOUPDATE \"%s\"] Changes will not be told", tag);
}

/* The messages that come have their places, unless they changed or went since. */
static void placed(void *owner)
{
	struct imap_context *c = owner;
	struct conn *conn = c->s->base.conn;
	struct uid_set come;

	if (c->s->in_response || conn_full(conn)) {
		timer_set(conn_loop(conn), &c->later, LATER_MS);
		return;
	}
	if (c->s->ending)
		return;
	if (context_order_over(c->order)) {
		refuse(c->s, c->tag);
		context_free(c);
		return;
	}
	uid_set_init(&come);
	for (size_t i = 0; i < c->come.count; i++) {
		const struct uid_range *r = &c->come.ranges[i];

		for (uint32_t uid = r->first; uid - r->first <= r->last - r->first; uid++)
			if (!uid_set_has(&c->changed, uid) &&
			    snapshot_seq(mailbox_newest(c->s->mailbox), uid))
				uid_set_add(&come, uid, uid);
	}
	context_order_insert(c->order, &c->results, &come, c->uid, tell_pairs);
	uid_set_add_all(&c->results, &come);
	uid_set_release(&come);
	uid_set_release(&c->come);
	look_on(c);
}

static void placed_later(struct timer *t)
{
	placed(container_of(t, struct imap_context, later));
}

static void begin_placing(struct imap_context *c, const struct uid_set *come)
{
	struct uid_set all;

	uid_set_init(&all);
	uid_set_copy(&c->come, come);
	uid_set_copy(&all, &c->results);
	uid_set_add_all(&all, come);
	context_order_sort(c->order, &all);
	uid_set_release(&all);
}

/* RFC 5465 7: of new messages, not of such that became results by a change. */
static void fetch_new(struct imap_context *c, const struct uid_set *come)
{
	struct uid_set new_ones, rest;

	if (!c->items)
		return;
	uid_set_init(&new_ones);
	uid_set_init(&rest);
	uid_set_common(&new_ones, come, &c->fresh);
	imap_unasked_fetch(c->s, slice_make(c->items, c->items_len), &new_ones);
	uid_set_common(&rest, &c->fresh, &c->changed);
	uid_set_release(&new_ones);
	uid_set_release(&c->fresh);
	c->fresh = rest;
}

static void looked(struct imap_context *c)
{
	struct difference d = { .c = c };
	bool placing;

	compare_all(&d);
	placing = c->order && d.come.count;
	fetch_new(c, &d.come);
	tell_gone(c, &d.go);
	subtract(&c->results, &d.go);
	uid_set_release(&c->looked_at);
	search_job_rest(c->run.job);
	if (placing) {
		begin_placing(c, &d.come);
	} else {
		tell(c, "ADDTO", &d.come);
		uid_set_add_all(&c->results, &d.come);
	}
	uid_set_release(&d.found);
	uid_set_release(&d.come);
	uid_set_release(&d.go);
	if (!placing)
		look_on(c);
}

static void begin_look(struct imap_context *c)
{
	search_job_again(c->run.job, c->s->mailbox, c->s->view, &c->s->recent, &c->looked_at);
}

static void turn(struct search_run *run)
{
	struct imap_context *c = container_of(run, struct imap_context, run);
	struct conn *conn = c->s->base.conn;

	switch (search_run_step(run)) {
	case SEARCH_GOES_ON:
		return;
	case SEARCH_BUSY:
		begin_look(c);
		timer_set(conn_loop(conn), &run->retry, AGAIN_MS);
		return;
	case SEARCH_FINISHED:
		break;
	}
	/* RFC 5267 4.3.2: at any time, but not within a response. */
	if (c->s->in_response || conn_full(conn))
		timer_set(conn_loop(conn), &run->retry, LATER_MS);
	else if (!c->s->ending)
		looked(c);
}

static void look(struct imap_context *c)
{
	if (c->looks || !c->changed.count)
		return;
	c->looks = true;
	c->looked_at = c->changed;
	uid_set_init(&c->changed);
	begin_look(c);
	turn(&c->run);
}

static void ages_are_over(struct timer *t)
{
	struct imap_context *c = container_of(t, struct imap_context, ages);

	uid_set_add(&c->changed, 1, UINT32_MAX - 1);
	timer_set(conn_loop(c->s->base.conn), &c->ages, AGES_MS);
	look(c);
}

/* ---- The view moves ---- */

static void note_gone(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	struct difference *d = ctx;

	(void)seq;
	if (what == SNAPSHOT_GONE && uid_set_has(&d->c->results, uid))
		uid_set_add(&d->go, uid, uid);
}

static void moves(struct imap_observer *o, const struct snapshot *from,
		  const struct snapshot *newest)
{
	struct imap_context *c = container_of(o, struct imap_context, observer);
	struct difference d = { .c = c };

	snapshot_diff(from, newest, note_gone, &d);
	tell_gone(c, &d.go);
	subtract(&c->results, &d.go);
	uid_set_release(&d.go);
}

static void note_changed(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	(void)seq;
	if (what != SNAPSHOT_GONE)
		uid_set_add(ctx, uid, uid);
}

static void note_added(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	(void)seq;
	if (what == SNAPSHOT_ADDED)
		uid_set_add(ctx, uid, uid);
}

static void note(struct uid_set *in, const struct snapshot *from, const struct snapshot *to,
		 snapshot_diff_fn *which)
{
	struct uid_set found;

	uid_set_init(&found);
	snapshot_diff(from, to, which, &found);
	uid_set_add_all(in, &found);
	uid_set_release(&found);
}

static void moved(struct imap_observer *o, const struct snapshot *from, const struct snapshot *to)
{
	struct imap_context *c = container_of(o, struct imap_context, observer);

	if (!to) {
		context_free(c);
		return;
	}
	note(&c->changed, from, to, note_changed);
	if (c->items)
		note(&c->fresh, from, to, note_added);
	look(c);
}

/* ---- Beginning and end ---- */

static struct imap_context *find(const struct imap_session *s, const char *tag)
{
	list_each(node, after, &s->contexts) {
		struct imap_context *c = container_of(node, struct imap_context, node);

		if (strcmp(c->tag, tag) == 0)
			return c;
	}
	return NULL;
}

bool imap_context_has(const struct imap_session *s, const char *tag)
{
	return find(s, tag) != NULL;
}

void imap_context_refuse(struct imap_session *s, const struct imap_running *cmd)
{
	refuse(s, cmd->tag);
}

static bool is_full(const struct imap_session *s)
{
	size_t count = 0, kept = 0;

	list_each(node, after, &s->contexts) {
		const struct imap_context *c = container_of(node, struct imap_context, node);

		count++;
		kept += c->results.count + (c->order ? uid_set_size(&c->results) : 0);
	}
	/* RFC 5267 4.3.1: of one there is always room. */
	return count >= IMAP_CONTEXTS_MAX || (count && kept >= IMAP_CONTEXTS_KEPT_MAX);
}

/* By marks, whatever order they are found in: a set is slow in any but the ascending,
 * and so is a sort of a million numbers on the loop's thread. */
static void add_found(struct imap_context *c, const uint32_t *found, size_t count)
{
	uint32_t last = snapshot_count(c->s->view);
	unsigned char *marks = mem_array((size_t)last + 1, sizeof(*marks));

	for (size_t i = 0; i < count; i++)
		marks[found[i]] = 1;
	for (uint32_t seq = 1; seq <= last; seq++) {
		uint32_t uid = snapshot_uid(c->s->view, seq);

		if (marks[seq])
			uid_set_add(&c->results, uid, uid);
	}
	free(marks);
}

static struct imap_context *add(struct search_run *run, const struct imap_running *cmd,
				const uint32_t *found, size_t count)
{
	struct imap_session *s = run->s;
	struct search_job *j = run->job;
	struct imap_context *c = mem_alloc(sizeof(*c));

	c->s = s;
	c->tag = mem_printf("%s", cmd->tag);
	c->uid = cmd->uid;
	add_found(c, found, count);
	search_plan_pin(&j->plan, s->view);
	search_job_rest(j);
	search_run_take(&c->run, run);
	c->run.turn = turn;
	c->ages.fire = ages_are_over;
	c->later.fire = placed_later;
	if (j->plan.ages)
		timer_set(conn_loop(s->base.conn), &c->ages, AGES_MS);
	c->observer.moves = moves;
	c->observer.moved = moved;
	list_append(&s->contexts, &c->node);
	imap_observe(s, &c->observer);
	return c;
}

void imap_context_add(struct search_run *run, struct imap_running *cmd, bool correlate)
{
	struct imap_context *c;

	if (is_full(run->s)) {
		imap_context_refuse(run->s, cmd);
		return;
	}
	c = add(run, cmd, run->job->found, run->job->found_count);
	c->uid = c->uid || correlate;
	c->correlate = correlate;
}

void imap_context_add_sorted(struct search_run *run, struct imap_running *cmd,
			     const struct sort_program *program, const uint32_t *found,
			     size_t count)
{
	struct imap_session *s = run->s;
	struct imap_context *c;

	if (is_full(s)) {
		imap_context_refuse(s, cmd);
		return;
	}
	c = add(run, cmd, found, count);
	c->order = context_order_new(s, program, found, count, placed, c);
}

void imap_context_fetch(struct imap_session *s, const char *tag, struct slice items)
{
	struct imap_context *c = find(s, tag);

	if (!c || !items.len)
		return;
	c->items = mem_bytes(items.at, items.len);
	c->items_len = items.len;
}

/* CANCELUPDATE 1*(SP quoted) (RFC 5267 4.3.5): all of them or, when one is not known,
 * none. */
enum imap_progress cmd_cancelupdate(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_context *named[IMAP_CONTEXTS_MAX];
	struct imap_args *a = &cmd->args;
	size_t count = 0;

	/* It belongs to either. */
	if (!imap_has(s, CAP_CONTEXT_SEARCH) && !imap_has(s, CAP_CONTEXT_SORT))
		return imap_bad(s, cmd, "Unknown command");
	do {
		struct imap_context *c;
		struct slice tag;

		if (!args_space(a) || !args_string(a, &tag))
			return imap_bad_args(s, cmd);
		c = find(s, arena_string(cmd->arena, tag));
		if (!c || count == IMAP_CONTEXTS_MAX)
			return imap_bad(s, cmd, "There are no updates of such a search");
		named[count++] = c;
	} while (args_peek(a, ' '));
	if (!args_end(a))
		return imap_bad_args(s, cmd);
	for (size_t i = 0; i < count; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || named[k] == named[i];
		if (!again)
			context_free(named[i]);
	}
	return imap_completed(s, cmd);
}
