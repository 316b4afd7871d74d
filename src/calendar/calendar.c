/*
 * The calendar's loop side: messages wait here in the order they came, one at a time
 * goes to the lane, and the feed it brings back takes the place of the last.
 *
 * Why one at a time, although the lane is a queue itself: a merge starts from the
 * feed that is published, and the loop learns of that only when the job before it is
 * done.  What waits is a list of names; the messages lie in folder/pending, so that
 * a crash, a full disk or a full list forgets none of them.
 */
#include "calendar/calendar.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/lane.h"
#include "net/loop.h"
#include "published.h"
#include "shelf.h"

enum {
	/* A name takes 200 bytes; what is over stays in the folder and is taken up when
	 * the list is empty. */
	WAITING_MOST = 10000,
	/* After the disk failed: long enough not to fill the log. */
	RETRY_MS = 5 * 60 * 1000,
	SHARE_MS = 100,          /* when the lane is full of other work */
	/* Of one message, each of which ended the program (or met with its end, which does
	 * not happen twenty times to the same one): a fault that a stranger can
	 * send us again and again must not be met at each start. */
	TRIES_MOST = 20,
};

struct import {
	struct job job;
	struct list node;
	struct calendar *calendar;
	char *path;
	calendar_fn *fn;
	void *owner;
	struct published *base, *made;
	enum calendar_outcome outcome;
};

struct calendar {
	struct loop *loop;
	struct lane *lane;
	struct shelf shelf;
	char *pending;                   /* the folder */
	struct published *current;
	struct list waiting;             /* struct import; oldest first */
	size_t waiting_count;
	struct import *running;
	struct timer retry;
	bool rescan;                     /* something lies in the folder that nobody waits for */
	uint64_t next_name;
};

static void import_free(struct import *i)
{
	free(i->path);
	free(i);
}

static void start_next(struct calendar *c);
static void rescan(struct calendar *c);

static void import_work(struct job *job)
{
	struct import *i = container_of(job, struct import, job);

	i->outcome = shelf_import(&i->calendar->shelf, i->base, i->path, &i->made);
}

static void import_done(struct job *job)
{
	struct import *i = container_of(job, struct import, job);
	struct calendar *c = i->calendar;
	calendar_fn *fn = i->fn;
	void *owner = i->owner;
	enum calendar_outcome outcome = i->outcome;

	published_drop(i->base);
	if (i->made) {
		published_drop(c->current);
		c->current = i->made;
	}
	c->running = NULL;
	import_free(i);
	if (outcome == CALENDAR_FAILED) {
		c->rescan = true;
		timer_set(c->loop, &c->retry, RETRY_MS);
	}
	start_next(c);
	if (fn)
		fn(owner, outcome);
}

static void start_next(struct calendar *c)
{
	struct import *i;

	if (c->running || list_empty(&c->waiting))
		return;
	i = container_of(c->waiting.next, struct import, node);
	i->job = (struct job){ .work = import_work, .done = import_done, .owner = c };
	i->base = c->current;
	i->base->holders++;
	if (!lane_submit(c->lane, &i->job)) {
		published_drop(i->base);
		i->base = NULL;
		timer_set(c->loop, &c->retry, SHARE_MS);
		return;
	}
	list_remove(&i->node);
	c->waiting_count--;
	c->running = i;
}

static bool add_waiting(struct calendar *c, const char *path, calendar_fn *fn, void *owner)
{
	struct import *i;

	if (c->waiting_count >= WAITING_MOST) {
		c->rescan = true;
		if (!timer_is_set(&c->retry))
			timer_set(c->loop, &c->retry, RETRY_MS);
		return false;
	}
	i = mem_alloc(sizeof(*i));
	i->calendar = c;
	i->path = mem_string(path);
	i->fn = fn;
	i->owner = owner;
	list_append(&c->waiting, &i->node);
	c->waiting_count++;
	return true;
}

void calendar_import(struct calendar *c, const char *path, calendar_fn *fn, void *owner)
{
	if (!add_waiting(c, path, fn, owner)) {
		if (fn)
			fn(owner, CALENDAR_FAILED);
		return;
	}
	start_next(c);
}

static void retry(struct timer *t)
{
	struct calendar *c = container_of(t, struct calendar, retry);

	if (c->rescan && !c->running && list_empty(&c->waiting))
		rescan(c);
	else if (c->rescan)
		timer_set(c->loop, &c->retry, RETRY_MS);
	start_next(c);
}

/* Names that calendar_pending_path() made sort by their age. */
static int is_message(const struct dirent *d)
{
	size_t n = strlen(d->d_name), tries = 0;

	while (tries < n && d->d_name[n - 1 - tries] == SHELF_TRIED)
		tries++;
	if (tries >= TRIES_MOST)
		log_event(LEVEL_ERROR, "calendar", "message ended the program each time, left aside",
			  log_text("pending", d->d_name));
	return d->d_name[0] != '.' && tries < TRIES_MOST;
}

static void rescan(struct calendar *c)
{
	struct dirent **found = NULL;
	int n = scandir(c->pending, &found, is_message, alphasort);

	c->rescan = false;
	if (n < 0)
		log_event(LEVEL_ERROR, "calendar", "pending folder could not be read",
			  log_text("path", c->pending), log_errno(errno));
	for (int i = 0; i < n; i++) {
		char *path = mem_printf("%s/%s", c->pending, found[i]->d_name);

		add_waiting(c, path, NULL, NULL);
		free(path);
		free(found[i]);
	}
	free(found);
}

void calendar_pending_path(struct calendar *c, char *out, size_t size)
{
	snprintf(out, size, "%s/%016" PRIx64 "-%08" PRIx64, c->pending, (uint64_t)clock_wall_us(),
		 c->next_name++);
}

static bool make_folder(const char *path)
{
	struct stat st;

	return mkdir(path, 0700) == 0 ||
	       (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

struct calendar *calendar_open(const struct calendar_options *o, char *error, size_t error_size)
{
	struct calendar *c = mem_alloc(sizeof(*c));

	c->loop = o->loop;
	c->lane = o->lane;
	c->retry.fire = retry;
	c->pending = mem_printf("%s/pending", o->folder);
	list_init(&c->waiting);
	shelf_init(&c->shelf, o);
	if (make_folder(o->folder) && make_folder(c->pending))
		c->current = shelf_load(&c->shelf);
	if (!c->current) {
		snprintf(error, error_size, "%s: %s", c->shelf.path, strerror(errno));
		calendar_close(c);
		return NULL;
	}
	rescan(c);
	start_next(c);
	return c;
}

void calendar_close(struct calendar *c)
{
	if (!c)
		return;
	timer_clear(c->loop, &c->retry);
	list_each(node, after, &c->waiting)
		import_free(container_of(node, struct import, node));
	published_drop(c->current);
	shelf_release(&c->shelf);
	free(c->pending);
	free(c);
}

const struct calendar_feed *calendar_feed_hold(struct calendar *c)
{
	c->current->holders++;
	return &c->current->feed;
}

void calendar_feed_drop(const struct calendar_feed *feed)
{
	if (feed)
		published_drop(published_of(feed));
}
