/*
 * Snapshots: a folder's records at one moment, which nobody changes any more; whoever
 * reads one needs no lock and no patience.  How they share what is equal, and why
 * that makes them cheap: records.c.
 */
#include "snapshot_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct snapshot *make(struct names *names, names_view view,
			     const struct keywords *keywords)
{
	struct snapshot *s = mem_alloc(sizeof(*s));

	s->refs = 1;
	s->names = names_hold(names);
	s->view = view;
	s->keywords = keywords;
	return s;
}

struct snapshot *snapshot_new(const struct records *records, struct names *names,
			      const struct keywords *keywords)
{
	struct snapshot *s = make(names, names_now(names), keywords);

	records_share(&s->records, records);
	return s;
}

/* Holders promise to change nothing but the count, so const is what they get. */
static struct snapshot *own(const struct snapshot *s)
{
	return (struct snapshot *)(uintptr_t)s;
}

const struct snapshot *snapshot_hold(const struct snapshot *s)
{
	own(s)->refs++;
	return s;
}

void snapshot_drop(const struct snapshot *s)
{
	struct snapshot *mine = own(s);

	if (!mine || --mine->refs > 0)
		return;
	names_drop(mine->names);
	records_release(&mine->records);
	free(mine);
}

uint32_t snapshot_count(const struct snapshot *s)
{
	return s->records.count;
}

uint32_t snapshot_uid_validity(const struct snapshot *s)
{
	return s->uid_validity;
}

uint32_t snapshot_uid_next(const struct snapshot *s)
{
	return s->uid_next;
}

uint64_t snapshot_modseq(const struct snapshot *s)
{
	return s->modseq;
}

uint32_t snapshot_unseen(const struct snapshot *s)
{
	return s->unseen;
}

const struct record *snapshot_record(const struct snapshot *s, uint32_t seq)
{
	assert(seq >= 1 && seq <= s->records.count);
	return records_at(&s->records, seq - 1);
}

const char *snapshot_file(const struct snapshot *s, const struct record *r)
{
	return names_at(s->view, r->name);
}

struct message_info snapshot_message(const struct snapshot *s, uint32_t seq)
{
	const struct record *r = snapshot_record(s, seq);

	return (struct message_info){
		.uid = r->uid, .flags = r->flags, .keywords = r->keywords,
		.modseq = r->modseq, .size = r->size,
		.received = r->received, .saved = r->saved,
	};
}

uint32_t snapshot_uid(const struct snapshot *s, uint32_t seq)
{
	return snapshot_record(s, seq)->uid;
}

uint32_t snapshot_seq_from(const struct snapshot *s, uint32_t uid)
{
	return records_find(&s->records, uid) + 1;
}

uint32_t snapshot_seq(const struct snapshot *s, uint32_t uid)
{
	uint32_t at = records_find(&s->records, uid);

	return at < s->records.count && records_at(&s->records, at)->uid == uid ? at + 1 : 0;
}

size_t snapshot_keywords(const struct snapshot *s, unsigned keywords,
			 const char *const **names)
{
	const struct keyword_set *set = keywords_set(s->keywords, keywords);

	*names = set->names;
	return set->count;
}

size_t snapshot_all_keywords(const struct snapshot *s, const char *const **names)
{
	*names = s->all_keywords;
	return s->all_count;
}

static bool looks_different(const struct record *a, const struct record *b)
{
	return a->flags != b->flags || a->keywords != b->keywords || a->modseq != b->modseq;
}

void snapshot_diff(const struct snapshot *from, const struct snapshot *to,
		   snapshot_diff_fn *fn, void *ctx)
{
	const struct records *a = &from->records, *b = &to->records;
	uint32_t i = 0, j = 0;

	while (i < a->count || j < b->count) {
		uint32_t same = i < a->count && j < b->count ? records_same(a, i, b, j) : 0;
		const struct record *old = i < a->count ? records_at(a, i) : NULL;
		const struct record *new = j < b->count ? records_at(b, j) : NULL;

		if (same) {
			i += same;
			j += same;
		} else if (!new || (old && old->uid < new->uid)) {
			fn(ctx, SNAPSHOT_GONE, ++i, old->uid);
		} else if (!old || new->uid < old->uid) {
			fn(ctx, SNAPSHOT_ADDED, ++j, new->uid);
		} else {
			i++;
			j++;
			if (looks_different(old, new))
				fn(ctx, SNAPSHOT_CHANGED, j, new->uid);
		}
	}
}

static void count_gone(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	uint32_t *gone = ctx;

	(void)seq;
	(void)uid;
	*gone += what == SNAPSHOT_GONE;
}

/* Its name may lie in other names than these, and the file is no more. */
static void add_gone(struct records *r, const struct record *gone)
{
	records_add(r, gone)->name = 0;
}

static void merge(struct records *out, const struct records *from, const struct records *to)
{
	uint32_t i = 0, j = 0;

	while (i < from->count || j < to->count) {
		const struct record *old = i < from->count ? records_at(from, i) : NULL;
		const struct record *new = j < to->count ? records_at(to, j) : NULL;
		uint32_t same = old && new ? records_same(from, i, to, j) : 0;

		if (same) {
			records_add_same(out, to, j, same);
			i += same;
			j += same;
		} else if (!new || (old && old->uid < new->uid)) {
			add_gone(out, old);
			i++;
		} else {
			i += old && old->uid == new->uid;
			records_add(out, new);
			j++;
		}
	}
}

const struct snapshot *snapshot_without_expunges(const struct snapshot *from,
						 const struct snapshot *to)
{
	struct snapshot *s;
	uint32_t gone = 0;

	snapshot_diff(from, to, count_gone, &gone);
	if (gone == 0)
		return snapshot_hold(to);
	/* The names themselves are the mail lane's, which adds to them meanwhile. */
	s = make(to->names, to->view, to->keywords);
	s->uid_validity = to->uid_validity;
	s->uid_next = to->uid_next;
	s->modseq = to->modseq;
	s->unseen = to->unseen;
	s->all_keywords = to->all_keywords;
	s->all_count = to->all_count;
	merge(&s->records, &from->records, &to->records);
	assert(s->records.count == to->records.count + gone);
	return s;
}
