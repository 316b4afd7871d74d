/*
 * Addresses, networks and listen settings.  An IPv4 client of a dual-stack
 * socket arrives as ::ffff:a.b.c.d; it becomes IPv4 at the door, because every
 * list of networks, ceiling and greylist row would otherwise need both forms.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum {
	V4 = 4, V6 = 16,
	CLIENT_BITS_V4 = 24,     /* what one household or one small sender has */
	CLIENT_BITS_V6 = 64,     /* one link: every address in it is free to take */
	NETWORKS_MAX = 256,      /* a setting typed by a person; looked through in order */
};

struct network {
	uint8_t bytes[16];
	uint8_t len;
	uint8_t bits;
};

struct network_set {
	size_t count;
	struct network at[NETWORKS_MAX];
};

/* RFC 4291 2.5.5.2 */
static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static const struct network loopback[] = {
	{ { 127 }, V4, 8 },                                    /* RFC 1122 3.2.1.3 */
	{ { [15] = 1 }, V6, 128 },                             /* RFC 4291 2.5.3 */
};

static const struct network private[] = {
	{ { 10 }, V4, 8 },                                     /* RFC 1918 3 */
	{ { 172, 16 }, V4, 12 },
	{ { 192, 168 }, V4, 16 },
	{ { 169, 254 }, V4, 16 },                              /* RFC 3927 */
	{ { 0xfe, 0x80 }, V6, 10 },                            /* RFC 4291 2.5.6 */
	{ { 0xfc }, V6, 7 },                                   /* RFC 4193 */
};

static struct address from_v6(const uint8_t bytes[16], uint16_t port)
{
	struct address a = { .port = port };

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		a.len = V4;
		memcpy(a.bytes, bytes + sizeof(mapped), V4);
	} else {
		a.len = V6;
		memcpy(a.bytes, bytes, V6);
	}
	return a;
}

struct address address_from_sockaddr(const struct sockaddr *sa)
{
	struct address a = { .len = 0 };
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		a.len = V4;
		a.port = ntohs(in.sin_port);
		memcpy(a.bytes, &in.sin_addr, V4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		a = from_v6(in6.sin6_addr.s6_addr, ntohs(in6.sin6_port));
	}
	return a;
}

socklen_t address_to_sockaddr(const struct address *a, struct sockaddr_storage *out)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };

	memset(out, 0, sizeof(*out));
	if (a->len == V4) {
		memcpy(&in.sin_addr, a->bytes, V4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	if (a->len == V6) {
		memcpy(&in6.sin6_addr, a->bytes, V6);
		memcpy(out, &in6, sizeof(in6));
		return sizeof(in6);
	}
	return 0;
}

bool address_parse(struct address *out, struct slice text)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.at, '\0', text.len))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';

	if (inet_pton(AF_INET, copy, bytes) == 1) {
		*out = (struct address){ .len = V4 };
		memcpy(out->bytes, bytes, V4);
		return true;
	}
	if (inet_pton(AF_INET6, copy, bytes) == 1) {
		*out = from_v6(bytes, 0);
		return true;
	}
	return false;
}

void address_print(const struct address *a, char out[ADDRESS_TEXT])
{
	if (a->len == 0 ||
	    !inet_ntop(a->len == V4 ? AF_INET : AF_INET6, a->bytes, out, ADDRESS_TEXT))
		snprintf(out, ADDRESS_TEXT, "local");
}

/* Everything behind the first `bits` bits becomes 0. */
static void mask(uint8_t *bytes, size_t len, unsigned bits)
{
	for (size_t i = 0; i < len; i++) {
		unsigned keep = bits > 8 * i ? bits - 8 * (unsigned)i : 0;

		if (keep < 8)
			bytes[i] &= (uint8_t)(0xff00 >> keep);
	}
}

static bool network_has(const struct network *n, const struct address *a)
{
	uint8_t bytes[16];

	if (n->len != a->len)
		return false;
	memcpy(bytes, a->bytes, sizeof(bytes));
	mask(bytes, n->len, n->bits);
	return memcmp(bytes, n->bytes, n->len) == 0;
}

static struct network client_network(const struct address *a)
{
	struct network n = { .len = a->len };

	n.bits = a->len == V4 ? CLIENT_BITS_V4 : CLIENT_BITS_V6;
	memcpy(n.bytes, a->bytes, a->len);
	mask(n.bytes, n.len, n.bits);
	return n;
}

void address_print_network(const struct address *a, char out[ADDRESS_TEXT])
{
	struct network n = client_network(a);
	struct address first = { .len = n.len };
	size_t used;

	memcpy(first.bytes, n.bytes, sizeof(first.bytes));
	address_print(&first, out);
	used = strlen(out);
	if (a->len)
		snprintf(out + used, ADDRESS_TEXT - used, "/%u", n.bits);
}

bool address_same_network(const struct address *a, const struct address *b)
{
	struct network n = client_network(a);

	return network_has(&n, b);
}

static bool any_has(const struct network *n, size_t count, const struct address *a)
{
	for (size_t i = 0; i < count; i++) {
		if (network_has(&n[i], a))
			return true;
	}
	return false;
}

bool address_is_loopback(const struct address *a)
{
	return any_has(loopback, sizeof(loopback) / sizeof(loopback[0]), a);
}

bool address_is_private(const struct address *a)
{
	return address_is_loopback(a) ||
	       any_has(private, sizeof(private) / sizeof(private[0]), a);
}

/* RFC 4632 3.1, RFC 4291 2.3.  Bits behind the prefix are ignored: people write
 * the address of their router with the length of its network. */
static bool parse_network(struct network *n, struct slice text)
{
	size_t slash = slice_find(text, '/');
	struct slice host = slice_head(text, slash);
	bool is_v6_text = slice_find(host, ':') < host.len;
	unsigned width = is_v6_text ? 8 * V6 : 8 * V4;
	uint64_t bits = width;
	struct address a;

	if (!address_parse(&a, host))
		return false;
	if (slash < text.len && !text_number(slice_from(text, slash + 1), width, &bits))
		return false;
	if (is_v6_text && a.len == V4) {         /* ::ffff:10.0.0.0/104 */
		if (bits < 8 * sizeof(mapped))
			return false;
		bits -= 8 * sizeof(mapped);
	}
	n->len = a.len;
	n->bits = (uint8_t)bits;
	memcpy(n->bytes, a.bytes, sizeof(n->bytes));
	mask(n->bytes, n->len, n->bits);
	return true;
}

struct network_set *network_set_parse(struct slice text, struct slice *bad)
{
	struct network_set *set = mem_alloc(sizeof(*set));
	struct slice piece;

	while (text_next(&text, ',', &piece)) {
		if (piece.len == 0)
			continue;
		if (set->count == NETWORKS_MAX || !parse_network(&set->at[set->count], piece)) {
			*bad = piece;
			free(set);
			return NULL;
		}
		set->count++;
	}
	return set;
}

void network_set_free(struct network_set *n)
{
	free(n);
}

bool network_set_has(const struct network_set *n, const struct address *a)
{
	return n && any_has(n->at, n->count, a);
}

/* ":25", "192.0.2.1:25", "[2001:db8::1]:25" */
static bool parse_listen(struct listen_at *out, struct slice text)
{
	size_t colon = text.len;
	struct slice host;
	uint64_t port;
	bool bracketed;

	while (colon > 0 && text.at[colon - 1] != ':')
		colon--;
	if (colon == 0 || !text_number(slice_from(text, colon), UINT16_MAX, &port))
		return false;
	host = slice_head(text, colon - 1);
	*out = (struct listen_at){ .any = host.len == 0 };
	if (!out->any) {
		bracketed = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
		if (bracketed)
			host = slice_make(host.at + 1, host.len - 2);
		/* An IPv6 address has brackets, an IPv4 address has none. */
		if (bracketed != (slice_find(host, ':') < host.len) ||
		    !address_parse(&out->address, host))
			return false;
	}
	out->address.port = (uint16_t)port;
	return true;
}

bool listen_list_parse(struct listen_list *out, struct slice text)
{
	struct slice piece;

	out->count = 0;
	text = slice_trim(text);
	if (text.len == 0 || slice_is_nocase(text, "off"))
		return true;
	while (text_next(&text, ',', &piece)) {
		if (out->count == LISTEN_MAX || !parse_listen(&out->at[out->count], piece))
			return false;
		out->count++;
	}
	return true;
}
