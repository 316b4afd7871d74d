#ifndef IMAP_FETCH_MODIFIER_H
#define IMAP_FETCH_MODIFIER_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "search_return.h"

/* What may stand behind the items of a FETCH (RFC 4466 2.4), in parentheses. */
struct fetch_modifiers {
	bool changed;                /* CHANGEDSINCE (RFC 7162 3.1.4.1) */
	uint64_t since;
	bool vanished;               /* VANISHED (RFC 7162 3.2.6) */
	bool partly;                 /* PARTIAL (RFC 9394 3.3) */
	struct partial_range partial;
};

/* Which of them are known; VANISHED is in a UID FETCH after ENABLE QRESYNC,
 * PARTIAL in any UID FETCH. */
enum { FETCH_CHANGEDSINCE = 1 << 0, FETCH_VANISHED = 1 << 1, FETCH_PARTIAL = 1 << 2 };

/* " (CHANGEDSINCE 12345 VANISHED)", or nothing. */
bool fetch_modifiers_parse(struct fetch_modifiers *out, struct imap_args *a, unsigned known);

#endif
