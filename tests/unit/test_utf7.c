#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/utf7.h"

static const struct { const char *utf7, *utf8; } pairs[] = {
	{ "", "" }, { "INBOX", "INBOX" }, { "&-", "&" }, { "R&-D", "R&D" }, { "&-&-", "&&" },
	{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
	/* RFC 3501 5.1.3's own */
	{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	  "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "&Jjo-!", "\xe2\x98\xba!" },
	{ "&U,BTF2XlZyyKng-", "\xe5\x8f\xb0\xe5\x8c\x97\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "&2D3eAA-", "\xf0\x9f\x98\x80" },
	{ "&AOk-&-", "\xc3\xa9&" },
	{ "&AAk-", "\t" }, { "&AH8-", "\x7f" }, { "&2,,f,w-", "\xf4\x8f\xbf\xbf" },
	{ "a&AOkA6gDr-b", "a\xc3\xa9\xc3\xaa\xc3\xab" "b" },
};

static void both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct buf out;

		buf_init(&out, 1000);
		assert_true(utf7_decode(&out, slice_of(pairs[i].utf7)));
		assert_true(slice_is(buf_slice(&out), pairs[i].utf8));
		buf_clear(&out);
		assert_true(utf7_encode(&out, slice_of(pairs[i].utf8)));
		assert_true(slice_is(buf_slice(&out), pairs[i].utf7));
		buf_release(&out);
	}
}

static void refused(void **state)
{
	static const char *const cases[] = {
		"&", "a&b", "&Jjo", "&Jjo!", "&AOk",
		"&U,BTFw-&ZeVnLIqe-",            /* a superfluous shift */
		"&AEE-",                         /* "A" can stand for itself */
		"&AOkAQQ-", "&ACY-",
		"&AOl-",                         /* padding bits */
		"&AOkA-",                        /* a base64 letter too many */
		"&AO-", "&A-",
		"&2D0-", "&3gA-", "&2D0AQQ-", "&2D3YPQ-",    /* lone surrogates */
		"&A/k-", "&AOk=-", "\xc3\xa9", "\x80", "\t", "\x7f", "a\nb",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;

		buf_init(&out, 1000);
		if (utf7_decode(&out, slice_of(cases[i])))
			fail_msg("%s was accepted", cases[i]);
		buf_release(&out);
	}
}

static void not_utf8(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_false(utf7_encode(&out, SLICE("\xff")));
	assert_false(utf7_encode(&out, SLICE("a\xc3")));
	assert_false(utf7_encode(&out, SLICE("\xed\xa0\x80")));
	buf_release(&out);
}

static void full(void **state)
{
	struct buf out;

	(void)state;
	for (size_t max = 0; max < 8; max++) {
		buf_init(&out, max);
		assert_false(utf7_encode(&out, SLICE("\xc3\xa9" "abc")));
		buf_release(&out);
	}
	for (size_t max = 0; max < 5; max++) {
		buf_init(&out, max);
		assert_false(utf7_decode(&out, SLICE("&AOk-abc")));
		buf_release(&out);
	}
}

/* Every pair of bytes after a shift: either refused, or one spelling only. */
static void one_spelling_each(void **state)
{
	char text[] = "&Axx-";
	unsigned accepted = 0;

	(void)state;
	for (int a = 1; a < 256; a++) {
		for (int b = 1; b < 256; b++) {
			struct buf name, again;

			text[2] = (char)a;
			text[3] = (char)b;
			buf_init(&name, 100);
			buf_init(&again, 100);
			if (utf7_decode(&name, slice_of(text))) {
				accepted++;
				assert_true(utf7_encode(&again, buf_slice(&name)));
				assert_true(slice_is(buf_slice(&again), text));
			}
			buf_release(&name);
			buf_release(&again);
		}
	}
	assert_true(accepted > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(refused),
		cmocka_unit_test(not_utf8),
		cmocka_unit_test(full),
		cmocka_unit_test(one_spelling_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
