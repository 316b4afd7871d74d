#ifndef IMAP_SEARCH_RETURN_H
#define IMAP_SEARCH_RETURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"

/*
 * What a searching command (SEARCH, SORT, ESEARCH) is to answer with: the list
 * behind RETURN (RFC 4466 2.6.1).  Pure.
 */
enum search_option {
	SEARCH_RETURN_MIN     = 1 << 0,  /* RFC 4731 3.1 */
	SEARCH_RETURN_MAX     = 1 << 1,
	SEARCH_RETURN_ALL     = 1 << 2,
	SEARCH_RETURN_COUNT   = 1 << 3,
	SEARCH_RETURN_SAVE    = 1 << 4,  /* RFC 5182 2 */
	SEARCH_RETURN_PARTIAL = 1 << 5,  /* RFC 9394 3.1, RFC 5267 4.4 */
	SEARCH_RETURN_UPDATE  = 1 << 6,  /* RFC 5267 4.3 */
	SEARCH_RETURN_CONTEXT = 1 << 7,  /* 4.2: a hint, and taken for no more */
	SEARCH_RETURN_ITEMS   = 1 << 8,  /* RFC 5465 7: UPDATE may have FETCH items behind it */
};

/* "1:500": the first to the 500th result; "-1:-100": the last 100. */
struct partial_range {
	bool from_end;
	uint32_t from, to;               /* as written: 500:1 is 1:500 */
};

struct search_return {
	bool extended;                   /* the answer is ESEARCH (there was a RETURN) */
	unsigned options;
	struct partial_range partial;
	struct slice items;              /* "(UID ...)"; len 0: none */
};

/* ["RETURN (" options ") "].  An empty list is ALL; options that are not in `known`
 * are none. */
bool search_return_parse(struct search_return *out, struct imap_args *a, unsigned known);

/* partial-range of RFC 9394 4. */
bool partial_range_parse(struct partial_range *out, struct imap_args *a);
/* Which of `count` things that is: from *begin to before *end; none when they are equal. */
void partial_range_of(const struct partial_range *p, size_t count, size_t *begin, size_t *end);

#endif
