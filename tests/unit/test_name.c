/* Folder names on the wire and on disk. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/store/name.h"

static void both_ways(void **state)
{
	static const struct { const char *name, *dir; } cases[] = {
		{ "INBOX", "" },
		{ "Sent", ".Sent" },
		{ "A/B/C", ".A.B.C" },
		{ "Tom & Jerry", ".Tom &- Jerry" },
		{ "v1.2", ".v1&AC4-2" },
		{ "Entw\xc3\xbcrfe", ".Entw&APw-rfe" },
		/* RFC 3501 5.1.3's own examples */
		{ "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		  ".~peter.mail.&U,BTFw-.&ZeVnLIqe-" },
		{ "\xf0\x9f\x93\xac", ".&2D3c7A-" },
		{ "INBOX/x", ".INBOX.x" },
		{ "a*b%c\"d\\e", ".a*b%c\"d\\e" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct folder_name name;
		struct folder_dir dir;

		assert_true(name_canonical(slice_of(cases[i].name), &name));
		assert_string_equal(name.at, cases[i].name);
		assert_true(name_to_dir(&name, &dir));
		assert_string_equal(dir.at, cases[i].dir);
		assert_true(name_from_dir(cases[i].dir, &name));
		assert_string_equal(name.at, cases[i].name);
	}
}

static void one_spelling(void **state)
{
	static const struct { const char *given, *canonical; } cases[] = {
		{ "inbox", "INBOX" },
		{ "InBoX", "INBOX" },
		{ "inbox/Lists", "INBOX/Lists" },
		{ "inboxes", "inboxes" },
		{ "Lists/inbox", "Lists/inbox" },
		{ "Entwu\xcc\x88rfe", "Entw\xc3\xbcrfe" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct folder_name name;

		assert_true(name_canonical(slice_of(cases[i].given), &name));
		assert_string_equal(name.at, cases[i].canonical);
	}
}

static void bad_names(void **state)
{
	static const char *const names[] = {
		"", "/", "a/", "/a", "a//b", "a\tb", "a\nb", "a\x7f", "\xc2\x85", "\xff", "\xc3",
		"\xed\xa0\x80", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q",
	};
	struct folder_name name;
	char text[NAME_MAX_BYTES + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(name_canonical(slice_of(names[i]), &name));
	assert_false(name_canonical(slice_make("a\0b", 3), &name));
	memset(text, 'x', sizeof(text));
	assert_true(name_canonical(slice_make(text, NAME_MAX_BYTES), &name));
	assert_false(name_canonical(slice_make(text, NAME_MAX_BYTES + 1), &name));
	assert_true(name_canonical(slice_of("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"), &name));
}

static void too_long_for_a_directory(void **state)
{
	struct folder_name name;
	struct folder_dir dir;
	char text[NAME_MAX_BYTES];

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 3)
		memcpy(text + i, "\xc3\xa4x", 3);
	assert_true(name_canonical(slice_make(text, 198), &name));
	assert_false(name_to_dir(&name, &dir));
}

static void foreign_directories(void **state)
{
	static const struct { const char *dir, *name; } cases[] = {
		{ ".Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe" },
		{ ".&AGE-", "a" },
		{ "Sent", NULL }, { ".", NULL }, { "..", NULL }, { ".a..b", NULL }, { ".a.", NULL },
		{ ".&", NULL }, { ".&AGE", NULL }, { ".&A-", NULL }, { ".&!!!!-", NULL },
		{ ".&2D0-", NULL }, { ".&3Kw-", NULL }, { ".&AAo-", NULL }, { ".&AC8-", NULL },
		{ ".&AAA-", NULL }, { ".INBOX", NULL }, { ".inbox", NULL }, { ".\xff", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct folder_name name;

		assert_int_equal(name_from_dir(cases[i].dir, &name), cases[i].name != NULL);
		if (cases[i].name)
			assert_string_equal(name.at, cases[i].name);
	}
}

/* Whatever bytes a directory has: no harm, and what is read can be written. */
static void any_bytes(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 50000; round++) {
		static const char alphabet[] = "&-.,/AQgw+a\xc3\xa4 ";
		char dir[20] = ".";
		struct folder_name name, again;
		struct folder_dir made;

		for (size_t i = 1; i < sizeof(dir) - 1; i++) {
			seed = seed * 1103515245 + 12345;
			dir[i] = alphabet[(seed >> 16) % sizeof(alphabet)];
		}
		if (!name_from_dir(dir, &name))
			continue;
		assert_true(name_to_dir(&name, &made));
		assert_true(name_from_dir(made.at, &again));
		assert_string_equal(name.at, again.at);
	}
}

static void above(void **state)
{
	(void)state;
	assert_true(name_is_above("a", "a/b"));
	assert_true(name_is_above("a", "a/b/c"));
	assert_false(name_is_above("a", "a"));
	assert_false(name_is_above("a", "ab"));
	assert_false(name_is_above("a/b", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(one_spelling),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(too_long_for_a_directory),
		cmocka_unit_test(foreign_directories),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
