#ifndef IMAP_CAPABILITY_H
#define IMAP_CAPABILITY_H

#include "session.h"

/* "IMAP4rev1 LITERAL+ ...": what holds for this session now. */
void imap_capability_text(struct buf *out, const struct imap_session *s);
enum { IMAP_CAPABILITY_TEXT = 2048 };    /* room for it */

/* What ENABLE with that name sets (enum imap_enabled); 0: nothing, or not known. */
unsigned imap_capability_enables(struct slice name);

#endif
