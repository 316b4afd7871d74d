#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/http/response.h"

#define POLICY \
	"X-Content-Type-Options: nosniff\r\n" \
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n" \
	"Referrer-Policy: no-referrer\r\n\r\n"
#define DATE "Date: Fri, 20 Nov 2026 10:14:00 GMT\r\n"

enum { NOW = 1795169640 };

static void assert_head(const struct http_response *r, const char *extra, bool close,
			const char *expected)
{
	struct buf out;

	buf_init(&out, HTTP_RESPONSE_HEAD_MAX);
	http_response_print(&out, r, extra, close, NOW);
	buf_add_byte(&out, '\0');
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

static void test_everything(void **state)
{
	struct http_response r = {
		.status = 200, .type = "text/calendar", .body = SLICE("12345"), .etag = "\"e\"",
		.modified = NOW - 10, .encoding = "gzip", .disposition = "inline", .vary = "Accept-Encoding",
		.cache = "private",
	};

	(void)state;
	assert_head(&r, "", false, "HTTP/1.1 200 OK\r\n" DATE
		    "Content-Length: 5\r\nContent-Type: text/calendar\r\n"
		    "Content-Encoding: gzip\r\nContent-Disposition: inline\r\nETag: \"e\"\r\n"
		    "Last-Modified: Fri, 20 Nov 2026 10:13:50 GMT\r\nVary: Accept-Encoding\r\n"
		    "Cache-Control: private\r\n" POLICY);
	r.status = 304;
	r.modified = NOW + 10;
	assert_head(&r, "", true, "HTTP/1.1 304 Not Modified\r\n" DATE
		    "ETag: \"e\"\r\nLast-Modified: Fri, 20 Nov 2026 10:14:00 GMT\r\n"
		    "Vary: Accept-Encoding\r\nCache-Control: private\r\nConnection: close\r\n" POLICY);
}

static void test_little(void **state)
{
	struct http_response r = { .status = 405, .body = SLICE("not sent without a type") };

	(void)state;
	assert_head(&r, "Allow: GET\r\n", false, "HTTP/1.1 405 Method Not Allowed\r\n" DATE
		    "Content-Length: 0\r\nCache-Control: no-cache\r\nAllow: GET\r\n" POLICY);
	r.status = 299;
	assert_head(&r, "", false, "HTTP/1.1 299 \r\n" DATE
		    "Content-Length: 0\r\nCache-Control: no-cache\r\n" POLICY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
