#ifndef SMTP_DOT_H
#define SMTP_DOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Message text as it comes over SMTP to text with LF line ends.
 *
 * Only CR LF is a line end here: the end of DATA is CR LF . CR LF and nothing
 * else, and a dot is taken off only behind a CR LF (RFC 5321 4.5.2, 2.3.8).  A bare
 * CR or LF is stored as a line end, but never means anything, so two servers
 * cannot disagree on where a message ends.
 */
enum dot_state {
	DOT_LINE_START,          /* behind CR LF, or nothing yet */
	DOT_TEXT,                /* within a line */
	DOT_CR,                  /* a CR within a line */
	DOT_DOT,                 /* a dot at the start of a line */
	DOT_DOT_CR,              /* dot CR at the start of a line */
	DOT_END,                 /* all of CR LF . CR LF */
};
struct dot {
	enum dot_state state;
	bool dots;               /* DATA: dots are undone and end it; BDAT: they are text */
};

void dot_begin(struct dot *d, bool dots);

/* Adds to `out` (which must have room for in.len + 2 bytes) and returns how many
 * bytes of `in` were used: all, or up to the end of the message.  *crlf_size
 * grows by the size in CRLF form, as RFC 1870 5 counts it. */
size_t dot_add(struct dot *d, struct buf *out, struct slice in, uint64_t *crlf_size);

/* The end of the last chunk: a held CR is a line end. */
void dot_end(struct dot *d, struct buf *out, uint64_t *crlf_size);

#endif
