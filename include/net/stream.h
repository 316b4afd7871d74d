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
	STREAM_CLOSED,       /* the end of stream_close_after_output(): the stream is no more */
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
 * Reading begins in the next turn.  While nothing is unread and nothing queued
 * the stream keeps no buffer. */
struct stream *stream_new(struct loop *loop, int fd,
			  const struct stream_limits *limits,
			  stream_fn *fn, void *arg);

/* No event follows this call.  The fd is closed and the memory given back at
 * the end of the turn.  NULL is fine. */
void stream_close(struct stream *s);

/* Sends what is queued (and TLS's close_notify), shuts the sending side down,
 * then closes: at once when the peer has ended too, else when it does or after
 * 2 s of discarding what it still sends, so that a peer that pipelined gets our
 * last reply rather than a reset.  A peer that takes none of the output for 30 s
 * (or the idle time, when that is less) is given up.  A stream that is shaking
 * hands or has failed has nothing to send and closes at once.
 *
 * The one event that follows is STREAM_CLOSED, also from the loop: whoever
 * counts connections counts until then.  stream_close() may come before it. */
void stream_close_after_output(struct stream *s);

/* Everything received and not consumed yet; valid until the next stream_ call
 * that changes this stream, or the next turn.  Reading stops at input_max, so a
 * peer whose bytes are left unread feels it through TCP. */
struct slice stream_peek(const struct stream *s);
void stream_consume(struct stream *s, size_t n);

/* Queues; writes when the socket takes it: at the end of the turn, so that the
 * replies of one turn leave as one segment (or one TLS record).  Never refuses:
 * whoever writes much asks stream_full() first.  (64 MiB that nobody takes are a
 * failure all the same.) */
void stream_write(struct stream *s, struct slice bytes);
bool stream_full(const struct stream *s);

/* Sends what is queued in the clear, THROWS AWAY every unread byte that came
 * before the handshake (RFC 3207 4.2: command injection), then shakes hands.
 * Both the unread buffer and what the kernel still holds of the clear text are
 * covered: the first byte after it must be a TLS record.  What is written from
 * here on leaves encrypted.  The idle time is the only bound on the handshake
 * here: whoever wants a shorter one sets a timer and closes. */
void stream_start_tls(struct stream *s, struct tls_context *tls);

/* For TLS from the first byte: what lies unread is the beginning of the handshake
 * already (it came in the segment of a PROXY header).  Nothing may be queued. */
void stream_begin_tls(struct stream *s, struct tls_context *tls);
/* Compresses both directions from here on (raw DEFLATE, RFC 4978), above TLS, which
 * cannot be begun after it.  What is queued leaves as it is; what is unread counts as
 * compressed.  A broken deflate stream is a failure.  Input is inflated only into the
 * room of input_max, block by block: an owner that has looked at all unread bytes
 * and needs more says so with stream_hungry() (harmless at any time). */
void stream_start_deflate(struct stream *s);
void stream_hungry(struct stream *s);
/* The end of it (RFC 8437 4.1): for output behind what is queued, for input behind
 * the block whose bytes were handed out last. */
void stream_stop_deflate(struct stream *s);

bool stream_is_secure(const struct stream *s);     /* handshake finished */

/* "TLSv1.3" and "TLS_AES_256_GCM_SHA384"; NULL before STREAM_SECURED. */
const char *stream_tls_version(const struct stream *s);
const char *stream_tls_cipher(const struct stream *s);

/* What an authentication can be bound to, so that nobody sits between client and
 * server: bytes that both ends of this one TLS connection have, and nobody else. */
enum stream_binding {
	STREAM_EXPORTER,     /* tls-exporter (RFC 9266) */
	STREAM_END_POINT,    /* tls-server-end-point (RFC 5929 4): of our certificate */
};
enum { STREAM_BINDING_MAX = 64 };
/* How many bytes there are; 0: not to be had here. */
size_t stream_binding(const struct stream *s, enum stream_binding kind,
		      unsigned char out[STREAM_BINDING_MAX]);

void stream_set_idle(struct stream *s, unsigned idle_s);

/* Why it failed, for the log: "connection reset by peer", "TLS: no shared
 * cipher".  Never NULL; lives as long as the stream. */
const char *stream_error(const struct stream *s);

/* Did anything come for the handshake?  A health check or a scanner connects and
 * leaves.  False before stream_start_tls(). */
bool stream_heard(const struct stream *s);

#endif
