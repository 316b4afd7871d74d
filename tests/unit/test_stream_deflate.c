/* A stream that compresses (RFC 4978): cut anywhere, damaged, blown up, and ended. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/ioctl.h>
#include <zlib.h>

#include "../../src/net/stream_private.h"
#include "../support/net_peer.h"

enum { GOT_MAX = 16 << 20, INPUT_MAX = 8192 };

struct owner {
	struct loop *loop;
	struct stream *stream;
	int peer;
	char *got;
	size_t got_len;
	bool echo, lazy;                 /* consumes nothing */
	const char *stop_at;             /* the line that ends the compression */
	bool by_line;                    /* takes whole lines only */
	bool failed, eof;
	size_t most_unread;
};

static const struct stream_limits limits = {
	.input_max = INPUT_MAX, .output_high = 65536, .output_low = 16384,
};

static void take(struct owner *o, size_t n)
{
	assert_true(o->got_len + n < GOT_MAX);
	memcpy(o->got + o->got_len, stream_peek(o->stream).at, n);
	o->got_len += n;
	if (o->echo)
		stream_write(o->stream, slice_head(stream_peek(o->stream), n));
	stream_consume(o->stream, n);
}

static void take_lines(struct owner *o)
{
	for (;;) {
		struct slice in = stream_peek(o->stream);
		size_t end = slice_find(in, '\n');
		bool last;

		if (end == in.len) {
			stream_hungry(o->stream);
			return;
		}
		last = o->stop_at && slice_is(slice_head(in, end), o->stop_at);
		take(o, end + 1);
		if (last)
			stream_stop_deflate(o->stream);
	}
}

static void on_event(enum stream_event e, void *arg)
{
	struct owner *o = arg;

	if (e == STREAM_FAILED)
		o->failed = true;
	if (e == STREAM_EOF)
		o->eof = true;
	if (e != STREAM_INPUT)
		return;
	if (stream_peek(o->stream).len > o->most_unread)
		o->most_unread = stream_peek(o->stream).len;
	if (o->lazy)
		return;
	if (o->by_line)
		take_lines(o);
	else
		take(o, stream_peek(o->stream).len);
}

static int set_up(void **state)
{
	struct owner *o = mem_alloc(sizeof(*o));
	int fd[2];

	o->loop = loop_new();
	o->got = mem_alloc(GOT_MAX);
	peer_tcp_pair(fd);
	o->peer = fd[1];
	o->stream = stream_new(o->loop, fd[0], &limits, on_event, o);
	loop_turn(o->loop, 0);
	*state = o;
	return 0;
}

static int tear_down(void **state)
{
	struct owner *o = *state;

	stream_close(o->stream);
	loop_turn(o->loop, 0);
	loop_free(o->loop);
	close(o->peer);
	free(o->got);
	free(o);
	return 0;
}

/* ---- The peer's zlib ---- */

static void z_begin(z_stream *z)
{
	memset(z, 0, sizeof(*z));
	assert_int_equal(deflateInit2(z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
}

static size_t z_add(z_stream *z, const void *text, size_t len, int flush, char *out, size_t size)
{
	z->next_in = (Bytef *)(uintptr_t)text;
	z->avail_in = (uInt)len;
	z->next_out = (Bytef *)out;
	z->avail_out = (uInt)size;
	assert_true(deflate(z, flush) >= 0);
	assert_int_equal(z->avail_in, 0);
	assert_true(z->avail_out > 0);
	return size - z->avail_out;
}

static void send_all(struct owner *o, const char *at, size_t len)
{
	uint64_t end = clock_mono_ms() + PEER_PATIENCE_MS;

	while (len) {
		ssize_t n = send(o->peer, at, len, MSG_NOSIGNAL);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
		assert_true(clock_mono_ms() < end);
		loop_turn(o->loop, 0);
	}
}

/* Inflates what comes until `want` bytes are there; returns how many of the bytes
 * read are left over behind the end of the deflate stream. */
static size_t expect_inflated(struct owner *o, z_stream *z, const char *want, size_t len,
			      char *left)
{
	char *out = mem_alloc(len + 1);
	unsigned char in[4096];
	uint64_t end = clock_mono_ms() + PEER_PATIENCE_MS;

	z->next_out = (Bytef *)out;
	z->avail_out = (uInt)len;
	z->avail_in = 0;
	while (z->avail_out) {
		ssize_t n = recv(o->peer, in, sizeof(in), 0);
		int result;

		assert_true(clock_mono_ms() < end);
		loop_turn(o->loop, 1);
		if (n <= 0)
			continue;
		z->next_in = in;
		z->avail_in = (uInt)n;
		result = inflate(z, Z_SYNC_FLUSH);
		assert_true(result == Z_OK || result == Z_STREAM_END);
	}
	assert_memory_equal(out, want, len);
	if (left)
		memcpy(left, z->next_in, z->avail_in);
	free(out);
	return z->avail_in;
}

static const char script[] =
	"a1 NOOP\r\na2 FETCH 1:* (FLAGS UID)\r\na3 FETCH 1:* (FLAGS UID)\r\n"
	"a4 UID SEARCH TEXT \"something with words\"\r\na5 LOGOUT\r\n";

static void echo(void **state)
{
	struct owner *o = *state;
	char out[500];
	z_stream z, in = { 0 };

	o->echo = true;
	stream_write(o->stream, SLICE("in the clear\r\n"));
	stream_start_deflate(o->stream);
	peer_expects(o->loop, o->peer, "in the clear\r\n");
	z_begin(&z);
	assert_int_equal(inflateInit2(&in, -15), Z_OK);
	/* Refers back over every flush, and over an inflater that was put away. */
	for (int i = 0; i < 20; i++) {
		size_t n = z_add(&z, script, sizeof(script) - 1, Z_SYNC_FLUSH, out, sizeof(out));

		assert_true(i == 0 || n < 40);
		send_all(o, out, n);
		expect_inflated(o, &in, script, sizeof(script) - 1, NULL);
	}
	deflateEnd(&z);
	inflateEnd(&in);
}

/* Compressed in one piece and in several flushes, cut at every byte. */
static void every_split(void **state)
{
	for (int flushes = 0; flushes < 2; flushes++) {
		char out[1000];
		size_t len = 0, count;
		z_stream z;

		z_begin(&z);
		if (flushes)
			for (size_t i = 0; i < sizeof(script) - 1; i += 16) {
				count = sizeof(script) - 1 - i < 16 ? sizeof(script) - 1 - i : 16;
				len += z_add(&z, script + i, count, Z_SYNC_FLUSH, out + len, sizeof(out) - len);
			}
		else
			len = z_add(&z, script, sizeof(script) - 1, Z_SYNC_FLUSH, out, sizeof(out));
		deflateEnd(&z);
		for (size_t cut = 0; cut < len; cut++) {
			struct owner *o;

			set_up(state);
			o = *state;
			o->by_line = true;
			stream_start_deflate(o->stream);
			send_all(o, out, cut);
			loop_turn(o->loop, 0);
			send_all(o, out + cut, len - cut);
			turn_until(o->loop, o->got_len == sizeof(script) - 1);
			assert_memory_equal(o->got, script, sizeof(script) - 1);
			tear_down(state);
		}
	}
	set_up(state);
}

/* 8 MiB in 8 KiB: it comes in pieces that fit, and only while they are taken. */
static void bomb(void **state)
{
	enum { BIG = 8 << 20 };
	struct owner *o = *state;
	char *zeros = mem_alloc(BIG), *out = mem_alloc(65536);
	z_stream z;
	size_t n;
	int unread = 0;

	z_begin(&z);
	n = z_add(&z, zeros, BIG, Z_SYNC_FLUSH, out, 65536);
	deflateEnd(&z);
	assert_true(n < 16384);
	o->lazy = true;
	stream_start_deflate(o->stream);
	send_all(o, out, n);
	for (int i = 0; i < 100; i++)
		loop_turn(o->loop, 0);
	assert_int_equal(stream_peek(o->stream).len, INPUT_MAX);
	/* Not a byte more is read meanwhile. */
	send_all(o, out, 100);
	for (int i = 0; i < 100; i++)
		loop_turn(o->loop, 0);
	assert_int_equal(ioctl(o->stream->watch.fd, FIONREAD, &unread), 0);
	assert_true(unread >= 100);
	o->lazy = false;
	take(o, stream_peek(o->stream).len);
	turn_until(o->loop, o->got_len == BIG || o->failed);
	assert_false(o->failed);
	assert_memory_equal(o->got, zeros, BIG);
	assert_int_equal(o->most_unread, INPUT_MAX);
	free(zeros);
	free(out);
}

static void damage(void **state)
{
	static const char *const bad[] = { "\x07junk", "a1 NOOP\r\n" "a2 NOOP\r\n" };
	struct owner *o = *state;
	char out[1000];
	z_stream z;
	size_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		stream_start_deflate(o->stream);
		send_all(o, bad[i], strlen(bad[i]));
		turn_until(o->loop, o->failed);
		assert_non_null(strstr(stream_error(o->stream), "damaged"));
		tear_down(state);
		set_up(state);
		o = *state;
	}
	/* Behind the end of its stream. */
	stream_start_deflate(o->stream);
	z_begin(&z);
	n = z_add(&z, "x\r\n", 3, Z_FINISH, out, sizeof(out));
	deflateEnd(&z);
	send_all(o, out, n);
	turn_until(o->loop, o->got_len == 3);
	assert_false(o->failed);
	send_all(o, "y", 1);
	turn_until(o->loop, o->failed);
	assert_non_null(strstr(stream_error(o->stream), "behind the end"));
}

/* In the middle of a block, and at its end. */
static void peer_leaves(void **state)
{
	struct owner *o = *state;
	char out[1000];
	z_stream z;
	size_t n;

	stream_start_deflate(o->stream);
	z_begin(&z);
	n = z_add(&z, script, sizeof(script) - 1, Z_SYNC_FLUSH, out, sizeof(out));
	deflateEnd(&z);
	send_all(o, out, n / 2);
	shutdown(o->peer, SHUT_WR);
	turn_until(o->loop, o->eof);
	assert_false(o->failed);
	assert_true(o->got_len < sizeof(script) - 1);
}

/* A peer that did not wait for the OK. */
static void compressed_early(void **state)
{
	struct owner *o = *state;
	char out[1000];
	z_stream z;
	size_t n;

	z_begin(&z);
	n = z_add(&z, script, sizeof(script) - 1, Z_SYNC_FLUSH, out, sizeof(out));
	deflateEnd(&z);
	o->lazy = true;
	send_all(o, out, n);
	turn_until(o->loop, stream_peek(o->stream).len == n);
	o->lazy = false;
	stream_start_deflate(o->stream);
	turn_until(o->loop, o->got_len == sizeof(script) - 1);
	assert_memory_equal(o->got, script, sizeof(script) - 1);
}

/* More than a buffer, less regular than zeros, with a peer that reads late. */
static void long_answer(void **state)
{
	enum { LONG = 3 << 20 };
	struct owner *o = *state;
	char *text = mem_alloc(LONG);
	z_stream in = { 0 };

	for (size_t i = 0; i < LONG; i++)
		text[i] = (char)(i * i % 251 ^ i >> 7);
	stream_start_deflate(o->stream);
	for (size_t i = 0; i < LONG; i += 1 << 16) {
		stream_write(o->stream, slice_make(text + i, 1 << 16));
		assert_true(stream_full(o->stream));
		if (i % (1 << 18) == 0)
			loop_turn(o->loop, 0);
	}
	assert_int_equal(inflateInit2(&in, -15), Z_OK);
	expect_inflated(o, &in, text, LONG, NULL);
	inflateEnd(&in);
	free(text);
}

/* Both directions become clear behind the line, whichever way the peer ends. */
static void stopped(void **state)
{
	for (int how = 0; how < 3; how++) {
		struct owner *o = *state;
		char out[1000], left[4096];
		z_stream z, in = { 0 };
		size_t n;

		o->by_line = o->echo = true;
		o->stop_at = "bye";
		stream_start_deflate(o->stream);
		z_begin(&z);
		n = z_add(&z, "hello\nbye\n", 10, how == 1 ? Z_FINISH : Z_SYNC_FLUSH, out, sizeof(out));
		if (how == 2)
			n += z_add(&z, "", 0, Z_FINISH, out + n, sizeof(out) - n);
		deflateEnd(&z);
		memcpy(out + n, "clear\n", 6);           /* in the same segment */
		send_all(o, out, n + 6);
		turn_until(o->loop, o->got_len == 16 || o->failed);
		assert_false(o->failed);
		assert_memory_equal(o->got, "hello\nbye\nclear\n", 16);
		assert_int_equal(inflateInit2(&in, -15), Z_OK);
		n = expect_inflated(o, &in, "hello\nbye\n", 10, left);
		if (n < 6)
			assert_int_equal(recv(o->peer, left + n, 6 - n, 0), 6 - n);
		assert_memory_equal(left, "clear\n", 6);
		inflateEnd(&in);
		send_all(o, "more\n", 5);
		peer_expects(o->loop, o->peer, "more\n");
		/* And again. */
		stream_start_deflate(o->stream);
		tear_down(state);
		set_up(state);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(echo), T(bomb), T(damage), T(peer_leaves), T(compressed_early), T(long_answer),
		T(stopped),
		cmocka_unit_test_setup_teardown(every_split, NULL, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
