#ifndef STORE_SPECIAL_USE_H
#define STORE_SPECIAL_USE_H

#include "name.h"
#include "store/store.h"

/* Special uses (RFC 6154): which there are, and who has them.  Mail lane, but for the
 * first three. */

#define SPECIAL_USES (FOLDER_DRAFTS | FOLDER_SENT | FOLDER_TRASH | FOLDER_JUNK | FOLDER_ARCHIVE)

/* "\Drafts \Sent", in any case; false: one of them is none of ours. */
bool special_use_parse(struct slice text, unsigned *uses);
void special_use_print(struct buf *out, unsigned uses);
/* What a folder of that name has when nothing else is said. */
unsigned special_use_by_name(const char *name);

/* What the folder's own file says; *said: there is one, and the name counts for
 * nothing.  False: it could not be read (logged). */
bool special_use_read(const char *root, const char *dir, unsigned *uses, bool *said);
enum store_status special_use_write(const char *root, const char *dir, unsigned uses);

/* Gives the uses, and no others, to the folder in `dir`.  Who had one of them has it no
 * more, and is told of. */
typedef void special_use_lost_fn(void *ctx, const char *name);
enum store_status special_use_give(const char *root, const char *dir, const char *name,
				   unsigned uses, special_use_lost_fn *lost, void *ctx);
/* What the folder has, all others considered. */
bool special_use_of(const char *root, const char *dir, const char *name, unsigned *uses);

#endif
