#ifndef IMAP_LIST_TEXT_H
#define IMAP_LIST_TEXT_H

#include "session.h"
#include "store/store.h"

#define LIST_SPECIAL_USES \
	(FOLDER_DRAFTS | FOLDER_SENT | FOLDER_TRASH | FOLDER_JUNK | FOLDER_ARCHIVE)

/* "\Sent \Subscribed", for folder_flags; `missing` for what cannot be selected. */
void imap_attributes_text(struct buf *out, unsigned flags, const char *missing);

/* "* LIST (\Sent \HasNoChildren) "/" Sent": extended items and the line's end follow. */
void imap_list_begin(struct buf *out, const struct imap_session *s, unsigned flags,
		     const char *missing, const char *name);

#endif
