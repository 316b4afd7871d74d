/* Buffers: growth, the ceiling to the byte, and what overflow leaves alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void assert_holds(const struct buf *b, const char *text)
{
	assert_int_equal(b->len, strlen(text));
	if (b->len)
		assert_memory_equal(b->data, text, b->len);
}

static void test_grows(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	assert_null(b.data);
	for (size_t i = 0; i < 100000; i++) {
		assert_true(buf_add_byte(&b, (char)(i % 251)));
		assert_true(b.cap <= 100000);
	}
	assert_false(buf_add_byte(&b, 'x'));
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal((unsigned char)b.data[i], i % 251);
	buf_release(&b);
	assert_int_equal(b.len, 0);
}

static void test_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_true(buf_add_text(&b, "12345"));
	assert_false(buf_add(&b, SLICE("678901")));
	assert_true(b.overflow);
	assert_holds(&b, "12345");
	assert_true(buf_add(&b, SLICE("67890")));
	assert_true(b.overflow);                /* stays */
	assert_false(buf_reserve(&b, 1));
	assert_false(buf_reserve(&b, SIZE_MAX));
	assert_true(buf_reserve(&b, 0));
	assert_holds(&b, "1234567890");
	buf_clear(&b);
	assert_false(b.overflow);
	assert_true(buf_add(&b, slice_make(NULL, 0)));
	assert_holds(&b, "");
	buf_release(&b);

	buf_init(&b, 0);
	assert_true(buf_add_text(&b, ""));
	assert_true(buf_printf(&b, "%s", ""));
	assert_false(buf_add_byte(&b, 'x'));
	assert_false(buf_printf(&b, "x"));
	buf_release(&b);
}

static void test_printf_at_every_fill(void **state)
{
	(void)state;
	for (size_t max = 0; max < 200; max++) {
		char want[256];
		struct buf b;
		size_t fill = max / 2;
		bool fits;

		buf_init(&b, max);
		memset(want, 'a', sizeof(want));
		assert_true(buf_add(&b, slice_make(want, fill)));
		fits = buf_printf(&b, "%s-%05d", "text", 42);
		assert_int_equal(fits, fill + 10 <= max);
		assert_int_equal(b.overflow, !fits);
		memcpy(want + fill, fits ? "text-00042" : "", fits ? 11 : 1);
		assert_holds(&b, want);
		buf_release(&b);
	}
}

static void test_no_real_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	assert_true(buf_printf(&b, "%d", 7));
	assert_true(buf_add_text(&b, "x"));
	assert_holds(&b, "7x");
	buf_release(&b);
}

static void test_reserve_and_write(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_true(buf_reserve(&b, 1000));
	memset(b.data, 'z', 1000);
	b.len = 1000;
	assert_false(buf_reserve(&b, 1));
	buf_release(&b);
}

static void test_consume(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_consume(&b, 5);
	buf_add_text(&b, "hello world");
	buf_consume(&b, 0);
	assert_holds(&b, "hello world");
	buf_consume(&b, 6);
	assert_holds(&b, "world");
	buf_consume(&b, 100);
	assert_holds(&b, "");
	buf_release(&b);
}

static void test_shrink(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	buf_shrink(&b);
	buf_reserve(&b, 100000);
	buf_add_text(&b, "kept");
	buf_shrink(&b);
	assert_true(b.cap < 1000);
	assert_holds(&b, "kept");
	buf_clear(&b);
	buf_shrink(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
	assert_true(buf_add_text(&b, "again"));
	buf_release(&b);
}

static void test_take_string(void **state)
{
	struct buf b;
	char *text;

	(void)state;
	buf_init(&b, 4);
	text = buf_take_string(&b);
	assert_string_equal(text, "");
	free(text);
	buf_add_text(&b, "full");       /* the NUL is beyond the ceiling */
	text = buf_take_string(&b);
	assert_string_equal(text, "full");
	free(text);
	assert_holds(&b, "");
	assert_true(buf_add_text(&b, "next"));
	assert_false(buf_add_text(&b, "5"));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_printf_at_every_fill),
		cmocka_unit_test(test_no_real_ceiling),
		cmocka_unit_test(test_reserve_and_write),
		cmocka_unit_test(test_consume),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_take_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
