/*
 * A folder's messages in memory: by UID, and a hash of base names that finds the
 * UID of a file.  The hash holds UIDs, not places, so that taking messages out
 * moves nothing in it; a UID that is no more is passed over.  It is made when the
 * first file is looked for: most folders are opened, read and closed without.
 */
#include "table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

enum { SLOTS_FIRST = 64, WASTE_MIN = 256 * 1024 };

void table_init_names(struct table *t, struct names *names)
{
	memset(t, 0, sizeof(*t));
	t->names = names;
}

void table_init(struct table *t)
{
	table_init_names(t, names_new());
}

void table_release(struct table *t)
{
	records_release(&t->records);
	free(t->slot);
	names_drop(t->names);
	memset(t, 0, sizeof(*t));
}

const struct record *table_uid(const struct table *t, uint32_t uid)
{
	uint32_t at = records_find(&t->records, uid);
	const struct record *r = at < t->records.count ? records_at(&t->records, at) : NULL;

	return r && r->uid == uid && r->name ? r : NULL;
}

struct record *table_own(struct table *t, const struct record *r)
{
	return records_own(&t->records, records_find(&t->records, r->uid));
}

const char *table_name(const struct table *t, const struct record *r)
{
	return names_at(names_now(t->names), r->name);
}

static uint32_t first_slot(const struct table *t, const char *base, size_t len)
{
	return (uint32_t)hash_keyed(slice_make(base, len)) & (t->slots - 1);
}

static void put_slot(struct table *t, const struct record *r)
{
	const char *name = table_name(t, r);
	uint32_t at = first_slot(t, name, file_base_len(name));

	while (t->slot[at])
		at = (at + 1) & (t->slots - 1);
	t->slot[at] = r->uid;
	t->used++;
}

static void rebuild_slots(struct table *t)
{
	t->slots = SLOTS_FIRST;
	while (t->slots / 2 <= t->records.count)
		t->slots *= 2;
	t->used = 0;
	free(t->slot);
	t->slot = mem_array(t->slots, sizeof(*t->slot));
	for (uint32_t i = 0; i < t->records.count; i++) {
		const struct record *r = records_at(&t->records, i);

		if (r->name)
			put_slot(t, r);
	}
}

bool table_file_at(struct table *t, const char *base, size_t len, uint32_t *at)
{
	if (!t->slot)
		rebuild_slots(t);
	for (uint32_t slot = first_slot(t, base, len); t->slot[slot];
	     slot = (slot + 1) & (t->slots - 1)) {
		uint32_t uid = t->slot[slot], i = records_find(&t->records, uid);
		const struct record *r = i < t->records.count ? records_at(&t->records, i) : NULL;
		const char *name = r && r->uid == uid ? table_name(t, r) : "";

		if (file_base_len(name) == len && memcmp(name, base, len) == 0) {
			*at = i;
			return len > 0;
		}
	}
	return false;
}

const struct record *table_file(struct table *t, const char *base, size_t len)
{
	uint32_t at;

	return table_file_at(t, base, len, &at) ? records_at(&t->records, at) : NULL;
}

static void add_to_all(struct table *t, const char *name)
{
	if (t->all_count == t->all_cap) {
		const char **more;

		t->all_cap = t->all_cap ? t->all_cap * 2 : 8;
		more = names_array(t->names, t->all_cap);
		if (t->all_count)
			memcpy(more, t->all, t->all_count * sizeof(*more));
		t->all = more;
	}
	t->all[t->all_count++] = name;
}

void table_note_keywords(struct table *t, const struct keywords *k, unsigned set)
{
	const struct keyword_set *s = keywords_set(k, set);

	for (size_t i = 0; i < s->count; i++) {
		uint8_t *byte = &t->has_keyword[s->ids[i] / 8];
		uint8_t bit = (uint8_t)(1u << s->ids[i] % 8);

		if (!(*byte & bit))
			add_to_all(t, s->names[i]);
		*byte |= bit;
	}
}

struct record *table_add(struct table *t, const struct record *r, const char *name,
			 const struct keywords *k)
{
	const struct records *all = &t->records;
	struct record *added;

	assert(all->count == 0 || records_at(all, all->count - 1)->uid < r->uid);
	added = records_add(&t->records, r);
	added->name = names_add(t->names, name);
	assert(added->name);
	if (t->slot && t->used >= t->slots / 2)
		rebuild_slots(t);
	else if (t->slot)
		put_slot(t, added);
	table_note_keywords(t, k, r->keywords);
	return added;
}

void table_rename(struct table *t, struct record *r, const char *name)
{
	const char *old = table_name(t, r);

	if (strcmp(old, name) == 0)
		return;
	assert(file_base_len(old) == file_base_len(name));
	t->wasted += strlen(old) + 1;
	r->name = names_add(t->names, name);
}

void table_remove(struct table *t, const struct record *r)
{
	t->wasted += strlen(table_name(t, r)) + 1;
	if (!t->removed_first || r->uid < t->removed_first)
		t->removed_first = r->uid;
	if (r->uid > t->removed_last)
		t->removed_last = r->uid;
	table_own(t, r)->name = 0;
}

void table_sweep(struct table *t)
{
	if (!t->removed_first)
		return;
	records_sweep(&t->records, t->removed_first, t->removed_last);
	t->removed_first = t->removed_last = 0;
	/* Too many dead slots make every search long. */
	if (t->slot && t->used > t->records.count + t->slots / 4)
		rebuild_slots(t);
}

/* Fresh names for every record: the old ones end with the last old snapshot. */
static void compact_names(struct table *t)
{
	struct names *old = t->names;
	names_view view = names_now(old);
	const char **all = t->all;
	size_t all_count = t->all_count;

	t->names = names_new();
	for (uint32_t i = 0; i < t->records.count; i++) {
		struct record *r = records_own(&t->records, i);

		r->name = names_add(t->names, names_at(view, r->name));
	}
	t->all = NULL;
	t->all_count = t->all_cap = 0;
	for (size_t i = 0; i < all_count; i++)
		add_to_all(t, all[i]);
	t->wasted = 0;
	names_drop(old);
}

bool table_is_wasteful(const struct table *t)
{
	return t->wasted > WASTE_MIN && t->wasted > names_bytes(t->names) / 2;
}

struct snapshot *table_snapshot(struct table *t, const struct keywords *k)
{
	struct snapshot *s;

	if (table_is_wasteful(t))
		compact_names(t);
	s = snapshot_new(&t->records, t->names, k);
	s->all_keywords = t->all;
	s->all_count = t->all_count;
	return s;
}
