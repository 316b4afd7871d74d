#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "store/snapshot.h"
#include "store/store.h"
#include "store/uid_set.h"

/*
 * An open folder, shared by all that have it open.  It holds the newest
 * snapshot; whatever changes the folder (a delivery, a session, another
 * program, seen through inotify) ends in a newer one, and every watcher is told.
 * Loop thread.
 */
struct mailbox;

/* Embed in the session; zero, set changed, then give to mailbox_open. */
struct mailbox_watcher {
	struct list node;                /* the mailbox's */
	/* There is a newer snapshot (mailbox_newest), or the folder is gone
	 * (mailbox_is_gone).  Comes from the loop, once a turn at the most. */
	void (*changed)(struct mailbox_watcher *w);
};

/* `m` is the caller's to release when st is STORE_OK, else NULL.  Before the
 * answer the folder was compared with the disk, and with `claim` new/ was
 * emptied into cur/ (as a reader of a Maildir does).  Where another program has put
 * a hundred thousand messages that takes seconds: the answer waits for all of them,
 * and so does whatever needs this folder as it is on disk (its STATUS) or, if it
 * was never compared before, brings a message to it; deliveries are accepted, and
 * other folders do not wait. */
typedef void mailbox_open_fn(void *owner, enum store_status st, struct mailbox *m);
void mailbox_open(struct store *s, const char *name, bool claim, mailbox_open_fn *fn, void *owner);
void mailbox_release(struct mailbox *m);                 /* NULL is fine */

void mailbox_watch(struct mailbox *m, struct mailbox_watcher *w);
void mailbox_unwatch(struct mailbox_watcher *w);         /* harmless when not watching */

const char *mailbox_name(const struct mailbox *m);
uint64_t mailbox_id(const struct mailbox *m);            /* as folder_status has it */
const struct snapshot *mailbox_newest(const struct mailbox *m);  /* hold it to keep it */
bool mailbox_is_gone(const struct mailbox *m);           /* deleted or renamed away */

/* \Recent (RFC 3501 2.3.2): adds to `set` the messages of the newest snapshot that
 * no session has been told of yet; with `claim` they are now this caller's. */
void mailbox_recent(struct mailbox *m, bool claim, struct uid_set *set);

/* Compares with the disk now (NOOP, CHECK), for file systems without inotify.
 * Costs two stat(2) calls when nothing has changed. */
void mailbox_refresh(struct mailbox *m, store_fn *fn, void *owner);

/* ---- Changes.  The UIDs are copied.  When the answer comes, mailbox_newest()
 * has the result.  UIDs that are not there are passed over.  A long change of flags
 * or expunge lets others between: they see it half done, message by message. ---- */

enum flag_change { FLAGS_SET, FLAGS_ADD, FLAGS_REMOVE };

struct flag_edit {
	enum flag_change change;
	unsigned flags;                  /* message_flags */
	const char *const *keywords;     /* copied */
	size_t keyword_count;
	/* RFC 7162 3.1.3: not those whose modseq is larger; only if `conditional`. */
	bool conditional;
	uint64_t unchanged_since;
};
/* STORE_NO_SPACE may mean that some were changed, or that a keyword cannot be one (not
 * an atom, over 128 bytes, one too many).  STORE_GONE, as of every change here: the
 * folder is.  `refused` holds the UIDs that unchanged_since kept from change; valid
 * within the callback. */
typedef void mailbox_flags_fn(void *owner, enum store_status st, const struct uid_set *refused);
void mailbox_edit_flags(struct mailbox *m, const struct uid_set *uids,
			const struct flag_edit *edit, mailbox_flags_fn *fn, void *owner);

/* Removes messages that have \Deleted; `uids` NULL: all of them. */
void mailbox_expunge(struct mailbox *m, const struct uid_set *uids, store_fn *fn, void *owner);

/* What was removed after modseq `since` of what a client knew: of the UIDs in `known`
 * (copied; NULL: all that ever were) those that are in `view` no more.  The folder
 * remembers so much: of a time before that, or that it never saw, all of `known` that
 * is not in the view is told (RFC 7162 3.2.6).  `vanished` is valid within the callback. */
typedef void mailbox_vanished_fn(void *owner, enum store_status st,
				 const struct uid_set *vanished);
void mailbox_vanished(struct mailbox *m, const struct snapshot *view, uint64_t since,
		      const struct uid_set *known, mailbox_vanished_fn *fn, void *owner);

/* All or none, but that a move of thousands which fails half way leaves those moved
 * that were; hard links where the disk has them; flags and dates are kept; with
 * `move` the originals go in the same step.  A long one lets others between.  Pairs, in the order of source
 * UIDs, valid within the callback, for COPYUID (RFC 4315): */
struct copy_result {
	uint32_t uid_validity;           /* of the destination */
	size_t count;
	const uint32_t *from, *to;
};
typedef void mailbox_copy_fn(void *owner, enum store_status st, const struct copy_result *r);
void mailbox_copy(struct mailbox *m, const struct uid_set *uids, const char *to_name,
		  bool move, mailbox_copy_fn *fn, void *owner);

#endif
