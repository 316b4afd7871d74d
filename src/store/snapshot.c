/*
 * Snapshots: a flat array, copied whole when a folder changes.  A hundred thousand
 * messages are under five megabytes, which is copied in about a millisecond, on
 * the mail lane; and whoever reads one needs no lock and no patience.
 */
#include "snapshot_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct snapshot *snapshot_new(const struct record *records, uint32_t count,
			      struct names *names, const struct keywords *keywords)
{
	struct snapshot *s = mem_alloc(sizeof(*s));

	s->refs = 1;
	s->count = count;
	s->names = names_hold(names);
	s->view = names_now(names);
	s->keywords = keywords;
	if (count > 0) {
		s->records = mem_grow(NULL, count, sizeof(*s->records));
		memcpy(s->records, records, count * sizeof(*s->records));
	}
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
	free(mine->records);
	free(mine);
}

uint32_t snapshot_count(const struct snapshot *s)
{
	return s->count;
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

const struct record *snapshot_record(const struct snapshot *s, uint32_t seq)
{
	assert(seq >= 1 && seq <= s->count);
	return &s->records[seq - 1];
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

uint32_t records_find(const struct record *records, uint32_t count, uint32_t uid)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (records[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t snapshot_seq_from(const struct snapshot *s, uint32_t uid)
{
	return records_find(s->records, s->count, uid) + 1;
}

uint32_t snapshot_seq(const struct snapshot *s, uint32_t uid)
{
	uint32_t at = records_find(s->records, s->count, uid);

	return at < s->count && s->records[at].uid == uid ? at + 1 : 0;
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
	uint32_t i = 0, j = 0;

	while (i < from->count || j < to->count) {
		const struct record *old = i < from->count ? &from->records[i] : NULL;
		const struct record *new = j < to->count ? &to->records[j] : NULL;

		if (!new || (old && old->uid < new->uid)) {
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

static uint32_t count_gone(const struct snapshot *from, const struct snapshot *to)
{
	uint32_t gone = 0;

	for (uint32_t i = 0, j = 0; i < from->count; i++) {
		while (j < to->count && to->records[j].uid < from->records[i].uid)
			j++;
		if (j == to->count || to->records[j].uid != from->records[i].uid)
			gone++;
	}
	return gone;
}

const struct snapshot *snapshot_without_expunges(const struct snapshot *from,
						 const struct snapshot *to)
{
	uint32_t gone = count_gone(from, to), i = 0, j = 0;
	struct snapshot *s;

	if (gone == 0)
		return snapshot_hold(to);
	s = snapshot_new(NULL, 0, to->names, to->keywords);
	s->uid_validity = to->uid_validity;
	s->uid_next = to->uid_next;
	s->modseq = to->modseq;
	s->view = to->view;
	s->all_keywords = to->all_keywords;
	s->all_count = to->all_count;
	s->records = mem_grow(NULL, (size_t)to->count + gone, sizeof(*s->records));
	while (i < from->count || j < to->count) {
		bool keeps = j == to->count ||
			     (i < from->count && from->records[i].uid < to->records[j].uid);

		if (!keeps && i < from->count && from->records[i].uid == to->records[j].uid)
			i++;
		s->records[s->count] = keeps ? from->records[i++] : to->records[j++];
		/* Its name may lie in other names than these, and the file is no more. */
		if (keeps)
			s->records[s->count].name = 0;
		s->count++;
	}
	assert(s->count == to->count + gone);
	return s;
}
