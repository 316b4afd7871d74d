/*
 * A message on its way.  Once it has been committed nothing that happens to the
 * connection can stop it: the client may believe that it was taken.
 */
#include "message.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "calendar/calendar.h"
#include "store/spool.h"

enum {
	/* 100 recipients of at most 1 KiB, twice, and the other lines. */
	TRACE_MAX = 512 * 1024,
};

struct message {
	struct list node;
	struct spool *spool;
	struct smtp_feed *feed;
	struct smtp_question *question;  /* NULL: before commit, or nobody waits */
	struct calendar *calendar;
	struct trace_filter filter;
	struct conn *conn;               /* for the log; NULL once nobody waits */
	char *id, *from, *to;
	size_t to_count;
	char link_path[PATH_MAX];        /* "" without an invitation */
};

static void room(void *owner)
{
	struct message *m = owner;

	if (m->feed)
		smtp_feed_room(m->feed);
}

struct message *message_new(const struct message_options *o)
{
	struct message *m = mem_alloc(sizeof *m);
	const struct smtp_transaction *t = o->trace->transaction;
	struct buf head;

	list_append(o->among, &m->node);
	m->spool = spool_new(o->store, room, m);
	m->feed = o->feed;
	m->calendar = o->calendar;
	m->conn = t->conn;
	m->id = mem_string(o->trace->id);
	m->from = mem_string(t->from.text);
	m->to = mem_string(t->to[0].text);
	m->to_count = t->to_count;
	if (m->calendar)
		calendar_pending_path(m->calendar, m->link_path, sizeof m->link_path);
	buf_init(&head, TRACE_MAX);
	trace_write(&head, o->trace);
	spool_add(m->spool, buf_slice(&head));
	buf_release(&head);
	return m;
}

bool message_add(struct message *m, struct slice text)
{
	struct buf kept;
	bool go_on;

	if (m->filter.state == TRACE_BODY)
		return spool_add(m->spool, text);
	buf_init(&kept, text.len + TRACE_NAME_MAX);
	trace_filter_add(&m->filter, &kept, text);
	go_on = spool_add(m->spool, buf_slice(&kept));
	buf_release(&kept);
	return go_on;
}

void message_free(struct message *m)
{
	list_remove(&m->node);
	spool_abandon(m->spool);
	free(m->id);
	free(m->from);
	free(m->to);
	free(m);
}

void message_forget(struct list *among, const struct smtp_question *q)
{
	list_each(node, after, among) {
		struct message *m = container_of(node, struct message, node);

		if (m->question == q) {
			m->question = NULL;
			m->conn = NULL;
			return;
		}
	}
}

/* ==== The end ==== */

static struct smtp_verdict verdict_for(enum store_status st, const char *text)
{
	switch (st) {
	case STORE_OK:
		return (struct smtp_verdict){ 250, "2.0.0", text };
	case STORE_NO_SPACE:
		return (struct smtp_verdict){ 452, "4.3.1", "Not enough room just now: try later" };
	case STORE_TOO_BIG:
		return (struct smtp_verdict){ 552, "5.3.4", "Message too big" };
	case STORE_BUSY:
		return (struct smtp_verdict){ 451, "4.3.2", "Too busy: try later" };
	default:
		return (struct smtp_verdict){ 451, "4.3.0", "Could not be saved: try later" };
	}
}

static void log_saved(const struct message *m, const struct spool_result *r)
{
	const struct log_field fields[] = {
		log_text("id", m->id), log_text("from", m->from), log_text("to", m->to),
		log_number("recipients", (int64_t)m->to_count), log_number("size", (int64_t)r->size),
		{ .name = NULL }
	};

	if (m->conn)
		conn_log_write(m->conn, LEVEL_INFO, "message saved", fields);
	else
		log_write(LEVEL_INFO, "smtp", "message saved, client gone", fields);
}

static void committed(void *owner, enum store_status st, const struct spool_result *r)
{
	struct message *m = owner;
	char text[64];
	struct smtp_verdict v;

	m->spool = NULL;
	snprintf(text, sizeof text, "Saved as %s", m->id);
	v = verdict_for(st, text);
	if (st == STORE_OK) {
		log_saved(m, r);
		if (m->calendar)
			calendar_import(m->calendar, m->link_path, NULL, NULL);
	}
	if (m->question)
		smtp_answer(m->question, &v);
	message_free(m);
}

void message_commit(struct message *m, struct smtp_question *q)
{
	struct spool_commit c = { .folder = "INBOX" };
	struct buf held;

	m->question = q;
	m->feed = NULL;
	buf_init(&held, TRACE_NAME_MAX);
	trace_filter_end(&m->filter, &held);
	spool_add(m->spool, buf_slice(&held));
	buf_release(&held);
	if (m->calendar)
		c.link_path = m->link_path;
	spool_commit(m->spool, &c, committed, m);
}
