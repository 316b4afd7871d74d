/*
 * Behind a proxy all clients are one peer, and one of them that guesses passwords
 * would make all the others wait.
 */
#include "forwarded.h"

#include "field.h"
#include "request.h"

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1" or "[2001:db8::1]:4711". */
static bool read_address(struct slice s, struct address *out)
{
	size_t colon = slice_find(s, ':');

	if (s.len && s.at[0] == '[')
		s = slice_head(slice_from(s, 1), slice_find(s, ']') - 1);
	else if (colon < s.len && slice_find(slice_from(s, colon + 1), ':') == s.len - colon - 1)
		s = slice_head(s, colon);
	return address_parse(out, s);
}

/* Reads the list to its end and lets the last that counts stand: an untrusted
 * address, or the one in front of trusted ones only. */
struct address http_client(const struct http_head *h, const struct address *peer,
			   const struct network_set *proxies)
{
	struct address client = *peer, next;
	struct slice list, item;
	bool found = false;
	size_t at = 0;

	if (!network_set_has(proxies, peer))
		return client;
	while (http_head_next(h, "X-Forwarded-For", &at, &list)) {
		while (http_list_next(&list, &item)) {
			if (!read_address(item, &next)) {
				client = *peer;
				found = false;
			} else if (!found || !network_set_has(proxies, &next)) {
				client = next;
				found = true;
			}
		}
	}
	return client;
}
