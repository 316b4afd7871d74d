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
#include "session.h"

enum {
	OUTPUT_PIECE = 16 * 1024,        /* responses are handed to the connection in such */
	/* Updates are told in one go.  This is a million messages' flags, and below
	 * what a connection keeps; past it the client does better to come again. */
	TOLD_MAX = 48 * 1024 * 1024,
	/* Keywords compared with keywords, for a message.  Nobody uses thirty. */
	COMPARED_MAX = 1000,
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

/* ---- Selecting ---- */

void imap_select(struct imap_session *s, struct mailbox *m, bool read_only)
{
	s->mailbox = m;
	s->view = snapshot_hold(mailbox_newest(m));
	s->read_only = read_only;
	s->state = IMAP_SELECTED;
	/* RFC 3501 6.3.2: EXAMINE takes \Recent from nobody. */
	mailbox_recent(m, !read_only, &s->recent);
	mailbox_watch(m, &s->watcher);
}

void imap_unselect(struct imap_session *s)
{
	if (!s->mailbox)
		return;
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
	const struct uid_set *own;       /* NULL: there is no edit of our own */
	const struct flag_edit *edit;    /* NULL: not known */
	bool own_told, with_uid;
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

static void tell_message(struct telling *t, uint32_t seq)
{
	struct message_info m = snapshot_message(t->to, seq);

	if (t->s->ending)
		return;
	buf_printf(&t->out, "* %u FETCH (", seq);
	if (t->with_uid)
		buf_printf(&t->out, "UID %u ", m.uid);
	buf_add_text(&t->out, "FLAGS ");
	imap_flags_text(&t->out, t->to, &t->s->recent, &m);
	buf_add_text(&t->out, ")\r\n");
	flush(t, OUTPUT_PIECE);
}

static bool has_word(const char *const *names, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(names[i], word) == 0)
			return true;
	return false;
}

/* Whether the edit makes keyword `word` present, given that it was. */
static bool keyword_expected(const struct flag_edit *edit, bool was, const char *word)
{
	bool named = has_word(edit->keywords, edit->keyword_count, word);

	switch (edit->change) {
	case FLAGS_SET:
		return named;
	case FLAGS_ADD:
		return was || named;
	case FLAGS_REMOVE:
		return was && !named;
	}
	return was;
}

static unsigned flags_expected(const struct flag_edit *edit, unsigned was)
{
	switch (edit->change) {
	case FLAGS_SET:
		return edit->flags;
	case FLAGS_ADD:
		return was | edit->flags;
	case FLAGS_REMOVE:
		return was & ~edit->flags;
	}
	return was;
}

/* Whether the message is what our edit made of what the client knew. */
static bool as_edited(const struct telling *t, uint32_t seq, uint32_t uid)
{
	uint32_t old_seq = snapshot_seq(t->from, uid);
	struct message_info new = snapshot_message(t->to, seq), old;
	const char *const *had, *const *has;
	size_t had_count, has_count;

	if (!t->edit || !old_seq)
		return true;
	old = snapshot_message(t->from, old_seq);
	if (new.flags != flags_expected(t->edit, old.flags))
		return false;
	had_count = snapshot_keywords(t->from, old.keywords, &had);
	has_count = snapshot_keywords(t->to, new.keywords, &has);
	/* .SILENT is a wish. */
	if ((had_count + has_count) * (has_count + t->edit->keyword_count) > COMPARED_MAX)
		return false;
	for (size_t i = 0; i < has_count; i++)
		if (!keyword_expected(t->edit, has_word(had, had_count, has[i]), has[i]))
			return false;
	for (size_t i = 0; i < had_count; i++)
		if (keyword_expected(t->edit, true, had[i]) && !has_word(has, has_count, had[i]))
			return false;
	return true;
}

/* First round: numbers.  The numbers of what is gone count down as they are told. */
static void tell_numbers(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	struct telling *t = ctx;

	(void)uid;
	if (what == SNAPSHOT_ADDED) {
		t->added++;
	} else if (what == SNAPSHOT_GONE) {
		buf_printf(&t->out, "* %u EXPUNGE\r\n", seq - t->expunged);
		t->expunged++;
		flush(t, OUTPUT_PIECE);
	}
}

/* Second round: flags. */
static void tell_flags(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	struct telling *t = ctx;

	if (what != SNAPSHOT_CHANGED)
		return;
	if (t->own && uid_set_has(t->own, uid) && (t->own_told || as_edited(t, seq, uid)))
		return;
	tell_message(t, seq);
}

/* RFC 3501 6.4.6: without .SILENT the new value is told, changed or not. */
static void tell_own(struct telling *t)
{
	for (size_t i = 0; i < t->own->count; i++) {
		const struct uid_range *r = &t->own->ranges[i];
		uint32_t seq = snapshot_seq_from(t->to, r->first);

		for (; seq <= snapshot_count(t->to); seq++) {
			uint32_t uid = snapshot_uid(t->to, seq);

			if (uid > r->last)
				break;
			/* RFC 2180 4.2: nothing is said of what is gone. */
			if (snapshot_seq(mailbox_newest(t->s->mailbox), uid))
				tell_message(t, seq);
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

static void tell(struct telling *t)
{
	struct imap_session *s = t->s;
	uint32_t recent_before = imap_recent_count(s), recent;

	buf_init(&t->out, 2 * OUTPUT_PIECE + IMAP_FLAGS_TEXT);
	snapshot_diff(t->from, t->to, tell_numbers, t);
	flush(t, 0);
	s->view = t->to;
	mailbox_recent(s->mailbox, !s->read_only, &s->recent);
	recent = imap_recent_count(s);
	if (keywords_differ(t->from, t->to))
		imap_tell_flags(s);
	if (t->added)
		imap_untagged(s, "%u EXISTS", snapshot_count(t->to));
	if (t->added || recent != recent_before)
		imap_untagged(s, "%u RECENT", recent);
	snapshot_diff(t->from, t->to, tell_flags, t);
	if (t->own && t->own_told)
		tell_own(t);
	flush(t, 0);
	buf_release(&t->out);
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
	t->from = s->view;
	t->to = expunges ? snapshot_hold(newest) :
			   snapshot_without_expunges(s->view, newest);
	tell(t);
	snapshot_drop(t->from);
}

void imap_update(struct imap_session *s, bool expunges)
{
	struct telling t = { 0 };

	update(s, expunges, &t);
}

void imap_update_edit(struct imap_session *s, const struct uid_set *own,
		      const struct flag_edit *edit, bool own_told, bool with_uid)
{
	struct telling t = { .own = own, .edit = edit, .own_told = own_told,
			     .with_uid = with_uid };

	update(s, false, &t);
}
