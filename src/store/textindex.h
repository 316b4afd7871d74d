#ifndef STORE_TEXTINDEX_H
#define STORE_TEXTINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text_doc.h"

/*
 * The text index: a file beside the index, with the texts of messages packed and
 * signed (text_doc.h), so that SEARCH reads few of them and no message.  It can be
 * deleted at any time; a damaged one is made anew.
 *
 * A doc is the text of one content; messages with the same bytes share it, so COPY
 * and MOVE cost a look at the file.  Of each folder every message up to `mark` was
 * looked at; those without a doc (gone, too long) and all later ones are searched in
 * their files.
 *
 * All calls but those marked are for the text lane.  False: SQLite could not; it was
 * logged once.
 */
struct textindex;

struct textindex *textindex_new(const char *path);       /* opens nothing; any thread */
void textindex_free(struct textindex *ti);               /* no thread uses it any more */

/* Opens what is not open, makes anew what is damaged. */
bool textindex_ready(struct textindex *ti);
void textindex_rest(struct textindex *ti);       /* nothing to do for a while: memory goes back */

/* Changes lie between these. */
bool textindex_begin(struct textindex *ti);
bool textindex_end(struct textindex *ti, bool ok);       /* commits, or takes all back */

enum { TEXT_KEY = 16 };

struct text_folder {
	int64_t number;                  /* here */
	int64_t id;                      /* in the index */
	uint32_t uid_validity;
	uint32_t mark;
	uint32_t entries;                /* messages with a doc */
};
/* Made when missing. */
bool textindex_folder(struct textindex *ti, int64_t id, uint32_t uid_validity,
		      struct text_folder *f);
bool textindex_folder_put(struct textindex *ti, const struct text_folder *f);
bool textindex_folder_delete(struct textindex *ti, const struct text_folder *f);
/* The first with a number above `after`; number 0: none. */
bool textindex_folder_next(struct textindex *ti, int64_t after, struct text_folder *f);

/* What is known of one message. */
struct text_entry {
	uint32_t doc;                    /* 0: none */
	int32_t sent;                    /* day of its Date field; TEXT_NO_DAY */
};
#define TEXT_NO_DAY INT32_MIN

bool textindex_entry(struct textindex *ti, const struct text_folder *f, uint32_t uid,
		     struct text_entry *e);
/* The doc it had before is counted down. */
bool textindex_entry_put(struct textindex *ti, struct text_folder *f, uint32_t uid,
			 const struct text_entry *e);

/* Moves *uid on to where entries may be: UIDs may have gaps of millions.  UINT32_MAX:
 * there are no more. */
bool textindex_entries_from(struct textindex *ti, const struct text_folder *f, uint32_t *uid);

/* *doc 0: there is none of this content; else it is counted up. */
bool textindex_doc_find(struct textindex *ti, const uint8_t key[TEXT_KEY], uint32_t *doc);
/* Counted once. */
bool textindex_doc_add(struct textindex *ti, const uint8_t key[TEXT_KEY], struct text_doc *d,
		       uint32_t *doc);

/* The key of the hash that contents are told apart by, two halves. */
bool textindex_secret(struct textindex *ti, uint8_t secret[2 * TEXT_KEY]);

/* ---- Entries lie in chunks; the same for those who read. ---- */

enum { TEXT_CHUNK = 256, TEXT_ENTRY = 8 };       /* entries in one; bytes of one */

static inline int64_t text_chunk_of(int64_t folder_number, uint32_t uid)
{
	return folder_number << 24 | uid / TEXT_CHUNK;
}
struct text_entry text_entry_at(const uint8_t *chunk, uint32_t uid);

#endif
