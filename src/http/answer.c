/*
 * One request from the moment somebody may answer it.  It lives apart from its
 * session: a route that answers later must not find it freed because the client hung
 * up, so a request that a route has is left to the route and only told that
 * nobody listens any more.
 */
#include "session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth_basic.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conditional.h"
#include "field.h"
#include "forwarded.h"
#include "response.h"

enum {
	PIECE = 16 << 10,                /* one TLS record */
	LOG_PATH_MAX = 80,
};

struct http_request *http_request_new(struct http_session *s)
{
	struct http_request *r = mem_alloc(sizeof(*r));

	r->session = s;
	http_head_init(&r->head);
	return r;
}

/* ==== The log ==== */

/* Never one that may hold a secret, and that is also what looks like a mistyped one:
 * of an address that is not ours no more than its first part. */
static struct slice logged_path(const struct http_request *r)
{
	struct slice path = slice_head(buf_slice(&r->head.path), LOG_PATH_MAX);

	if (r->head.refused || !path.len)
		return slice_of("-");
	if (!r->route)
		return slice_head(path, 1 + slice_find(slice_from(path, 1), '/'));
	if (r->route->path[strlen(r->route->path) - 1] == '*')
		return slice_of(r->route->path);
	return path;
}

static bool same_address(const struct address *a, const struct address *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void log_answer(const struct http_request *r, bool whole)
{
	static const char *const methods[] = { "-", "GET", "HEAD", "other" };
	struct conn *conn = r->session->base.conn;
	const struct http_response *a = &r->response;
	bool quiet = r->route && r->route->quiet && a->status < 400;
	struct address client = http_client(&r->head, conn_peer(conn), r->session->server->proxies);
	char text[ADDRESS_TEXT];
	/* Fields from the second NULL name on are not there. */
	struct log_field fields[] = {
		log_text("method", methods[r->head.method]),
		log_slice("path", logged_path(r)),
		log_number("status", a->status),
		log_number("bytes", (int64_t)r->sent),
		{ .name = NULL }, { .name = NULL }, { .name = NULL },
	};
	size_t n = 4;

	if (r->head.refused)
		fields[n++] = log_text("reason", r->head.reason);
	if (!same_address(&client, conn_peer(conn))) {
		address_print(&client, text);
		fields[n++] = log_text("client", text);
	}
	conn_log_write(conn, quiet ? LEVEL_DEBUG : LEVEL_INFO,
		       whole ? "request" : "request cut off", fields);
}

/* ==== Sending ==== */

void http_request_end(struct http_request *r)
{
	if (r->state == HTTP_SENDING) {
		if (r->response.released)
			r->response.released(r->response.held);
		if (r->session)
			log_answer(r, r->sent == r->response.body.len);
	}
	http_head_release(&r->head);
	free(r);
}

void http_send_more(struct http_request *r)
{
	struct http_session *s = r->session;
	struct conn *conn = s->base.conn;
	bool close = r->close;

	while (r->sent < r->response.body.len && !conn_full(conn)) {
		struct slice piece = slice_head(slice_from(r->response.body, r->sent), PIECE);

		conn_write(conn, piece);
		r->sent += piece.len;
	}
	if (r->sent < r->response.body.len)
		return;
	s->request = NULL;
	http_request_end(r);
	http_answered(s, close);
}

/* `response` is printed here, so that of it only the body is kept. */
static void send_response(struct http_request *r, const struct http_response *response,
			  const char *extra)
{
	struct http_session *s = r->session;
	struct buf head;

	if (s->stopping || r->head.close)
		r->close = true;
	buf_init(&head, HTTP_RESPONSE_HEAD_MAX);
	http_response_print(&head, response, extra, r->close, clock_wall());
	conn_write(s->base.conn, buf_slice(&head));
	if (s->server->log_protocol)
		conn_log(s->base.conn, LEVEL_DEBUG, "reply", log_slice("line",
			 slice_head(buf_slice(&head), slice_find(buf_slice(&head), '\r'))));
	buf_release(&head);
	r->response = *response;
	if (!response->type || r->head.method == HTTP_HEAD)
		r->response.body.len = 0;
	r->state = HTTP_SENDING;
	http_send_more(r);
}

void http_refuse(struct http_request *r, int status, const char *text)
{
	struct http_response response = {
		.status = status, .type = "text/plain; charset=utf-8", .cache = "no-store",
	};
	struct buf extra;

	snprintf(r->text, sizeof(r->text), "%s\n", text);
	response.body = slice_of(r->text);
	buf_init(&extra, HTTP_CHALLENGE_MAX);
	if (status == 401)
		http_challenge_print(&extra, r->session->server->realm);
	if (status == 405)
		buf_add_text(&extra, "Allow: GET, HEAD\r\n");
	if (status == 429)
		buf_printf(&extra, "Retry-After: %d\r\n", HTTP_LATER_S);
	buf_add_byte(&extra, '\0');
	assert(!extra.overflow);
	send_response(r, &response, extra.data);
	buf_release(&extra);
}

void http_respond(struct http_request *r, const struct http_response *response)
{
	struct http_response changed = *response;

	assert(r->state == HTTP_RUNNING);
	if (!r->session) {
		r->response = changed;
		r->state = HTTP_SENDING;
		http_request_end(r);
		return;
	}
	if (changed.status == 200) {
		switch (http_condition_of(&r->head, changed.etag, changed.modified)) {
		case HTTP_SEND:
			break;
		case HTTP_NOT_MODIFIED:
			changed.status = 304;
			changed.type = NULL;
			break;
		case HTTP_NOT_THAT:
			changed.status = 412;
			changed.type = NULL;
			changed.etag = changed.encoding = changed.disposition = NULL;
			changed.modified = 0;
			break;
		}
	}
	send_response(r, &changed, "");
}

/* ==== What a route may ask ==== */

struct slice http_path(const struct http_request *r)
{
	return buf_slice(&r->head.path);
}

struct slice http_query(const struct http_request *r)
{
	return r->head.query;
}

struct slice http_header(const struct http_request *r, const char *name)
{
	struct slice value = { NULL, 0 };
	size_t at = 0;

	http_head_next(&r->head, name, &at, &value);
	return value;
}

bool http_is_head(const struct http_request *r)
{
	return r->head.method == HTTP_HEAD;
}

bool http_is_secure(const struct http_request *r)
{
	return r->session && conn_is_secure(r->session->base.conn);
}

bool http_accepts_gzip(const struct http_request *r)
{
	struct http_gzip_said said = { HTTP_GZIP_UNSAID, HTTP_GZIP_UNSAID };
	struct slice value;
	size_t at = 0;

	while (http_head_next(&r->head, "Accept-Encoding", &at, &value))
		http_gzip_read(&said, value);
	return http_gzip_taken(&said);
}
