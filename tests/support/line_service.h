#ifndef LINE_SERVICE_H
#define LINE_SERVICE_H

/* A line protocol (line_protocol.h) as a service on loopback. */

#include "line_protocol.h"
#include "net/service.h"
#include "net_peer.h"

struct line_service {
	struct loop *loop;
	struct protocol protocol;
	struct line_server server;
	struct network_set *proxies;
	struct pair_folder folder;
	struct tls *tls;
	struct service *service;
	struct service_options o;
};

static inline struct line_service *line_service_new(void)
{
	struct line_service *s = mem_alloc(sizeof(*s));

	s->loop = loop_new();
	s->protocol = line_protocol();
	s->o.protocol = &s->protocol;
	s->o.server = &s->server;
	s->o.max_connections = 20;
	s->o.max_per_network = 20;
	assert_true(listen_list_parse(&s->o.listen, SLICE("127.0.0.1:0")));
	return s;
}

static inline void line_service_trust(struct line_service *s, const char *networks)
{
	struct slice bad;

	s->proxies = network_set_parse(slice_of(networks), &bad);
	assert_non_null(s->proxies);
	s->o.proxies = s->proxies;
}

static inline void line_service_secure(struct line_service *s, enum service_tls how)
{
	pair_folder_make(&s->folder);
	s->tls = pair_folder_tls(&s->folder, s->loop);
	s->o.tls = how;
	s->o.tls_context = tls_context_for(s->tls, NULL, 0);
}

static inline void line_service_open(struct line_service *s)
{
	char error[256] = "";

	s->service = service_open(s->loop, &s->o, error, sizeof(error));
	assert_string_equal(error, "");
	assert_non_null(s->service);
}

static inline int line_service_connect(struct line_service *s)
{
	return peer_connect(service_port(s->service, 0));
}

static inline void line_service_free(struct line_service *s)
{
	service_free(s->service);
	loop_turn(s->loop, 0);
	loop_turn(s->loop, 0);
	assert_int_equal(s->server.opened, s->server.closed);
	if (s->tls) {
		tls_free(s->tls);
		pair_folder_remove(&s->folder);
	}
	loop_free(s->loop);
	network_set_free(s->proxies);
	free(s);
}

#endif
