#ifndef STORE_FINDER_H
#define STORE_FINDER_H

#include "maildir.h"

/* Looks for messages whose files another program has renamed.  Belongs to one job
 * or one reader; zero is the beginning. */
struct finder {
	char **names;                    /* by base; the first byte is the place */
	size_t count, cap;
	unsigned misses, lists;
};

void finder_release(struct finder *f);

/* The message that was not at place/name any more: where it is now.  False: gone. */
bool finder_find(struct finder *f, const char *folder, enum place *place, char name[FILE_NAME]);

#endif
