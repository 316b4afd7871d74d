/*
 * Folders by name: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE.
 * What a name may be and what can be done to INBOX is the store's to say, so that
 * it is the same for every protocol; here names are read and answers translated.
 */
#include <string.h>

#include "commands.h"

static enum imap_progress answered(struct imap_session *s, struct imap_running *cmd)
{
	return cmd->status == STORE_OK ? imap_completed(s, cmd) :
					 imap_no_status(s, cmd, cmd->status);
}

/* " name" and the end of the line */
static bool read_name(struct imap_running *cmd, const char **name)
{
	return args_space(&cmd->args) && args_mailbox(&cmd->args, name) && args_end(&cmd->args);
}

/* RFC 3501 6.3.3: a delimiter at the end says that names below it are going to be
 * made; here every name may have such. */
enum imap_progress cmd_create(struct imap_session *s, struct imap_running *cmd)
{
	const char *name;
	size_t len;

	if (!read_name(cmd, &name))
		return imap_bad_args(s, cmd);
	len = strlen(name);
	if (len && name[len - 1] == '/')
		name = arena_string(cmd->arena, slice_make(name, len - 1));
	cmd->resume = answered;
	store_create(s->server->store, name, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

/* The folder that this session had open went by its own command: it knows, and is
 * back in the authenticated state rather than shown the door.  Names are not
 * compared, because one folder can be spelt in several ways (Unicode's). */
static enum imap_progress moved_away(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status == STORE_OK && s->mailbox && mailbox_is_gone(s->mailbox))
		imap_unselect(s);
	return answered(s, cmd);
}

enum imap_progress cmd_delete(struct imap_session *s, struct imap_running *cmd)
{
	const char *name;

	if (!read_name(cmd, &name))
		return imap_bad_args(s, cmd);
	cmd->resume = moved_away;
	store_delete(s->server->store, name, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_rename(struct imap_session *s, struct imap_running *cmd)
{
	const char *name, *to;

	if (!args_space(&cmd->args) || !args_mailbox(&cmd->args, &name) || !read_name(cmd, &to))
		return imap_bad_args(s, cmd);
	cmd->resume = moved_away;
	store_rename(s->server->store, name, to, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

static enum imap_progress subscription(struct imap_session *s, struct imap_running *cmd, bool on)
{
	const char *name;

	if (!read_name(cmd, &name))
		return imap_bad_args(s, cmd);
	cmd->resume = answered;
	store_subscribe(s->server->store, name, on, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_subscribe(struct imap_session *s, struct imap_running *cmd)
{
	return subscription(s, cmd, true);
}

enum imap_progress cmd_unsubscribe(struct imap_session *s, struct imap_running *cmd)
{
	return subscription(s, cmd, false);
}

/* RFC 2342 5: one user, one namespace. */
enum imap_progress cmd_namespace(struct imap_session *s, struct imap_running *cmd)
{
	imap_untagged(s, "NAMESPACE ((\"\" \"/\")) NIL NIL");
	return imap_completed(s, cmd);
}
