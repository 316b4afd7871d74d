/* The texts of any message, as a search sees them: from the text index the same as from
 * the file, wherever it is cut; what stands in one of them is promised by its signature;
 * and HTML loses its tags the same whatever the pieces. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../../src/store/text_doc.h"
#include "base/text.h"
#include "mime/html_text.h"
#include "mime/part.h"
#include "mime/search_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NEEDLE_BITS = 24 };

/* ---- Texts, with their borders ---- */

struct texts {
	struct buf all;
	size_t from;                     /* of the text under way */
	struct text_doc *doc;            /* NULL: read back */
};

static void note(void *ctx, const struct search_piece *piece)
{
	struct texts *t = ctx;

	assert(text_is_utf8(piece->text));
	if (piece->begins) {
		buf_add_byte(&t->all, (char)0xFF);
		buf_add_byte(&t->all, piece->body ? 'b' : 'h');
		buf_add(&t->all, piece->name);
		buf_add_byte(&t->all, (char)0xFE);
		buf_add(&t->all, piece->value);
		buf_add_byte(&t->all, (char)0xFE);
	}
	buf_add(&t->all, piece->text);
	if (t->doc)
		text_doc_add(t->doc, piece);
}

static ssize_t read_bytes(void *ctx, uint64_t at, void *out, size_t len)
{
	const struct slice *message = ctx;
	struct slice piece = slice_head(slice_from(*message, (size_t)at), len);

	memcpy(out, piece.len ? piece.at : "", piece.len);
	return (ssize_t)piece.len;
}

/* Every needle of a text has its bits. */
static void check_signature(const struct text_doc *d, unsigned width, struct slice all)
{
	bool body = false;
	size_t begin = 0;

	for (size_t i = 0, borders = 0; i < all.len; i++) {
		uint8_t c = (uint8_t)all.at[i];

		if (c == 0xFF) {
			body = all.at[i + 1] == 'b';
			borders = 0;
		} else if (c == 0xFE && ++borders == 2) {
			begin = i + 1;
		}
		if (c >= 0xFE || borders < 2)
			continue;
		for (size_t len = 2; len < 40 && i + 1 >= begin + len; len += len < 4 ? 1 : 17) {
			uint32_t bits[NEEDLE_BITS];
			size_t count = text_needle_bits(slice_make(all.at + i + 1 - len, len), body,
							bits, NEEDLE_BITS);

			for (size_t k = 0; k < count; k++)
				assert(text_bit(d->sign, bits[k] & ((UINT32_C(1) << width) - 1)));
		}
	}
}

static void check_message(struct slice message)
{
	struct arena *arena = mime_arena_new();
	const struct mime_part *root = mime_scan(arena, message, &mime_default_limits);
	struct texts written = { .doc = text_doc_new() }, back = { .doc = NULL };
	struct text_unpack *u = text_unpack_new();
	struct search_text x;
	bool enough = false;

	buf_init(&written.all, 64 << 20);
	buf_init(&back.all, 64 << 20);
	search_text_init(&x);
	text_doc_begin(written.doc);
	search_text_begin(&x, root, read_bytes, &message, note, &written);
	while (search_text_step(&x))
		;
	if (text_doc_end(written.doc)) {
		assert(text_unpack(u, buf_slice(&written.doc->packed), note, &back, &enough));
		assert(slice_equal(buf_slice(&written.all), buf_slice(&back.all)));
		check_signature(written.doc, text_doc_sign(written.doc), buf_slice(&written.all));
	}
	search_text_release(&x);
	text_unpack_free(u);
	text_doc_free(written.doc);
	buf_release(&written.all);
	buf_release(&back.all);
	arena_free(arena);
}

/* ---- HTML ---- */

static void check_html(struct slice text)
{
	struct html_text h;
	struct buf whole, pieces;

	buf_init(&whole, 4 * text.len + 100);
	buf_init(&pieces, 4 * text.len + 100);
	html_text_begin(&h);
	assert(html_text_add(&h, &whole, text) && html_text_end(&h, &whole));
	html_text_begin(&h);
	for (size_t at = 0, n = 1; at < text.len; at += n, n = n % 5 + 1) {
		struct slice piece = slice_head(slice_from(text, at), n);

		/* It is cut between characters. */
		while (n > 1 && at + n < text.len && ((uint8_t)text.at[at + n] & 0xC0) == 0x80)
			piece = slice_head(slice_from(text, at), ++n);
		assert(html_text_add(&h, &pieces, piece));
	}
	assert(html_text_end(&h, &pieces));
	if (text_is_ascii(text))
		assert(slice_equal(buf_slice(&whole), buf_slice(&pieces)));
	buf_release(&whole);
	buf_release(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = { (const char *)data, size };

	if (size > 100000)
		return 0;
	check_message(message);
	check_html(message);
	return 0;
}
