#ifndef MIME_SUBJECT_H
#define MIME_SUBJECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Adds the base subject (RFC 5256 2.1) of a subject that was unfolded and decoded
 * already: without "Re:", "[list]", "(fwd)" and the like.  *reply: what was taken off
 * shows a reply or a forward (3, THREAD).  Linear time; pure; any thread.
 * False: out is full. */
bool subject_base(struct buf *out, struct slice decoded, bool *reply);

#endif
