/*
 * A protocol on a stream.  The rules of net/conn.h stand in pump(): whatever
 * happened (bytes, room, a finished job, the handshake), the same loop asks
 * whether input may be offered and whether the connection is over.
 *
 * No conn_ function calls the session back.  A session that finishes, resumes
 * or asks for TLS only leaves a mark; pump() sees it when it comes back from
 * input(), or in the deferred step when the call came from elsewhere.  So a
 * session is never closed while one of its functions is running.
 */
#include "net/conn.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"
#include "conn_private.h"

enum { LOG_FIELDS_MAX = 16 };

static void pump(struct conn *c);

static void later(struct deferred *d)
{
	struct conn *c = container_of(d, struct conn, later);

	if (c->session)
		pump(c);
}

static void goodbye(struct conn *c)
{
	if (!c->finished && !c->securing)
		c->protocol->idle(c->session);
	c->finished = true;
	pump(c);
}

static void deadline(struct timer *t)
{
	goodbye(container_of(t, struct conn, deadline));
}

static void handshake_late(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, entry);

	conn_log(c, LEVEL_INFO, "TLS handshake failed", log_text("reason", "timed out"));
	conn_end(c);
}

/* Unlikely to meet its like among the lines of a log; nothing rests on it. */
static void make_id(char out[CONN_ID_TEXT])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t bits = random_u64();

	for (size_t i = 0; i + 1 < CONN_ID_TEXT; i++, bits >>= 5)
		out[i] = alphabet[bits & 31];
	out[CONN_ID_TEXT - 1] = '\0';
}

struct conn *conn_new(struct loop *loop, int fd, const struct protocol *protocol,
		      stream_fn *fn)
{
	struct conn *c = mem_alloc(sizeof(*c));

	c->loop = loop;
	c->protocol = protocol;
	c->later.call = later;
	c->deadline.fire = deadline;
	list_init(&c->node);
	make_id(c->id);
	c->stream = stream_new(loop, fd, &protocol->limits, fn, c);
	return c;
}

void conn_set_peer(struct conn *c, const struct address *peer)
{
	c->peer = *peer;
	address_print(peer, c->peer_text);
}

static void close_session(struct conn *c)
{
	struct session *s = c->session;

	timer_clear(c->loop, &c->deadline);
	timer_clear(c->loop, &c->entry);
	loop_undefer(c->loop, &c->later);
	c->finished = true;
	if (!s)
		return;
	c->protocol->close(s);
	c->session = NULL;
	loop_undefer(c->loop, &c->later);
}

void conn_free(struct conn *c)
{
	close_session(c);
	stream_close(c->stream);
	free(c);
}

void conn_end(struct conn *c)
{
	close_session(c);
	stream_close_after_output(c->stream);
}

void conn_open(struct conn *c)
{
	c->session = c->protocol->open(c, c->server);
	assert(c->session);
	c->session->conn = c;
	pump(c);
}

void conn_secure(struct conn *c)
{
	c->tls_asked = false;
	c->securing = true;
	c->entry.fire = handshake_late;
	timer_set(c->loop, &c->entry, HANDSHAKE_S * 1000);
	if (c->session)
		stream_start_tls(c->stream, c->tls);
	else
		stream_begin_tls(c->stream, c->tls);
}

static bool may_offer(const struct conn *c)
{
	return !c->finished && !c->paused && !c->securing && !stream_full(c->stream);
}

static void change_compression(struct conn *c)
{
	if (c->clear_asked)
		stream_stop_deflate(c->stream);
	if (c->deflate_asked)
		stream_start_deflate(c->stream);
	c->deflate_asked = c->clear_asked = false;
}

/* False: input() used nothing, and offering the same again is of no use. */
static bool offer(struct conn *c)
{
	struct slice unread = stream_peek(c->stream);
	size_t used;

	if (!unread.len)
		return false;
	c->in_input = true;
	used = c->protocol->input(c->session, unread);
	c->in_input = false;
	assert(used <= unread.len);
	stream_consume(c->stream, used);
	if (c->tls_asked) {
		conn_secure(c);
	} else if (c->deflate_asked || c->clear_asked) {
		change_compression(c);
	} else if (!used && may_offer(c) && unread.len >= c->protocol->limits.input_max) {
		c->protocol->idle(c->session);
		c->finished = true;
	}
	if (!used && may_offer(c))
		stream_hungry(c->stream);
	return used > 0;
}

static void pump(struct conn *c)
{
	while (may_offer(c) && offer(c))
		;
	if (c->eof && may_offer(c))
		c->finished = true;
	if (c->finished)
		conn_end(c);
}

static void failed(struct conn *c)
{
	if (c->securing)
		conn_log(c, LEVEL_INFO, "TLS handshake failed",
			 log_text("reason", stream_error(c->stream)));
	else
		conn_log(c, LEVEL_DEBUG, "connection lost",
			 log_text("reason", stream_error(c->stream)));
	c->gone(c);
}

void conn_event(struct conn *c, enum stream_event event)
{
	switch (event) {
	case STREAM_DRAINED:
		if (!c->finished && c->protocol->drained)
			c->protocol->drained(c->session);
		break;
	case STREAM_SECURED:
		c->securing = false;
		timer_clear(c->loop, &c->entry);
		if (!c->finished)
			c->protocol->secured(c->session);
		break;
	case STREAM_EOF:
		c->eof = true;
		break;
	case STREAM_IDLE:
		goodbye(c);
		return;
	case STREAM_FAILED:
		failed(c);
		return;
	case STREAM_CLOSED:
		c->gone(c);
		return;
	case STREAM_INPUT:
		break;
	}
	pump(c);
}

void conn_shutdown(struct conn *c)
{
	if (c->finished)
		return;
	if (c->securing)
		conn_finish(c);
	else
		c->protocol->shutdown(c->session);
}

/* What sessions call. */

void conn_write(struct conn *c, struct slice bytes)
{
	assert(!c->tls_asked && !c->securing);
	stream_write(c->stream, bytes);
}

bool conn_full(const struct conn *c)
{
	return stream_full(c->stream);
}

void conn_pause(struct conn *c)
{
	c->paused = true;
}

void conn_resume(struct conn *c)
{
	c->paused = false;
	if (!c->in_input)
		loop_defer(c->loop, &c->later);
}

void conn_start_tls(struct conn *c)
{
	assert(c->tls && !c->tls_asked && !c->securing && !stream_is_secure(c->stream));
	c->tls_asked = true;
	if (!c->in_input)
		conn_secure(c);
}

void conn_start_deflate(struct conn *c)
{
	c->deflate_asked = true;
	if (!c->in_input)
		change_compression(c);
}

void conn_stop_deflate(struct conn *c)
{
	c->clear_asked = true;
	if (!c->in_input)
		change_compression(c);
}

void conn_finish(struct conn *c)
{
	c->finished = true;
	if (!c->in_input)
		loop_defer(c->loop, &c->later);
}

void conn_set_idle(struct conn *c, unsigned seconds)
{
	stream_set_idle(c->stream, seconds);
}

void conn_set_deadline(struct conn *c, unsigned seconds)
{
	if (seconds)
		timer_set(c->loop, &c->deadline, (uint64_t)seconds * 1000);
	else
		timer_clear(c->loop, &c->deadline);
}

bool conn_can_tls(const struct conn *c)
{
	return c->tls != NULL;
}

bool conn_is_secure(const struct conn *c)
{
	return stream_is_secure(c->stream);
}

const char *conn_tls_version(const struct conn *c)
{
	return stream_tls_version(c->stream);
}

const char *conn_tls_cipher(const struct conn *c)
{
	return stream_tls_cipher(c->stream);
}

size_t conn_binding(const struct conn *c, enum stream_binding kind,
		    unsigned char out[STREAM_BINDING_MAX])
{
	return stream_binding(c->stream, kind, out);
}

const struct address *conn_peer(const struct conn *c)
{
	return &c->peer;
}

const char *conn_peer_text(const struct conn *c)
{
	return c->peer_text;
}

const char *conn_id(const struct conn *c)
{
	return c->id;
}

struct loop *conn_loop(const struct conn *c)
{
	return c->loop;
}

void conn_log_write(struct conn *c, enum log_level level, const char *event,
		    const struct log_field *fields)
{
	struct log_field all[LOG_FIELDS_MAX + 3] = {
		log_text("conn", c->id),
		log_text("peer", c->peer_text),
	};

	for (size_t i = 0; i < LOG_FIELDS_MAX && fields && fields[i].name; i++)
		all[2 + i] = fields[i];
	log_write(level, c->protocol->name, event, all);
}
