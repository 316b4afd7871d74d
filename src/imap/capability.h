#ifndef IMAP_CAPABILITY_H
#define IMAP_CAPABILITY_H

#include "session.h"

/* "IMAP4rev1 LITERAL+ ...": what holds for this session now. */
void imap_capability_text(struct buf *out, const struct imap_session *s);
enum { IMAP_CAPABILITY_TEXT = 1024 };    /* room for it */

#endif
