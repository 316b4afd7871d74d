#ifndef IMAP_SEARCH_BODY_H
#define IMAP_SEARCH_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mime/search_text.h"
#include "search_key.h"
#include "store/reader.h"

/*
 * The texts of one message after another (mime/search_text.h), with the needles of
 * all BODY, TEXT and HEADER keys looked for in each piece: a part of any size takes
 * some hundred kilobytes.  On the readers lane.
 */
struct search_body {
	struct search_key **keys;    /* those with BODY, TEXT and HEADER */
	size_t count;
	size_t longest;              /* needle */
	uint32_t seq;                /* the message; answers are noted under it */
	struct search_text text;
	struct buf window;           /* the end of the piece before, and this one */
	bool all_answered;
};

/* The list of keys lies in `keep`. */
void search_body_init(struct search_body *b, const struct search_plan *plan, struct arena *keep);
void search_body_release(struct search_body *b);

/* Message number `seq`, which r has open.  False: it could not be read. */
bool search_body_begin(struct search_body *b, struct reader *r, uint32_t seq);

/* Without opening it, when its texts are known: answers the keys whose field is to be
 * had by itself, or all.  False: not to be had, and it must be read. */
bool search_body_fields(struct search_body *b, struct reader *r, uint32_t seq);
bool search_body_known(struct search_body *b, struct reader *r, uint32_t seq);

/* One piece further.  Keys whose needle was met have answer true; at the end of the
 * message all others have false.  False: that was the end. */
bool search_body_step(struct search_body *b);

#endif
