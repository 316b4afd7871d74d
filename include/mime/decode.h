#ifndef MIME_DECODE_H
#define MIME_DECODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Content-Transfer-Encoding undone, across any split of the input, forgiving
 * what senders do (RFC 2045 6.7, 6.8: characters outside the alphabet are
 * ignored, padding may be missing or stand in the middle, soft line breaks may
 * have blanks behind them).
 */
enum mime_encoding {
	MIME_IDENTITY,           /* 7bit, 8bit, binary, none */
	MIME_BASE64,
	MIME_QUOTED_PRINTABLE,
	MIME_UUENCODE,           /* x-uuencode, x-uue */
	MIME_UNKNOWN,            /* read as it stands */
};

enum mime_encoding mime_encoding_of(struct slice name);

struct mime_decoder {
	enum mime_encoding encoding;
	unsigned state, bits, held;
	char pending[80];        /* a line's blanks, a half escape, a uu line */
	size_t pending_len;
};

void mime_decode_begin(struct mime_decoder *d, enum mime_encoding encoding);
bool mime_decode_add(struct mime_decoder *d, struct buf *out, struct slice in); /* false: out full */
bool mime_decode_end(struct mime_decoder *d, struct buf *out);

#endif
