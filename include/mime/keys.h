#ifndef MIME_KEYS_H
#define MIME_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * What SORT and THREAD (RFC 5256, RFC 5957) ask of a message's header, packed small
 * enough that those of a whole folder are read at once.  Texts are in the form in
 * which they are compared, byte by byte (charset_casemap).  Pure; any thread.
 */
enum {
	/* The first and the last of longer lists, as mail programs cut them too. */
	KEYS_REFERENCES_MAX = 100,
	/* A line of mail is not longer; what is over is not compared. */
	KEYS_TEXT_MAX = 1000,
	KEYS_MAX = 64 + 8 * KEYS_REFERENCES_MAX + 6 * (KEYS_TEXT_MAX + 2),
};

enum keys_text {
	KEYS_SUBJECT,                    /* base subject, RFC 5256 2.1 */
	KEYS_FROM, KEYS_TO, KEYS_CC,     /* addr-mailbox of the first */
	KEYS_DISPLAY_FROM, KEYS_DISPLAY_TO,      /* RFC 5957 3 */
	KEYS_TEXTS
};

struct mime_keys {
	bool has_date;                   /* else the sent date is INTERNALDATE */
	int64_t sent;                    /* RFC 5256 2.2: UTC, seconds since 1970 */
	int64_t day;                     /* as written, since 1970-01-01: SENTON and the like */
	bool reply;                      /* a reply or forward, by its subject */
	uint64_t id;                     /* message_id.h; 0: none that is valid */
	/* RFC 5256 3, THREAD: those of References, else the first of In-Reply-To. */
	size_t reference_count;
	uint64_t references[KEYS_REFERENCES_MAX];
	struct slice texts[KEYS_TEXTS];
};

/* Adds the packed keys of a header block.  False: out is full. */
bool mime_keys_write(struct buf *out, struct slice header);

/* Texts are views of `packed`.  False: that is no such thing (an older form: make
 * it anew). */
bool mime_keys_read(struct mime_keys *out, struct slice packed);

#endif
