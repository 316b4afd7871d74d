/*
 * The PROXY header.  It is read again from its first byte each time more comes:
 * it nearly always arrives whole, and a reader without state cannot be left in
 * a wrong one.  Being strict matters more than usual: a header that two readers
 * understand differently gives somebody an address that is not theirs.
 *
 * Section numbers are those of HAProxy's proxy-protocol.txt.
 */
#include "proxy.h"

#include <netinet/in.h>
#include <string.h>

#include "base/text.h"

enum {
	V1_MAX = 107,            /* 2.1: with CR LF */
	V2_FIXED = 16,           /* 2.2: signature, command, family, length */
	V2_COMMAND_AT = 12,
	V2_FAMILY_AT = 13,
	V2_LENGTH_AT = 14,
};

static const char v1_start[] = "PROXY ";
static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";

/* 2.2: families and protocols; any other byte is invalid.  Datagrams (0x12,
 * 0x22, 0x32) are left out: no connection of ours is one. */
static const struct {
	uint8_t family;
	uint8_t address_len;     /* 0: the header names no address that we use */
	uint8_t at_least;        /* the block before the TLVs */
} v2_families[] = {
	{ 0x00, 0, 0 },          /* unspecified: "must ignore address information" */
	{ 0x11, 4, 12 },         /* TCP over IPv4 */
	{ 0x21, 16, 36 },        /* TCP over IPv6 */
	{ 0x31, 0, 216 },        /* local stream socket */
};

/* 2.1: no sign, no heading zero. */
static bool v1_port(struct slice text, uint16_t *port)
{
	uint64_t value;

	if (text.len > 1 && text.at[0] == '0')
		return false;
	if (!text_number(text, UINT16_MAX, &value))
		return false;
	*port = (uint16_t)value;
	return true;
}

static bool v1_address(struct slice text, bool is_v6, struct address *a)
{
	bool has_colon = slice_find(text, ':') < text.len;

	return has_colon == is_v6 && address_parse(a, text);
}

/* The next word, ended by exactly one space (2.1). */
static struct slice v1_word(struct slice *rest)
{
	size_t end = slice_find(*rest, ' ');
	struct slice word = slice_head(*rest, end);

	*rest = slice_from(*rest, end + 1);
	return word;
}

/* "TCP4 192.0.2.1 192.0.2.9 40000 25" */
static bool v1_line(struct slice line, struct address *source)
{
	struct slice rest = line;
	struct slice protocol = v1_word(&rest);
	struct address from, to;
	bool is_v6 = slice_is(protocol, "TCP6");

	/* 2.1: "the receiver must ignore anything presented before the CRLF". */
	if (slice_is(protocol, "UNKNOWN"))
		return true;
	if (!is_v6 && !slice_is(protocol, "TCP4"))
		return false;
	if (!v1_address(v1_word(&rest), is_v6, &from) ||
	    !v1_address(v1_word(&rest), is_v6, &to) ||
	    !v1_port(v1_word(&rest), &from.port) || !v1_port(rest, &to.port))
		return false;
	*source = from;
	return true;
}

static enum proxy_result read_v1(struct slice unread, size_t *used, struct address *source)
{
	struct slice most = slice_head(unread, V1_MAX);
	size_t cr = slice_find(most, '\r');
	struct slice line;

	if (slice_find(most, '\n') < cr)
		return PROXY_BAD;
	if (cr + 1 >= most.len)
		return most.len < V1_MAX ? PROXY_NEED_MORE : PROXY_BAD;
	if (most.at[cr + 1] != '\n')
		return PROXY_BAD;
	line = slice_from(slice_head(most, cr), sizeof(v1_start) - 1);
	if (!v1_line(line, source))
		return PROXY_BAD;
	*used = cr + 2;
	return PROXY_DONE;
}

/* Through a sockaddr, so that ::ffff:a.b.c.d becomes what it is everywhere. */
static struct address v2_address(const uint8_t *at, size_t address_len)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	const uint8_t *ports = at + 2 * address_len;
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };

	if (address_len == 4) {
		memcpy(&in.sin_addr, at, 4);
		memcpy(&in.sin_port, ports, 2);
		memcpy(&sa, &in, sizeof(in));
	} else {
		memcpy(&in6.sin6_addr, at, 16);
		memcpy(&in6.sin6_port, ports, 2);
		memcpy(&sa, &in6, sizeof(in6));
	}
	return address_from_sockaddr((const struct sockaddr *)&sa);
}

static enum proxy_result read_v2(struct slice unread, size_t *used, struct address *source)
{
	const uint8_t *at = (const uint8_t *)unread.at;
	size_t families = sizeof(v2_families) / sizeof(v2_families[0]), i = 0, len;
	bool is_local;

	/* 2.2: version 2, LOCAL or PROXY; "drop on any other". */
	if (unread.len <= V2_COMMAND_AT)
		return PROXY_NEED_MORE;
	if (at[V2_COMMAND_AT] != 0x20 && at[V2_COMMAND_AT] != 0x21)
		return PROXY_BAD;
	if (unread.len < V2_FIXED)
		return PROXY_NEED_MORE;
	is_local = at[V2_COMMAND_AT] == 0x20;
	len = (size_t)at[V2_LENGTH_AT] << 8 | at[V2_LENGTH_AT + 1];
	if (len > PROXY_HEADER_MAX - V2_FIXED)
		return PROXY_BAD;

	/* 2.2: LOCAL's family is ignored, its block skipped. */
	while (!is_local && i < families && v2_families[i].family != at[V2_FAMILY_AT])
		i++;
	if (i == families || (!is_local && len < v2_families[i].at_least))
		return PROXY_BAD;
	if (unread.len < V2_FIXED + len)
		return PROXY_NEED_MORE;
	if (!is_local && v2_families[i].address_len)
		*source = v2_address(at + V2_FIXED, v2_families[i].address_len);
	*used = V2_FIXED + len;
	return PROXY_DONE;
}

static bool starts(struct slice unread, const char *start, size_t len)
{
	return memcmp(unread.at, start, unread.len < len ? unread.len : len) == 0;
}

enum proxy_result proxy_read(struct slice unread, size_t *used, struct address *source)
{
	*used = 0;
	*source = (struct address){ .len = 0 };
	if (unread.len == 0)
		return PROXY_NEED_MORE;
	if (starts(unread, v1_start, sizeof(v1_start) - 1))
		return read_v1(unread, used, source);
	if (starts(unread, v2_signature, sizeof(v2_signature) - 1))
		return read_v2(unread, used, source);
	return PROXY_NONE;
}
