/* Line ends: every text of a few bytes, cut at every place, against the rule said plainly. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/lines.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_lf(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" }, { "a", "a" }, { "a\r\nb", "a\nb" }, { "a\r\r\nb", "a\nb" },
		{ "a\nb", "a\nb" }, { "a\rb", "a\rb" }, { "\r", "\r" },
		{ "\r\r", "\r\r" }, { "\r\r\r\n", "\r\n" }, { "\r\n\r\n", "\n\n" },
		{ "\r\r\r", "\r\r\r" }, { "\r\ra", "\r\ra" }, { "\n\r\n", "\n\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lf_form f = { 0 };
		struct buf out;

		buf_init(&out, 100);
		assert_true(lf_form_add(&f, &out, slice_of(cases[i].in)));
		assert_true(lf_form_end(&f, &out));
		assert_int_equal(out.len, strlen(cases[i].out));
		if (out.len)
			assert_memory_equal(out.data, cases[i].out, out.len);
		buf_release(&out);
	}
}

static void test_crlf(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" }, { "a\nb", "a\r\nb" }, { "a\r\nb", "a\r\nb" },
		{ "\n\n", "\r\n\r\n" }, { "\r", "\r" }, { "\r\r\n", "\r\r\n" },
		{ "a\rb\n", "a\rb\r\n" }, { "\r\n\n", "\r\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct crlf_form f = { 0 };
		struct buf out;

		buf_init(&out, 100);
		assert_true(crlf_form_add(&f, &out, slice_of(cases[i].in)));
		assert_int_equal(out.len, strlen(cases[i].out));
		if (out.len)
			assert_memory_equal(out.data, cases[i].out, out.len);
		buf_release(&out);
	}
}

/* The rules byte by byte, with the whole text in sight. */
static size_t plain_lf(const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (in[i] == '\r' && i + 1 < len && in[i + 1] == '\n')
			continue;
		if (in[i] == '\r' && i + 2 < len && in[i + 1] == '\r' && in[i + 2] == '\n')
			continue;
		out[n++] = in[i];
	}
	return n;
}

static size_t plain_crlf(const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (in[i] == '\n' && (i == 0 || in[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = in[i];
	}
	return n;
}

static void try_lf(const char *in, size_t len, size_t a, size_t b)
{
	struct slice s = { in, len };
	struct lf_form f = { 0 };
	char want[32];
	struct buf out;

	buf_init(&out, 100);
	assert_true(lf_form_add(&f, &out, slice_head(s, a)));
	assert_true(lf_form_add(&f, &out, slice_make(in + a, b - a)));
	assert_true(lf_form_add(&f, &out, slice_from(s, b)));
	assert_true(lf_form_end(&f, &out));
	assert_int_equal(out.len, plain_lf(in, len, want));
	if (out.len)
		assert_memory_equal(out.data, want, out.len);
	buf_release(&out);
}

static void try_crlf(const char *in, size_t len, size_t a, size_t b)
{
	struct slice s = { in, len };
	struct crlf_form f = { 0 }, g = { 0 };
	char want[32];
	struct buf out;
	uint64_t count;

	buf_init(&out, 100);
	assert_true(crlf_form_add(&f, &out, slice_head(s, a)));
	assert_true(crlf_form_add(&f, &out, slice_make(in + a, b - a)));
	assert_true(crlf_form_add(&f, &out, slice_from(s, b)));
	count = crlf_form_count(&g, slice_head(s, a));
	count += crlf_form_count(&g, slice_make(in + a, b - a));
	count += crlf_form_count(&g, slice_from(s, b));
	assert_int_equal(out.len, plain_crlf(in, len, want));
	assert_int_equal(count, out.len);
	if (out.len)
		assert_memory_equal(out.data, want, out.len);
	buf_release(&out);
}

static void test_every_text_and_split(void **state)
{
	enum { LEN = 7 };

	(void)state;
	for (size_t len = 0; len <= LEN; len++) {
		size_t texts = 1;

		for (size_t i = 0; i < len; i++)
			texts *= 3;
		for (size_t t = 0; t < texts; t++) {
			char in[LEN + 1];

			for (size_t i = 0, x = t; i < len; i++, x /= 3)
				in[i] = "x\r\n"[x % 3];
			for (size_t a = 0; a <= len; a++)
				for (size_t b = a; b <= len; b++) {
					try_lf(in, len, a, b);
					try_crlf(in, len, a, b);
				}
		}
	}
}

static void test_full(void **state)
{
	struct lf_form lf = { 0 };
	struct crlf_form crlf = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 3);
	assert_false(crlf_form_add(&crlf, &out, SLICE("a\nb\n")));
	assert_true(out.overflow);
	buf_clear(&out);
	assert_false(lf_form_add(&lf, &out, SLICE("a\r\nb\r\nc\r\n")));
	assert_true(out.overflow);
	buf_clear(&out);
	lf.cr = 0;
	assert_true(lf_form_add(&lf, &out, SLICE("abc\r")));
	assert_false(lf_form_end(&lf, &out));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lf),
		cmocka_unit_test(test_crlf),
		cmocka_unit_test(test_every_text_and_split),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
