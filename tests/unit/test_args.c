#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/imap/args.h"

/* Each input lies in memory of its exact size, so that a sanitizer sees a reader
 * that goes past it. */
struct input {
	struct imap_args args;
	char *copy;
};

static void setup(struct input *in, const char *text, size_t len)
{
	in->copy = malloc(len ? len : 1);
	memcpy(in->copy, text, len);
	in->args = (struct imap_args){ .rest = slice_make(in->copy, len),
				       .arena = arena_new(1 << 20) };
}

static void teardown(struct input *in)
{
	arena_free(in->args.arena);
	free(in->copy);
}

typedef bool string_fn(struct imap_args *a, struct slice *out);

struct string_case {
	string_fn *read;
	const char *text;
	const char *result;              /* NULL: refused */
	const char *rest;
};

static const struct string_case string_cases[] = {
	{ args_atom, "INBOX x", "INBOX", " x" },
	{ args_atom, "+FLAGS.SILENT (", "+FLAGS.SILENT", " (" },
	{ args_atom, "a]b", "a", "]b" },
	{ args_atom, "", NULL, "" },
	{ args_atom, " a", NULL, " a" },
	{ args_atom, "(a", NULL, "(a" },
	{ args_atom, "\\Seen", NULL, "\\Seen" },
	{ args_atom, "a%", "a", "%" },
	{ args_atom, "\xc3\xa4", NULL, "\xc3\xa4" },
	{ args_atom, "a\x7f", "a", "\x7f" },
	{ args_string, "\"\" x", "", " x" },
	{ args_string, "\"a b\"", "a b", "" },
	{ args_string, "\"a\\\"b\\\\c\"x", "a\"b\\c", "x" },
	{ args_string, "\"a\\b\"", NULL, "\"a\\b\"" },
	{ args_string, "\"a", NULL, "\"a" },
	{ args_string, "\"a\\", NULL, "\"a\\" },
	{ args_string, "\"a\\\"", NULL, "\"a\\\"" },
	{ args_string, "\"a\r\nb\"", NULL, "\"a\r\nb\"" },
	{ args_string, "atom", NULL, "atom" },
	{ args_string, "{3}\r\nabcdef", "abc", "def" },
	{ args_string, "{3+}\r\na\r\n x", "a\r\n", " x" },
	{ args_string, "{0}\r\n", "", "" },
	{ args_string, "{4}\r\nabc", NULL, "{4}\r\nabc" },
	{ args_string, "{3}\nabc", NULL, "{3}\nabc" },
	{ args_string, "{3}abc", NULL, "{3}abc" },
	{ args_string, "{}\r\nabc", NULL, "{}\r\nabc" },
	{ args_string, "{99999999999999999999999}\r\nabc", NULL,
	  "{99999999999999999999999}\r\nabc" },
	{ args_string, "{3} x {3}\r\nabc", NULL, "{3} x {3}\r\nabc" },
	{ args_astring, "a]b c", "a]b", " c" },
	{ args_astring, "\"NIL\"", "NIL", "" },
	{ args_astring, "NIL", "NIL", "" },
	{ args_astring, ")", NULL, ")" },
	{ args_nstring, "nil)", NULL, ")" },
	{ args_nstring, "\"x\")", "x", ")" },
	{ args_list_string, "a%/*]b c", "a%/*]b", " c" },
	{ args_list_string, "\"\"", "", "" },
	{ args_list_string, "(", NULL, "(" },
};

static void strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(string_cases) / sizeof(string_cases[0]); i++) {
		const struct string_case *c = &string_cases[i];
		struct slice out = { "unset", 5 };
		struct input in;
		bool nil = c->read == args_nstring && !c->result;

		setup(&in, c->text, strlen(c->text));
		assert_int_equal(c->read(&in.args, &out), c->result != NULL || nil);
		if (c->result)
			assert_true(slice_is(out, c->result));
		if (nil)
			assert_null(out.at);
		if (!c->result && !nil)
			assert_non_null(in.args.wanted);
		if (c->result || nil)
			assert_true(slice_is(in.args.rest, c->rest));
		teardown(&in);
	}
}

static void numbers(void **state)
{
	static const struct { const char *text; bool good; uint32_t value; } cases[] = {
		{ "0", true, 0 }, { "4294967295 x", true, UINT32_MAX },
		{ "4294967296", false, 0 }, { "", false, 0 }, { "-1", false, 0 },
		{ "99999999999999999999999999", false, 0 }, { "x", false, 0 },
	};
	uint64_t large;
	struct input in;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t value = 0;

		setup(&in, cases[i].text, strlen(cases[i].text));
		assert_int_equal(args_number(&in.args, &value), cases[i].good);
		assert_int_equal(value, cases[i].value);
		teardown(&in);
	}
	setup(&in, "9223372036854775807", 19);
	assert_true(args_number64(&in.args, &large));
	assert_true(large == INT64_MAX);
	teardown(&in);
	setup(&in, "9223372036854775808", 19);
	assert_false(args_number64(&in.args, &large));
	teardown(&in);
}

static void words(void **state)
{
	struct input in;

	(void)state;
	setup(&in, "uid FETCHx", 10);
	assert_false(args_word(&in.args, "UI"));
	assert_false(args_word(&in.args, "UIDS"));
	assert_true(args_word(&in.args, "UID"));
	assert_false(args_space(&in.args) && args_word(&in.args, "FETCH"));
	assert_string_equal(in.args.wanted, "FETCH");
	assert_true(args_word(&in.args, "FETCHX"));
	assert_true(args_end(&in.args));
	assert_false(args_peek(&in.args, 'x'));
	assert_false(args_char(&in.args, 'x'));
	teardown(&in);
}

static void mailboxes(void **state)
{
	static const struct { const char *text, *name; } cases[] = {
		{ "inbox", "INBOX" }, { "\"InBoX\"", "INBOX" }, { "{5}\r\niNBOX", "INBOX" },
		{ "INBOX/a", "INBOX/a" }, { "Sent", "Sent" }, { "\"a b\"", "a b" },
		{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" }, { "R&-D", "R&D" },
		/* What is no modified UTF-7 is no name. */
		{ "R&D", "" }, { "&Jjo!", "" }, { "&AEE-", "" }, { "\"\xc3\xbc\"", "" },
		{ "&AAA-", "" }, { "\"\"", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = NULL;
		struct input in;

		setup(&in, cases[i].text, strlen(cases[i].text));
		assert_true(args_mailbox(&in.args, &name));
		assert_string_equal(name, cases[i].name);
		assert_true(args_end(&in.args));
		teardown(&in);
	}
}

static void mailbox_in_utf8(void **state)
{
	const char *name = NULL;
	struct input in;

	(void)state;
	setup(&in, "\"\xc3\xbc&APw-\"", 9);
	in.args.utf8 = true;
	assert_true(args_mailbox(&in.args, &name));
	assert_string_equal(name, "\xc3\xbc&APw-");
	teardown(&in);
}

static void flags(void **state)
{
	static const struct {
		const char *text;
		bool bare, good;
		unsigned flags;
		const char *keywords;
	} cases[] = {
		{ "(\\Seen \\deleted)", false, true, MESSAGE_SEEN | MESSAGE_DELETED, "" },
		{ "()", false, true, 0, "" },
		{ "()", true, true, 0, "" },
		{ "\\Flagged $Junk NonJunk", true, true, MESSAGE_FLAGGED, "$Junk,NonJunk," },
		{ "($Forwarded \\Answered \\Draft)", true, true,
		  MESSAGE_ANSWERED | MESSAGE_DRAFT, "$Forwarded," },
		{ "\\Seen", false, false, 0, "" },
		{ "(\\Recent)", false, false, 0, "" },
		{ "(\\Foo)", false, false, 0, "" },
		{ "(\\)", false, false, 0, "" },
		{ "(\\Seen", false, false, 0, "" },
		{ "(\\Seen  a)", false, false, 0, "" },
		{ "( )", false, false, 0, "" },
		{ "", true, false, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct imap_flags out;
		char all[100] = "";
		struct input in;

		setup(&in, cases[i].text, strlen(cases[i].text));
		assert_int_equal(args_flags(&in.args, cases[i].bare, &out), cases[i].good);
		if (cases[i].good) {
			assert_int_equal(out.flags, cases[i].flags);
			for (size_t k = 0; k < out.keyword_count; k++) {
				strncat(all, out.keywords[k], 40);
				strncat(all, ",", 2);
			}
			assert_string_equal(all, cases[i].keywords);
			assert_true(args_end(&in.args));
		}
		teardown(&in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(numbers),
		cmocka_unit_test(words),
		cmocka_unit_test(mailboxes),
		cmocka_unit_test(mailbox_in_utf8),
		cmocka_unit_test(flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
