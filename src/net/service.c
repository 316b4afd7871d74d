/*
 * A protocol and its listening sockets, and the ceilings.  A connection counts
 * from accept() until its descriptor is closed, the last seconds of lingering
 * included: it is descriptors and memory that the ceilings protect.
 *
 * A refused connection is answered right here, on the bare socket: whoever
 * comes when all places are taken, or those of his network, must not cost a place.
 * (Behind a proxy his network is known only later: there he lingers like others.)
 */
#include "net/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "conn_private.h"
#include "listener.h"
#include "peers.h"

enum {
	NETWORK_LEAST = 10,              /* a household behind one address */
	REFUSED_EVERY_MS = 60 * 1000,    /* a flood is one line a minute */
};

struct service {
	struct loop *loop;
	struct service_options o;
	struct listener listener[LISTEN_MAX];
	size_t listeners;
	struct peers *peers;
	struct list conns;
	unsigned count;
	struct deferred end;             /* the watches outlive this turn */

	uint64_t next_line_ms;
	unsigned refused;                /* since the last line about it */
};

static void log_refused(struct service *s, const char *peer, const char *reason)
{
	uint64_t now = loop_now_ms(s->loop);

	s->refused++;
	if (now < s->next_line_ms)
		return;
	log_event(LEVEL_WARN, s->o.protocol->name, "connections refused",
		  log_text("peer", peer), log_text("reason", reason),
		  log_number("count", s->refused));
	s->next_line_ms = now + REFUSED_EVERY_MS;
	s->refused = 0;
}

static void gone(struct conn *c)
{
	struct service *s = c->service;

	if (c->network)
		peers_leave(s->peers, c->network);
	list_remove(&c->node);
	s->count--;
	conn_free(c);
}

static const char no_places[] = "all places are taken";
static const char no_share[] = "too many from its network";

bool service_admit(struct conn *c)
{
	struct service *s = c->service;

	if (network_set_has(s->o.fronts, &c->peer))
		return true;
	if (!c->network)
		c->network = peers_enter(s->peers, &c->peer);
	if (!c->network)
		log_refused(s, c->peer_text, no_share);
	return c->network != NULL;
}

/* What the peer has sent already is read away: closing over it would make the
 * kernel send a reset, which may overtake the reply. */
static void refuse(struct service *s, int fd, const struct address *peer, const char *why)
{
	struct slice busy = s->o.protocol->busy;
	char text[ADDRESS_TEXT], rest[4096];

	address_print(peer, text);
	log_refused(s, text, why);
	if (s->o.tls != SERVICE_IMPLICIT && busy.len &&
	    send(fd, busy.at, busy.len, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
		shutdown(fd, SHUT_WR);
		(void)!recv(fd, rest, sizeof(rest), MSG_DONTWAIT);
	}
	close(fd);
}

static void accepted(struct service *s, int fd, const struct address *peer)
{
	bool proxy = network_set_has(s->o.proxies, peer);
	struct peer_count *network = NULL;
	struct conn *c;

	if (s->count >= s->o.max_connections) {
		refuse(s, fd, peer, no_places);
		return;
	}
	if (!proxy && !network_set_has(s->o.fronts, peer) &&
	    !(network = peers_enter(s->peers, peer))) {
		refuse(s, fd, peer, no_share);
		return;
	}
	c = conn_new(s->loop, fd, s->o.protocol, entry_event);
	conn_set_peer(c, peer);
	c->server = s->o.server;
	c->tls = s->o.tls == SERVICE_CLEAR ? NULL : s->o.tls_context;
	c->service = s;
	c->network = network;
	c->gone = gone;
	list_append(&s->conns, &c->node);
	s->count++;
	entry_begin(c, proxy, s->o.tls == SERVICE_IMPLICIT);
}

static void stop_listening(struct service *s)
{
	for (size_t i = 0; i < s->listeners; i++)
		listener_close(&s->listener[i]);
}

static void end(struct deferred *d)
{
	struct service *s = container_of(d, struct service, end);

	peers_free(s->peers);
	free(s);
}

struct service *service_open(struct loop *loop, const struct service_options *o,
			     char *error, size_t error_size)
{
	struct service *s = mem_alloc(sizeof(*s));
	unsigned share = o->max_connections / 2;
	char text[LISTENER_TEXT];

	s->loop = loop;
	s->o = *o;
	s->end.call = end;
	list_init(&s->conns);
	if (share < NETWORK_LEAST)
		share = NETWORK_LEAST;
	s->peers = peers_new(o->max_per_network ? o->max_per_network : share);
	for (; s->listeners < o->listen.count; s->listeners++) {
		struct listener *l = &s->listener[s->listeners];

		l->loop = loop;
		l->service = s;
		l->accepted = accepted;
		if (listener_open(l, &o->listen.at[s->listeners], error, error_size))
			continue;
		service_free(s);
		return NULL;
	}
	for (size_t i = 0; i < s->listeners; i++) {
		listener_print(&s->listener[i].bound, text);
		log_event(LEVEL_INFO, "net", "listening", log_text("address", text),
			  log_text("service", o->protocol->name));
	}
	return s;
}

void service_shutdown(struct service *s)
{
	stop_listening(s);
	list_each(node, after, &s->conns) {
		struct conn *c = container_of(node, struct conn, node);

		if (c->session)
			conn_shutdown(c);
		else
			conn_end(c);
	}
}

unsigned service_connections(const struct service *s)
{
	return s->count;
}

void service_free(struct service *s)
{
	if (!s)
		return;
	stop_listening(s);
	while (!list_empty(&s->conns))
		gone(container_of(s->conns.next, struct conn, node));
	loop_defer(s->loop, &s->end);
}

unsigned service_port(const struct service *s, size_t n)
{
	return n < s->listeners ? s->listener[n].bound.port : 0;
}
