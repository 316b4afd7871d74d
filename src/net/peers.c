/*
 * The share of one network: a /24 or /64, because that is what a stranger gets
 * cheaply.  Loopback is different: a network of addresses that are all this
 * machine, where tests and tunnels use each for somebody else.
 *
 * Entries exist only while they count something, so the table is never larger
 * than the ceiling on connections, and 256 chains are short.
 */
#include "peers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

enum { CHAINS = 256 };

struct peer_count {
	struct peer_count *next;
	unsigned count;
	char network[ADDRESS_TEXT];
};

struct peers {
	unsigned most;
	struct peer_count *chain[CHAINS];
};

struct peers *peers_new(unsigned most)
{
	struct peers *p = mem_alloc(sizeof(*p));

	p->most = most;
	return p;
}

void peers_free(struct peers *p)
{
	for (size_t i = 0; p && i < CHAINS; i++) {
		while (p->chain[i]) {
			struct peer_count *c = p->chain[i];

			p->chain[i] = c->next;
			free(c);
		}
	}
	free(p);
}

static struct peer_count **place_of(struct peers *p, const char *network)
{
	struct peer_count **at = &p->chain[hash_keyed(slice_of(network)) % CHAINS];

	while (*at && strcmp((*at)->network, network) != 0)
		at = &(*at)->next;
	return at;
}

struct peer_count *peers_enter(struct peers *p, const struct address *peer)
{
	char network[ADDRESS_TEXT];
	struct peer_count **at;

	if (address_is_loopback(peer))
		address_print(peer, network);
	else
		address_print_network(peer, network);
	at = place_of(p, network);
	if (!*at) {
		*at = mem_alloc(sizeof(**at));
		memcpy((*at)->network, network, sizeof(network));
	}
	if ((*at)->count >= p->most)
		return NULL;
	(*at)->count++;
	return *at;
}

void peers_leave(struct peers *p, struct peer_count *c)
{
	struct peer_count **at = place_of(p, c->network);

	assert(*at == c && c->count > 0);
	if (--c->count > 0)
		return;
	*at = c->next;
	free(c);
}
