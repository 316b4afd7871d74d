/*
 * Mailboxes that are watched without being selected.  Each is open, so that a delivery
 * is heard of at once; what the client knows of it is the snapshot it was last told of,
 * and a STATUS says the difference.  Changes that come while the client does not read
 * are one STATUS when it does.
 *
 * They are opened one after the other, so that a NOTIFY of many folders lets others to
 * the mail lane in between.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "capability.h"
#include "commands.h"
#include "notify.h"
#include "status_item.h"

enum { STATUS_MAX = 8 * 1024 };          /* a name and a few numbers */

#define BIT(item) (1U << (item))

struct notify_box {
	struct list node;                /* n->boxes */
	struct imap_notify *n;
	char *name;
	unsigned events;                 /* notify_event, of messages */
	bool listed;                     /* by the listing that was answered last */
	bool made;                       /* since NOTIFY: what is in it is new */
	bool tried;                      /* to open it, since the last listing */
	struct mailbox *m;               /* NULL: not open */
	struct mailbox_watcher watcher;
	const struct snapshot *told;     /* as the client knows it; NULL: not at all */
	struct uid_set own;              /* messages that this session put there */
};

static struct notify_box *box_at(struct list *node)
{
	return container_of(node, struct notify_box, node);
}

static void close_box(struct notify_box *b)
{
	mailbox_unwatch(&b->watcher);
	mailbox_release(b->m);
	b->m = NULL;
	b->tried = false;
}

static void box_free(struct notify_box *b)
{
	store_abandon(b->n->s->server->store, b);
	close_box(b);
	list_remove(&b->node);
	b->n->box_count--;
	snapshot_drop(b->told);
	uid_set_release(&b->own);
	free(b->name);
	free(b);
}

void notify_boxes_free(struct imap_notify *n)
{
	list_each(node, after, &n->boxes)
		box_free(box_at(node));
	n->opening = false;
}

/* ---- What changed ---- */

static bool is_unseen(const struct snapshot *s, uint32_t seq)
{
	return !(snapshot_message(s, seq).flags & MESSAGE_SEEN);
}

struct box_change {
	const struct notify_box *box;
	const struct snapshot *from, *to;
	bool messages, flags;
	uint32_t came, went;             /* unseen ones */
};

static void note_change(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	struct box_change *c = ctx;

	switch (what) {
	case SNAPSHOT_GONE:
		c->messages = true;
		c->went += is_unseen(c->from, seq);
		break;
	case SNAPSHOT_ADDED:
		c->messages = c->messages || !uid_set_has(&c->box->own, uid);
		c->came += is_unseen(c->to, seq);
		break;
	case SNAPSHOT_CHANGED:
		c->flags = true;
		c->went += is_unseen(c->from, snapshot_seq(c->from, uid));
		c->came += is_unseen(c->to, seq);
		break;
	}
}

/* The items of RFC 5465 5.1 to 5.3, and UIDVALIDITY with all of them. */
static unsigned items_for(const struct notify_box *b, const struct box_change *c, bool unseen)
{
	bool modseq = b->n->s->enabled & (IMAP_CONDSTORE | IMAP_QRESYNC);
	bool flags = b->events & NOTIFY_FLAGS;
	unsigned items = 0;

	if (c->messages)
		items |= BIT(ITEM_MESSAGES) | BIT(ITEM_UIDNEXT);
	if (flags && unseen && (c->messages || c->flags))
		items |= BIT(ITEM_UNSEEN);
	if (modseq && (c->messages || (flags && c->flags)))
		items |= BIT(ITEM_HIGHESTMODSEQ);
	return items ? items | BIT(ITEM_UIDVALIDITY) : 0;
}

static void write_status(const struct notify_box *b, const struct snapshot *now, unsigned items)
{
	struct imap_session *s = b->n->s;
	struct folder_status is = {
		.messages = snapshot_count(now), .uid_next = snapshot_uid_next(now),
		.uid_validity = snapshot_uid_validity(now), .unseen = snapshot_unseen(now),
		.highest_modseq = snapshot_modseq(now),
	};
	struct buf out;

	buf_init(&out, STATUS_MAX);
	if (items && imap_status_text(&out, s, b->name, items, &is))
		imap_write(s, buf_slice(&out));
	buf_release(&out);
}

static void tell_box(struct notify_box *b)
{
	const struct snapshot *now = mailbox_newest(b->m);
	struct box_change c = { .box = b, .from = b->told, .to = now };
	/* 5.1: a new UIDVALIDITY too. */
	bool other = !b->told || snapshot_uid_validity(b->told) != snapshot_uid_validity(now);

	if (other)
		c.messages = true;
	else
		snapshot_diff(b->told, now, note_change, &c);
	write_status(b, now, items_for(b, &c, other || c.came != c.went));
	snapshot_hold(now);
	snapshot_drop(b->told);
	b->told = now;
	uid_set_release(&b->own);
}

void notify_boxes_tell(struct imap_notify *n)
{
	list_each(node, after, &n->boxes) {
		struct notify_box *b = box_at(node);

		/* 3.1: the selected mailbox is spoken of by its own events. */
		if (!b->m || b->m == n->s->mailbox || b->told == mailbox_newest(b->m))
			continue;
		if (conn_full(n->s->base.conn))
			return;
		tell_box(b);
	}
}

/* 3.1: what NOTIFY SET STATUS begins with. */
void notify_boxes_status(struct imap_notify *n)
{
	list_each(node, after, &n->boxes) {
		struct notify_box *b = box_at(node);
		unsigned items = BIT(ITEM_MESSAGES) | BIT(ITEM_UIDNEXT) | BIT(ITEM_UIDVALIDITY);

		if (b->events & NOTIFY_FLAGS && imap_has(n->s, CAP_CONDSTORE))
			items |= BIT(ITEM_HIGHESTMODSEQ);
		if (b->told && b->m != n->s->mailbox)
			write_status(b, b->told, items);
	}
}

/* ---- Opening and following ---- */

static void changed(struct mailbox_watcher *w)
{
	struct notify_box *b = container_of(w, struct notify_box, watcher);

	if (mailbox_is_gone(b->m)) {
		close_box(b);
		notify_list(b->n);
		return;
	}
	imap_notify_wake(b->n->s);
}

static void opened(void *owner, enum store_status st, struct mailbox *m)
{
	struct notify_box *b = owner;
	struct imap_notify *n = b->n;

	n->opening = false;
	b->m = m;
	if (m && mailbox_is_gone(m)) {
		close_box(b);
		notify_list(n);
	} else if (m) {
		const struct snapshot *now = mailbox_newest(m);

		b->watcher.changed = changed;
		mailbox_watch(m, &b->watcher);
		if (!b->told && !(b->made && snapshot_count(now)))
			b->told = snapshot_hold(now);
		imap_notify_wake(n->s);
	} else if (st != STORE_NO_FOLDER) {
		notify_retry(n);
	}
	notify_boxes_open(n);
}

void notify_boxes_open(struct imap_notify *n)
{
	if (n->opening)
		return;
	list_each(node, after, &n->boxes) {
		struct notify_box *b = box_at(node);

		if (b->m || b->tried || n->overflow)
			continue;
		b->tried = true;
		n->opening = true;
		mailbox_open(n->s->server->store, b->name, false, opened, b);
		return;
	}
	notify_settled(n);
}

/* ---- Which there are ---- */

/* By all that is known by now: a listing may see a folder that was made after it was
 * asked for. */
static bool was_made(const struct imap_notify *n, const char *name)
{
	for (size_t i = 0; i < n->news_count; i++)
		if (n->news[i].made && strcmp(n->news[i].name, name) == 0)
			return true;
	return false;
}

static struct notify_box *find_box(struct imap_notify *n, const char *name)
{
	list_each(node, after, &n->boxes)
		if (strcmp(box_at(node)->name, name) == 0)
			return box_at(node);
	return NULL;
}

static void match_one(struct imap_notify *n, const char *name, unsigned events)
{
	struct notify_box *b = find_box(n, name);

	if (!b && n->box_count == NOTIFY_BOXES_MAX) {
		n->overflow = true;
		return;
	}
	if (!b) {
		b = mem_alloc(sizeof(*b));
		b->n = n;
		b->name = mem_string(name);
		b->made = was_made(n, name);
		uid_set_init(&b->own);
		list_append(&n->boxes, &b->node);
		n->box_count++;
	}
	b->events = events;
	b->listed = true;
	b->tried = false;
}

void notify_boxes_match(struct imap_notify *n, const struct folder_entry *folders, size_t count)
{
	list_each(node, after, &n->boxes)
		box_at(node)->listed = false;
	for (size_t i = 0; i < count && !n->overflow; i++) {
		const struct folder_entry *f = &folders[i];
		unsigned events = 0;

		if (!(f->flags & (FOLDER_NOSELECT | FOLDER_GONE)))
			events = notify_request_events(&n->request, f->name, f->flags) &
				 NOTIFY_MESSAGES;
		if (events)
			match_one(n, f->name, events);
	}
	list_each(node, after, &n->boxes)
		if (!box_at(node)->listed)
			box_free(box_at(node));
}

/* Messages keep their UIDs, so what is known of them stays known. */
void notify_boxes_renamed(struct imap_notify *n, const char *from, const char *to)
{
	size_t len = strlen(from);

	list_each(node, after, &n->boxes) {
		struct notify_box *b = box_at(node);
		char *name;

		if (strncmp(b->name, from, len) != 0 || (b->name[len] && b->name[len] != '/'))
			continue;
		name = mem_printf("%s%s", to, b->name + len);
		free(b->name);
		b->name = name;
		close_box(b);
	}
}

/* What the client was not told of while it was selected is told from now on; but CLOSE
 * removes messages in silence. */
void notify_boxes_unselects(struct imap_notify *n)
{
	const struct imap_session *s = n->s;
	bool closes = s->running && s->running->command->run == cmd_close;

	list_each(node, after, &n->boxes) {
		struct notify_box *b = box_at(node);

		if (!b->m || b->m != s->mailbox)
			continue;
		snapshot_drop(b->told);
		b->told = snapshot_hold(closes ? mailbox_newest(b->m) : s->view);
	}
}

void notify_boxes_own(struct imap_notify *n, uint32_t uid_validity, const uint32_t *uids,
		      size_t count)
{
	list_each(node, after, &n->boxes) {
		struct notify_box *b = box_at(node);

		if (!b->m || b->m == n->s->mailbox ||
		    snapshot_uid_validity(mailbox_newest(b->m)) != uid_validity)
			continue;
		for (size_t i = 0; i < count; i++)
			uid_set_add(&b->own, uids[i], uids[i]);
	}
}
