#ifndef IMAP_CAPABILITY_H
#define IMAP_CAPABILITY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct imap_session;

/*
 * Every capability has an id here and, from the day it is complete, a row in
 * capability.c.  One without a row is not advertised, and neither is there
 * (imap_has) what belongs to it.  The order is the one in which they are told.
 */
enum imap_cap {
	CAP_NONE,                /* belongs to IMAP itself: always there */
	CAP_IMAP4REV1, CAP_IMAP4REV2, CAP_STARTTLS, CAP_LOGINDISABLED,
	CAP_AUTH_PLAIN, CAP_AUTH_SCRAM, CAP_AUTH_SCRAM_PLUS,
	CAP_SASL_IR, CAP_LITERAL_PLUS, CAP_LITERAL_MINUS, CAP_ID, CAP_ENABLE, CAP_IDLE,
	CAP_COMPRESS, CAP_UNAUTHENTICATE, CAP_NAMESPACE, CAP_UIDPLUS, CAP_UNSELECT, CAP_MOVE,
	CAP_CHILDREN, CAP_SPECIAL_USE, CAP_CREATE_SPECIAL_USE,
	CAP_LIST_EXTENDED, CAP_LIST_STATUS, CAP_LIST_METADATA, CAP_STATUS_SIZE,
	CAP_METADATA_SERVER, CAP_METADATA, CAP_QUOTA, CAP_QUOTA_STORAGE,
	CAP_OBJECTID, CAP_SAVEDATE, CAP_NOTIFY, CAP_INPROGRESS, CAP_UTF8_ACCEPT,
	CAP_I18NLEVEL_1,
	CAP_MULTIAPPEND, CAP_CATENATE, CAP_REPLACE, CAP_BINARY, CAP_PREVIEW,
	CAP_CONDSTORE, CAP_QRESYNC, CAP_UIDONLY, CAP_PARTIAL,
	CAP_ESEARCH, CAP_SEARCHRES, CAP_WITHIN, CAP_MULTISEARCH,
	CAP_SORT, CAP_SORT_DISPLAY, CAP_ESORT, CAP_CONTEXT_SEARCH, CAP_CONTEXT_SORT,
	CAP_THREAD_ORDEREDSUBJECT, CAP_THREAD_REFERENCES, CAP_THREAD_REFS,
	CAP_APPENDLIMIT,
	CAP_COUNT
};

/* Whether it is there and was not switched off (IMAP_DISABLE_CAPABILITIES), or belongs to
 * IMAP4rev2 and that was enabled: asked before an option, a response code or a whole
 * command of it is known.  What a row of the command table belongs to is asked by
 * dispatch.c. */
bool imap_has(const struct imap_session *s, enum imap_cap cap);

/* Whether it is advertised now, which may depend on the session's state. */
bool imap_tells(const struct imap_session *s, enum imap_cap cap);

/* "IMAP4rev1 LITERAL+ ...": what holds for this session now. */
void imap_capability_text(struct buf *out, const struct imap_session *s);
enum { IMAP_CAPABILITY_TEXT = 2048 };    /* room for it */

/* What ENABLE with that name sets (enum imap_enabled); 0: nothing, or not known. */
unsigned imap_capability_enables(const struct imap_session *s, struct slice name);

#endif
