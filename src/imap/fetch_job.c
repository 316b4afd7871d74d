/*
 * A literal whose length was promised (body.c) must come in full.  What can prevent
 * it is a disk that fails or a program that writes into the file; anything sent in
 * its place would be stored as mail, and the connection ends.
 */
#include "fetch_job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "flags.h"
#include "session.h"

enum {
	/* A slice, and what may be added by the step that fills it: an item's name
	 * (FETCH_PLAN_BYTES) and the flags of a message with every keyword the
	 * store allows (half a megabyte). */
	OUT_MAX = 2 * 1024 * 1024,
};

static void work(struct job *job);

struct fetch_job *fetch_job_new(void)
{
	struct fetch_job *f = mem_alloc(sizeof(*f));

	f->job.work = work;
	f->keep = arena_new(2 * FETCH_PLAN_BYTES);
	uid_set_init(&f->uids);
	uid_set_init(&f->recent);
	uid_set_init(&f->seen);
	body_init(&f->body);
	buf_init(&f->out, OUT_MAX);
	return f;
}

void fetch_job_free(struct fetch_job *f)
{
	if (!f)
		return;
	if (f->reader)
		reader_free(f->reader);
	snapshot_drop(f->view);
	uid_set_release(&f->uids);
	uid_set_release(&f->recent);
	uid_set_release(&f->seen);
	body_release(&f->body);
	buf_release(&f->out);
	arena_free(f->keep);
	free(f);
}

void fetch_job_begin(struct fetch_job *f, struct mailbox *m, const struct snapshot *view,
		     const struct uid_set *recent)
{
	f->view = snapshot_hold(view);
	f->reader = reader_new(m, view);
	uid_set_copy(&f->recent, recent);
}

/* ---- Values that the snapshot has ---- */

/* RFC 3501 9: date-time, in the machine's zone. */
static void add_date(struct buf *out, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	long zone;

	/* Four digits are all the grammar has. */
	if (!localtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
		buf_add_text(out, "\"01-Jan-1970 00:00:00 +0000\"");
		return;
	}
	zone = tm.tm_gmtoff / 60;
	buf_printf(out, "\"%2d-%s-%04d %02d:%02d:%02d %c%02ld%02ld\"", tm.tm_mday,
		   clock_months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
		   zone < 0 ? '-' : '+', labs(zone) / 60, labs(zone) % 60);
}

static void add_flags(struct fetch_job *f, const struct message_info *m)
{
	imap_flags_text(&f->out, f->view, &f->recent, m);
}

/* ---- Values that the message has ---- */

/* Whether there is such a message; if not it is counted and to be left out. */
static bool is_there(struct fetch_job *f, enum store_status st)
{
	if (st == STORE_GONE)
		f->gone = true;
	else if (st != STORE_OK)
		f->failed = true;
	return st == STORE_OK;
}

/* RFC 2180 4.1.3's "NIL" for a message that vanished when half of its response was
 * with the client; before that it is left out altogether (4.1.2). */
static bool add_nil(struct fetch_job *f)
{
	if (!f->torn)
		return false;
	buf_add_text(&f->out, "NIL");
	return true;
}

/* RFC 8474 5.3: "(M6d99ac3275bb4e00)". */
static bool begin_id(struct fetch_job *f, enum fetch_kind kind, uint32_t uid)
{
	bool thread = kind == FETCH_THREADID;
	struct object_ids ids;
	char text[OBJECT_ID_TEXT];

	if (!is_there(f, reader_ids(f->reader, uid, thread, &ids)))
		return add_nil(f);
	object_id_text(text, thread ? 'T' : 'M', thread ? ids.thread : ids.email);
	buf_printf(&f->out, "(%s)", text);
	return true;
}

static bool begin_text(struct fetch_job *f, enum fetch_kind kind, uint32_t uid)
{
	enum reader_text which = kind == FETCH_ENVELOPE ? READER_ENVELOPE :
				 kind == FETCH_BODY ? READER_BODY :
				 kind == FETCH_PREVIEW ? READER_PREVIEW : READER_BODYSTRUCTURE;

	buf_clear(&f->body.text);
	if (!is_there(f, reader_text(f->reader, uid, which, &f->body.text)))
		return add_nil(f);
	body_open_text(&f->body);
	f->sending = true;
	return true;
}

/* The announcement of the value. */
static void announce(struct fetch_job *f, const struct fetch_item *item)
{
	struct body *b = &f->body;

	if (item->partial)
		body_partial(b, item->start, item->count);
	if (b->left == 0) {
		buf_add_text(&f->out, "\"\"");
		return;
	}
	/* RFC 3516 4.3: a literal8 only where it has to be. */
	buf_printf(&f->out, "%s{%llu}\r\n", b->binary && b->nul ? "~" : "",
		   (unsigned long long)b->left);
	f->sending = true;
}

static bool begin_section(struct fetch_job *f, const struct fetch_item *item)
{
	bool binary = item->kind != FETCH_SECTION;

	switch (body_open(&f->body, f->reader, &item->section, binary, item->partial)) {
	case BODY_UNKNOWN_CTE:
		f->unknown_cte = true;
		return add_nil(f);
	case BODY_UNREADABLE:
		f->failed = true;
		return add_nil(f);
	case BODY_NONE:
		buf_add_text(&f->out, item->kind == FETCH_BINARY_SIZE ? "0" : "NIL");
		return true;
	case BODY_FOUND:
		break;
	}
	if (item->kind == FETCH_BINARY_SIZE)
		buf_printf(&f->out, "%llu", (unsigned long long)f->body.size);
	else
		announce(f, item);
	return true;
}

/* False: the message is to be left out. */
static bool begin_value(struct fetch_job *f, const struct fetch_item *item)
{
	struct message_info m = snapshot_message(f->view, f->seq);

	switch (item->kind) {
	case FETCH_UID:
		buf_printf(&f->out, "%lu", (unsigned long)m.uid);
		return true;
	case FETCH_FLAGS:
		add_flags(f, &m);
		return true;
	case FETCH_INTERNALDATE:
		add_date(&f->out, m.received);
		return true;
	case FETCH_SIZE:
		buf_printf(&f->out, "%llu", (unsigned long long)m.size);
		return true;
	case FETCH_EMAILID:
	case FETCH_THREADID:
		return begin_id(f, item->kind, m.uid);
	case FETCH_SAVEDATE:
		if (m.saved)
			add_date(&f->out, m.saved);
		else
			buf_add_text(&f->out, "NIL");
		return true;
	case FETCH_MODSEQ:
		buf_printf(&f->out, "(%llu)", (unsigned long long)m.modseq);
		return true;
	case FETCH_ENVELOPE:
	case FETCH_BODY:
	case FETCH_BODYSTRUCTURE:
		return begin_text(f, item->kind, m.uid);
	case FETCH_PREVIEW:
		/* RFC 8970 4.1: NIL is for LAZY alone. */
		if (item->lazy && !reader_has_text(f->reader, m.uid, READER_PREVIEW)) {
			buf_add_text(&f->out, "NIL");
			return true;
		}
		return begin_text(f, item->kind, m.uid);
	case FETCH_SECTION:
	case FETCH_BINARY:
	case FETCH_BINARY_SIZE:
		return begin_section(f, item);
	}
	return false;
}

/* ---- From message to message ---- */

/* On to the next message that was asked for.  False: there is none. */
static bool find_message(struct fetch_job *f)
{
	while (f->range < f->uids.count) {
		const struct uid_range *r = &f->uids.ranges[f->range];
		uint32_t from = r->first > f->next_uid ? r->first : f->next_uid;
		uint32_t seq = snapshot_seq_from(f->view, from);
		uint32_t uid = seq <= snapshot_count(f->view) ? snapshot_uid(f->view, seq) : 0;

		if (uid && uid <= r->last) {
			f->seq = seq;
			f->next_uid = uid + 1;
			return true;
		}
		f->range++;
	}
	return false;
}

static void begin_message(struct fetch_job *f)
{
	if (!find_message(f)) {
		f->finished = true;
		return;
	}
	/* Before anything is written of it: an open file cannot vanish. */
	if (f->plan.bodies &&
	    !is_there(f, reader_open(f->reader, snapshot_uid(f->view, f->seq)))) {
		f->seq = 0;
		return;
	}
	f->item = 0;
	f->message_at = f->out.len;
	f->torn = false;
	/* RFC 9586 3. */
	if (f->enabled & IMAP_UIDONLY)
		buf_printf(&f->out, "* %u UIDFETCH (", snapshot_uid(f->view, f->seq));
	else
		buf_printf(&f->out, "* %u FETCH (", f->seq);
}

/* What \Seen changed and was not asked for; RFC 7162 3.2.4: with UID and MODSEQ. */
static void add_changed(struct fetch_job *f, const struct message_info *m)
{
	if (!f->plan.flags) {
		buf_add_text(&f->out, " FLAGS ");
		add_flags(f, m);
	}
	if (!(f->enabled & IMAP_CONDSTORE))
		return;
	if (!(f->enabled & IMAP_UIDONLY) && !fetch_plan_has(&f->plan, FETCH_UID))
		buf_printf(&f->out, " UID %u", m->uid);
	if (!fetch_plan_has(&f->plan, FETCH_MODSEQ))
		buf_printf(&f->out, " MODSEQ (%llu)", (unsigned long long)m->modseq);
}

/* RFC 3501 6.4.5: "if this causes the flags to change, they SHOULD be included". */
static void end_message(struct fetch_job *f)
{
	struct message_info m = snapshot_message(f->view, f->seq);

	if (uid_set_has(&f->seen, m.uid))
		add_changed(f, &m);
	buf_add_text(&f->out, ")\r\n");
	f->seq = 0;
}

static void begin_item(struct fetch_job *f)
{
	const struct fetch_item *item = &f->plan.items[f->item];

	if (f->item++)
		buf_add_byte(&f->out, ' ');
	buf_add(&f->out, item->name);
	buf_add_byte(&f->out, ' ');
	if (!begin_value(f, item)) {
		f->out.len = f->message_at;
		f->seq = 0;
	}
}

static void step(struct fetch_job *f)
{
	if (f->sending) {
		if (!body_more(&f->body, &f->out))
			f->broken = true;
		f->sending = f->body.left > 0;
	} else if (!f->seq) {
		begin_message(f);
	} else if (f->item == f->plan.count) {
		end_message(f);
	} else {
		begin_item(f);
	}
}

static void work(struct job *job)
{
	struct fetch_job *f = container_of(job, struct fetch_job, job);
	uint64_t until = clock_mono_ms() + FETCH_SLICE_MS;

	f->torn = f->seq != 0;
	while (!f->finished && !f->broken && f->out.len < FETCH_SLICE_BYTES &&
	       clock_mono_ms() < until)
		step(f);
	if (f->out.overflow)
		f->broken = true;
}
