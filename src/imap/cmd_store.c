/*
 * STORE (RFC 3501 6.4.6, RFC 7162 3.1.3).  The message numbers are those of the client's view;
 * what the edit made of the flags is read from the newest snapshot afterwards, so
 * that the answer is what is on disk, with whatever another session did meanwhile.
 */
#include "capability.h"
#include "commands.h"

struct store {
	struct uid_set uids;
	struct imap_flags flags;
	struct flag_edit edit;
	bool silent;
	struct uid_set refused;          /* by UNCHANGEDSINCE */
	struct buf modified;             /* the same as MODIFIED names them */
};

enum {
	/* A hundred thousand numbers with gaps; a line of ours holds twice as much. */
	MODIFIED_MAX = 1024 * 1024,
};

static void store_release(struct imap_session *s, struct imap_running *cmd)
{
	struct store *st = cmd->at;

	(void)s;
	uid_set_release(&st->uids);
	uid_set_release(&st->refused);
	buf_release(&st->modified);
}

static const struct {
	const char *name;
	enum flag_change change;
	bool silent;
} items[] = {
	{ "FLAGS",         FLAGS_SET,    false },
	{ "FLAGS.SILENT",  FLAGS_SET,    true },
	{ "+FLAGS",        FLAGS_ADD,    false },
	{ "+FLAGS.SILENT", FLAGS_ADD,    true },
	{ "-FLAGS",        FLAGS_REMOVE, false },
	{ "-FLAGS.SILENT", FLAGS_REMOVE, true },
};

static bool read_item(struct imap_args *a, struct store *st)
{
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (args_word(a, items[i].name)) {
			st->edit.change = items[i].change;
			st->silent = items[i].silent;
			return true;
		}
	return args_want(a, "FLAGS, +FLAGS or -FLAGS");
}

/* store-modifier (RFC 4466 2.5): there is one, and it is given once. */
static bool read_modifiers(struct imap_args *a, struct store *st, bool known)
{
	if (!args_peek(a, '('))
		return true;
	if (known && args_char(a, '(') && args_word(a, "UNCHANGEDSINCE")) {
		st->edit.conditional = true;
		return args_space(a) && args_number64(a, &st->edit.unchanged_since) &&
		       args_char(a, ')') && args_space(a);
	}
	return args_want(a, "UNCHANGEDSINCE");
}

static void got_flags(void *owner, enum store_status st, const struct uid_set *refused)
{
	struct imap_session *s = owner;
	struct store *store = s->running->at;

	uid_set_copy(&store->refused, refused);
	imap_store_answer(owner, st);
}

/* RFC 2180 4.2: messages that are gone do not spoil the rest. */
static bool some_are_gone(const struct imap_session *s, const struct uid_set *uids)
{
	for (size_t i = 0; i < uids->count; i++) {
		const struct uid_range *r = &uids->ranges[i];

		for (uint32_t uid = r->first; uid - r->first <= r->last - r->first; uid++)
			if (!snapshot_seq(mailbox_newest(s->mailbox), uid))
				return true;
	}
	return false;
}

/* What was refused is told like any message: what another made of it, if it is news. */
static void leave_out_refused(struct store *st)
{
	struct uid_set rest, done;
	uint32_t next = 1;

	if (!st->refused.count)
		return;
	uid_set_init(&rest);
	uid_set_init(&done);
	for (size_t i = 0; i < st->refused.count; i++) {
		if (st->refused.ranges[i].first > next)
			uid_set_add(&rest, next, st->refused.ranges[i].first - 1);
		next = st->refused.ranges[i].last + 1;
	}
	uid_set_add(&rest, next, UINT32_MAX);
	uid_set_common(&done, &st->uids, &rest);
	uid_set_release(&rest);
	uid_set_release(&st->uids);
	st->uids = done;
}

/* By number or by UID, as the command.  Of too many only the first and the last are
 * named, with all between: then what was changed is looked at again, too. */
static void name_refused(const struct imap_session *s, const struct imap_running *cmd,
			 struct store *st)
{
	struct uid_set numbers;

	uid_set_init(&numbers);
	for (size_t i = 0; !cmd->uid && i < st->refused.count; i++) {
		const struct uid_range *r = &st->refused.ranges[i];
		uint32_t seq = snapshot_seq_from(s->view, r->first);

		for (; seq <= snapshot_count(s->view) && snapshot_uid(s->view, seq) <= r->last;
		     seq++)
			uid_set_add(&numbers, seq, seq);
	}
	if (cmd->uid)
		uid_set_copy(&numbers, &st->refused);
	if (numbers.count && !uid_set_print(&st->modified, &numbers)) {
		buf_clear(&st->modified);
		buf_printf(&st->modified, "%u:%u", numbers.ranges[0].first,
			   numbers.ranges[numbers.count - 1].last);
	}
	uid_set_release(&numbers);
}

static enum imap_progress stored(struct imap_session *s, struct imap_running *cmd)
{
	struct store *st = cmd->at;
	enum imap_own told = !st->silent ? IMAP_OWN_FLAGS :
			     st->edit.conditional ? IMAP_OWN_MODSEQ : IMAP_OWN_SILENT;
	bool gone;

	leave_out_refused(st);
	imap_update_edit(s, &st->uids, &st->edit, told, cmd->uid);
	gone = some_are_gone(s, &st->uids);
	name_refused(s, cmd, st);
	/* RFC 7162 3.1.3: MODIFIED whatever else there is to say; example 11. */
	if (st->modified.len && (gone || cmd->status != STORE_OK))
		return imap_no(s, cmd, "[MODIFIED %.*s] %s", (int)st->modified.len,
			       st->modified.data, cmd->status == STORE_OK ?
			       "Some of the messages are gone" : "Not all could be changed");
	if (st->modified.len)
		return imap_ok(s, cmd, "[MODIFIED %.*s] Some were changed by others",
			       (int)st->modified.len, st->modified.data);
	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	if (gone)
		return imap_ok(s, cmd, "[EXPUNGEISSUED] Some of the messages are gone");
	return imap_completed(s, cmd);
}

enum imap_progress cmd_store(struct imap_session *s, struct imap_running *cmd)
{
	struct store *st = cmd->at = arena_get(cmd->arena, sizeof(*st));
	struct imap_args *a = &cmd->args;
	struct imap_set set;

	uid_set_init(&st->uids);
	uid_set_init(&st->refused);
	buf_init(&st->modified, MODIFIED_MAX);
	cmd->release = store_release;
	if (!args_space(a) || !args_set(a, &set) || !args_space(a) ||
	    !read_modifiers(a, st, imap_has(s, CAP_CONDSTORE)) || !read_item(a, st) ||
	    !args_space(a) || !args_flags(a, true, &st->flags) || !args_end(a))
		return imap_bad_args(s, cmd);
	if (!imap_set_resolve(s, &set, cmd->uid, &st->uids))
		return imap_bad(s, cmd, "No such message number");
	if (st->edit.conditional)
		imap_enable(s, IMAP_CONDSTORE);
	if (s->read_only)
		return imap_no(s, cmd, "[CANNOT] The mailbox was opened read-only");
	if (!st->uids.count)
		return imap_completed(s, cmd);
	st->edit.flags = st->flags.flags;
	st->edit.keywords = st->flags.keywords;
	st->edit.keyword_count = st->flags.keyword_count;
	cmd->resume = stored;
	mailbox_edit_flags(s->mailbox, &st->uids, &st->edit, got_flags, s);
	return IMAP_WAIT_JOB;
}
