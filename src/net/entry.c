/*
 * From accept() to the session: first the PROXY header where one may come,
 * because only it says whose connection this is; then the ceiling of that
 * network; then the handshake where TLS is implicit; then open().  Each step
 * has a deadline.
 *
 * A trusted network may also hold clients that come without a header: Docker's
 * gateway is in the network of the reverse proxy beside us.  They show it by their
 * first bytes, or, where they wait for our greeting, by saying nothing for a second:
 * a proxy writes its header at once.
 */
#include "conn_private.h"
#include "proxy.h"

static void proxy_late(struct timer *t);
static void proxy_silent(struct timer *t);
static void read_proxy(struct conn *c);
static void admit(struct conn *c);
static void secured(struct conn *c);

static void drop(struct conn *c, const char *event, const char *reason)
{
	conn_log(c, LEVEL_INFO, event, log_text("reason", reason));
	c->gone(c);
}

void entry_begin(struct conn *c, bool proxy, bool implicit_tls)
{
	c->securing = implicit_tls;
	if (!proxy) {
		admit(c);
		return;
	}
	c->proxy = true;
	c->entry.fire = implicit_tls ? proxy_late : proxy_silent;
	timer_set(c->loop, &c->entry, implicit_tls ? PROXY_S * 1000 : PROXY_SILENT_MS);
}

static void proxy_late(struct timer *t)
{
	drop(container_of(t, struct conn, entry), "PROXY header refused", "timed out");
}

static void without_header(struct conn *c)
{
	timer_clear(c->loop, &c->entry);
	c->proxy = false;
	admit(c);
}

static void proxy_silent(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, entry);

	if (!stream_peek(c->stream).len) {
		without_header(c);
		return;
	}
	t->fire = proxy_late;
	timer_set(c->loop, t, PROXY_S * 1000 - PROXY_SILENT_MS);
}

static void read_proxy(struct conn *c)
{
	struct slice unread = stream_peek(c->stream);
	struct address source;
	size_t used;

	switch (proxy_read(unread, &used, &source)) {
	case PROXY_NEED_MORE:
		if (c->eof && !unread.len)
			c->gone(c);              /* a proxy that looks whether we live */
		else if (c->eof || unread.len >= c->protocol->limits.input_max)
			drop(c, "PROXY header refused", "incomplete");
		return;
	case PROXY_NONE:
		without_header(c);
		return;
	case PROXY_BAD:
		drop(c, "PROXY header refused", "not a PROXY header");
		return;
	case PROXY_DONE:
		break;
	}
	stream_consume(c->stream, used);
	timer_clear(c->loop, &c->entry);
	c->proxy = false;
	if (source.len)
		conn_set_peer(c, &source);
	admit(c);
}

static void admit(struct conn *c)
{
	if (!service_admit(c)) {
		if (!c->securing)
			stream_write(c->stream, c->protocol->busy);
		conn_end(c);
		return;
	}
	if (!c->securing) {
		conn_open(c);
		return;
	}
	conn_secure(c);
}

static void secured(struct conn *c)
{
	c->securing = false;
	timer_clear(c->loop, &c->entry);
	conn_open(c);
}

void entry_event(enum stream_event event, void *arg)
{
	struct conn *c = arg;

	if (c->session) {
		conn_event(c, event);
		return;
	}
	switch (event) {
	case STREAM_INPUT:
		if (c->proxy)
			read_proxy(c);
		break;
	case STREAM_EOF:
		c->eof = true;
		if (c->proxy)
			read_proxy(c);
		break;
	case STREAM_SECURED:
		secured(c);
		break;
	case STREAM_IDLE:
		drop(c, "connection dropped", "idle before the session");
		break;
	case STREAM_FAILED:
		if (c->securing && !stream_heard(c->stream))
			c->gone(c);              /* somebody who looks whether we live */
		else
			drop(c, c->securing ? "TLS handshake failed" : "connection lost",
			     stream_error(c->stream));
		break;
	case STREAM_CLOSED:
		c->gone(c);
		break;
	case STREAM_DRAINED:
		break;
	}
}
