/*
 * The store's keyword names and sets of them.
 *
 * Readers on other threads look at sets while the mail lane makes new ones.
 * That needs no lock because nothing that was handed out ever moves: names and
 * sets lie in blocks that are only added to, and whoever holds a number got it
 * from a job that had ended, which is the barrier.
 */
#include "keyword.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

/* 65,536 combinations in use at once is beyond any mailbox we have heard of;
 * beyond it a change is refused. */
enum { BLOCK = 256, BLOCKS = 256, SETS_MAX = BLOCK * BLOCKS };

struct keywords {
	char *name[KEYWORD_NAMES_MAX];
	size_t name_count;
	struct keyword_set *block[BLOCKS];
	unsigned set_count;
	uint32_t *slot;                  /* set numbers by hash; 0: free */
	size_t slots;
};

struct keywords *keywords_new(void)
{
	struct keywords *k = mem_alloc(sizeof(*k));

	k->block[0] = mem_array(BLOCK, sizeof(*k->block[0]));
	k->set_count = 1;                /* the empty one */
	k->slots = 64;
	k->slot = mem_array(k->slots, sizeof(*k->slot));
	return k;
}

void keywords_free(struct keywords *k)
{
	if (!k)
		return;
	for (unsigned i = 1; i < k->set_count; i++) {
		struct keyword_set *set = &k->block[i / BLOCK][i % BLOCK];

		free((void *)(uintptr_t)set->ids);
		free((void *)(uintptr_t)set->names);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		free(k->block[i]);
	for (size_t i = 0; i < k->name_count; i++)
		free(k->name[i]);
	free(k->slot);
	free(k);
}

/* An atom, with "\" left out (RFC 3501 9: flag-keyword), and ASCII. */
static bool is_keyword(struct slice name)
{
	if (name.len == 0 || name.len > KEYWORD_LEN_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (c <= ' ' || c >= 0x7f || strchr("(){%*\"\\]", c))
			return false;
	}
	return true;
}

int keywords_id(struct keywords *k, struct slice name)
{
	for (size_t i = 0; i < k->name_count; i++) {
		if (slice_is_nocase(name, k->name[i]))
			return (int)i;
	}
	if (!is_keyword(name) || k->name_count == KEYWORD_NAMES_MAX)
		return -1;
	k->name[k->name_count] = mem_bytes(name.at, name.len);
	return (int)k->name_count++;
}

const char *keywords_name(const struct keywords *k, int id)
{
	assert(id >= 0 && (size_t)id < k->name_count);
	return k->name[id];
}

const struct keyword_set *keywords_set(const struct keywords *k, unsigned set)
{
	assert(set < SETS_MAX && k->block[set / BLOCK]);
	return &k->block[set / BLOCK][set % BLOCK];
}

static uint32_t *find_slot(const struct keywords *k, const uint16_t *ids, size_t count)
{
	struct slice key = slice_make((const char *)ids, count * sizeof(*ids));
	size_t at = (size_t)hash_keyed(key) & (k->slots - 1);

	while (k->slot[at]) {
		const struct keyword_set *set = keywords_set(k, k->slot[at]);

		if (set->count == count && memcmp(set->ids, ids, key.len) == 0)
			break;
		at = (at + 1) & (k->slots - 1);
	}
	return &k->slot[at];
}

static void grow_slots(struct keywords *k)
{
	k->slots *= 2;
	free(k->slot);
	k->slot = mem_array(k->slots, sizeof(*k->slot));
	for (unsigned i = 1; i < k->set_count; i++) {
		const struct keyword_set *set = keywords_set(k, i);

		*find_slot(k, set->ids, set->count) = i;
	}
}

bool keywords_intern(struct keywords *k, const uint16_t *ids, size_t count, unsigned *set)
{
	struct keyword_set *made;
	const char **names;
	uint16_t *copy;
	uint32_t *slot;

	*set = 0;
	if (count == 0)
		return true;
	slot = find_slot(k, ids, count);
	if (*slot) {
		*set = *slot;
		return true;
	}
	if (k->set_count == SETS_MAX)
		return false;
	if (!k->block[k->set_count / BLOCK])
		k->block[k->set_count / BLOCK] = mem_array(BLOCK, sizeof(*made));
	copy = mem_array(count, sizeof(*copy));
	names = mem_array(count, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		copy[i] = ids[i];
		names[i] = keywords_name(k, ids[i]);
	}
	made = &k->block[k->set_count / BLOCK][k->set_count % BLOCK];
	*made = (struct keyword_set){ count, copy, names };
	*slot = *set = k->set_count++;
	if (k->set_count > k->slots / 2)
		grow_slots(k);
	return true;
}

void keyword_list_of(const struct keywords *k, unsigned set, struct keyword_list *l)
{
	const struct keyword_set *s = keywords_set(k, set);

	l->count = s->count;
	if (s->count)
		memcpy(l->ids, s->ids, s->count * sizeof(*s->ids));
}

static size_t place_of(const struct keyword_list *l, int id)
{
	size_t at = 0;

	while (at < l->count && l->ids[at] < id)
		at++;
	return at;
}

bool keyword_list_has(const struct keyword_list *l, int id)
{
	size_t at = place_of(l, id);

	return at < l->count && l->ids[at] == id;
}

void keyword_list_add(struct keyword_list *l, int id)
{
	size_t at = place_of(l, id);

	if (id < 0 || (at < l->count && l->ids[at] == id))
		return;
	assert(l->count < KEYWORD_NAMES_MAX);
	memmove(l->ids + at + 1, l->ids + at, (l->count - at) * sizeof(*l->ids));
	l->ids[at] = (uint16_t)id;
	l->count++;
}

void keyword_list_remove(struct keyword_list *l, int id)
{
	size_t at = place_of(l, id);

	if (id < 0 || at == l->count || l->ids[at] != id)
		return;
	l->count--;
	memmove(l->ids + at, l->ids + at + 1, (l->count - at) * sizeof(*l->ids));
}

bool keywords_parse(struct keywords *k, struct slice text, unsigned *set)
{
	struct keyword_list l = { .count = 0 };
	struct slice name;

	while (text_next(&text, ' ', &name))
		keyword_list_add(&l, keywords_id(k, name));
	return keywords_intern(k, l.ids, l.count, set);
}

char *keywords_print(const struct keywords *k, unsigned set)
{
	const struct keyword_set *s = keywords_set(k, set);
	struct buf text;

	buf_init(&text, (size_t)KEYWORD_NAMES_MAX * (KEYWORD_LEN_MAX + 1));
	for (size_t i = 0; i < s->count; i++) {
		if (i > 0)
			buf_add_byte(&text, ' ');
		buf_add_text(&text, s->names[i]);
	}
	return buf_take_string(&text);
}
