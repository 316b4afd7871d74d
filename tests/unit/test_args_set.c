#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

#include "../../src/imap/args.h"

/* As it was understood: "*" for IMAP_STAR. */
static void show(struct buf *out, const struct imap_set *set)
{
	if (set->saved)
		buf_add_text(out, "$ ");
	for (size_t i = 0; i < set->count; i++) {
		uint32_t ends[2] = { set->ranges[i].first, set->ranges[i].last };

		for (int k = 0; k < 2; k++) {
			if (ends[k] == IMAP_STAR)
				buf_add_byte(out, '*');
			else
				buf_printf(out, "%u", ends[k]);
			buf_add_byte(out, k ? ' ' : ':');
		}
	}
}

static void sets(void **state)
{
	static const struct { const char *text, *shown, *rest; } cases[] = {
		{ "1", "1:1 ", "" },
		{ "2,4:7,9,12:* FLAGS", "2:2 4:7 9:9 12:* ", " FLAGS" },
		{ "4:2", "2:4 ", "" },
		{ "*", "*:* ", "" },
		{ "*:4,5:7", "4:* 5:7 ", "" },
		{ "*:*", "*:* ", "" },
		{ "4294967294", "4294967294:4294967294 ", "" },
		{ "101:4294967295", "101:4294967294 ", "" },
		{ "$ FLAGS", "$ ", " FLAGS" }, { "$,1", "$ ", ",1" }, { "1,$", NULL, "" },
		{ "$:4", "$ ", ":4" }, { "0", NULL, "" }, { "1:0", NULL, "" }, { "", NULL, "" }, { ",1", NULL, "" },
		{ "1,", NULL, "" }, { "1:", NULL, "" }, { ":1", NULL, "" }, { "a", NULL, "" },
		{ "4294967296", NULL, "" }, { "-1", NULL, "" }, { "1,,2", NULL, "" },
		{ "1:2:3", "1:2 ", ":3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct imap_args a = { .rest = slice_of(cases[i].text), .saved = true,
				       .arena = arena_new(1 << 20) };
		struct imap_set set;
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(args_set(&a, &set), cases[i].shown != NULL);
		if (cases[i].shown) {
			show(&out, &set);
			assert_true(slice_is(buf_slice(&out), cases[i].shown));
			assert_true(slice_is(a.rest, cases[i].rest));
		} else {
			assert_non_null(a.wanted);
		}
		buf_release(&out);
		arena_free(a.arena);
	}
}

/* As many ranges as a line can hold, and one more than the ceiling. */
static void ceiling(void **state)
{
	struct imap_args a = { .arena = arena_new(1 << 20) };
	struct imap_set set;
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < IMAP_SET_RANGES_MAX; i++)
		buf_printf(&text, "%s7", i ? "," : "");
	a.rest = buf_slice(&text);
	assert_true(args_set(&a, &set));
	assert_int_equal(set.count, IMAP_SET_RANGES_MAX);
	buf_add_text(&text, ",7");
	a.rest = buf_slice(&text);
	assert_false(args_set(&a, &set));
	buf_release(&text);
	arena_free(a.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets),
		cmocka_unit_test(ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
