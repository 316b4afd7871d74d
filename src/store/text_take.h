#ifndef STORE_TEXT_TAKE_H
#define STORE_TEXT_TAKE_H

#include "base/arena.h"
#include "finder.h"
#include "index.h"
#include "textindex.h"

/* Takes messages into the text index, one after another.  The text lane's. */
struct text_take {
	struct textindex *ti;
	struct index *ix;
	uint8_t secret[2 * TEXT_KEY];
	struct text_doc *doc;
	struct search_text text;
	struct arena *arena;
	struct finder finder;
	uint8_t *bytes;                  /* of the file, from `at` on */
	uint64_t at;
	size_t len;
	int fd;
};

/* False: the text index cannot be read. */
bool text_take_init(struct text_take *t, struct textindex *ti, struct index *ix);
void text_take_release(struct text_take *t);

enum text_taken {
	TEXT_TAKEN,              /* the entry is written; its doc may be 0 */
	TEXT_LATER,              /* no descriptor to be had now */
	TEXT_FAILED,             /* the text index: textindex_end(ti, false) */
};
enum text_taken text_take(struct text_take *t, struct text_folder *f, const char *path,
			  uint32_t uid, enum place place, const char *name);

#endif
