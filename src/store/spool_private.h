#ifndef STORE_SPOOL_PRIVATE_H
#define STORE_SPOOL_PRIVATE_H

#include "base/arena.h"
#include "base/lines.h"
#include "mime/part.h"
#include "store/spool.h"
#include "store_private.h"

/* The part of a spool that jobs on the writers lane have; one job at a time. */
struct spool_file {
	struct store *store;             /* what is fixed of it */
	int fd;                          /* -1: nothing on disk so far */
	struct path tmp;
	uint64_t size, crlf;
	struct crlf_form form;
	struct arena *arena;
	struct mime_scanner *scanner;
	enum store_status st;
};

struct spool_file *spool_file_new(struct store *s);
/* Blocking: closes, removes from tmp/. */
void spool_file_free(struct spool_file *f);
void spool_file_add(struct spool_file *f, struct slice bytes);
/* Of a file that is whole: what IMAP cannot carry in base64, LF line ends; its tree
 * in *root.  Takes the file and gives another, or the same with its st set. */
struct spool_file *spool_file_encode(struct spool_file *f, const struct mime_part **root);
/* spool_file_free on the lane. */
void spool_file_drop(struct spool_file *f);

/* A message that is in its folder, on its way to the index. */
struct arrived {
	struct list node;
	struct folder_name folder;
	enum place place;
	char name[FILE_NAME];
	uint64_t size, lf_size;          /* size: CRLF form */
	int64_t received;
	char *keywords;                  /* with spaces between; NULL: none */
	struct buf texts[INDEX_TEXTS];
	char *tmp;                       /* of a group: its name in the store's tmp/ */
	bool unfinished;                 /* its folder is being compared: in the next job */
	struct question *waiter;         /* who wants the UID; NULL: nobody */
	struct spool_result result;
};

void arrived_free(struct arrived *a);
/* Loop thread; takes it.  The waiter is answered when it is in the index. */
void arrived_note(struct store *s, struct arrived *a);

/* Loop thread: submits; owns the file, the bytes and itself. */
struct commit_job;
struct commit_job *commit_new(struct store *s, const struct spool_commit *c,
			      spool_done_fn *done, void *owner);
void commit_start(struct commit_job *j, struct spool_file *f, struct buf *rest,
		  enum store_status st, uint64_t counted);
/* Writers or mail lane: from the store's tmp/ into the folder; over to another file
 * system by copying first.  0 or errno. */
int spool_move_in(const struct store *s, const char *dir, const char *tmp, const char *to);
/* The message is in the index, or (uid 0) the index could not take it. */
void commit_has_uid(struct question *q, const struct spool_result *r);

/* ---- Groups (spool_group.c); loop thread ---- */

/* A message begins to be made safe; how that ended: NULL when it could not. */
void spool_group_expect(struct spool_group *g);
void spool_group_take(struct spool_group *g, struct arrived *a, uint64_t counted);
/* Blocking: what a crash left half done.  False: it could not be finished (logged). */
bool spool_groups_finish(const char *root);

#endif
