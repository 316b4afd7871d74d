#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "base/list.h"
#include "index.h"
#include "keyword.h"
#include "name.h"
#include "net/lane.h"
#include "net/loop.h"
#include "snapshot_private.h"
#include "text_work.h"
#include "store/mailbox.h"
#include "store/store.h"

struct folder;
struct image_job;
struct watch_table;

/* Who owns what: a member is touched by the thread its heading names. */
struct store {
	/* Fixed once the store is open. */
	struct loop *loop;
	struct lane *mail, *writers, *readers;
	char *root;
	int lock;                        /* on the Maildir while it is open; -1: no such thing here */
	char *images;                    /* where images of tables lie: a number follows */
	uint64_t message_max, quota, disk_floor;
	/* How long others wait at most for one comparison, and how many files it looks at
	 * between two looks at the clock. */
	unsigned slice_ms, slice_files;
	struct index *index;             /* the mail lane's, but for texts */
	struct keywords *keywords;       /* made on the mail lane, read anywhere */
	struct watch_table *watch;
	struct textindex *textindex;     /* NULL: none, as is text */

	/* The loop's. */
	struct list questions;
	struct list mailboxes;
	struct list annotation_watchers;
	struct list name_watchers;
	struct list arrivals;            /* delivered, and not in the index yet */
	bool noting;                     /* a job is on its way to put them there */
	uint64_t bytes, bytes_coming;    /* of all messages; of those being written */
	size_t spools;
	bool counting;                   /* a job of store_count is on its way */
	uint64_t counted;                /* when the last one began */
	struct timer dropping;           /* of folders kept for long enough */
	struct text_work *text;

	/* The mail lane's; the loop's too while there is no question. */
	struct list folders;             /* those used last at the end */
	struct image_job *leaving;       /* tables to be written down, see kept.c */
	bool added;                      /* a message came in this job */
	bool unfinished;                 /* so, and a comparison that it needs goes on */
	uint64_t scans;                  /* comparisons ever begun */
	uint32_t last_validity;
};

/* Somebody waits for an answer.  Loop thread. */
struct question {
	struct list node;                /* the store's */
	struct store *store;
	void *owner;
	bool abandoned;
	struct deferred late;
	void (*answer)(struct question *q);      /* ends q; no callback when abandoned */
};

void question_begin(struct store *s, struct question *q, void *owner);
void question_end(struct question *q);
/* For what is known at once: callers are answered from the loop all the same. */
void question_answer_later(struct question *q);

/* A newer state of an open folder, on its way to the loop. */
struct news {
	struct news *next;
	struct mailbox *mailbox;
	struct snapshot *snapshot;       /* NULL: the folder is gone */
	uint32_t first_recent;
};

/* A question for the mail lane; embed first.  finish() answers and frees what the
 * job owns, and the struct is freed behind it. */
struct mail_job {
	struct job job;
	struct question question;
	enum store_status st;
	void (*run)(struct mail_job *j);
	void (*finish)(struct mail_job *j);
	bool again;                      /* run() was cut short: once more, behind what waits;
					  * so it is when a comparison was not finished */
	struct news *news;
	struct image_job *leaving;
	bool added;                      /* a message came */
	uint64_t bytes;                  /* of all messages, afterwards */
	uint64_t rest;                   /* as kept_settle() */
};

/* False: the lane is full.  finish() comes all the same, with STORE_BUSY, when what
 * the job points at may be no more: it may only answer then. */
bool store_ask(struct store *s, struct mail_job *j, void *owner);
/* Not refused: what was accepted before must be brought to its end. */
void store_ask_always(struct store *s, struct mail_job *j, void *owner);
/* As store_ask, when the answer is `st` already. */
void store_refuse(struct store *s, struct mail_job *j, void *owner, enum store_status st);

/* Counts what is on disk, now and then: mail was refused for the quota, and another
 * program may have made room. */
void store_count(struct store *s);

/* ---- Mail lane ---- */

/* UIDVALIDITY larger than any before, in this and in every lost index. */
enum store_status store_new_validity(struct store *s, uint32_t *validity);
/* At least this from now on (taken over from another program). */
enum store_status store_raise_validity(struct store *s, uint32_t validity);

/* What a job is told that needs a folder as it is on disk, which is not known yet: it
 * ends, having done nothing that it may not do again, and is run once more. */
enum store_status store_unfinished(struct store *s);

/* Every change of the index lies between these.  A commit that fails makes the
 * folders it touched be read again. */
bool store_begin(struct store *s);
enum store_status store_commit(struct store *s, bool ok);

/* ---- Loop: annotation.c ---- */
/* Whoever watches hears of a change; `owner` asked for it. */
void annotation_tell(struct store *s, const void *owner, const char *folder, const char *name);

/* ---- Loop: mailbox.c ---- */
void mailbox_take_news(struct news *n);

#endif
