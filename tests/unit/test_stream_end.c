#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/stream.h"
#include "../support/net_peer.h"

struct owner {
	struct loop *loop;
	struct stream *stream;
	int peer;
	char events[16];
	size_t event_count;
};

static void on_event(enum stream_event e, void *arg)
{
	static const char letter[] = "IDSEXFC";
	struct owner *o = arg;

	if (o->event_count + 1 < sizeof(o->events))
		o->events[o->event_count++] = letter[e];
	if (e == STREAM_CLOSED)
		o->stream = NULL;
}

static void begin(struct owner *o)
{
	struct stream_limits limits = { 4096, 8192, 2048, 0 };
	int fd[2];

	*o = (struct owner){ .loop = loop_new() };
	peer_tcp_pair(fd);
	o->peer = fd[1];
	o->stream = stream_new(o->loop, fd[0], &limits, on_event, o);
	loop_turn(o->loop, 0);
}

static void finish(struct owner *o)
{
	stream_close(o->stream);
	loop_free(o->loop);
	close(o->peer);
}

/* A reset would make the peer lose the reply: it has sent more than we read. */
static void test_last_reply_beats_unread_input(void **state)
{
	struct owner o;
	char *junk = mem_alloc(100000);
	int end;

	(void)state;
	begin(&o);
	memset(junk, 'j', 100000);
	assert_true(send(o.peer, junk, 100000, 0) > 0);
	stream_write(o.stream, SLICE("221 bye\r\n"));
	stream_close_after_output(o.stream);
	for (int i = 0; i < 3; i++)
		loop_turn(o.loop, 10);
	assert_true(send(o.peer, junk, 1000, MSG_NOSIGNAL) > 0);   /* still pipelining */
	loop_turn(o.loop, 10);
	assert_string_equal(peer_read(o.loop, o.peer, SIZE_MAX, &end), "221 bye\r\n");
	assert_int_equal(end, -1);
	assert_string_equal(o.events, "");      /* it waits for the peer's end */
	shutdown(o.peer, SHUT_WR);
	turn_until(o.loop, o.event_count > 0);
	assert_string_equal(o.events, "C");
	free(junk);
	finish(&o);
}

static void test_at_once_when_the_peer_has_ended(void **state)
{
	struct owner o;
	uint64_t start;

	(void)state;
	begin(&o);
	shutdown(o.peer, SHUT_WR);
	turn_until(o.loop, o.event_count > 0);
	assert_string_equal(o.events, "E");
	start = clock_mono_ms();
	stream_write(o.stream, SLICE("bye\r\n"));
	stream_close_after_output(o.stream);
	turn_until(o.loop, o.event_count > 1);
	assert_string_equal(o.events, "EC");
	assert_true(clock_mono_ms() - start < 1500);
	peer_expects_end(o.loop, o.peer, "bye\r\n");
	finish(&o);
}

static void test_lingers_two_seconds(void **state)
{
	struct owner o;
	uint64_t start = clock_mono_ms();

	(void)state;
	begin(&o);
	stream_write(o.stream, SLICE("bye\r\n"));
	stream_close_after_output(o.stream);
	turn_until(o.loop, o.event_count > 0);
	assert_string_equal(o.events, "C");
	assert_true(clock_mono_ms() - start >= 1900);
	peer_expects_end(o.loop, o.peer, "bye\r\n");
	finish(&o);
}

static void test_reader_that_takes_nothing_is_given_up(void **state)
{
	struct owner o;
	char *block = mem_alloc(8 << 20);

	(void)state;
	begin(&o);
	stream_set_idle(o.stream, 1);           /* less than the 30 s of the rule */
	stream_write(o.stream, slice_make(block, 8 << 20));
	stream_close_after_output(o.stream);
	turn_until(o.loop, o.event_count > 0);
	assert_string_equal(o.events, "C");
	free(block);
	finish(&o);
}

static void test_all_of_a_long_answer_arrives(void **state)
{
	struct owner o;
	enum { SIZE = 4 << 20 };
	char *block = mem_alloc(SIZE), text[65536];
	size_t seen = 0;
	ssize_t n;

	(void)state;
	begin(&o);
	for (size_t i = 0; i < SIZE; i++)
		block[i] = (char)(i * 31 >> 3);
	stream_write(o.stream, slice_make(block, SIZE));
	stream_close_after_output(o.stream);
	while ((n = recv(o.peer, text, sizeof(text), 0)) != 0) {
		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			loop_turn(o.loop, 5);
			continue;
		}
		assert_memory_equal(text, block + seen, (size_t)n);
		seen += (size_t)n;
	}
	assert_int_equal(seen, SIZE);
	free(block);
	finish(&o);
}

static void test_close_after_close(void **state)
{
	struct owner o;

	(void)state;
	begin(&o);
	stream_write(o.stream, SLICE("never sent"));
	stream_close_after_output(o.stream);
	stream_close_after_output(o.stream);
	stream_close(o.stream);
	stream_close_after_output(o.stream);
	o.stream = NULL;
	loop_turn(o.loop, 0);
	assert_string_equal(o.events, "");
	peer_expects_end(o.loop, o.peer, "");
	finish(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_reply_beats_unread_input),
		cmocka_unit_test(test_at_once_when_the_peer_has_ended),
		cmocka_unit_test(test_lingers_two_seconds),
		cmocka_unit_test(test_reader_that_takes_nothing_is_given_up),
		cmocka_unit_test(test_all_of_a_long_answer_arrives),
		cmocka_unit_test(test_close_after_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
