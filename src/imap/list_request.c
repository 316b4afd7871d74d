/*
 * The arguments of LIST.  A basic LIST and an extended one differ in what an empty
 * pattern means, and an extended one is known by its form alone (RFC 5258 1): a
 * parenthesis before the reference, one around the patterns, or RETURN behind them.
 *
 * Patterns are held against names as the client writes them (in modified UTF-7), so
 * that a wildcard is never looked for inside an encoded letter's meaning.
 */
#include "list_request.h"

#include <string.h>

#include "capability.h"
#include "mime/charset.h"
#include "mime/utf7.h"
#include "pattern.h"
#include "status_item.h"

enum { NAME_MAX_BYTES = 1024 };          /* of a folder's name, encoded */

enum { SELECTS = LIST_SUBSCRIBED | LIST_REMOTE | LIST_RECURSIVE | LIST_SPECIAL };

static const struct option {
	const char *name;
	unsigned option;
	enum imap_cap cap;
} options[] = {
	/* Selection, RFC 5258 3.1, RFC 6154 2; two imply what is returned. */
	{ "SUBSCRIBED",     LIST_SUBSCRIBED | LIST_RETURN_SUBSCRIBED, CAP_LIST_EXTENDED },
	{ "REMOTE",         LIST_REMOTE, CAP_LIST_EXTENDED },
	{ "RECURSIVEMATCH", LIST_RECURSIVE, CAP_LIST_EXTENDED },
	{ "SPECIAL-USE",    LIST_SPECIAL | LIST_RETURN_SPECIAL, CAP_SPECIAL_USE },
	/* Return, RFC 5258 3.2. */
	{ "SUBSCRIBED",     LIST_RETURN_SUBSCRIBED, CAP_LIST_EXTENDED },
	{ "CHILDREN",       LIST_RETURN_CHILDREN, CAP_CHILDREN },
	{ "SPECIAL-USE",    LIST_RETURN_SPECIAL, CAP_SPECIAL_USE },
	{ "STATUS",         LIST_RETURN_STATUS, CAP_LIST_STATUS },              /* RFC 5819 2 */
	{ "METADATA",       LIST_RETURN_METADATA, CAP_LIST_METADATA },          /* RFC 9590 3 */
};
enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static const struct option *find_option(const struct imap_session *s, struct slice word,
					bool selects)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (!(options[i].option & SELECTS) == !selects &&
		    slice_is_nocase(word, options[i].name))
			return imap_has(s, options[i].cap) ? &options[i] : NULL;
	return NULL;
}

/* "(" [option *(SP option)] ")".  RFC 5258 3: BAD for one that is not known; one that
 * comes twice counts once. */
static bool read_options(const struct imap_session *s, struct imap_args *a, bool selects,
			 struct list_request *r)
{
	const struct option *found;
	struct slice word;

	if (!args_char(a, '('))
		return false;
	for (bool first = true; !args_peek(a, ')'); first = false) {
		if ((!first && !args_space(a)) || !args_atom(a, &word))
			return false;
		found = find_option(s, word, selects);
		if (!found) {
			a->wanted = selects ?
				"SUBSCRIBED, REMOTE, RECURSIVEMATCH or SPECIAL-USE" :
				"SUBSCRIBED, CHILDREN, SPECIAL-USE, STATUS (...) or METADATA (...)";
			return false;
		}
		r->options |= found->option;
		if (found->option == LIST_RETURN_STATUS) {
			unsigned items;

			if (!args_space(a) || !imap_status_items_read(s, a, &items))
				return false;
			r->items |= items;
		}
		if (found->option == LIST_RETURN_METADATA &&
		    (!args_space(a) || !imap_entries_read(a, &r->entries)))
			return false;
	}
	return args_char(a, ')');
}

/* As names are compared, whatever the client's spelling (RFC 9051 5.1: in all commands
 * that have a mailbox name). */
static struct slice composed(struct imap_running *cmd, struct slice pattern)
{
	struct buf out;

	if (!cmd->args.utf8)
		return pattern;
	buf_init(&out, IMAP_PATTERN_MAX);
	if (charset_compose(&out, pattern))
		pattern = arena_copy(cmd->arena, buf_slice(&out));
	buf_release(&out);
	return pattern;
}

/* The reference stands before the pattern as it was written; nothing breaks out. */
static bool add_pattern(struct imap_running *cmd, struct list_request *r, struct slice reference,
			struct slice pattern)
{
	size_t len = reference.len + pattern.len;
	struct slice spelt;
	char *both;

	if (r->pattern_count == LIST_PATTERNS_MAX)
		return args_limit(&cmd->args, "at most 100 patterns");
	if (!pattern.len || len > IMAP_PATTERN_MAX)
		return true;
	both = arena_get(cmd->arena, len);
	memcpy(both, reference.len ? reference.at : "", reference.len);
	memcpy(both + reference.len, pattern.at, pattern.len);
	len = imap_pattern_shorten(both, len);
	spelt = composed(cmd, slice_make(both, len));
	r->patterns[r->pattern_count++] = spelt;
	return true;
}

/* mbox-or-pat */
static bool read_patterns(const struct imap_session *s, struct imap_running *cmd,
			  struct list_request *r, struct slice reference)
{
	struct imap_args *a = &cmd->args;
	struct slice pattern;

	if (r->lsub || !args_peek(a, '(') || !imap_has(s, CAP_LIST_EXTENDED)) {
		if (!args_list_string(a, &pattern))
			return false;
		r->root = !pattern.len;
		return add_pattern(cmd, r, reference, pattern);
	}
	r->extended = true;
	args_char(a, '(');
	do {
		if (!args_list_string(a, &pattern) || !add_pattern(cmd, r, reference, pattern))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')');
}

bool list_request_read(const struct imap_session *s, struct imap_running *cmd,
		       struct list_request *r, const char **why)
{
	struct imap_args *a = &cmd->args;
	struct slice reference;

	*why = NULL;
	r->entries.max_size = UINT64_MAX;
	if (!args_space(a))
		return false;
	if (!r->lsub && args_peek(a, '(')) {
		r->extended = true;
		if (!read_options(s, a, true, r) || !args_space(a))
			return false;
	}
	/* RFC 5258 6: list-select-mod-opt wants a list-select-base-opt. */
	if ((r->options & LIST_RECURSIVE) && !(r->options & LIST_SUBSCRIBED)) {
		*why = "RECURSIVEMATCH goes with SUBSCRIBED";
		return false;
	}
	if (!args_astring(a, &reference) || !args_space(a) || !read_patterns(s, cmd, r, reference))
		return false;
	if (!r->lsub && args_peek(a, ' ')) {
		r->extended = true;
		if (!args_space(a) || !args_word(a, "RETURN") || !args_space(a) ||
		    !read_options(s, a, false, r))
			return false;
	}
	/* RFC 5258 3: an extended LIST never asks for the root. */
	r->root = r->root && !r->extended;
	return args_end(a);
}

bool list_request_matches(const struct list_request *r, const struct imap_session *s,
			  const char *name)
{
	struct buf encoded;
	bool good, found = false;

	buf_init(&encoded, NAME_MAX_BYTES);
	good = s->enabled & IMAP_UTF8 ? buf_add_text(&encoded, name) :
					utf7_encode(&encoded, slice_of(name));
	for (size_t i = 0; good && !found && i < r->pattern_count; i++)
		found = imap_pattern_matches(r->patterns[i], buf_slice(&encoded));
	buf_release(&encoded);
	return found;
}

bool list_request_stops_at_levels(const struct list_request *r)
{
	for (size_t i = 0; i < r->pattern_count; i++)
		if (slice_find(r->patterns[i], '%') < r->patterns[i].len)
			return true;
	return false;
}
