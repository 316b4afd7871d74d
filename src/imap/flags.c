/*
 * A message's flags are told by the loop (updates) and by jobs (FETCH), which must
 * not look at the session.  Both come here, so that a client never sees the same
 * flags in two orders.
 */
#include "flags.h"

#include "args.h"

static void add_word(struct buf *out, const char *word)
{
	if (out->len && out->data[out->len - 1] != '(')
		buf_add_byte(out, ' ');
	buf_add_text(out, word);
}

static void add_system_flags(struct buf *out, unsigned flags)
{
	for (const struct imap_flag_name *n = imap_flag_names; n->name; n++)
		if (flags & n->flag)
			add_word(out, n->name);
}

static void add_keywords(struct buf *out, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_word(out, names[i]);
}

bool imap_flags_text(struct buf *out, const struct snapshot *view,
		     const struct uid_set *recent, const struct message_info *m)
{
	const char *const *names;
	size_t count = snapshot_keywords(view, m->keywords, &names);

	buf_add_byte(out, '(');
	add_system_flags(out, m->flags);
	if (uid_set_has(recent, m->uid))
		add_word(out, "\\Recent");
	add_keywords(out, names, count);
	return buf_add_byte(out, ')') && !out->overflow;
}

bool imap_all_flags_text(struct buf *out, const struct snapshot *view)
{
	const char *const *names;
	size_t count = snapshot_all_keywords(view, &names);

	add_system_flags(out, ~0u);
	add_keywords(out, names, count);
	return !out->overflow;
}
