#ifndef NET_SERVICE_H
#define NET_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "net/address.h"
#include "net/conn.h"

struct loop;
struct tls_context;

/*
 * A protocol on its listening sockets: accepts, counts against the ceilings,
 * reads a PROXY header from trusted peers (HAProxy's PROXY protocol v1 and v2),
 * shakes hands where TLS is implicit, and makes the session.
 */
struct service;

enum service_tls {
	SERVICE_CLEAR,           /* no TLS */
	SERVICE_STARTTLS,        /* when the session asks for it */
	SERVICE_IMPLICIT,        /* from the first byte */
};

struct service_options {
	const struct protocol *protocol;     /* its input_max is not 0 */
	const void *server;                  /* handed to protocol->open */
	struct listen_list listen;
	enum service_tls tls;
	struct tls_context *tls_context;
	unsigned max_connections;
	/* From one client network (/24, /64); loopback counts by single address
	 * like any other.  0: half of max_connections, at least 10:
	 * a household's devices, or a big sender, come from one; nobody alone
	 * takes every place. */
	unsigned max_per_network;
	/* Peers that may begin with a PROXY header; NULL: nobody.  One of them that
	 * sends other bytes, or nothing for a second, is a client of its own.  A
	 * connection from another peer that begins with one is just bad input.
	 * The protocol's input_max bounds the header too: 2048 takes all in use. */
	const struct network_set *proxies;
	/* Peers that stand for many clients and have no share of their own (reverse
	 * proxies in front of HTTP); NULL: none. */
	const struct network_set *fronts;
};

/* Binds and listens (IPV6_V6ONLY off for ":25"; SO_REUSEADDR), and logs each
 * bound address with its real port: event "listening", fields address, and
 * service=name.  NULL: `error` (256 bytes) says which address and why.
 * The options are copied; what they point to must outlive the service. */
struct service *service_open(struct loop *loop, const struct service_options *o,
			     char *error, size_t error_size);

/* Stops accepting and asks every session to end (protocol->shutdown). */
void service_shutdown(struct service *s);

/* Connections from accept() until the descriptor is closed, those included that
 * have ended and only wait for the peer (2 s at most once their output is out). */
unsigned service_connections(const struct service *s);

/* Ends what is left without another word, calls close() of each.  Not from
 * within a session.  NULL is fine; the memory is given back by the loop, so the
 * loop outlives it, and the tls (net/tls.h) does too. */
void service_free(struct service *s);

/* Port of the n-th listening socket, for tests. */
unsigned service_port(const struct service *s, size_t n);

#endif
