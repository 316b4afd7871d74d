#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "auth/auth.h"
#include "../../src/auth/password.h"

/* "correct horse", at the least cost that each method has. */
static const char *const hashes[] = {
	"$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$PIXfxkMnV"
	"nTGkm11bblLyiZ5dMS9R8YnFBqe0UoF.q9",
	"$gy$j75$k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$5bpQVSvp"
	"KJRd/WxiW4jR0r3ZdMTShX37Sk5o6w1hxPA",
	"$7$BU..../....k2XAnEHBqQ1Ct2aMXFKNa/HAmA1BpMnBsYHMWB4NZN4$0G"
	"znWaXs..KTrM9kwBeDlnNE1aqivtnmxC7N3jN9yO/",
	"$2b$04$KBCwKxOzLha2MUDgW0PjXexGfB5dmDvvvgEVjeeXiTo87i0yXWYau",
	"$2a$04$KBCwKxOzLha2MUDgW0PjXexGfB5dmDvvvgEVjeeXiTo87i0yXWYau",
	"$2y$04$KBCwKxOzLha2MUDgW0PjXexGfB5dmDvvvgEVjeeXiTo87i0yXWYau",
	"$6$rounds=1000$k2XAnEHBqQ1Ct2aM$yfBXbHVNVf4J0eyDZhe27ipKodSq"
	"cTbLWkIV1mTNHVmYxiLcl4/RsaWmahApFz75S0UnbNJV9U1Xwm7FGZ9ab/",
	"$5$rounds=1000$k2XAnEHBqQ1Ct2aM$CZKtMpY3YFTaUtD6aj3idKUkEw2Cgx.7d6g93aU54SD",
	"$sha1$3592$qI1BtUnBX7KMaJ4Nm21ApEnAsQXBW3KCZFqM$k/KDLKKFA4566Fe3aCBrLo7xxccG",
	"$1$k2XAnEHB$gSpCGj8tputEsDyOYa0191",
};

static void kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		assert_int_equal(auth_password_kind(hashes[i]), AUTH_HASH);
	assert_int_equal(auth_password_kind("correct horse"), AUTH_PLAIN);
	assert_int_equal(auth_password_kind("$"), AUTH_PLAIN);
	assert_int_equal(auth_password_kind("$ecret"), AUTH_PLAIN);
	assert_int_equal(auth_password_kind("pa$6$word"), AUTH_PLAIN);
	assert_int_equal(auth_password_kind("$6$"), AUTH_BROKEN_HASH);
	assert_int_equal(auth_password_kind("$y$j75$"), AUTH_BROKEN_HASH);
}

/* What docker compose leaves of a hash, and what a copy by hand leaves. */
static void every_cut_is_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		size_t prefix = (size_t)(strchr(hashes[i] + 1, '$') + 1 - hashes[i]);

		for (size_t n = prefix; n < strlen(hashes[i]); n++) {
			char cut[256];

			snprintf(cut, sizeof(cut), "%.*s", (int)n, hashes[i]);
			if (auth_password_kind(cut) != AUTH_BROKEN_HASH)
				fail_msg("%s", cut);
		}
	}
}

static void fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (!password_fits("correct horse", hashes[i]))
			fail_msg("%s", hashes[i]);
		assert_false(password_fits("correct horsf", hashes[i]));
		assert_false(password_fits("", hashes[i]));
	}
	assert_false(password_fits("x", "*0"));
	assert_false(password_fits("x", "*1"));
	assert_false(password_fits("x", ""));
	assert_false(password_fits("x", "$6$"));
}

static void too_long(void **state)
{
	char password[2000];

	(void)state;
	memset(password, 'x', sizeof(password) - 1);
	password[sizeof(password) - 1] = '\0';
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		assert_false(password_fits(password, hashes[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(every_cut_is_broken),
		cmocka_unit_test(fits),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
