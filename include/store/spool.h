#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "store/mailbox.h"
#include "store/store.h"

/*
 * A message on its way in.  Bytes are kept in memory up to 256 KiB and go to
 * tmp/ from there, on the writers lane, so a message of any size takes bounded
 * memory and the loop never waits for the disk.  While bytes are on their way to
 * disk the MIME scanner reads them, so that the index has ENVELOPE and
 * BODYSTRUCTURE before the first client asks.  Loop thread.
 */
struct spool;

/* `room` is called when spool_add() said "wait" and there is room again. */
typedef void spool_room_fn(void *owner);
struct spool *spool_new(struct store *s, spool_room_fn *room, void *owner);

/* Bytes with LF line ends (base/lines.h); copied.  False: taken, but wait for
 * room() before adding more.  Errors (disk full, too big) are kept for the
 * commit; spool_failed() tells early. */
bool spool_add(struct spool *sp, struct slice bytes);
enum store_status spool_failed(const struct spool *sp);  /* STORE_OK: not so far */

/* So many bytes will go when this message comes (RFC 8508 3.4): the quota counts
 * what is over them. */
void spool_credit(struct spool *sp, uint64_t bytes);

/* Gives everything back; nothing is left in tmp/.  NULL is fine. */
void spool_abandon(struct spool *sp);

struct spool_group;

struct spool_commit {
	const char *folder;              /* UTF-8 name; copied */
	unsigned flags;                  /* message_flags; 0 and no keywords: lies in new/ */
	const char *const *keywords;     /* copied */
	size_t keyword_count;
	int64_t received;                /* INTERNALDATE; 0: now */
	/* A second name for the same file (a hard link, or a copy where there are
	 * none), made and synced before the message itself appears: a queue that
	 * survives a crash.  NULL: none.  Copied. */
	const char *link_path;
	bool want_uid;                   /* answer only when the UID is on disk too (with
					  * keywords it is waited for in any case) */
	/* The bytes are as they came (CR LF), and parts of the message may be binary
	 * (RFC 3516): those are kept in base64, the rest as ever. */
	bool binary;
	/* The message is made safe and stays out of sight until spool_group_commit();
	 * `folder` is the group's, link_path and want_uid mean nothing.  NULL: none. */
	struct spool_group *group;
};

struct spool_result {
	uint32_t uid, uid_validity;      /* 0 unless want_uid; 0 also when the message is
					  * safe and the index could not be written */
	uint64_t size;                   /* in LF form */
};

/* Takes the spool, also when it answers badly.  STORE_OK means: file fsynced,
 * renamed into the folder, folder fsynced (and the index, with want_uid).
 * Only then may anybody say 250 or OK.  With another status nothing is left:
 * no message, no file in tmp/, no link. */
typedef void spool_done_fn(void *owner, enum store_status st, const struct spool_result *r);
void spool_commit(struct spool *sp, const struct spool_commit *c,
		  spool_done_fn *done, void *owner);

/*
 * Messages that come into a folder together or not at all (RFC 3502), or in the
 * place of another (RFC 8508).  Nobody in this program ever sees a part of them, and
 * over a crash either all are there afterwards or none: what was decided is written
 * down before the first appears, and store_open() finishes it.  Only another program
 * that looks at that very moment sees some without the others.
 */
struct spool_group *spool_group_new(struct store *s, const char *folder);
/* The message goes when the others have come, in the same step.  STORE_GONE: it is
 * not there (any more), and nothing was added. */
void spool_group_replaces(struct spool_group *g, struct mailbox *m, uint32_t uid);

struct spool_group_result {
	uint32_t uid_validity;
	size_t count;
	const uint32_t *uids;            /* in the order in which they were added; 0: it is safe,
					  * and the index could not be written */
};
/* Takes the group, whose spools have all been answered.  STORE_OK as spool_commit()
 * with want_uid; else nothing of it is left.  The result is valid in the callback. */
typedef void spool_group_fn(void *owner, enum store_status st, const struct spool_group_result *r);
void spool_group_commit(struct spool_group *g, spool_group_fn *done, void *owner);
/* Any time: what is on its way is thrown away when it is there.  NULL is fine. */
void spool_group_abandon(struct spool_group *g);

#endif
