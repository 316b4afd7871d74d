#ifndef IMAP_FETCH_LATER_H
#define IMAP_FETCH_LATER_H

#include "fetch_item.h"
#include "session.h"

/* Whether all that the plan asks for belongs to capabilities that are there. */
bool imap_fetch_plan_is_known(const struct imap_session *s, const struct fetch_plan *p);
/* "(" fetch-att *(SP fetch-att) ")" for a FETCH to come; the text of it (RFC 5465 8). */
bool imap_fetch_items_parse(struct imap_args *a, struct slice *text);

#endif
