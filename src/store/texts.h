#ifndef STORE_TEXTS_H
#define STORE_TEXTS_H

#include "index.h"
#include "mime/part.h"
#include "mime/search_text.h"

/* All the texts that the index keeps of a message, from its parts.  One that does not
 * fit its buf is left empty. */
void texts_make(struct buf texts[INDEX_TEXTS], const struct mime_part *root,
		search_read_fn *read, void *ctx);

#endif
