#ifndef MIME_WORD_H
#define MIME_WORD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* RFC 2047 encoded words in an unfolded value, to UTF-8.  Blanks between two
 * words go (6.2), a character split over two words of the same charset and
 * encoding is put together, words that are not well-formed stay as they are,
 * text around them is read as UTF-8 or windows-1252.
 *
 * Senders' habits are read: words that touch other text or stand in quotes,
 * blanks and question marks within Q text, base64 without padding.  A control
 * character that a word hides becomes a space, so that nobody can put a line end
 * into what was one line.  Linear time; pure; any thread.  False: out is full. */
bool word_decode(struct buf *out, struct slice unfolded);

#endif
