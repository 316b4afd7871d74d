/*
 * Telling what NOTIFY asked for.  Messages of other mailboxes are the business of
 * notify_box.c; here are names, subscriptions and annotations, and the moment at which
 * anything is told.
 *
 * A change of a name says too little: which attributes a mailbox has and whether it is
 * among those that are watched follows from all folders.  So each change makes the
 * folders be listed once more, and what the responses say, and which boxes there are,
 * comes from that listing.
 */
#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "capability.h"
#include "list_text.h"
#include "metadata.h"
#include "unasked.h"

enum {
	RETRY_MS = 1000,                 /* a queue was full, or a disk failed */
	LINE_MAX_BYTES = 8 * 1024,       /* two names, as literals, and attributes */
};

/* ---- News ---- */

static void drop_news(struct imap_notify *n, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(n->news[i].name);
		free(n->news[i].other);
	}
	n->news_count -= count;
	memmove(n->news, n->news + count, n->news_count * sizeof(*n->news));
}

static void add_news(struct imap_notify *n, struct notify_news news, const char *name,
		     const char *other)
{
	if (n->overflow)
		return;
	if (n->news_count == NOTIFY_NEWS_MAX) {
		n->overflow = true;
		imap_notify_wake(n->s);
		return;
	}
	news.name = mem_string(name);
	news.other = mem_string(other);
	n->news[n->news_count++] = news;
	notify_list(n);
}

static void name_changed(struct store_watcher *w, enum store_event what, const void *owner,
			 const char *name, const char *old)
{
	struct imap_notify *n = container_of(w, struct imap_notify, names);
	struct notify_news news = { .what = NEWS_NAME, .own = owner == n->s };

	switch (what) {
	case STORE_CREATED:
		news.made = true;
		break;
	case STORE_RENAMED:
		news.what = NEWS_RENAME;
		news.made = strcmp(old, "INBOX") == 0;
		if (!news.made)
			notify_boxes_renamed(n, old, name);
		break;
	case STORE_SUBSCRIPTION:
		news.what = NEWS_SUBSCRIPTION;
		break;
	case STORE_DELETED:
		break;
	}
	add_news(n, news, name, old);
}

static void annotation_changed(struct annotation_watcher *w, const void *owner,
			       const char *folder, const char *name)
{
	struct imap_notify *n = container_of(w, struct imap_notify, annotations);
	struct notify_news news = { .what = NEWS_METADATA, .own = owner == n->s };

	if (!news.own && notify_request_wants(&n->request) & (NOTIFY_METADATA | NOTIFY_SERVER))
		add_news(n, news, folder, name);
}

/* ---- Responses ---- */

struct folders {
	const struct folder_entry *all;
	size_t count;
};

static unsigned flags_of(const struct folders *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->all[i].name, name) == 0)
			return f->all[i].flags;
	return FOLDER_NOSELECT | FOLDER_GONE;
}

static bool wants(const struct imap_notify *n, const struct folders *f, const char *name,
		  unsigned event)
{
	return notify_request_events(&n->request, name, flags_of(f, name)) & event;
}

static void add_line(struct imap_notify *n, struct buf *line)
{
	buf_add_text(line, "\r\n");
	if (!line->overflow && !buf_add(&n->lines, buf_slice(line)))
		n->overflow = true;
	buf_release(line);
}

/* RFC 5465 5.4, 5.5: all attributes as they are now. */
static void add_list(struct imap_notify *n, const struct folders *f, const char *name,
		     const char *old)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	imap_list_begin(&line, n->s, flags_of(f, name), "\\NonExistent", name);
	if (old) {
		buf_add_text(&line, " (\"OLDNAME\" (");
		imap_mailbox_text(&line, n->s, old);
		buf_add_text(&line, "))");
	}
	add_line(n, &line);
}

static void add_metadata(struct imap_notify *n, const char *folder, const char *entry)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	buf_add_text(&line, "* METADATA ");
	imap_mailbox_text(&line, n->s, folder);
	buf_add_byte(&line, ' ');
	imap_entry_text(&line, entry);
	add_line(n, &line);
}

/* 5.4: "the mailbox itself and its direct parent". */
static void say_name(struct imap_notify *n, const struct folders *f, const char *name)
{
	char *parent = mem_string(name), *slash = strrchr(parent, '/');

	if (wants(n, f, name, NOTIFY_NAME))
		add_list(n, f, name, NULL);
	if (slash) {
		*slash = '\0';
		if (wants(n, f, parent, NOTIFY_NAME))
			add_list(n, f, parent, NULL);
	}
	free(parent);
}

static void say(struct imap_notify *n, const struct folders *f, const struct notify_news *news)
{
	const char *name = news->name;

	if (news->own)
		return;
	switch (news->what) {
	case NEWS_NAME:
		say_name(n, f, name);
		return;
	case NEWS_RENAME:
		if (wants(n, f, name, NOTIFY_NAME) || wants(n, f, news->other, NOTIFY_NAME))
			add_list(n, f, name, news->other);
		return;
	case NEWS_SUBSCRIPTION:
		/* Who follows what is subscribed hears of what is not any more. */
		if (wants(n, f, name, NOTIFY_SUBSCRIPTION) ||
		    notify_request_events(&n->request, name, FOLDER_SUBSCRIBED) &
		    NOTIFY_SUBSCRIPTION)
			add_list(n, f, name, NULL);
		return;
	case NEWS_METADATA:
		if (*name ? wants(n, f, name, NOTIFY_METADATA) :
			    notify_request_wants(&n->request) & NOTIFY_SERVER)
			add_metadata(n, name, news->other);
		return;
	}
}

/* ---- Listing ---- */

static void got_folders(void *owner, enum store_status st, const struct folder_entry *folders,
			size_t count)
{
	struct imap_notify *n = owner;
	struct folders f = { folders, count };

	n->listing = false;
	n->failed = st;
	if (st != STORE_OK) {
		notify_retry(n);
		notify_settled(n);
		return;
	}
	notify_boxes_match(n, folders, count);
	for (size_t i = 0; i < n->news_asked; i++)
		say(n, &f, &n->news[i]);
	drop_news(n, n->news_asked);
	n->news_asked = 0;
	if (n->list_again)
		notify_list(n);
	imap_notify_wake(n->s);
	notify_boxes_open(n);
}

void notify_list(struct imap_notify *n)
{
	n->list_again = n->listing;
	if (n->listing || n->overflow)
		return;
	n->listing = true;
	n->news_asked = n->news_count;
	store_folders(n->s->server->store, got_folders, n);
}

void notify_settled(struct imap_notify *n)
{
	void (*ready)(struct imap_notify *) = n->ready;

	if (n->listing || n->opening || !ready)
		return;
	n->ready = NULL;
	ready(n);
}

static void retry(struct timer *t)
{
	notify_list(container_of(t, struct imap_notify, retry));
}

void notify_retry(struct imap_notify *n)
{
	timer_set(conn_loop(n->s->base.conn), &n->retry, RETRY_MS);
}

void imap_notify_prepare(struct imap_notify *n, void (*ready)(struct imap_notify *n))
{
	n->ready = ready;
	n->names.changed = name_changed;
	n->annotations.changed = annotation_changed;
	store_watch(n->s->server->store, &n->names);
	store_watch_annotations(n->s->server->store, &n->annotations);
	notify_list(n);
}

/* ---- The moment ---- */

/* As after NOTIFY NONE. */
static void forget_all(struct imap_notify *n)
{
	store_abandon(n->s->server->store, n);
	store_unwatch(&n->names);
	store_unwatch_annotations(&n->annotations);
	timer_clear(conn_loop(n->s->base.conn), &n->retry);
	notify_boxes_free(n);
	drop_news(n, n->news_count);
	n->news_asked = 0;
	n->listing = n->list_again = false;
	buf_clear(&n->lines);
	buf_shrink(&n->lines);
	uid_set_release(&n->own);
	n->request.group_count = 0;
	n->request.selected = 0;
	n->request.items.len = 0;
}

void imap_notify_tell(struct imap_session *s)
{
	struct imap_notify *n = s->notify;

	if (!n || s->ending || conn_full(s->base.conn))
		return;
	imap_write(s, buf_slice(&n->lines));
	buf_clear(&n->lines);
	buf_shrink(&n->lines);
	if (n->overflow) {
		/* 5.8 */
		imap_untagged(s, "OK [NOTIFICATIONOVERFLOW] There is too much to be told");
		forget_all(n);
		n->overflow = false;
		return;
	}
	notify_boxes_tell(n);
}

/* While expunges wait there is always a difference; it is told of once. */
static bool is_behind(const struct imap_session *s, bool expunges)
{
	return s->mailbox && (expunges || !s->holds_back ||
	       snapshot_modseq(s->view) != snapshot_modseq(mailbox_newest(s->mailbox)));
}

static void push(struct deferred *d)
{
	struct imap_notify *n = container_of(d, struct imap_notify, push);
	struct imap_session *s = n->s;
	bool idles = s->running && s->running->command->flags & IMAP_PUSHES;

	/* What a command holds up is told with its reply, or when it is over. */
	if (s->ending || s->notify != n || (s->running && !idles) || conn_full(s->base.conn))
		return;
	if (is_behind(s, idles || !n->request.delayed))
		imap_update(s, idles || !n->request.delayed);
	imap_notify_tell(s);
}

void imap_notify_wake(struct imap_session *s)
{
	if (s->notify && !s->ending)
		loop_defer(conn_loop(s->base.conn), &s->notify->push);
}

/* ---- Life ---- */

struct imap_notify *imap_notify_new(struct imap_session *s)
{
	struct imap_notify *n = mem_alloc(sizeof(*n));

	n->s = s;
	n->request.keep = arena_new(NOTIFY_REQUEST_BYTES);
	list_init(&n->boxes);
	buf_init(&n->lines, NOTIFY_LINES_MAX);
	uid_set_init(&n->own);
	n->push.call = push;
	n->retry.fire = retry;
	return n;
}

void imap_notify_free(struct imap_notify *n)
{
	if (!n)
		return;
	forget_all(n);
	loop_undefer(conn_loop(n->s->base.conn), &n->push);
	buf_release(&n->lines);
	arena_free(n->request.keep);
	free(n);
}

void imap_notify_end(struct imap_session *s)
{
	imap_notify_free(s->notify);
	s->notify = NULL;
}

/* ---- The selected mailbox ---- */

bool imap_notify_moves(const struct imap_session *s)
{
	return !s->notify || s->notify->request.selected ||
	       (s->running && s->running->command->flags & IMAP_RENUMBERS);
}

bool imap_notify_flags(const struct imap_session *s)
{
	return !s->notify || s->notify->request.selected & NOTIFY_FLAGS;
}

struct additions {
	const struct imap_notify *n;
	struct uid_set uids;
};

static void note_added(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	struct additions *a = ctx;

	(void)seq;
	/* 5.2: no FETCH of what the client itself put there. */
	if (what == SNAPSHOT_ADDED && !uid_set_has(&a->n->own, uid))
		uid_set_add(&a->uids, uid, uid);
}

void imap_notify_moved(struct imap_session *s, const struct snapshot *from,
		       const struct snapshot *to)
{
	struct imap_notify *n = s->notify;
	struct additions a = { .n = n };

	if (!n || !n->request.items.len)
		return;
	uid_set_init(&a.uids);
	snapshot_diff(from, to, note_added, &a);
	imap_unasked_fetch(s, n->request.items, &a.uids);
	uid_set_release(&a.uids);
	uid_set_release(&n->own);
}

void imap_notify_unselects(struct imap_session *s)
{
	if (!s->notify)
		return;
	uid_set_release(&s->notify->own);
	notify_boxes_unselects(s->notify);
	imap_notify_wake(s);
}

void imap_notify_own(struct imap_session *s, uint32_t uid_validity, const uint32_t *uids,
		     size_t count)
{
	struct imap_notify *n = s->notify;

	if (!n)
		return;
	if (s->mailbox && snapshot_uid_validity(s->view) == uid_validity && n->request.items.len)
		for (size_t i = 0; i < count; i++)
			uid_set_add(&n->own, uids[i], uids[i]);
	notify_boxes_own(n, uid_validity, uids, count);
}
