#ifndef LINE_PROTOCOL_H
#define LINE_PROTOCOL_H

/*
 * The smallest protocol that uses everything a connection offers, for the tests
 * of net.  One line, one answer:
 *   ECHO x    "x"
 *   PAUSE     stops until line_resume()
 *   TLS       "go ahead", then the handshake, then "private"
 *   BULK n    n lines, stopping when the output is full
 *   QUIT      "bye" and the end
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/conn.h"

struct line_server {
	struct line_session *last;       /* the newest */
	unsigned opened, closed, idled, drained, secured, shut;
	unsigned inputs;
	bool stay_on_shutdown;
};

struct line_session {
	struct session base;
	struct line_server *server;
	struct conn *conn;
	unsigned bulk;                   /* lines still to come */
};

static inline void line_say(struct conn *c, const char *text)
{
	conn_write(c, slice_of(text));
}

static struct session *line_open(struct conn *conn, const void *server)
{
	struct line_session *s = mem_alloc(sizeof(*s));
	/* Tests count in it: a real protocol's struct is only read. */
	union { const void *in; struct line_server *out; } cast = { .in = server };

	s->server = cast.out;
	s->conn = conn;
	s->server->last = s;
	s->server->opened++;
	line_say(conn, "hello ");
	line_say(conn, conn_peer_text(conn));
	line_say(conn, conn_is_secure(conn) ? " secure\n" : "\n");
	return &s->base;
}

static void line_bulk(struct line_session *s)
{
	while (s->bulk && !conn_full(s->conn)) {
		line_say(s->conn, "0123456789abcdef0123456789abcdef\n");
		s->bulk--;
	}
	if (!s->bulk)
		conn_resume(s->conn);
}

static void line_command(struct line_session *s, struct slice line)
{
	struct conn *c = s->conn;

	if (slice_starts_nocase(line, "ECHO ")) {
		conn_write(c, slice_from(line, 5));
		line_say(c, "\n");
	} else if (slice_is(line, "PAUSE")) {
		conn_pause(c);
	} else if (slice_is(line, "TLS") && conn_can_tls(c) && !conn_is_secure(c)) {
		line_say(c, "go ahead\n");
		conn_start_tls(c);
	} else if (slice_starts_nocase(line, "BULK ")) {
		s->bulk = (unsigned)line.len > 5 ? (unsigned)(line.at[5] - '0') * 1000u : 0;
		conn_pause(c);
		line_bulk(s);
	} else if (slice_is(line, "QUIT")) {
		line_say(c, "bye\n");
		conn_finish(c);
	} else {
		line_say(c, "what?\n");
	}
}

static size_t line_input(struct session *session, struct slice unread)
{
	struct line_session *s = (struct line_session *)session;
	size_t end = slice_find(unread, '\n');

	s->server->inputs++;
	if (end == unread.len)
		return 0;
	line_command(s, slice_head(unread, end));
	return end + 1;
}

static void line_drained(struct session *session)
{
	struct line_session *s = (struct line_session *)session;

	s->server->drained++;
	line_bulk(s);
}

static void line_secured(struct session *session)
{
	struct line_session *s = (struct line_session *)session;

	s->server->secured++;
	line_say(s->conn, "private\n");
}

static void line_idle(struct session *session)
{
	struct line_session *s = (struct line_session *)session;

	s->server->idled++;
	line_say(s->conn, "too slow\n");
}

static void line_shutdown(struct session *session)
{
	struct line_session *s = (struct line_session *)session;

	s->server->shut++;
	if (s->server->stay_on_shutdown)
		return;
	line_say(s->conn, "going down\n");
	conn_finish(s->conn);
}

static void line_close(struct session *session)
{
	struct line_session *s = (struct line_session *)session;

	s->server->closed++;
	if (s->server->last == s)
		s->server->last = NULL;
	free(s);
}

static inline struct protocol line_protocol(void)
{
	return (struct protocol){
		.name = "line",
		.limits = { .input_max = 256, .output_high = 4096, .output_low = 1024 },
		.busy = SLICE("busy\n"),
		.open = line_open,
		.input = line_input,
		.drained = line_drained,
		.secured = line_secured,
		.idle = line_idle,
		.shutdown = line_shutdown,
		.close = line_close,
	};
}

#endif
