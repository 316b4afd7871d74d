/*
 * From accept() to the session: first the PROXY header where one must come,
 * because only it says whose connection this is; then the ceiling of that
 * network; then the handshake where TLS is implicit; then open().  Each step
 * has a deadline, and no session, log line or greylist ever sees the proxy's
 * address for the client's.
 *
 * Where TLS follows, the header is read byte by byte once it is as long as the
 * shortest: stream_start_tls() throws away what was read before the handshake, and
 * the client's first record comes in the header's segment.
 */
#include "conn_private.h"
#include "proxy.h"

static void proxy_late(struct timer *t);
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
	if (implicit_tls)
		stream_set_input_max(c->stream, PROXY_HEADER_LEAST);
	c->entry.fire = proxy_late;
	timer_set(c->loop, &c->entry, PROXY_S * 1000);
}

static void proxy_late(struct timer *t)
{
	drop(container_of(t, struct conn, entry), "PROXY header refused", "timed out");
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
		else if (c->securing && unread.len >= PROXY_HEADER_LEAST)
			stream_set_input_max(c->stream, unread.len + 1);
		return;
	case PROXY_BAD:
		drop(c, "PROXY header refused", "not a PROXY header");
		return;
	case PROXY_DONE:
		break;
	}
	stream_consume(c->stream, used);
	stream_set_input_max(c->stream, c->protocol->limits.input_max);
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
