#ifndef MIME_ADDRESS_H
#define MIME_ADDRESS_H

#include "base/arena.h"
#include "base/slice.h"

/* Address lists of header fields (RFC 5322 3.4 and its obsolete forms 4.4),
 * from any bytes: what cannot be read is skipped to the next comma. */

struct mime_address {
	struct mime_address *next;
	/* Views into the arena.  For an address: mailbox and host set (host.at may
	 * be NULL: "root").  RFC 3501 7.4.2's groups: start has host.at NULL and
	 * mailbox the group's name with is_group set; the end has neither. */
	struct slice name;       /* display name, quotes taken off, RFC 2047 words left; at NULL: none */
	struct slice route;      /* obsolete source route, at NULL: none */
	struct slice mailbox, host;
	bool is_group;
};

enum { MIME_ADDRESSES_MAX = 10000 };     /* in one field; the rest is left out */

/* Takes at most twice the value and a struct an address from the arena; what
 * it has no room for is left out. */
struct mime_address *mime_addresses(struct arena *a, struct slice value);

#endif
