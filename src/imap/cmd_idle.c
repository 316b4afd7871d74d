/*
 * IDLE (RFC 2177).  It only waits for a line: what is pushed meanwhile comes from
 * the watcher (session.c), for any command whose row says IMAP_PUSHES.  The
 * connection's idle time, over 30 minutes, is the inactivity timeout; a push
 * counts as activity.
 */
#include "commands.h"
#include "input.h"
#include "literal.h"

enum { DONE_MAX = 64 };          /* of a line that ought to be "DONE" */

struct idle {
	bool done;
};

static size_t take_done(struct imap_session *s, struct imap_running *cmd, struct slice unread)
{
	struct idle *idle = cmd->at;
	struct slice line;
	size_t used;

	if (imap_line_ready(unread, &line, &used)) {
		idle->done = slice_is_nocase(line, "DONE");
		return used;
	}
	if (unread.len <= DONE_MAX)
		return 0;
	imap_input_pass_over(s, 0);
	return unread.len;
}

static enum imap_progress ended(struct imap_session *s, struct imap_running *cmd)
{
	struct idle *idle = cmd->at;

	if (!idle->done)
		return imap_bad(s, cmd, "IDLE ends with DONE");
	return imap_ok(s, cmd, "IDLE terminated");
}

enum imap_progress cmd_idle(struct imap_session *s, struct imap_running *cmd)
{
	cmd->at = arena_get(cmd->arena, sizeof(struct idle));
	cmd->take = take_done;
	cmd->resume = ended;
	imap_update(s, true);
	imap_write(s, SLICE("+ idling\r\n"));
	return IMAP_WAIT_INPUT;
}
