#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/calendar/tzif.h"
#include "../../src/calendar/zone_system.h"
#include "base/mem.h"

/* A file with one change, at 1000000000, from +0100 to a summer of +0200. */
static struct slice make(char out[300], const char *rule)
{
	static const char head[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	static const char first[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4" "\0\0\0\0\0\0LMT";
	static const char counts[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\x9";
	static const char block[] = "\0\0\0\0\x3b\x9a\xca\0" "\1" "\0\0\xe\x10\0\0" "\0\0\x1c\x20\1\4" "CET\0CEST";
	char *at = out;

	memcpy(at, head, 20); at += 20;
	memcpy(at, first, 34); at += 34;
	memcpy(at, head, 20); at += 20;
	memcpy(at, counts, 24); at += 24;
	memcpy(at, block, sizeof(block)); at += sizeof(block);
	*at++ = '\n';
	memcpy(at, rule, strlen(rule)); at += strlen(rule);
	*at++ = '\n';
	return slice_make(out, (size_t)(at - out));
}

static void test_read(void **state)
{
	struct arena *a = arena_new(1 << 20);
	char bytes[300];
	struct tzif t;

	(void)state;
	assert_true(tzif_read(a, make(bytes, "CET-1CEST,M3.5.0,M10.5.0/3"), &t));
	assert_int_equal(t.count, 1);
	assert_int_equal(t.times[0], 1000000000);
	assert_int_equal(t.types[t.kinds[0]].offset, 7200);
	assert_true(slice_is(t.types[1].name, "CEST"));
	assert_true(t.has_rule);
	assert_int_equal(t.standard.offset, 3600);
	assert_int_equal(t.summer.offset, 7200);
	assert_int_equal(tzif_change(&t, true, 2024), 1711846800);
	assert_int_equal(tzif_change(&t, false, 2024), 1729990800);
	assert_int_equal(tzif_month_day(&t.to_summer, 2024), 31);
	arena_free(a);
}

static void test_rules(void **state)
{
	static const struct { const char *text; bool has; int standard, summer, start, end; } cases[] = {
		{ "EST5EDT,M3.2.0,M11.1.0", true, -18000, -14400, 7200, 7200 },
		{ "NST3:30NDT,M3.2.0,M11.1.0", true, -12600, -9000, 7200, 7200 },
		{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", true, 37800, 39600, 7200, 7200 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", true, 3600, 0, 7200, 3600 },
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", true, 7200, 10800, 180000, 180000 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", true, -7200, -3600, -3600, 0 },
		{ "UTC0", false, 0, 0, 0, 0 },
		{ "CET-1CEST,J60,J300", false, 3600, 0, 0, 0 },
		{ "CET-1CEST,M13.1.0,M1.1.0", false, 3600, 0, 0, 0 },
		{ "CET-1CEST,M3.6.0,M1.1.0", false, 3600, 0, 0, 0 },
		{ "CET-1CEST", false, 3600, 0, 0, 0 },
		{ "<CET-1CEST", false, 0, 0, 0, 0 },
		{ "CET-1CEST,M3.5.0,M10.5.0/3x", false, 3600, 0, 0, 0 },
		{ "", false, 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *a = arena_new(1 << 20);
		char bytes[300];
		struct tzif t;

		assert_true(tzif_read(a, make(bytes, cases[i].text), &t));
		if (t.has_rule != cases[i].has)
			fail_msg("%s", cases[i].text);
		if (t.has_rule) {
			assert_int_equal(t.standard.offset, cases[i].standard);
			assert_int_equal(t.summer.offset, cases[i].summer);
			assert_int_equal(t.to_summer.time, cases[i].start);
			assert_int_equal(t.to_standard.time, cases[i].end);
		}
		arena_free(a);
	}
}

/* Cut anywhere, any byte changed: an answer, and nothing read behind the end. */
static void test_damage(void **state)
{
	char bytes[300];
	struct slice whole = make(bytes, "CET-1CEST,M3.5.0,M10.5.0/3");

	(void)state;
	for (size_t n = 0; n < whole.len; n++) {
		for (int byte = -1; byte < 256; byte += byte < 0 ? 1 : 51) {
			struct arena *a = arena_new(8 << 20);
			char *copy = mem_bytes(whole.at, byte < 0 ? n : whole.len);
			struct tzif t;

			if (byte >= 0)
				copy[n] = (char)byte;
			copy = mem_grow(copy, byte < 0 ? n + 1 : whole.len, 1);
			if (byte < 0)
				assert_true(!tzif_read(a, slice_make(copy, n), &t) || n > 100);
			zone_system_make(a, slice_make(copy, byte < 0 ? n : whole.len), SLICE("x"));
			free(copy);
			arena_free(a);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
