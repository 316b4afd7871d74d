#ifndef IMAP_SEARCH_RESULT_H
#define IMAP_SEARCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search_return.h"
#include "session.h"

/*
 * The answer of a searching command, written piece by piece: "* SEARCH 2 84" (or
 * SORT), or an ESEARCH response with what RETURN asked for.  Zero it, fill in the
 * first half, and it goes by itself.
 */
struct search_result {
	const struct search_return *ret; /* extended: ESEARCH */
	const char *word;                /* "SEARCH" or "SORT", when it is not extended */
	const char *tag;
	const struct snapshot *view;
	const uint32_t *found;           /* message numbers in the order asked for */
	size_t count;
	bool uid;                        /* UIDs are told */
	bool modseq;                     /* there is a MODSEQ key: RFC 7162 3.1.5, RFC 4731 3.2 */
	bool sorted;                     /* `found` is not in the order of the mailbox */
	const char *mailbox;             /* RFC 7377 2.1: with MAILBOX and UIDVALIDITY; or NULL */

	/* The place. */
	bool begun;
	size_t at, end;                  /* of `found`, what is listed */
};

/* Another piece.  False: come again when the client has read (IMAP_WAIT_OUTPUT). */
bool search_result_write(struct search_result *r, struct imap_session *s);

/* RETURN (SAVE): what "$" means from now on (RFC 5182 2.4, RFC 9394 3.2).  False:
 * it is too much; "$" is empty then, and the command's answer NO [NOTSAVED]. */
bool search_result_save(const struct search_result *r, struct imap_session *s);

#endif
