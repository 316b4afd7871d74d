/* Paths of MAIL and RCPT. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../src/smtp/path.h"

static const struct {
	const char *in;
	bool utf8;
	enum path_result result;
	const char *text, *local, *domain, *rest;
} cases[] = {
	{ "<a@example.com>", false, PATH_OK, "a@example.com", "a", "example.com", "" },
	{ "<A.b@EXAMPLE.com> SIZE=1", false, PATH_OK, "A.b@EXAMPLE.com", "A.b", "example.com", " SIZE=1" },
	{ "<>", false, PATH_OK, "", "", "", "" },
	{ "<Postmaster>", false, PATH_OK, "Postmaster", "Postmaster", "", "" },
	{ "<\"a b\"@example.com>", false, PATH_OK, "\"a b\"@example.com", "a b", "example.com", "" },
	{ "<\"a\\\"b>c\"@example.com>", false, PATH_OK, "\"a\\\"b>c\"@example.com", "a\"b>c", "example.com", "" },
	{ "<@x.example,@y.example:a@z.example>", false, PATH_OK, "a@z.example", "a", "z.example", "" },
	{ "<a@[192.0.2.1]>", false, PATH_OK, "a@[192.0.2.1]", "a", "[192.0.2.1]", "" },
	{ "<a@[IPv6:2001:db8::1]>", false, PATH_OK, "a@[IPv6:2001:db8::1]", "a", "[ipv6:2001:db8::1]", "" },
	{ "<a..b.@example.com>", false, PATH_OK, "a..b.@example.com", "a..b.", "example.com", "" },
	{ "<a+b=c@example.com>", false, PATH_OK, "a+b=c@example.com", "a+b=c", "example.com", "" },
	{ "<j\xc3\xb6rg@example.com>", true, PATH_OK, "j\xc3\xb6rg@example.com", "j\xc3\xb6rg", "example.com", "" },
	{ "<a@b\xc3\xbc" "cher.example>", true, PATH_OK, "a@b\xc3\xbc" "cher.example", "a", "xn--bcher-kva.example", "" },
	{ "<j\xc3\xb6rg@example.com>", false, PATH_NEEDS_UTF8, NULL, NULL, NULL, NULL },
	{ "<j\xff@example.com>", true, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "a@example.com", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<a@example.com", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<a@>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<@example.com>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<a@b@c>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<a b@example.com>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<a@exa mple.com>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<a@[1.2.3.4>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<a@[1.2 3.4]>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<\"\"@example.com>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<\"a\tb\"@example.com>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "<<a@example.com>>", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
	{ "", false, PATH_SYNTAX, NULL, NULL, NULL, NULL },
};

static void every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *a = arena_new(1 << 16);
		struct slice rest = slice_of(cases[i].in);
		struct smtp_path path;
		enum path_result result = path_parse(a, &rest, cases[i].utf8, &path);

		if (result != cases[i].result)
			fail_msg("%s: %d", cases[i].in, result);
		if (result == PATH_OK) {
			assert_string_equal(path.text, cases[i].text);
			assert_string_equal(path.local, cases[i].local);
			assert_string_equal(path.domain, cases[i].domain);
			assert_true(slice_is(rest, cases[i].rest));
		}
		arena_free(a);
	}
}

static void long_ones(void **state)
{
	struct arena *a = arena_new(1 << 20);
	char text[3000];
	struct smtp_path path;
	struct slice rest;

	(void)state;
	snprintf(text, sizeof text, "<%0255d@example.com>", 1);
	rest = slice_of(text);
	assert_int_equal(path_parse(a, &rest, false, &path), PATH_OK);
	snprintf(text, sizeof text, "<%0256d@example.com>", 1);
	rest = slice_of(text);
	assert_int_equal(path_parse(a, &rest, false, &path), PATH_SYNTAX);
	snprintf(text, sizeof text, "<@%02000d:a@example.com>", 1);
	rest = slice_of(text);
	assert_int_equal(path_parse(a, &rest, false, &path), PATH_SYNTAX);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_case), cmocka_unit_test(long_ones) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
