#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/http/field.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_lists(void **state)
{
	struct slice rest = SLICE(" a ,, \"b,c\" ,\tW/\"d\",e=\"f,"), item;
	static const char *const expected[] = { "a", "\"b,c\"", "W/\"d\"", "e=\"f," };

	(void)state;
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_true(http_list_next(&rest, &item));
		assert_true(slice_is(item, expected[i]));
	}
	assert_false(http_list_next(&rest, &item));
	assert_true(http_list_has(SLICE("keep-alive, CLOSE"), "close"));
	assert_false(http_list_has(SLICE("closed, x-close, \"close\""), "close"));
	assert_false(http_list_has(SLICE(""), "close"));
}

static void test_tokens(void **state)
{
	(void)state;
	assert_true(http_is_token(SLICE("aZ09!#$%&'*+-.^_`|~")));
	assert_false(http_is_token(SLICE("")));
	assert_false(http_is_token(SLICE("a\0")));
	for (const char *p = " \t\r\n\"(),/:;<=>?@[\\]{}\x7f\x80\xff"; *p; p++)
		assert_false(http_is_token_byte(*p));
}

static void test_gzip(void **state)
{
	static const struct {
		const char *value;
		bool taken;
	} cases[] = {
		{ "", false }, { "gzip", true }, { "GZip", true }, { "x-gzip", true },
		{ "deflate, gzip;q=1.0, *;q=0.5", true }, { "gzip;q=0", false },
		{ "gzip; q=0.000", false }, { "gzip;q=0.0", false }, { "gzip;q=0.001", true },
		{ "gzip;q=0.", false }, { "gzip ; Q=0", false }, { "gzip;q=1", true },
		{ "*", true }, { "*;q=0", false }, { "*;q=0, gzip", true }, { "gzip;q=0, *", false },
		{ "identity", false }, { "br, zstd", false }, { "gzipped", false },
		{ "gzip;q=nonsense", true }, { "gzip;q=00", true }, { "gzip;level=0", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_gzip_said said = { HTTP_GZIP_UNSAID, HTTP_GZIP_UNSAID };

		http_gzip_read(&said, slice_of(cases[i].value));
		if (http_gzip_taken(&said) != cases[i].taken)
			fail_msg("%s", cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_gzip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
