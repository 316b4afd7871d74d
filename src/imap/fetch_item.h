#ifndef IMAP_FETCH_ITEM_H
#define IMAP_FETCH_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"
#include "base/arena.h"
#include "section.h"

/*
 * What a FETCH asks for of each message (RFC 3501 6.4.5), read into a plan that
 * a job can follow: everything in it lies in the arena it was parsed into.  Pure.
 */
enum fetch_kind {
	FETCH_UID,
	FETCH_FLAGS,
	FETCH_INTERNALDATE,
	FETCH_SIZE,
	FETCH_SAVEDATE,
	FETCH_EMAILID,
	FETCH_THREADID,
	FETCH_MODSEQ,
	FETCH_ENVELOPE,
	FETCH_BODY,
	FETCH_BODYSTRUCTURE,
	FETCH_PREVIEW,
	FETCH_SECTION,
	FETCH_BINARY,                /* RFC 3516 4.2 */
	FETCH_BINARY_SIZE,
};

enum {
	/* There are not twenty things to ask of a message; a client that prefetches
	 * asks for a dozen parts in one go.  Each item may be the whole message. */
	FETCH_ITEMS_MAX = 64,
	/* Besides those that fetch_plan_add() adds. */
	FETCH_ADDED_MAX = 4,
	/* A command's text is not longer, and nearly all of it is field names. */
	FETCH_PLAN_BYTES = 256 * 1024,
};

struct fetch_item {
	enum fetch_kind kind;
	struct slice name;           /* as the response has it: "BODY[1]<0>" */
	struct section section;      /* FETCH_SECTION */
	bool lazy;                   /* FETCH_PREVIEW: only if it is at hand */
	bool partial;
	uint64_t start, count;       /* octets of the CRLF form */
};

struct fetch_plan {
	struct fetch_item *items;
	size_t count;
	bool sets_seen;              /* a body is asked for without PEEK */
	bool binary, preview;        /* what belongs to these capabilities is among the items */
	bool flags;                  /* FLAGS is among the items */
	bool bodies;                 /* some section: the file is needed in any case */
};

/* "ALL", "FLAGS" or "(UID BODY.PEEK[1]<0.100>)".  With `uid` (UID FETCH) the UID is
 * always among the items (6.4.8).  `keep` has FETCH_PLAN_BYTES of room or more. */
/* Adds it unless it is there. */
void fetch_plan_add(struct fetch_plan *p, enum fetch_kind kind);
bool fetch_plan_has(const struct fetch_plan *p, enum fetch_kind kind);
bool fetch_plan_parse(struct fetch_plan *out, struct imap_args *a, struct arena *keep, bool uid);

#endif
