/*
 * EXPUNGE and UID EXPUNGE (RFC 3501 6.4.3, RFC 4315 2.1).  The EXPUNGE responses
 * are the ordinary updates before the tagged reply: there is one place where
 * message numbers go down.
 */
#include "commands.h"
#include "notify.h"

static enum imap_progress expunged(struct imap_session *s, struct imap_running *cmd)
{
	const struct snapshot *newest = mailbox_newest(s->mailbox);
	/* Flags that NOTIFY keeps from the client it must be able to ask for later. */
	bool all = imap_notify_flags(s) && !s->misses_flags;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	if (!(s->enabled & IMAP_CONDSTORE) || snapshot_modseq(newest) == s->synced)
		return imap_completed(s, cmd);
	/* RFC 7162 3.2.7, 3.2.9: in this reply, which comes behind all that is told. */
	cmd->modseq_in_reply = true;
	return imap_ok(s, cmd, "[HIGHESTMODSEQ %llu] %s completed",
		       (unsigned long long)(all ? snapshot_modseq(newest) : s->synced),
		       cmd->command->name);
}

enum imap_progress cmd_expunge(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;
	struct uid_set uids;
	struct imap_set set;

	if (cmd->uid && (!args_space(a) || !args_set(a, &set) || !args_end(a)))
		return imap_bad_args(s, cmd);
	if (s->read_only)
		return imap_no(s, cmd, "[CANNOT] The mailbox was opened read-only");
	cmd->resume = expunged;
	if (!cmd->uid) {
		mailbox_expunge(s->mailbox, NULL, imap_store_answer, s);
		return IMAP_WAIT_JOB;
	}
	uid_set_init(&uids);
	imap_set_resolve(s, &set, true, &uids);
	mailbox_expunge(s->mailbox, &uids, imap_store_answer, s);
	uid_set_release(&uids);
	return IMAP_WAIT_JOB;
}
