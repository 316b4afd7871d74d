/*
 * A million numbers are seven megabytes, so they are written in pieces, each when
 * the client has read the one before.  In ESEARCH runs of numbers become ranges;
 * runs of UIDs do only where no number is left out, so that a client may count
 * them; and in a sorted list only those that go up (RFC 5267 3.2).
 */
#include "search_result.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
	PIECE = 32 * 1024,
	NUMBER_MAX = 24,                 /* a comma, two numbers of ten digits, a colon */
	/* A mailbox name (4 KiB as a literal), a tag, four numbers. */
	HEAD_MAX = 64 * 1024,
};

static uint32_t number(const struct search_result *r, size_t at)
{
	return r->uid ? snapshot_uid(r->view, r->found[at]) : r->found[at];
}

/* ---- What is returned: what SAVE keeps, and what MODSEQ is the highest of ---- */

/* A part of `found`; MIN and MAX may lie outside it. */
struct returned {
	size_t begin, end;
	bool first, last;
};

static struct returned returned(const struct search_result *r)
{
	const unsigned options = r->ret->options;
	struct returned is = { 0, r->count, false, false };

	/* RFC 5182 2.4, RFC 9394 3.2: with ALL or COUNT, and with none, it is all. */
	if (options & (SEARCH_RETURN_ALL | SEARCH_RETURN_COUNT) ||
	    !(options & (SEARCH_RETURN_MIN | SEARCH_RETURN_MAX | SEARCH_RETURN_PARTIAL)))
		return is;
	is.end = 0;
	if (options & SEARCH_RETURN_PARTIAL)
		partial_range_of(&r->ret->partial, r->count, &is.begin, &is.end);
	is.first = r->count && options & SEARCH_RETURN_MIN;
	is.last = r->count && options & SEARCH_RETURN_MAX;
	return is;
}

static void raise_to(const struct search_result *r, size_t at, uint64_t *highest)
{
	uint64_t modseq = snapshot_message(r->view, r->found[at]).modseq;

	if (modseq > *highest)
		*highest = modseq;
}

static uint64_t highest_modseq(const struct search_result *r)
{
	struct returned is = returned(r);
	uint64_t highest = 0;

	for (size_t at = is.begin; at < is.end; at++)
		raise_to(r, at, &highest);
	if (is.first)
		raise_to(r, 0, &highest);
	if (is.last)
		raise_to(r, r->count - 1, &highest);
	return highest;
}

/* A sorted list in the order of the mailbox: by marks, for a sort of a million
 * numbers would hold up the loop. */
static void save_sorted(const struct search_result *r, struct returned is, struct uid_set *saved)
{
	uint32_t count = snapshot_count(r->view);
	unsigned char *marks = mem_array((size_t)count + 1, sizeof(*marks));

	for (size_t at = is.begin; at < is.end; at++)
		marks[r->found[at]] = 1;
	for (uint32_t seq = 1; seq <= count; seq++) {
		uint32_t uid = snapshot_uid(r->view, seq);

		if (marks[seq])
			uid_set_add(saved, uid, uid);
	}
	free(marks);
}

static void save_one(const struct search_result *r, size_t at, struct uid_set *saved)
{
	uint32_t uid = snapshot_uid(r->view, r->found[at]);

	uid_set_add(saved, uid, uid);
}

bool search_result_save(const struct search_result *r, struct imap_session *s)
{
	size_t most = s->server->saved_ranges_max ? s->server->saved_ranges_max :
						    IMAP_SAVED_RANGES_MAX;
	struct returned is = returned(r);

	uid_set_release(&s->saved);
	if (r->sorted)
		save_sorted(r, is, &s->saved);
	for (size_t at = is.begin; at < is.end && !r->sorted; at++)
		save_one(r, at, &s->saved);
	if (is.first)
		save_one(r, 0, &s->saved);
	if (is.last)
		save_one(r, r->count - 1, &s->saved);
	if (s->saved.count <= most)
		return true;
	uid_set_release(&s->saved);
	return false;
}

/* ---- Writing ---- */

static void begin_plain(struct search_result *r, struct buf *out)
{
	buf_printf(out, "* %s", r->word);
	r->end = r->count;
}

static void add_partial(struct search_result *r, struct buf *out)
{
	const struct partial_range *p = &r->ret->partial;
	const char *sign = p->from_end ? "-" : "";

	partial_range_of(p, r->count, &r->at, &r->end);
	buf_printf(out, " PARTIAL (%s%u:%s%u ", sign, p->from, sign, p->to);
	if (r->at == r->end)
		buf_add_text(out, "NIL");
}

static void begin_extended(struct search_result *r, struct imap_session *s, struct buf *out)
{
	const unsigned options = r->ret->options;

	buf_printf(out, "* ESEARCH (TAG \"%s\"", r->tag);
	if (r->mailbox) {
		buf_add_text(out, " MAILBOX ");
		imap_mailbox_text(out, s, r->mailbox);
		buf_printf(out, " UIDVALIDITY %u", snapshot_uid_validity(r->view));
	}
	buf_add_text(out, r->uid ? ") UID" : ")");
	/* RFC 4731 3.1: MIN, MAX and ALL only of what there is. */
	if (options & SEARCH_RETURN_MIN && r->count)
		buf_printf(out, " MIN %u", number(r, 0));
	if (options & SEARCH_RETURN_MAX && r->count)
		buf_printf(out, " MAX %u", number(r, r->count - 1));
	if (options & SEARCH_RETURN_COUNT)
		buf_printf(out, " COUNT %zu", r->count);
	if (options & SEARCH_RETURN_ALL && r->count) {
		buf_add_text(out, " ALL ");
		r->end = r->count;
	} else if (options & SEARCH_RETURN_PARTIAL) {
		add_partial(r, out);
	}
}

/* One number or one range of the list. */
static void add_next(struct search_result *r, struct buf *out, bool first)
{
	uint32_t from = number(r, r->at++), to = from;

	if (!r->ret->extended) {
		buf_printf(out, " %u", from);
		return;
	}
	while (r->at < r->end && number(r, r->at) == to + 1) {
		r->at++;
		to++;
	}
	buf_printf(out, "%s%u", first ? "" : ",", from);
	if (to > from)
		buf_printf(out, ":%u", to);
}

static void add_end(const struct search_result *r, struct buf *out)
{
	uint64_t modseq = r->modseq ? highest_modseq(r) : 0;
	unsigned long long shown = modseq;

	if (r->ret->extended && r->ret->options & SEARCH_RETURN_PARTIAL)
		buf_add_byte(out, ')');
	if (modseq)
		buf_printf(out, r->ret->extended ? " MODSEQ %llu" : " (MODSEQ %llu)", shown);
	buf_add_text(out, "\r\n");
}

bool search_result_write(struct search_result *r, struct imap_session *s)
{
	bool first = !r->begun, done;
	struct buf out;

	/* RFC 5182 1: SAVE alone says nothing. */
	if ((r->ret->options & ~(unsigned)SEARCH_RETURN_CONTEXT) == SEARCH_RETURN_SAVE)
		return true;
	buf_init(&out, PIECE + HEAD_MAX);
	if (first && r->ret->extended)
		begin_extended(r, s, &out);
	else if (first)
		begin_plain(r, &out);
	r->begun = true;
	while (r->at < r->end && out.len + NUMBER_MAX < PIECE) {
		add_next(r, &out, first);
		first = false;
	}
	done = r->at >= r->end;
	if (done)
		add_end(r, &out);
	imap_write(s, buf_slice(&out));
	buf_release(&out);
	s->in_response = !done;
	return done;
}
