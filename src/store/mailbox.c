/*
 * Open folders, on the loop.  All sessions on a folder share one mailbox.  Its
 * last release takes it off the store's list at once and sends a closing job
 * after whatever is still under way; the lane keeps the order, so nothing that
 * the lane holds a pointer to ends before its job has.  An open that comes in
 * between makes a new mailbox, whose job runs after the closing one.
 */
#include "store/mailbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mailbox_private.h"
#include "watch.h"

/* inotify's own queue is this long (fs.inotify.max_queued_events); past it, the
 * directory is compared instead. */
enum { EVENTS_MAX = 16384 };

/* Where inotify cannot be trusted: how long a change elsewhere may stay unseen. */
enum { POLL_MS = 10000 };

static void free_events(struct file_event *e)
{
	while (e) {
		struct file_event *next = e->next;

		free(e);
		e = next;
	}
}

/* ---- Telling ---- */

static void tell_watchers(struct deferred *d)
{
	struct mailbox *m = container_of(d, struct mailbox, tell);
	struct list waiting;

	/* Who is told may take any watcher off, itself too; nobody is told twice. */
	list_init(&waiting);
	while (!list_empty(&m->watchers)) {
		struct list *node = m->watchers.next;

		list_remove(node);
		list_append(&waiting, node);
	}
	while (!list_empty(&waiting)) {
		struct list *node = waiting.next;
		struct mailbox_watcher *w = container_of(node, struct mailbox_watcher, node);

		list_remove(node);
		list_append(&m->watchers, node);
		w->changed(w);
	}
}

static void tell_later(struct mailbox *m)
{
	if (!list_empty(&m->watchers))
		loop_defer(m->store->loop, &m->tell);
}

void mailbox_take_news(struct news *n)
{
	struct mailbox *m = n->mailbox;

	if (!n->snapshot) {
		m->gone = true;
		list_remove(&m->node);
		watch_unassign(m->store->watch, m);
	} else {
		if (!m->newest)
			m->first_recent = n->first_recent;
		snapshot_drop(m->newest);
		m->newest = n->snapshot;
	}
	tell_later(m);
}

void mailbox_watch(struct mailbox *m, struct mailbox_watcher *w)
{
	if (w->node.next)
		list_remove(&w->node);
	list_append(&m->watchers, &w->node);
	if (!m->live && !timer_is_set(&m->poll))
		timer_set(m->store->loop, &m->poll, POLL_MS);
}

void mailbox_unwatch(struct mailbox_watcher *w)
{
	if (w->node.next)
		list_remove(&w->node);
}

/* ---- Comparing with the disk ---- */

struct sync_job {
	struct mail_job mail;
	struct mailbox *m;
	struct file_event *events;
	const struct file_event *left;   /* of them, to be seen */
	bool asked;                      /* what vanished is known */
	struct look look;
	bool background, ran;
	store_fn *fn;
};

static void run_sync(struct mail_job *j)
{
	struct sync_job *sync = container_of(j, struct sync_job, mail);
	struct folder *f = folder_of_mailbox(j->question.store, sync->m);

	sync->ran = true;
	if (!f) {
		j->st = STORE_NO_FOLDER;
		return;
	}
	j->st = folder_events(f, &sync->left);
	if (j->st != STORE_OK)
		return;
	if (!sync->asked && sync->events && folder_misses(f, sync->events))
		sync->look.force = true;
	sync->asked = true;
	j->st = folder_sync(f, &sync->look);
}

static void finish_sync(struct mail_job *j)
{
	struct sync_job *sync = container_of(j, struct sync_job, mail);
	struct mailbox *m = sync->m;

	free_events(sync->events);
	if (sync->background) {
		m->syncing = false;
		/* Unless nobody else has it open any more. */
		if (m->users > 1 && (m->events || m->scan_wanted))
			mailbox_sync_now(m);
	}
	/* What it was to look at is still to be looked at, when there is reason to
	 * hope: the next event or refresh. */
	if (sync->ran && j->st != STORE_OK)
		m->scan_wanted = true;
	if (sync->fn && !j->question.abandoned)
		sync->fn(j->question.owner, j->st);
	mailbox_release(m);
}

static struct sync_job *make_sync(struct mailbox *m)
{
	struct sync_job *sync = mem_alloc(sizeof(*sync));

	sync->mail.run = run_sync;
	sync->mail.finish = finish_sync;
	sync->m = m;
	/* Between two slices a closing job could come, if this did not hold it open. */
	m->users++;
	sync->events = m->events;
	sync->left = m->events;
	sync->look.force = m->scan_wanted;
	m->events = NULL;
	m->event_count = 0;
	m->scan_wanted = false;
	return sync;
}

void mailbox_sync_now(struct mailbox *m)
{
	struct sync_job *sync;

	if (!m->attached || m->gone || m->closing || (!m->events && !m->scan_wanted))
		return;
	sync = make_sync(m);
	sync->background = true;
	m->syncing = true;
	/* Bounded: one a mailbox from events, and one a question that wants it. */
	store_ask_always(m->store, &sync->mail, NULL);
}

void mailbox_take_events(struct mailbox *m, struct file_event *events, bool lost)
{
	if (!m->events)
		m->events_last = &m->events;
	*m->events_last = events;
	for (; events; events = events->next) {
		m->events_last = &events->next;
		m->event_count++;
	}
	m->scan_wanted = m->scan_wanted || lost || m->event_count > EVENTS_MAX;
	if (m->scan_wanted) {
		free_events(m->events);
		m->events = NULL;
		m->event_count = 0;
	}
	if (!m->syncing)
		mailbox_sync_now(m);
}

void mailbox_refresh(struct mailbox *m, store_fn *fn, void *owner)
{
	struct sync_job *sync;

	watch_drain(m->store->watch);
	sync = make_sync(m);
	sync->fn = fn;
	/* Refused: what was seen must not be lost. */
	if (!store_ask(m->store, &sync->mail, owner))
		m->scan_wanted = true;
}

static void poll_disk(struct timer *t)
{
	struct mailbox *m = container_of(t, struct mailbox, poll);

	if (m->live || m->gone || m->closing || list_empty(&m->watchers))
		return;
	timer_set(m->store->loop, t, POLL_MS);
	if (!m->syncing) {
		struct sync_job *sync = make_sync(m);

		sync->background = true;
		m->syncing = true;
		store_ask_always(m->store, &sync->mail, NULL);
	}
}

/* ---- Opening and closing ---- */

struct open_job {
	struct mail_job mail;
	struct mailbox *m;
	bool claim, fresh, live;
	uint64_t events;                 /* had been read when it was asked */
	int wd[2];
	int64_t folder_id;
	char *path;
	struct look look;
	uint32_t claimed;
	mailbox_open_fn *fn;
};

static void attach(struct open_job *open, struct folder *f)
{
	f->mailbox = open->m;
	f->changed = f->coming = true;   /* so that a first snapshot comes, of all */
	maildir_clean_tmp(f->path);
	f->live = watch_add(f->store->watch, f->path, f->wd);
	open->fresh = true;
	open->live = f->live;
	open->wd[PLACE_NEW] = f->wd[PLACE_NEW];
	open->wd[PLACE_CUR] = f->wd[PLACE_CUR];
	open->folder_id = f->head.id;
	free(open->path);
	open->path = mem_string(f->path);
}

/* Opened before, in this or another job of this mailbox; a first time everything is
 * compared. */
static enum store_status compare_opened(struct open_job *open, struct folder *f)
{
	bool was_live = f->live;
	enum store_status st = STORE_OK;

	if (f->coming)
		f->live = false;
	if (f->coming || !was_live)
		st = folder_sync(f, &open->look);
	if (st == STORE_OK && open->claim)
		st = folder_claim(f, &open->claimed);
	return st;
}

static void run_open(struct mail_job *j)
{
	struct open_job *open = container_of(j, struct open_job, mail);
	struct store *s = j->question.store;
	struct folder *f = folder_of_mailbox(s, open->m);

	if (!f) {
		open->fresh = false;
		j->st = folder_open(s, open->m->name.at, true, &f);
		if (j->st != STORE_OK)
			return;
		if (f->mailbox) {
			/* Its mailbox is about to be told that it is gone. */
			j->st = STORE_BUSY;
			return;
		}
		attach(open, f);
	}
	j->st = compare_opened(open, f);
	if (s->unfinished)
		return;
	if (j->st == STORE_OK && open->fresh)
		f->live = open->live;
	if (j->st == STORE_OK)
		f->coming = false;
	if (j->st != STORE_OK && f->coming && open->fresh) {
		f->mailbox = NULL;
		f->coming = open->fresh = false;
	}
}

static void mailbox_free(struct mailbox *m)
{
	loop_undefer(m->store->loop, &m->tell);
	timer_clear(m->store->loop, &m->poll);
	list_remove(&m->node);
	free_events(m->events);
	snapshot_drop(m->newest);
	free(m->path);
	arena_free(m->known.arena);
	free(m);
}

static void finish_open(struct mail_job *j)
{
	struct open_job *open = container_of(j, struct open_job, mail);
	struct mailbox *m = open->m;
	bool abandoned = j->question.abandoned;

	if (open->fresh) {
		m->attached = true;
		m->live = open->live;
		m->folder_id = open->folder_id;
		m->path = open->path;
		open->path = NULL;
		if (!watch_assign(m->store->watch, open->wd, m, open->events))
			m->scan_wanted = true;
		mailbox_sync_now(m);
	}
	free(open->path);
	/* The index failed between the job and its snapshot. */
	if (j->st == STORE_OK && !m->newest)
		j->st = STORE_FAILED;
	if (j->st == STORE_OK && !abandoned) {
		open->fn(j->question.owner, STORE_OK, m);
		return;
	}
	mailbox_release(m);
	if (!abandoned)
		open->fn(j->question.owner, j->st, NULL);
}

struct mailbox *mailbox_find(struct store *s, const struct folder_name *name)
{
	list_each(node, after, &s->mailboxes) {
		struct mailbox *m = container_of(node, struct mailbox, node);

		if (strcmp(m->name.at, name->at) == 0)
			return m;
	}
	return NULL;
}

static struct mailbox *mailbox_new(struct store *s, const struct folder_name *name)
{
	struct mailbox *m = mem_alloc(sizeof(*m));

	m->store = s;
	m->name = *name;
	m->tell.call = tell_watchers;
	m->poll.fire = poll_disk;
	list_init(&m->watchers);
	list_append(&s->mailboxes, &m->node);
	return m;
}

void mailbox_open(struct store *s, const char *name, bool claim, mailbox_open_fn *fn, void *owner)
{
	struct open_job *open = mem_alloc(sizeof(*open));
	struct folder_name canonical;

	open->mail.run = run_open;
	open->mail.finish = finish_open;
	open->fn = fn;
	open->claim = claim;
	open->wd[0] = open->wd[1] = -1;
	if (!name_canonical(slice_of(name), &canonical)) {
		store_refuse(s, &open->mail, owner, STORE_NO_FOLDER);
		return;
	}
	open->m = mailbox_find(s, &canonical);
	watch_drain(s->watch);
	open->events = watch_now(s->watch);
	if (!open->m)
		open->m = mailbox_new(s, &canonical);
	mailbox_sync_now(open->m);
	open->m->users++;
	store_ask(s, &open->mail, owner);
}

struct close_job {
	struct mail_job mail;
	struct mailbox *m;
	uint32_t first_recent;
};

static void run_close(struct mail_job *j)
{
	struct close_job *c = container_of(j, struct close_job, mail);
	struct store *s = j->question.store;
	struct folder *f = folder_of_mailbox(s, c->m);

	if (!f)
		return;
	if (f->head.first_recent < c->first_recent && store_begin(s)) {
		f->head.first_recent = c->first_recent;
		f->touched = true;
		(void)store_commit(s, true);
	}
	f->mailbox = NULL;
}

static void finish_close(struct mail_job *j)
{
	mailbox_free(container_of(j, struct close_job, mail)->m);
}

void mailbox_release(struct mailbox *m)
{
	struct close_job *c;

	if (!m)
		return;
	assert(m->users > 0);
	if (--m->users > 0)
		return;
	m->closing = true;
	list_remove(&m->node);
	watch_unassign(m->store->watch, m);
	if (!m->attached) {
		mailbox_free(m);
		return;
	}
	c = mem_alloc(sizeof(*c));
	c->mail.run = run_close;
	c->mail.finish = finish_close;
	c->m = m;
	c->first_recent = m->first_recent;
	store_ask_always(m->store, &c->mail, NULL);
}

/* ---- Looking ---- */

uint64_t mailbox_id(const struct mailbox *m)
{
	return (uint64_t)m->folder_id;
}

const char *mailbox_name(const struct mailbox *m)
{
	return m->name.at;
}

const struct snapshot *mailbox_newest(const struct mailbox *m)
{
	return m->newest;
}

bool mailbox_is_gone(const struct mailbox *m)
{
	return m->gone;
}

void mailbox_recent(struct mailbox *m, bool claim, struct uid_set *set)
{
	uint32_t seq = snapshot_seq_from(m->newest, m->first_recent);

	for (; seq <= snapshot_count(m->newest); seq++) {
		uint32_t uid = snapshot_uid(m->newest, seq);

		uid_set_add(set, uid, uid);
	}
	if (claim)
		m->first_recent = snapshot_uid_next(m->newest);
}
