#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/slice.h"

/* IP addresses and networks, without ever asking DNS.  Pure; any thread. */

enum { ADDRESS_TEXT = 64 };

struct address {                  /* IPv4 is kept as IPv4, never as ::ffff:a.b.c.d */
	uint8_t bytes[16];
	uint8_t len;              /* 4 or 16; 0: not an IP address (a local socket) */
	uint16_t port;
};

struct address address_from_sockaddr(const struct sockaddr *sa);
socklen_t address_to_sockaddr(const struct address *a, struct sockaddr_storage *out);

/* "192.0.2.1" or "2001:db8::1"; no port.  False: neither. */
bool address_parse(struct address *out, struct slice text);
void address_print(const struct address *a, char out[ADDRESS_TEXT]);  /* len 0: "local" */

/* The client network that ceilings and greylisting count by: "192.0.2.0/24" or
 * "2001:db8:1:2::/64". */
void address_print_network(const struct address *a, char out[ADDRESS_TEXT]);
bool address_same_network(const struct address *a, const struct address *b);

bool address_is_loopback(const struct address *a);
bool address_is_private(const struct address *a);  /* RFC 1918, ULA, link-local, loopback */

/* A set of networks, from "10.0.0.0/8, 192.0.2.7, fd00::/8" (RFC 4632 / 4291). */
struct network_set;

/* NULL: `bad` was set to the piece that is not a network (a view of text), or is
 * one too many (256).  Empty pieces are passed over. */
struct network_set *network_set_parse(struct slice text, struct slice *bad);
void network_set_free(struct network_set *n);
bool network_set_has(const struct network_set *n, const struct address *a); /* n may be NULL */

/* A listen setting: ":25", "0.0.0.0:25", "127.0.0.1:2525", "[::1]:25", several
 * with commas; "off" or empty is an empty list.  ":25" is dual stack.  Port 0
 * lets the kernel choose. */
enum { LISTEN_MAX = 16 };
struct listen_at {
	struct address address;
	bool any;                 /* no address given: IPv6 any, IPv4 as well */
};
struct listen_list {
	struct listen_at at[LISTEN_MAX];
	size_t count;
};
/* False: not of that form, or more than LISTEN_MAX. */
bool listen_list_parse(struct listen_list *out, struct slice text);

#endif
