#ifndef MIME_MESSAGE_ID_H
#define MIME_MESSAGE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Message IDs (RFC 5322 3.6.4) as numbers: those of a References field are compared
 * with those of a hundred thousand messages, and eight bytes do that as well as
 * eighty.  The number is a hash of the ID in normal form (RFC 5256 3: quoting undone,
 * so that <"a"@b> is <a@b>; blanks out; case kept), the same for ever, never 0.
 * Strangers can make two IDs of one number, which shows two messages as one
 * thread: that they can have by repeating an ID.
 */

/* Takes the next valid one off *rest, a field's value as it stands; whatever else is
 * there is passed over.  False: no more.  Linear time; pure; any thread. */
bool message_id_next(struct slice *rest, uint64_t *id);

#endif
