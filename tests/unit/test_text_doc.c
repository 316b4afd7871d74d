#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "../../src/store/text_doc.h"
#include "../../src/store/text_grid.h"
#include "base/mem.h"

static struct search_piece field(const char *text, size_t name, size_t value)
{
	struct slice s = slice_of(text);

	return (struct search_piece){
		.text = s, .begins = true, .name = slice_head(s, name), .value = slice_from(s, value),
	};
}

static struct search_piece piece(const char *text, bool begins, bool body)
{
	return (struct search_piece){ .text = slice_of(text), .begins = begins, .body = body };
}

/* As it was given, pieces of one text joined. */
static void note(void *ctx, const struct search_piece *p)
{
	struct buf *out = ctx;

	if (p->begins)
		buf_printf(out, "[%c ", p->name.len ? 'H' : p->body ? 'b' : 'h');
	if (p->name.len) {
		buf_add(out, p->name);
		buf_add_byte(out, '|');
		buf_add(out, p->value);
	} else {
		buf_add(out, p->text);
	}
}

static char *unpacked(struct text_doc *d)
{
	struct text_unpack *u = text_unpack_new();
	bool enough = false;
	struct buf out;

	buf_init(&out, 1 << 22);
	assert_true(text_unpack(u, buf_slice(&d->packed), note, &out, &enough));
	text_unpack_free(u);
	return buf_take_string(&out);
}

static void test_round_trip(void **state)
{
	struct text_doc *d = text_doc_new();
	struct search_piece pieces[] = {
		field("subject: a: b", 7, 9), field("x-a:tight", 3, 4), field("x-b: y", 3, 4),
		field("x-c:", 3, 4), field("x-d: ", 3, 5), piece("no field", true, false),
		piece("one", true, true), piece("two", false, true), piece("", true, true),
		piece("three", true, true),
	};
	char *got;

	(void)state;
	for (unsigned times = 0; times < 2; times++) {
		text_doc_begin(d);
		for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
			text_doc_add(d, &pieces[i]);
		assert_true(text_doc_end(d));
		got = unpacked(d);
		assert_string_equal(got, "[H subject|a: b[H x-a|tight[H x-b| y[H x-c|[H x-d|[h no field"
				    "[b onetwo[b [b three");
		free(got);
	}
	text_doc_free(d);
}

/* A field and a text across every border of what is unpacked at a time. */
static void test_borders(void **state)
{
	struct text_doc *d = text_doc_new();

	(void)state;
	for (size_t fill = 2020; fill < 2060; fill++) {
		char *text = mem_alloc(fill + 1), *want, *got;
		struct search_piece pieces[] = {
			piece(text, true, true), field("x-a: value", 3, 5), piece("end", true, true),
		};

		memset(text, 'x', fill);
		pieces[0].text = slice_of(text);
		text_doc_begin(d);
		for (size_t i = 0; i < 3; i++)
			text_doc_add(d, &pieces[i]);
		assert_true(text_doc_end(d));
		got = unpacked(d);
		want = mem_printf("[b %s[H x-a|value[b end", text);
		assert_string_equal(got, want);
		free(want);
		free(got);
		free(text);
	}
	text_doc_free(d);
}

static void test_what_is_not_packed(void **state)
{
	struct text_unpack *u = text_unpack_new();
	bool enough = false;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_false(text_unpack(u, SLICE("not of zlib"), note, &out, &enough));
	assert_false(text_unpack(u, SLICE(""), note, &out, &enough));
	buf_release(&out);
	text_unpack_free(u);
}

static void test_fields(void **state)
{
	struct text_doc *d = text_doc_new();
	struct search_piece subject = field("subject: s", 7, 9), to = field("to:", 2, 3), other = field("x: y", 1, 3);
	char *long_text = mem_alloc(TEXT_FIELDS_MAX + 10);
	struct search_piece long_field;
	struct buf out;

	(void)state;
	assert_true(text_is_kept_field(SLICE("Message-ID")));
	assert_false(text_is_kept_field(SLICE("x")));
	text_doc_begin(d);
	text_doc_add(d, &subject);
	text_doc_add(d, &other);
	text_doc_add(d, &to);
	assert_true(text_doc_end(d));
	buf_init(&out, 1000);
	text_fields_give(buf_slice(&d->fields), note, &out);
	buf_add_byte(&out, '\0');
	assert_string_equal(out.data, "[H subject|s[H to|");
	buf_release(&out);
	/* None is not the same as not known. */
	text_doc_begin(d);
	assert_true(text_doc_end(d));
	assert_int_equal(d->fields.len, 1);
	memset(long_text, 'a', TEXT_FIELDS_MAX + 9);
	memcpy(long_text, "subject:", 8);
	long_field = field(long_text, 7, 8);
	text_doc_begin(d);
	text_doc_add(d, &long_field);
	assert_true(text_doc_end(d));
	assert_int_equal(d->fields.len, 0);
	free(long_text);
	text_doc_free(d);
}

/* Whatever is in a text, its signature admits, in every width and in a grid. */
static void test_signature(void **state)
{
	struct text_doc *d = text_doc_new();
	uint8_t *grid = mem_alloc(TEXT_GRID_MAX), *back = mem_alloc(TEXT_SIGN_MAX);
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		size_t len = (size_t)40 << (round % 12);
		char *text = mem_alloc(len + 1);
		struct search_piece p;
		unsigned width, at;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = (char)('a' + (seed >> 16) % 26);
		}
		p = piece(text, true, round % 2);
		text_doc_begin(d);
		text_doc_add(d, &p);
		assert_true(text_doc_end(d));
		width = text_doc_sign(d);
		at = round % text_grid_docs(width);
		memset(grid, 0, TEXT_GRID_MAX);
		text_grid_put(grid, width, at, d->sign);
		text_grid_get(grid, width, at, back);
		assert_memory_equal(back, d->sign, (size_t)1 << (width - 3));
		for (size_t from = 0; from + 40 <= len; from += len / 40 + 1) {
			uint32_t bits[24];
			size_t count = text_needle_bits(slice_make(text + from, 2 + from % 38), round % 2,
							bits, 24);

			assert_true(count > 0);
			for (size_t i = 0; i < count; i++) {
				struct text_row r = text_grid_row(width, bits[i]);
				const uint8_t *row = grid + r.part * (size_t)TEXT_GRID_PART + r.from;

				assert_true(text_bit(d->sign, bits[i] & ((1U << width) - 1)));
				assert_true(text_bit(row, at));
				assert_true(r.from + r.len <= TEXT_GRID_PART);
			}
		}
		free(text);
	}
	free(back);
	free(grid);
	text_doc_free(d);
}

/* Few false ones: about one text in six has a bit that is not its own. */
static void test_selective(void **state)
{
	struct text_doc *d = text_doc_new();
	struct search_piece p = piece("the quick brown fox jumps over the lazy dog", true, true);
	unsigned width, wrong = 0;

	(void)state;
	text_doc_begin(d);
	text_doc_add(d, &p);
	assert_true(text_doc_end(d));
	width = text_doc_sign(d);
	for (unsigned i = 0; i < 676; i++) {
		char needle[3] = { (char)('A' + i / 26), (char)('A' + i % 26), '!' };
		uint32_t bit;

		assert_int_equal(text_needle_bits(slice_make(needle, 3), true, &bit, 1), 1);
		wrong += text_bit(d->sign, bit & ((1U << width) - 1));
	}
	assert_true(wrong < 676 / 4);
	text_doc_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_what_is_not_packed),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_selective),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
