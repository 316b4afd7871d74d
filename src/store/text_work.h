#ifndef STORE_TEXT_WORK_H
#define STORE_TEXT_WORK_H

#include "index.h"
#include "net/lane.h"
#include "net/loop.h"
#include "textindex.h"

/* Brings the text index after the index, in the background.  Loop thread. */
struct text_work;

struct text_work *text_work_new(struct loop *loop, struct lane *lane, struct textindex *ti,
				struct index *ix, const char *root);
/* The lane was freed before. */
void text_work_free(struct text_work *w);        /* NULL is fine */

/* Messages may have come. */
void text_work_poke(struct text_work *w);        /* NULL is fine */

#endif
