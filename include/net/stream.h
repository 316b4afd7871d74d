#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct loop;
struct tls_context;

/*
 * A buffered socket that can become a TLS one.  Above this file nobody knows
 * whether bytes are encrypted, partial, or waiting for the other direction.
 * Loop thread only.
 */
struct stream;

enum stream_event {
	STREAM_INPUT,        /* there are unread bytes that were not there before */
	STREAM_DRAINED,      /* output fell below the low-water mark after having been full */
	STREAM_SECURED,      /* the TLS handshake is over */
	STREAM_EOF,          /* the peer will send no more; unread bytes may remain */
	STREAM_IDLE,         /* nothing moved in either direction for the idle time */
	STREAM_FAILED,       /* broken; stream_error() says how.  Only stream_close() is left */
};

/* Never called from within a stream_ function, always from the loop. */
typedef void stream_fn(enum stream_event event, void *arg);

struct stream_limits {
	size_t input_max;    /* most unread bytes kept; then we stop reading */
	size_t output_high;  /* stream_full() at or above this */
	size_t output_low;   /* STREAM_DRAINED below this */
	unsigned idle_s;     /* 0: never */
};

/* Takes the fd, which is connected and non-blocking.  Sets TCP_NODELAY.
 * Reading begins in the next turn. */
struct stream *stream_new(struct loop *loop, int fd,
			  const struct stream_limits *limits,
			  stream_fn *fn, void *arg);

/* No event follows this call.  The fd is closed and the memory given back at
 * the end of the turn.  NULL is fine. */
void stream_close(struct stream *s);

/* Sends what is queued (and TLS's close_notify), shuts the sending side down,
 * then closes: at once when the peer has ended too, else when it does or after
 * 2 s of discarding what it still sends, so that a peer that pipelined gets our
 * last reply rather than a reset.  No event follows; idle time still bounds it. */
void stream_close_after_output(struct stream *s);

/* Everything received and not consumed yet; valid until the next stream_ call
 * that changes this stream, or the next turn. */
struct slice stream_peek(const struct stream *s);
void stream_consume(struct stream *s, size_t n);

/* Held: no STREAM_INPUT, and no reading past input_max.  Letting go announces
 * bytes that are already there, from the loop. */
void stream_hold(struct stream *s, bool held);

/* Queues; writes when the socket takes it: at the end of the turn, so that the
 * replies of one turn leave as one segment (or one TLS record).  Never refuses:
 * whoever writes much asks stream_full() first. */
void stream_write(struct stream *s, struct slice bytes);
bool stream_full(const struct stream *s);

/* Sends what is queued in the clear, THROWS AWAY every unread byte that came
 * before the handshake (RFC 3207 4.2: command injection), then shakes hands.
 * Both the unread buffer and what the kernel still holds of the clear text are
 * covered: the first byte after it must be a TLS record. */
void stream_start_tls(struct stream *s, struct tls_context *tls);
bool stream_is_secure(const struct stream *s);     /* handshake finished */

/* "TLSv1.3" and "TLS_AES_256_GCM_SHA384"; NULL before STREAM_SECURED. */
const char *stream_tls_version(const struct stream *s);
const char *stream_tls_cipher(const struct stream *s);

void stream_set_idle(struct stream *s, unsigned idle_s);

/* Why it failed, for the log: "connection reset by peer", "TLS: no shared
 * cipher".  Never NULL; lives as long as the stream. */
const char *stream_error(const struct stream *s);

#endif
