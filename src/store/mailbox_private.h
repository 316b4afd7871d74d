#ifndef STORE_MAILBOX_PRIVATE_H
#define STORE_MAILBOX_PRIVATE_H

#include "folder.h"
#include "store/mailbox.h"

/* Loop thread, but what is marked. */
struct mailbox {
	struct list node;                /* the store's; by itself when gone */
	struct store *store;
	struct folder_name name;
	unsigned users;                  /* opens that were not released; edits under way */
	bool attached;                   /* the mail lane has had it open: it must close it */
	bool gone, live, closing;
	const struct snapshot *newest;
	int64_t folder_id;               /* fixed once open, as is path */
	char *path;
	uint32_t first_recent;
	struct list watchers;
	struct deferred tell;
	struct file_event *events, **events_last;
	size_t event_count;
	bool scan_wanted;                /* events were lost */
	bool syncing;                    /* a job for events is on its way */
	struct timer poll;               /* where inotify does not see everything */
};

void mailbox_take_events(struct mailbox *m, struct file_event *events, bool lost);
/* What is known of this mailbox so far is handed to the mail lane; before any
 * question about it that should see the disk as it is now. */
void mailbox_sync_now(struct mailbox *m);
struct mailbox *mailbox_find(struct store *s, const struct folder_name *name);

#endif
