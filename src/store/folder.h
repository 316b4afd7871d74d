#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include "store_private.h"
#include "table.h"

/* A folder as the mail lane knows it.  Kept while a mailbox is open on it, then for
 * a while with its table (kept.c), else until the end of the job. */
struct folder {
	struct list node;                /* the store's */
	struct store *store;
	struct index_folder head;
	char *dir, *path;                /* "" for INBOX; whole path */
	struct letters letters;
	struct mailbox *mailbox;         /* whom to tell; never followed here */
	int wd[2];                       /* inotify's, by place; -1: none */
	bool live;                       /* inotify sees every change */
	struct table table;
	bool loaded;                     /* table is filled */
	unsigned asked;                  /* files looked for in the index for want of its hash */
	bool changed;                    /* since the last snapshot */
	bool touched;                    /* in this transaction */
	bool altered;                    /* so, and with it a message's row */
	uint64_t image;                  /* the stamp of what was read or written last */
	bool ticked;                     /* modseq was raised in this job */
	bool broken;                     /* memory and index may differ */
	bool suspect;                    /* the disk is to be asked, events or not */
	bool gone;
	struct uid_set vanished;         /* in this transaction */
	struct scan *scan;               /* a comparison under way */
	uint64_t scanned;                /* the number of the last that came to its end */
	bool coming;                     /* its mailbox has nothing yet: it is being compared */
	bool used;                       /* in this job */
	uint64_t used_ms;                /* when the last job that did ended */
};

/* The directory that has this name.  False: none. */
bool folder_resolve(const char *root, const char *name, struct folder_dir *dir);
/* Whether there are folders below the name, which may be a level only. */
bool folder_has_children(const char *root, const char *name);

/* By name.  With `records` its table is filled.  It is the store's: nothing to give back.
 * One that was never compared is compared first, in slices: until that is done
 * store_unfinished(). */
enum store_status folder_open(struct store *s, const char *name, bool records,
			      struct folder **out);
/* As it was opened in this job; NULL: it was not, or is broken. */
struct folder *folder_by_name(struct store *s, const char *name);
/* The one an open mailbox stands for; NULL: it is gone. */
struct folder *folder_of_mailbox(struct store *s, const struct mailbox *m);
enum store_status folder_load(struct folder *f);
/* Rows of a folder that is not on disk (any more), and what is kept of it. */
enum store_status folder_forget(struct store *s, const char *dir);
/* Hands out what changed; as kept_settle(). */
uint64_t folders_settle(struct store *s, struct news **news);
void folder_free(struct folder *f);

/* ---- Of the folders that no mailbox is open on (kept.c) ---- */

/* A job has it now: of all folders it was used last. */
void kept_use(struct folder *f);
/* At the end of a job, `now`: drops all but the last used.  How long until the next
 * has been kept for long enough; 0: none is kept. */
uint64_t kept_settle(struct store *s, uint64_t now);
/* Loop: looks again after that, unless it will sooner. */
void kept_again(struct store *s, uint64_t rest);
/* Loop: writes down what kept_settle() dropped (image.h). */
void kept_write(struct store *s, struct image_job *leaving);
/* Loop, the last: drops all. */
void kept_end(struct store *s);
/* While the store is opened: away with images of folders that are no more. */
void kept_clean(struct store *s);
/* A large folder's table from its image, when there is the right one. */
bool kept_read(struct folder *f);

/* Its mailbox will be told; the folder ends with the job. */
void folder_is_gone(struct folder *f);

/* ---- Between store_begin and store_commit; false: the index failed. ---- */

struct arrival {
	const char *name;
	enum place place;
	uint64_t size;
	int64_t received, saved;
	uint32_t uid;                    /* 0: the next */
	unsigned keywords;               /* besides those of the letters */
	const struct slice *texts;       /* INDEX_TEXTS of them, or NULL */
};
/* Harmless when its base is there already; *uid is that one's then. */
bool folder_add(struct folder *f, const struct arrival *a, uint32_t *uid);
/* The file has another name now; flags and keywords follow it. */
bool folder_file_moved(struct folder *f, struct record *r, enum place place, const char *name);
bool folder_remove(struct folder *f, const struct record *r);
/* r as it is now, to the index. */
bool folder_keep(struct folder *f, const struct record *r);
/* The message whose file has this base, from the table or the index; 0 or NULL: none.
 * False: the index failed. */
bool folder_uid_of(struct folder *f, const char *name, uint32_t *uid);
bool folder_record_of(struct folder *f, const char *name, const struct record **r);
/* Its file is where it was last seen. */
bool folder_has(const struct folder *f, const struct record *r);
void folder_count(struct folder *f, const struct record *r, int by);
uint64_t folder_tick(struct folder *f);

/* ---- vanished.c: what was removed, for clients that come back ---- */

/* Modseqs of a folder that was another server's begin above any of its: clients may go
 * on with what they know of it, and UIDVALIDITY stays. */
#define MODSEQ_TAKEN_OVER (UINT64_C(1) << 32)

/* A folder that the index has just got. */
bool vanished_begin(struct folder *f, bool taken_over);
/* f->vanished to the index, before the transaction is committed. */
bool vanished_keep(struct folder *f);

/* ---- folder_scan.c ---- */

/* What a job wants of a comparison: it keeps this while it is run again. */
struct look {
	bool force;
	uint64_t begun;                  /* the one that was begun for it; 0: none so far */
};
/* Compares with the disk when the directories' times say so, or look->force: a slice,
 * in a transaction of its own.  Until that is done: store_unfinished(). */
enum store_status folder_sync(struct folder *f, struct look *look);
/* A folder that was never compared, as folder_sync(): Dovecot's UIDs are taken before
 * any of ours is given. */
enum store_status folder_fill(struct folder *f);
/* That is under way: the index must not know that anything was ever changed here. */
bool folder_is_filling(const struct folder *f);
void scan_free(struct scan *s);          /* NULL is fine */

/* new/ is emptied into cur/, in slices; *from: 0, then where it goes on. */
enum store_status folder_claim(struct folder *f, uint32_t *from);

/* A name that something happened to. */
struct file_event {
	struct file_event *next;
	enum place place;
	bool appeared;
	bool written;                    /* in its place, and now closed */
	char name[];
};
/* In slices: *events are those that are left. */
enum store_status folder_events(struct folder *f, const struct file_event **events);
/* Something vanished, and was not seen under another name: compare the whole. */
bool folder_misses(struct folder *f, const struct file_event *events);

/* ---- uidlist.c ---- */
struct uidlist;
/* Dovecot's, when this folder has one that may be taken over; NULL: none.  False: it
 * could not be read now. */
bool uidlist_read(const char *folder, struct uidlist **out, uint32_t *validity, uint32_t *next);
void uidlist_free(struct uidlist *l);
uint32_t uidlist_find(const struct uidlist *l, const char *base, size_t base_len);
/* From now on it may not be taken again: our UIDs and Dovecot's part here. */
enum store_status uidlist_taken(const char *folder);

#endif
