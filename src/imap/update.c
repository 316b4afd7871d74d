/*
 * What the client has been told of the selected folder, and telling it the rest.
 *
 * s->view is the folder as the client knows it; message numbers are its numbers.
 * The newest snapshot may have lost messages at a moment when no EXPUNGE may be
 * said (RFC 3501 7.4.1: during FETCH, STORE and SEARCH).  The view then moves to
 * a snapshot that has the newest flags and additions with the lost messages still
 * in their places, and gives them up at the next chance.  So additions and flags
 * are never late, and numbers never change behind the client's back.
 */
#include <string.h>

#include "base/buf.h"
#include "flags.h"
#include "notify.h"
#include "session.h"
#include "unasked.h"

enum {
	OUTPUT_PIECE = 16 * 1024,        /* responses are handed to the connection in such */
	/* Updates are told in one go.  This is a million messages' flags, and below
	 * what a connection keeps; past it the client does better to come again. */
	TOLD_MAX = 48 * 1024 * 1024,
};

void imap_tell_flags(struct imap_session *s)
{
	struct buf flags;

	buf_init(&flags, IMAP_FLAGS_TEXT);
	imap_all_flags_text(&flags, s->view);
	imap_write(s, SLICE("* FLAGS ("));
	imap_write(s, buf_slice(&flags));
	imap_write(s, SLICE(")\r\n* OK [PERMANENTFLAGS ("));
	/* RFC 3501 7.1: "\*": keywords can be made by using them. */
	if (!s->read_only) {
		imap_write(s, buf_slice(&flags));
		imap_write(s, SLICE(" \\*"));
	}
	imap_write(s, s->read_only ? SLICE(")] Read-only\r\n") :
				     SLICE(")] Flags permitted\r\n"));
	buf_release(&flags);
}

/* ---- \Recent ---- */

/* How many of the set's UIDs are in the view. */
uint32_t imap_recent_count(const struct imap_session *s)
{
	uint32_t count = 0;

	for (size_t i = 0; i < s->recent.count; i++) {
		const struct uid_range *r = &s->recent.ranges[i];
		uint32_t from = snapshot_seq_from(s->view, r->first);
		uint32_t to = r->last == UINT32_MAX ? snapshot_count(s->view) + 1 :
						      snapshot_seq_from(s->view, r->last + 1);

		count += to - from;
	}
	return count;
}

/* A session of IMAP4rev2 is a session that was told of the messages, but has no \Recent
 * to show them by (RFC 9051 E 12). */
static void take_recent(struct imap_session *s)
{
	/* RFC 3501 6.3.2: EXAMINE takes \Recent from nobody. */
	mailbox_recent(s->mailbox, !s->read_only, &s->recent);
	if (s->enabled & IMAP_REV2)
		uid_set_release(&s->recent);
}

/* ---- Selecting ---- */

void imap_select(struct imap_session *s, struct mailbox *m, bool read_only)
{
	s->mailbox = m;
	s->view = snapshot_hold(mailbox_newest(m));
	s->synced = snapshot_modseq(s->view);
	s->holds_back = false;
	s->misses_flags = false;
	s->read_only = read_only;
	s->state = IMAP_SELECTED;
	take_recent(s);
	mailbox_watch(m, &s->watcher);
}

void imap_unselect(struct imap_session *s)
{
	if (!s->mailbox)
		return;
	while (!list_empty(&s->observers)) {
		struct imap_observer *o = container_of(s->observers.next, struct imap_observer,
						       node);

		list_remove(&o->node);
		o->moved(o, s->view, NULL);
	}
	imap_notify_unselects(s);
	imap_unasked_forget(s);
	mailbox_unwatch(&s->watcher);
	snapshot_drop(s->view);
	mailbox_release(s->mailbox);
	s->view = NULL;
	s->mailbox = NULL;
	s->read_only = false;
	s->state = IMAP_AUTHED;
	uid_set_release(&s->recent);
	uid_set_release(&s->saved);      /* RFC 5182 2.1 */
}

/* ---- The difference ---- */

struct telling {
	struct imap_session *s;
	const struct snapshot *from, *to;
	struct buf out;
	uint32_t expunged, added;
	struct uid_set vanished;         /* with UIDs in the place of numbers */
	const struct uid_set *own;       /* NULL: there is no edit of our own */
	const struct flag_edit *edit;    /* NULL: not known */
	enum imap_own own_told;
	bool with_uid;
	size_t told;                     /* bytes */
};

static void flush(struct telling *t, size_t at_least)
{
	if (t->out.len < at_least)
		return;
	if (!t->s->ending)
		imap_write(t->s, buf_slice(&t->out));
	t->told += t->out.len;
	buf_clear(&t->out);
	if (t->told > TOLD_MAX)
		imap_bye(t->s, "There are too many changes to tell");
}

static void tell_message(struct telling *t, uint32_t seq, bool flags)
{
	if (t->s->ending)
		return;
	imap_message_text(&t->out, t->s, t->to, seq, flags, t->with_uid);
	flush(t, OUTPUT_PIECE);
}

/* First round: numbers.  The numbers of what is gone count down as they are told. */
static void tell_numbers(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	struct telling *t = ctx;

	if (what == SNAPSHOT_ADDED) {
		t->added++;
	} else if (what == SNAPSHOT_GONE && t->s->enabled & (IMAP_QRESYNC | IMAP_UIDONLY)) {
		uid_set_add(&t->vanished, uid, uid);
		t->expunged++;
	} else if (what == SNAPSHOT_GONE) {
		buf_printf(&t->out, "* %u EXPUNGE\r\n", seq - t->expunged);
		t->expunged++;
		flush(t, OUTPUT_PIECE);
	}
}

static bool is_own(const struct telling *t, uint32_t uid)
{
	return t->own && uid_set_has(t->own, uid);
}

/* Second round: flags. */
static void tell_flags(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	struct telling *t = ctx;
	bool quiet;

	if (what != SNAPSHOT_CHANGED || (is_own(t, uid) && t->own_told == IMAP_OWN_FLAGS))
		return;
	/* RFC 5465 3.1.  What another session did is not what STORE said. */
	if (!is_own(t, uid) && !imap_notify_flags(t->s)) {
		t->s->misses_flags = true;
		return;
	}
	quiet = is_own(t, uid) && imap_as_edited(t->edit, t->from, t->to, uid);
	if (!quiet)
		tell_message(t, seq, true);
	else if (t->own_told == IMAP_OWN_SILENT && t->s->enabled & IMAP_CONDSTORE)
		tell_message(t, seq, false);
}

/* What is told of our own whether it changed or not: RFC 3501 6.4.6, without .SILENT
 * the flags; RFC 7162 3.1.3, with UNCHANGEDSINCE the modseq. */
static void tell_own_message(struct telling *t, uint32_t seq, uint32_t uid)
{
	bool flags = t->own_told == IMAP_OWN_FLAGS;

	/* RFC 2180 4.2: nothing is said of what is gone. */
	if (snapshot_seq(mailbox_newest(t->s->mailbox), uid) &&
	    (flags || imap_as_edited(t->edit, t->from, t->to, uid)))
		tell_message(t, seq, flags);
}

static void tell_own(struct telling *t)
{
	if (!t->own || (t->own_told != IMAP_OWN_FLAGS && t->own_told != IMAP_OWN_MODSEQ))
		return;
	for (size_t i = 0; i < t->own->count; i++) {
		const struct uid_range *r = &t->own->ranges[i];
		uint32_t seq = snapshot_seq_from(t->to, r->first);

		for (; seq <= snapshot_count(t->to); seq++) {
			uint32_t uid = snapshot_uid(t->to, seq);

			if (uid > r->last)
				break;
			tell_own_message(t, seq, uid);
		}
	}
}

static bool keywords_differ(const struct snapshot *a, const struct snapshot *b)
{
	const char *const *in_a, *const *in_b;
	size_t count = snapshot_all_keywords(a, &in_a);

	if (count != snapshot_all_keywords(b, &in_b))
		return true;
	for (size_t i = 0; i < count; i++)
		if (strcmp(in_a[i], in_b[i]) != 0)
			return true;
	return false;
}

/* RFC 7162 3.2.7, 6: who was told of removals may count them as known. */
static void note_synced(struct telling *t)
{
	struct imap_session *s = t->s;
	const struct snapshot *newest = mailbox_newest(s->mailbox);

	s->holds_back = t->to != newest;
	/* RFC 7162 3.1.2.2: it would never ask for the flags it was not told. */
	if (s->holds_back || s->misses_flags)
		return;
	s->synced = snapshot_modseq(newest);
	if (t->expunged && s->enabled & IMAP_CONDSTORE &&
	    !(s->running && s->running->modseq_in_reply))
		imap_tell_modseq(s);
}

static void call_observers(struct telling *t)
{
	list_each(node, after, &t->s->observers) {
		struct imap_observer *o = container_of(node, struct imap_observer, node);

		o->moved(o, t->from, t->to);
	}
}

static void warn_observers(struct telling *t)
{
	list_each(node, after, &t->s->observers) {
		struct imap_observer *o = container_of(node, struct imap_observer, node);

		if (o->moves)
			o->moves(o, t->from, mailbox_newest(t->s->mailbox));
	}
}

static void tell(struct telling *t)
{
	struct imap_session *s = t->s;
	uint32_t recent_before = imap_recent_count(s), recent;

	warn_observers(t);
	buf_init(&t->out, 2 * OUTPUT_PIECE + IMAP_FLAGS_TEXT);
	uid_set_init(&t->vanished);
	snapshot_diff(t->from, t->to, tell_numbers, t);
	flush(t, 0);
	imap_tell_vanished(s, &t->vanished, false);
	uid_set_release(&t->vanished);
	s->view = t->to;
	take_recent(s);
	recent = imap_recent_count(s);
	if (keywords_differ(t->from, t->to))
		imap_tell_flags(s);
	if (t->added)
		imap_untagged(s, "%u EXISTS", snapshot_count(t->to));
	/* RFC 9051 A: IMAP4rev2 has no \Recent. */
	if ((t->added || recent != recent_before) && !(s->enabled & IMAP_REV2))
		imap_untagged(s, "%u RECENT", recent);
	snapshot_diff(t->from, t->to, tell_flags, t);
	tell_own(t);
	flush(t, 0);
	buf_release(&t->out);
	note_synced(t);
	call_observers(t);
	imap_notify_moved(s, t->from, t->to);
}

static void update(struct imap_session *s, bool expunges, struct telling *t)
{
	const struct snapshot *newest;

	if (!s->mailbox || s->ending)
		return;
	newest = mailbox_newest(s->mailbox);
	if (newest == s->view && !t->own)
		return;
	t->s = s;
	/* RFC 5465 5.1 */
	t->with_uid = t->with_uid || s->notify;
	t->from = s->view;
	t->to = expunges ? snapshot_hold(newest) :
			   snapshot_without_expunges(s->view, newest);
	tell(t);
	snapshot_drop(t->from);
}

void imap_update(struct imap_session *s, bool expunges)
{
	struct telling t = { 0 };

	/* RFC 5465 3.1: nothing of a mailbox that NOTIFY does not speak of. */
	if (!imap_notify_moves(s))
		return;
	update(s, expunges, &t);
	/* RFC 7162 3.2: with expunges held back no modseq after them counts. */
	if (s->mailbox && !s->ending && s->holds_back && s->enabled & IMAP_CONDSTORE)
		imap_tell_modseq(s);
}

void imap_update_edit(struct imap_session *s, const struct uid_set *own,
		      const struct flag_edit *edit, enum imap_own told, bool with_uid)
{
	struct telling t = { .own = own, .edit = edit, .own_told = told, .with_uid = with_uid };

	update(s, false, &t);
}

void imap_observe(struct imap_session *s, struct imap_observer *o)
{
	imap_unobserve(o);
	list_append(&s->observers, &o->node);
}

void imap_unobserve(struct imap_observer *o)
{
	if (o->node.next)
		list_remove(&o->node);
}
