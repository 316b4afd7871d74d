/*
 * Lists of FETCH items that are told now and used later, when a message comes (NOTIFY,
 * RETURN (UPDATE (...))).  Their text is what is kept: a plan belongs to one FETCH, and
 * reading it again costs microseconds.
 */
#include "fetch_later.h"

#include "capability.h"

/* RFC 9051 has BINARY in itself. */
bool imap_fetch_plan_is_known(const struct imap_session *s, const struct fetch_plan *p)
{
	return (!p->binary || imap_has(s, CAP_BINARY) || (s->enabled & IMAP_REV2)) &&
	       (!p->preview || imap_has(s, CAP_PREVIEW)) &&
	       (!fetch_plan_has(p, FETCH_SAVEDATE) || imap_has(s, CAP_SAVEDATE)) &&
	       (!fetch_plan_has(p, FETCH_EMAILID) || imap_has(s, CAP_OBJECTID)) &&
	       (!fetch_plan_has(p, FETCH_THREADID) || imap_has(s, CAP_OBJECTID)) &&
	       (!fetch_plan_has(p, FETCH_MODSEQ) || imap_has(s, CAP_CONDSTORE));
}

bool imap_fetch_items_parse(struct imap_args *a, struct slice *text)
{
	struct arena *scratch = arena_new(2 * FETCH_PLAN_BYTES);
	struct slice before = a->rest;
	struct fetch_plan plan;
	bool good = false;

	/* Field names: all of a command's text may be such. */
	if (args_peek(a, '(') && before.len < FETCH_PLAN_BYTES / 2)
		good = fetch_plan_parse(&plan, a, scratch, false);
	*text = slice_head(before, before.len - a->rest.len);
	arena_free(scratch);
	return good;
}
