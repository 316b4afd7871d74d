/*
 * Timers in a binary heap, each knowing its own place in it: nearly every timer
 * of a mail daemon is an idle time-out that is moved a hundred times and never
 * fires, so moving and clearing must be cheap, and neither may allocate.
 */
#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop_private.h"

static void put(struct loop *loop, size_t at, struct timer *t)
{
	loop->heap[at] = t;
	t->heap_at = at;
}

/* `t` goes to the place `at`, or above it. */
static void sift_up(struct loop *loop, size_t at, struct timer *t)
{
	for (; at > 1 && loop->heap[at / 2]->due_ms > t->due_ms; at /= 2)
		put(loop, at, loop->heap[at / 2]);
	put(loop, at, t);
}

/* `t` goes to the place `at`, or below it. */
static void sift_down(struct loop *loop, size_t at, struct timer *t)
{
	for (;;) {
		size_t child = at * 2;

		if (child > loop->heap_len)
			break;
		if (child < loop->heap_len &&
		    loop->heap[child + 1]->due_ms < loop->heap[child]->due_ms)
			child++;
		if (loop->heap[child]->due_ms >= t->due_ms)
			break;
		put(loop, at, loop->heap[child]);
		at = child;
	}
	put(loop, at, t);
}

static void place(struct loop *loop, size_t at, struct timer *t)
{
	if (at > 1 && loop->heap[at / 2]->due_ms > t->due_ms)
		sift_up(loop, at, t);
	else
		sift_down(loop, at, t);
}

/* As many timers as there are objects that embed one: no ceiling of its own. */
static void make_room(struct loop *loop)
{
	if (loop->heap_len + 1 < loop->heap_cap)
		return;
	loop->heap_cap = loop->heap_cap ? loop->heap_cap * 2 : 64;
	loop->heap = mem_grow(loop->heap, loop->heap_cap, sizeof(*loop->heap));
}

/* Counted from the clock, not from loop_now_ms(): after a long turn, or before
 * the first, that would fire early. */
void timer_set(struct loop *loop, struct timer *t, uint64_t delay_ms)
{
	uint64_t now = clock_mono_ms();
	uint64_t due = delay_ms < UINT64_MAX - now ? now + delay_ms : UINT64_MAX;

	/* A timer that sets itself with no delay fires once a turn, not for ever. */
	if (loop->firing && due <= loop->now_ms)
		due = loop->now_ms + 1;
	t->due_ms = due;
	if (!t->heap_at) {
		make_room(loop);
		t->heap_at = ++loop->heap_len;
		sift_up(loop, t->heap_at, t);
	} else {
		place(loop, t->heap_at, t);
	}
}

void timer_clear(struct loop *loop, struct timer *t)
{
	size_t at = t->heap_at;
	struct timer *last;

	if (!at)
		return;
	assert(at <= loop->heap_len && loop->heap[at] == t);
	last = loop->heap[loop->heap_len--];
	if (last != t)
		place(loop, at, last);
	t->heap_at = 0;
}

void timers_fire(struct loop *loop)
{
	loop->firing = true;
	while (loop->heap_len && loop->heap[1]->due_ms <= loop->now_ms) {
		struct timer *t = loop->heap[1];

		timer_clear(loop, t);
		t->fire(t);
	}
	loop->firing = false;
}

uint64_t timers_wait_ms(const struct loop *loop, uint64_t most)
{
	uint64_t now = clock_mono_ms(), due;

	if (!loop->heap_len)
		return most;
	due = loop->heap[1]->due_ms;
	if (due <= now)
		return 0;
	return due - now < most ? due - now : most;
}
