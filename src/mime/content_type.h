#ifndef MIME_CONTENT_TYPE_H
#define MIME_CONTENT_TYPE_H

#include "base/arena.h"
#include "mime/part.h"

/* Reads the Content-* fields of part->header into the part.  `params_left` is
 * how many more parameters the message may have; it is counted down. */
void content_read(struct arena *a, struct mime_part *part, unsigned *params_left);

/* The type that a part has when it states none (RFC 2046 5.1.5: a child of
 * multipart/digest is a message). */
void content_default(struct mime_part *part);

#endif
