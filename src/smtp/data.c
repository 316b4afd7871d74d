/* DATA, and the message on its way to the backend, which BDAT shares. */
#include "base/list.h"
#include "session.h"

/* ==== The message ==== */

void smtp_feed_room(struct smtp_feed *feed)
{
	struct smtp_session *s = container_of(feed, struct smtp_session, feed);

	if (feed->waiting) {
		feed->waiting = false;
		conn_resume(s->base.conn);
	}
}

void smtp_message_begin(struct smtp_session *s)
{
	const struct smtp_backend *backend = &s->server->backend;

	s->message_size = 0;
	s->too_big = false;
	s->message = backend->message_begin(backend->ctx, &s->transaction, &s->feed);
	s->begin_failed = s->message == NULL;
}

static void abandon(struct smtp_session *s)
{
	if (s->message)
		s->server->backend.message_abandon(s->message);
	s->message = NULL;
	smtp_feed_room(&s->feed);        /* nobody else would say so any more */
}

void smtp_message_add(struct smtp_session *s, struct slice bytes, uint64_t crlf_size)
{
	s->message_size += crlf_size;
	if (s->message_size > s->server->size_max && !s->too_big) {
		s->too_big = true;       /* the rest is read and dropped: the reply comes at its end */
		abandon(s);
	}
	if (!s->message || bytes.len == 0)
		return;
	if (!s->server->backend.message_bytes(s->message, bytes)) {
		s->feed.waiting = true;
		conn_pause(s->base.conn);
	}
}

static void log_refused(struct smtp_session *s, int code, const char *why)
{
	s->refused++;
	conn_log(s->base.conn, LEVEL_WARN, "message refused",
		 log_text("from", s->transaction.from.text), log_number("size", (int64_t)s->message_size),
		 log_number("code", code), log_text("reason", why));
}

static void refused(struct smtp_session *s, int code, const char *enhanced, const char *why)
{
	log_refused(s, code, why);
	smtp_reset(s);
	smtp_reply(s, code, enhanced, "%s", why);
}

void smtp_message_end(struct smtp_session *s)
{
	void *message = s->message;

	s->reading = SMTP_READ_COMMAND;
	smtp_feed_room(&s->feed);
	if (s->too_big) {
		refused(s, 552, "5.3.4", "Message too big");
		return;
	}
	if (!message) {
		refused(s, 451, "4.3.0", "Cannot take a message just now, try later");
		return;
	}
	s->message = NULL;
	smtp_ask(s, SMTP_ASKED_MESSAGE);
	s->server->backend.message_end(message, &s->question);
	smtp_wait_if_asked(s);
}

void smtp_message_answered(struct smtp_session *s, const struct smtp_verdict *v)
{
	if (v->code != 250)
		log_refused(s, v->code, v->text);
	smtp_reset(s);
	smtp_reply(s, v->code, v->enhanced, "%s", v->text);
}

/* ==== DATA (RFC 5321 4.1.1.4) ==== */

void smtp_run_data(struct smtp_session *s, struct slice args)
{
	(void)args;
	smtp_message_begin(s);
	if (s->begin_failed) {
		refused(s, 451, "4.3.0", "Cannot take a message just now, try later");
		return;
	}
	dot_begin(&s->dot, true);
	s->reading = SMTP_READ_DATA;
	smtp_reply(s, 354, NULL, "Send the message, end it with <CRLF>.<CRLF>");
}

size_t smtp_data_input(struct smtp_session *s, struct slice unread)
{
	uint64_t crlf_size = 0;
	struct buf text;
	size_t used;

	buf_init(&text, unread.len + 2);
	used = dot_add(&s->dot, &text, unread, &crlf_size);
	smtp_message_add(s, buf_slice(&text), crlf_size);
	buf_release(&text);
	if (s->dot.state == DOT_END)
		smtp_message_end(s);
	return used;
}
