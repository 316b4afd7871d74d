#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "../../src/http/request.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(literal) { "" literal, sizeof(literal) - 1 }
#define GET "GET /a HTTP/1.1\r\n"
#define HOST "Host: h\r\n"

/* Offers `all` in pieces of `step` bytes, each in a block of its own, as a
 * connection would; returns whether the head was whole. */
static bool read_in_steps(struct http_head *h, struct slice all, size_t step, size_t *taken)
{
	size_t there = 0, done = 0, used;

	for (;;) {
		char *copy;
		bool whole;

		there = all.len - there > step ? there + step : all.len;
		copy = mem_bytes(all.at + done, there - done);
		whole = http_head_read(h, slice_make(copy, there - done), &used);
		free(copy);
		done += used;
		*taken = done;
		if (whole || there == all.len)
			return whole;
	}
}

struct expected {
	struct slice text;
	int refused;
	bool close;
	const char *path;        /* NULL: not looked at */
};

static void check(const struct expected *e, size_t step)
{
	struct http_head h;
	size_t taken;

	http_head_init(&h);
	if (!read_in_steps(&h, e->text, step, &taken))
		fail_msg("not whole at step %zu: %.*s", step, (int)e->text.len, e->text.at);
	if (h.refused != e->refused || h.close != e->close)
		fail_msg("%d %d at step %zu: %.*s", h.refused, h.close, step,
			 (int)e->text.len, e->text.at);
	assert_int_equal(h.refused != 0, h.reason != NULL);
	if (e->path && !slice_is(buf_slice(&h.path), e->path))
		fail_msg("path %.*s of %.*s", (int)h.path.len, h.path.data,
			 (int)e->text.len, e->text.at);
	http_head_release(&h);
}

static void test_rules(void **state)
{
	static const struct expected cases[] = {
		{ BYTES(GET HOST "\r\n"), 0, false, "/a" },
		{ BYTES("\r\n" GET HOST "\r\n"), 0, false, "/a" },
		{ BYTES("\r\n\r\n" GET HOST "\r\n"), 400, true, NULL },
		{ BYTES("HEAD / HTTP/1.1\r\n" HOST "\r\n"), 0, false, "/" },
		{ BYTES("GET /a HTTP/1.9\r\n" HOST "\r\n"), 0, false, "/a" },
		{ BYTES("GET /a HTTP/1.0\r\n\r\n"), 0, true, "/a" },
		{ BYTES("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 0, true, "/a" },
		{ BYTES(GET HOST "Connection: x, Close\r\n\r\n"), 0, true, "/a" },
		{ BYTES(GET HOST "Connection: x\r\nConnection: close\r\n\r\n"), 0, true, "/a" },
		/* the first line */
		{ BYTES("GET /a\r\n"), 400, true, NULL },
		{ BYTES("GET  /a HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET /a  HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET\t/a HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET /a HTTP/1.1 \r\n"), 400, true, NULL },
		{ BYTES("GET /a b HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET /\xc3\xa4 HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET /\x01 HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET /\0 HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET /a http/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET /a HTTP/11\r\n"), 400, true, NULL },
		{ BYTES("GET /a HTTP/1.1x\r\n"), 400, true, NULL },
		{ BYTES("G@T /a HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("GET /a HTTP/2.0\r\n"), 505, true, NULL },
		{ BYTES("GET /a HTTP/0.9\r\n"), 505, true, NULL },
		{ BYTES("PRI * HTTP/2.0\r\n"), 505, true, NULL },
		{ BYTES("get /a HTTP/1.1\r\n"), 501, true, NULL },
		{ BYTES("BREW /a HTTP/1.1\r\n"), 501, true, NULL },
		{ BYTES(" GET /a HTTP/1.1\r\n"), 400, true, NULL },
		{ BYTES("\x16\x03\x01"), 400, true, NULL },
		{ BYTES("\n"), 400, true, NULL },
		{ BYTES("\n" GET HOST "\r\n"), 400, true, NULL },
		{ BYTES("GET /a HTTP/1.1\n"), 400, true, NULL },
		{ BYTES("GET /a HTTP/1.1\r\r\n"), 400, true, NULL },
		/* headers */
		{ BYTES(GET "Host: h\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "\n"), 400, true, NULL },
		{ BYTES(GET HOST "A: b\r\n c\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET " A: b\r\n" HOST "\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "A : b\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST ": b\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "A\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "A: b\0c\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "A: b\rc\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "A: b\x7f\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "A: \t b\tc\xe4 \r\nB:\r\n\r\n"), 0, false, "/a" },
		{ BYTES(GET "\r\n"), 400, true, NULL },
		{ BYTES(GET HOST HOST "\r\n"), 400, true, NULL },
		{ BYTES("GET /a HTTP/1.0\r\n" HOST HOST "\r\n"), 400, true, NULL },
		{ BYTES(GET "Host: a b\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET "Host: a, b\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET "Host: a/b\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET "Host: \r\n\r\n"), 0, false, "/a" },
		{ BYTES(GET "host:[::1]:8088\r\n\r\n"), 0, false, "/a" },
		/* bodies and who would smuggle */
		{ BYTES(GET HOST "Content-Length: 0\r\n\r\n"), 0, false, "/a" },
		{ BYTES(GET HOST "Content-Length: 000\r\n\r\n"), 0, false, "/a" },
		{ BYTES(GET HOST "Content-Length: 5\r\n\r\nhello"), 413, true, NULL },
		{ BYTES(GET HOST "Content-Length: 99999999999999999999999\r\n\r\n"), 413, true, NULL },
		{ BYTES(GET HOST "Content-Length:\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Content-Length: +0\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Content-Length: 0, 0\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Content-Length: 0x0\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 411, true, NULL },
		{ BYTES(GET HOST "Transfer-Encoding: Chunked\r\n\r\n"), 411, true, NULL },
		{ BYTES(GET HOST "Transfer-Encoding: identity\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Transfer-Encoding: chunked, identity\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Transfer-Encoding: xchunked\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Transfer-Encoding:\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"),
		  400, true, NULL },
		{ BYTES("GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, true, NULL },
		{ BYTES(GET HOST "Authorization: a\r\nAuthorization: b\r\n\r\n"), 400, true, NULL },
		/* other methods: only a body ends the connection */
		{ BYTES("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 405, false, NULL },
		{ BYTES("CONNECT h:1 HTTP/1.1\r\n" HOST "\r\n"), 405, false, NULL },
		{ BYTES("PROPFIND / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), 405, false, NULL },
		{ BYTES("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"), 405, true, NULL },
		{ BYTES("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), 405, true, NULL },
		{ BYTES("POST / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), 405, true, NULL },
		{ BYTES("POST / HTTP/1.1\r\n\r\n"), 400, true, NULL },
		/* targets are test_target's; here that they are read at all */
		{ BYTES("GET /%00 HTTP/1.1\r\n" HOST "\r\n"), 400, true, NULL },
		{ BYTES("GET * HTTP/1.1\r\n" HOST "\r\n"), 400, true, NULL },
		{ BYTES("GET http://h/b/../c?d HTTP/1.1\r\n" HOST "\r\n"), 0, false, "/c" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step <= cases[i].text.len; step++)
			check(&cases[i], step);
}

/* A head of exactly the ceiling is whole; a byte more is refused, however cut. */
static void check_ceiling(size_t line, size_t fields, int refused)
{
	static const char start[] = "GET /", end[] = " HTTP/1.1\r\n", first[] = "Host: h\r\nA: ";
	size_t total = line + fields, steps[] = { 1, 7, 4096, total };
	char *text = mem_alloc(total);
	size_t at = 0;

	memset(text, 'a', total);
	memcpy(text, start, 5);
	memcpy(text + line - 11, end, 11);
	at = line;
	memcpy(text + at, first, 12);
	memcpy(text + total - 4, "\r\n\r\n", 4);
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct http_head h;
		size_t taken;

		http_head_init(&h);
		assert_true(read_in_steps(&h, slice_make(text, total), steps[i], &taken));
		assert_int_equal(h.refused, refused);
		if (!refused) {
			assert_int_equal(taken, total);
			assert_int_equal(h.path.len, line - 15);
			assert_int_equal(h.path.data[h.path.len - 1], 'a');
		}
		http_head_release(&h);
	}
	free(text);
}

static void test_ceilings(void **state)
{
	(void)state;
	check_ceiling(HTTP_REQUEST_LINE_MAX, HTTP_FIELDS_MAX, 0);
	check_ceiling(HTTP_REQUEST_LINE_MAX + 1, 100, 414);
	check_ceiling(100, HTTP_FIELDS_MAX + 1, 431);
}

static void test_endless_lines_are_refused_before_their_end(void **state)
{
	char *text = mem_alloc(HTTP_FIELDS_MAX + 100);
	struct http_head h;
	size_t taken;

	(void)state;
	memset(text, 'a', HTTP_FIELDS_MAX + 100);
	http_head_init(&h);
	assert_false(read_in_steps(&h, slice_make(text, HTTP_REQUEST_LINE_MAX - 1), 512, &taken));
	assert_true(http_head_read(&h, slice_make(text, HTTP_REQUEST_LINE_MAX), &taken));
	assert_int_equal(h.refused, 414);
	http_head_release(&h);

	http_head_init(&h);
	assert_false(http_head_read(&h, SLICE(GET), &taken));
	assert_false(http_head_read(&h, slice_make(text, HTTP_FIELDS_MAX - 1), &taken));
	assert_true(http_head_read(&h, slice_make(text, HTTP_FIELDS_MAX), &taken));
	assert_int_equal(h.refused, 431);
	http_head_release(&h);
	free(text);
}

static void test_count_of_fields(void **state)
{
	struct http_head h;
	size_t used;

	(void)state;
	for (int more = 0; more < 2; more++) {
		http_head_init(&h);
		assert_false(http_head_read(&h, SLICE(GET HOST), &used));
		for (int i = 1; i < HTTP_FIELD_COUNT_MAX; i++)
			assert_false(http_head_read(&h, SLICE("A: b\r\n"), &used));
		if (more)
			assert_true(http_head_read(&h, SLICE("A: b\r\n"), &used));
		else
			assert_true(http_head_read(&h, SLICE("\r\n"), &used));
		assert_int_equal(h.refused, more ? 431 : 0);
		http_head_release(&h);
	}
}

static void test_fields_are_found(void **state)
{
	struct slice text = SLICE("GET /x%2ay?q=%31 HTTP/1.1\r\nhost: h\r\nA:\t one \r\nB: \r\n"
				  "a: two\r\n\r\nGET /next");
	struct http_head h;
	struct slice value;
	size_t used, at = 0;

	(void)state;
	http_head_init(&h);
	assert_true(http_head_read(&h, text, &used));
	assert_true(slice_is(slice_from(text, used), "GET /next"));
	assert_true(slice_is(buf_slice(&h.path), "/x*y"));
	assert_true(slice_is(h.query, "q=%31"));
	assert_true(http_head_next(&h, "a", &at, &value));
	assert_true(slice_is(value, "one"));
	assert_true(http_head_next(&h, "A", &at, &value));
	assert_true(slice_is(value, "two"));
	assert_false(http_head_next(&h, "A", &at, &value));
	at = 0;
	assert_true(http_head_next(&h, "B", &at, &value));
	assert_int_equal(value.len, 0);
	assert_non_null(value.at);
	at = 0;
	assert_false(http_head_next(&h, "C", &at, &value));
	http_head_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_endless_lines_are_refused_before_their_end),
		cmocka_unit_test(test_count_of_fields),
		cmocka_unit_test(test_fields_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
