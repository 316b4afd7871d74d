/*
 * SELECT, EXAMINE, CLOSE and UNSELECT.
 */
#include <string.h>

#include "commands.h"

/* ---- SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2) ---- */

static void got_mailbox(void *owner, enum store_status st, struct mailbox *m)
{
	struct imap_session *s = owner;

	if (st == STORE_OK)
		imap_select(s, m, s->running->command->run == cmd_examine);
	imap_store_answer(owner, st);
}

static uint32_t first_unseen(const struct snapshot *view)
{
	for (uint32_t seq = 1; seq <= snapshot_count(view); seq++)
		if (!(snapshot_message(view, seq).flags & MESSAGE_SEEN))
			return seq;
	return 0;
}

static enum imap_progress opened(struct imap_session *s, struct imap_running *cmd)
{
	uint32_t unseen;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	imap_tell_flags(s);
	imap_untagged(s, "%u EXISTS", snapshot_count(s->view));
	imap_untagged(s, "%u RECENT", imap_recent_count(s));
	unseen = first_unseen(s->view);
	if (unseen)
		imap_untagged(s, "OK [UNSEEN %u] First unseen", unseen);
	imap_untagged(s, "OK [UIDVALIDITY %u] UIDs valid", snapshot_uid_validity(s->view));
	imap_untagged(s, "OK [UIDNEXT %u] Predicted next UID", snapshot_uid_next(s->view));
	return imap_ok(s, cmd, "[%s] %s completed", s->read_only ? "READ-ONLY" : "READ-WRITE",
		       cmd->command->name);
}

static enum imap_progress select_or_examine(struct imap_session *s, struct imap_running *cmd)
{
	const char *name;

	if (!args_space(&cmd->args) || !args_mailbox(&cmd->args, &name) || !args_end(&cmd->args))
		return imap_bad_args(s, cmd);
	/* Also when the new one cannot be opened. */
	imap_unselect(s);
	cmd->resume = opened;
	mailbox_open(s->server->store, name, cmd->command->run == cmd_select, got_mailbox, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_select(struct imap_session *s, struct imap_running *cmd)
{
	return select_or_examine(s, cmd);
}

enum imap_progress cmd_examine(struct imap_session *s, struct imap_running *cmd)
{
	return select_or_examine(s, cmd);
}

/* ---- CLOSE and UNSELECT ---- */

static enum imap_progress unselect(struct imap_session *s, struct imap_running *cmd)
{
	imap_unselect(s);
	return imap_completed(s, cmd);
}

/* RFC 3501 6.4.2: expunges without a word, and not what was only examined.  The
 * mailbox is closed even if that failed: there is no other answer to give. */
enum imap_progress cmd_close(struct imap_session *s, struct imap_running *cmd)
{
	if (s->read_only)
		return unselect(s, cmd);
	cmd->resume = unselect;
	mailbox_expunge(s->mailbox, NULL, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_unselect(struct imap_session *s, struct imap_running *cmd)
{
	return unselect(s, cmd);
}
