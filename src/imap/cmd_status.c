/*
 * STATUS (RFC 3501 6.3.10).  It answers for the selected mailbox too: some clients
 * look for mail so.
 */
#include "commands.h"
#include "status_item.h"

enum { STATUS_MAX = 8 * 1024 };          /* a name and eleven numbers */

struct status {
	const char *name;
	unsigned items;
	struct folder_status is;
};

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
	struct buf out;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	buf_init(&out, STATUS_MAX);
	imap_status_text(&out, s, status->name, status->items, &status->is);
	imap_write(s, buf_slice(&out));
	buf_release(&out);
	return imap_completed(s, cmd);
}

enum imap_progress cmd_status(struct imap_session *s, struct imap_running *cmd)
{
	struct status *status = cmd->at = arena_get(cmd->arena, sizeof(*status));
	struct imap_args *a = &cmd->args;

	if (!args_space(a) || !args_mailbox(a, &status->name) || !args_space(a) ||
	    !imap_status_items_read(s, a, &status->items) || !args_end(a))
		return imap_bad_args(s, cmd);
	imap_status_items_enable(s, status->items);
	cmd->resume = tell_status;
	store_folder_status(s->server->store, status->name, got_status, s);
	return IMAP_WAIT_JOB;
}
