#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../../src/calendar/when.h"

static const struct { const char *in, *out; } texts[] = {
	{ "20240305", "20240305" },
	{ "20240305T100000", "20240305T100000" },
	{ "20240305T100000Z", "20240305T100000Z" },
	{ "20240229T235960Z", "20240229T235959Z" },
	{ "2024-03-05T10:00:00Z", "20240305T100000Z" },
	{ " 20240305t1000z ", "20240305T100000Z" },
	{ "00010101T000000Z", "00010101T000000Z" },
	{ "99991231T235959", "99991231T235959" },
	{ "00000101", NULL }, { "20230229", NULL }, { "20240305T240000", NULL },
	{ "20240305T10", NULL }, { "20240305T100000ZZ", NULL }, { "20241301", NULL },
	{ "20240305Z", NULL }, { "2024", NULL }, { "", NULL }, { "TZID=x", NULL },
	{ "202403051000000000000000000000", NULL }, { "-20240305T-100000", "20240305T100000" },
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char out[WHEN_TEXT];
		struct when w;
		bool ok = when_parse(&w, slice_of(texts[i].in));

		if (ok != (texts[i].out != NULL))
			fail_msg("\"%s\"", texts[i].in);
		if (!ok)
			continue;
		when_print(out, &w);
		assert_string_equal(out, texts[i].out);
	}
}

static void test_seconds(void **state)
{
	struct when w, back;

	(void)state;
	assert_true(when_parse(&w, SLICE("20240305T100000Z")));
	assert_int_equal(when_seconds(&w), 1709632800);
	/* Each day of nine centuries, to seconds and back. */
	for (int64_t day = -135000; day < 200000; day++) {
		char a[WHEN_TEXT], b[WHEN_TEXT];

		w = (struct when){ .kind = WHEN_UTC };
		when_set_seconds(&w, day * 86400 + 3723);
		assert_int_equal(when_seconds(&w), day * 86400 + 3723);
		when_print(a, &w);
		assert_true(when_parse(&back, slice_of(a)));
		when_print(b, &back);
		assert_string_equal(a, b);
	}
}

/* A zone can carry a time out of the years that can be written. */
static void test_ends(void **state)
{
	static const struct { int64_t wall; const char *text; } ends[] = {
		{ INT64_C(-62135596800), "00010101T000000" },
		{ INT64_C(-62135596801), "00010101T000000" },
		{ INT64_C(253402300799), "99991231T235959" },
		{ INT64_C(253402300800), "99991231T235959" },
		{ INT64_MAX, "99991231T235959" }, { INT64_MIN, "00010101T000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct when w = { .kind = WHEN_FLOATING };
		char text[WHEN_TEXT];

		when_set_seconds(&w, ends[i].wall);
		when_print(text, &w);
		assert_string_equal(text, ends[i].text);
	}
}

static void test_like(void **state)
{
	struct when day, clock, utc, floating, w;

	(void)state;
	assert_true(when_parse(&day, SLICE("20240305")));
	assert_true(when_parse(&clock, SLICE("20240101T093000")));
	assert_true(when_parse(&utc, SLICE("20240305T100000Z")));
	assert_true(when_parse(&floating, SLICE("20240305T100000")));
	w = when_like(day, &clock);
	assert_int_equal(w.kind, WHEN_FLOATING);
	assert_int_equal(w.day * 10000 + w.hour * 100 + w.minute, 50930);
	w = when_like(utc, &day);
	assert_int_equal(when_compare(&w, &day), 0);
	w = when_like(floating, &utc);
	assert_int_equal(when_compare(&w, &utc), 0);
	assert_true(when_compare(&day, &utc) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_like),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
