#ifndef IMAP_STATUS_ITEM_H
#define IMAP_STATUS_ITEM_H

#include "session.h"

/* STATUS's data items, for STATUS itself and for LIST's RETURN (STATUS (...)). */

/* In the order in which they are told; a set of them has a bit for each. */
enum imap_status_item {
	ITEM_MESSAGES, ITEM_RECENT, ITEM_UIDNEXT, ITEM_UIDVALIDITY, ITEM_UNSEEN, ITEM_DELETED,
	ITEM_DELETED_STORAGE, ITEM_SIZE, ITEM_HIGHESTMODSEQ, ITEM_MAILBOXID, ITEM_APPENDLIMIT,
	ITEMS
};

/* "(" item *(SP item) ")"; one that is asked for twice is told once. */
bool imap_status_items_read(const struct imap_session *s, struct imap_args *a, unsigned *items);
/* Asking for some items enables an extension (RFC 7162 3.1). */
void imap_status_items_enable(struct imap_session *s, unsigned items);
/* A whole response line.  False: no room for it, nothing was added. */
bool imap_status_text(struct buf *out, const struct imap_session *s, const char *name,
		      unsigned items, const struct folder_status *is);

#endif
