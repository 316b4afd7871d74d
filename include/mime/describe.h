#ifndef MIME_DESCRIBE_H
#define MIME_DESCRIBE_H

#include <stdbool.h>

#include "base/buf.h"
#include "mime/part.h"

/*
 * A message described in the texts that IMAP clients ask for: ENVELOPE, BODY
 * and BODYSTRUCTURE (RFC 3501 7.4.2, RFC 9051 7.5.2), parentheses included.  It
 * is here and not in imap/ because the store writes these texts once, at
 * delivery, and the index keeps them.  message/global is described as
 * message/rfc822 is, which is RFC 9051's rule.  An address without a mailbox or
 * host has "" there, since NIL would mean a group.  False: out is full.  Pure;
 * any thread.
 */
bool mime_envelope(struct buf *out, struct slice header);
bool mime_body(struct buf *out, const struct mime_part *root);
bool mime_bodystructure(struct buf *out, const struct mime_part *root);

/* An IMAP nstring: NIL when at is NULL, quoted where that is legal, else a
 * literal "{n}\r\n...".  NUL, which no IMAP string may hold, becomes 0x80. */
bool mime_nstring(struct buf *out, struct slice s);

#endif
