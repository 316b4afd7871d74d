/* SASLprep, and the form in which user names are compared. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/auth/saslprep.h"
#include "../../src/auth/user.h"

static void prepared(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		/* RFC 4013 3 */
		{ "I\xc2\xadX", "IX" }, { "user", "user" }, { "USER", "USER" },
		{ "\xc2\xaa", "a" }, { "\xe2\x85\xa8", "IX" }, { "\x07", NULL },
		{ "\xd8\xa7" "1", NULL },
		/* spaces, what is mapped to nothing, composition */
		{ "a\xc2\xa0" "b\xe3\x80\x80", "a b " }, { "\xe2\x80\x8b", " " },
		{ "a\xef\xbb\xbf" "b\xef\xb8\x8f", "ab" }, { "e\xcc\x81", "\xc3\xa9" },
		{ "\xef\xac\x81", "fi" }, { "", "" },
		/* right to left from end to end */
		{ "\xd8\xa7\xd8\xa8", "\xd8\xa7\xd8\xa8" }, { "\xd8\xa7" "1\xd8\xa8", "\xd8\xa7" "1\xd8\xa8" },
		{ "\xd8\xa7" "a\xd8\xa8", NULL }, { "1\xd8\xa7", NULL },
		/* prohibited */
		{ "a\tb", NULL }, { "\x7f", NULL }, { "\xc2\x85", NULL }, { "\xee\x80\x80", NULL },
		{ "\xef\xb7\x90", NULL }, { "\xf0\x9f\xbf\xbe", NULL }, { "\xef\xbf\xbd", NULL },
		{ "\xe2\xbf\xb0", NULL }, { "\xe2\x80\x8e", NULL }, { "\xf3\xa0\x80\x81", NULL },
		{ "\xf3\xb0\x80\x80", NULL }, { "\xe2\x80\xa8", NULL },
		/* no UTF-8 */
		{ "\xff", NULL }, { "\xc0\xaf", NULL }, { "\xed\xa0\x80", NULL }, { "a\xc3", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;
		bool good;

		buf_init(&out, 100);
		good = saslprep(&out, slice_of(cases[i].in));
		if (good != !!cases[i].out || (good && !slice_is(buf_slice(&out), cases[i].out)))
			fail_msg("row %zu: %d %.*s", i, good, (int)out.len, out.data);
		buf_release(&out);
	}
}

static void names(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "Admin", "admin" }, { "ADMIN@B\xc3\xbc" "cher.example", "admin" },
		{ "admin@xn--bcher-kva.example", "admin" }, { "admin@XN--bcher-kva.Example", "admin" },
		{ "admin@bu\xcc\x88" "cher.example", "admin" },
		{ "admin@bucher.example", "admin@bucher.example" },
		{ "admin@xn--bcher-kva.example.", "admin@xn--bcher-kva.example." },
		{ "@xn--bcher-kva.example", "@xn--bcher-kva.example" },
		{ "", NULL }, { "\xc2\xad", NULL }, { "a\x01", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;
		bool good;

		buf_init(&out, 100);
		good = user_name(&out, slice_of(cases[i].in), "xn--bcher-kva.example");
		if (good != !!cases[i].out || (good && !slice_is(buf_slice(&out), cases[i].out)))
			fail_msg("row %zu: %d %.*s", i, good, (int)out.len, out.data);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prepared),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
