/*
 * One client's conversation, as its connection sees it: the functions of struct
 * protocol and the life of a session.  What is said in it is in dispatch.c and
 * the cmd_ files.
 *
 * Closing is flat because of two rules: whatever was asked of the store was asked
 * with the session as owner, and a command gives back what is its own in its
 * release function.
 */
#include "session.h"

#include <stdlib.h>

#include "base/mem.h"
#include "capability.h"
#include "dispatch.h"
#include "input.h"
#include "metadata.h"
#include "notify.h"
#include "progress.h"
#include "unasked.h"

enum {
	/* Strangers hold a connection for little; and for 5 minutes in all,
	 * however slowly they type. */
	FRESH_IDLE_S = 60,
	FRESH_TOTAL_S = 300,
};

static void go_on(struct deferred *d)
{
	imap_command_resume(container_of(d, struct imap_session, go_on));
}

void imap_tell_now(struct imap_session *s)
{
	bool pushes = s->running && (s->running->command->flags & IMAP_PUSHES);

	if (s->ending)
		return;
	if (s->notify)
		imap_notify_wake(s);
	/* Told at the end of the next command, but in IDLE now (RFC 2177 3), unless
	 * the client does not read: then when it has. */
	else if (pushes && !conn_full(s->base.conn))
		imap_update(s, true);
	/* RFC 5267 4.3.2: results that are followed are told at any time, and what they
	 * belong to (RFC 3501 5.3); but no EXPUNGE. */
	else if (!s->running && !list_empty(&s->contexts) && !conn_full(s->base.conn))
		imap_update(s, false);
}

static void mailbox_changed(struct mailbox_watcher *w)
{
	struct imap_session *s = container_of(w, struct imap_session, watcher);
	bool pushes = s->running && (s->running->command->flags & IMAP_PUSHES);

	imap_tell_now(s);
	if (!s->ending && mailbox_is_gone(s->mailbox) && (pushes || !s->running))
		imap_bye(s, "The selected mailbox was deleted or renamed");
}

static struct session *session_open(struct conn *conn, const void *server)
{
	struct imap_session *s = mem_alloc(sizeof(*s));
	struct buf capabilities;

	s->base.conn = conn;
	s->server = server;
	s->state = IMAP_FRESH;
	s->input = imap_input_new();
	s->go_on.call = go_on;
	s->watcher.changed = mailbox_changed;
	uid_set_init(&s->recent);
	uid_set_init(&s->saved);
	list_init(&s->contexts);
	imap_progress_init(s);
	imap_unasked_init(s);
	list_init(&s->observers);
	conn_set_idle(conn, FRESH_IDLE_S);
	conn_set_deadline(conn, FRESH_TOTAL_S);

	buf_init(&capabilities, IMAP_CAPABILITY_TEXT);
	imap_capability_text(&capabilities, s);
	imap_untagged(s, "OK [CAPABILITY %.*s] %s ready", (int)capabilities.len,
		      capabilities.data, s->server->hostname);
	buf_release(&capabilities);
	return &s->base;
}

void imap_forget_user(struct imap_session *s)
{
	imap_notify_end(s);
	imap_unselect(s);
	s->state = IMAP_FRESH;
	s->enabled = 0;
	imap_metadata_unwatch(s);
	s->bad_replies = 0;
	s->login_failures = 0;
	if (s->deflating)
		conn_stop_deflate(s->base.conn);
	s->deflating = false;
	conn_set_idle(s->base.conn, FRESH_IDLE_S);
	conn_set_deadline(s->base.conn, FRESH_TOTAL_S);
}

static struct imap_session *of(struct session *base)
{
	return container_of(base, struct imap_session, base);
}

static size_t session_input(struct session *base, struct slice unread)
{
	struct imap_session *s = of(base);

	if (s->ending)
		return unread.len;
	return s->running ? imap_command_take(s, unread) : imap_input_take(s, unread);
}

static void session_drained(struct session *base)
{
	struct imap_session *s = of(base);

	if (!s->ending)
		imap_command_drained(s);
}

/* RFC 3501 6.2.1: what was said in the clear is forgotten.  Nothing but the count
 * of bad replies was kept. */
static void session_secured(struct session *base)
{
	of(base)->bad_replies = 0;
}

static void session_idle(struct session *base)
{
	imap_bye(of(base), "Nothing was said for too long");
}

/* A change that is being made is answered first, so that nobody has to guess. */
static void session_shutdown(struct session *base)
{
	struct imap_session *s = of(base);

	if (s->running && s->running->waiting == IMAP_WAIT_JOB)
		s->leaving = true;
	else
		imap_bye(s, "The server is shutting down");
}

static void session_close(struct session *base)
{
	struct imap_session *s = of(base);
	const char *reason = s->ending ? "said goodbye" : "connection lost";

	s->ending = true;
	while (s->running)
		imap_drop_command(s);
	imap_notify_end(s);
	if (s->server->store)
		store_abandon(s->server->store, s);
	if (conn_loop(s->base.conn))
		loop_undefer(conn_loop(s->base.conn), &s->go_on);
	if (s->state != IMAP_FRESH)
		conn_log(s->base.conn, LEVEL_INFO, "logout", log_text("reason", reason));
	imap_unselect(s);
	imap_metadata_unwatch(s);
	uid_set_release(&s->recent);
	uid_set_release(&s->saved);
	imap_input_free(s->input);
	free(s);
}

#define BUSY "* BYE [UNAVAILABLE] Too many connections\r\n"

const struct protocol imap_protocol = {
	.name = "imap",
	.limits = {
		/* A line is collected by us; this is for lines a command reads
		 * itself (SASL, DONE) and for the flow of APPEND. */
		.input_max = 32 * 1024,
		.output_high = 128 * 1024,
		.output_low = 32 * 1024,
		.idle_s = FRESH_IDLE_S,
	},
	.busy = { BUSY, sizeof(BUSY) - 1 },
	.open = session_open,
	.input = session_input,
	.drained = session_drained,
	.secured = session_secured,
	.idle = session_idle,
	.shutdown = session_shutdown,
	.close = session_close,
};
