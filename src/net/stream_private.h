#ifndef STREAM_PRIVATE_H
#define STREAM_PRIVATE_H

/* What stream.c and its steps (stream_tls.c, stream_end.c) share; nobody else
 * includes it. */

#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/loop.h"
#include "net/stream.h"

enum stream_phase {
	PHASE_OPEN,              /* bytes come and go, clear or through TLS */
	PHASE_STARTING_TLS,      /* clear output still leaves; nothing is read */
	PHASE_HANDSHAKE,
	PHASE_LAST_OUTPUT,       /* stream_close_after_output(): it still leaves */
	PHASE_LINGER,            /* our side is shut; waiting for the peer's end */
	PHASE_FAILED,
	PHASE_OVER,              /* STREAM_CLOSED, then the memory is given back */
};

enum {
	STREAM_CHUNK = 16 << 10,         /* one read: a whole TLS record */
	STREAM_TURN = 64 << 10,          /* reads of one stream in one turn, for fairness */
};

struct stream {
	struct loop *loop;
	struct watch watch;
	struct deferred turn;            /* what is due at the end of this turn */
	struct timer timer;              /* idle; the bounds of the last two phases */
	struct stream_limits limits;
	stream_fn *fn;
	void *arg;

	struct buf in, out;
	size_t in_head, out_head;        /* consumed; sent */
	size_t clear_left;               /* of the output, before the handshake */
	uint64_t moved_ms;               /* when bytes last moved */

	struct stream_deflate *deflate;  /* NULL: not compressed */

	SSL *ssl;
	struct tls_context *tls;
	char *error;                     /* NULL: none yet */

	/* What the next read, write or handshake step waits for: TLS may have
	 * to write in order to read, and the other way round. */
	unsigned char read_needs, write_needs, shake_needs;

	enum stream_phase phase;
	bool secure;
	bool blocked;                    /* output waits for the socket */
	bool was_full;
	bool eof;
	bool unacknowledged;             /* input came in this turn */
	bool told;                       /* STREAM_FAILED was */
	bool closed;                     /* stream_close() was called */
};

enum io {
	IO_OK,           /* *moved bytes; more than none */
	IO_AGAIN,        /* ..._needs says for what */
	IO_EOF,
	IO_FAILED,       /* stream_blame() was called */
};

/* The reason, in the peer's log line.  The first one stays. */
void stream_blame(struct stream *s, const char *what, const char *why);

/* Broken.  The event comes at the end of the turn. */
void stream_fail(struct stream *s);

/* Sends what can be sent now of the phase's output; fails the stream when it
 * cannot be sent at all. */
void stream_flush(struct stream *s);

/* stream_deflate.c: the same steps under zlib, while s->deflate is there. */
void stream_deflate_release(struct stream *s);   /* the memory; also when it is not */
bool stream_deflate_may_fill(const struct stream *s);    /* the owner wants more */
bool stream_deflate_has_raw(const struct stream *s);     /* there is some to inflate */
bool stream_deflate_waiting(const struct stream *s);     /* both */
bool stream_deflate_at_end(const struct stream *s);      /* of a block: let the owner look */
void stream_deflate_add(struct stream *s, const char *at, size_t len);
/* As much as fits; IO_AGAIN: that needs more bytes. */
enum io stream_deflate_read(struct stream *s, char *at, size_t size, size_t *moved);
struct buf *stream_deflate_plain(struct stream *s);      /* what is written goes there */
size_t stream_deflate_queued(const struct stream *s);
void stream_deflate_flush(struct stream *s);     /* from there to `out` */

static inline size_t stream_queued(const struct stream *s)
{
	return s->out.len - s->out_head + (s->deflate ? stream_deflate_queued(s) : 0);
}

/* stream_tls.c: the same steps under OpenSSL. */
/* `early`: bytes of the handshake that have been read already; copied. */
bool stream_tls_begin(struct stream *s, struct slice early);
enum io stream_tls_shake(struct stream *s);
enum io stream_tls_read(struct stream *s, char *at, size_t size, size_t *moved);
enum io stream_tls_write(struct stream *s, const char *at, size_t size, size_t *moved);
enum io stream_tls_notify(struct stream *s);     /* close_notify; IO_OK: it is out */
bool stream_tls_waiting(const struct stream *s); /* decrypted bytes epoll knows nothing of */

/* stream_end.c: the last output and the linger. */
void stream_end_begin(struct stream *s);
void stream_end_step(struct stream *s);          /* after output may have moved */
void stream_end_discard(struct stream *s);       /* the socket can be read */
void stream_end_timer(struct stream *s);
void stream_over(struct stream *s);

#endif
