#ifndef IMAP_NOTIFY_REQUEST_H
#define IMAP_NOTIFY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "session.h"

/* What a client wants to hear of, and where: NOTIFY SET (RFC 5465 8). */

enum notify_event {
	NOTIFY_NEW          = 1 << 0,
	NOTIFY_EXPUNGE      = 1 << 1,
	NOTIFY_FLAGS        = 1 << 2,
	NOTIFY_NAME         = 1 << 3,
	NOTIFY_SUBSCRIPTION = 1 << 4,
	NOTIFY_METADATA     = 1 << 5,
	NOTIFY_SERVER       = 1 << 6,    /* ServerMetadataChange */
};
#define NOTIFY_MESSAGES (NOTIFY_NEW | NOTIFY_EXPUNGE | NOTIFY_FLAGS)

enum notify_filter {
	NOTIFY_SELECTED, NOTIFY_DELAYED, NOTIFY_INBOXES, NOTIFY_PERSONAL, NOTIFY_SUBSCRIBED,
	NOTIFY_SUBTREE, NOTIFY_MAILBOXES
};

enum {
	/* Each folder's name is held against all of them, at each change of a name. */
	NOTIFY_GROUPS_MAX = 32, NOTIFY_NAMES_MAX = 256,
	/* A fetch-att list is as long as a command's line can be, or a literal of field names
	 * more; it is kept for as long as the session lives. */
	NOTIFY_ITEMS_MAX = 16 * 1024,
	/* All names at their longest, their places, and a command's text as items. */
	NOTIFY_REQUEST_BYTES = 512 * 1024,
};

struct notify_group {
	enum notify_filter filter;
	unsigned events;                 /* notify_event */
	const char **names;              /* of SUBTREE and MAILBOXES; the store's spelling */
	size_t name_count;
};

struct notify_request {
	struct arena *keep;              /* all that is in here */
	bool none, status;
	struct notify_group groups[NOTIFY_GROUPS_MAX];
	size_t group_count;
	/* Of the selected mailbox. */
	bool selected_given, delayed;
	unsigned selected;               /* notify_event */
	struct slice items;              /* "(UID ...)": what to FETCH of new messages; len 0: nothing */
};

enum notify_read {
	NOTIFY_READ,
	NOTIFY_WRONG,                    /* BAD: args->wanted */
	NOTIFY_UNKNOWN_EVENT,            /* NO [BADEVENT ...] */
	NOTIFY_TOO_MUCH,                 /* NO [NOTIFICATIONOVERFLOW] */
};
/* r->keep is there and the rest is zero. */
enum notify_read notify_request_read(struct notify_request *r, struct imap_session *s,
				     struct imap_args *a);
/* "MessageNew MessageExpunge ...": those that there are. */
void notify_event_names(struct buf *out, const struct imap_session *s);

/* What is wanted to be known of a folder with these folder_flags. */
unsigned notify_request_events(const struct notify_request *r, const char *name, unsigned flags);
/* What is wanted of any mailbox but the selected one. */
unsigned notify_request_wants(const struct notify_request *r);

#endif
