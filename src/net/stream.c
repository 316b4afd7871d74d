/*
 * One buffered socket.  The story of a turn: epoll says the socket can be read,
 * fill() takes up to 64 KiB of it and tells the owner; the owner answers with
 * stream_write(), which only queues; at the end of the turn everything queued
 * leaves in one send() or one SSL_write(), so ten pipelined commands are
 * answered by one segment.
 *
 * Everything that can end the stream only marks it (PHASE_FAILED, PHASE_OVER,
 * closed) and asks for turn(), the single place where events of failure are
 * told and memory is given back: no caller ever comes back to a freed stream.
 *
 * Road not taken: EPOLLET.  A level-triggered watch that is changed when its
 * interest changes costs one epoll_ctl now and then, and cannot lose a wake-up.
 * The one case it does not see, bytes that OpenSSL has decrypted and not yet
 * handed out, is asked about in turn().
 */
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "stream_private.h"

enum {
	/* Owners ask stream_full() at 64 to 256 KiB; one answer may overshoot by
	 * a whole line, never by this. */
	OUTPUT_MAX = 64 << 20,
	/* A read shorter than this has most likely emptied the socket. */
	SHORT_READ = 1024,
};

static void ready(struct watch *w, unsigned events);
static void turn(struct deferred *d);
static void idle(struct timer *t);

static void tell(struct stream *s, enum stream_event event)
{
	if (!s->closed)
		s->fn(event, s->arg);
}

static bool is_open(const struct stream *s)
{
	return s->phase == PHASE_OPEN && !s->closed;
}

static size_t input_room(const struct stream *s)
{
	return s->limits.input_max - (s->in.len - s->in_head);
}

/* From the socket.  Compressed bytes wait there while some are here, or while the
 * owner has not looked at what was inflated. */
static bool wants_bytes(const struct stream *s)
{
	if (s->eof || !input_room(s))
		return false;
	return !s->deflate || (stream_deflate_may_fill(s) && !stream_deflate_has_raw(s));
}

struct stream *stream_new(struct loop *loop, int fd,
			  const struct stream_limits *limits,
			  stream_fn *fn, void *arg)
{
	struct stream *s = mem_alloc(sizeof(*s));
	int on = 1;

	assert(limits->input_max > 0);
	s->loop = loop;
	s->watch.fd = fd;
	s->watch.ready = ready;
	s->turn.call = turn;
	s->timer.fire = idle;
	s->limits = *limits;
	s->fn = fn;
	s->arg = arg;
	s->read_needs = s->shake_needs = WATCH_READ;
	s->write_needs = WATCH_WRITE;
	s->moved_ms = loop_now_ms(loop);
	buf_init(&s->in, limits->input_max);
	buf_init(&s->out, OUTPUT_MAX);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));   /* not every socket is TCP */
	stream_set_idle(s, limits->idle_s);
	loop_defer(loop, &s->turn);
	return s;
}

static void release(struct stream *s)
{
	loop_watch(s->loop, &s->watch, 0);
	loop_undefer(s->loop, &s->turn);
	timer_clear(s->loop, &s->timer);
	SSL_free(s->ssl);
	close(s->watch.fd);
	buf_release(&s->in);
	buf_release(&s->out);
	stream_deflate_release(s);
	free(s->error);
	free(s);
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	s->closed = true;
	timer_clear(s->loop, &s->timer);
	loop_watch(s->loop, &s->watch, 0);
	loop_defer(s->loop, &s->turn);
}

void stream_blame(struct stream *s, const char *what, const char *why)
{
	if (!s->error)
		s->error = mem_printf("%s%s", what, why);
}

void stream_fail(struct stream *s)
{
	if (s->phase >= PHASE_LAST_OUTPUT) {
		stream_over(s);
		return;
	}
	s->phase = PHASE_FAILED;
	timer_clear(s->loop, &s->timer);
	loop_watch(s->loop, &s->watch, 0);
	loop_defer(s->loop, &s->turn);
}

static enum io blame_errno(struct stream *s, int err)
{
	char text[80];

	stream_blame(s, "", strerror_r(err, text, sizeof(text)));
	return IO_FAILED;
}

/* Asks the loop for exactly what this phase waits for. */
static void rewatch(struct stream *s)
{
	unsigned events = 0;

	switch (s->phase) {
	case PHASE_OPEN:
		if (wants_bytes(s))
			events |= s->read_needs;
		if (s->blocked)
			events |= s->write_needs;
		break;
	case PHASE_STARTING_TLS:
		events = s->blocked ? s->write_needs : 0;
		break;
	case PHASE_HANDSHAKE:
		events = s->shake_needs;
		break;
	case PHASE_LAST_OUTPUT:
		events = (s->eof ? 0 : WATCH_READ) | (s->blocked ? s->write_needs : 0);
		break;
	case PHASE_LINGER:
		events = WATCH_READ;
		break;
	case PHASE_FAILED:
	case PHASE_OVER:
		break;
	}
	if (s->closed || events == s->watch.events)
		return;
	if (!loop_watch(s->loop, &s->watch, events)) {
		blame_errno(s, errno);
		stream_fail(s);
	}
}

/* Input. */

static enum io clear_read(struct stream *s, char *at, size_t size, size_t *moved)
{
	ssize_t n = recv(s->watch.fd, at, size, 0);

	if (n > 0) {
		*moved = (size_t)n;
		return IO_OK;
	}
	if (n == 0)
		return IO_EOF;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return IO_AGAIN;
	return blame_errno(s, errno);
}

static void keep(struct stream *s, const char *at, size_t len)
{
	if (s->in_head) {
		buf_consume(&s->in, s->in_head);
		s->in_head = 0;
	}
	buf_add(&s->in, slice_make(at, len));
}

static enum io socket_read(struct stream *s, char *at, size_t size, size_t *moved)
{
	return s->secure ? stream_tls_read(s, at, size, moved) : clear_read(s, at, size, moved);
}

static enum io inflated_read(struct stream *s, char *at, size_t size, size_t *moved)
{
	char raw[STREAM_CHUNK];
	size_t got = 0;
	enum io io;

	if (!stream_deflate_may_fill(s))
		return IO_AGAIN;
	if (!stream_deflate_has_raw(s)) {
		io = socket_read(s, raw, sizeof(raw), &got);
		if (io != IO_OK)
			return io;
		stream_deflate_add(s, raw, got);
		s->moved_ms = loop_now_ms(s->loop);
		loop_defer(s->loop, &s->turn);   /* TLS may have more of it */
	}
	return stream_deflate_read(s, at, size, moved);
}

/* More is not to be had at once, or is not to be taken before the owner has looked. */
static bool was_last(const struct stream *s, size_t got, size_t want)
{
	return s->deflate ? stream_deflate_at_end(s) : got < want && got < SHORT_READ;
}

/* By way of the stack: an idle stream needs no buffer to be ready for input,
 * and one with a short line unread keeps a short buffer. */
static void fill(struct stream *s)
{
	char chunk[STREAM_CHUNK];
	size_t taken = 0;
	enum io io = IO_OK;

	while (taken < STREAM_TURN && input_room(s)) {
		size_t want = input_room(s) < sizeof(chunk) ? input_room(s) : sizeof(chunk);
		size_t got = 0;

		io = s->deflate ? inflated_read(s, chunk, want, &got)
				: socket_read(s, chunk, want, &got);
		if (io != IO_OK)
			break;
		keep(s, chunk, got);
		taken += got;
		if (was_last(s, got, want))
			break;
	}
	if (io == IO_FAILED)
		stream_fail(s);
	if (io == IO_EOF)
		s->eof = true;
	if (taken) {
		s->unacknowledged = true;
		s->moved_ms = loop_now_ms(s->loop);
		loop_defer(s->loop, &s->turn);
		tell(s, STREAM_INPUT);
	}
	if (io == IO_EOF && is_open(s))
		tell(s, STREAM_EOF);
}

struct slice stream_peek(const struct stream *s)
{
	return slice_from(buf_slice(&s->in), s->in_head);
}

void stream_consume(struct stream *s, size_t n)
{
	assert(n <= s->in.len - s->in_head);
	s->in_head += n;
	if (s->in_head == s->in.len) {
		buf_release(&s->in);
		s->in_head = 0;
	}
	if (n)
		loop_defer(s->loop, &s->turn);     /* there may be room to read again */
}

/* Output. */

static enum io clear_write(struct stream *s, const char *at, size_t size, size_t *moved)
{
	ssize_t n = send(s->watch.fd, at, size, MSG_NOSIGNAL);

	if (n >= 0) {
		*moved = (size_t)n;
		return IO_OK;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return IO_AGAIN;
	return blame_errno(s, errno);
}

/* Sent bytes are dropped when they are half of the buffer, so a slow reader of
 * a long answer costs each byte one move, not one a send. */
static void drop_sent(struct stream *s)
{
	if (s->out_head == s->out.len) {
		buf_release(&s->out);
		s->out_head = 0;
	} else if (s->out_head >= s->out.len / 2) {
		buf_consume(&s->out, s->out_head);
		s->out_head = 0;
	}
}

void stream_flush(struct stream *s)
{
	bool clear_only = s->phase == PHASE_STARTING_TLS;
	enum io io = IO_OK;

	if (s->deflate)
		stream_deflate_flush(s);
	while (io == IO_OK && (clear_only ? s->clear_left : stream_queued(s))) {
		const char *at = s->out.data + s->out_head;
		size_t size = clear_only ? s->clear_left : stream_queued(s);
		size_t sent = 0;

		io = s->secure ? stream_tls_write(s, at, size, &sent)
			       : clear_write(s, at, size, &sent);
		s->out_head += sent;
		if (clear_only)
			s->clear_left -= sent;
		if (sent)
			s->moved_ms = loop_now_ms(s->loop);
	}
	s->blocked = io == IO_AGAIN;
	drop_sent(s);
	if (io == IO_FAILED)
		stream_fail(s);
}

void stream_write(struct stream *s, struct slice bytes)
{
	if (s->closed || s->phase >= PHASE_LAST_OUTPUT || !bytes.len)
		return;
	if (!buf_add(s->deflate ? stream_deflate_plain(s) : &s->out, bytes)) {
		stream_blame(s, "more output than the peer may make us keep", "");
		stream_fail(s);
		return;
	}
	if (stream_full(s))
		s->was_full = true;
	loop_defer(s->loop, &s->turn);
}

bool stream_full(const struct stream *s)
{
	return stream_queued(s) >= s->limits.output_high;
}

static void flush_open(struct stream *s)
{
	stream_flush(s);
	if (!is_open(s) || !s->was_full || stream_queued(s) >= s->limits.output_low)
		return;
	s->was_full = false;
	tell(s, STREAM_DRAINED);
}

/* TLS. */

void stream_start_tls(struct stream *s, struct tls_context *tls)
{
	assert(!s->ssl && !s->tls && !s->deflate);
	buf_release(&s->in);
	s->in_head = 0;
	if (s->closed || s->phase != PHASE_OPEN)
		return;
	s->tls = tls;
	s->clear_left = stream_queued(s);
	s->phase = PHASE_STARTING_TLS;
	loop_defer(s->loop, &s->turn);
}

void stream_begin_tls(struct stream *s, struct tls_context *tls)
{
	assert(!s->ssl && !s->tls && stream_queued(s) == 0);
	if (s->closed || s->phase != PHASE_OPEN)
		return;
	s->tls = tls;
	s->phase = PHASE_STARTING_TLS;
	loop_defer(s->loop, &s->turn);
}

static void shake(struct stream *s)
{
	enum io io = stream_tls_shake(s);

	s->moved_ms = loop_now_ms(s->loop);
	if (io == IO_FAILED) {
		stream_fail(s);
	} else if (io == IO_OK) {
		s->secure = true;
		s->phase = PHASE_OPEN;
		loop_defer(s->loop, &s->turn);
		tell(s, STREAM_SECURED);
	}
}

static void leave_clear(struct stream *s)
{
	stream_flush(s);
	if (s->phase != PHASE_STARTING_TLS || s->clear_left)
		return;
	if (!stream_tls_begin(s, stream_peek(s))) {
		stream_fail(s);
		return;
	}
	buf_release(&s->in);
	s->in_head = 0;
	s->phase = PHASE_HANDSHAKE;
	shake(s);
}

bool stream_is_secure(const struct stream *s)
{
	return s->secure;
}

/* What the loop calls. */

static void ready(struct watch *w, unsigned events)
{
	struct stream *s = container_of(w, struct stream, watch);
	bool can_send = s->blocked && (events & s->write_needs);

	switch (s->phase) {
	case PHASE_OPEN:
		if (can_send)
			flush_open(s);
		if (is_open(s) && !s->eof && (events & s->read_needs))
			fill(s);
		break;
	case PHASE_STARTING_TLS:
		if (can_send)
			leave_clear(s);
		break;
	case PHASE_HANDSHAKE:
		if (events & s->shake_needs)
			shake(s);
		break;
	case PHASE_LAST_OUTPUT:
	case PHASE_LINGER:
		if (events & WATCH_READ)
			stream_end_discard(s);
		if (can_send)
			stream_end_step(s);
		break;
	case PHASE_FAILED:
	case PHASE_OVER:
		return;
	}
	rewatch(s);
}

/* A client that writes a literal and the end of its line in two pieces, as many
 * do, does not send the second before the first was acknowledged (RFC 896).  Where
 * no reply will carry that acknowledgement, the kernel would hold it back for
 * 40 ms; a new call is needed each time. */
static void acknowledge(struct stream *s)
{
	int on = 1;

	if (s->unacknowledged && stream_queued(s) == 0)
		setsockopt(s->watch.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	s->unacknowledged = false;
}

static void turn_open(struct stream *s)
{
	acknowledge(s);
	if (stream_queued(s) && !s->blocked)
		flush_open(s);
	if (is_open(s) && !s->eof && input_room(s) &&
	    (stream_tls_waiting(s) || stream_deflate_waiting(s)))
		fill(s);
}

static void turn(struct deferred *d)
{
	struct stream *s = container_of(d, struct stream, turn);

	if (!s->closed) {
		switch (s->phase) {
		case PHASE_OPEN:
			turn_open(s);
			break;
		case PHASE_STARTING_TLS:
			leave_clear(s);
			break;
		case PHASE_LAST_OUTPUT:
			stream_end_step(s);
			break;
		case PHASE_FAILED:
			if (!s->told) {
				s->told = true;
				tell(s, STREAM_FAILED);
			}
			return;
		case PHASE_OVER:
			tell(s, STREAM_CLOSED);
			s->closed = true;
			break;
		case PHASE_HANDSHAKE:
		case PHASE_LINGER:
			break;
		}
	} else {
		release(s);
		return;
	}
	if (s->phase == PHASE_OVER && s->closed)
		release(s);
	else
		rewatch(s);
}

void stream_set_idle(struct stream *s, unsigned idle_s)
{
	s->limits.idle_s = idle_s;
	if (s->closed || s->phase >= PHASE_LAST_OUTPUT)
		return;
	s->moved_ms = loop_now_ms(s->loop);
	if (idle_s)
		timer_set(s->loop, &s->timer, (uint64_t)idle_s * 1000);
	else
		timer_clear(s->loop, &s->timer);
}

/* The timer is not moved with every byte: when it fires it looks how long ago
 * the last one was. */
static void idle(struct timer *t)
{
	struct stream *s = container_of(t, struct stream, timer);
	uint64_t now = loop_now_ms(s->loop), limit = (uint64_t)s->limits.idle_s * 1000;
	uint64_t passed = now - s->moved_ms;

	if (s->phase >= PHASE_LAST_OUTPUT) {
		stream_end_timer(s);
		return;
	}
	if (passed < limit) {
		timer_set(s->loop, &s->timer, limit - passed);
		return;
	}
	s->moved_ms = now;
	timer_set(s->loop, &s->timer, limit);
	tell(s, STREAM_IDLE);
}

const char *stream_error(const struct stream *s)
{
	return s->error ? s->error : "";
}

void stream_close_after_output(struct stream *s)
{
	if (!s->closed && s->phase < PHASE_LAST_OUTPUT)
		stream_end_begin(s);
	else if (s->phase == PHASE_FAILED)
		stream_over(s);
}
