#ifndef IMAP_URL_H
#define IMAP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "section.h"

/*
 * A message or a part of one, as CATENATE names it (RFC 4469 3): a relative IMAP URL
 * (RFC 5092, RFC 2192), "/mailbox;UIDVALIDITY=1/;UID=2/;SECTION=1.2/;PARTIAL=0.99".
 */
struct imap_url {
	const char *mailbox;         /* UTF-8; NULL: the selected one */
	uint32_t uid_validity;       /* 0: any */
	uint32_t uid;
	struct section section;
	bool partial;
	uint64_t start, count;
};

/* False: it is none, or names something else.  Everything lies in `keep`, which
 * has 64 KiB of room or more. */
bool imap_url_parse(struct imap_url *out, struct slice text, struct arena *keep);

#endif
