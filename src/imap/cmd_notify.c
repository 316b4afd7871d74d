/*
 * NOTIFY (RFC 5465 3.1).  The request takes effect with its OK and as a whole: until then
 * what was asked for before is in force, and by then everything is watched, so that
 * nothing happens unseen between the OK and the first event.
 */
#include "commands.h"
#include "notify.h"

enum { EVENTS_MAX_BYTES = 512 };         /* seven names of some fifteen letters */

static void notify_release(struct imap_session *s, struct imap_running *cmd)
{
	(void)s;
	imap_notify_free(cmd->at);
}

static enum imap_progress refuse(struct imap_session *s, struct imap_running *cmd,
				 enum notify_read why)
{
	enum imap_progress progress;
	struct buf names;

	if (why == NOTIFY_TOO_MUCH)
		return imap_no(s, cmd, "[NOTIFICATIONOVERFLOW] That is too much to watch");
	if (why == NOTIFY_WRONG)
		return imap_bad_args(s, cmd);
	buf_init(&names, EVENTS_MAX_BYTES);
	notify_event_names(&names, s);
	progress = imap_no(s, cmd, "[BADEVENT (%.*s)] There is no such event", (int)names.len,
			   names.data);
	buf_release(&names);
	return progress;
}

static enum imap_progress install(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_notify *n = cmd->at;

	if (n->failed != STORE_OK)
		return imap_no_status(s, cmd, n->failed);
	if (n->overflow)
		return refuse(s, cmd, NOTIFY_TOO_MUCH);
	if (conn_full(s->base.conn)) {
		cmd->resume = install;
		return IMAP_WAIT_OUTPUT;
	}
	/* What happened before is told as it was asked for. */
	imap_notify_tell(s);
	imap_notify_end(s);
	/* "implies an implicit NOOP command", whatever is wanted from now on. */
	if (!n->request.none)
		imap_update(s, true);
	cmd->at = NULL;
	s->notify = n;
	if (n->request.status)
		notify_boxes_status(n);
	return imap_completed(s, cmd);
}

static void ready(struct imap_notify *n)
{
	imap_command_resume(n->s);
}

static enum imap_progress prepare(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_notify *n = cmd->at;

	if (!notify_request_wants(&n->request))
		return install(s, cmd);
	cmd->resume = install;
	imap_notify_prepare(n, ready);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_notify(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_notify *n = cmd->at = imap_notify_new(s);
	enum notify_read read;

	cmd->release = notify_release;
	read = notify_request_read(&n->request, s, &cmd->args);
	if (read != NOTIFY_READ)
		return refuse(s, cmd, read);
	if (!s->mailbox || n->request.none)
		return prepare(s, cmd);
	cmd->resume = prepare;
	mailbox_refresh(s->mailbox, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}
