#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/describe.h"

static void check(const char *message, const char *body, const char *structure)
{
	struct arena *a = mime_arena_new();
	const struct mime_part *root = mime_scan(a, slice_of(message), &mime_default_limits);
	struct buf b;

	buf_init(&b, 65536);
	if (body) {
		assert_true(mime_body(&b, root));
		if (!slice_is(buf_slice(&b), body))
			fail_msg("%s\n want %s\n  got %.*s", message, body, (int)b.len, b.data);
	}
	buf_clear(&b);
	assert_true(mime_bodystructure(&b, root));
	if (!slice_is(buf_slice(&b), structure))
		fail_msg("%s\n want %s\n  got %.*s", message, structure, (int)b.len, b.data);
	buf_release(&b);
	arena_free(a);
}

static void test_single(void **state)
{
	(void)state;
	check("Subject: x\n\none\ntwo\n",
	      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 10 2)",
	      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 10 2 NIL NIL NIL NIL)");
	check("Content-Type: Image/PNG; name=\"a \\\"b\"; x=y\nContent-ID: <1@x>\n"
	      "Content-Description: a picture\nContent-Transfer-Encoding: BASE64\n"
	      "Content-MD5: Q2hlY2s=\nContent-Disposition: Attachment; filename=a.png\n"
	      "Content-Language: de, en\nContent-Location: http://x/\n\nAAAA\n",
	      "(\"image\" \"png\" (\"name\" \"a \\\"b\" \"x\" \"y\") \"<1@x>\" \"a picture\" \"BASE64\" 6)",
	      "(\"image\" \"png\" (\"name\" \"a \\\"b\" \"x\" \"y\") \"<1@x>\" \"a picture\" \"BASE64\" 6 "
	      "\"Q2hlY2s=\" (\"attachment\" (\"filename\" \"a.png\")) (\"de\" \"en\") \"http://x/\")");
	check("Content-Type: text/html; charset=utf-8\nContent-Disposition: inline\n\n",
	      NULL, "(\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 0 0 NIL "
	      "(\"inline\" NIL) NIL NIL)");
	check("Content-Type: a/b\nContent-Language: , ,\n\n", NULL,
	      "(\"a\" \"b\" NIL NIL NIL \"7bit\" 0 NIL NIL NIL NIL)");
}

#define TEXT_0 "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0"
#define TEXT_1 "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0"

static void test_multipart(void **state)
{
	(void)state;
	check("Content-Type: multipart/mixed; boundary=b\nContent-Disposition: inline\n"
	      "Content-Language: en\nContent-Location: x\n\n--b\n\n1\n--b\n\n2\n--b--\n",
	      "(" TEXT_1 ")" TEXT_1 ") \"mixed\")",
	      "(" TEXT_1 " NIL NIL NIL NIL)" TEXT_1 " NIL NIL NIL NIL) \"mixed\" "
	      "(\"boundary\" \"b\") (\"inline\" NIL) (\"en\") \"x\")");
	check("Content-Type: multipart/mixed\n\nx", "(" TEXT_0 ") \"mixed\")",
	      "(" TEXT_0 " NIL NIL NIL NIL) \"mixed\" NIL NIL NIL NIL)");
}

static void test_message(void **state)
{
	(void)state;
	check("Content-Type: message/rfc822\n\nSubject: x\n\n1",
	      "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 "
	      "(NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL) " TEXT_1 ") 2)",
	      "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 "
	      "(NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL) " TEXT_1 " NIL NIL NIL NIL) 2 "
	      "NIL NIL NIL NIL)");
	check("Content-Type: message/delivery-status\n\nx", NULL,
	      "(\"message\" \"delivery-status\" NIL NIL NIL \"7bit\" 1 NIL NIL NIL NIL)");
}

/* RFC 2231 6. */
static void test_continuations(void **state)
{
	static const char *const cases[][2] = {
		{ "n*0=a; n*1=b", "\"n\" \"ab\"" },
		{ "n*1=b; x=y; N*0=a", "\"x\" \"y\" \"N\" \"ab\"" },
		{ "n*0*=utf-8''%C3; n*1*=%BC", "\"n*\" \"utf-8''%C3%BC\"" },
		{ "n*0*=utf-8''a%20; n*1=\"b'%\"", "\"n*\" \"utf-8''a%20b%27%25\"" },
		{ "n*0=\"a b\"; n*1*=%20c", "\"n*\" \"''a%20b%20c\"" },
		{ "n*=utf-8''x; n=y", "\"n*\" \"utf-8''x\" \"n\" \"y\"" },
		{ "n*0=a; n*2=c", "\"n*0\" \"a\" \"n*2\" \"c\"" },
		{ "n*0=a; n*0=b", "\"n*0\" \"a\" \"n*0\" \"b\"" },
		{ "n*1=b", "\"n*1\" \"b\"" },
		{ "n*x=b", "\"n*x\" \"b\"" },
		{ "n*0=", "\"n\" \"\"" },
		{ "n*500=b", "\"n*500\" \"b\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf message, want;

		buf_init(&message, 1000);
		buf_init(&want, 1000);
		buf_printf(&message, "Content-Type: a/b; %s\n\n%c", cases[i][0], 0);
		buf_printf(&want, "(\"a\" \"b\" (%s) NIL NIL \"7bit\" 0 NIL NIL NIL NIL)%c", cases[i][1], 0);
		check(message.data, NULL, want.data);
		buf_release(&message);
		buf_release(&want);
	}
}

static void test_full(void **state)
{
	struct arena *a = mime_arena_new();
	const struct mime_part *root = mime_scan(a, SLICE("Content-Type: multipart/x; boundary=b\n\n"
		"--b\nContent-Type: message/rfc822\n\nSubject: y\n\n--b\nContent-ID: z\n"),
		&mime_default_limits);
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_true(mime_bodystructure(&b, root));
	size_t need = b.len;
	buf_release(&b);
	for (size_t room = 0; room < need; room++) {
		buf_init(&b, room);
		assert_false(mime_bodystructure(&b, root));
		buf_release(&b);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_continuations),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
