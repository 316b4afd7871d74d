#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "finder.h"
#include "folder.h"

/* Messages on their way from one folder into another.  Mail lane. */
struct copy_one {
	uint32_t from, to;
	char *old, *new;
	enum place place;
	uint64_t size;
	int64_t received;
	unsigned keywords;
	bool in_place;
};

struct copy_list {
	struct copy_one *all;
	size_t count, cap;
	struct finder finder;
};

void copy_list_init(struct copy_list *l);
void copy_list_release(struct copy_list *l);
void copy_list_add(struct copy_list *l, const struct folder *f, const struct record *r);
void copy_list_all(struct copy_list *l, const struct folder *f);

/* All or none.  With `move` the originals are gone afterwards. */
enum store_status folder_copy(struct folder *from, struct folder *to, struct copy_list *l,
			      bool move);

#endif
