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

/* " (CHANGEDSINCE 12345 VANISHED)", or nothing.  VANISHED only with `may_vanish`: a UID
 * FETCH after ENABLE QRESYNC. */
bool fetch_modifiers_parse(struct fetch_modifiers *out, struct imap_args *a, bool may_vanish);

#endif
