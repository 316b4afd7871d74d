/* Base64 and hexadecimal: the RFC's vectors, round trips, and strictness. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/encode.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void assert_holds(const struct buf *b, const char *text)
{
	assert_int_equal(b->len, strlen(text));
	if (b->len)
		assert_memory_equal(b->data, text, b->len);
}

/* RFC 4648 10 */
static const struct {
	const char *plain, *base64;
} vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	{ "\xFF\xEF\xBE", "/+++" },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		struct buf b;

		buf_init(&b, 100);
		assert_true(base64_encode(&b, slice_of(vectors[i].plain)));
		assert_holds(&b, vectors[i].base64);
		buf_clear(&b);
		assert_true(base64_decode(&b, slice_of(vectors[i].base64)));
		assert_holds(&b, vectors[i].plain);
		buf_release(&b);
	}
}

static void test_every_length(void **state)
{
	char plain[256];
	struct buf text, back;

	(void)state;
	buf_init(&text, 1000);
	buf_init(&back, 1000);
	for (size_t len = 0; len <= sizeof(plain); len++) {
		for (size_t i = 0; i < len; i++)
			plain[i] = (char)(i * 89 + len);
		buf_clear(&text);
		buf_clear(&back);
		assert_true(base64_encode(&text, slice_make(plain, len)));
		assert_int_equal(text.len, (len + 2) / 3 * 4);
		assert_true(base64_decode(&back, buf_slice(&text)));
		assert_int_equal(back.len, len);
		if (len)
			assert_memory_equal(back.data, plain, len);
	}
	buf_release(&text);
	buf_release(&back);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zm9", "Zg===", "====", "=", "A===", "Z=g=",
		"Zg==Zg==", "Zm8=Zm8=", "Zm9v\n", "Zm9v\r\nZm9v", " Zm9v", "Zm 9",
		"Zm-v", "Zm_v", "Zh==", "Zm9=", "Zm9\x80", "*", "Zm9v Zm9vYg=",
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_add_text(&b, "before");
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (base64_decode(&b, slice_of(bad[i])))
			fail_msg("taken: %s", bad[i]);
		assert_holds(&b, "before");
	}
	assert_false(base64_decode(&b, slice_make("Zm\0v", 4)));
	buf_release(&b);
}

static void test_only_digits(void **state)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (int c = 0; c < 256; c++) {
		char text[4] = { (char)c, 'A', 'A', 'A' };

		assert_int_equal(base64_decode(&b, slice_make(text, 4)),
				 c && strchr(digits, c) != NULL);
	}
	buf_release(&b);
}

static void test_ceilings(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 7);
	assert_false(base64_encode(&b, SLICE("foob")));
	assert_true(b.overflow);
	assert_int_equal(b.len, 0);
	assert_false(base64_encode(&b, slice_make("", SIZE_MAX)));
	assert_false(hex_encode(&b, slice_make("", SIZE_MAX / 2 + 2)));
	assert_false(hex_encode(&b, SLICE("1234")));
	assert_false(base64_decode(&b, SLICE("MTIzNDU2Nzg=")));
	assert_int_equal(b.len, 0);
	assert_true(base64_decode(&b, SLICE("MTIzNDU2Nw==")));
	assert_holds(&b, "1234567");
	buf_release(&b);
}

static void test_hex(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(hex_encode(&b, slice_make("\x00\x7F\x80\xFF\x0A", 5)));
	assert_holds(&b, "007f80ff0a");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_only_digits),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
