/*
 * Modifiers of FETCH.  Each is a row; what one needs of another is tested when all
 * are read, because they may stand in any order.
 */
#include "fetch_modifier.h"

/* RFC 7162 7 begins at 1; a client that knows nothing says 0 and means the same. */
static bool read_changed(struct fetch_modifiers *m, struct imap_args *a)
{
	if (m->changed)
		return false;
	m->changed = true;
	return args_space(a) && args_number64(a, &m->since);
}

static bool read_vanished(struct fetch_modifiers *m, struct imap_args *a)
{
	(void)a;
	if (m->vanished)
		return false;
	m->vanished = true;
	return true;
}

static bool read_partial(struct fetch_modifiers *m, struct imap_args *a)
{
	if (m->partly)
		return false;
	m->partly = true;
	return args_space(a) && partial_range_parse(&m->partial, a);
}

static const struct {
	const char *name;
	unsigned which;
	bool (*read)(struct fetch_modifiers *m, struct imap_args *a);
} modifiers[] = {
	{ "CHANGEDSINCE", FETCH_CHANGEDSINCE, read_changed },
	{ "VANISHED",     FETCH_VANISHED,     read_vanished },
	{ "PARTIAL",      FETCH_PARTIAL,      read_partial },
};
enum { MODIFIERS = sizeof(modifiers) / sizeof(modifiers[0]) };

static bool read_one(struct fetch_modifiers *m, struct imap_args *a, unsigned known)
{
	for (size_t i = 0; i < MODIFIERS; i++)
		if (known & modifiers[i].which && args_word(a, modifiers[i].name))
			return modifiers[i].read(m, a);
	return false;
}

bool fetch_modifiers_parse(struct fetch_modifiers *out, struct imap_args *a, unsigned known)
{
	*out = (struct fetch_modifiers){ 0 };
	if (!args_peek(a, ' '))
		return true;
	if (!args_space(a) || !args_char(a, '('))
		return false;
	do {
		if (!read_one(out, a, known))
			return args_want(a, "a FETCH modifier");
	} while (args_peek(a, ' ') && args_space(a));
	if (out->vanished && !out->changed)
		return args_want(a, "CHANGEDSINCE with VANISHED");
	return args_char(a, ')');
}
