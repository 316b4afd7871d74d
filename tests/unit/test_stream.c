#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/net/stream_private.h"
#include "../support/net_peer.h"

struct owner {
	struct loop *loop;
	struct stream *stream;
	int peer;
	char got[1 << 18];               /* consumed input */
	size_t got_len;
	char events[64];                 /* one letter each */
	size_t event_count;
	bool keep;                       /* leave input unread */
	bool echo;
	bool close_on_input;
	unsigned refill;                 /* writes still to come on DRAINED */
};

static void on_event(enum stream_event e, void *arg)
{
	static const char letter[] = "IDSEXFC";
	struct owner *o = arg;
	struct slice in;

	if (o->event_count + 1 < sizeof(o->events))
		o->events[o->event_count++] = letter[e];
	if (e == STREAM_DRAINED && o->refill) {
		char block[1000];

		memset(block, 'a' + (int)(o->refill-- % 26), sizeof(block));
		while (!stream_full(o->stream))
			stream_write(o->stream, slice_make(block, sizeof(block)));
	}
	if (e != STREAM_INPUT || o->keep)
		return;
	in = stream_peek(o->stream);
	assert_true(in.len > 0);
	if (o->echo)
		stream_write(o->stream, in);
	assert_true(o->got_len + in.len < sizeof(o->got));
	memcpy(o->got + o->got_len, in.at, in.len);
	o->got_len += in.len;
	stream_consume(o->stream, in.len);
	if (o->close_on_input) {
		stream_close(o->stream);
		o->stream = NULL;
	}
}

static const struct stream_limits small = {
	.input_max = 4096, .output_high = 8192, .output_low = 2048, .idle_s = 0,
};

static struct owner *begin(bool tcp, const struct stream_limits *limits)
{
	struct owner *o = mem_alloc(sizeof(*o));
	int fd[2];

	o->loop = loop_new();
	if (tcp)
		peer_tcp_pair(fd);
	else
		peer_pair(fd);
	o->peer = fd[1];
	o->stream = stream_new(o->loop, fd[0], limits, on_event, o);
	return o;
}

static void finish(struct owner *o)
{
	stream_close(o->stream);
	loop_free(o->loop);
	if (o->peer >= 0)
		close(o->peer);
	free(o);
}

static void test_replies_of_a_turn_leave_together(void **state)
{
	struct owner *o = begin(false, &small);
	char text[64];

	(void)state;
	loop_turn(o->loop, 0);
	stream_write(o->stream, SLICE("one\r\n"));
	stream_write(o->stream, SLICE("two\r\n"));
	assert_int_equal(recv(o->peer, text, sizeof(text), 0), -1);
	loop_turn(o->loop, 0);
	assert_int_equal(recv(o->peer, text, sizeof(text), 0), 10);
	assert_memory_equal(text, "one\r\ntwo\r\n", 10);
	assert_null(o->stream->out.data);       /* given back */
	finish(o);
}

static void test_echo_in_pieces(void **state)
{
	struct owner *o = begin(true, &small);
	static const char *const piece[] = { "a", "bc", "\r", "\n", "def\r\nghi" };

	(void)state;
	o->echo = true;
	for (size_t i = 0; i < 5; i++) {
		peer_send(o->peer, piece[i]);
		peer_expects(o->loop, o->peer, piece[i]);
	}
	assert_int_equal(o->got_len, 13);
	assert_memory_equal(o->got, "abc\r\ndef\r\nghi", 13);
	assert_null(o->stream->in.data);        /* an idle stream keeps nothing */
	assert_null(o->stream->out.data);
	finish(o);
}

static void test_stops_reading_at_its_ceiling(void **state)
{
	struct owner *o = begin(false, &small);
	char block[3000];
	size_t sent = 0, seen = 0;

	(void)state;
	o->keep = true;
	for (unsigned i = 0; i < 10; i++) {
		for (size_t k = 0; k < sizeof(block); k++)
			block[k] = (char)('a' + (sent + k) % 23);
		assert_int_equal(send(o->peer, block, sizeof(block), 0), sizeof(block));
		sent += sizeof(block);
		loop_turn(o->loop, 0);
		loop_turn(o->loop, 0);
	}
	assert_int_equal(stream_peek(o->stream).len, small.input_max);
	assert_string_equal(o->events, "II");   /* 3000, then the 1096 that fit */
	while (seen < sent) {
		struct slice in = stream_peek(o->stream);
		size_t n = in.len > 777 ? 777 : in.len;

		for (size_t k = 0; k < n; k++)
			assert_int_equal(in.at[k], 'a' + (seen + k) % 23);
		stream_consume(o->stream, n);
		seen += n;
		turn_until(o->loop, seen == sent || stream_peek(o->stream).len > 0);
	}
	finish(o);
}

static void test_slow_reader(void **state)
{
	struct owner *o = begin(false, &small);
	int size = 1;
	size_t total = 0, before;
	char text[5000];

	(void)state;
	setsockopt(o->stream->watch.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	o->refill = 40;
	while (!stream_full(o->stream))
		stream_write(o->stream, SLICE("0123456789"));
	for (unsigned i = 0; i < 50; i++)
		loop_turn(o->loop, 0);
	/* It is the owner who stops: what waits is bounded. */
	assert_true(stream_queued(o->stream) < small.output_high + 1000);
	before = o->event_count;
	for (;;) {
		ssize_t n = recv(o->peer, text, sizeof(text), 0);

		if (n > 0)
			total += (size_t)n;
		else if (o->refill == 0 && stream_queued(o->stream) == 0)
			break;
		loop_turn(o->loop, 0);
	}
	assert_true(o->event_count > before);
	assert_true(total > 40 * 6000);
	assert_null(o->stream->out.data);
	finish(o);
}

static void test_order_survives_partial_writes(void **state)
{
	struct owner *o = begin(false, &small);
	enum { COUNT = 40000 };
	char line[16], text[3000];
	int size = 1;
	size_t seen = 0;
	unsigned next = 0, at = 0;

	(void)state;
	setsockopt(o->stream->watch.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(line, sizeof(line), "%07u\n", i);
		stream_write(o->stream, slice_of(line));
	}
	while (seen < COUNT * 8u) {
		ssize_t n = recv(o->peer, text, sizeof(text), 0);

		for (ssize_t k = 0; k < n; k++) {
			snprintf(line, sizeof(line), "%07u\n", next);
			assert_int_equal(text[k], line[at]);
			if (++at == 8) {
				at = 0;
				next++;
			}
		}
		seen += n > 0 ? (size_t)n : 0;
		loop_turn(o->loop, 0);
	}
	finish(o);
}

static void test_half_close(void **state)
{
	struct owner *o = begin(true, &small);

	(void)state;
	peer_send(o->peer, "last words");
	shutdown(o->peer, SHUT_WR);
	turn_until(o->loop, o->event_count >= 2);
	assert_string_equal(o->events, "IE");
	stream_write(o->stream, SLICE("heard"));
	peer_expects(o->loop, o->peer, "heard");
	for (int i = 0; i < 5; i++)
		loop_turn(o->loop, 0);
	assert_string_equal(o->events, "IE");   /* the end is told once */
	finish(o);
}

static void test_reset_is_told(void **state)
{
	struct owner *o = begin(true, &small);
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	(void)state;
	loop_turn(o->loop, 0);
	setsockopt(o->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(o->peer);
	o->peer = -1;
	turn_until(o->loop, o->event_count > 0);
	assert_string_equal(o->events, "F");
	assert_string_equal(stream_error(o->stream), "Connection reset by peer");
	stream_write(o->stream, SLICE("into the void"));
	loop_turn(o->loop, 0);
	assert_string_equal(o->events, "F");
	finish(o);
}

static void test_close_within_the_event(void **state)
{
	struct owner *o = begin(false, &small);

	(void)state;
	o->close_on_input = true;
	peer_send(o->peer, "x");
	shutdown(o->peer, SHUT_WR);
	turn_until(o->loop, o->event_count > 0);
	peer_expects_end(o->loop, o->peer, "");
	assert_string_equal(o->events, "I");    /* no EOF behind it */
	finish(o);
}

static void test_idle(void **state)
{
	struct stream_limits limits = small;
	struct owner *o;
	uint64_t start = clock_mono_ms();

	(void)state;
	limits.idle_s = 1;
	o = begin(false, &limits);
	/* Something moves half a second in; the second counts from there. */
	while (clock_mono_ms() < start + 500)
		loop_turn(o->loop, 50);
	peer_send(o->peer, "x");
	turn_until(o->loop, o->event_count >= 2);
	assert_string_equal(o->events, "IX");
	assert_true(clock_mono_ms() - start >= 1400);
	finish(o);
}

static void test_too_much_output_fails(void **state)
{
	struct owner *o = begin(false, &small);
	char *block = mem_alloc(1 << 20);

	(void)state;
	for (int i = 0; i < 70; i++)
		stream_write(o->stream, slice_make(block, 1 << 20));
	assert_int_equal(o->event_count, 0);    /* not from within stream_write() */
	turn_until(o->loop, o->event_count > 0);
	assert_string_equal(o->events, "F");
	free(block);
	finish(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies_of_a_turn_leave_together),
		cmocka_unit_test(test_echo_in_pieces),
		cmocka_unit_test(test_stops_reading_at_its_ceiling),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_order_survives_partial_writes),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_reset_is_told),
		cmocka_unit_test(test_close_within_the_event),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_too_much_output_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
