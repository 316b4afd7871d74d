#ifndef STORE_NAME_H
#define STORE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/* Longer than any mail client's field for it; sixteen levels are deeper than any
 * window shows.  A directory's name is what file systems take (NAME_MAX). */
enum { NAME_MAX_BYTES = 200, NAME_LEVELS_MAX = 16, NAME_DIR_MAX = 255 };

struct folder_name { char at[NAME_MAX_BYTES + 1]; };
struct folder_dir { char at[NAME_DIR_MAX + 1]; };

/* The one spelling of a folder's name: NFC, INBOX in capitals (alone or as the
 * first level).  False: STORE_BAD_NAME, and `out` is not to be used. */
bool name_canonical(struct slice name, struct folder_name *out);

/* "" for INBOX, else ".A.B".  False: the directory's name would be too long. */
bool name_to_dir(const struct folder_name *name, struct folder_dir *out);

/* The canonical name of a directory in the Maildir.  False: it is no folder's. */
bool name_from_dir(const char *dir, struct folder_name *out);

/* One level to and from modified UTF-7 (RFC 3501 5.1.3). */
bool name_level_encode(struct buf *out, struct slice level);
bool name_level_decode(struct buf *out, struct slice level);

/* "A/B" is above "A/B/C". */
bool name_is_above(const char *parent, const char *name);

#endif
