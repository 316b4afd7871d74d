#ifndef MIME_UTF7_H
#define MIME_UTF7_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Modified UTF-7 (RFC 3501 5.1.3), as mailbox names travel.  Each name has one
 * spelling only: a superfluous shift, an encoded printable ASCII character, set
 * padding bits, a lone surrogate or a bare 8-bit byte is refused.  False: that,
 * or `out` is full; what was added so far stays. */
bool utf7_decode(struct buf *out, struct slice in);
/* From UTF-8; false: it is not that. */
bool utf7_encode(struct buf *out, struct slice in);
/* The same, with `also` encoded as if it were not ASCII. */
bool utf7_encode_also(struct buf *out, struct slice in, char also);
/* What stands between "&" and "-", whatever characters it means. */
bool utf7_decode_run(struct buf *out, struct slice in);

#endif
