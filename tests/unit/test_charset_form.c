#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "mime/charset.h"

typedef bool form_fn(struct buf *out, struct slice in);

static void expect(form_fn *form, const char *in, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	assert_true(form(&out, slice_of(in)));
	if (!slice_is(buf_slice(&out), want))
		fail_msg("\"%s\": \"%.*s\", not \"%s\"", in, (int)out.len, out.data, want);
	buf_release(&out);
}

static void same_fold(const char *a, const char *b, bool same)
{
	struct buf x, y;

	buf_init(&x, 4096);
	buf_init(&y, 4096);
	assert_true(charset_fold(&x, slice_of(a)));
	assert_true(charset_fold(&y, slice_of(b)));
	if (slice_equal(buf_slice(&x), buf_slice(&y)) != same)
		fail_msg("\"%s\" and \"%s\"", a, b);
	buf_release(&x);
	buf_release(&y);
}

static void folds(void **state)
{
	(void)state;
	expect(charset_fold, "", "");
	expect(charset_fold, "Hello WORLD 42", "hello world 42");
	expect(charset_fold, "A\u0301", "a\u0301");
	expect(charset_fold, "xA\u0301B", "xa\u0301b");
	expect(charset_fold, "Straße", "strasse");
	expect(charset_fold, "a\xff""B", "a\ufffd""b");
	expect(charset_fold, "\xc3", "\ufffd");
	expect(charset_fold, "\xed\xa0\x80", "\ufffd\ufffd\ufffd");
	same_fold("STRASSE", "Straße", true);
	same_fold("\u00c9cole", "e\u0301COLE", true);
	same_fold("ΣΊΣΥΦΟΣ", "σίσυφος", true);
	same_fold("ПРИВЕТ", "привет", true);
	same_fold("\uff21\uff22", "ab", true);           /* full width */
	same_fold("\ufb01n", "FIN", true);               /* a ligature */
	same_fold("q\u0307\u0323", "q\u0323\u0307", true);   /* marks in either order */
	same_fold("q\u0307\u0301", "q\u0301\u0307", false);  /* of one class: order counts */
	same_fold("\uac01", "\u1100\u1161\u11a8", true); /* Hangul */
	same_fold("a", "b", false);
	same_fold("e", "\u00e9", false);
}

static void composes(void **state)
{
	(void)state;
	expect(charset_compose, "", "");
	expect(charset_compose, "INBOX/Entwürfe", "INBOX/Entwürfe");
	expect(charset_compose, "Entwu\u0308rfe", "Entw\u00fcrfe");
	expect(charset_compose, "q\u0307\u0323", "q\u0323\u0307");
	expect(charset_compose, "\u1100\u1161\u11a8", "\uac01");
	expect(charset_compose, "\u0958", "\u0915\u093c");       /* excluded from composition */
	expect(charset_compose, "u\u0308 \xff", "u\u0308 \xff"); /* not UTF-8: as it is */
	expect(charset_compose, "Straße", "Straße");
}

static void out_is_full(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4);
	assert_false(charset_fold(&out, SLICE("Hello")));
	buf_clear(&out);
	assert_false(charset_fold(&out, SLICE("éèêë")));
	buf_clear(&out);
	assert_false(charset_compose(&out, SLICE("éèêë")));
	assert_true(out.len <= 4);
	buf_release(&out);
}

/* A letter under a million marks, in the order that sorts worst. */
static void linear_time(void **state)
{
	enum { PAIRS = 200000 };
	char *in = malloc(4 * PAIRS + 1);
	uint64_t start = clock_mono_ms();
	struct buf out;

	(void)state;
	assert_non_null(in);
	in[0] = 'a';
	for (size_t i = 0; i < PAIRS; i++)
		memcpy(in + 1 + 4 * i, "\u0301\u0323", 4);
	buf_init(&out, 8 * PAIRS);
	assert_true(charset_fold(&out, slice_make(in, 4 * PAIRS + 1)));
	assert_int_equal(out.len, 4 * PAIRS + 1);
	buf_clear(&out);
	assert_true(charset_compose(&out, slice_make(in, 4 * PAIRS + 1)));
	assert_true(slice_equal(buf_slice(&out), slice_make(in, 4 * PAIRS + 1)));
	buf_release(&out);
	free(in);
	assert_true(clock_mono_ms() - start < 10000);
}

/* RFC 5051 2, its own example among them: title case, then decomposition. */
static void casemaps(void **state)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "", "" }, { "Tea_1", "TEA_1" }, { "[a]", "[A]" },
		{ "\u01C4", "Dz\u030C" }, { "\u01C6", "Dz\u030C" }, { "\u00FC", "U\u0308" },
		{ "u\u0308", "U\u0308" }, { "\u00DF", "\u00DF" }, { "\uFB01", "fi" },
		{ "\uFF54", "T" }, { "a\u0301\u0323", "A\u0323\u0301" }, { "\xff", "\uFFFD" },
		{ "\u00E9\u0323", "E\u0323\u0301" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;

		buf_init(&out, 100);
		assert_true(charset_casemap(&out, slice_of(rows[i].in)));
		if (!slice_is(buf_slice(&out), rows[i].out))
			fail_msg("%s: %.*s", rows[i].in, (int)out.len, out.data);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds),
		cmocka_unit_test(casemaps),
		cmocka_unit_test(composes),
		cmocka_unit_test(out_is_full),
		cmocka_unit_test(linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
