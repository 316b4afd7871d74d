#ifndef IMAP_SELECT_PARAM_H
#define IMAP_SELECT_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"

/* What may stand behind the name in SELECT and EXAMINE (RFC 4466 2.1), in parentheses. */
struct select_params {
	bool condstore;              /* RFC 7162 3.1.8 */
	bool qresync;                /* RFC 7162 3.2.5; the rest is its */
	uint32_t uid_validity;
	uint64_t modseq;
	struct imap_set known_set;   /* UIDs; count 0: all */
	/* Numbers and the UIDs they had; as many of the one as of the other, ascending. */
	struct imap_set numbers, uids;
	struct uid_set known;        /* the command's */
};

/* Which of them are known in this session; QRESYNC is after ENABLE QRESYNC. */
enum { SELECT_CONDSTORE = 1 << 0, SELECT_QRESYNC = 1 << 1 };

/* " (QRESYNC (67890007 90060115194045000 41:211))", or nothing. */
bool select_params_parse(struct select_params *out, struct imap_args *a, unsigned known);

#endif
