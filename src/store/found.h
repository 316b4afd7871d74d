#ifndef STORE_FOUND_H
#define STORE_FOUND_H

#include "folder.h"

/* Files that the index does not know: what a comparison has found of them, and the
 * order in which they are numbered. */

/* How much may be done before others have the lane. */
struct budget {
	uint64_t until;
	unsigned every, files;
	bool spent;                      /* something long was done: the clock is to be asked */
};
void budget_begin(struct budget *b, const struct store *s);
/* After each file. */
bool budget_is_over(struct budget *b);

struct found {
	char *name;
	int64_t mtime_ns, received, changed;
	enum place place;
	uint32_t uid;                    /* Dovecot's; UINT32_MAX: none */
};

struct finds {
	struct found *all, *spare;
	size_t count, cap;
	size_t next, kept, run;          /* of the step under way */
	bool first;                      /* the folder's first comparison */
};

void finds_add(struct finds *l, enum place place, const char *name);
void finds_clear(struct finds *l);
void finds_release(struct finds *l);

/* False: it is gone again, or not a file. */
bool found_look(const struct folder *f, struct found *n);
/* Its size, by reading it when the name does not say.  False: as above, or it cannot
 * be read. */
bool found_arrival(const struct folder *f, const struct found *n, struct arrival *a,
		   struct budget *b);

/* By Dovecot's UID, then in a first comparison cur/ before new/, whose messages are the
 * recent ones, then by time and name.  In slices; true: sorted. */
bool finds_sort(struct finds *l, const struct budget *b);

#endif
