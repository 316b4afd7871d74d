/*
 * A client that follows a SORT keeps a list and is told at which place of it something
 * comes or goes.  What goes needs no sorting; for what comes all results are sorted
 * again, with keys that are in the index by then, because a place depends on the
 * others.  The keys of a message never change, so those that stay keep their order.
 */
#include "context_order.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"

enum {
	PIECE = 16 * 1024,
	PAIR_MAX = 40,                   /* a position and a range */
};

struct context_order {
	struct imap_session *s;
	struct sort_program program;
	context_sorted_fn *sorted;
	void *owner;
	uint32_t *uids;                  /* as the client has them */
	size_t count;
	struct order_run run;            /* while something is sorted */
};

static void turn(struct order_run *r)
{
	struct context_order *o = container_of(r, struct context_order, run);

	if (order_run_step(r) == ORDER_FINISHED)
		o->sorted(o->owner);
}

struct context_order *context_order_new(struct imap_session *s, const struct sort_program *program,
					const uint32_t *found, size_t count,
					context_sorted_fn *sorted, void *owner)
{
	struct context_order *o = mem_alloc(sizeof(*o));

	o->s = s;
	o->program = *program;
	o->sorted = sorted;
	o->owner = owner;
	o->uids = mem_array(count + 1, sizeof(*o->uids));
	for (o->count = 0; o->count < count; o->count++)
		o->uids[o->count] = snapshot_uid(s->view, found[o->count]);
	return o;
}

void context_order_free(struct context_order *o)
{
	if (!o)
		return;
	order_run_release(&o->run);
	free(o->uids);
	free(o);
}

/* ---- Pairs ---- */

struct pairs {
	const struct context_order *o;
	const char *what;
	bool uid;
	context_pairs_fn *fn;
	struct buf out;
	size_t position;                 /* of the pair under way; 0: none */
	uint32_t first, last;            /* a range that is not written yet */
};

static uint32_t number(const struct pairs *p, uint32_t uid)
{
	return p->uid ? uid : snapshot_seq(p->o->s->view, uid);
}

static void end_range(struct pairs *p)
{
	buf_printf(&p->out, "%u", p->first);
	if (p->last > p->first)
		buf_printf(&p->out, ":%u", p->last);
}

static void end_pair(struct pairs *p, size_t at_least)
{
	if (p->position)
		end_range(p);
	p->position = 0;
	if (p->out.len && p->out.len >= at_least) {
		p->fn(p->o->owner, p->what, buf_slice(&p->out));
		buf_clear(&p->out);
	}
}

/* Another one: behind the one before (`joined`), or at a position. */
static void add(struct pairs *p, bool joined, size_t position, uint32_t uid)
{
	uint32_t n = number(p, uid);

	if (joined && p->position && p->out.len + 2 * PAIR_MAX < 2 * PIECE) {
		if (n == p->last + 1) {
			p->last = n;
			return;
		}
		end_range(p);
		buf_add_byte(&p->out, ',');
	} else {
		end_pair(p, PIECE);
		buf_printf(&p->out, "%s%zu ", p->out.len ? " " : "", position);
		p->position = position;
	}
	p->first = p->last = n;
}

static void pairs_begin(struct pairs *p, const struct context_order *o, const char *what, bool uid,
			context_pairs_fn *fn)
{
	*p = (struct pairs){ .o = o, .what = what, .uid = uid, .fn = fn };
	buf_init(&p->out, 3 * PIECE);
}

static void pairs_end(struct pairs *p)
{
	end_pair(p, 1);
	buf_release(&p->out);
}

/* A pair that was cut for its length goes on at the same position: what it held is out. */
void context_order_remove(struct context_order *o, const struct uid_set *go, bool uid,
			  context_pairs_fn *fn)
{
	bool before = false;
	struct pairs p;
	size_t kept = 0;

	pairs_begin(&p, o, "REMOVEFROM", uid, fn);
	for (size_t i = 0; i < o->count; i++) {
		bool goes = uid_set_has(go, o->uids[i]);

		if (goes)
			add(&p, before, kept + 1, o->uids[i]);
		else
			o->uids[kept++] = o->uids[i];
		before = goes;
	}
	o->count = kept;
	pairs_end(&p);
}

void context_order_sort(struct context_order *o, const struct uid_set *uids)
{
	const struct snapshot *view = o->s->view;
	uint32_t *found = mem_array((size_t)snapshot_count(view) + 1, sizeof(*found));
	size_t count = 0;

	for (size_t i = 0; i < uids->count; i++) {
		uint32_t seq = snapshot_seq_from(view, uids->ranges[i].first);

		for (; seq <= snapshot_count(view); seq++) {
			if (snapshot_uid(view, seq) > uids->ranges[i].last)
				break;
			found[count++] = seq;
		}
	}
	order_run_init(&o->run, o->s, ORDER_SORT);
	o->run.turn = turn;
	sorter_init(&o->run.job->sorter, &o->program);
	order_job_begin(o->run.job, o->s->mailbox, view, found, count);
	turn(&o->run);
}

bool context_order_over(const struct context_order *o)
{
	return o->run.job->over;
}

void context_order_insert(struct context_order *o, const struct uid_set *stay,
			  const struct uid_set *come, bool uid, context_pairs_fn *fn)
{
	const struct order_job *j = o->run.job;
	uint32_t *uids = mem_array(o->count + j->count + 1, sizeof(*uids));
	bool before = false;
	struct pairs p;
	size_t count = 0;

	pairs_begin(&p, o, "ADDTO", uid, fn);
	for (size_t i = 0; i < j->count; i++) {
		uint32_t this = snapshot_uid(j->view, j->found[i]);
		bool comes = uid_set_has(come, this);

		/* It has gone while the others were sorted. */
		if (!comes && !uid_set_has(stay, this))
			continue;
		uids[count++] = this;
		if (comes)
			add(&p, before, count, this);
		before = comes;
	}
	pairs_end(&p);
	free(o->uids);
	o->uids = uids;
	o->count = count;
	order_run_release(&o->run);
}
