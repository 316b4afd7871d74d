/*
 * From a collected line to a running command.  Everything that decides whether a
 * command may run stands in its row of the table and is tested here, in one
 * order: is it known, is the connection private enough, is the session where
 * the command belongs, has it arguments where it takes none.  So no command asks
 * "am I allowed now", and a row cannot be reached by another way.
 *
 * The other half is what happens while a command is not done.  The connection is
 * paused then (unless the command itself reads), which leaves pipelined commands
 * with the kernel and gives the client back-pressure.
 */
#include "dispatch.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "commands.h"
#include "input.h"
#include "literal.h"
#include "metadata.h"
#include "notify.h"
#include "progress.h"
#include "unasked.h"

enum {
	/* 64 times the longest line and its literals: what readers of arguments
	 * make of a byte (a list entry, a search key) is smaller than that. */
	COMMAND_MEMORY = 8 * 1024 * 1024,
	/* Whoever sends this many wrong lines in a row is no mail program, or has
	 * lost its place among them (a web browser, a literal gone wrong). */
	BAD_REPLIES_MAX = 20,
	TAG_LOGGED = 200,
};

/* ---- The head of a command ---- */

/* tag = 1*<any ASTRING-CHAR except "+"> */
static bool read_tag(struct imap_args *a, struct slice *tag)
{
	return args_astring(a, tag) && tag->len && !memchr(tag->at, '+', tag->len);
}

/* RFC 3501 9: NUL must not be used at any time, but in a literal8 (RFC 4466 6). */
static bool has_nul(struct slice text)
{
	struct imap_literal literal;

	while (text.len) {
		size_t end = slice_find(text, '\n');
		struct slice line = slice_head(text, end && end < text.len ? end - 1 : end), body;

		if (slice_find(line, '\0') < line.len)
			return true;
		text = slice_from(text, end + 1);
		if (!imap_literal_at_end(line, &literal))
			continue;
		body = literal.size < text.len ? slice_head(text, (size_t)literal.size) : text;
		if (!literal.binary && slice_find(body, '\0') < body.len)
			return true;
		text = slice_from(text, body.len);
	}
	return false;
}

static const struct imap_command *find(const struct imap_session *s, struct slice name, bool uid)
{
	for (const struct imap_command *c = imap_commands; c->name; c++) {
		bool uid_row = strncmp(c->name, "UID ", 4) == 0;

		if (uid_row == uid && slice_is_nocase(name, c->name + (uid ? 4 : 0)))
			return imap_has(s, c->cap) ? c : NULL;
	}
	return NULL;
}

static const char *test(const struct imap_session *s, const struct imap_head *head)
{
	const struct imap_command *c = head->command;
	struct conn *conn = s->base.conn;

	if (!c)
		return "BAD Unknown command";
	/* RFC 3501 11.1, RFC 5530 3: no password, and nothing behind one, in the
	 * clear where there could be TLS. */
	if (!(c->flags & IMAP_IN_CLEAR) && !conn_is_secure(conn) && conn_can_tls(conn))
		return "NO [PRIVACYREQUIRED] Use STARTTLS first";
	if (!(c->states & s->state))
		return s->state == IMAP_FRESH ? "BAD Log in first" :
		       c->states == IMAP_FRESH ? "BAD Already logged in" :
						 "BAD Select a mailbox first";
	if ((c->flags & IMAP_BARE) && head->args.len)
		return "BAD This command takes no arguments";
	/* RFC 9586 3. */
	if ((c->flags & IMAP_NUMBERS) && (s->enabled & IMAP_UIDONLY))
		return "BAD [UIDREQUIRED] Message numbers are not used after ENABLE UIDONLY";
	return NULL;
}

void imap_head_read(const struct imap_session *s, struct slice text, struct imap_head *head)
{
	struct imap_args a = { .rest = text };
	struct slice name = { 0 };

	memset(head, 0, sizeof(*head));
	if (has_nul(text))
		head->refusal = "BAD There is a NUL in that line";
	if (args_peek(&a, '"') || args_peek(&a, '{') || !read_tag(&a, &head->tag)) {
		head->tag = slice_make(NULL, 0);
		head->refusal = "BAD A command begins with a tag";
		return;
	}
	if (!args_space(&a) || !args_atom(&a, &name)) {
		head->refusal = "BAD A command follows the tag";
		return;
	}
	if (slice_is_nocase(name, "UID") && args_space(&a) && args_atom(&a, &name))
		head->uid = true;
	head->command = find(s, name, head->uid);
	head->args = a.rest;
	if (!head->refusal)
		head->refusal = test(s, head);
}

/* ---- What the protocol log shows: no literals, no secrets (product promise) ---- */

static void log_command(struct imap_session *s, const struct imap_head *head)
{
	struct slice args = head->args;

	if (!s->server->log_protocol)
		return;
	if (!head->command || head->command->flags & IMAP_SECRET)
		args = slice_make(NULL, 0);
	/* Literals follow the first line end. */
	args = slice_head(args, slice_find(args, '\r'));
	/* What stands first in a line that is no command may be a password, from a
	 * client that did not wait to hear that its literal is not wanted. */
	conn_log(s->base.conn, LEVEL_DEBUG, "command",
		 log_slice("tag", head->command ? slice_head(head->tag, TAG_LOGGED) : SLICE("?")),
		 log_text("name", head->command ? head->command->name : "?"),
		 log_slice("args", args));
}

void imap_refuse(struct imap_session *s, const struct imap_head *head)
{
	struct slice tag = head->tag.len ? head->tag : SLICE("*");

	log_command(s, head);
	imap_write(s, tag);
	imap_write(s, SLICE(" "));
	imap_write(s, slice_of(head->refusal));
	imap_write(s, SLICE("\r\n"));
	if (head->refusal[0] == 'B' && ++s->bad_replies >= BAD_REPLIES_MAX)
		imap_bye(s, "Too many commands that are none");
}

/* ---- Running ---- */

static void pause(struct imap_session *s, bool on)
{
	if (s->paused == on)
		return;
	s->paused = on;
	if (on)
		conn_pause(s->base.conn);
	else
		conn_resume(s->base.conn);
}

void imap_drop_command(struct imap_session *s)
{
	struct imap_running *cmd = s->running;

	if (!cmd)
		return;
	s->running = s->set_aside;
	s->set_aside = NULL;
	imap_progress_end(s);
	if (cmd->release)
		cmd->release(s, cmd);
	/* A line may be half there, which is the client's next. */
	if (!cmd->unasked)
		imap_input_clear(s->input);
	arena_free(cmd->arena);
}

static void command_is_over(struct imap_session *s)
{
	bool unasked = s->running->unasked;

	imap_drop_command(s);
	if (s->ending)
		return;
	if (s->leaving)
		imap_bye(s, "The server is shutting down");
	else if (s->bad_replies >= BAD_REPLIES_MAX)
		imap_bye(s, "Too many commands that are none");
	/* RFC 2180 3.3: what is gone cannot be shown, and there is no response that
	 * says "deselected"; a client that reconnects finds everything as it is. */
	else if (s->mailbox && mailbox_is_gone(s->mailbox))
		imap_bye(s, "The selected mailbox was deleted or renamed");
	/* There was no reply to tell of what changed meanwhile. */
	else if (unasked) {
		imap_tell_now(s);
		if (s->running && !s->ending && !conn_full(s->base.conn))
			imap_tell_metadata(s);
	}
	imap_notify_wake(s);
	imap_unasked_wake(s);
}

static void went(struct imap_session *s, struct imap_running *cmd, enum imap_progress progress)
{
	cmd->waiting = progress;
	/* Only jobs are waited for then: a client may take for ever. */
	if (s->leaving && (progress == IMAP_WAIT_INPUT || progress == IMAP_WAIT_OUTPUT))
		imap_bye(s, "The server is shutting down");
	switch (progress) {
	case IMAP_DONE:
		command_is_over(s);
		pause(s, false);
		return;
	case IMAP_WAIT_OUTPUT:
		pause(s, true);
		/* It only wanted to let others run. */
		if (!conn_full(s->base.conn))
			loop_defer(conn_loop(s->base.conn), &s->go_on);
		return;
	case IMAP_WAIT_JOB:
		pause(s, true);
		if (!cmd->unasked)
			imap_progress_begin(s);
		return;
	case IMAP_WAIT_INPUT:
		pause(s, false);
		return;
	}
}

void imap_start(struct imap_session *s, const struct imap_head *head)
{
	struct arena *arena = arena_new(COMMAND_MEMORY);
	struct imap_running *cmd = arena_get(arena, sizeof(*cmd));

	log_command(s, head);
	cmd->command = head->command;
	cmd->arena = arena;
	cmd->tag = arena_string(arena, head->tag);
	cmd->uid = head->uid;
	cmd->no_expunge = head->command->flags & IMAP_NO_EXPUNGE;
	if (head->own) {
		struct imap_literal *own = arena_get(arena, sizeof(*own));

		*own = *head->own;
		cmd->own = own;
	}
	cmd->args = (struct imap_args){
		.rest = head->args, .arena = arena, .utf8 = s->enabled & IMAP_UTF8,
		.utf8_names = imap_has(s, CAP_UTF8_ACCEPT),
		.saved = imap_has(s, CAP_SEARCHRES),
	};
	s->running = cmd;
	went(s, cmd, cmd->command->run(s, cmd));
}

void imap_run_unasked(struct imap_session *s, const struct imap_command *c, struct slice args)
{
	struct arena *arena = arena_new(COMMAND_MEMORY);
	struct imap_running *cmd = arena_get(arena, sizeof(*cmd));

	assert(!s->set_aside);
	cmd->command = c;
	cmd->arena = arena;
	cmd->tag = "*";
	cmd->uid = true;
	cmd->unasked = true;
	cmd->args = (struct imap_args){
		.rest = arena_copy(arena, args), .arena = arena, .utf8 = s->enabled & IMAP_UTF8,
	};
	s->set_aside = s->running;
	s->running = cmd;
	went(s, cmd, c->run(s, cmd));
}

void imap_command_resume(struct imap_session *s)
{
	struct imap_running *cmd = s->running;

	assert(cmd && cmd->resume);
	/* It looks at all that has happened when the client has read. */
	if (cmd->waiting == IMAP_WAIT_OUTPUT && conn_full(s->base.conn))
		return;
	if (conn_loop(s->base.conn))
		loop_undefer(conn_loop(s->base.conn), &s->go_on);
	went(s, cmd, cmd->resume(s, cmd));
}

size_t imap_command_take(struct imap_session *s, struct slice unread)
{
	struct imap_running *cmd = s->running;
	size_t used;

	if (cmd->waiting != IMAP_WAIT_INPUT)
		return 0;
	used = cmd->take(s, cmd, unread);
	if (used)
		imap_command_resume(s);
	return used;
}

void imap_command_drained(struct imap_session *s)
{
	struct imap_running *cmd = s->running;

	imap_notify_wake(s);
	imap_unasked_wake(s);
	if (!cmd)
		return;
	if (cmd->waiting == IMAP_WAIT_OUTPUT)
		imap_command_resume(s);
	else if (cmd->command->flags & IMAP_PUSHES) {
		imap_update(s, true);
		imap_tell_metadata(s);
	}
}

void imap_store_answer(void *owner, enum store_status st)
{
	struct imap_session *s = owner;

	s->running->status = st;
	imap_command_resume(s);
}
