/*
 * A listening socket.  What needs care is having no descriptor left: accept()
 * then fails while the connection stays in the queue, a level-triggered epoll
 * reports it again at once, and the daemon burns a processor serving nobody.
 * So one descriptor is kept in reserve: it is given up, the connection is taken
 * and closed, and the reserve is taken back.  When even that does not work
 * (another thread was quicker) the socket is left alone for a second.
 */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"

enum {
	BACKLOG = 512,
	ACCEPT_TURN = 64,                /* those who are connected have their turn too */
	REST_MS = 1000,
	COMPLAIN_MS = 60 * 1000,
};

static void ready(struct watch *w, unsigned events);
static void rested(struct timer *t);

void listener_print(const struct address *a, char out[LISTENER_TEXT])
{
	char text[ADDRESS_TEXT];

	address_print(a, text);
	snprintf(out, LISTENER_TEXT, a->len == 16 ? "[%s]:%u" : "%s:%u", text,
		 (unsigned)a->port);
}

/* Returns 0 or an errno. */
static int bind_to(struct listener *l, const struct address *a, bool dual)
{
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(a, &sa);
	int on = 1, v6only = !dual, err;
	int fd = socket(a->len == 16 ? AF_INET6 : AF_INET,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->len == 16)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	if (bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, BACKLOG) < 0) {
		err = errno;
		close(fd);
		return err;
	}
	len = sizeof(sa);
	getsockname(fd, (struct sockaddr *)&sa, &len);
	l->bound = address_from_sockaddr((struct sockaddr *)&sa);
	l->watch.fd = fd;
	return 0;
}

static int bind_any(struct listener *l, uint16_t port)
{
	struct address six = { .len = 16, .port = port }, four = { .len = 4, .port = port };
	int err = bind_to(l, &six, true);

	/* A kernel that was started without IPv6. */
	if (err == EAFNOSUPPORT || err == EADDRNOTAVAIL)
		err = bind_to(l, &four, false);
	return err;
}

/* For who reads it at the first start. */
static const char *advice(int err)
{
	switch (err) {
	case EACCES:
		return " (ports below 1024 need root, or cap_net_bind_service: see setcap(8))";
	case EADDRINUSE:
		return " (by the program that `ss -ltnp` names)";
	case EADDRNOTAVAIL:
		return " (it is not an address of this machine)";
	default:
		return "";
	}
}

bool listener_open(struct listener *l, const struct listen_at *at,
		   char *error, size_t error_size)
{
	char where[LISTENER_TEXT], why[80];
	int err = at->any ? bind_any(l, at->address.port) : bind_to(l, &at->address, false);

	if (err) {
		listener_print(&at->address, where);
		if (at->any)
			snprintf(where, sizeof(where), ":%u", (unsigned)at->address.port);
		snprintf(error, error_size, "cannot listen on %s: %s%s", where,
			 strerror_r(err, why, sizeof(why)), advice(err));
		return false;
	}
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	l->watch.ready = ready;
	l->rest.fire = rested;
	if (loop_watch(l->loop, &l->watch, WATCH_READ))
		return true;
	snprintf(error, error_size, "cannot listen: the kernel refuses to watch the socket");
	close(l->watch.fd);
	if (l->spare >= 0)
		close(l->spare);
	l->watch.fd = 0;
	return false;
}

void listener_close(struct listener *l)
{
	if (!l->watch.fd)
		return;
	loop_watch(l->loop, &l->watch, 0);
	timer_clear(l->loop, &l->rest);
	close(l->watch.fd);
	if (l->spare >= 0)
		close(l->spare);
	l->watch.fd = 0;
	l->spare = -1;
}

static void rest(struct listener *l)
{
	loop_watch(l->loop, &l->watch, 0);
	timer_set(l->loop, &l->rest, REST_MS);
}

static void rested(struct timer *t)
{
	struct listener *l = container_of(t, struct listener, rest);

	if (l->spare < 0)
		l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!loop_watch(l->loop, &l->watch, WATCH_READ))
		timer_set(l->loop, &l->rest, REST_MS);
}

static void complain(struct listener *l, int err)
{
	char where[LISTENER_TEXT];
	uint64_t now = loop_now_ms(l->loop);

	if (now < l->complain_ms)
		return;
	l->complain_ms = now + COMPLAIN_MS;
	listener_print(&l->bound, where);
	log_event(LEVEL_ERROR, "net", "connections cannot be accepted",
		  log_text("address", where), log_errno(err));
}

/* Takes one connection that we have no descriptor for and closes it. */
static bool shed(struct listener *l)
{
	int fd;

	if (l->spare < 0)
		return false;
	close(l->spare);
	fd = accept4(l->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && l->spare >= 0;
}

/* False: nothing more to take in this turn. */
static bool accept_one(struct listener *l)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int fd = accept4(l->watch.fd, (struct sockaddr *)&sa, &len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);
	int err = errno;
	struct address peer;

	if (fd >= 0) {
		peer = address_from_sockaddr((struct sockaddr *)&sa);
		l->accepted(l->service, fd, &peer);
		return l->watch.fd != 0;
	}
	switch (err) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
		complain(l, err);
		if (shed(l))
			return true;
		rest(l);
		return false;
	case ENOBUFS:
	case ENOMEM:
		complain(l, err);
		rest(l);
		return false;
	default:
		/* The peer's network failed before we came to it: accept(2). */
		return true;
	}
}

static void ready(struct watch *w, unsigned events)
{
	struct listener *l = container_of(w, struct listener, watch);

	(void)events;
	for (int i = 0; i < ACCEPT_TURN && accept_one(l); i++)
		;
}
