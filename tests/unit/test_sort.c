/* The order of messages, held against a simple sort of the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/imap/sort.h"
#include "base/clock.h"
#include "base/mem.h"

static bool parse(const char *text, bool display, struct sort_program *p)
{
	struct imap_args a = { .rest = slice_of(text) };

	return sort_program_parse(p, &a, display) && args_end(&a);
}

static void programs(void **state)
{
	static const char *const good[] = {
		"(DATE)", "(reverse date)", "(SUBJECT REVERSE DATE)", "(CC FROM TO SIZE ARRIVAL)",
		"(DISPLAYFROM REVERSE DISPLAYTO)", "(SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE SIZE)",
	};
	static const char *const bad[] = {
		"", "()", "DATE", "(DATE", "(DATE )", "( DATE)", "(REVERSE)", "(REVERSE REVERSE DATE)",
		"(BCC)", "(DATE  SIZE)", "(DATE,SIZE)",
	};
	struct sort_program p;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!parse(good[i], true, &p))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i], true, &p))
			fail_msg("%s", bad[i]);
	assert_false(parse("(DISPLAYFROM)", false, &p));
	assert_true(parse("(DATE REVERSE SIZE DATE REVERSE DATE)", false, &p));
	assert_int_equal(p.count, 2);
	assert_true(p.at[1].key == SORT_SIZE && p.at[1].reverse && !p.at[0].reverse);
}

struct item {
	struct message_info m;
	struct mime_keys k;
};

static int text_order(struct slice a, struct slice b)
{
	int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int key_order(enum sort_key key, const struct item *a, const struct item *b)
{
	static const int text[SORT_KEYS] = {
		[SORT_CC] = KEYS_CC, [SORT_FROM] = KEYS_FROM, [SORT_SUBJECT] = KEYS_SUBJECT,
		[SORT_TO] = KEYS_TO, [SORT_DISPLAYFROM] = KEYS_DISPLAY_FROM,
		[SORT_DISPLAYTO] = KEYS_DISPLAY_TO,
	};
	int64_t x, y;

	switch (key) {
	case SORT_ARRIVAL:
		x = a->m.received, y = b->m.received;
		break;
	case SORT_SIZE:
		x = (int64_t)a->m.size, y = (int64_t)b->m.size;
		break;
	case SORT_DATE:
		x = a->k.has_date ? a->k.sent : a->m.received;
		y = b->k.has_date ? b->k.sent : b->m.received;
		break;
	default:
		return text_order(a->k.texts[text[key]], b->k.texts[text[key]]);
	}
	return (x > y) - (x < y);
}

static bool is_sorted(const struct sorter *s, const struct item *all)
{
	for (size_t i = 1; i < s->count; i++) {
		uint32_t a = sorter_number(s, i - 1), b = sorter_number(s, i);
		int order = 0;

		for (size_t c = 0; !order && c < s->program.count; c++) {
			order = key_order(s->program.at[c].key, &all[a], &all[b]);
			if (s->program.at[c].reverse)
				order = -order;
		}
		if (order > 0 || (order == 0 && a > b))
			return false;
	}
	return true;
}

static void orders(void **state)
{
	static const char *const programs_[] = {
		"(DATE)", "(REVERSE DATE)", "(ARRIVAL)", "(REVERSE SIZE)", "(SUBJECT)",
		"(REVERSE SUBJECT)", "(SUBJECT REVERSE DATE)", "(CC FROM REVERSE TO)",
		"(DISPLAYFROM REVERSE DISPLAYTO SIZE)",
	};
	static const struct { const char *at; size_t len; } texts[] = {
		{ "", 0 }, { "A", 1 }, { "A\0", 2 }, { "A\0B", 3 }, { "AAAAAAAA", 8 },
		{ "AAAAAAAAB", 9 }, { "AAAAAAAAA", 9 }, { "\xff", 1 }, { "B", 1 },
	};
	enum { COUNT = 5000 };
	struct item *all = mem_array(COUNT, sizeof(*all));
	unsigned seed = 99;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		all[i].m.received = rand_r(&seed) % 100 - 50;
		all[i].m.size = (uint64_t)(rand_r(&seed) % 50);
		all[i].k.has_date = rand_r(&seed) % 4;
		all[i].k.sent = rand_r(&seed) % 100 - 50;
		for (int t = 0; t < KEYS_TEXTS; t++) {
			int which = rand_r(&seed) % 9;

			all[i].k.texts[t] = slice_make(texts[which].at, texts[which].len);
		}
	}
	for (size_t p = 0; p < sizeof(programs_) / sizeof(programs_[0]); p++) {
		static const uint32_t counts[] = { 0, 1, 2, 1023, 1024, 1025, 3000, COUNT };

		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			struct sort_program program;
			struct sorter s;

			assert_true(parse(programs_[p], true, &program));
			sorter_init(&s, &program);
			for (uint32_t i = 0; i < counts[c]; i++)
				sorter_add(&s, i, &all[i].m, &all[i].k);
			/* The clock is ahead in every other turn. */
			for (unsigned turn = 0; !sorter_step(&s, turn % 2 ? UINT64_MAX : 0); turn++)
				;
			assert_int_equal(s.count, counts[c]);
			assert_true(is_sorted(&s, all));
			sorter_release(&s);
		}
	}
	free(all);
}

/* Where every step is cut off at the first look at the clock. */
static void in_small_steps(void **state)
{
	enum { COUNT = 200000 };
	struct item *all = mem_array(COUNT, sizeof(*all));
	struct sort_program program;
	unsigned seed = 1, turns = 0;
	struct sorter s;

	(void)state;
	assert_true(parse("(SIZE)", true, &program));
	sorter_init(&s, &program);
	for (uint32_t i = 0; i < COUNT; i++) {
		all[i].m.size = (uint64_t)(rand_r(&seed) % 1000);
		sorter_add(&s, i, &all[i].m, &all[i].k);
	}
	while (!s.width)
		sorter_step(&s, clock_mono_ms() + 1);
	while (!sorter_step(&s, 0))
		turns++;
	assert_true(turns > 5);
	assert_true(is_sorted(&s, all));
	sorter_release(&s);
	free(all);
}

/* Strangers write what is sorted by: there is a ceiling, and then no order. */
static void too_much(void **state)
{
	static char text[KEYS_TEXT_MAX];
	struct sort_program program;
	struct message_info m = { .received = 1 };
	struct mime_keys k = { .has_date = false };
	struct sorter s;
	uint32_t n;

	(void)state;
	for (int t = 0; t < KEYS_TEXTS; t++)
		k.texts[t] = slice_make(text, sizeof(text));
	assert_true(parse("(SUBJECT FROM TO CC DISPLAYFROM DISPLAYTO)", true, &program));
	sorter_init(&s, &program);
	for (n = 0; !s.too_much && n < 100000; n++)
		sorter_add(&s, n, &m, &k);
	assert_true(s.too_much && n > 40000);
	assert_true(s.count * 6 * (KEYS_TEXT_MAX + 2) <= SORT_VALUES_MAX);
	sorter_add(&s, n, &m, &k);
	assert_true(s.count < n);
	sorter_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),
		cmocka_unit_test(orders),
		cmocka_unit_test(too_much),
		cmocka_unit_test(in_small_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
