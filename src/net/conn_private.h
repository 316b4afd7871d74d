#ifndef CONN_PRIVATE_H
#define CONN_PRIVATE_H

/* The connection as service.c and entry.c see it.  Protocols see net/conn.h. */

#include "base/list.h"
#include "net/conn.h"
#include "net/loop.h"
#include "net/service.h"

enum {
	CONN_ID_TEXT = 11,               /* ten characters of base32 and a NUL */
	HANDSHAKE_S = 30,                /* three round trips over the worst link, many times */
	PROXY_SILENT_MS = 1000,          /* a proxy sends its header with the connection */
	PROXY_S = 10,                    /* it is the first thing a proxy writes */
};

struct peer_count;

struct conn {
	struct loop *loop;
	struct stream *stream;
	const struct protocol *protocol;
	const void *server;
	struct tls_context *tls;         /* NULL: no TLS here */
	struct session *session;         /* NULL before open() and after close() */

	struct timer deadline;           /* the session's */
	struct timer entry;              /* PROXY header, TLS handshake */
	struct deferred later;           /* what a conn_ function asked for */
	struct address peer;
	char peer_text[ADDRESS_TEXT];
	char id[CONN_ID_TEXT];

	/* The service's. */
	struct service *service;
	struct peer_count *network;      /* NULL: not counted (yet) */
	struct list node;
	void (*gone)(struct conn *c);    /* the stream is closed: frees the conn */

	bool paused, finished, eof;
	bool in_input;                   /* input() is running */
	bool deflate_asked, clear_asked; /* likewise; input goes on behind the line */
	bool tls_asked;                  /* and starts when it has returned */
	bool securing;                   /* shaking hands, or about to */
	bool proxy;                      /* its PROXY header is still to come */
};

/* conn.c.  Makes it around a connected socket; `fn` gets the stream's events. */
struct conn *conn_new(struct loop *loop, int fd, const struct protocol *protocol,
		      stream_fn *fn);
void conn_set_peer(struct conn *c, const struct address *peer);
void conn_free(struct conn *c);          /* close()s the session, drops the stream */

/* Makes the session: from here on conn_event() takes the events. */
void conn_open(struct conn *c);
void conn_event(struct conn *c, enum stream_event event);
void conn_shutdown(struct conn *c);

/* Shakes hands, under a deadline; STREAM_SECURED or STREAM_FAILED follows. */
void conn_secure(struct conn *c);

/* Ends it after its output: close() now, gone() when the socket is closed. */
void conn_end(struct conn *c);

/* entry.c: from accept() to open(). */
void entry_begin(struct conn *c, bool proxy, bool implicit_tls);
void entry_event(enum stream_event event, void *arg);

/* service.c, for entry.c: counts the connection for its network, if it is not
 * counted yet.  False: no room; it was logged. */
bool service_admit(struct conn *c);

#endif
