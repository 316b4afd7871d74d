#ifndef IMAP_BODY_H
#define IMAP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/lines.h"
#include "mime/decode.h"
#include "section.h"
#include "store/reader.h"

/*
 * The octets of a section, as FETCH BODY[...] or BINARY[...] (RFC 3516) gives them:
 * their number first, then piece by piece from the open message.  On the readers
 * lane.  The reader stays at that message meanwhile.
 */
struct body {
	struct reader *reader;
	bool from_file;
	uint64_t at, unread;         /* in the file, or in `text` */
	struct crlf_form form;
	bool binary;                 /* encoding undone, NUL as it is */
	struct mime_decoder decoder;
	uint64_t size;               /* octets of all of it */
	bool nul;                    /* binary: there is one among them */
	uint64_t skip;               /* octets before the partial */
	uint64_t left;               /* octets still to be given */
	struct reader_mark *mark;    /* NULL: no others will be asked for */
	uint64_t octets;             /* made of what is before `at` */
	struct buf text;             /* what is no run of the file: fields */
	struct buf piece;
};

enum body_found {
	BODY_FOUND,
	BODY_NONE,                   /* there is no such part */
	BODY_UNREADABLE,             /* logged */
	BODY_UNKNOWN_CTE,            /* RFC 3516 4.3 */
};

void body_init(struct body *b);
void body_release(struct body *b);

/* Of the message that is open in the reader. */
/* With `partly`, others of its octets will be asked for. */
enum body_found body_open(struct body *b, struct reader *r, const struct section *s, bool binary,
			  bool partly);
/* All that is in b->text, which the caller fills. */
void body_open_text(struct body *b);
/* Only `count` octets from `start` on. */
void body_partial(struct body *b, uint64_t start, uint64_t count);
/* Adds some of what is left.  False: it cannot be read. */
bool body_more(struct body *b, struct buf *out);

#endif
