#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Header fields as RFC 5322 2.2 and 4.5 have them, read from bytes that may be
 * anything.  Lines end in LF or CR LF.  Pure; any thread. */

struct header_field {
	struct slice whole;      /* from the name to the end of its last line, with the line end */
	struct slice name;       /* without the colon and blanks before it */
	struct slice value;      /* behind the colon, folded as it stands, last line end cut */
};

/* Takes the next field off *rest, which is a view of the header block (the
 * empty line that ends it may be there).  Lines that are no field (a From_
 * line, garbage) are passed over.  False: no more; *rest is then what lies
 * behind the empty line, or empty. */
bool header_next(struct slice *rest, struct header_field *field);

/* First field of that name (case ignored).  False: none. */
bool header_find(struct slice header, const char *name, struct header_field *field);

/* Folding undone (RFC 5322 2.2.3): line ends go, the blank behind them stays;
 * trimmed at both ends. */
bool header_unfold(struct buf *out, struct slice value);

/* Unfolded and RFC 2047 words decoded: UTF-8, whatever came in (bytes that are
 * not UTF-8 are read as windows-1252). */
bool header_decode(struct buf *out, struct slice value);

/* Length of the header block in `message`, the empty line included. */
size_t header_length(struct slice message);

#endif
