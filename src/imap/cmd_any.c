/*
 * Commands for any moment of a session, and ENABLE.
 */
#include "capability.h"
#include "commands.h"
#include "metadata.h"

enum { ID_PAIRS_MAX = 30 };      /* RFC 2971 3.3 */

enum imap_progress cmd_capability(struct imap_session *s, struct imap_running *cmd)
{
	struct buf text;

	buf_init(&text, IMAP_CAPABILITY_TEXT);
	imap_capability_text(&text, s);
	imap_untagged(s, "CAPABILITY %.*s", (int)text.len, text.data);
	buf_release(&text);
	return imap_completed(s, cmd);
}

static enum imap_progress refreshed(struct imap_session *s, struct imap_running *cmd)
{
	/* A folder that cannot be compared with the disk just now is as it was. */
	return imap_completed(s, cmd);
}

/* RFC 3501 6.1.2: a chance to hear of new mail.  inotify has told us of it, but
 * there are file systems that have none. */
enum imap_progress cmd_noop(struct imap_session *s, struct imap_running *cmd)
{
	if (!s->mailbox)
		return imap_completed(s, cmd);
	cmd->resume = refreshed;
	mailbox_refresh(s->mailbox, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_check(struct imap_session *s, struct imap_running *cmd)
{
	return cmd_noop(s, cmd);
}

enum imap_progress cmd_logout(struct imap_session *s, struct imap_running *cmd)
{
	imap_unselect(s);
	imap_bye(s, "Goodbye");
	return imap_completed(s, cmd);
}

/* id_params_list = "(" *(string SP nstring) ")" / nil */
static bool read_id(struct imap_args *a, struct slice *name, struct slice *version)
{
	struct slice key, value;

	if (!args_space(a))
		return false;
	if (!args_peek(a, '('))
		return args_word(a, "NIL") && args_end(a);
	args_char(a, '(');
	for (unsigned i = 0; !args_peek(a, ')'); i++) {
		if (i == ID_PAIRS_MAX)
			return args_want(a, "at most 30 fields");
		if ((i && !args_space(a)) || !args_string(a, &key) || !args_space(a) ||
		    !args_nstring(a, &value))
			return false;
		if (slice_is_nocase(key, "name"))
			*name = value;
		else if (slice_is_nocase(key, "version"))
			*version = value;
	}
	return args_char(a, ')') && args_end(a);
}

enum imap_progress cmd_id(struct imap_session *s, struct imap_running *cmd)
{
	struct slice name = { 0 }, version = { 0 };

	if (!read_id(&cmd->args, &name, &version))
		return imap_bad_args(s, cmd);
	conn_log(s->base.conn, LEVEL_DEBUG, "client", log_slice("name", name),
		 log_slice("version", version));
	/* RFC 2971 5: no version to strangers; bugs are found by it. */
	if (s->state == IMAP_FRESH)
		imap_untagged(s, "ID (\"name\" \"Letterplate\")");
	else
		imap_untagged(s, "ID (\"name\" \"Letterplate\" \"version\" \"%s\")",
			      LETTERPLATE_VERSION);
	return imap_completed(s, cmd);
}

/* RFC 5161 3.1: what is not known, or needs no enabling, is passed over; 3.2: the
 * response names what was enabled now. */
enum imap_progress cmd_enable(struct imap_session *s, struct imap_running *cmd)
{
	struct slice name;
	unsigned enabled = s->enabled, enables;
	struct buf told;
	bool good;

	buf_init(&told, IMAP_CAPABILITY_TEXT);
	do {
		good = args_space(&cmd->args) && args_atom(&cmd->args, &name);
		if (!good)
			break;
		enables = imap_capability_enables(s, name);
		/* RFC 7162 3.2.3: of two that do the same both are named. */
		if (enables & ~s->enabled)
			buf_printf(&told, " %.*s", (int)name.len, name.at);
		enabled |= enables;
	} while (args_peek(&cmd->args, ' '));
	if (!good || !args_end(&cmd->args)) {
		buf_release(&told);
		return imap_bad_args(s, cmd);
	}
	imap_untagged(s, "ENABLED%.*s", (int)told.len, told.data);
	imap_enable(s, enabled);
	imap_metadata_watch(s);
	buf_release(&told);
	return imap_completed(s, cmd);
}

/* RFC 4978 3: the OK leaves as it is, and nothing after it. */
enum imap_progress cmd_compress(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;

	a->wanted = "DEFLATE";
	if (!args_space(a) || !args_word(a, "DEFLATE") || !args_end(a))
		return imap_bad_args(s, cmd);
	if (s->deflating)
		return imap_no(s, cmd, "[COMPRESSIONACTIVE] DEFLATE is active by COMPRESS already");
	imap_ok(s, cmd, "DEFLATE active");
	s->deflating = true;
	conn_start_deflate(s->base.conn);
	return IMAP_DONE;
}
