/*
 * Which names are meant: LIST's wildcards, and subtrees.  Backtracking would let "*%*%*%a" take hours; so all places
 * in the pattern where one can be are followed at once.  A place behind n bytes of
 * the name is at most 2n + 1 bytes into a pattern whose wildcards stand alone, so
 * the time is the square of the name's length whatever the pattern's is.
 */
#include "pattern.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_wild(char c)
{
	return c == '*' || c == '%';
}

/* How many bytes at the front are INBOX as a whole level. */
static size_t inbox_level(struct slice name)
{
	return slice_starts_nocase(name, "INBOX") && (name.len == 5 || name.at[5] == '/') ? 5 : 0;
}

size_t imap_pattern_shorten(char *pattern, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++) {
		if (!kept || !is_wild(pattern[i]) || !is_wild(pattern[kept - 1]))
			pattern[kept++] = pattern[i];
		else if (pattern[i] == '*')
			pattern[kept - 1] = '*';
	}
	return kept;
}

bool imap_pattern_matches(struct slice pattern, struct slice name)
{
	bool at[IMAP_PATTERN_MAX + 1], then[IMAP_PATTERN_MAX + 1];
	size_t any_case = inbox_level(name), from = 0, to = 0;   /* places outside are false */

	if (pattern.len > IMAP_PATTERN_MAX)
		return false;
	at[0] = true;
	for (size_t i = 0;; i++) {
		size_t next_from = pattern.len + 1, next_to = 0;

		/* Wildcards may be empty. */
		for (size_t p = from; p <= to && p < pattern.len; p++)
			if (at[p] && is_wild(pattern.at[p])) {
				if (p == to)
					to++;
				at[p + 1] = true;
			}
		if (i == name.len)
			return to == pattern.len && at[to];
		memset(then + from, 0, (to < pattern.len ? to + 2 : to + 1) - from);
		for (size_t p = from; p <= to && p < pattern.len; p++) {
			char want = pattern.at[p], c = name.at[i];
			size_t next = p + !is_wild(want);

			if (!at[p] || (want == '%' && c == '/') ||
			    (!is_wild(want) && want != c &&
			     (i >= any_case || lower(want) != lower(c))))
				continue;
			then[next] = true;
			if (next < next_from)
				next_from = next;
			if (next > next_to)
				next_to = next;
		}
		if (next_from > next_to)
			return false;
		from = next_from;
		to = next_to;
		memcpy(at + from, then + from, to - from + 1);
	}
}

bool imap_name_is_below(const char *name, const char *parent)
{
	size_t len = strlen(parent);

	return strncmp(name, parent, len) == 0 && name[len] == '/';
}
