#ifndef IMAP_LIST_REQUEST_H
#define IMAP_LIST_REQUEST_H

#include "metadata.h"
#include "session.h"

/* What LIST or LSUB asks for (RFC 5258 6). */

enum list_option {
	LIST_SUBSCRIBED        = 1 << 0, /* selection */
	LIST_REMOTE            = 1 << 1,
	LIST_RECURSIVE         = 1 << 2,
	LIST_SPECIAL           = 1 << 3,
	LIST_RETURN_SUBSCRIBED = 1 << 4,
	LIST_RETURN_CHILDREN   = 1 << 5, /* told in any case, as special uses are */
	LIST_RETURN_SPECIAL    = 1 << 6,
	LIST_RETURN_STATUS     = 1 << 7, /* RFC 5819 */
	LIST_RETURN_METADATA   = 1 << 8, /* RFC 9590 */
};

/* More than a client has boxes in its window; their product with the names is what
 * a command can cost. */
enum { LIST_PATTERNS_MAX = 100 };

struct list_request {
	bool lsub;
	bool extended;                   /* RFC 5258 1: in any of three ways */
	unsigned options;                /* list_option */
	unsigned items;                  /* for STATUS: status_item.h */
	struct imap_entries entries;     /* for METADATA */
	/* Reference and pattern, one behind the other; those that no name can match
	 * are left out. */
	struct slice patterns[LIST_PATTERNS_MAX];
	size_t pattern_count;
	bool root;                       /* RFC 3501 6.3.8: only the delimiter is asked for */
};

/* The rest of the command.  False: args->wanted, or *why says more. */
bool list_request_read(const struct imap_session *s, struct imap_running *cmd,
		       struct list_request *r, const char **why);
bool list_request_matches(const struct list_request *r, const struct imap_session *s,
			  const char *name);
bool list_request_stops_at_levels(const struct list_request *r);   /* there is a "%" */

#endif
