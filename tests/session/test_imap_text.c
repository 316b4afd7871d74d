/* Strings and mailbox names as they go out. */
#include "imap_world.h"

#include "../../src/imap/session.h"

static void strings(void **state)
{
	static const struct { const char *text, *out; } cases[] = {
		{ "", "\"\"" }, { "a b", "\"a b\"" }, { "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\r\nb", "{4}\r\na\r\nb" }, { "a\nb", "{3}\r\na\nb" },
		{ "\xc3\xbc", "{2}\r\n\xc3\xbc" }, { "\t", "\"\t\"" },
	};
	struct buf out;
	char *large = mem_alloc(1026);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&out, 100);
		assert_true(imap_string_text(&out, slice_of(cases[i].text)));
		assert_true(slice_is(buf_slice(&out), cases[i].out));
		buf_release(&out);
	}
	memset(large, 'x', 1025);
	buf_init(&out, 2000);
	assert_true(imap_string_text(&out, slice_of(large)));
	assert_true(slice_starts_nocase(buf_slice(&out), "{1025}\r\nxxx"));
	buf_release(&out);
	buf_init(&out, 10);
	assert_true(imap_string_text(&out, SLICE("12345678")));
	buf_clear(&out);
	assert_false(imap_string_text(&out, SLICE("123456789")));
	buf_release(&out);
	buf_init(&out, 100);
	assert_true(imap_string_text(&out, SLICE("a\0b")));
	assert_true(slice_equal(buf_slice(&out), SLICE("{3}\r\na\0b")));
	buf_release(&out);
	free(large);
}

static void mailbox_names(void **state)
{
	static const struct { const char *name, *utf7, *utf8; } cases[] = {
		{ "INBOX", "INBOX", "INBOX" }, { "a/b.c", "a/b.c", "a/b.c" },
		{ "a b", "\"a b\"", "\"a b\"" }, { "NIL", "\"NIL\"", "\"NIL\"" },
		{ "R&D", "R&-D", "R&D" }, { "a\"b", "\"a\\\"b\"", "\"a\\\"b\"" },
		{ "\xc3\xbc", "&APw-", "\"\xc3\xbc\"" }, { "50%", "\"50%\"", "\"50%\"" },
		{ "(x)", "\"(x)\"", "\"(x)\"" },
	};
	struct imap_session s = { .enabled = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int utf8 = 0; utf8 < 2; utf8++) {
			struct buf out;

			s.enabled = utf8 ? IMAP_UTF8 : 0;
			buf_init(&out, 100);
			assert_true(imap_mailbox_text(&out, &s, cases[i].name));
			assert_true(slice_is(buf_slice(&out), utf8 ? cases[i].utf8 : cases[i].utf7));
			buf_release(&out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(mailbox_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
