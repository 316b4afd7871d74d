#ifndef IMAP_METADATA_H
#define IMAP_METADATA_H

#include "session.h"
#include "store/annotation.h"

/* What GETMETADATA and LIST's RETURN (METADATA (...)) ask for, and the answer. */

/* Twice what a folder can have. */
enum { IMAP_ENTRIES_MAX = 2 * ANNOTATIONS_MAX };

struct imap_entries {
	const char *names[IMAP_ENTRIES_MAX];     /* in lower case */
	size_t count;
	unsigned depth;                  /* how many levels below them as well */
	uint64_t max_size;               /* of a value that is told */
};

/* RFC 5464 3.2: an astring that may be the name of an entry, or of a level above some. */
bool imap_entry_read(struct imap_args *a, const char **name);
/* As in a response. */
void imap_entry_text(struct buf *out, const char *name);
/* "(" entry *(SP entry) ")" */
bool imap_entries_read(struct imap_args *a, struct imap_entries *e);
/* The same without parentheses, as 4.4.1 shows several. */
bool imap_entries_read_bare(struct imap_args *a, struct imap_entries *e);
/* Response lines; mailbox "": the server.  *longest: of the values that were too large
 * to be told, else as it was. */
void imap_metadata_text(struct buf *out, const struct imap_session *s, const char *mailbox,
			const struct imap_entries *e, const struct annotation *all, size_t count,
			uint64_t *longest);
enum { IMAP_METADATA_TEXT = 2 * 1024 * 1024 };   /* room for all of a folder's */

/* What ENABLE METADATA began; harmless when it did not. */
void imap_metadata_watch(struct imap_session *s);
void imap_metadata_unwatch(struct imap_session *s);
/* Changes that were not told yet. */
void imap_tell_metadata(struct imap_session *s);

#endif
