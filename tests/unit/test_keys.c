/* The keys of a header: what goes in comes out, in the form in which it is compared. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/mem.h"
#include "mime/keys.h"
#include "mime/message_id.h"

static struct buf packed;

static struct mime_keys keys_of(const char *header)
{
	struct mime_keys k;

	buf_init(&packed, KEYS_MAX);
	assert_true(mime_keys_write(&packed, slice_of(header)));
	assert_true(mime_keys_read(&k, buf_slice(&packed)));
	return k;
}

static void text_is(const struct mime_keys *k, enum keys_text which, const char *want)
{
	if (!slice_is(k->texts[which], want))
		fail_msg("%d: \"%.*s\" not \"%s\"", which, (int)k->texts[which].len,
			 k->texts[which].at, want);
}

static uint64_t id_of(const char *text)
{
	struct slice rest = slice_of(text);
	uint64_t id = 0;

	assert_true(message_id_next(&rest, &id));
	return id;
}

static void all(void **state)
{
	struct mime_keys k = keys_of(
		"Date: Sun, 31 Dec 2000 16:01:33 -0800\r\n"
		"From: =?UTF-8?Q?J=C3=BCrgen?= Smith <Juergen@one.example>, x@y\r\n"
		"To: \"Jane\" <jane@two.example>\r\nCc: list@three.example\r\n"
		"Subject: [tea] Re: =?ISO-8859-1?Q?Gr=FC=DFe?= (fwd)\r\n"
		"Message-ID: <1@one.example>\r\n"
		"In-Reply-To: <9@one.example>\r\n"
		"References: <7@one.example>\r\n <8@one.example>\r\nFrom: second@x\r\n\r\n");

	(void)state;
	assert_true(k.has_date);
	assert_true(k.sent == 978307293);        /* RFC 5256 2.2's example */
	assert_true(k.day == 11322);             /* 31-Dec-2000, as written */
	assert_true(k.reply);
	assert_true(k.id == id_of("<1@one.example>"));
	assert_int_equal(k.reference_count, 2);
	assert_true(k.references[0] == id_of("<7@one.example>"));
	assert_true(k.references[1] == id_of("<8@one.example>"));
	text_is(&k, KEYS_SUBJECT, "GRU\xCC\x88\xC3\x9F" "E");
	text_is(&k, KEYS_FROM, "JUERGEN");
	text_is(&k, KEYS_TO, "JANE");
	text_is(&k, KEYS_CC, "LIST");
	text_is(&k, KEYS_DISPLAY_FROM, "JU\xCC\x88RGEN SMITH");
	text_is(&k, KEYS_DISPLAY_TO, "JANE");
	buf_release(&packed);
}

static void nothing(void **state)
{
	struct mime_keys k = keys_of("X: y\r\n\r\nDate: Sun, 31 Dec 2000 16:01:33 -0800\r\n");

	(void)state;
	assert_false(k.has_date || k.reply || k.id || k.reference_count);
	for (int i = 0; i < KEYS_TEXTS; i++)
		text_is(&k, (enum keys_text)i, "");
	buf_release(&packed);
}

/* RFC 5256 2.2. */
static void dates(void **state)
{
	static const struct { const char *date; int64_t sent; } rows[] = {
		{ "1 Jan 2001 00:01:33 +0000", 978307293 },
		{ "1 Jan 2001 00:01:33 nonsense", 978307293 },
		{ "1 Jan 2001 25:61:00 +0100", 978307200 },
		{ "1 Jan 2001", 978307200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *header = mem_printf("Date: %s\n\n", rows[i].date);
		struct mime_keys k = keys_of(header);

		if (!k.has_date || k.sent != rows[i].sent)
			fail_msg("%s: %lld", rows[i].date, (long long)k.sent);
		free(header);
		buf_release(&packed);
	}
	assert_false(keys_of("Date: 31 Feb 2001 00:00:00 +0000\n\n").has_date);
	buf_release(&packed);
}

/* RFC 5256 3: which references. */
static void references(void **state)
{
	struct mime_keys k = keys_of("References: none\nIn-Reply-To: x <a@b> <c@d>\n\n");

	(void)state;
	assert_int_equal(k.reference_count, 1);
	assert_true(k.references[0] == id_of("<a@b>"));
	buf_release(&packed);
	k = keys_of("In-Reply-To: Monday's\n\n");
	assert_int_equal(k.reference_count, 0);
	buf_release(&packed);
}

static void too_many_references(void **state)
{
	struct buf header;
	struct mime_keys k;

	(void)state;
	buf_init(&header, 100000);
	buf_add_text(&header, "References:");
	for (int i = 0; i < 2000; i++)
		buf_printf(&header, " <%d@x>", i);
	buf_add_text(&header, "\n\n");
	buf_add_byte(&header, '\0');
	k = keys_of(header.data);
	assert_int_equal(k.reference_count, KEYS_REFERENCES_MAX);
	assert_true(k.references[0] == id_of("<0@x>"));
	assert_true(k.references[1] == id_of("<1901@x>"));
	assert_true(k.references[KEYS_REFERENCES_MAX - 1] == id_of("<1999@x>"));
	buf_release(&packed);
	buf_release(&header);
}

/* RFC 5957 3; RFC 3501 7.4.2 on groups. */
static void displays(void **state)
{
	static const struct { const char *from, *mailbox, *display; } rows[] = {
		{ "joe@x.example", "JOE", "JOE@X.EXAMPLE" },
		{ "\"\" <joe@x.example>", "JOE", "JOE@X.EXAMPLE" },
		{ "joe@x.example (Joe C.)", "JOE", "JOE C." },
		{ "root", "ROOT", "ROOT" },
		{ "Friends: a@b, c@d;", "FRIENDS", "FRIENDS" },
		{ "<>", "", "" }, { "", "", "" }, { ",, a@b", "A", "A@B" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *header = mem_printf("From: %s\nTo: %s\n\n", rows[i].from, rows[i].from);
		struct mime_keys k = keys_of(header);

		text_is(&k, KEYS_FROM, rows[i].mailbox);
		text_is(&k, KEYS_DISPLAY_FROM, rows[i].display);
		text_is(&k, KEYS_TO, rows[i].mailbox);
		text_is(&k, KEYS_DISPLAY_TO, rows[i].display);
		free(header);
		buf_release(&packed);
	}
}

static void subject_key(const char *subject, struct buf *out)
{
	char *header = mem_printf("Subject: %s\n\n", subject);
	struct mime_keys k = keys_of(header);

	buf_init(out, KEYS_TEXT_MAX);
	buf_add(out, k.texts[KEYS_SUBJECT]);
	buf_add_byte(out, '\0');
	free(header);
	buf_release(&packed);
}

/* The example of RFC 5255 4.6, without the order within what is broken. */
static void broken_is_last(void **state)
{
	static const char *const order[] = {
		"=?KOI8-R?Q?=E1=CC=C5=CB=D3=C5=CA?=",
		"=?UTF-8?Q?=D1=81=D0=95=D0=A0=D0=93=D0=95=D0=99?=",
		"=?UTF-8?Q?=D0=92=D0=B0=D1=81=D0=B8=D0=BB=D0=B8=FF=B9?=",
		"=?UTF-8?Q?=D0=C0=D0=BD=D0=B4=D1=80=D0=B5=D0=B9?=",
	};
	struct buf last, key;

	(void)state;
	subject_key("", &last);
	for (size_t i = 0; i < 4; i++) {
		subject_key(order[i], &key);
		assert_true(strcmp(last.data, key.data) < 0);
		buf_release(&last);
		last = key;
	}
	buf_release(&last);
}

static void long_ones(void **state)
{
	struct buf header;
	struct mime_keys k;

	(void)state;
	buf_init(&header, 3000000);
	buf_add_text(&header, "Subject: ");
	for (int i = 0; i < 100000; i++)
		buf_add_text(&header, "\xEF\xB7\xBA");           /* 18 characters each */
	buf_add_text(&header, "\nFrom: ");
	for (int i = 0; i < 200000; i++)
		buf_add_text(&header, "a@b, ");
	buf_add_byte(&header, '\n');
	buf_add_byte(&header, '\0');
	k = keys_of(header.data);
	assert_int_equal(k.texts[KEYS_SUBJECT].len, KEYS_TEXT_MAX);
	text_is(&k, KEYS_FROM, "A");
	buf_release(&packed);
	buf_release(&header);
}

static void not_keys(void **state)
{
	struct mime_keys k = keys_of("Subject: tea\nMessage-ID: <a@b>\nReferences: <c@d>\n\n");
	char *copy = mem_bytes(packed.data, packed.len);

	(void)state;
	for (size_t len = 0; len < packed.len; len++)
		assert_false(mime_keys_read(&k, slice_make(copy, len)));
	copy[0]++;
	assert_false(mime_keys_read(&k, slice_make(copy, packed.len)));
	free(copy);
	buf_release(&packed);
	buf_init(&packed, 20);
	assert_false(mime_keys_write(&packed, SLICE("Subject: tea\n\n")));
	buf_release(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all),
		cmocka_unit_test(nothing),
		cmocka_unit_test(dates),
		cmocka_unit_test(references),
		cmocka_unit_test(too_many_references),
		cmocka_unit_test(displays),
		cmocka_unit_test(broken_is_last),
		cmocka_unit_test(long_ones),
		cmocka_unit_test(not_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
