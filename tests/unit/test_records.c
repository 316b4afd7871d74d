/* Records in chunks that are shared: against a plain array, through every change. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/store/snapshot_private.h"

enum { MOST = 6000, ROUNDS = 400 };

struct model {
	uint32_t count;
	struct record at[MOST];
};

static void check(const struct records *r, const struct model *m)
{
	uint32_t at = 0;

	assert_int_equal(r->count, m->count);
	for (uint32_t i = 0; i < m->count; i++)
		assert_memory_equal(records_at(r, i), &m->at[i], sizeof(m->at[i]));
	while (at < m->count) {
		const struct record *first;
		uint32_t run = records_run(r, at, &first);

		assert_memory_equal(first, &m->at[at], run * sizeof(*first));
		at += run;
	}
	for (uint32_t i = 0; i < m->count; i += 37) {
		assert_int_equal(records_find(r, m->at[i].uid), i);
		assert_int_equal(records_find(r, m->at[i].uid + 1), i + 1);
	}
	assert_int_equal(records_find(r, UINT32_MAX), m->count);
	assert_int_equal(records_find(r, 0), 0);
}

static void add_some(struct records *r, struct model *m, uint32_t *uid, uint32_t count)
{
	for (; count > 0 && m->count < MOST; count--) {
		struct record add = { .uid = *uid, .name = 1, .modseq = *uid };

		*uid += 2;
		records_add(r, &add);
		m->at[m->count++] = add;
	}
}

static void remove_some(struct records *r, struct model *m, uint32_t from, uint32_t count)
{
	uint32_t kept = 0, first, last;

	if (from >= m->count)
		return;
	if (count > m->count - from)
		count = m->count - from;
	if (count == 0)
		return;
	first = m->at[from].uid;
	last = m->at[from + count - 1].uid;
	for (uint32_t i = from; i < from + count; i++) {
		records_own(r, i)->name = 0;
		m->at[i].name = 0;
	}
	records_sweep(r, first, last);
	for (uint32_t i = 0; i < m->count; i++) {
		if (m->at[i].name)
			m->at[kept++] = m->at[i];
	}
	m->count = kept;
}

/* What was shared stays as it was, whatever becomes of the table. */
static void like_an_array(void **state)
{
	struct model *m = calloc(1, sizeof(*m)), *was = calloc(1, sizeof(*was));
	struct records r, shared;
	uint32_t uid = 1;

	(void)state;
	assert_true(m && was);
	srand(7);
	records_init(&r);
	records_init(&shared);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t any = (uint32_t)rand();

		switch (any % 5) {
		case 0: add_some(&r, m, &uid, 1); break;
		case 1: add_some(&r, m, &uid, any / 8 % 1500); break;
		case 2: remove_some(&r, m, any / 8 % MOST, 1 + any / 64 % 3); break;
		case 3: remove_some(&r, m, any / 8 % MOST, any / 64 % 700); break;
		default:
			if (m->count > 0) {
				records_own(&r, any / 8 % m->count)->modseq++;
				m->at[any / 8 % m->count].modseq++;
			}
		}
		check(&r, m);
		check(&shared, was);
		if (round % 3 == 0) {
			records_release(&shared);
			records_share(&shared, &r);
			*was = *m;
		}
	}
	records_release(&r);
	check(&shared, was);
	records_release(&shared);
	free(m);
	free(was);
}

static void few_parts_stay(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	struct records r;
	uint32_t uid = 1;

	(void)state;
	assert_non_null(m);
	records_init(&r);
	add_some(&r, m, &uid, MOST);
	for (uint32_t i = 0; i + 1 < m->count; i++)
		remove_some(&r, m, i, 60);
	check(&r, m);
	assert_true(r.parts <= 2);
	records_release(&r);
	free(m);
}

static struct snapshot *snapshot_of(const struct records *r, struct names *names,
				    const struct keywords *k)
{
	struct snapshot *s = snapshot_new(r, names, k);

	s->uid_next = r->count ? records_at(r, r->count - 1)->uid + 1 : 1;
	return s;
}

struct seen { unsigned what[3]; };

static void see(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid)
{
	struct seen *seen = ctx;

	(void)seq;
	(void)uid;
	seen->what[what]++;
}

static void large_differences(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	struct keywords *k = keywords_new();
	struct names *names = names_new();
	const struct snapshot *from, *to, *held;
	struct seen seen = { { 0 } };
	struct records r;
	uint32_t uid = 1;

	(void)state;
	assert_non_null(m);
	records_init(&r);
	add_some(&r, m, &uid, 5000);
	from = snapshot_of(&r, names, k);
	remove_some(&r, m, 2000, 1500);
	remove_some(&r, m, 100, 1);
	records_own(&r, 3000)->flags = MESSAGE_SEEN;
	add_some(&r, m, &uid, 10);
	to = snapshot_of(&r, names, k);
	/* In the tail's room, behind what both know. */
	add_some(&r, m, &uid, 5);
	snapshot_diff(from, to, see, &seen);
	assert_int_equal(seen.what[SNAPSHOT_GONE], 1501);
	assert_int_equal(seen.what[SNAPSHOT_CHANGED], 1);
	assert_int_equal(seen.what[SNAPSHOT_ADDED], 10);
	held = snapshot_without_expunges(from, to);
	assert_int_equal(snapshot_count(held), 5010);
	for (uint32_t seq = 1; seq <= 5010; seq++) {
		bool gone = (seq > 2000 && seq <= 3500) || seq == 101;

		assert_int_equal(snapshot_uid(held, seq), seq * 2 - 1);
		assert_int_equal(snapshot_record(held, seq)->name != 0, !gone);
	}
	snapshot_drop(from);
	snapshot_drop(to);
	snapshot_drop(held);
	records_release(&r);
	names_drop(names);
	keywords_free(k);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_an_array),
		cmocka_unit_test(few_parts_stay),
		cmocka_unit_test(large_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
