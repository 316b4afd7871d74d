#ifndef STORE_MAILBOX_PRIVATE_H
#define STORE_MAILBOX_PRIVATE_H

#include <sys/types.h>

#include "folder.h"
#include "mime/part.h"
#include "store/mailbox.h"
#include "store/reader.h"

/* The parts of the message that was read last: a client that takes a large one piece by
 * piece asks for each with a command of its own. */
struct known_parts {
	const struct mime_part *root;    /* NULL: none */
	struct arena *arena;             /* they lie here */
	struct reader_mark mark;
	uint32_t uid;
	ino_t file;                      /* what it was, to see that it is the same */
	int64_t mtime;
	uint64_t size;
};

/* Loop thread, but what is marked. */
struct mailbox {
	struct list node;                /* the store's; by itself when gone */
	struct store *store;
	struct folder_name name;
	unsigned users;                  /* opens that were not released; edits and comparisons */
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
	struct known_parts known;        /* a reader's, while there is one that has them */
};

void mailbox_take_events(struct mailbox *m, struct file_event *events, bool lost);
/* What is known of this mailbox so far is handed to the mail lane; before any
 * question about it that should see the disk as it is now. */
void mailbox_sync_now(struct mailbox *m);
struct mailbox *mailbox_find(struct store *s, const struct folder_name *name);

#endif
