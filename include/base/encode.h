#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/* RFC 4648 base64 as protocols use it (SASL, HTTP Basic): strict, no line
 * breaks.  MIME bodies are read by mime/decode.h, which forgives. */
bool base64_encode(struct buf *out, struct slice s);
bool base64_decode(struct buf *out, struct slice s);    /* false: not base64, or out full */

/* Lower-case hexadecimal. */
bool hex_encode(struct buf *out, struct slice s);

#endif
