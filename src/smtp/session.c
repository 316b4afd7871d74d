/*
 * The conversation's life: greeting, input, questions to the backend, end.
 * While a question is open the connection is paused, so pipelined commands
 * (RFC 2920) simply wait in the socket.
 */
#include "session.h"

#include <assert.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"

enum {
	/* RFC 5321 4.5.3.2.7: five minutes at least. */
	IDLE_S = 300,
	/* From one message to the next: the largest over a slow line (36 MB at
	 * 10 KB/s) takes an hour. */
	DEADLINE_S = 7200,
	/* 4.5.3.2.6: as long as a client waits for the answer to its last dot.  One
	 * that is told 421 while the message is saved sends it again. */
	SAVING_S = 600,
	/* Time to get to TLS: three turns and a handshake. */
	CLEAR_DEADLINE_S = 300,
};

/* ==== Transaction ==== */

void smtp_reset(struct smtp_session *s)
{
	if (s->message)
		s->server->backend.message_abandon(s->message);
	s->message = NULL;
	s->feed.waiting = false;
	arena_free(s->arena);
	s->arena = NULL;
	s->to = NULL;
	s->transaction = (struct smtp_transaction){ .conn = NULL };
	s->note = 0;
	s->state = s->helo ? SMTP_READY : SMTP_GREETED;
	s->reading = SMTP_READ_COMMAND;
}

/* ==== Questions ==== */

static void set_times(struct smtp_session *s, unsigned idle_s, unsigned deadline_s)
{
	conn_set_idle(s->base.conn, idle_s);
	conn_set_deadline(s->base.conn, deadline_s);
}

void smtp_ask(struct smtp_session *s, enum smtp_asked what)
{
	assert(s->question.asked == SMTP_ASKED_NOTHING);
	s->question.asked = what;
	if (what == SMTP_ASKED_MESSAGE)
		set_times(s, SAVING_S, SAVING_S);
}

void smtp_wait_if_asked(struct smtp_session *s)
{
	if (s->question.asked != SMTP_ASKED_NOTHING)
		conn_pause(s->base.conn);
}

/* What is under way when the daemon ends is done first. */
static void end_if_due(struct smtp_session *s)
{
	bool in_message = s->reading == SMTP_READ_DATA || s->state == SMTP_BODY ||
			  s->question.asked == SMTP_ASKED_MESSAGE;

	if (s->over)
		return;
	if (s->ending && !in_message)
		smtp_reply(s, 421, "4.3.2", "%s Shutting down, come back soon", s->server->hostname);
	else if (s->errors > SMTP_ERRORS_MAX || s->refused > SMTP_REFUSED_MAX)
		smtp_reply(s, 421, "4.7.0", "%s Too many errors, goodbye", s->server->hostname);
}

void smtp_answer(struct smtp_question *q, const struct smtp_verdict *v)
{
	struct smtp_session *s = container_of(q, struct smtp_session, question);
	enum smtp_asked asked = q->asked;

	assert(asked != SMTP_ASKED_NOTHING);
	q->asked = SMTP_ASKED_NOTHING;
	if (asked == SMTP_ASKED_RECIPIENT) {
		smtp_recipient_answered(s, v);
	} else {
		set_times(s, IDLE_S, DEADLINE_S);
		smtp_message_answered(s, v);
	}
	end_if_due(s);
	conn_resume(s->base.conn);
}

/* ==== What the connection calls ==== */

static struct smtp_session *session_of(struct session *base)
{
	return container_of(base, struct smtp_session, base);
}

static struct session *session_open(struct conn *conn, const void *server)
{
	struct smtp_session *s = mem_alloc(sizeof *s);

	s->base.conn = conn;
	s->server = server;
	s->state = SMTP_GREETED;
	conn_set_deadline(conn, CLEAR_DEADLINE_S);
	smtp_reply(s, 220, NULL, "%s ESMTP Letterplate", s->server->hostname);
	return &s->base;
}

/* A line ends in CR LF (RFC 5321 2.3.8); an LF alone is part of it. */
static bool find_line(struct slice unread, size_t *end)
{
	for (size_t at = 0; at < unread.len; at++) {
		at += slice_find(slice_from(unread, at), '\n');
		if (at < unread.len && at > 0 && unread.at[at - 1] == '\r') {
			*end = at + 1;
			return true;
		}
	}
	return false;
}

static size_t command_input(struct smtp_session *s, struct slice unread)
{
	size_t end;

	if (!find_line(slice_head(unread, SMTP_LINE_MAX), &end)) {
		if (unread.len < SMTP_LINE_MAX)
			return 0;
		s->reading = SMTP_READ_LONG_LINE;
		return SMTP_LINE_MAX - 1;        /* the last byte may be the CR */
	}
	smtp_dispatch(s, slice_head(unread, end - 2));
	return end;
}

static size_t long_line_input(struct smtp_session *s, struct slice unread)
{
	size_t end;

	if (!find_line(unread, &end))
		return unread.len > 1 ? unread.len - 1 : 0;
	s->reading = SMTP_READ_COMMAND;
	smtp_reply(s, 500, "5.5.2", "Line too long");
	return end;
}

static size_t read_input(struct smtp_session *s, struct slice unread)
{
	switch (s->reading) {
	case SMTP_READ_COMMAND:
		return command_input(s, unread);
	case SMTP_READ_LONG_LINE:
		return long_line_input(s, unread);
	case SMTP_READ_DATA:
		return smtp_data_input(s, unread);
	case SMTP_READ_CHUNK:
		return smtp_chunk_input(s, unread);
	}
	return 0;
}

static size_t session_input(struct session *base, struct slice unread)
{
	struct smtp_session *s = session_of(base);
	size_t used = read_input(s, unread);

	end_if_due(s);
	return used;
}

/* RFC 3207 4.2: nothing that was said in the clear counts any more. */
static void session_secured(struct session *base)
{
	struct smtp_session *s = session_of(base);

	free(s->helo);
	s->helo = NULL;
	s->esmtp = false;
	smtp_reset(s);
	conn_set_deadline(s->base.conn, DEADLINE_S);
}

static void session_idle(struct session *base)
{
	struct smtp_session *s = session_of(base);

	smtp_reply(s, 421, "4.4.2", "%s Waited too long, closing connection", s->server->hostname);
}

static void session_shutdown(struct session *base)
{
	struct smtp_session *s = session_of(base);

	s->ending = true;
	end_if_due(s);
}

static void session_close(struct session *base)
{
	struct smtp_session *s = session_of(base);
	const struct smtp_backend *backend = &s->server->backend;

	if (s->question.asked != SMTP_ASKED_NOTHING)
		backend->question_abandon(backend->ctx, &s->question);
	smtp_reset(s);
	free(s->helo);
	free(s);
}

#define BUSY "421 4.7.0 Too many connections, try later\r\n"

const struct protocol smtp_protocol = {
	.name = "smtp",
	.limits = {
		.input_max = 64 * 1024,          /* a window's worth; must hold SMTP_LINE_MAX */
		.output_high = 16 * 1024,        /* replies of a pipelined transaction of 100 RCPTs */
		.output_low = 4 * 1024,
		.idle_s = IDLE_S,
	},
	.busy = { BUSY, sizeof BUSY - 1 },
	.open = session_open,
	.input = session_input,
	.drained = NULL,
	.secured = session_secured,
	.idle = session_idle,
	.shutdown = session_shutdown,
	.close = session_close,
};
