/*
 * Options are words of a table.  What may stand in one list with what is tested
 * when the whole list is read, because its order means nothing.
 */
#include "search_return.h"

#include "fetch_later.h"

static const struct {
	const char *name;
	enum search_option option;
} options[] = {
	{ "MIN",     SEARCH_RETURN_MIN },
	{ "MAX",     SEARCH_RETURN_MAX },
	{ "ALL",     SEARCH_RETURN_ALL },
	{ "COUNT",   SEARCH_RETURN_COUNT },
	{ "SAVE",    SEARCH_RETURN_SAVE },
	{ "PARTIAL", SEARCH_RETURN_PARTIAL },
	{ "UPDATE",  SEARCH_RETURN_UPDATE },
	{ "CONTEXT", SEARCH_RETURN_CONTEXT },
};

static bool position(struct imap_args *a, bool from_end, uint32_t *out)
{
	return (!from_end || args_char(a, '-')) && args_number(a, out) && *out != 0;
}

bool partial_range_parse(struct partial_range *out, struct imap_args *a)
{
	out->from_end = args_peek(a, '-');
	return (position(a, out->from_end, &out->from) && args_char(a, ':') &&
		position(a, out->from_end, &out->to)) ||
	       args_want(a, "a range such as 1:100 or -1:-100");
}

void partial_range_of(const struct partial_range *p, size_t count, size_t *begin, size_t *end)
{
	size_t low = (p->from < p->to ? p->from : p->to) - 1;
	size_t high = p->from < p->to ? p->to : p->from;

	low = low < count ? low : count;
	high = high < count ? high : count;
	*begin = p->from_end ? count - high : low;
	*end = p->from_end ? count - low : high;
}

static bool parse_option(struct search_return *out, struct imap_args *a, unsigned known)
{
	struct slice word;

	if (!args_atom(a, &word))
		return false;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!(options[i].option & known) || !slice_is_nocase(word, options[i].name))
			continue;
		/* RFC 9394 3.1: "MUST NOT contain more than one PARTIAL". */
		if (options[i].option & out->options & SEARCH_RETURN_PARTIAL)
			return args_want(a, "one PARTIAL");
		out->options |= options[i].option;
		if (options[i].option == SEARCH_RETURN_UPDATE && known & SEARCH_RETURN_ITEMS &&
		    args_peek(a, ' ') && slice_starts_nocase(slice_from(a->rest, 1), "("))
			return args_space(a) && imap_fetch_items_parse(a, &out->items);
		return options[i].option != SEARCH_RETURN_PARTIAL ||
		       (args_space(a) && partial_range_parse(&out->partial, a));
	}
	/* RFC 4466 2.6.1: BAD. */
	return args_want(a, "a RETURN option");
}

/* RETURN behind which something else stands is no list of options: "RETURN" is no
 * search key either. */
bool search_return_parse(struct search_return *out, struct imap_args *a, unsigned known)
{
	*out = (struct search_return){ 0 };
	if (!known || !args_word(a, "RETURN"))
		return true;
	out->extended = true;
	if (!args_space(a) || !args_char(a, '('))
		return false;
	while (!args_peek(a, ')')) {
		if (out->options && !args_space(a))
			return false;
		if (!parse_option(out, a, known))
			return false;
	}
	if (!out->options)
		out->options = SEARCH_RETURN_ALL;
	if (out->options & SEARCH_RETURN_ALL && out->options & SEARCH_RETURN_PARTIAL)
		return args_want(a, "either ALL or PARTIAL");
	return args_char(a, ')') && args_space(a);
}
