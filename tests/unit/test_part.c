#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/part.h"

#define MULTI "Content-Type: multipart/mixed; boundary="

static void test_next(void **state)
{
	struct arena *a = mime_arena_new();
	const struct mime_part *p = mime_scan(a, SLICE(MULTI "o\n\n--o\n" MULTI "i\n\n--i\n\n1\n--i\n"
		"Content-Type: message/rfc822\n\nContent-Type: text/html\n\n2\n--i--\n--o\n\n3\n--o--\n"),
		&mime_default_limits);
	static const char *const order[] = { "mixed", "mixed", "plain", "rfc822", "html", "plain" };

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_non_null(p);
		assert_true(slice_is(p->subtype, order[i]));
		p = mime_part_next(p);
	}
	assert_null(p);
	arena_free(a);
}

static void test_single(void **state)
{
	struct arena *a = mime_arena_new();
	const struct mime_part *p = mime_scan(a, (struct slice){ NULL, 0 }, &mime_default_limits);

	(void)state;
	assert_null(mime_part_next(p));
	assert_null(p->parent);
	assert_int_equal(p->kind, MIME_LEAF);
	assert_int_equal(p->body_len, 0);
	assert_non_null(p->header.at);
	arena_free(a);
}

/* The most that the default limits let in fits the arena. */
static void test_room(void **state)
{
	struct arena *a = mime_arena_new();
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 26);
	buf_add_text(&b, MULTI "b");
	for (int i = 0; i < 60000; i++)
		buf_printf(&b, "; a%d=\"\\b\"", i);
	buf_add_text(&b, "\n\n");
	for (int i = 0; i < 12000; i++)
		buf_printf(&b, "--b\nContent-Type: a/b; c=\"d\"; e=f; g=h\nContent-ID: <a@b>\n"
			   "Content-Disposition: x; y=z\nContent-Description: %d\n\n", i);
	assert_non_null(mime_scan(a, buf_slice(&b), &mime_default_limits));
	buf_release(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
