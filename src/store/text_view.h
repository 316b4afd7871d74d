#ifndef STORE_TEXT_VIEW_H
#define STORE_TEXT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "mime/search_text.h"
#include "store/reader.h"
#include "store/snapshot.h"
#include "textindex.h"

/*
 * What the text index knows of a snapshot's messages, at one moment: what is changed
 * meanwhile is not seen.  For one search; any one thread at a time.
 */
struct text_view;

/* NULL: there is nothing to be had. */
struct text_view *text_view_new(struct textindex *ti, int64_t folder, const struct snapshot *s);
void text_view_free(struct text_view *v);        /* NULL is fine */

/* Whether the message (its number) has a doc: only those are spoken of below. */
bool text_view_knows(const struct text_view *v, uint32_t seq);
int32_t text_view_sent(const struct text_view *v, uint32_t seq);         /* TEXT_NO_DAY */

/* Clears the bits (by number, from 1) of those that cannot have the needle there.  False:
 * it could not be read, and the bits mean nothing. */
bool text_view_filter(struct text_view *v, struct slice needle, enum reader_where where,
		      uint8_t *maybe);

/* The fields that are kept apart.  False: not to be had. */
bool text_view_fields(struct text_view *v, uint32_t seq, search_piece_fn *fn, void *ctx);
/* All texts, until *enough. */
bool text_view_texts(struct text_view *v, uint32_t seq, search_piece_fn *fn, void *ctx,
		     const bool *enough);

void text_view_close_idle(struct textindex *ti);

#endif
