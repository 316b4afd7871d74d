#ifndef IMAP_UNASKED_H
#define IMAP_UNASKED_H

#include "session.h"

/*
 * FETCH responses that a client ordered beforehand for messages to come (RFC 5465 5.2, 7):
 * the server gives itself the command when the client has none under way, or idles.
 */
enum {
	/* Each search that is followed can have its own items.  Past it nothing is fetched;
	 * EXISTS was told, and the client can ask. */
	IMAP_UNASKED_MAX = 32,
};

/* "(UID ...)" of those messages of the selected mailbox; copied.  Soon, not from here. */
void imap_unasked_fetch(struct imap_session *s, struct slice items, const struct uid_set *uids);
void imap_unasked_init(struct imap_session *s);
void imap_unasked_wake(struct imap_session *s);          /* it may be possible now */
void imap_unasked_forget(struct imap_session *s);        /* no mailbox is selected any more */

#endif
