#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../../src/imap/pattern.h"

static void matches(void **state)
{
	static const struct { const char *pattern, *name; bool match; } cases[] = {
		{ "*", "a/b/c", true }, { "%", "a", true }, { "%", "a/b", false },
		{ "%/%", "a/b", true }, { "a/%", "a/b", true }, { "a/%", "a/b/c", false },
		{ "a/*", "a/b/c", true }, { "a*", "a", true }, { "a%", "a/b", false },
		{ "*b", "a/b", true }, { "%b", "a/b", false }, { "*%b", "a/b", true },
		{ "%*b", "a/b", true }, { "a", "A", false }, { "inbox", "INBOX", true },
		{ "inbox/a", "INBOX/a", true }, { "inbox/A", "INBOX/a", false },
		{ "inboxes", "INBOXES", false }, { "i%", "INBOX", true }, { "x", "INBOX", false },
		{ "*x", "INBOX", true }, { "", "", true }, { "", "a", false }, { "*", "", true },
		{ "a/%/c", "a/b/c", true }, { "a/%/c", "a/b/b/c", false },
		{ "*a*b*c*", "xxaxxbxxcxx", true }, { "*a*b*c*", "xxaxxcxxbxx", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (imap_pattern_matches(slice_of(cases[i].pattern), slice_of(cases[i].name)) !=
		    cases[i].match)
			fail_msg("%s against %s", cases[i].pattern, cases[i].name);
}

/* With backtracking this would outlive us. */
static void hostile(void **state)
{
	char pattern[IMAP_PATTERN_MAX + 2], name[512];

	(void)state;
	memset(pattern, '*', sizeof(pattern));
	for (size_t i = 1; i < sizeof(pattern); i += 2)
		pattern[i] = 'a';
	memset(name, 'a', sizeof(name));
	pattern[IMAP_PATTERN_MAX - 1] = 'b';
	assert_false(imap_pattern_matches(slice_make(pattern, IMAP_PATTERN_MAX),
					  slice_make(name, sizeof(name))));
	memset(pattern, '*', sizeof(pattern));
	assert_true(imap_pattern_matches(slice_make(pattern, IMAP_PATTERN_MAX),
					 slice_make(name, sizeof(name))));
	assert_false(imap_pattern_matches(slice_make(pattern, IMAP_PATTERN_MAX + 1),
					  slice_make(name, sizeof(name))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
