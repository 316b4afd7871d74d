/*
 * Policy: what mail means to one household.  Every question that smtp asks is
 * answered here, with the helper modules' answers in between:
 *
 *   recipient -> domain, blocked addresses -> greylist (one decision a transaction)
 *   message   -> trace lines -> spool -> Maildir -> 250 -> calendar
 */
#include "delivery/delivery.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "calendar/calendar.h"
#include "greylist/greylist.h"
#include "message.h"

struct delivery {
	struct delivery_options o;       /* the strings are the next three */
	char *domain, *hostname, *ingest_user;
	struct list waiting;             /* struct waiting: greylist questions */
	struct list messages;            /* struct message: not answered yet */
};

/* What smtp_transaction.note says: the greylist's decision for all its RCPTs. */
enum { NOTE_NOT_ASKED = 0, NOTE_PASSED = 1, NOTE_WAIT = 2 };     /* NOTE_WAIT + seconds */

/* A RCPT that waits for the greylist. */
struct waiting {
	struct greylist_request request;
	struct list node;
	struct smtp_question *question;
	unsigned *note;
};

/* ==== Recipients ==== */

static const struct smtp_verdict recipient_ok = { 250, "2.1.5", "Recipient accepted" };

static bool matches(char *const *patterns, const char *local)
{
	for (; patterns && *patterns; patterns++)
		if (text_glob(*patterns, slice_of(local)))
			return true;
	return false;
}

static bool refused(const struct delivery *d, const struct smtp_path *to, struct smtp_question *q)
{
	char text[512];

	/* RFC 5321 4.5.1: postmaster is always there. */
	if (slice_is_nocase(slice_of(to->local), "postmaster") &&
	    (!to->domain[0] || strcmp(to->domain, d->o.domain) == 0))
		return false;
	if (strcmp(to->domain, d->o.domain) != 0) {
		snprintf(text, sizeof text, "Mail is accepted for %s only; nothing is relayed", d->o.domain);
		smtp_answer(q, &(struct smtp_verdict){ 550, "5.7.1", text });
		return true;
	}
	if (matches(d->o.blocked, to->local)) {
		smtp_answer(q, &(struct smtp_verdict){ 550, "5.1.1", "There is no such address here" });
		return true;
	}
	return false;
}

static void answer_noted(unsigned note, struct smtp_question *q)
{
	char text[128];

	if (note == NOTE_PASSED) {
		smtp_answer(q, &recipient_ok);
		return;
	}
	snprintf(text, sizeof text, "Greylisted: please come back in %u seconds", note - NOTE_WAIT);
	smtp_answer(q, &(struct smtp_verdict){ 451, "4.7.1", text });
}

static void greylist_answered(struct greylist_request *r, const struct greylist_answer *answer)
{
	struct waiting *w = container_of(r, struct waiting, request);
	struct smtp_question *q = w->question;
	unsigned note = NOTE_PASSED;

	if (answer->verdict == GREYLIST_WAIT)
		note = NOTE_WAIT + (unsigned)answer->wait_s;
	*w->note = note;
	list_remove(&w->node);
	free(w);
	answer_noted(note, q);
}

static void recipient(void *ctx, const struct smtp_transaction *t, const struct smtp_path *to,
		      struct smtp_question *q)
{
	struct delivery *d = ctx;
	struct waiting *w;

	if (refused(d, to, q))
		return;
	if (!d->o.greylist || matches(d->o.greylist_skip, to->local)) {
		smtp_answer(q, &recipient_ok);
		return;
	}
	if (*t->note != NOTE_NOT_ASKED) {
		answer_noted(*t->note, q);
		return;
	}
	w = mem_alloc(sizeof *w);
	w->question = q;
	w->note = t->note;
	w->request.answer = greylist_answered;
	list_append(&d->waiting, &w->node);
	greylist_check(d->o.greylist, &w->request,
		       &(struct greylist_key){ *conn_peer(t->conn), slice_of(t->from.text) });
}

/* ==== Messages ==== */

static bool is_invitation(const struct delivery *d, const struct smtp_transaction *t)
{
	if (!d->o.calendar)
		return false;
	for (size_t i = 0; i < t->to_count; i++)
		if (d->o.ingest_all || slice_is_nocase(slice_of(t->to[i].local), d->o.ingest_user))
			return true;
	return false;
}

static void *begin(void *ctx, const struct smtp_transaction *t, struct smtp_feed *feed)
{
	struct delivery *d = ctx;
	struct conn *c = t->conn;
	char id[24];
	struct trace trace = {
		.transaction = t, .hostname = d->o.hostname, .domain = d->o.domain, .id = id,
		.peer = conn_peer_text(c), .peer_is_ipv6 = conn_peer(c)->len == 16,
		.tls_version = conn_tls_version(c), .tls_cipher = conn_tls_cipher(c),
		.now = clock_wall(),
	};

	snprintf(id, sizeof id, "%016llx", (unsigned long long)random_u64());
	return message_new(&(struct message_options){
		.store = d->o.store, .calendar = is_invitation(d, t) ? d->o.calendar : NULL,
		.feed = feed, .trace = &trace, .among = &d->messages,
	});
}

static bool bytes(void *message, struct slice text)
{
	return message_add(message, text);
}

static void end(void *message, struct smtp_question *q)
{
	message_commit(message, q);
}

static void abandon(void *message)
{
	message_free(message);
}

static void question_abandon(void *ctx, struct smtp_question *q)
{
	struct delivery *d = ctx;

	list_each(node, after, &d->waiting) {
		struct waiting *w = container_of(node, struct waiting, node);

		if (w->question == q) {
			greylist_abandon(&w->request);
			list_remove(&w->node);
			free(w);
			return;
		}
	}
	message_forget(&d->messages, q);
}

/* ==== Life ==== */

struct delivery *delivery_new(const struct delivery_options *o)
{
	struct delivery *d = mem_alloc(sizeof *d);

	d->o = *o;
	d->o.domain = d->domain = mem_string(o->domain);
	d->o.hostname = d->hostname = mem_string(o->hostname);
	d->o.ingest_user = d->ingest_user = mem_string(o->ingest_user);
	list_init(&d->waiting);
	list_init(&d->messages);
	return d;
}

void delivery_free(struct delivery *d)
{
	if (!d)
		return;
	free(d->domain);
	free(d->hostname);
	free(d->ingest_user);
	free(d);
}

struct smtp_backend delivery_backend(struct delivery *d)
{
	return (struct smtp_backend){
		.ctx = d, .recipient = recipient, .message_begin = begin, .message_bytes = bytes,
		.message_end = end, .message_abandon = abandon, .question_abandon = question_abandon,
	};
}
