/*
 * A FETCH that nobody asked for just now.  It is a command like any other but for its
 * tagged reply, so that a body of any size goes to a slow reader at his pace, and a
 * client's next command waits until no response is half written.
 */
#include "unasked.h"

#include <stdlib.h>

#include "base/mem.h"
#include "commands.h"
#include "dispatch.h"

enum { SET_TEXT_MAX = UID_RANGE_TEXT * IMAP_SET_RANGES_MAX };

struct unasked {
	struct list node;                /* the session's */
	char *items;
	size_t items_len;
	struct uid_set uids;
};

static const struct imap_command command = { "UID FETCH", IMAP_SELECTED, 0, cmd_fetch, 0 };

static void unasked_free(struct unasked *u)
{
	list_remove(&u->node);
	uid_set_release(&u->uids);
	free(u->items);
	free(u);
}

static void start(struct imap_session *s, struct unasked *u)
{
	struct uid_set some = u->uids;
	struct buf text;

	if (some.count > IMAP_SET_RANGES_MAX)
		some.count = IMAP_SET_RANGES_MAX;
	buf_init(&text, SET_TEXT_MAX + u->items_len + 2);
	buf_add_byte(&text, ' ');
	uid_set_print(&text, &some);
	buf_add_byte(&text, ' ');
	buf_add(&text, slice_make(u->items, u->items_len));
	unasked_free(u);
	imap_run_unasked(s, &command, buf_slice(&text));
	buf_release(&text);
}

static void go(struct deferred *d)
{
	struct imap_session *s = container_of(d, struct imap_session, unasked_go);

	if (list_empty(&s->unasked) || s->ending || conn_full(s->base.conn))
		return;
	if (s->running && (s->running->unasked || !(s->running->command->flags & IMAP_PUSHES)))
		return;
	start(s, container_of(s->unasked.next, struct unasked, node));
}

void imap_unasked_fetch(struct imap_session *s, struct slice items, const struct uid_set *uids)
{
	struct unasked *u = NULL;
	size_t count = 0;

	if (!uids->count)
		return;
	list_each(node, after, &s->unasked) {
		struct unasked *other = container_of(node, struct unasked, node);

		if (slice_equal(slice_make(other->items, other->items_len), items))
			u = other;
		count++;
	}
	if (!u && count == IMAP_UNASKED_MAX)
		return;
	if (!u) {
		u = mem_alloc(sizeof(*u));
		u->items = mem_bytes(items.at, items.len);
		u->items_len = items.len;
		uid_set_init(&u->uids);
		list_append(&s->unasked, &u->node);
	}
	for (size_t i = 0; i < uids->count; i++)
		uid_set_add(&u->uids, uids->ranges[i].first, uids->ranges[i].last);
	imap_unasked_wake(s);
}

void imap_unasked_init(struct imap_session *s)
{
	list_init(&s->unasked);
	s->unasked_go.call = go;
}

void imap_unasked_wake(struct imap_session *s)
{
	if (!list_empty(&s->unasked) && !s->ending)
		loop_defer(conn_loop(s->base.conn), &s->unasked_go);
}

void imap_unasked_forget(struct imap_session *s)
{
	list_each(node, after, &s->unasked)
		unasked_free(container_of(node, struct unasked, node));
	if (conn_loop(s->base.conn))
		loop_undefer(conn_loop(s->base.conn), &s->unasked_go);
}
