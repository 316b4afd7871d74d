/*
 * Folders by name: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE.
 * What a name may be and what can be done to INBOX is the store's to say, so that
 * it is the same for every protocol; here names are read and answers translated.
 */
#include <string.h>

#include "capability.h"
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

/* What a command about folders has to remember. */
struct folder_names {
	const char *name, *to;
	struct slice written;            /* the name, as the client spelt it */
	unsigned uses;
	uint64_t id;
};

/* RFC 3501 6.3.3: a delimiter at the end of a name to be made means nothing here. */
static const char *without_delimiter(struct imap_running *cmd, const char *name,
				     struct slice *written)
{
	size_t len = strlen(name);

	if (len < 2 || name[len - 1] != '/')
		return name;
	if (written && written->len)
		written->len--;
	return arena_string(cmd->arena, slice_make(name, len - 1));
}

/* ---- CREATE ---- */

static const struct { const char *name; unsigned use; } use_attributes[] = {
	{ "Drafts", FOLDER_DRAFTS }, { "Sent", FOLDER_SENT }, { "Trash", FOLDER_TRASH },
	{ "Junk", FOLDER_JUNK }, { "Archive", FOLDER_ARCHIVE },
};
enum { USE_ATTRIBUTES = sizeof(use_attributes) / sizeof(use_attributes[0]) };

/* use-attr = "\" atom; *unknown: one that is none of ours, as \All and \Flagged, which
 * would be no folder of messages but a search. */
static bool read_use(struct imap_args *a, unsigned *uses, bool *unknown)
{
	struct slice word;
	size_t i = 0;

	if (!args_char(a, '\\') || !args_atom(a, &word))
		return args_want(a, "a special use");
	while (i < USE_ATTRIBUTES && !slice_is_nocase(word, use_attributes[i].name))
		i++;
	if (i == USE_ATTRIBUTES)
		*unknown = true;
	else
		*uses |= use_attributes[i].use;
	return true;
}

/* RFC 6154 6: SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")" */
static bool read_uses(struct imap_args *a, unsigned *uses, bool *unknown)
{
	if (!args_space(a) || !args_char(a, '(') || !args_word(a, "USE") || !args_space(a) ||
	    !args_char(a, '('))
		return false;
	for (bool first = true; !args_peek(a, ')'); first = false)
		if ((!first && !args_space(a)) || !read_use(a, uses, unknown))
			return false;
	return args_char(a, ')') && args_char(a, ')');
}

static void got_created(void *owner, enum store_status st, const struct folder_status *status)
{
	struct imap_session *s = owner;
	struct folder_names *n = s->running->at;

	n->id = status->id;
	imap_store_answer(owner, st);
}

static enum imap_progress told_created(struct imap_session *s, struct imap_running *cmd)
{
	struct folder_names *n = cmd->at;

	if (imap_has(s, CAP_OBJECTID))
		return imap_ok(s, cmd, "[MAILBOXID (" IMAP_MAILBOXID ")] CREATE completed",
			       (unsigned long long)n->id);
	return imap_completed(s, cmd);
}

static enum imap_progress created(struct imap_session *s, struct imap_running *cmd)
{
	struct folder_names *n = cmd->at;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	return imap_tell_name(s, cmd, n->name, n->written, false, told_created);
}

enum imap_progress cmd_create(struct imap_session *s, struct imap_running *cmd)
{
	struct folder_names *n = cmd->at = arena_get(cmd->arena, sizeof(*n));
	struct imap_args *a = &cmd->args;
	bool unknown = false;

	if (!args_space(a) || !args_mailbox_as(a, &n->name, &n->written) ||
	    (args_peek(a, ' ') && imap_has(s, CAP_CREATE_SPECIAL_USE) &&
	     !read_uses(a, &n->uses, &unknown)) ||
	    !args_end(a))
		return imap_bad_args(s, cmd);
	if (unknown)
		return imap_no_status(s, cmd, STORE_BAD_USE);
	n->name = without_delimiter(cmd, n->name, &n->written);
	cmd->resume = created;
	store_create_for(s->server->store, n->name, n->uses, got_created, s);
	return IMAP_WAIT_JOB;
}

/* ---- DELETE and RENAME ---- */

/* The folder that this session had open went by its own command: it knows, and is
 * back in the authenticated state rather than shown the door.  Names are not
 * compared, because one folder can be spelt in several ways (Unicode's). */
static enum imap_progress moved_away(struct imap_session *s, struct imap_running *cmd)
{
	struct folder_names *n = cmd->at;

	if (cmd->status == STORE_OK && s->mailbox && mailbox_is_gone(s->mailbox))
		imap_unselect(s);
	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	if (!n->to)
		return imap_tell_name(s, cmd, n->name, n->written, false, answered);
	/* RFC 9051 6.3.6: of INBOX nothing is said. */
	if (strcmp(n->name, "INBOX") == 0)
		return answered(s, cmd);
	return imap_tell_name(s, cmd, n->to, n->written, true, answered);
}

enum imap_progress cmd_delete(struct imap_session *s, struct imap_running *cmd)
{
	struct folder_names *n = cmd->at = arena_get(cmd->arena, sizeof(*n));
	struct imap_args *a = &cmd->args;

	if (!args_space(a) || !args_mailbox_as(a, &n->name, &n->written) || !args_end(a))
		return imap_bad_args(s, cmd);
	cmd->resume = moved_away;
	store_delete(s->server->store, n->name, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_rename(struct imap_session *s, struct imap_running *cmd)
{
	struct folder_names *n = cmd->at = arena_get(cmd->arena, sizeof(*n));

	if (!args_space(&cmd->args) || !args_mailbox_as(&cmd->args, &n->name, &n->written) ||
	    !read_name(cmd, &n->to))
		return imap_bad_args(s, cmd);
	n->to = without_delimiter(cmd, n->to, NULL);
	cmd->resume = moved_away;
	store_rename(s->server->store, n->name, n->to, imap_store_answer, s);
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
