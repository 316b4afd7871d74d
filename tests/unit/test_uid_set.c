/* Sets of UIDs against a plain table of bits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "store/uid_set.h"

static void printed(struct uid_set *s, const char *want)
{
	struct buf out;
	char *text;

	buf_init(&out, 1000);
	assert_true(uid_set_print(&out, s));
	text = buf_take_string(&out);
	assert_string_equal(text, want);
	free(text);
}

static void ranges_join(void **state)
{
	static const struct { uint32_t first, last; const char *want; } steps[] = {
		{ 5, 5, "5" }, { 6, 6, "5:6" }, { 4, 4, "4:6" }, { 10, 8, "4:6,8:10" },
		{ 7, 7, "4:10" }, { 20, 30, "4:10,20:30" }, { 12, 12, "4:10,12,20:30" },
		{ 1, 1, "1,4:10,12,20:30" }, { 0, 0, "0:1,4:10,12,20:30" },
		{ UINT32_MAX, UINT32_MAX, "0:1,4:10,12,20:30,4294967295" },
		{ 25, UINT32_MAX - 1, "0:1,4:10,12,20:4294967295" },
		{ 3, 19, "0:1,3:4294967295" }, { 2, 2, "0:4294967295" },
	};
	struct uid_set s, copy;

	(void)state;
	uid_set_init(&s);
	uid_set_init(&copy);
	printed(&s, "");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uid_set_add(&s, steps[i].first, steps[i].last);
		printed(&s, steps[i].want);
		uid_set_copy(&copy, &s);
		printed(&copy, steps[i].want);
	}
	assert_int_equal(uid_set_size(&s), UINT64_C(1) << 32);
	uid_set_release(&s);
	uid_set_copy(&copy, &s);
	assert_int_equal(copy.count, 0);
	uid_set_release(&copy);
}

static void as_a_table_of_bits(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		bool bits[200] = { false };
		struct uid_set s;
		uint64_t size = 0;

		uid_set_init(&s);
		for (unsigned i = 0; i < round % 40; i++) {
			uint32_t first, last;

			seed = seed * 1103515245 + 12345;
			first = seed >> 16 & 127;
			last = first + (seed >> 8 & 7);
			uid_set_add(&s, first, last);
			for (uint32_t u = first; u <= last; u++)
				bits[u] = true;
		}
		for (uint32_t u = 0; u < 200; u++) {
			assert_int_equal(uid_set_has(&s, u), bits[u]);
			size += bits[u];
		}
		assert_int_equal(uid_set_size(&s), size);
		for (size_t i = 1; i < s.count; i++)
			assert_true(s.ranges[i].first > s.ranges[i - 1].last + 1);
		uid_set_release(&s);
	}
}

static void too_long_to_print(void **state)
{
	struct uid_set s;
	struct buf out;

	(void)state;
	uid_set_init(&s);
	uid_set_add(&s, 100, 200);
	buf_init(&out, 3);
	assert_false(uid_set_print(&out, &s));
	buf_release(&out);
	uid_set_release(&s);
}

static void all_of_another(void **state)
{
	struct uid_set a, b;

	(void)state;
	uid_set_init(&a);
	uid_set_init(&b);
	uid_set_add_all(&a, &b);
	printed(&a, "");
	uid_set_add(&b, 3, 5);
	uid_set_add(&b, 9, UINT32_MAX);
	uid_set_add_all(&a, &b);
	printed(&a, "3:5,9:4294967295");
	uid_set_release(&a);
	uid_set_init(&a);
	uid_set_add(&a, 1, 1);
	uid_set_add(&a, 6, 7);
	uid_set_add_all(&a, &b);
	printed(&a, "1,3:7,9:4294967295");
	uid_set_release(&a);
	uid_set_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_join),
		cmocka_unit_test(all_of_another),
		cmocka_unit_test(as_a_table_of_bits),
		cmocka_unit_test(too_long_to_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
