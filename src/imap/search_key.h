#ifndef IMAP_SEARCH_KEY_H
#define IMAP_SEARCH_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"
#include "base/arena.h"
#include "store/uid_set.h"

/*
 * The criteria of a SEARCH (RFC 3501 6.4.4) as a tree that a job can follow:
 * everything lies in the arena it was parsed into, and needles are ready to be
 * compared (UTF-8, case folded).  Pure.
 */
enum search_kind {
	/* Of other keys. */
	SEARCH_AND, SEARCH_OR, SEARCH_NOT,
	/* Answered from the snapshot. */
	SEARCH_ALL,
	SEARCH_NUMBERS,              /* message numbers */
	SEARCH_UIDS,
	SEARCH_FLAG,
	SEARCH_RECENT,
	SEARCH_NEW,
	SEARCH_KEYWORD,
	SEARCH_DATE,                 /* INTERNALDATE, its day */
	SEARCH_SAVED,                /* SAVEDATE (RFC 8514) */
	SEARCH_AGE,                  /* INTERNALDATE, so many seconds ago (RFC 5032) */
	SEARCH_SIZE,
	SEARCH_MODSEQ,               /* RFC 7162 3.1.5: at least `size` */
	SEARCH_EMAILID, SEARCH_THREADID,     /* RFC 8474 6; from the index */
	/* Answered from the header. */
	SEARCH_SENT,
	SEARCH_HEADER,
	/* Answered by reading the message. */
	SEARCH_BODY,
	SEARCH_TEXT,
};

enum search_order { SEARCH_LESS, SEARCH_EQUAL, SEARCH_AT_LEAST, SEARCH_MORE };

enum {
	/* Parsing and matching recurse, the latter on a lane's stack of 512 KiB. */
	SEARCH_DEPTH_MAX = 300,
	/* Each key is looked at for each message. */
	SEARCH_KEYS_MAX = 1000,
	/* Each is looked for in every piece of every text... */
	SEARCH_NEEDLES_MAX = 200,
	/* ...and this much of a piece is looked at again with the next. */
	SEARCH_NEEDLE_BYTES = 1000,
	/* The above in full, and half a megabyte of sequence sets. */
	SEARCH_PLAN_BYTES = 1024 * 1024,
};

struct search_key {
	enum search_kind kind;
	bool negated;                /* UNSEEN, OLD: the opposite of what `kind` says */
	struct search_key *child;    /* AND, OR, NOT: the first; the others behind it */
	struct search_key *next;
	enum search_order order;     /* DATE, SAVED, AGE, SENT, SIZE */
	unsigned flag;               /* FLAG: one of message_flags */
	uint64_t size;               /* SIZE; AGE: seconds */
	uint64_t id;                 /* EMAILID, THREADID */
	int64_t days;                /* since 1970-01-01 */
	struct slice name;           /* KEYWORD, HEADER: as written */
	struct slice needle;         /* HEADER, BODY, TEXT: folded; may be empty */
	struct uid_set set;          /* NUMBERS, UIDS: as written until resolved */
	bool saved;                  /* NUMBERS, UIDS: "$" until resolved */

	/* The matcher's: the answer for message number `asked`; the messages that may match,
	 * bit by bit, NULL: any; HEADER: its field is to be had without the other texts. */
	uint32_t asked;
	bool answer;
	uint8_t *maybe;
	bool field_apart;
};

struct search_plan {
	bool modseq;                 /* MODSEQ is among the keys: told of what is found */
	bool numbers;                /* message numbers are */
	struct search_key *root;     /* SEARCH_AND */
	bool ages;                   /* OLDER or YOUNGER: what matches changes by itself */
	bool saved_dates, ids;       /* SAVEDATE's keys are among them, OBJECTID's */
	size_t keys, needles;
	size_t needle_longest;       /* of BODY and TEXT keys */
};

enum search_parse {
	SEARCH_PARSED,
	SEARCH_SYNTAX,               /* a->wanted says what */
	SEARCH_LIMIT,                /* a->wanted says of what there is too much */
	SEARCH_CHARSET,              /* a charset that is not known */
};

/* Everything behind "SEARCH ", the charset included.  `keep` has SEARCH_PLAN_BYTES
 * of room or more.  With `utf8` (UTF8=ACCEPT) no charset may be named (RFC 6855 3). */
enum search_parse search_plan_parse(struct search_plan *out, struct imap_args *a,
				    struct arena *keep, bool utf8);

/* The same of SORT and THREAD: "charset SP keys" (RFC 5256 5, search-criteria). */
enum search_parse search_plan_parse_charset(struct search_plan *out, struct imap_args *a,
					    struct arena *keep);

/* Puts the last message number and the last UID (0: none) in the place of "*", what
 * is saved (which lives as long as the plan) in the place of "$", and the sets in the
 * form that uid_set_has() reads.  Once. */
void search_plan_resolve(struct search_plan *p, uint32_t last, uint32_t last_uid,
			 const struct uid_set *saved);

#endif
