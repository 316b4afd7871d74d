#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/slice.h"
#include "net/address.h"
#include "net/stream.h"

struct loop;

/* One accepted connection: stream, peer, id, session.  Made by a service
 * (net/service.h).  Loop thread only. */
struct conn;

struct session {   /* embed first: struct smtp_session { struct session base; ... } */
	struct conn *conn;         /* set by the connection when open() has returned */
};

/*
 * What a protocol is to its connection.  Every function is called from the
 * loop, never from within a conn_ function.
 */
struct protocol {
	const char *name;                                /* "smtp", in logs */
	struct stream_limits limits;

	/* Sent, then closed, when a ceiling is reached; a whole reply line. */
	struct slice busy;

	/* `server` is the protocol's own struct, as given to the service.
	 * conn lives until close() returns.  The greeting is written here: the
	 * connection is ready (implicit TLS has shaken hands already). */
	struct session *(*open)(struct conn *conn, const void *server);

	/* Given everything unread; returns how many bytes of it were used.  Called
	 * again while it uses something, the connection is not paused or
	 * finished, and its output is not full.
	 *
	 * When the peer has ended its side and input() uses nothing of what is
	 * left, while neither paused nor full, the connection is finished: so a
	 * session whose command is still under way pauses. */
	size_t (*input)(struct session *s, struct slice unread);

	/* Output was full and is no longer.  May be NULL. */
	void (*drained)(struct session *s);

	/* The handshake that conn_start_tls() began is over. */
	void (*secured)(struct session *s);

	/* Nothing moved for the idle time (a job may still be under way), or the
	 * total time is over, or the input buffer is full and input() used
	 * nothing of it.  Say goodbye; the connection is finished afterwards in
	 * any case. */
	void (*idle)(struct session *s);

	/* The daemon is ending.  Say goodbye and conn_finish() now, or when the
	 * transaction under way is over. */
	void (*shutdown)(struct session *s);

	/* The end, exactly once, after conn_finish() or when the peer is gone:
	 * abandon jobs, free the session.  Output that is queued is still sent. */
	void (*close)(struct session *s);
};

/* What a session may ask of its connection.  tests/support/fake_conn.c has
 * the same functions and no socket.  Nothing is written between
 * conn_start_tls() and secured(). */
void conn_write(struct conn *c, struct slice bytes);
bool conn_full(const struct conn *c);         /* stop producing until drained() */
void conn_pause(struct conn *c);              /* no input(): waiting for a job */
void conn_resume(struct conn *c);             /* input() comes from the loop, not from here */
void conn_start_tls(struct conn *c);          /* see stream_start_tls; input waits for secured() */
void conn_start_deflate(struct conn *c);      /* behind what was written; see stream_start_deflate */
void conn_stop_deflate(struct conn *c);       /* likewise */
void conn_finish(struct conn *c);             /* no more input(); close after the output */
void conn_set_idle(struct conn *c, unsigned seconds);
void conn_set_deadline(struct conn *c, unsigned seconds);  /* total, from now; 0: none */

bool conn_can_tls(const struct conn *c);      /* its service has a certificate to offer */
bool conn_is_secure(const struct conn *c);
const char *conn_tls_version(const struct conn *c);   /* NULL in the clear */
const char *conn_tls_cipher(const struct conn *c);
/* See stream_binding(). */
size_t conn_binding(const struct conn *c, enum stream_binding kind,
		    unsigned char out[STREAM_BINDING_MAX]);
const struct address *conn_peer(const struct conn *c);  /* the real one, behind PROXY */
const char *conn_peer_text(const struct conn *c);     /* "192.0.2.1" */
const char *conn_id(const struct conn *c);            /* for logs and Received */
struct loop *conn_loop(const struct conn *c);

/* A log line with the connection's id and peer in front of the other fields;
 * the area is the protocol's name. */
#define conn_log(conn, level, event, ...) \
	conn_log_write(conn, level, event, \
		       (const struct log_field[]){ __VA_ARGS__, { .name = NULL } })
void conn_log_write(struct conn *c, enum log_level level, const char *event,
		    const struct log_field *fields);

#endif
