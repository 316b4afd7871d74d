/*
 * Whether a message is what a client thinks that its STORE made of it.  With .SILENT
 * a client does not want to hear what it knows; but what another did meanwhile it
 * cannot know, and is told (RFC 3501 6.4.6).
 */
#include <string.h>

#include "session.h"

/* Keywords compared with keywords, for a message.  Nobody uses thirty. */
enum { COMPARED_MAX = 1000 };

static bool has_word(const char *const *names, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(names[i], word) == 0)
			return true;
	return false;
}

/* Whether the edit makes keyword `word` present, given that it was. */
static bool keyword_expected(const struct flag_edit *edit, bool was, const char *word)
{
	bool named = has_word(edit->keywords, edit->keyword_count, word);

	switch (edit->change) {
	case FLAGS_SET:
		return named;
	case FLAGS_ADD:
		return was || named;
	case FLAGS_REMOVE:
		return was && !named;
	}
	return was;
}

static unsigned flags_expected(const struct flag_edit *edit, unsigned was)
{
	switch (edit->change) {
	case FLAGS_SET:
		return edit->flags;
	case FLAGS_ADD:
		return was | edit->flags;
	case FLAGS_REMOVE:
		return was & ~edit->flags;
	}
	return was;
}

bool imap_as_edited(const struct flag_edit *edit, const struct snapshot *from,
		    const struct snapshot *to, uint32_t uid)
{
	uint32_t old_seq = snapshot_seq(from, uid);
	struct message_info new = snapshot_message(to, snapshot_seq(to, uid)), old;
	const char *const *had, *const *has;
	size_t had_count, has_count;

	if (!edit || !old_seq)
		return true;
	old = snapshot_message(from, old_seq);
	if (new.flags != flags_expected(edit, old.flags))
		return false;
	had_count = snapshot_keywords(from, old.keywords, &had);
	has_count = snapshot_keywords(to, new.keywords, &has);
	/* .SILENT is a wish. */
	if ((had_count + has_count) * (has_count + edit->keyword_count) > COMPARED_MAX)
		return false;
	for (size_t i = 0; i < has_count; i++)
		if (!keyword_expected(edit, has_word(had, had_count, has[i]), has[i]))
			return false;
	for (size_t i = 0; i < had_count; i++)
		if (keyword_expected(edit, true, had[i]) && !has_word(has, has_count, had[i]))
			return false;
	return true;
}
