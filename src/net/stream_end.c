/*
 * How a connection ends in good manners.  Closing a socket that still has
 * unread input makes the kernel send a reset, and a reset makes the peer's
 * kernel throw away what it has not read yet: our last reply.  A client that
 * pipelines behind QUIT would never see the 221.  So: send, shut our side
 * down, swallow what still comes until the peer ends too, for 2 s at most.
 *
 * What is swallowed is read from the socket below TLS: nobody wants it
 * decrypted, and OpenSSL needs no input to write.
 */
#include <errno.h>
#include <sys/socket.h>

#include "stream_private.h"

enum {
	LINGER_MS = 2000,
	/* A peer that takes nothing of the last output keeps a descriptor, so it
	 * is not given the half hour of an idle IMAP connection. */
	LAST_OUTPUT_S = 30,
};

static uint64_t last_output_ms(const struct stream *s)
{
	unsigned most = LAST_OUTPUT_S;

	if (s->limits.idle_s && s->limits.idle_s < most)
		most = s->limits.idle_s;
	return (uint64_t)most * 1000;
}

void stream_over(struct stream *s)
{
	s->phase = PHASE_OVER;
	timer_clear(s->loop, &s->timer);
	loop_watch(s->loop, &s->watch, 0);
	loop_defer(s->loop, &s->turn);
}

void stream_end_begin(struct stream *s)
{
	if (s->phase != PHASE_OPEN) {
		stream_over(s);
		return;
	}
	s->phase = PHASE_LAST_OUTPUT;
	buf_release(&s->in);
	s->in_head = 0;
	s->moved_ms = loop_now_ms(s->loop);
	timer_set(s->loop, &s->timer, last_output_ms(s));
	loop_defer(s->loop, &s->turn);
}

void stream_end_step(struct stream *s)
{
	if (s->phase != PHASE_LAST_OUTPUT)
		return;
	stream_flush(s);
	if (s->phase != PHASE_LAST_OUTPUT || stream_queued(s))
		return;
	if (s->secure && stream_tls_notify(s) == IO_AGAIN) {
		s->blocked = true;
		return;
	}
	s->blocked = false;
	if (s->eof || shutdown(s->watch.fd, SHUT_WR) < 0) {
		stream_over(s);
		return;
	}
	s->phase = PHASE_LINGER;
	timer_set(s->loop, &s->timer, LINGER_MS);
}

void stream_end_discard(struct stream *s)
{
	char chunk[STREAM_CHUNK];
	size_t taken = 0;

	while (taken < STREAM_TURN) {
		ssize_t n = recv(s->watch.fd, chunk, sizeof(chunk), 0);

		if (n > 0) {
			taken += (size_t)n;
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return;
		s->eof = true;
		if (n < 0 || s->phase == PHASE_LINGER)
			stream_over(s);
		return;
	}
}

void stream_end_timer(struct stream *s)
{
	uint64_t passed = loop_now_ms(s->loop) - s->moved_ms;

	if (s->phase == PHASE_LAST_OUTPUT && passed < last_output_ms(s))
		timer_set(s->loop, &s->timer, last_output_ms(s) - passed);
	else
		stream_over(s);
}
