#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/describe.h"

static void check(struct slice in, const char *want)
{
	struct buf b;

	buf_init(&b, 65536);
	assert_true(mime_nstring(&b, in));
	if (!slice_is(buf_slice(&b), want))
		fail_msg("want %s, got %.*s", want, (int)b.len, b.data);
	buf_release(&b);
}

static void test_forms(void **state)
{
	(void)state;
	check((struct slice){ NULL, 0 }, "NIL");
	check(SLICE(""), "\"\"");
	check(SLICE("NIL"), "\"NIL\"");
	check(SLICE("a b"), "\"a b\"");
	check(SLICE("\"a\\"), "\"\\\"a\\\\\"");
	check(SLICE("\\\"\\\""), "\"\\\\\\\"\\\\\\\"\"");
	check(SLICE("a\tb"), "\"a\tb\"");
	check(SLICE("a\rb"), "{3}\r\na\rb");
	check(SLICE("a\nb"), "{3}\r\na\nb");
	check(SLICE("\xc3\xbc"), "{2}\r\n\xc3\xbc");
	check(SLICE("\x7f"), "{1}\r\n\x7f");
	check(SLICE("\0a\0\0"), "{4}\r\n\x80" "a\x80\x80");
}

static void test_length(void **state)
{
	char text[1002];
	struct buf b;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&b, 65536);
	assert_true(mime_nstring(&b, slice_make(text, 1000)));
	assert_int_equal(b.len, 1002);
	buf_clear(&b);
	assert_true(mime_nstring(&b, slice_make(text, 1001)));
	assert_int_equal(b.len, 8 + 1001);
	buf_release(&b);
}

static void test_full(void **state)
{
	(void)state;
	for (size_t room = 0; room < 5; room++) {
		struct buf b;

		buf_init(&b, room);
		assert_false(mime_nstring(&b, SLICE("abc")));
		buf_release(&b);
		buf_init(&b, room);
		assert_false(mime_nstring(&b, SLICE("\n\n")));
		buf_release(&b);
	}
	struct buf b;

	buf_init(&b, 2);
	assert_false(mime_nstring(&b, (struct slice){ NULL, 0 }));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
