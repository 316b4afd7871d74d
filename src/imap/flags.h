#ifndef IMAP_FLAGS_H
#define IMAP_FLAGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "store/snapshot.h"
#include "store/uid_set.h"

/* Lists of flags as IMAP shows them.  Pure; jobs use it as well as sessions. */

/* Room for one list: the store has 4096 keywords of 128 bytes at the most. */
enum { IMAP_FLAGS_TEXT = 4096 * (128 + 1) + 256 };
enum { IMAP_MESSAGE_TEXT = IMAP_FLAGS_TEXT + 128 };

/* "(\Seen \Recent $Junk)" of a message of `view`; `recent`: the session's. */
bool imap_flags_text(struct buf *out, const struct snapshot *view,
		     const struct uid_set *recent, const struct message_info *m);

/* "\Answered \Flagged ... $Junk": all that can be met in `view`. */
bool imap_all_flags_text(struct buf *out, const struct snapshot *view);

#endif
