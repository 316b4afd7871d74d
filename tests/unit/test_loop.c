#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/net/loop_private.h"
#include "base/clock.h"
#include "base/list.h"

/* What happened, one letter an event. */
static char story[64];

static void tell(char c)
{
	size_t n = strlen(story);

	assert_true(n + 1 < sizeof(story));
	story[n] = c;
	story[n + 1] = '\0';
}

static void assert_story(const char *expected)
{
	assert_string_equal(story, expected);
	story[0] = '\0';
}

struct room {
	struct loop *loop;
	struct end {
		struct watch watch;
		struct room *room;
		char letter;
		unsigned events;
		struct end *shuts;       /* asks of this one, when told, ... */
		unsigned shuts_to;       /* ... no more than this */
	} a, b;
	int far_a, far_b;
};

static void end_ready(struct watch *w, unsigned events)
{
	struct end *end = container_of(w, struct end, watch);

	tell(end->letter);
	end->events = events;
	if (end->shuts)
		assert_true(loop_watch(end->room->loop, &end->shuts->watch,
				       end->shuts_to));
}

static void end_open(struct room *room, struct end *end, int *far, char letter)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	end->watch = (struct watch){ .fd = fd[0], .ready = end_ready };
	end->room = room;
	end->letter = letter;
	*far = fd[1];
}

static int setup(void **state)
{
	static struct room room;

	memset(&room, 0, sizeof(room));
	story[0] = '\0';
	room.loop = loop_new();
	end_open(&room, &room.a, &room.far_a, 'a');
	end_open(&room, &room.b, &room.far_b, 'b');
	*state = &room;
	return 0;
}

static int teardown(void **state)
{
	struct room *room = *state;

	loop_watch(room->loop, &room->a.watch, 0);
	loop_watch(room->loop, &room->b.watch, 0);
	close(room->a.watch.fd);
	close(room->b.watch.fd);
	close(room->far_a);
	close(room->far_b);
	loop_free(room->loop);
	return 0;
}

static void test_a_watch_tells_what_is_possible(void **state)
{
	struct room *r = *state;
	char c;

	assert_true(loop_watch(r->loop, &r->a.watch, WATCH_READ));
	loop_turn(r->loop, 0);
	assert_story("");

	assert_int_equal(write(r->far_a, "x", 1), 1);
	loop_turn(r->loop, 10000);
	assert_story("a");
	assert_int_equal(r->a.events, WATCH_READ);

	/* Not read yet: said again. */
	loop_turn(r->loop, 0);
	assert_story("a");

	assert_true(loop_watch(r->loop, &r->a.watch, WATCH_READ | WATCH_WRITE));
	loop_turn(r->loop, 0);
	assert_int_equal(r->a.events, WATCH_READ | WATCH_WRITE);
	assert_int_equal(read(r->a.watch.fd, &c, 1), 1);
	loop_turn(r->loop, 0);
	assert_int_equal(r->a.events, WATCH_WRITE);
	assert_story("aa");

	assert_true(loop_watch(r->loop, &r->a.watch, 0));
	assert_false(r->a.watch.added);
	assert_true(loop_watch(r->loop, &r->a.watch, 0));
	loop_turn(r->loop, 0);
	assert_story("");
}

static void test_a_hang_up_shows_as_both(void **state)
{
	struct room *r = *state;

	assert_true(loop_watch(r->loop, &r->a.watch, WATCH_READ));
	close(r->far_a);
	r->far_a = -1;
	loop_turn(r->loop, 10000);
	assert_story("a");
	assert_int_equal(r->a.events, WATCH_READ | WATCH_WRITE);
}

/* Both are ready in one turn; whichever comes first silences the other. */
static void test_a_watch_taken_out_in_a_turn_is_not_told(void **state)
{
	struct room *r = *state;

	r->a.shuts = &r->b;
	r->b.shuts = &r->a;
	for (int hang_up = 0; hang_up < 2; hang_up++) {
		assert_true(loop_watch(r->loop, &r->a.watch, WATCH_READ));
		assert_true(loop_watch(r->loop, &r->b.watch, WATCH_READ));
		if (hang_up) {
			close(r->far_a);
			close(r->far_b);
			r->far_a = r->far_b = -1;
		} else {
			assert_int_equal(write(r->far_a, "x", 1), 1);
			assert_int_equal(write(r->far_b, "x", 1), 1);
		}
		loop_turn(r->loop, 10000);
		assert_int_equal(strlen(story), 1);
		story[0] = '\0';
	}
}

static void test_a_watch_is_told_what_it_asks_for_now(void **state)
{
	struct room *r = *state;

	r->a.shuts = &r->b;
	r->b.shuts = &r->a;
	r->a.shuts_to = r->b.shuts_to = WATCH_WRITE;
	assert_true(loop_watch(r->loop, &r->a.watch, WATCH_READ));
	assert_true(loop_watch(r->loop, &r->b.watch, WATCH_READ));
	assert_int_equal(write(r->far_a, "x", 1), 1);
	assert_int_equal(write(r->far_b, "x", 1), 1);
	loop_turn(r->loop, 10000);
	assert_int_equal(strlen(story), 1);      /* not: readable */
	story[0] = '\0';
}

static void test_the_kernel_may_refuse_a_watch(void **state)
{
	struct room *r = *state;
	struct watch w = { .fd = -1, .ready = end_ready };
	struct watch file = { .ready = end_ready };
	char path[] = "/tmp/letterplate-loop-XXXXXX";

	assert_false(loop_watch(r->loop, &w, WATCH_READ));
	assert_false(w.added);
	assert_int_equal(w.events, 0);

	file.fd = mkstemp(path);
	assert_true(file.fd >= 0);
	unlink(path);
	assert_false(loop_watch(r->loop, &file, WATCH_READ));    /* EPERM */
	assert_true(loop_watch(r->loop, &file, 0));
	close(file.fd);
}

struct later {
	struct deferred d;
	struct loop *loop;
	char letter;
	int again;                       /* asks for itself so many times more */
	struct later *drops;
};

static void later_call(struct deferred *d)
{
	struct later *l = container_of(d, struct later, d);

	assert_false(d->queued);
	tell(l->letter);
	if (l->drops)
		loop_undefer(l->loop, &l->drops->d);
	if (l->again > 0) {
		l->again--;
		loop_defer(l->loop, d);
	}
}

static struct later later(struct loop *loop, char letter)
{
	return (struct later){ .d.call = later_call, .loop = loop, .letter = letter };
}

static void test_deferred_calls_come_once_and_in_order(void **state)
{
	struct room *r = *state;
	struct later one = later(r->loop, '1'), two = later(r->loop, '2');

	loop_defer(r->loop, &one.d);
	loop_defer(r->loop, &two.d);
	loop_defer(r->loop, &one.d);
	loop_turn(r->loop, 10000);       /* and it does not wait */
	assert_story("12");
	loop_turn(r->loop, 0);
	assert_story("");
}

static void test_a_deferred_call_asked_for_in_one_is_for_the_next_turn(void **state)
{
	struct room *r = *state;
	struct later one = later(r->loop, '1');
	uint64_t began = clock_mono_ms();

	one.again = 2;
	loop_defer(r->loop, &one.d);
	loop_turn(r->loop, 0);
	assert_story("1");
	loop_turn(r->loop, 60000);
	assert_story("1");
	loop_turn(r->loop, 60000);
	assert_story("1");
	assert_true(clock_mono_ms() - began < 30000);
	loop_turn(r->loop, 0);
	assert_story("");
}

static void test_undefer(void **state)
{
	struct room *r = *state;
	struct later l[4] = {
		later(r->loop, '0'), later(r->loop, '1'),
		later(r->loop, '2'), later(r->loop, '3'),
	};

	/* Each place in the list, the last among them, and then one more. */
	for (size_t gone = 0; gone < 3; gone++) {
		char expected[4] = "", *at = expected;

		for (size_t i = 0; i < 3; i++)
			loop_defer(r->loop, &l[i].d);
		loop_undefer(r->loop, &l[gone].d);
		loop_undefer(r->loop, &l[gone].d);
		assert_false(l[gone].d.queued);
		loop_defer(r->loop, &l[3].d);
		for (size_t i = 0; i < 4; i++) {
			if (i != gone)
				*at++ = l[i].letter;
		}
		assert_int_equal(at - expected, 3);
		loop_turn(r->loop, 0);
		assert_int_equal(strlen(story), 3);
		assert_memory_equal(story, expected, 3);
		story[0] = '\0';
	}

	/* From within the round it would be called in. */
	l[0].drops = &l[2];
	l[0].again = 1;
	for (size_t i = 0; i < 3; i++)
		loop_defer(r->loop, &l[i].d);
	loop_turn(r->loop, 0);
	assert_story("01");
	loop_turn(r->loop, 0);
	assert_story("0");
}

static void test_freeing_runs_what_is_deferred(void **state)
{
	struct loop *loop = loop_new();
	struct later one = later(loop, '1');

	(void)state;
	one.again = 3;
	loop_defer(loop, &one.d);
	loop_free(loop);
	assert_story("1111");
	loop_free(NULL);
}


static void timer_letter(struct timer *t)
{
	(void)t;
	tell('t');
}

static void nothing_to_do(struct job *job)
{
	(void)job;
}

static void job_letter(struct job *job)
{
	(void)job;
	tell('j');
}

static void test_the_order_of_a_turn(void **state)
{
	struct room *r = *state;
	struct lane *lane = lane_new(r->loop, "test", 1, 1);
	struct job job = { .work = nothing_to_do, .done = job_letter };
	struct later one = later(r->loop, 'd');
	struct timer t = { .fire = timer_letter };
	struct pollfd completed = { .fd = r->loop->wake_fd, .events = POLLIN };

	assert_true(lane_submit(lane, &job));
	assert_int_equal(poll(&completed, 1, 10000), 1);

	loop_defer(r->loop, &one.d);
	timer_set(r->loop, &t, 0);
	assert_true(loop_watch(r->loop, &r->a.watch, WATCH_WRITE));
	loop_turn(r->loop, 0);
	assert_story("atjd");
	lane_free(lane);
}

static void stop_call(struct deferred *d)
{
	struct later *l = container_of(d, struct later, d);

	tell(l->letter);
	if (l->again-- > 0)
		loop_defer(l->loop, d);
	else
		loop_stop(l->loop);
}

static void test_run_and_stop(void **state)
{
	struct room *r = *state;
	struct later l = later(r->loop, '.');

	l.d.call = stop_call;
	l.again = 2;
	loop_defer(r->loop, &l.d);
	assert_true(loop_run(r->loop));
	assert_story("...");

	/* A stop before the start is not lost, and is good for one run. */
	loop_stop(r->loop);
	assert_true(loop_run(r->loop));
	assert_story("");
	l.again = 0;
	loop_defer(r->loop, &l.d);
	assert_true(loop_run(r->loop));
	assert_story(".");
}

static void on_signal(void *arg)
{
	tell(*(const char *)arg);
}

static void test_signals_come_in_a_turn(void **state)
{
	struct room *r = *state;
	char u = 'u', v = 'v', w = 'w';

	loop_on_signal(r->loop, SIGUSR1, on_signal, &u);
	loop_on_signal(r->loop, SIGUSR2, on_signal, &v);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_story("");
	loop_turn(r->loop, 10000);
	assert_story("u");

	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(raise(SIGUSR2), 0);
	loop_turn(r->loop, 10000);
	assert_int_equal(strlen(story), 2);
	assert_non_null(strchr(story, 'u'));
	assert_non_null(strchr(story, 'v'));
	story[0] = '\0';

	loop_on_signal(r->loop, SIGUSR1, on_signal, &w);
	assert_int_equal(raise(SIGUSR1), 0);
	loop_turn(r->loop, 10000);
	assert_story("w");
	loop_turn(r->loop, 0);
	assert_story("");
}

static void test_a_write_to_nobody_is_an_error_not_the_end(void **state)
{
	struct room *r = *state;

	close(r->far_b);
	r->far_b = -1;
	assert_int_equal(write(r->b.watch.fd, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
}

static void slow_call(struct deferred *d)
{
	struct later *l = container_of(d, struct later, d);
	uint64_t now = loop_now_ms(l->loop), until = clock_mono_us() + 3000;

	while (clock_mono_us() < until)
		;
	assert_int_equal(loop_now_ms(l->loop), now);
	assert_true(clock_mono_ms() > now);
}

static void test_the_longest_turn(void **state)
{
	struct room *r = *state;
	struct later l = later(r->loop, '1');

	loop_turn(r->loop, 100);         /* waiting does not count */
	assert_true(loop_longest_turn_us(r->loop) < 100000);
	l.d.call = slow_call;
	loop_defer(r->loop, &l.d);
	loop_turn(r->loop, 0);
	loop_turn(r->loop, 0);
	assert_true(loop_longest_turn_us(r->loop) >= 3000);
	assert_int_equal(loop_longest_turn_us(r->loop), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_watch_tells_what_is_possible),
		TEST(test_a_hang_up_shows_as_both),
		TEST(test_a_watch_taken_out_in_a_turn_is_not_told),
		TEST(test_a_watch_is_told_what_it_asks_for_now),
		TEST(test_the_kernel_may_refuse_a_watch),
		TEST(test_deferred_calls_come_once_and_in_order),
		TEST(test_a_deferred_call_asked_for_in_one_is_for_the_next_turn),
		TEST(test_undefer),
		TEST(test_freeing_runs_what_is_deferred),
		TEST(test_the_order_of_a_turn),
		TEST(test_run_and_stop),
		TEST(test_signals_come_in_a_turn),
		TEST(test_a_write_to_nobody_is_an_error_not_the_end),
		TEST(test_the_longest_turn),
	};

	alarm(60);               /* a loop that sleeps for ever is a failure */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
