#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "../support/calendar_rig.h"

static void test_many(void **state)
{
	enum { MANY = 3 * SET_BUCKETS };
	struct event *events;
	struct event **all;
	struct rig r;

	(void)state;
	rig_init(&r);
	events = arena_array(r.arena, MANY, sizeof(*events));
	for (int i = 0; i < MANY; i++) {
		char uid[20];

		snprintf(uid, sizeof(uid), "%06d", MANY - i);
		events[i].uid = arena_copy(r.arena, slice_of(uid));
		set_add(r.set, &events[i]);
	}
	all = set_sorted(r.set);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(all[i], &events[MANY - 1 - i]);
	for (int i = 0; i < MANY; i += 2)
		set_remove(r.set, &events[i]);
	set_remove(r.set, &events[0]);
	assert_int_equal(r.set->events, MANY / 2);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(set_first(r.set, events[i].uid), i % 2 ? &events[i] : NULL);
	rig_release(&r);
}

static void test_chain(void **state)
{
	struct event e[3] = { { .uid = SLICE("a") }, { .uid = SLICE("b") }, { .uid = SLICE("a") } };
	struct rig r;

	(void)state;
	rig_init(&r);
	for (int i = 0; i < 3; i++)
		set_add(r.set, &e[i]);
	assert_ptr_equal(set_first(r.set, SLICE("a")), &e[2]);
	assert_ptr_equal(set_next(&e[2]), &e[0]);
	assert_null(set_next(&e[0]));
	assert_null(set_next(&e[1]));
	rig_release(&r);
}

/* The oldest goes when there are too many; what is older than a year is not kept. */
static void test_tombstones(void **state)
{
	struct tombstone t = { .made = RIG_NOW - TOMBSTONE_SECONDS - 1 };
	struct rig r;

	(void)state;
	rig_init(&r);
	t.uid = SLICE("old");
	set_tombstone_add(r.set, &t);
	assert_int_equal(r.set->tombstone_count, 0);
	t.made = RIG_NOW;
	for (int i = 0; i < TOMBSTONES_MOST + 10; i++) {
		char uid[20];

		snprintf(uid, sizeof(uid), "%d", i);
		t.uid = slice_of(uid);
		set_tombstone_add(r.set, &t);
	}
	assert_int_equal(r.set->tombstone_count, TOMBSTONES_MOST);
	assert_null(set_tombstone(r.set, SLICE("9"), ""));
	assert_non_null(set_tombstone(r.set, SLICE("10"), ""));
	set_unbury(r.set, SLICE("10"), "");
	assert_null(set_tombstone(r.set, SLICE("10"), ""));
	assert_int_equal(r.set->tombstone_count, TOMBSTONES_MOST - 1);
	rig_release(&r);
}

static void test_bury(void **state)
{
	struct event e = { .uid = SLICE("a"), .sequence = 2, .stamp = "20240102T000000Z" };
	struct rig r;

	(void)state;
	rig_init(&r);
	set_bury(r.set, &e, "");
	e.sequence = 1;
	set_bury(r.set, &e, "");
	assert_int_equal(set_tombstone(r.set, SLICE("a"), "")->sequence, 2);
	e.sequence = 3;
	set_bury(r.set, &e, "");
	assert_int_equal(set_tombstone(r.set, SLICE("a"), "")->sequence, 3);
	assert_int_equal(r.set->tombstone_count, 1);
	set_bury(r.set, &e, "20240101");
	assert_int_equal(r.set->tombstone_count, 2);
	rig_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_tombstones),
		cmocka_unit_test(test_bury),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
