/* What a peer sends behind COMPRESS=DEFLATE, cut anywhere: the owner is given what
 * zlib makes of it in one piece, never more at a time than it has room for, and a
 * damaged stream is the connection's end.  The first byte chooses how the owner reads,
 * and whether the rest is deflate already or text to be deflated. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4096, GOT_MAX = 256 * 1024, TURNS_MAX = 20000 };

struct owner {
	struct stream *stream;
	struct buf got;
	bool by_line, stops, over;
};

static const struct stream_limits limits = {
	.input_max = INPUT_MAX, .output_high = 65536, .output_low = 16384,
};

static void take(struct owner *o, size_t n)
{
	buf_add(&o->got, slice_head(stream_peek(o->stream), n));
	stream_consume(o->stream, n);
}

static void on_event(enum stream_event e, void *arg)
{
	struct owner *o = arg;
	struct slice in;

	if (e == STREAM_FAILED || e == STREAM_EOF || e == STREAM_CLOSED) {
		o->over = true;
		return;
	}
	if (e != STREAM_INPUT)
		return;
	in = stream_peek(o->stream);
	assert(in.len <= INPUT_MAX);
	if (!o->by_line) {
		take(o, in.len);
		return;
	}
	while (in.len) {
		size_t end = slice_find(in, '\n');

		if (end == in.len && in.len < INPUT_MAX) {
			stream_hungry(o->stream);
			return;
		}
		take(o, end < in.len ? end + 1 : in.len);
		if (o->stops)
			stream_stop_deflate(o->stream);
		o->stops = false;
		in = stream_peek(o->stream);
	}
}

/* As zlib has it, up to the first mistake. */
static void inflate_all(struct buf *out, struct slice raw)
{
	z_stream z = { 0 };
	int code = Z_OK;

	assert(inflateInit2(&z, -15) == Z_OK);
	z.next_in = (Bytef *)(uintptr_t)raw.at;
	z.avail_in = (uInt)raw.len;
	while (code == Z_OK && buf_reserve(out, 4096)) {
		z.next_out = (Bytef *)out->data + out->len;
		z.avail_out = 4096;
		code = inflate(&z, Z_NO_FLUSH);
		out->len += 4096 - z.avail_out;
	}
	inflateEnd(&z);
}

static void deflate_all(struct buf *out, struct slice text, unsigned level)
{
	z_stream z = { 0 };

	assert(deflateInit2(&z, (int)(level % 10), Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	for (size_t at = 0, n = 1; at < text.len; at += n, n = n * 3 % 101 + 1) {
		struct slice piece = slice_head(slice_from(text, at), n);

		z.next_in = (Bytef *)(uintptr_t)piece.at;
		z.avail_in = (uInt)piece.len;
		do {
			assert(buf_reserve(out, 4096));
			z.next_out = (Bytef *)out->data + out->len;
			z.avail_out = 4096;
			deflate(&z, n % 2 ? Z_SYNC_FLUSH : Z_PARTIAL_FLUSH);
			out->len += 4096 - z.avail_out;
		} while (z.avail_out == 0);
	}
	deflateEnd(&z);
}

static void play(struct owner *o, struct loop *loop, int peer, struct slice raw)
{
	unsigned turns = 0;

	for (size_t at = 0, n = 1; at < raw.len && !o->over; n = n * 7 % 509 + 1) {
		struct slice piece = slice_head(slice_from(raw, at), n);
		ssize_t sent = send(peer, piece.at, piece.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		at += sent > 0 ? (size_t)sent : 0;
		loop_turn(loop, 0);
		assert(++turns < TURNS_MAX);
	}
	shutdown(peer, SHUT_WR);
	while (!o->over && turns++ < TURNS_MAX)
		loop_turn(loop, 0);
	assert(o->over || o->got.overflow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct owner o = { .stream = NULL };
	struct buf raw, want;
	struct loop *loop;
	bool stops;
	int fd[2];

	if (size < 2 || size > 20000)
		return 0;
	o.by_line = data[0] & 1;
	stops = o.stops = o.by_line && data[0] & 2;
	buf_init(&raw, 1 << 20);
	buf_init(&want, GOT_MAX);
	buf_init(&o.got, GOT_MAX);
	if (data[0] & 4)
		buf_add(&raw, slice_make((const char *)data + 1, size - 1));
	else
		deflate_all(&raw, slice_make((const char *)data + 1, size - 1), data[0] >> 3);
	inflate_all(&want, buf_slice(&raw));
	loop = loop_new();
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
	o.stream = stream_new(loop, fd[0], &limits, on_event, &o);
	loop_turn(loop, 0);
	stream_start_deflate(o.stream);
	play(&o, loop, fd[1], buf_slice(&raw));
	/* Of a line that never ends, or that a mistake cut, the rest is still unread. */
	if (!stops && !want.overflow && want.len < GOT_MAX - 4096) {
		struct slice rest = stream_peek(o.stream);

		buf_add(&o.got, rest);
		assert(o.got.len <= want.len && memcmp(o.got.len ? o.got.data : "",
						       want.len ? want.data : "", o.got.len) == 0);
		if (!(data[0] & 4))
			assert(o.got.len == want.len);
	}
	stream_close(o.stream);
	close(fd[1]);
	loop_turn(loop, 0);
	loop_free(loop);
	buf_release(&raw);
	buf_release(&want);
	buf_release(&o.got);
	return 0;
}
