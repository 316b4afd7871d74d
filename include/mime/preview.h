#ifndef MIME_PREVIEW_H
#define MIME_PREVIEW_H

#include <stdbool.h>

#include "base/buf.h"
#include "mime/part.h"
#include "mime/search_text.h"

enum {
	/* RFC 8970 3.3: "SHOULD limit the length to 200 preview characters". */
	PREVIEW_CHARACTERS = 200,
};

/*
 * The beginning of a message's text, as a list of messages shows it (RFC 8970): of
 * the first plain text, or else of HTML without its tags; what is quoted from others
 * is passed over where something else is said, blanks are one space, characters that
 * nobody sees are left out.  UTF-8.  Nothing where there is no text to be read.  Only
 * the beginning of a body is read.  False: a read failed, or out is full.  Any thread.
 */
bool mime_preview(struct buf *out, const struct mime_part *root, search_read_fn *read, void *ctx);

#endif
