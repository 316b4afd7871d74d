#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "maildir.h"
#include "store/object_id.h"

/*
 * The index: what a Maildir cannot say.  All calls are for the mail lane (and
 * for store_open), but those at the end, which any thread may make.
 * False: SQLite could not, and it was logged once; index_failure() says how bad.
 */
struct index;

struct index *index_open(const char *path, char *error, size_t error_size);
void index_close(struct index *ix);

/* The file is damaged: it was moved aside and a new one made.  Every number the
 * caller knows from it is void. */
bool index_is_damaged(const struct index *ix);
bool index_renew(struct index *ix);
enum store_status index_failure(const struct index *ix);

/* Changes lie between these.  A commit is on disk when it returns. */
bool index_begin(struct index *ix);
bool index_commit(struct index *ix);
void index_rollback(struct index *ix);

struct index_folder {
	int64_t id;
	uint32_t uid_validity, uid_next, first_recent;
	uint64_t modseq;
	int64_t new_mtime, cur_mtime;    /* of the directories when compared; 0: not known */
	uint64_t messages, unseen, bytes, deleted, deleted_bytes;
	uint64_t stamp;                  /* image.h; 0: none yet */
};

/* id 0: there is none. */
bool index_folder_get(struct index *ix, const char *dir, struct index_folder *f);
bool index_folder_new(struct index *ix, const char *dir, struct index_folder *f);
bool index_folder_put(struct index *ix, const struct index_folder *f);
bool index_folder_delete(struct index *ix, int64_t id);
bool index_folder_rename(struct index *ix, const char *from, const char *to);
typedef void index_dir_fn(void *ctx, const char *dir);
bool index_folders(struct index *ix, index_dir_fn *fn, void *ctx);
bool index_folder_exists(struct index *ix, int64_t id, bool *exists);
/* Of all folders. */
uint64_t index_bytes(struct index *ix);
uint32_t index_largest_validity(struct index *ix);

struct index_message {
	uint32_t uid;
	enum place place;
	const char *name;                /* base and info */
	const char *keywords;            /* "" for none */
	uint64_t modseq, size;
	int64_t received, saved;
};

typedef void index_message_fn(void *ctx, const struct index_message *m);
/* In the order of UIDs. */
bool index_messages(struct index *ix, int64_t folder, index_message_fn *fn, void *ctx);
bool index_message_add(struct index *ix, int64_t folder, const struct index_message *m);
/* Name, place, keywords and modseq; the base is the same. */
bool index_message_change(struct index *ix, int64_t folder, const struct index_message *m);
bool index_message_delete(struct index *ix, int64_t folder, uint32_t uid);
/* *uid 0: none with that base. */
bool index_message_uid(struct index *ix, int64_t folder, const char *base, size_t base_len,
		       uint32_t *uid);
bool index_count_from(struct index *ix, int64_t folder, uint32_t uid, uint32_t *count);

/* What was removed when, as ranges of UIDs; nothing is known of modseqs up to `floor`. */
struct index_history {
	uint64_t floor;
	uint64_t ranges;
};
/* A folder that has none yet: since its first modseq, no ranges. */
bool index_history_get(struct index *ix, int64_t folder, struct index_history *h);
bool index_history_put(struct index *ix, int64_t folder, const struct index_history *h);
bool index_history_delete(struct index *ix, int64_t folder);
bool index_vanished_add(struct index *ix, int64_t folder, uint64_t modseq, uint32_t first,
			uint32_t last);
typedef void index_range_fn(void *ctx, uint32_t first, uint32_t last);
/* After `modseq`, in the order of UIDs. */
bool index_vanished_since(struct index *ix, int64_t folder, uint64_t modseq, index_range_fn *fn,
			  void *ctx);
/* Drops the oldest but for `keep` ranges or fewer: h follows. */
bool index_vanished_trim(struct index *ix, int64_t folder, uint64_t keep,
			 struct index_history *h);

/* The texts of store/reader.h, in its order; the keys lie in a table of their own. */
enum { INDEX_TEXTS = 5, INDEX_KEYS = 3, INDEX_PREVIEW = 4 };
/* No message of that UID any more: nothing is done. */
bool index_texts_put(struct index *ix, int64_t folder, uint32_t uid,
		     const struct slice texts[INDEX_TEXTS]);
/* Of a copy, with the object ids; `from_name` is the original's file. */
bool index_texts_copy(struct index *ix, int64_t from, uint32_t from_uid, int64_t to,
		      uint32_t to_uid, const char *from_name);

/* ---- Any thread. ---- */
bool index_text(struct index *ix, int64_t folder, uint32_t uid, unsigned which,
		struct buf *out);
/* The texts that `wanted` has the bits of (none of them the keys), of messages from that
 * UID on, at most `most` of those that have some, in the order of UIDs; valid within the
 * callback.  An empty one was not made, or too long to keep.  False from fn: enough. */
typedef bool index_texts_fn(void *ctx, uint32_t uid, const struct slice texts[INDEX_TEXTS]);
void index_texts(struct index *ix, int64_t folder, uint32_t from_uid, unsigned most,
		 unsigned wanted, index_texts_fn *fn, void *ctx);
/* False: there is no such message (any more).  A thread of 0 is not known yet. */
bool index_ids(struct index *ix, int64_t folder, uint32_t uid, struct object_ids *ids);
/* The thread that a message with these keys would be given now. */
uint64_t index_thread_of(struct index *ix, struct slice keys, uint64_t email);
/* The keys of messages from that UID on, at most `most` of those that have some, in
 * the order of UIDs; valid within the callback. */
typedef void index_keys_fn(void *ctx, uint32_t uid, uint64_t thread, struct slice keys);
void index_keys(struct index *ix, int64_t folder, uint32_t from_uid, unsigned most,
		index_keys_fn *fn, void *ctx);
bool index_file(struct index *ix, int64_t folder, uint32_t uid, enum place *place,
		char name[FILE_NAME]);

/* id, UIDVALIDITY, UIDNEXT and the number of messages of each folder. */
typedef void index_folder_fn(void *ctx, const char *dir, const struct index_folder *f);
bool index_walk_folders(struct index *ix, index_folder_fn *fn, void *ctx);
/* The first `most` messages from UID `from` on, in order. */
typedef void index_file_fn(void *ctx, uint32_t uid, enum place place, const char *name);
bool index_walk_files(struct index *ix, int64_t folder, uint32_t from, uint32_t most,
		      index_file_fn *fn, void *ctx);

#endif
