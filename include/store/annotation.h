#ifndef STORE_ANNOTATION_H
#define STORE_ANNOTATION_H

#include <stddef.h>

#include "base/list.h"
#include "base/slice.h"
#include "store/store.h"

/*
 * Annotations (RFC 5464): named values of a folder, or of the server as a whole.
 * They are the user's, so they lie in the Maildir, a file in each folder's directory:
 * they move and go with it.  Loop thread.
 *
 * Names are in lower case; whether one may be is for the protocol to say.  The special
 * use of a folder (RFC 6154 4) is the annotation "/private/specialuse", written as
 * LIST writes it ("\Drafts \Sent"), and there is one folder for each use: who is given
 * it takes it from who had it.
 */

/* A client's colours and comments are some dozens of bytes each; what is kept for a
 * folder is read and written as a whole, under 1 MiB.  RFC 5464 4.1 asks for 10 and
 * 1024 at the least. */
enum { ANNOTATIONS_MAX = 50, ANNOTATION_NAME_MAX = 200, ANNOTATION_VALUE_MAX = 16 * 1024 };

#define ANNOTATION_USE "/private/specialuse"

struct annotation {
	const char *name;
	struct slice value;              /* at NULL: none, which removes it */
};

/* All of them, sorted by name; valid within the callback.  `folder` "": the server's. */
typedef void store_annotations_fn(void *owner, enum store_status st,
				  const struct annotation *all, size_t count);
void store_annotations(struct store *s, const char *folder, store_annotations_fn *fn,
		       void *owner);

/* All of the changes or none; copied.  STORE_TOO_MANY, STORE_BAD_USE. */
void store_annotate(struct store *s, const char *folder, const struct annotation *changes,
		    size_t count, store_fn *fn, void *owner);

/* Told of each change, whoever of this program made it: `owner` is who asked for it,
 * or NULL for what came with it (another folder's use).  In changed() nobody may be
 * taken off. */
struct annotation_watcher {
	struct list node;
	void (*changed)(struct annotation_watcher *w, const void *owner, const char *folder,
			const char *name);
};
void store_watch_annotations(struct store *s, struct annotation_watcher *w);
void store_unwatch_annotations(struct annotation_watcher *w);    /* harmless when not watching */

#endif
