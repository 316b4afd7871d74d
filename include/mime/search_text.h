#ifndef MIME_SEARCH_TEXT_H
#define MIME_SEARCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mime/decode.h"
#include "mime/html_text.h"
#include "mime/part.h"

/*
 * What a message's text is for those who search in it (RFC 3501 6.4.4 BODY, TEXT,
 * HEADER), in one place: a search that reads the message and an index made before
 * see the same bytes.
 *
 * A message is a row of texts: each field of each header ("name: value", encoded
 * words undone), the lines of a header that are no field, and the body of each part
 * that is text or message, decoded from its transfer encoding and charset.  HTML is
 * two texts, as it stands and without its tags.  All are folded (mime/charset.h);
 * no match goes from one text into another.  A long text comes in pieces.
 *
 * Pure but for `read`: the message may lie anywhere.  Any thread.
 */
struct search_piece {
	struct slice text;           /* UTF-8, folded; good until the callback returns */
	bool begins;                 /* of another text than the piece before */
	bool body;                   /* BODY sees it; TEXT sees everything */
	/* A field of the message's own header: both within `text`; else name is empty. */
	struct slice name, value;    /* name in lower case */
};
typedef void search_piece_fn(void *ctx, const struct search_piece *piece);

/* As pread(2).  A failure or an early end ends that part. */
typedef ssize_t search_read_fn(void *ctx, uint64_t at, void *out, size_t len);

struct search_text {
	search_read_fn *read;
	search_piece_fn *piece;
	void *read_ctx, *piece_ctx;

	const struct mime_part *part;        /* NULL: through */
	enum { SEARCH_TEXT_HEADER, SEARCH_TEXT_BODY, SEARCH_TEXT_HTML } in;
	bool begun;                          /* the text under way has had a piece */
	bool failed;                         /* a read did */
	uint64_t at;                         /* in the part's body */
	struct mime_decoder decoder;
	struct slice charset;
	bool wide;                           /* no superset of ASCII: UTF-16 and its kin */
	struct html_text html;
	struct buf decoded;                  /* not converted yet: an unfinished line */
	struct buf utf8, bare, folded;
};

/* The buffers are kept from message to message. */
void search_text_init(struct search_text *x);
void search_text_release(struct search_text *x);

void search_text_begin(struct search_text *x, const struct mime_part *root,
		       search_read_fn *read, void *read_ctx,
		       search_piece_fn *piece, void *piece_ctx);

/* One step further: a header, or so much of a body as is read at a time.  Pieces come
 * within the call.  False: that was the end. */
bool search_text_step(struct search_text *x);

/* The value of a field as it is searched: added to `out`. */
bool search_text_value(struct buf *out, struct slice value);

/* The day of the Date field, since 1970-01-01, disregarding time and timezone (RFC
 * 3501 6.4.4 SENTON).  False: there is none that can be read. */
bool search_text_sent(struct slice header, int64_t *day);

#endif
