/*
 * STORE (RFC 3501 6.4.6).  The message numbers are those of the client's view;
 * what the edit made of the flags is read from the newest snapshot afterwards, so
 * that the answer is what is on disk, with whatever another session did meanwhile.
 */
#include "commands.h"

struct store {
	struct uid_set uids;
	struct imap_flags flags;
	struct flag_edit edit;
	bool silent;
};

static void store_release(struct imap_session *s, struct imap_running *cmd)
{
	struct store *st = cmd->at;

	(void)s;
	uid_set_release(&st->uids);
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
	a->wanted = "FLAGS, +FLAGS or -FLAGS";
	return false;
}

static void got_flags(void *owner, enum store_status st, const struct uid_set *refused)
{
	(void)refused;
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

static enum imap_progress stored(struct imap_session *s, struct imap_running *cmd)
{
	struct store *st = cmd->at;

	imap_update_edit(s, &st->uids, &st->edit, !st->silent, cmd->uid);
	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	if (some_are_gone(s, &st->uids))
		return imap_ok(s, cmd, "[EXPUNGEISSUED] Some of the messages are gone");
	return imap_completed(s, cmd);
}

enum imap_progress cmd_store(struct imap_session *s, struct imap_running *cmd)
{
	struct store *st = cmd->at = arena_get(cmd->arena, sizeof(*st));
	struct imap_args *a = &cmd->args;
	struct imap_set set;

	uid_set_init(&st->uids);
	cmd->release = store_release;
	if (!args_space(a) || !args_set(a, &set) || !args_space(a) || !read_item(a, st) ||
	    !args_space(a) || !args_flags(a, true, &st->flags) || !args_end(a))
		return imap_bad_args(s, cmd);
	if (!imap_set_resolve(s, &set, cmd->uid, &st->uids))
		return imap_bad(s, cmd, "No such message number");
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
