/*
 * Sequence sets as they are written.  They are not resolved here, because "*"
 * and message numbers mean something only against a view, and the view that
 * counts is the one at the moment the command runs.
 */
#include "args.h"

static bool seq_number(struct imap_args *a, uint32_t *out)
{
	if (args_peek(a, '*')) {
		*out = IMAP_STAR;
		return args_char(a, '*');
	}
	if (!args_number(a, out) || *out == 0)
		return false;
	/* Clients write 101:4294967295 where "*" would give them 100 again.  No
	 * message has that UID, because UIDNEXT has to be larger than any. */
	if (*out == IMAP_STAR)
		*out = IMAP_STAR - 1;
	return true;
}

bool args_set(struct imap_args *a, struct imap_set *out)
{
	size_t most = 1;

	*out = (struct imap_set){ NULL, 0, false };
	/* RFC 5182 3: instead of a sequence-set, never within one. */
	if (a->saved && args_peek(a, '$')) {
		out->saved = true;
		return args_char(a, '$');
	}
	for (size_t i = 0; i < a->rest.len && a->rest.at[i] != ' '; i++)
		most += a->rest.at[i] == ',';
	if (most > IMAP_SET_RANGES_MAX)
		return args_limit(a, "a set of at most 10000 ranges");
	out->ranges = arena_array(a->arena, most, sizeof(*out->ranges));
	for (;;) {
		struct uid_range r;
		bool good = seq_number(a, &r.first);

		r.last = r.first;
		if (good && args_peek(a, ':'))
			good = args_char(a, ':') && seq_number(a, &r.last);
		if (!good)
			return args_want(a, "a sequence set");
		/* RFC 3501 9: 4:2 is 2:4.  "*" is the largest whatever it will be,
		 * or the smallest: *:5 is left for the resolver, with "*" last. */
		if (r.first > r.last)
			r = (struct uid_range){ r.last, r.first };
		out->ranges[out->count++] = r;
		if (!args_peek(a, ','))
			return true;
		if (!args_char(a, ','))
			return false;
	}
}
