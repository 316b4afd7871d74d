#ifndef STORE_READER_H
#define STORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/lines.h"
#include "mime/decode.h"
#include "mime/part.h"
#include "mime/search_text.h"
#include "store/mailbox.h"
#include "store/object_id.h"
#include "store/snapshot.h"

/*
 * Reading messages.  A reader belongs to one command (FETCH, SEARCH): it is made
 * and freed on the loop thread, and used by that command's jobs on the readers
 * lane, one job at a time.  It finds a message's file even when another session
 * or program has renamed it since the snapshot was taken.
 */
struct reader;

struct reader *reader_new(struct mailbox *m, const struct snapshot *s);  /* holds both */
/* Loop thread, no job running.  Texts made along the way go to the index. */
void reader_free(struct reader *r);

/* Loop thread, no job running.  The texts made so far go to the index, and with them
 * the thread ids that follow; `fn` comes when they are there (or cannot be). */
void reader_keep(struct reader *r, store_fn *fn, void *owner);

/* Submits to the readers lane of the mailbox's store. */
struct job;
bool reader_submit(struct reader *r, struct job *job);

/* ---- The rest is for the job, on its lane. ---- */

enum reader_text {
	READER_ENVELOPE, READER_BODY, READER_BODYSTRUCTURE,
	READER_KEYS,                     /* mime/keys.h */
	READER_PREVIEW,                  /* mime/preview.h; never empty: an IMAP string */
	READER_TEXTS
};

/* The ready-made text: from the index, else made from the file (and kept in the
 * index when the reader is freed).  STORE_GONE: the message's file is no more. */
enum store_status reader_text(struct reader *r, uint32_t uid, enum reader_text which,
			      struct buf *out);

/* Whether it is at hand: no file is opened for it. */
bool reader_has_text(struct reader *r, uint32_t uid, enum reader_text which);

/* So much was made that the next texts may not be kept: reader_keep() first. */
bool reader_has_much(const struct reader *r);

/* The message's object ids.  With `thread` also the one that is told once and for all:
 * to be told, it should be in the index already (reader_text of its keys, then
 * reader_keep()), else it is the one that it would be given now. */
enum store_status reader_ids(struct reader *r, uint32_t uid, bool thread,
			     struct object_ids *ids);

/* Keys by the thousand: those the index has of messages from a UID on, at most `most`,
 * in the order of UIDs.  A message that is passed over has none yet (reader_text).
 * A thread of 0 is not known. */
typedef void reader_keys_fn(void *ctx, uint32_t uid, uint64_t thread, struct slice keys);
void reader_keys(struct reader *r, uint32_t from_uid, unsigned most, reader_keys_fn *fn,
		 void *ctx);

/* Opens a message; at most one is open.  Opening the same UID again is free. */
enum store_status reader_open(struct reader *r, uint32_t uid);
void reader_close(struct reader *r);

/* Of the open message.  The file's bytes as they lie on disk (LF or CR LF). */
uint64_t reader_size(const struct reader *r);
ssize_t reader_read(struct reader *r, uint64_t at, void *out, size_t len);  /* pread; -1: logged */

/* The open message's parts, scanned once; NULL: it could not be read.  Valid
 * until another message is opened. */
const struct mime_part *reader_parts(struct reader *r);

/* Whether that costs nothing, because it was done before. */
bool reader_has_parts(const struct reader *r);

/* How far somebody came who takes a section of the open message in partials: where the
 * octet after so many lies in the file.  Kept as long as the parts, and for whoever opens
 * the message next.  NULL: the parts are not known. */
struct reader_mark {
	uint64_t from, len;              /* the section's run of the file; len 0: none yet */
	bool decoded;                    /* its encoding undone */
	uint64_t size;                   /* decoded: octets of all of it... */
	bool nul;                        /* ...and whether there is a NUL among them */
	uint64_t at, octets;
	struct crlf_form form;
	struct mime_decoder decoder;
};
struct reader_mark *reader_mark(struct reader *r);

/* Its header block, at most 1 MiB of it.  Valid as reader_parts(). */
struct slice reader_header(struct reader *r);

/* ---- What is known of messages without opening them: the text index, which has the
 * texts of mime/search_text.h, the same as the message's file would give.  Messages by
 * their number in the snapshot. ---- */

/* Before what follows; what is known stays so until reader_forget().  False: nothing
 * is, and nothing of what follows may be asked. */
bool reader_look_up(struct reader *r);
void reader_forget(struct reader *r);

/* Of many, the last messages to come are not known, and a few others. */
bool reader_knows(const struct reader *r, uint32_t seq);

/* For known ones.  The day of search_text_sent(); false: none. */
bool reader_sent(const struct reader *r, uint32_t seq, int64_t *day);

/* Clears the bits of known messages of which no text holds `needle`: none that BODY sees,
 * none that BODY does not see, or none at all; others, and some of those, keep theirs.
 * Bit n & 7 of byte n >> 3 is message n.  False: it could not be done, and the bits
 * mean nothing. */
enum reader_where { READER_IN_BODY, READER_IN_HEADER, READER_ANYWHERE };
bool reader_filter(struct reader *r, struct slice needle, enum reader_where where, uint8_t *maybe);

/* The texts of a known message, until *enough is set by `fn`.  False: not to be had (any
 * more); what was given before is right. */
bool reader_texts(struct reader *r, uint32_t seq, search_piece_fn *fn, void *ctx,
		  const bool *enough);

/* Only the fields of some names, which costs less, as pieces with name and value. */
bool reader_has_field(struct slice name);
bool reader_fields(struct reader *r, uint32_t seq, search_piece_fn *fn, void *ctx);

#endif
