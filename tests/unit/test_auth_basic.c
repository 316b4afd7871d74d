#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/encode.h"
#include "../../src/http/auth_basic.h"
#include "../../src/http/request.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(literal) { "" literal, sizeof(literal) - 1 }

static bool read_value(struct http_credentials *c, struct slice value)
{
	struct http_head h;
	struct buf line;
	size_t used;
	bool ok;

	buf_init(&line, 8000);
	buf_add_text(&line, "Authorization: ");
	buf_add(&line, value);
	buf_add_text(&line, "\r\n");
	http_head_init(&h);
	http_head_read(&h, SLICE("GET / HTTP/1.1\r\nHost: h\r\n"), &used);
	http_head_read(&h, buf_slice(&line), &used);
	assert_true(http_head_read(&h, SLICE("\r\n"), &used));
	assert_int_equal(h.refused, 0);
	ok = http_credentials_read(c, &h);
	http_head_release(&h);
	buf_release(&line);
	return ok;
}

static void test_credentials(void **state)
{
	static const struct {
		struct slice plain;
		const char *user, *password;     /* NULL: refused */
	} cases[] = {
		{ BYTES("admin:secret"), "admin", "secret" },
		{ BYTES("admin:a:b:c"), "admin", "a:b:c" },
		{ BYTES("admin:"), "admin", "" },
		{ BYTES(":x"), "", "x" },
		{ BYTES("a@b.example:gr\xc3\xbc\xc3\x9f"), "a@b.example", "gr\xc3\xbc\xc3\x9f" },
		{ BYTES("admin"), NULL, NULL },
		{ BYTES("admin:a\0b"), NULL, NULL },
		{ BYTES("admin:a\n"), NULL, NULL },
		{ BYTES("ad\x7fmin:a"), NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_credentials c;
		struct buf value;
		bool ok;

		buf_init(&value, 200);
		buf_add_text(&value, i % 2 ? "basic " : "Basic  ");
		base64_encode(&value, cases[i].plain);
		ok = read_value(&c, buf_slice(&value));
		if (ok != (cases[i].user != NULL))
			fail_msg("case %zu", i);
		if (ok) {
			assert_true(slice_is(c.user, cases[i].user));
			assert_true(slice_is(c.password, cases[i].password));
		}
		http_credentials_release(&c);
		buf_release(&value);
	}
}

static void test_what_is_no_basic(void **state)
{
	static const char *const cases[] = {
		"", "Basic", "Basic ", "Bearer YTpi", "BasicYTpi", "Basic YTp", "Basic YTpi!",
		"Basic YTpi YTpi", "Basic YT pi", "Basic =",
	};
	struct http_credentials c;
	struct buf value;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (read_value(&c, slice_of(cases[i])))
			fail_msg("%s", cases[i]);
		http_credentials_release(&c);
	}
	buf_init(&value, 8000);
	buf_add_text(&value, "Basic ");
	for (int i = 0; i < HTTP_CREDENTIALS_MAX / 3 + 1; i++)
		buf_add_text(&value, "OjEx");
	assert_false(read_value(&c, buf_slice(&value)));
	http_credentials_release(&c);
	buf_release(&value);
}

static void test_challenge(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, HTTP_CHALLENGE_MAX);
	http_challenge_print(&out, "My \"mail\" \\ \r\nX: y");
	assert_true(slice_is(buf_slice(&out), "WWW-Authenticate: Basic realm="
			     "\"My \\\"mail\\\" \\\\ X: y\", charset=\"UTF-8\"\r\n"));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_what_is_no_basic),
		cmocka_unit_test(test_challenge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
