/*
 * Questions and their jobs.  A visit is one job on a lane of one thread, so two
 * visits of one client cannot both be the first.  Cleaning is a job of the same
 * lane, at start and once an hour.
 *
 * When the queue is full everybody passes, as when the database is broken: the
 * lane is behind by a thousand commits then, and greylisting is the least loss.
 */
#include "greylist/greylist.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "greylist_db.h"
#include "net/lane.h"

enum {
	QUEUE_MAX = 1000,                /* twice SMTP's connections, one visit each */
	CLEAN_MS = 3600 * 1000,
	SENDER_MAX = 320,                /* RFC 5321 4.5.3.1: 64 + "@" + 255; the rest is cut */
};

struct greylist {
	struct loop *loop;
	struct lane *lane;
	struct greylist_db *db;          /* the lane's, while there are jobs */
	struct timer clean;
	struct list open;
};

struct greylist_job {
	struct job job;                  /* its owner is the greylist */
	struct greylist_request *request;    /* NULL: abandoned, or none asked */
	struct greylist_db *db;
	int64_t now;
	char network[ADDRESS_TEXT];
	char sender[SENDER_MAX + 1];
	struct greylist_visit visit;
};

static void clean_work(struct job *job)
{
	struct greylist_job *j = container_of(job, struct greylist_job, job);

	greylist_db_expire(j->db, j->now);
}

static void clean_done(struct job *job)
{
	free(container_of(job, struct greylist_job, job));
}

static struct greylist_job *job_new(struct greylist *g, void (*work)(struct job *),
				    void (*done)(struct job *))
{
	struct greylist_job *j = mem_alloc(sizeof(*j));

	j->job = (struct job){ .work = work, .done = done, .owner = g };
	j->db = g->db;
	j->now = clock_wall();
	return j;
}

static void clean(struct timer *t)
{
	struct greylist *g = container_of(t, struct greylist, clean);
	struct greylist_job *j = job_new(g, clean_work, clean_done);

	if (!lane_submit(g->lane, &j->job))
		free(j);                 /* busy; there is another hour */
	timer_set(g->loop, &g->clean, CLEAN_MS);
}

struct greylist *greylist_open(const struct greylist_options *o)
{
	struct greylist_db_options db = { .path = o->path, .delay_s = o->delay_s,
					  .expiry_s = o->expiry_s };
	struct greylist *g = mem_alloc(sizeof(*g));

	g->loop = o->loop;
	g->lane = lane_new(o->loop, "greylist", 1, QUEUE_MAX);
	g->db = greylist_db_new(&db);
	g->clean.fire = clean;
	list_init(&g->open);
	clean(&g->clean);
	return g;
}

void greylist_close(struct greylist *g)
{
	if (!g)
		return;
	list_each(node, after, &g->open)
		greylist_abandon(container_of(node, struct greylist_request, open));
	timer_clear(g->loop, &g->clean);
	lane_free(g->lane);
	greylist_db_free(g->db);
	free(g);
}

static void request_close(struct greylist_request *r)
{
	loop_undefer(r->greylist->loop, &r->deferred);
	list_remove(&r->open);
	if (r->job)
		r->job->request = NULL;
	r->job = NULL;
	r->greylist = NULL;
}

void greylist_abandon(struct greylist_request *r)
{
	if (r->greylist)
		request_close(r);
}

static void pass_unasked(struct deferred *d)
{
	static const struct greylist_answer answer = { .verdict = GREYLIST_PASS };
	struct greylist_request *r = container_of(d, struct greylist_request, deferred);

	request_close(r);
	r->answer(r, &answer);
}

static void visit_work(struct job *job)
{
	struct greylist_job *j = container_of(job, struct greylist_job, job);

	j->visit = greylist_db_visit(j->db, j->network, j->sender, j->now);
}

static void visit_done(struct job *job)
{
	struct greylist_job *j = container_of(job, struct greylist_job, job);
	struct greylist_request *r = j->request;
	struct greylist_answer answer = {
		.verdict = j->visit.pass ? GREYLIST_PASS : GREYLIST_WAIT,
		.wait_s = j->visit.wait_s,
		.known = j->visit.known,
	};

	free(j);
	if (!r)
		return;
	r->job = NULL;
	request_close(r);
	r->answer(r, &answer);
}

void greylist_check(struct greylist *g, struct greylist_request *r,
		    const struct greylist_key *key)
{
	struct slice sender = slice_head(key->sender, SENDER_MAX);
	struct greylist_job *j = job_new(g, visit_work, visit_done);

	assert(!r->greylist);
	r->greylist = g;
	r->deferred = (struct deferred){ .call = pass_unasked };
	r->job = NULL;
	list_append(&g->open, &r->open);

	address_print_network(&key->client, j->network);
	if (sender.len)
		memcpy(j->sender, sender.at, sender.len);
	text_lower(j->sender, sender.len);
	if (!lane_submit(g->lane, &j->job)) {
		free(j);
		loop_defer(g->loop, &r->deferred);
		return;
	}
	j->request = r;
	r->job = j;
}
