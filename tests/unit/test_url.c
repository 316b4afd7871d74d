/* IMAP URLs of messages (RFC 5092), as CATENATE may name them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../../src/imap/url.h"

static void good_ones(void **state)
{
	static const struct {
		const char *url, *mailbox;
		uint32_t validity, uid;
		bool partial;
		uint64_t start, count;
		const char *section;
	} cases[] = {
		{ "/INBOX;UIDVALIDITY=7/;UID=8", "INBOX", 7, 8, false, 0, 0, "[]" },
		{ "/INBOX/;uid=8", "INBOX", 0, 8, false, 0, 0, "[]" },
		{ "/a/b%20c/%C3%BC/;UID=4294967295/;SECTION=1.2.MIME", "a/b c/\xc3\xbc", 0, UINT32_MAX,
		  false, 0, 0, "[1.2.MIME]" },
		{ ";UID=3/;section=HEADER.FIELDS%20(To%20From)/;partial=2.5", NULL, 0, 3, true, 2, 5,
		  "[HEADER.FIELDS (To From)]" },
		{ "/x/;UID=1/;PARTIAL=9", "x", 0, 1, true, 9, INT64_MAX, "[]" },
		{ "/a/./b/../c;UIDVALIDITY=1/;UID=1", "a/c", 1, 1, false, 0, 0, "[]" },
		{ "/%2e%2E/x/;UID=1", "x", 0, 1, false, 0, 0, "[]" },
		{ "/a%3Bb/;UID=1", "a;b", 0, 1, false, 0, 0, "[]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *a = arena_new(1 << 16);
		struct imap_url u;
		struct buf section;

		if (!imap_url_parse(&u, slice_of(cases[i].url), a))
			fail_msg("%s", cases[i].url);
		if (cases[i].mailbox)
			assert_string_equal(u.mailbox, cases[i].mailbox);
		else
			assert_null(u.mailbox);
		assert_int_equal(u.uid_validity, cases[i].validity);
		assert_int_equal(u.uid, cases[i].uid);
		assert_int_equal(u.partial, cases[i].partial);
		assert_int_equal(u.start, cases[i].start);
		assert_int_equal(u.count, cases[i].count);
		buf_init(&section, 1000);
		section_print(&section, &u.section);
		buf_add_byte(&section, '\0');
		assert_string_equal(section.data, cases[i].section);
		buf_release(&section);
		arena_free(a);
	}
}

/* Nothing is read past the end, wherever it is. */
static void every_end(void **state)
{
	static const char url[] = "/a%20b/../c;UIDVALIDITY=12/;UID=34/;SECTION=1.MIME/;PARTIAL=5.6";

	(void)state;
	for (size_t n = 0; n < sizeof(url); n++) {
		struct arena *a = arena_new(1 << 16);
		char *cut = arena_string(a, slice_make(url, n));
		struct imap_url u;

		(void)imap_url_parse(&u, slice_make(cut, n), a);
		for (size_t i = 0; i < n; i++) {
			char was = cut[i];

			for (const char *c = "%;/\\]\x01\xff"; *c; c++) {
				struct arena *b = arena_new(1 << 16);

				cut[i] = *c;
				(void)imap_url_parse(&u, slice_make(cut, n), b);
				arena_free(b);
			}
			cut[i] = was;
		}
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(every_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
