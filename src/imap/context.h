#ifndef IMAP_CONTEXT_H
#define IMAP_CONTEXT_H

#include "search_run.h"
#include "session.h"
#include "sort.h"

/*
 * Searches whose results the client wants to follow: RETURN (UPDATE) (RFC 5267 4.3).
 * They live with the selected mailbox.
 */
enum {
	/* Each looks at every message that comes or changes, and keeps its results. */
	IMAP_CONTEXTS_MAX = 16,
	/* Ranges of results, and numbers in an order of their own, of all before the last:
	 * a very large folder's, sorted, and some megabytes. */
	IMAP_CONTEXTS_KEPT_MAX = 1000 * 1000,
};

/* Whether an update of that tag goes on. */
bool imap_context_has(const struct imap_session *s, const char *tag);

/* After the answer of a search: its finished job is taken over, or the client is told
 * that it will hear no more (NOUPDATE).  `correlate`: with MAILBOX and UIDVALIDITY
 * (RFC 7377 2.1). */
void imap_context_add(struct search_run *run, struct imap_running *cmd, bool correlate);
/* The same of a SORT, whose result is `found`. */
void imap_context_add_sorted(struct search_run *run, struct imap_running *cmd,
			     const struct sort_program *program, const uint32_t *found,
			     size_t count);
/* What is to be FETCHed of new messages that come into the results of the search with
 * that tag (RFC 5465 7); copied. */
void imap_context_fetch(struct imap_session *s, const char *tag, struct slice items);
void imap_context_refuse(struct imap_session *s, const struct imap_running *cmd);

#endif
