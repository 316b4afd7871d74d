#ifndef MIME_BOUNDARY_H
#define MIME_BOUNDARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	BOUNDARY_MOST = 900,     /* RFC 2046 5.1.1 says 70; senders say more */
	BOUNDARY_BUCKETS = 128,  /* for some hundred at most; a power of two */
};

/* A multipart that is open, and what ends its parts. */
struct boundary {
	struct slice text;       /* the owner keeps it */
	uint64_t hash;
	size_t longest;          /* of this one and those below it */
	unsigned depth;
	unsigned next;           /* in the bucket, counted from 1; 0: none */
};

/* The open ones, outermost first.  Zeroed, and given room, to start. */
struct boundary_set {
	struct boundary *stack;
	unsigned count;
	unsigned bucket[BOUNDARY_BUCKETS];
	unsigned of_length[BOUNDARY_MOST + 1];  /* how many have that length */
};

/* Opens one at `depth`, deeper than those that are open.  An empty or far too
 * long text is no boundary and is not opened. */
void boundary_open(struct boundary_set *set, struct slice text, unsigned depth);

/* Closes the innermost, where that is the one of `depth`. */
void boundary_close(struct boundary_set *set, unsigned depth);

/*
 * RFC 2046 5.1.1: a line that starts with "--" and the boundary is one, whatever
 * stands behind it.  Where several are the line's beginning, one that is the
 * whole line wins, then the longest; of equal ones the innermost.
 * False: none.  `line` may be cut behind BOUNDARY_MOST + 100 bytes.
 */
bool boundary_find(const struct boundary_set *set, struct slice line, unsigned *depth,
		   bool *closing);

#endif
