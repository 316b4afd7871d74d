/*
 * Why a literal's length can be promised before its first byte is sent: the part
 * tree knows every size in CRLF form (what needs no tree is counted first), and the
 * message stays open, so that an expunge by somebody else cannot take it away
 * half-way.  What remains is a disk that fails or a program that writes into the
 * file; then the promise cannot be kept, anything sent in its place would be stored
 * as mail, and the connection ends.
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
	/* Texts are made from at most 1 MiB of headers and 10,000 parts. */
	TEXT_MAX = 8 * 1024 * 1024,
	PIECE = 32 * 1024,
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
	buf_init(&f->text, TEXT_MAX);
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
	buf_release(&f->text);
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
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
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
		   months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
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

static bool begin_text(struct fetch_job *f, enum fetch_kind kind, uint32_t uid)
{
	enum reader_text which = kind == FETCH_ENVELOPE ? READER_ENVELOPE :
				 kind == FETCH_BODY ? READER_BODY : READER_BODYSTRUCTURE;

	buf_clear(&f->text);
	if (!is_there(f, reader_text(f->reader, uid, which, &f->text)))
		return add_nil(f);
	f->source = (struct fetch_source){ .left = f->text.len };
	f->sending = true;
	return true;
}

/* How much of `size` octets is sent, and the announcement of it. */
static void announce(struct fetch_job *f, const struct fetch_item *item, uint64_t size)
{
	struct fetch_source *src = &f->source;

	src->left = size;
	if (item->partial) {
		src->skip = item->start < size ? item->start : size;
		src->left = size - src->skip < item->count ? size - src->skip : item->count;
	}
	if (src->left == 0) {
		buf_add_text(&f->out, "\"\"");
		return;
	}
	buf_printf(&f->out, "{%llu}\r\n", (unsigned long long)src->left);
	f->sending = true;
}

/* The header came whole: up to its empty line, or there is nothing else. */
static bool is_whole(struct slice header, uint64_t size)
{
	struct slice end = slice_from(header, header.len < 3 ? 0 : header.len - 3);

	return header.len == size || slice_is(header, "\n") || slice_is(header, "\r\n") ||
	       (end.len == 3 && (slice_is(end, "\n\r\n") || slice_is(slice_from(end, 1), "\n\n")));
}

/* The CRLF length of the file from `at` on.  False: it cannot be read. */
static bool count_file(struct fetch_job *f, uint64_t at, uint64_t *octets)
{
	uint64_t size = reader_size(f->reader);
	struct crlf_form form = { false };
	char bytes[PIECE];

	for (*octets = 0; at < size;) {
		ssize_t n = reader_read(f->reader, at, bytes, PIECE);

		if (n <= 0)
			return false;
		*octets += crlf_form_count(&form, slice_make(bytes, (size_t)n));
		at += (uint64_t)n;
	}
	return true;
}

/* Sections of the message itself need no tree of its parts: most of what clients
 * ask for is found by reading the header, or the file, once.  False: they do. */
static bool find_without_parts(struct fetch_job *f, const struct section *s,
			       struct section_place *out)
{
	uint64_t size = reader_size(f->reader);
	struct crlf_form form = { false };
	struct slice header;

	if (s->depth)
		return false;
	*out = (struct section_place){ .len = size };
	if (s->text == SECTION_WHOLE)
		return count_file(f, 0, &out->crlf);
	header = reader_header(f->reader);
	if (!is_whole(header, size))
		return false;
	if (s->text == SECTION_TEXT) {
		out->at = header.len;
		out->len = size - header.len;
		return count_file(f, header.len, &out->crlf);
	}
	out->len = header.len;
	out->crlf = crlf_form_count(&form, header);
	out->header = header;
	return true;
}

enum found { FOUND, NONE_SUCH, UNREADABLE };

static enum found find(struct fetch_job *f, const struct section *s, struct section_place *out)
{
	const struct mime_part *root;

	if (find_without_parts(f, s, out))
		return FOUND;
	root = reader_parts(f->reader);
	if (!root)
		return UNREADABLE;
	return section_find(s, root, out) ? FOUND : NONE_SUCH;
}

static bool begin_section(struct fetch_job *f, const struct fetch_item *item)
{
	const struct section *s = &item->section;
	struct section_place place;

	switch (find(f, s, &place)) {
	case UNREADABLE:
		f->failed = true;
		return add_nil(f);
	case NONE_SUCH:
		buf_add_text(&f->out, "NIL");
		return true;
	case FOUND:
		break;
	}
	if (s->text == SECTION_FIELDS || s->text == SECTION_FIELDS_NOT) {
		buf_clear(&f->text);
		section_fields(&f->text, s, place.header);
		f->source = (struct fetch_source){ 0 };
		announce(f, item, f->text.len);
		f->source.at = f->source.skip;
		return true;
	}
	f->source = (struct fetch_source){
		.from_file = true, .at = place.at, .unread = place.len,
	};
	announce(f, item, place.crlf);
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
	case FETCH_SECTION:
		return begin_section(f, item);
	}
	return false;
}

/* ---- Sending ---- */

static void send_text(struct fetch_job *f)
{
	struct fetch_source *src = &f->source;
	struct slice all = slice_from(buf_slice(&f->text), src->at);
	struct slice piece = slice_head(all, src->left < PIECE ? src->left : PIECE);

	buf_add(&f->out, piece);
	src->at += piece.len;
	src->left -= piece.len;
}

/* Over the octets in front of a partial, without making them. */
static bool skip_piece(struct fetch_source *src, struct slice piece)
{
	struct crlf_form form = src->form;
	uint64_t octets;

	if (!src->skip)
		return false;
	octets = crlf_form_count(&form, piece);
	if (octets > src->skip)
		return false;
	src->form = form;
	src->skip -= octets;
	return true;
}

static void add_piece(struct fetch_job *f, struct slice piece)
{
	struct fetch_source *src = &f->source;
	struct buf *out = &f->out;
	size_t from = out->len, octets;

	section_wire(&src->form, out, piece);
	octets = out->len - from;
	if (src->skip) {
		size_t drop = src->skip < octets ? src->skip : octets;

		octets -= drop;
		memmove(out->data + from, out->data + from + drop, octets);
		src->skip -= drop;
	}
	if (octets > src->left)
		octets = src->left;
	out->len = from + octets;
	src->left -= octets;
}

static void send_file(struct fetch_job *f)
{
	struct fetch_source *src = &f->source;
	char bytes[PIECE];
	ssize_t n;

	n = reader_read(f->reader, src->at, bytes, src->unread < PIECE ? src->unread : PIECE);
	if (n <= 0) {
		f->broken = true;
		return;
	}
	src->at += (uint64_t)n;
	src->unread -= (uint64_t)n;
	if (!skip_piece(src, slice_make(bytes, (size_t)n)))
		add_piece(f, slice_make(bytes, (size_t)n));
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
		if (f->source.from_file)
			send_file(f);
		else
			send_text(f);
		f->sending = f->source.left > 0;
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
