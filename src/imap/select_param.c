/*
 * Parameters of SELECT.  The pairs of numbers and UIDs are kept as ranges, as they were
 * written: a line of sixty bytes may stand for four thousand million pairs.
 */
#include "select_param.h"

/* RFC 7162 7: "*" is not allowed. */
static bool read_set(struct imap_args *a, struct imap_set *out)
{
	if (!args_set(a, out))
		return false;
	if (out->saved)
		return args_want(a, "a set without \"$\"");
	for (size_t i = 0; i < out->count; i++)
		if (out->ranges[i].last == IMAP_STAR)
			return args_want(a, "a set without \"*\"");
	return true;
}

/* How many are in it; 0: they do not ascend. */
static uint64_t size_ascending(const struct imap_set *set)
{
	uint64_t size = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (i > 0 && set->ranges[i].first <= set->ranges[i - 1].last)
			return 0;
		size += (uint64_t)set->ranges[i].last - set->ranges[i].first + 1;
	}
	return size;
}

/* seq-match-data = "(" known-sequence-set SP known-uid-set ")" */
static bool read_match(struct select_params *p, struct imap_args *a)
{
	uint64_t size;

	if (!args_char(a, '(') || !read_set(a, &p->numbers) || !args_space(a) ||
	    !read_set(a, &p->uids) || !args_char(a, ')'))
		return false;
	size = size_ascending(&p->numbers);
	if (size == 0 || size != size_ascending(&p->uids))
		return args_want(a, "as many numbers as UIDs, ascending");
	return true;
}

/* SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")" */
static bool read_resync(struct select_params *p, struct imap_args *a)
{
	p->qresync = p->condstore = true;
	if (!args_space(a) || !args_char(a, '(') || !args_number(a, &p->uid_validity) ||
	    !args_space(a) || !args_number64(a, &p->modseq))
		return false;
	if (p->uid_validity == 0)
		return args_want(a, "a UIDVALIDITY");
	if (args_char(a, ')'))
		return true;
	if (!args_space(a))
		return false;
	if (!args_peek(a, '(')) {
		if (!read_set(a, &p->known_set))
			return false;
		if (args_char(a, ')'))
			return true;
		if (!args_space(a))
			return false;
	}
	return read_match(p, a) && args_char(a, ')');
}

static bool read_one(struct select_params *p, struct imap_args *a, unsigned known)
{
	if (!p->qresync && args_word(a, "QRESYNC"))
		return known & SELECT_QRESYNC ? read_resync(p, a) :
						args_want(a, "ENABLE QRESYNC before QRESYNC");
	if (known & SELECT_CONDSTORE && args_word(a, "CONDSTORE"))
		return p->condstore = true;
	return args_want(a, "CONDSTORE or QRESYNC");
}

bool select_params_parse(struct select_params *out, struct imap_args *a, unsigned known)
{
	if (!args_peek(a, ' '))
		return true;
	if (!args_space(a) || !args_char(a, '('))
		return false;
	do {
		if (!read_one(out, a, known))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')');
}
