#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "../../src/http/conditional.h"
#include "../../src/http/request.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define SAME "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

enum { MODIFIED = 784111777 };

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;         /* -1: none */
	} cases[] = {
		{ SAME, MODIFIED },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", MODIFIED },
		{ "Sun Nov  6 08:49:37 1994", MODIFIED },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Wed, 31 Dec 2025 23:59:60 GMT", 1767225599 },
		{ "Tuesday, 01-Jan-76 00:00:00 GMT", 3345062400 },        /* in 50 years */
		{ "Saturday, 01-Jan-77 00:00:00 GMT", 220924800 },        /* in 51: the last one */
		{ "Mon, 29 Feb 2027 00:00:00 GMT", -1 },
		{ "Mon, 00 Feb 2027 00:00:00 GMT", -1 },
		{ "Sun, 06 Nov 1994 24:00:00 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:60:00 GMT", -1 },
		{ "Sun, 06 nov 1994 08:49:37 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 UTC", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMTx", -1 },
		{ "Sun, 06 Nov 1994 08:49:37", -1 },
		{ "Sun, 6 Nov 1994 08:49:37 GMT", -1 },
		{ "784111777", -1 },
		{ "", -1 },
	};

	(void)state;
	clock_set(1795169640);           /* 2026 */
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t seconds = 99;
		bool ok = http_date_read(slice_of(cases[i].text), &seconds);

		if (ok != (cases[i].seconds >= 0) || (ok && seconds != cases[i].seconds))
			fail_msg("%s: %d %lld", cases[i].text, ok, (long long)seconds);
	}
	clock_set(-1);
}

static void test_conditions(void **state)
{
	static const struct {
		const char *headers;
		enum http_condition expected;
	} cases[] = {
		{ "", HTTP_SEND },
		{ "If-None-Match: \"a\"\r\n", HTTP_NOT_MODIFIED },
		{ "If-None-Match: W/\"a\"\r\n", HTTP_NOT_MODIFIED },
		{ "If-None-Match: *\r\n", HTTP_NOT_MODIFIED },
		{ "If-None-Match: \"b\", W/\"c\" , \"a\"\r\n", HTTP_NOT_MODIFIED },
		{ "If-None-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n", HTTP_NOT_MODIFIED },
		{ "If-None-Match: \"b\"\r\n", HTTP_SEND },
		{ "If-None-Match: \"x,\"a\",y\"\r\n", HTTP_SEND },
		{ "If-None-Match: a\r\n", HTTP_SEND },
		{ "If-None-Match: \"a\r\n", HTTP_SEND },
		{ "If-None-Match: w/\"a\"\r\n", HTTP_SEND },
		{ "If-None-Match: \"A\"\r\n", HTTP_SEND },
		{ "If-None-Match:\r\n", HTTP_SEND },
		/* the date is ignored where a tag is given */
		{ "If-None-Match: \"b\"\r\nIf-Modified-Since: " AFTER "\r\n", HTTP_SEND },
		{ "If-Modified-Since: " AFTER "\r\n", HTTP_NOT_MODIFIED },
		{ "If-Modified-Since: " SAME "\r\n", HTTP_NOT_MODIFIED },
		{ "If-Modified-Since: " BEFORE "\r\n", HTTP_SEND },
		{ "If-Modified-Since: yesterday\r\n", HTTP_SEND },
		{ "If-Match: \"a\"\r\n", HTTP_SEND },
		{ "If-Match: *\r\n", HTTP_SEND },
		{ "If-Match: W/\"a\"\r\n", HTTP_NOT_THAT },
		{ "If-Match: \"b\"\r\n", HTTP_NOT_THAT },
		{ "If-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n", HTTP_NOT_THAT },
		{ "If-Match: \"a\"\r\nIf-None-Match: \"a\"\r\n", HTTP_NOT_MODIFIED },
		{ "If-Match: \"a\"\r\nIf-Unmodified-Since: " BEFORE "\r\n", HTTP_SEND },
		{ "If-Unmodified-Since: " BEFORE "\r\n", HTTP_NOT_THAT },
		{ "If-Unmodified-Since: " SAME "\r\n", HTTP_SEND },
		{ "If-Unmodified-Since: whenever\r\n", HTTP_SEND },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_head h;
		size_t used;

		http_head_init(&h);
		assert_false(http_head_read(&h, SLICE("GET / HTTP/1.1\r\nHost: h\r\n"), &used));
		http_head_read(&h, slice_of(cases[i].headers), &used);
		assert_true(http_head_read(&h, SLICE("\r\n"), &used));
		assert_int_equal(h.refused, 0);
		if (http_condition_of(&h, "\"a\"", MODIFIED) != cases[i].expected)
			fail_msg("%s", cases[i].headers);
		http_head_release(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
