/* What a message is shown as in a list. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "mime/preview.h"

static ssize_t read_text(void *ctx, uint64_t at, void *out, size_t len)
{
	struct slice rest = slice_from(*(struct slice *)ctx, (size_t)at), piece;

	/* Cut anywhere. */
	piece = slice_head(rest, len < 7 ? len : 7);
	if (piece.len)
		memcpy(out, piece.at, piece.len);
	return (ssize_t)piece.len;
}

static void check(struct slice message, const char *expected)
{
	struct arena *a = mime_arena_new();
	struct buf out;

	buf_init(&out, 4 * PREVIEW_CHARACTERS);
	assert_true(mime_preview(&out, mime_scan(a, message, &mime_default_limits), read_text,
				 &message));
	assert_true(text_is_utf8(buf_slice(&out)));
	if (expected) {
		buf_add_byte(&out, '\0');
		assert_string_equal(out.data, expected);
	}
	buf_release(&out);
	arena_free(a);
}

#define HTML "Content-Type: text/html\n\n"
#define MULTI "Content-Type: multipart/mixed; boundary=b\n\n"

static void texts(void **state)
{
	static const struct { const char *message, *preview; } cases[] = {
		{ "", "" }, { "\n", "" }, { "a: b\n\n \r\n\t\n", "" },
		{ "a: b\n\none  two\r\n\r\n three\n", "one two three" },
		/* quotes and what announces them, a signature */
		{ "a: b\n\n> said\n> more\n\nMy answer.\n-- \nFred\n", "My answer." },
		{ "a: b\n\nOn Monday Ann wrote:\n\n> said\n\nYes.\n", "Yes." },
		{ "a: b\n\nDear all:\nHi.\n", "Dear all: Hi." },
		{ "a: b\n\n> only\n> this\n", "> only > this" },
		{ "a: b\n\n-----BEGIN PGP MESSAGE-----\nhQEM\n", "" },
		/* encodings and charsets */
		{ "Content-Transfer-Encoding: base64\n\naGVsbG8gdGhlcmU=\n", "hello there" },
		{ "Content-Type: text/plain; charset=iso-8859-1\n"
		  "Content-Transfer-Encoding: quoted-printable\n\ncaf=E9=20=\nau lait\n",
		  "caf\xc3\xa9 au lait" },
		/* the first plain text, or else HTML */
		{ MULTI "--b\n" HTML "<p>html</p>\n--b\nContent-Type: text/plain\n\nplain\n--b--\n",
		  "plain" },
		{ MULTI "--b\nContent-Type: text/plain\n\n \n--b\n" HTML "<p>html</p>\n--b--\n", "html" },
		{ MULTI "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nlog\n"
		  "--b\n" HTML "<head><style>x</style></head><b>h</b>i<br>there\n--b--\n", "hi there" },
		{ "Content-Type: image/png\n\nabc\n", "" },
		/* what nobody sees */
		{ HTML "&zwnj;&nbsp;&#8203;&#xFEFF; &shy;Sale&#847;&zwnj; today", "Sale today" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(slice_of(cases[i].message), cases[i].preview);
	check(SLICE("a: b\n\nx\0y\x01z\n"), "xyz");
}

static void ends_in_time(void **state)
{
	char expected[PREVIEW_CHARACTERS * 2 + 1] = "";
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_add_text(&text, "Content-Type: text/plain; charset=utf-8\n\n");
	for (int i = 0; i < 3000; i++)
		buf_add_text(&text, "\xc3\xbc");
	for (int i = 0; i < PREVIEW_CHARACTERS; i++)
		strncat(expected, "\xc3\xbc", 3);
	check(buf_slice(&text), expected);
	buf_clear(&text);
	buf_add_text(&text, "a: b\n\n");
	for (int i = 0; i < 300; i++)
		buf_add_text(&text, "a ");
	check(buf_slice(&text), NULL);
	buf_release(&text);
}

/* What he says stands behind more of what was said than is read at first. */
static void far_down(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_add_text(&text, "a: b\n\nOn Monday Ann wrote:\n");
	for (int i = 0; i < 200; i++)
		buf_add_text(&text, "> said long ago\n");
	buf_add_text(&text, "Yes.\n");
	check(buf_slice(&text), "Yes.");
	buf_clear(&text);
	buf_add_text(&text, HTML "<style>");
	for (int i = 0; i < 1000; i++)
		buf_add_text(&text, ".a { color: red }\n");
	buf_add_text(&text, "</style><p>Hello");
	check(buf_slice(&text), "Hello");
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(ends_in_time),
		cmocka_unit_test(far_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
