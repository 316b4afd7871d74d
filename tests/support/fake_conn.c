/*
 * Linked before the archive, this object takes the place of src/net/conn.o, so
 * it defines every function of net/conn.h and repeats its rules without a
 * socket.  A session test then decides where the input is cut and when the
 * peer reads, which no socket lets it do.
 */
#include "fake_conn.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "net/loop.h"

enum {
	FAKE_OUTPUT_MAX = 256 << 20,
	FAKE_SETTLE_MS = 10000,
};

struct conn {
	struct fake_conn fake;
	const struct protocol *protocol;
	const void *server;
	struct loop *loop;
	struct deferred later;
	struct buf taken;
	size_t take_from;
	size_t unsent;                /* written and not drained */
	bool opened, running, was_full, starting_tls, eof;
	char *peer_text;              /* printed afresh: the test may change the peer */
	char id[16];
};

static struct conn *conn_of(struct fake_conn *f)
{
	return container_of(f, struct conn, fake);
}

static void later(struct deferred *d)
{
	fake_conn_run(&container_of(d, struct conn, later)->fake);
}

static void run_later(struct conn *c)
{
	if (c->loop && !c->running)
		loop_defer(c->loop, &c->later);
}

struct fake_conn *fake_conn_new(const struct protocol *protocol, const void *server,
				struct loop *loop)
{
	static unsigned made;
	struct conn *c = mem_alloc(sizeof(*c));

	c->protocol = protocol;
	c->server = server;
	c->loop = loop;
	c->later.call = later;
	c->fake.can_tls = true;
	c->fake.peer = (struct address){ .bytes = { 192, 0, 2, 1 }, .len = 4, .port = 40000 };
	c->fake.idle_s = protocol->limits.idle_s;
	buf_init(&c->fake.output, FAKE_OUTPUT_MAX);
	buf_init(&c->fake.unread, FAKE_OUTPUT_MAX);
	buf_init(&c->fake.log, FAKE_OUTPUT_MAX);
	buf_init(&c->taken, FAKE_OUTPUT_MAX);
	c->peer_text = mem_alloc(ADDRESS_TEXT);
	snprintf(c->id, sizeof(c->id), "fake%u", ++made);
	return &c->fake;
}

static void close_session(struct conn *c)
{
	struct session *s = c->fake.session;

	c->fake.finished = true;
	if (c->fake.closed)
		return;
	c->fake.closed = true;
	if (s)
		c->protocol->close(s);
	c->fake.session = NULL;
}

void fake_conn_free(struct fake_conn *f)
{
	struct conn *c;

	if (!f)
		return;
	c = conn_of(f);
	assert(!c->running);
	if (c->opened)
		close_session(c);
	if (c->loop)
		loop_undefer(c->loop, &c->later);
	buf_release(&f->output);
	buf_release(&f->unread);
	buf_release(&f->log);
	buf_release(&c->taken);
	free(c->peer_text);
	free(c);
}

struct conn *fake_conn_conn(struct fake_conn *f)
{
	return conn_of(f);
}

void fake_conn_open(struct fake_conn *f)
{
	struct conn *c = conn_of(f);

	if (!c->opened)
		fake_conn_run(f);
}

static void start_session(struct conn *c)
{
	c->opened = true;
	c->fake.session = c->protocol->open(c, c->server);
	assert(c->fake.session);
	c->fake.session->conn = c;
}

/* The session is offered what is unread, never more than a real buffer holds.
 * Returns whether there is more to do. */
static bool offer(struct conn *c)
{
	struct fake_conn *f = &c->fake;
	struct slice all = buf_slice(&f->unread);
	size_t most = c->protocol->limits.input_max, used;
	struct slice view = most ? slice_head(all, most) : all;
	/* A copy of its own, so that a sanitizer sees who keeps the slice or
	 * reads past it. */
	char *exact = mem_array(view.len, 1);

	memcpy(exact, view.at, view.len);
	used = c->protocol->input(f->session, slice_make(exact, view.len));
	free(exact);
	assert(used <= view.len);
	buf_consume(&f->unread, used);
	if (used)
		return true;
	if (f->finished || c->starting_tls)
		return true;
	if (f->paused || c->was_full)
		return c->was_full && !f->slow;
	if (most && view.len >= most) {
		f->idled++;
		c->protocol->idle(f->session);
		f->finished = true;
		return true;
	}
	return false;
}

/* One thing a real connection would do next; false: nothing is due. */
static bool step(struct conn *c)
{
	struct fake_conn *f = &c->fake;

	if (f->closed)
		return false;
	if (f->finished) {
		close_session(c);
		return false;
	}
	if (c->starting_tls) {
		/* RFC 3207 4.2: what came before the handshake is thrown away. */
		buf_clear(&f->unread);
		c->starting_tls = false;
		f->secure = true;
		c->protocol->secured(f->session);
		return true;
	}
	if (!f->slow && c->unsent) {
		bool was_full = c->was_full;

		c->unsent = 0;
		c->was_full = false;
		if (was_full && c->protocol->drained) {
			c->protocol->drained(f->session);
			return true;
		}
	}
	if (f->paused || c->was_full)
		return false;
	if (f->unread.len && offer(c))
		return true;
	if (c->eof && !f->paused && !c->was_full) {
		f->finished = true;
		return true;
	}
	return false;
}

void fake_conn_run(struct fake_conn *f)
{
	struct conn *c = conn_of(f);

	assert(!c->running);
	c->running = true;
	if (!c->opened)
		start_session(c);
	while (step(c))
		;
	c->running = false;
}

bool fake_conn_settle(struct fake_conn *f)
{
	struct conn *c = conn_of(f);
	uint64_t end = clock_mono_ms() + FAKE_SETTLE_MS;

	fake_conn_run(f);
	if (!c->loop)
		return !f->paused || f->closed;
	while (f->paused && !f->closed && clock_mono_ms() < end)
		loop_turn(c->loop, 20);
	fake_conn_run(f);
	return !f->paused || f->closed;
}

void fake_conn_feed(struct fake_conn *f, struct slice bytes)
{
	if (!f->finished)
		buf_add(&f->unread, bytes);
	fake_conn_run(f);
}

void fake_conn_feed_cut(struct fake_conn *f, struct slice bytes,
			const size_t *cuts, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		assert(cuts[i] >= at && cuts[i] <= bytes.len);
		fake_conn_feed(f, slice_make(bytes.at + at, cuts[i] - at));
		fake_conn_settle(f);
		at = cuts[i];
	}
	fake_conn_feed(f, slice_from(bytes, at));
	fake_conn_settle(f);
}

void fake_conn_feed_each(struct fake_conn *f, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		fake_conn_feed(f, slice_make(bytes.at + i, 1));
		fake_conn_settle(f);
	}
}

void fake_conn_eof(struct fake_conn *f)
{
	conn_of(f)->eof = true;
	fake_conn_run(f);
}

const char *fake_conn_take(struct fake_conn *f)
{
	struct conn *c = conn_of(f);

	buf_clear(&c->taken);
	buf_add(&c->taken, slice_from(buf_slice(&f->output), c->take_from));
	buf_add_byte(&c->taken, '\0');
	c->take_from = f->output.len;
	return c->taken.data;
}

const char *fake_conn_say(struct fake_conn *f, const char *text)
{
	fake_conn_feed(f, slice_of(text));
	fake_conn_settle(f);
	return fake_conn_take(f);
}

void fake_conn_drain(struct fake_conn *f)
{
	struct conn *c = conn_of(f);
	bool was_full = c->was_full;

	c->unsent = 0;
	c->was_full = false;
	if (was_full && !f->finished && c->protocol->drained) {
		c->running = true;
		c->protocol->drained(f->session);
		c->running = false;
	}
	fake_conn_run(f);
}

void fake_conn_idle(struct fake_conn *f)
{
	struct conn *c = conn_of(f);

	fake_conn_run(f);
	if (f->finished)
		return;
	c->running = true;
	f->idled++;
	c->protocol->idle(f->session);
	f->finished = true;
	c->running = false;
	fake_conn_run(f);
}

void fake_conn_shutdown(struct fake_conn *f)
{
	struct conn *c = conn_of(f);

	fake_conn_run(f);
	if (f->finished)
		return;
	c->running = true;
	c->protocol->shutdown(f->session);
	c->running = false;
	fake_conn_run(f);
}

void fake_conn_break(struct fake_conn *f)
{
	fake_conn_run(f);
	close_session(conn_of(f));
}

void fake_conn_every_split(struct fake_conn *(*make)(void *arg),
			   void (*check)(struct fake_conn *f, void *arg),
			   void *arg, struct slice script)
{
	struct fake_conn *f;

	f = make(arg);
	fake_conn_feed_cut(f, script, NULL, 0);
	check(f, arg);
	fake_conn_free(f);

	f = make(arg);
	fake_conn_feed_each(f, script);
	check(f, arg);
	fake_conn_free(f);

	for (size_t cut = 1; cut < script.len; cut++) {
		f = make(arg);
		fake_conn_feed_cut(f, script, &cut, 1);
		check(f, arg);
		fake_conn_free(f);
	}
}

/* The functions of net/conn.h. */

void conn_write(struct conn *c, struct slice bytes)
{
	assert(!c->starting_tls);
	buf_add(&c->fake.output, bytes);
	assert(!c->fake.output.overflow);
	c->unsent += bytes.len;
	if (!c->was_full && c->protocol->limits.output_high &&
	    c->unsent >= c->protocol->limits.output_high) {
		c->was_full = true;
		run_later(c);
	}
}

bool conn_full(const struct conn *c)
{
	return c->was_full;
}

void conn_pause(struct conn *c)
{
	c->fake.paused = true;
}

void conn_resume(struct conn *c)
{
	c->fake.paused = false;
	run_later(c);
}

void conn_start_tls(struct conn *c)
{
	assert(!c->fake.secure && !c->fake.deflating && !c->starting_tls && c->fake.can_tls);
	c->starting_tls = true;
	c->fake.tls_started++;
	run_later(c);
}

void conn_start_deflate(struct conn *c)
{
	assert(!c->fake.deflating);
	c->fake.deflating = true;
	c->fake.deflate_from = c->fake.output.len;
}

void conn_stop_deflate(struct conn *c)
{
	c->fake.deflating = false;
}

void conn_finish(struct conn *c)
{
	c->fake.finished = true;
	run_later(c);
}

void conn_set_idle(struct conn *c, unsigned seconds)
{
	c->fake.idle_s = seconds;
}

void conn_set_deadline(struct conn *c, unsigned seconds)
{
	c->fake.deadline_s = seconds;
}

bool conn_can_tls(const struct conn *c)
{
	return c->fake.can_tls;
}

bool conn_is_secure(const struct conn *c)
{
	return c->fake.secure;
}

const char *conn_tls_version(const struct conn *c)
{
	return c->fake.secure ? "TLSv1.3" : NULL;
}

const char *conn_tls_cipher(const struct conn *c)
{
	return c->fake.secure ? "TLS_AES_256_GCM_SHA384" : NULL;
}

size_t conn_binding(const struct conn *c, enum stream_binding kind,
		    unsigned char out[STREAM_BINDING_MAX])
{
	if (!c->fake.secure || c->fake.no_binding)
		return 0;
	memset(out, kind == STREAM_EXPORTER ? 'x' : 'e', 32);
	return 32;
}

const struct address *conn_peer(const struct conn *c)
{
	return &c->fake.peer;
}

const char *conn_peer_text(const struct conn *c)
{
	address_print(&c->fake.peer, c->peer_text);
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
	static const char *const names[] = { "error", "warn", "info", "debug" };
	struct buf *log = &c->fake.log;

	buf_printf(log, "%s %s %s", names[level], c->protocol->name, event);
	for (; fields && fields->name; fields++) {
		buf_printf(log, " %s=", fields->name);
		if (fields->is_number)
			buf_printf(log, "%lld", (long long)fields->number);
		else
			buf_add(log, fields->text);
	}
	buf_add_byte(log, '\n');
}
