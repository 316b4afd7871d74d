#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/net/loop_private.h"
#include "base/clock.h"
#include "base/list.h"

enum { MANY = 500 };

struct bell {
	struct timer t;
	struct loop *loop;
	uint64_t due;
	int rung;
	struct bell *clears;
	bool again;
};

static struct loop *loop;
static uint64_t last_due;

static void ring(struct timer *t)
{
	struct bell *b = container_of(t, struct bell, t);

	assert_false(timer_is_set(t));
	assert_true(clock_mono_ms() >= t->due_ms);
	assert_true(t->due_ms >= last_due);
	last_due = t->due_ms;
	b->rung++;
	if (b->clears)
		timer_clear(b->loop, &b->clears->t);
	if (b->again)
		timer_set(b->loop, t, 0);
}

static struct bell bell(void)
{
	return (struct bell){ .t.fire = ring, .loop = loop };
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	last_due = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void assert_heap(void)
{
	for (size_t i = 1; i <= loop->heap_len; i++) {
		assert_int_equal(loop->heap[i]->heap_at, i);
		if (i > 1)
			assert_true(loop->heap[i / 2]->due_ms <= loop->heap[i]->due_ms);
	}
}

static void wait_for(struct bell *b)
{
	while (!b->rung)
		loop_turn(loop, 10000);
}

static void test_fires_once_and_not_early(void **state)
{
	struct bell b = bell();
	uint64_t began = clock_mono_ms();

	(void)state;
	timer_set(loop, &b.t, 15);
	assert_true(timer_is_set(&b.t));
	wait_for(&b);
	assert_true(clock_mono_ms() >= began + 15);
	assert_true(clock_mono_ms() < began + 10000);
	loop_turn(loop, 0);
	assert_int_equal(b.rung, 1);
}

static void test_set_again_moves(void **state)
{
	struct bell b = bell(), other = bell();

	(void)state;
	timer_set(loop, &b.t, 0);
	timer_set(loop, &b.t, 3600000);
	timer_set(loop, &other.t, 2);
	assert_int_equal(loop->heap_len, 2);
	wait_for(&other);
	assert_int_equal(b.rung, 0);
	timer_set(loop, &b.t, 0);
	wait_for(&b);
	assert_int_equal(loop->heap_len, 0);
}

static void test_clear(void **state)
{
	struct bell b = bell(), other = bell();

	(void)state;
	timer_clear(loop, &b.t);
	timer_set(loop, &b.t, 0);
	timer_clear(loop, &b.t);
	timer_clear(loop, &b.t);
	assert_false(timer_is_set(&b.t));
	timer_set(loop, &other.t, 2);
	wait_for(&other);
	assert_int_equal(b.rung, 0);
}

/* Two are due in one turn; the first clears the second. */
static void test_cleared_by_another_that_fires(void **state)
{
	struct bell first = bell(), second = bell();

	(void)state;
	first.clears = &second;
	timer_set(loop, &second.t, 1);
	timer_set(loop, &first.t, 0);
	while (clock_mono_ms() <= second.t.due_ms)
		;
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	assert_int_equal(first.rung, 1);
	assert_int_equal(second.rung, 0);
	assert_int_equal(loop->heap_len, 0);
}

static void test_no_delay_in_fire_is_the_next_turn(void **state)
{
	struct bell b = bell();

	(void)state;
	b.again = true;
	timer_set(loop, &b.t, 0);
	for (int turns = 1; turns <= 5; turns++) {
		loop_turn(loop, 10000);
		assert_true(b.rung <= turns);
	}
	assert_true(b.rung >= 2);
	timer_clear(loop, &b.t);
}

static void test_for_ever_does_not_wrap_round(void **state)
{
	static const uint64_t delays[] = { UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2,
					   (uint64_t)INT32_MAX * 4 };

	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		struct bell b = bell();

		timer_set(loop, &b.t, delays[i]);
		loop_turn(loop, 1);
		assert_int_equal(b.rung, 0);
		assert_int_equal(timers_wait_ms(loop, 77), 77);
		timer_clear(loop, &b.t);
	}
}

static uint32_t dice(void)
{
	static uint32_t seed = 20261120;

	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static void test_many_set_moved_and_cleared(void **state)
{
	static struct bell b[MANY];
	size_t set = 0;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		b[i] = bell();
	for (int step = 0; step < 5000; step++) {
		struct bell *one = &b[dice() % MANY];

		if (dice() % 3)
			timer_set(loop, &one->t, dice() % 100000);
		else
			timer_clear(loop, &one->t);
		if (step % 50 == 0)
			assert_heap();
	}
	for (size_t i = 0; i < MANY; i++)
		set += timer_is_set(&b[i].t);
	assert_heap();
	assert_int_equal(loop->heap_len, set);

	/* As if all of it had passed, in one turn. */
	for (size_t i = 1; i <= loop->heap_len; i++)
		loop->heap[i]->due_ms -= loop->heap[i]->due_ms > 100000 ? 100000 : 0;
	assert_heap();
	loop_turn(loop, 0);
	assert_int_equal(loop->heap_len, 0);
	for (size_t i = 0; i < MANY; i++) {
		set -= (size_t)b[i].rung;
		assert_false(timer_is_set(&b[i].t));
	}
	assert_int_equal(set, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fires_once_and_not_early),
		TEST(test_set_again_moves),
		TEST(test_clear),
		TEST(test_cleared_by_another_that_fires),
		TEST(test_no_delay_in_fire_is_the_next_turn),
		TEST(test_for_ever_does_not_wrap_round),
		TEST(test_many_set_moved_and_cleared),
	};

	alarm(60);               /* a timer that never fires is a failure */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
