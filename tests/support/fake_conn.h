#ifndef FAKE_CONN_H
#define FAKE_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "net/conn.h"

/*
 * A connection without a socket: the functions of net/conn.h over two buffers,
 * so that a protocol is tested with every split of its input and no time
 * passes.  Any number may live at once.  Its rules are those of net/conn.h:
 * input() is called again while it uses something, not while paused, full,
 * finished or shaking hands; never from within a conn_ function.
 *
 * With a loop (for a protocol that puts jobs on lanes) what is asked for from
 * outside input() happens in the loop's deferred step; without one, in the next
 * fake_conn_run() or fake_conn_feed().
 *
 *	struct fake_conn *f = fake_conn_new(&smtp_protocol, &server, NULL);
 *	fake_conn_open(f);
 *	assert_string_equal(fake_conn_take(f), "220 mx.example ESMTP\r\n");
 *	assert_string_equal(fake_conn_say(f, "NOOP\r\n"), "250 2.0.0 OK\r\n");
 *	fake_conn_free(f);
 */
struct fake_conn {
	/* Set between new and open, or whenever the test likes. */
	bool secure;                  /* TLS is on (implicit TLS: before open) */
	bool can_tls;                 /* default true */
	bool no_binding;              /* TLS that an authentication cannot be bound to */
	bool slow;                    /* the peer reads nothing: full stays full */
	struct address peer;          /* default 192.0.2.1 */

	/* To be looked at. */
	struct session *session;      /* NULL before open and after close */
	struct buf output;            /* everything ever written */
	struct buf unread;            /* fed and not used yet */
	struct buf log;               /* "info smtp event name=value ...\n" for each line */
	bool paused;
	bool finished;                /* conn_finish(), or finished by a rule */
	bool closed;                  /* protocol->close() has been called */
	/* Nothing is compressed here: stream_deflate.c's test does that. */
	bool deflating;               /* conn_start_deflate() was called */
	size_t deflate_from;          /* the output before that left as it is */
	unsigned idle_s, deadline_s;  /* as last set */
	unsigned tls_started;         /* how often conn_start_tls() was called */
	unsigned idled;               /* how often protocol->idle() was called */
};

struct fake_conn *fake_conn_new(const struct protocol *protocol, const void *server,
				struct loop *loop);
void fake_conn_free(struct fake_conn *f);     /* close()s the session if that is still to come */
void fake_conn_open(struct fake_conn *f);     /* the first feed does it too */
struct conn *fake_conn_conn(struct fake_conn *f);

/* The peer sends; a feed calls input() as often as the rules say. */
void fake_conn_feed(struct fake_conn *f, struct slice bytes);
/* In pieces: up to offset cuts[0], up to cuts[1], ..., then the rest. */
void fake_conn_feed_cut(struct fake_conn *f, struct slice bytes,
			const size_t *cuts, size_t count);
void fake_conn_feed_each(struct fake_conn *f, struct slice bytes);  /* byte by byte */
void fake_conn_eof(struct fake_conn *f);      /* the peer will send no more */

/* What is due now and can happen without the loop. */
void fake_conn_run(struct fake_conn *f);

/* Turns the loop while the session is paused and open, at most 10 s; returns
 * whether it is not waiting any more.  Without a loop: runs. */
bool fake_conn_settle(struct fake_conn *f);

/* Output since the last take, NUL-terminated; valid until the next take. */
const char *fake_conn_take(struct fake_conn *f);
/* feed, settle, take. */
const char *fake_conn_say(struct fake_conn *f, const char *text);

void fake_conn_drain(struct fake_conn *f);    /* the slow peer reads all there is */
void fake_conn_idle(struct fake_conn *f);     /* the idle time (or the deadline) is over */
void fake_conn_shutdown(struct fake_conn *f); /* the daemon ends */
void fake_conn_break(struct fake_conn *f);    /* reset by peer */

/*
 * The same script whole, byte by byte, and cut in two at every offset, each on
 * a connection of its own that make() returns (opened, fed with whatever comes
 * first, its output taken).  The connection is settled after each piece;
 * check() looks at it after the last and before it is freed.
 */
void fake_conn_every_split(struct fake_conn *(*make)(void *arg),
			   void (*check)(struct fake_conn *f, void *arg),
			   void *arg, struct slice script);

#endif
