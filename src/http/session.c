/*
 * A connection's life: requests one after the other, each read line by line and
 * answered before the next is looked at.  While one is answered the connection is
 * paused, so pipelined requests (RFC 9112 9.3.2) wait in the socket and the answers
 * come in order.
 */
#include "session.h"

#include <assert.h>
#include <stdlib.h>

#include "auth_basic.h"
#include "base/list.h"
#include "base/mem.h"
#include "forwarded.h"

static struct http_session *session_of(struct session *base)
{
	return container_of(base, struct http_session, base);
}

static struct session *session_open(struct conn *conn, const void *server)
{
	struct http_session *s = mem_alloc(sizeof(*s));

	s->base.conn = conn;
	s->server = server;
	return &s->base;
}

/* ==== From request to route ==== */

static const struct http_route *find_route(const struct http_route *routes, struct slice path)
{
	for (const struct http_route *route = routes; route->path; route++) {
		struct slice pattern = slice_of(route->path);

		if (pattern.at[pattern.len - 1] == '*') {
			pattern.len--;
			if (slice_equal(slice_head(path, pattern.len), pattern))
				return route;
		} else if (slice_equal(path, pattern)) {
			return route;
		}
	}
	return NULL;
}

static void run(struct http_session *s)
{
	struct http_request *r = s->request;

	r->state = HTTP_RUNNING;
	r->route->run(s->server->ctx, r);
}

static void password_answered(struct auth_request *a, enum auth_answer answer)
{
	struct http_session *s = container_of(a, struct http_session, auth);

	assert(s->request && s->request->state == HTTP_ASKING);
	switch (answer) {
	case AUTH_RIGHT:
		run(s);
		break;
	case AUTH_WRONG:
		http_refuse(s->request, 401, "The user or the password is wrong.");
		break;
	case AUTH_LATER:
		http_refuse(s->request, 429, "Too many wrong passwords came from your network; "
			    "please try again in a while.");
		break;
	}
}

static void warn_of_clear_password(struct http_session *s)
{
	struct conn *conn = s->base.conn;
	const struct http_server *server = s->server;

	if (conn_is_secure(conn) || address_is_loopback(conn_peer(conn)) ||
	    network_set_has(server->proxies, conn_peer(conn)))
		return;
	if (server->warned_clear && *server->warned_clear)
		return;
	if (server->warned_clear)
		*server->warned_clear = true;
	conn_log(conn, LEVEL_WARN, "a password came over plain HTTP",
		 log_text("advice", "put a TLS proxy in front and name it in TRUSTED_PROXIES"));
}

static void ask_password(struct http_session *s)
{
	struct http_request *r = s->request;
	struct http_credentials c;

	if (http_credentials_read(&c, &r->head)) {
		struct address client = http_client(&r->head, conn_peer(s->base.conn),
						    s->server->proxies);

		warn_of_clear_password(s);
		r->state = HTTP_ASKING;
		s->auth.answer = password_answered;
		auth_check(s->server->auth, &s->auth, &client, c.user, c.password);
	} else {
		http_refuse(r, 401, "A user and a password are asked for here.");
	}
	http_credentials_release(&c);
}

/* The head is whole: from here on the request is answered. */
static void dispatch(struct http_session *s)
{
	struct http_request *r = s->request;

	conn_pause(s->base.conn);
	conn_set_deadline(s->base.conn, HTTP_ANSWER_S);
	if (r->head.refused) {
		http_refuse(r, r->head.refused, r->head.reason);
		return;
	}
	r->route = find_route(s->server->routes, buf_slice(&r->head.path));
	if (!r->route)
		http_refuse(r, 404, "There is nothing at this address.");
	else if (r->route->open)
		run(s);
	else
		ask_password(s);
}

void http_answered(struct http_session *s, bool close)
{
	conn_set_deadline(s->base.conn, 0);
	if (close)
		conn_finish(s->base.conn);
	else
		conn_resume(s->base.conn);
}

/* ==== What the connection calls ==== */

static void log_request(const struct http_session *s)
{
	const struct http_head *h = &s->request->head;
	size_t at = 0;
	struct slice agent = { NULL, 0 };

	http_head_next(h, "User-Agent", &at, &agent);
	conn_log(s->base.conn, LEVEL_DEBUG, "request head",
		 log_number("headers", (int64_t)h->count), log_slice("agent", agent));
}

static size_t session_input(struct session *base, struct slice unread)
{
	struct http_session *s = session_of(base);
	size_t used;

	if (!s->request) {
		s->request = http_request_new(s);
		conn_set_deadline(s->base.conn, HTTP_READ_S);
	}
	assert(s->request->state == HTTP_READING);
	if (http_head_read(&s->request->head, unread, &used)) {
		if (s->server->log_protocol)
			log_request(s);
		dispatch(s);
	}
	return used;
}

static void session_drained(struct session *base)
{
	struct http_session *s = session_of(base);

	if (s->request && s->request->state == HTTP_SENDING)
		http_send_more(s->request);
}

/* A connection that was only kept open is closed without a word (RFC 9112 9.5). */
static void session_idle(struct session *base)
{
	struct http_session *s = session_of(base);

	if (!s->request || s->request->state != HTTP_READING)
		return;
	s->request->close = true;
	http_refuse(s->request, 408, "The request took too long to come.");
}

static void session_shutdown(struct session *base)
{
	struct http_session *s = session_of(base);

	s->stopping = true;
	if (!s->request || s->request->state == HTTP_READING)
		conn_finish(s->base.conn);
	else
		s->request->close = true;
}

static void session_close(struct session *base)
{
	struct http_session *s = session_of(base);
	struct http_request *r = s->request;

	auth_abandon(&s->auth);
	if (r && r->state == HTTP_RUNNING)
		r->session = NULL;
	else if (r)
		http_request_end(r);
	free(s);
}

#define BUSY \
	"HTTP/1.1 503 Service Unavailable\r\n" \
	"Content-Type: text/plain; charset=utf-8\r\n" \
	"Content-Length: 62\r\n" \
	"Retry-After: 30\r\n" \
	"Connection: close\r\n" \
	"\r\n" \
	"There are too many connections; please try again in a while.\r\n"

const struct protocol http_protocol = {
	.name = "http",
	.limits = {
		.input_max = HTTP_FIELDS_MAX + 4096,     /* above the longest line */
		.output_high = 64 << 10,
		.output_low = 16 << 10,
		.idle_s = HTTP_IDLE_S,
	},
	.busy = { BUSY, sizeof(BUSY) - 1 },
	.open = session_open,
	.input = session_input,
	.drained = session_drained,
	.secured = NULL,
	.idle = session_idle,
	.shutdown = session_shutdown,
	.close = session_close,
};
