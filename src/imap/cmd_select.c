/*
 * SELECT, EXAMINE, CLOSE, UNSELECT and STATUS.
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

/* ---- STATUS (RFC 3501 6.3.10) ---- */

enum status_item {
	ITEM_MESSAGES, ITEM_RECENT, ITEM_UIDNEXT, ITEM_UIDVALIDITY, ITEM_UNSEEN,
	ITEM_APPENDLIMIT,
	ITEMS
};

static const char *const item_names[ITEMS] = {
	[ITEM_MESSAGES]    = "MESSAGES",
	[ITEM_RECENT]      = "RECENT",
	[ITEM_UIDNEXT]     = "UIDNEXT",
	[ITEM_UIDVALIDITY] = "UIDVALIDITY",
	[ITEM_UNSEEN]      = "UNSEEN",
	[ITEM_APPENDLIMIT] = "APPENDLIMIT",      /* RFC 7889 3.1 */
};

struct status {
	const char *name;
	bool wanted[ITEMS];
	struct folder_status is;
};

static uint64_t item_value(const struct imap_session *s, const struct folder_status *is,
			   enum status_item item)
{
	switch (item) {
	case ITEM_MESSAGES:
		return is->messages;
	case ITEM_RECENT:
		return is->recent;
	case ITEM_UIDNEXT:
		return is->uid_next;
	case ITEM_UIDVALIDITY:
		return is->uid_validity;
	case ITEM_UNSEEN:
		return is->unseen;
	case ITEM_APPENDLIMIT:
		return s->server->append_max;
	case ITEMS:
		break;
	}
	return 0;
}

static void got_status(void *owner, enum store_status st, const struct folder_status *is)
{
	struct imap_session *s = owner;
	struct status *status = s->running->at;

	if (st == STORE_OK)
		status->is = *is;
	imap_store_answer(owner, st);
}

static enum imap_progress tell_status(struct imap_session *s, struct imap_running *cmd)
{
	struct status *status = cmd->at;
	bool first = true;
	struct buf out;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	buf_init(&out, 16 * 1024);       /* a name and six numbers */
	buf_add_text(&out, "* STATUS ");
	imap_mailbox_text(&out, s, status->name);
	buf_add_text(&out, " (");
	for (int i = 0; i < ITEMS; i++) {
		if (!status->wanted[i])
			continue;
		buf_printf(&out, "%s%s %llu", first ? "" : " ", item_names[i],
			   (unsigned long long)item_value(s, &status->is, (enum status_item)i));
		first = false;
	}
	buf_add_text(&out, ")\r\n");
	imap_write(s, buf_slice(&out));
	buf_release(&out);
	return imap_completed(s, cmd);
}

static bool read_item(struct imap_args *a, struct status *status)
{
	struct slice word;

	if (!args_atom(a, &word))
		return false;
	for (int i = 0; i < ITEMS; i++)
		if (slice_is_nocase(word, item_names[i])) {
			status->wanted[i] = true;
			return true;
		}
	a->wanted = "MESSAGES, RECENT, UIDNEXT, UIDVALIDITY or UNSEEN";
	return false;
}

enum imap_progress cmd_status(struct imap_session *s, struct imap_running *cmd)
{
	struct status *status = cmd->at = arena_get(cmd->arena, sizeof(*status));
	struct imap_args *a = &cmd->args;

	if (!args_space(a) || !args_mailbox(a, &status->name) || !args_space(a) ||
	    !args_char(a, '('))
		return imap_bad_args(s, cmd);
	do {
		if (!read_item(a, status))
			return imap_bad_args(s, cmd);
	} while (args_peek(a, ' ') && args_space(a));
	if (!args_char(a, ')') || !args_end(a))
		return imap_bad_args(s, cmd);
	cmd->resume = tell_status;
	store_folder_status(s->server->store, status->name, got_status, s);
	return IMAP_WAIT_JOB;
}
