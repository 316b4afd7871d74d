#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"

struct lane;
struct loop;

/*
 * Folders of messages, kept as Maildir++ (one folder a directory, INBOX at the
 * root).  The Maildir is the only truth; the index (SQLite) adds what a Maildir
 * cannot say (UIDs, UIDVALIDITY, modification sequence, texts made ready) and
 * can be deleted at any time.  Other programs may change the Maildir while we run.
 *
 * All calls here are for the loop thread.  Each that touches the disk hands a
 * job to a lane and answers later, exactly once, never before it returns; an
 * answer whose `owner` is no longer there is prevented by store_abandon().
 *
 *   store.h      the store, its folders by name
 *   spool.h      a message on its way in
 *   mailbox.h    an open folder: snapshots, and what can be done to it
 *   snapshot.h   what is in a folder at one moment (immutable)
 *   reader.h     reading messages, on a lane
 *   annotation.h values that clients give to folders
 *   object_id.h  what a message and its thread are called wherever they lie
 *   uid_set.h    sets of UIDs
 */
struct store;

struct store_options {
	struct loop *loop;
	/* mail: one thread; every change of a folder or the index.
	 * writers: several threads; new files only.
	 * readers: several threads; reads only (reader.h). */
	struct lane *mail, *writers, *readers;
	/* text: one thread, for the text index alone, which follows in the background; NULL:
	 * there is none, and every search reads the messages. */
	struct lane *text;
	const char *maildir;             /* ".../Maildir": made when missing */
	const char *index_path;          /* the SQLite file; made when missing, with its folder */
	const char *text_path;           /* the text index, as index_path; with `text` */
	uint64_t message_max;            /* bytes; larger spools are refused */
	uint64_t quota;                  /* bytes of all messages; 0: the disk */
	uint64_t disk_floor;             /* free bytes below which mail is refused */
};

/* Makes the Maildir with Sent, Drafts, Trash, Junk, Archive (subscribed, as INBOX
 * is) where there is none, clears tmp/ of leftovers over 36 hours old, opens the index; a
 * damaged one is moved aside and made anew.  Blocking: for the start.  NULL:
 * `error` is one sentence for the person who runs it. */
struct store *store_open(const struct store_options *o, char *error, size_t error_size);

/* Mailboxes, readers and spools have been given back, and the lanes freed before:
 * readers and text, then writers, then mail (a writer's job ends in one on the mail lane);
 * then the loop has had a turn, for what is answered late. */
void store_close(struct store *s);

enum store_status {
	STORE_OK,
	STORE_NO_FOLDER,         /* no such folder */
	STORE_EXISTS,            /* there is one of that name already */
	STORE_BAD_NAME,          /* not a name that can be made */
	STORE_HAS_CHILDREN,      /* for what cannot be done then */
	STORE_NOT_ALLOWED,       /* INBOX cannot be deleted */
	STORE_NO_SPACE,          /* disk, inodes, quota, read-only: try later */
	STORE_TOO_BIG,           /* over message_max */
	STORE_BUSY,              /* a queue is full: try later */
	STORE_GONE,              /* the message is there no longer */
	STORE_FAILED,            /* anything else; it was logged with path and errno */
	STORE_BAD_USE,           /* not a special use that this folder can have */
	STORE_TOO_MANY,          /* annotations: annotation.h */
};

/* No callback whose owner is `owner` comes after this (the work itself goes on). */
void store_abandon(struct store *s, const void *owner);

/* ---- Folders by name.  Names are UTF-8, levels separated by "/", and INBOX is
 * spelt so in any case.  On disk a level is in modified UTF-7 (as Dovecot and
 * Courier write it) and levels are joined by "."; a "." within a level is
 * written "&AC4-".  Names are compared in NFC, whatever spelling the disk has; INBOX
 * as a first level is in capitals too.  One "/" at the end of a name to be made is
 * passed over (RFC 3501 6.3.3).  NUL, control characters, empty levels, names over 200 bytes
 * and more than 16 levels are STORE_BAD_NAME. ---- */

enum folder_flags {
	FOLDER_SUBSCRIBED = 1 << 0,
	FOLDER_NOSELECT   = 1 << 1,      /* only a level above others: no directory of its own,
					  * or a name that is subscribed and gone */
	FOLDER_CHILDREN   = 1 << 2,
	FOLDER_DRAFTS     = 1 << 3,      /* special use, RFC 6154: annotation.h, or by the name */
	FOLDER_SENT       = 1 << 4,
	FOLDER_TRASH      = 1 << 5,
	FOLDER_JUNK       = 1 << 6,
	FOLDER_ARCHIVE    = 1 << 7,
	FOLDER_GONE       = 1 << 8,      /* subscribed or above such, but no such folder */
};

struct folder_entry {
	const char *name;
	unsigned flags;
};

/* Sorted by name, INBOX first, parents before children.  Valid within the callback. */
typedef void store_folders_fn(void *owner, enum store_status st,
			      const struct folder_entry *folders, size_t count);
void store_folders(struct store *s, store_folders_fn *fn, void *owner);
/* One of them, in its one spelling and with its flags, whether there is such or not. */
typedef void store_folder_fn(void *owner, enum store_status st, const struct folder_entry *folder);
void store_folder(struct store *s, const char *name, store_folder_fn *fn, void *owner);

typedef void store_fn(void *owner, enum store_status st);

void store_create(struct store *s, const char *name, store_fn *fn, void *owner);
/* With special uses of enum folder_flags, which other folders lose; all of it or nothing.
 * Answers with the new folder's status. */
struct folder_status;
typedef void store_status_fn(void *owner, enum store_status st,
			     const struct folder_status *status);
void store_create_for(struct store *s, const char *name, unsigned uses, store_status_fn *fn,
		      void *owner);
/* Of a folder with children the messages go and the name stays as a level
 * (RFC 3501 6.3.4); such a level cannot be deleted again: STORE_HAS_CHILDREN. */
void store_delete(struct store *s, const char *name, store_fn *fn, void *owner);
/* Children move along.  INBOX: its messages move to the new folder (6.3.5). */
void store_rename(struct store *s, const char *from, const char *to, store_fn *fn, void *owner);
/* Any name may be subscribed to; kept in Maildir/subscriptions as Dovecot does. */
void store_subscribe(struct store *s, const char *name, bool on, store_fn *fn, void *owner);

/* Told of each change of a folder's name or subscription, whoever of this program made
 * it, from the loop: `owner` asked for it; `old` is NULL but for a RENAME.  In changed()
 * nobody may be taken off. */
enum store_event { STORE_CREATED, STORE_DELETED, STORE_RENAMED, STORE_SUBSCRIPTION };
struct store_watcher {
	struct list node;
	void (*changed)(struct store_watcher *w, enum store_event what, const void *owner,
			const char *name, const char *old);
};
void store_watch(struct store *s, struct store_watcher *w);
void store_unwatch(struct store_watcher *w);             /* harmless when not watching */

struct folder_status {
	uint32_t messages, recent, unseen, uid_next, uid_validity;
	uint64_t size;                   /* of all messages, CRLF form */
	uint64_t highest_modseq;
	uint32_t deleted;                /* with MESSAGE_DELETED */
	uint64_t deleted_size;           /* of those */
	uint64_t id;                     /* stays through RENAME; no other folder ever has it */
};
/* Looks for changes first (cheaply: directory times), does not open the folder. */
void store_folder_status(struct store *s, const char *name, store_status_fn *fn, void *owner);

/* Of several, each with its own answer, in the order asked.  `st` is STORE_OK or why
 * none was looked at. */
enum { STORE_STATUSES_MAX = 64 };        /* what one turn of a session tells */
struct folder_answer {
	enum store_status st;
	struct folder_status status;
};
typedef void store_statuses_fn(void *owner, enum store_status st,
			       const struct folder_answer *answers, size_t count);
void store_folder_statuses(struct store *s, const char *const *names, size_t count,
			   store_statuses_fn *fn, void *owner);

/* STORE_OK: there is a folder of that name.  Asks the directory and nothing else. */
void store_folder_exists(struct store *s, const char *name, store_fn *fn, void *owner);

/* What all messages take, and how much that may be: the quota, or what the disk has room
 * for. */
typedef void store_quota_fn(void *owner, enum store_status st, uint64_t used, uint64_t limit);
void store_quota(struct store *s, store_quota_fn *fn, void *owner);

/* The one spelling of a name (as folder_entry has it).  False: it cannot be one. */
enum { STORE_NAME_MAX = 200 };
bool store_name(const char *given, char out[STORE_NAME_MAX + 1]);

#endif
