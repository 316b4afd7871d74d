/*
 * LIST's wildcards.  Backtracking would let "*%*%*%a" take hours; so all places
 * in the pattern where one can be are followed at once, and the time is the
 * product of both lengths whatever they are.
 */
#include "pattern.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* How many bytes at the front are INBOX as a whole level. */
static size_t inbox_level(struct slice name)
{
	return slice_starts_nocase(name, "INBOX") && (name.len == 5 || name.at[5] == '/') ? 5 : 0;
}

bool imap_pattern_matches(struct slice pattern, struct slice name)
{
	bool at[IMAP_PATTERN_MAX + 1] = { true }, then[IMAP_PATTERN_MAX + 1];
	size_t any_case = inbox_level(name);

	if (pattern.len > IMAP_PATTERN_MAX)
		return false;
	for (size_t i = 0;; i++) {
		/* Wildcards may be empty. */
		for (size_t p = 0; p < pattern.len; p++)
			if (at[p] && (pattern.at[p] == '*' || pattern.at[p] == '%'))
				at[p + 1] = true;
		if (i == name.len)
			return at[pattern.len];
		memset(then, 0, pattern.len + 1);
		for (size_t p = 0; p < pattern.len; p++) {
			char want = pattern.at[p], c = name.at[i];

			if (!at[p])
				continue;
			if (want == '*' || (want == '%' && c != '/'))
				then[p] = true;
			else if (want == c || (i < any_case && lower(want) == lower(c)))
				then[p + 1] = true;
		}
		memcpy(at, then, pattern.len + 1);
	}
}
