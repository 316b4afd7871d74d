#ifndef SMTP_WORLD_H
#define SMTP_WORLD_H

/* A backend of SMTP that remembers, and connections to it; include cmocka first. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fake_conn.h"
#include "base/mem.h"
#include "smtp/smtp.h"

struct fake_backend {
	struct buf text;                 /* of the message under way, or the last */
	char envelope[4096];             /* "from>to,to" of the last message */
	unsigned messages, abandoned, questions_abandoned;
	bool hold;                       /* keep questions open */
	bool wait_for_room;
	bool full;                       /* message_begin fails */
	struct smtp_question *open;
	struct smtp_feed *feed;
};

static void answer_recipient(const struct smtp_path *to, struct smtp_question *q)
{
	if (strcmp(to->local, "later") == 0)
		smtp_answer(q, &(struct smtp_verdict){ 451, "4.7.1", "Come back in 30 seconds" });
	else if (to->domain[0] && strcmp(to->domain, "example.com") != 0)
		smtp_answer(q, &(struct smtp_verdict){ 550, "5.7.1", "No relaying" });
	else
		smtp_answer(q, &(struct smtp_verdict){ 250, "2.1.5", "Recipient accepted" });
}

static void recipient(void *ctx, const struct smtp_transaction *t, const struct smtp_path *to,
		      struct smtp_question *q)
{
	struct fake_backend *b = ctx;

	assert_non_null(t->helo);
	if (b->hold)
		b->open = q;
	else
		answer_recipient(to, q);
}

static void *begin(void *ctx, const struct smtp_transaction *t, struct smtp_feed *feed)
{
	struct fake_backend *b = ctx;
	int n = snprintf(b->envelope, sizeof b->envelope, "%s>", t->from.text);

	for (size_t i = 0; i < t->to_count; i++)
		n += snprintf(b->envelope + n, sizeof b->envelope - (size_t)n, "%s%s", i ? "," : "", t->to[i].text);
	buf_clear(&b->text);
	b->feed = feed;
	return b->full ? NULL : b;
}

static bool bytes(void *message, struct slice text)
{
	struct fake_backend *b = message;

	assert_true(buf_add(&b->text, text));
	return !b->wait_for_room;
}

static void end(void *message, struct smtp_question *q)
{
	struct fake_backend *b = message;

	b->messages++;
	if (b->hold)
		b->open = q;
	else
		smtp_answer(q, &(struct smtp_verdict){ 250, "2.0.0", "Saved" });
}

static void abandon(void *message)
{
	((struct fake_backend *)message)->abandoned++;
}

static void question_abandon(void *ctx, struct smtp_question *q)
{
	struct fake_backend *b = ctx;

	assert_ptr_equal(q, b->open);
	b->open = NULL;
	b->questions_abandoned++;
}

struct fixture {
	struct fake_backend backend;
	struct smtp_server server;
};

static void setup(struct fixture *x)
{
	memset(x, 0, sizeof *x);
	buf_init(&x->backend.text, 1 << 20);
	x->server = (struct smtp_server){
		.hostname = "mx.example.com", .domain = "example.com", .size_max = 10000,
		.recipients_max = 5,
		.backend = {
			.ctx = &x->backend, .recipient = recipient, .message_begin = begin,
			.message_bytes = bytes, .message_end = end, .message_abandon = abandon,
			.question_abandon = question_abandon,
		},
	};
}

static struct fake_conn *connect_with(struct fixture *x, bool secure)
{
	struct fake_conn *f = fake_conn_new(&smtp_protocol, &x->server, NULL);

	f->secure = secure;
	fake_conn_open(f);
	assert_string_equal(fake_conn_take(f), "220 mx.example.com ESMTP Letterplate\r\n");
	return f;
}

#define say(f, text, want) assert_string_equal(fake_conn_say(f, text), want)

#endif
