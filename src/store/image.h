#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include "table.h"

/*
 * A folder's table as one file beside the index, from which it is read ten times as
 * fast.  Nothing depends on it: what is missing, torn, of another moment or of
 * another machine is not believed, and the index is read.
 */
struct image_stamp {
	int64_t folder;
	uint64_t stamp;                  /* the folder's, new with every change of a message's row */
	uint32_t uid_validity;
	uint32_t count;
};

/* Fills an empty table.  False: it is as it was. */
bool image_read(const char *path, const struct image_stamp *stamp, struct table *t,
		struct keywords *k);

/* Writing goes in slices, for a million messages take a tenth of a second. */
struct image_writer;
/* The table is the writer's from now on, and t is empty. */
struct image_writer *image_begin(const char *path, const struct image_stamp *stamp,
				 struct table *t, const struct keywords *k);
/* Until then (clock_mono_ms; 0: to the end).  True: there is more to do. */
bool image_go_on(struct image_writer *w, uint64_t until);
void image_end(struct image_writer *w);

#endif
