#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "mime/search_text.h"

static ssize_t read_slice(void *ctx, uint64_t at, void *out, size_t len)
{
	struct slice piece = slice_head(slice_from(*(struct slice *)ctx, at), len);

	if (piece.len)
		memcpy(out, piece.at, piece.len);
	return (ssize_t)piece.len;
}

static ssize_t read_nothing(void *ctx, uint64_t at, void *out, size_t len)
{
	(void)ctx;
	(void)at;
	(void)out;
	(void)len;
	return -1;
}

/* "[H name|value]" for a field of the message, "[h text]" and "[b text]" for what TEXT
 * and BODY see; a piece that goes on stands behind the one before. */
static void write_piece(void *ctx, const struct search_piece *p)
{
	struct buf *out = ctx;

	if (!p->begins && out->len)
		out->len--;
	else
		buf_printf(out, "[%c ", p->name.len ? 'H' : p->body ? 'b' : 'h');
	if (p->name.len) {
		buf_add(out, p->name);
		buf_add_byte(out, '|');
		buf_add(out, p->value);
	} else {
		buf_add(out, p->text);
	}
	buf_add_byte(out, ']');
}

static char *texts_of(struct slice message, search_read_fn *read, bool *failed)
{
	struct arena *arena = mime_arena_new();
	struct search_text x;
	struct buf out;

	buf_init(&out, 1 << 20);
	search_text_init(&x);
	search_text_begin(&x, mime_scan(arena, message, &mime_default_limits), read, &message,
			  write_piece, &out);
	while (search_text_step(&x))
		;
	*failed = x.failed;
	search_text_release(&x);
	arena_free(arena);
	return buf_take_string(&out);
}

static void test_texts(void **state)
{
	static const struct { const char *message, *want; } rows[] = {
		{ "Subject: =?utf-8?q?=C3=84_B?=\n  C\nX-A:1\n\nBody\n",
		  "[H subject|a\xCC\x88 b  c][H x-a|1][b body\n]" },
		{ "A: b\nno field\nC: d\nlast\n\n", "[H a|b][h no field\n][H c|d][h last\n\n]" },
		{ "X: =?utf-8?q?_y?=\n\n", "[H x| y]" },
		{ "Content-Type: text/html\n\n<p>A&amp;B</p>C<b>D</b>E\n",
		  "[H content-type|text/html][b <p>a&amp;b</p>c<b>d</b>e\n][b a&b cde]" },
		{ "Content-Type: multipart/mixed; boundary=z\n\npre\n--z\nX-P: 1\n\none\n--z\n"
		  "Content-Type: image/gif\n\nGIF\n--z\nContent-Type: message/rfc822\n\n"
		  "Subject: In\n\nDeep\n--z\nContent-Type: text/x\n"
		  "Content-Transfer-Encoding: base64\n\nQUJD\n--z--\npost\n",
		  "[H content-type|multipart/mixed; boundary=z][h x-p: 1][b one]"
		  "[h content-type: image/gif][h content-type: message/rfc822][b subject: in]"
		  "[b deep][h content-type: text/x][h content-transfer-encoding: base64][b abc]" },
		{ "", "" }, { "\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool failed;
		char *got = texts_of(slice_of(rows[i].message), read_slice, &failed);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s\ngave %s", rows[i].message, got);
		assert_false(failed);
		free(got);
	}
}

static void test_failure_is_told(void **state)
{
	bool failed;
	char *got = texts_of(SLICE("A: b\n\nbody\n"), read_nothing, &failed);

	(void)state;
	assert_string_equal(got, "[H a|b]");
	assert_true(failed);
	free(got);
}

static void test_sent(void **state)
{
	int64_t day = 0;

	(void)state;
	assert_true(search_text_sent(SLICE("Date: Mon, 31 Jan 1994 23:30:00 -0800\n\n"), &day));
	assert_int_equal(day, 8796);
	assert_false(search_text_sent(SLICE("Date: soon\nDate: 1 Jan 1994 00:00:00 Z\n"), &day));
	assert_false(search_text_sent(SLICE("Subject: x\n\n"), &day));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_failure_is_told),
		cmocka_unit_test(test_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
