#ifndef IMAP_SECTION_H
#define IMAP_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/lines.h"
#include "mime/part.h"

/*
 * What stands in the brackets of BODY[...] (RFC 3501 6.4.5, section-spec), and
 * where that lies in a message.  Pure; any thread.
 */
enum section_text {
	SECTION_WHOLE,               /* [] or [1.2]: the message, or the part's body */
	SECTION_HEADER,
	SECTION_FIELDS,
	SECTION_FIELDS_NOT,
	SECTION_TEXT,
	SECTION_MIME,
};

enum {
	/* Every number goes one part or one message further in, and the scanner
	 * stops at mime_default_limits.depth (100) of these. */
	SECTION_PATH_MAX = 128,
	/* Each field of a header is compared with each name; clients ask for
	 * twenty or thirty. */
	SECTION_FIELDS_MAX = 200,
};

struct section {
	enum section_text text;
	const uint32_t *path;
	size_t depth;
	const struct slice *fields;  /* names as the client wrote them */
	size_t field_count;
};

/* Reads "[...]".  The result lies in `keep`, not in the command's text. */
bool section_parse(struct section *out, struct imap_args *a, struct arena *keep);

/* As the response has it: "[2.HEADER.FIELDS (Date From)]". */
bool section_print(struct buf *out, const struct section *s);

/* A run of the message's bytes. */
struct section_place {
	uint64_t at, len;
	uint64_t crlf;               /* its length in CRLF form */
	struct slice header;         /* the kept bytes of that header, for section_fields */
	const struct mime_part *part;    /* whose body it is; NULL: it is something else */
};

/* False: there is no such part, or it has no such text (the answer is NIL). */
bool section_find(const struct section *s, const struct mime_part *root,
		  struct section_place *out);

/* The fields that SECTION_FIELDS and SECTION_FIELDS_NOT ask for, as they stand,
 * in CRLF form, with the empty line behind them.  False: out is full. */
bool section_fields(struct buf *out, const struct section *s, struct slice header);

/* Adds bytes of a message as an IMAP literal may hold them: CRLF form, and 0x80
 * for NUL (CHAR8 of RFC 3501 9 excludes it).  False: out is full. */
bool section_wire(struct crlf_form *f, struct buf *out, struct slice bytes);

#endif
