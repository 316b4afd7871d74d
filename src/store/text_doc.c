/*
 * Texts are packed one behind the other, each behind a byte that UTF-8 never has: it
 * says who sees the text, and no needle goes across it.
 *
 * zlib at its quickest: what is kept is a third of the text, and unpacking runs at
 * some hundred megabytes a second, several times quicker than opening, scanning and
 * decoding the message's file.
 *
 * A signature is made of three bytes at a time, not of three characters: a needle of
 * one Chinese character has one then.  Pairs are in it too, for who has typed only two
 * letters.  Header and body have bits of their own: most words of a header are in every
 * other header, and would let every message through for BODY.
 */
#include "text_doc.h"

#include <string.h>
#include <stdlib.h>

#include "base/mem.h"

enum tag {
	NO_TEXT = 0,
	FIELD_SPACE = 0xF8,              /* "name: value" */
	FIELD_TIGHT = 0xF9,              /* "name:value" */
	HEADER_TEXT = 0xFA,              /* seen by TEXT alone */
	BODY_TEXT = 0xFB,
	TAG_FIRST = FIELD_SPACE,
};

enum { PACKED_MAX = TEXT_DOC_MAX + TEXT_DOC_MAX / 100 + 1024, LEVEL = 1 };

static const char *const KEPT[] = { "subject", "from", "to", "cc", "bcc", "message-id" };
enum { KEPT_COUNT = sizeof(KEPT) / sizeof(KEPT[0]) };
static const char KEPT_END = (char)0xFF;

/* ---- Packing ---- */

struct text_doc *text_doc_new(void)
{
	struct text_doc *d = mem_alloc(sizeof(*d));

	buf_init(&d->packed, PACKED_MAX);
	buf_init(&d->fields, TEXT_FIELDS_MAX);
	d->failed = deflateInit(&d->z, LEVEL) != Z_OK;
	return d;
}

void text_doc_free(struct text_doc *d)
{
	if (!d)
		return;
	if (!d->failed)
		deflateEnd(&d->z);
	buf_release(&d->packed);
	buf_release(&d->fields);
	free(d);
}

void text_doc_begin(struct text_doc *d)
{
	buf_clear(&d->packed);
	buf_clear(&d->fields);
	memset(d->sign, 0, sizeof(d->sign));
	d->len = 0;
	if (!d->failed)
		deflateReset(&d->z);
}

static bool is_good(const struct text_doc *d)
{
	return !d->failed && d->len <= TEXT_DOC_MAX && !d->packed.overflow;
}

static void pack(struct text_doc *d, struct slice s, int flush)
{
	unsigned char *from = (unsigned char *)(uintptr_t)s.at;  /* zlib does not write there */

	d->len += s.len;
	d->z.next_in = from;
	d->z.avail_in = (uInt)s.len;
	while (is_good(d) && (d->z.avail_in || flush == Z_FINISH)) {
		int code;

		if (!buf_reserve(&d->packed, 4096)) {
			d->packed.overflow = true;
			return;
		}
		d->z.next_out = (Bytef *)d->packed.data + d->packed.len;
		d->z.avail_out = 4096;
		code = deflate(&d->z, flush);
		d->packed.len += 4096 - d->z.avail_out;
		if (code == Z_STREAM_END)
			break;
	}
}

enum { PAIR = 1 << 24, IN_BODY = 1 << 25 };

static uint32_t bit_of(uint32_t three)
{
	three *= UINT32_C(0x9E3779B1);
	three ^= three >> 15;
	three *= UINT32_C(0x85EBCA6B);
	return three >> (32 - TEXT_WIDTH_MAX);
}

static void sign(struct text_doc *d, struct slice s)
{
	const uint32_t where = d->body ? IN_BODY : 0;
	uint32_t three = d->last;

	for (size_t i = 0; i < s.len; i++) {
		three = three << 8 | (uint8_t)s.at[i];
		if (d->known + i >= 1)
			text_set_bit(d->sign, bit_of((three & 0xFFFF) | PAIR | where));
		if (d->known + i >= 2)
			text_set_bit(d->sign, bit_of((three & 0xFFFFFF) | where));
	}
	d->last = three;
	d->known = s.len >= 2 ? 2 : d->known + (unsigned)s.len > 2 ? 2 : d->known + (unsigned)s.len;
}

static void keep_field(struct text_doc *d, const struct search_piece *piece)
{
	for (size_t i = 0; i < KEPT_COUNT; i++) {
		if (!slice_is(piece->name, KEPT[i]))
			continue;
		buf_add_byte(&d->fields, (char)(i + 1));
		buf_add(&d->fields, piece->value);
		buf_add_byte(&d->fields, KEPT_END);
	}
}

static enum tag tag_of(const struct search_piece *piece)
{
	size_t between = (size_t)(piece->value.at - piece->name.at) - piece->name.len;

	if (piece->name.len)
		return between == 2 ? FIELD_SPACE : FIELD_TIGHT;
	return piece->body ? BODY_TEXT : HEADER_TEXT;
}

void text_doc_add(void *doc, const struct search_piece *piece)
{
	struct text_doc *d = doc;
	char tag = (char)tag_of(piece);

	if (!is_good(d))
		return;
	if (piece->begins) {
		pack(d, slice_make(&tag, 1), Z_NO_FLUSH);
		d->known = 0;
		d->body = piece->body;
	}
	if (piece->name.len)
		keep_field(d, piece);
	sign(d, piece->text);
	pack(d, piece->text, Z_NO_FLUSH);
}

bool text_doc_end(struct text_doc *d)
{
	pack(d, SLICE(""), Z_FINISH);
	/* Some of the fields are worse than none. */
	if (d->fields.overflow)
		buf_clear(&d->fields);
	else if (!d->fields.len)
		buf_add_byte(&d->fields, KEPT_END);      /* known to have none */
	return is_good(d);
}

unsigned text_doc_sign(struct text_doc *d)
{
	unsigned width = TEXT_WIDTH_MIN;
	size_t set = 0;

	for (size_t i = 0; i < TEXT_SIGN_MAX; i++)
		set += (size_t)__builtin_popcount(d->sign[i]);
	while (width < TEXT_WIDTH_MAX && set * 4 > (size_t)1 << width)
		width++;
	for (size_t half = TEXT_SIGN_MAX / 2; half >= (size_t)1 << (width - 3); half /= 2)
		for (size_t i = 0; i < half; i++)
			d->sign[i] |= d->sign[half + i];
	return width;
}

size_t text_needle_bits(struct slice needle, bool body, uint32_t *bits, size_t most)
{
	const uint8_t *at = (const uint8_t *)needle.at;
	size_t count = needle.len < 3 ? 0 : needle.len - 2, take = count < most ? count : most;
	const uint32_t where = body ? IN_BODY : 0;

	if (needle.len == 2) {
		bits[0] = bit_of((uint32_t)at[0] << 8 | at[1] | PAIR | where);
		return 1;
	}
	for (size_t i = 0; i < take; i++) {
		/* Of a long needle, some from everywhere in it. */
		size_t from = i * count / take;

		bits[i] = bit_of((uint32_t)at[from] << 16 | (uint32_t)at[from + 1] << 8 |
				 at[from + 2] | where);
	}
	return take;
}

/* ---- Fields ---- */

bool text_is_kept_field(struct slice name)
{
	for (size_t i = 0; i < KEPT_COUNT; i++)
		if (slice_is_nocase(name, KEPT[i]))
			return true;
	return false;
}

void text_fields_give(struct slice fields, search_piece_fn *fn, void *ctx)
{
	while (fields.len > 1) {
		size_t code = (uint8_t)fields.at[0];
		struct slice value = slice_from(fields, 1);

		value = slice_head(value, slice_find(value, KEPT_END));
		fields = slice_from(fields, 2 + value.len);
		if (code == 0 || code > KEPT_COUNT)
			continue;
		fn(ctx, &(struct search_piece){
			.text = value, .begins = true, .name = slice_of(KEPT[code - 1]), .value = value,
		});
	}
}

/* ---- Unpacking ---- */

enum { FIRST_OUT = 2048 };               /* bytes unpacked first */

struct text_unpack *text_unpack_new(void)
{
	struct text_unpack *u = mem_alloc(sizeof(*u));

	u->ready = inflateInit(&u->z) == Z_OK;
	buf_init(&u->field, TEXT_DOC_MAX + 1);
	return u;
}

void text_unpack_free(struct text_unpack *u)
{
	if (!u)
		return;
	if (u->ready)
		inflateEnd(&u->z);
	buf_release(&u->field);
	free(u);
}

static void give_field(const struct text_unpack *u, struct slice text, search_piece_fn *fn,
		       void *ctx)
{
	size_t colon = slice_find(text, ':');

	fn(ctx, &(struct search_piece){
		.text = text, .begins = true, .name = slice_head(text, colon),
		.value = slice_from(text, colon + (u->tag == FIELD_SPACE ? 2 : 1)),
	});
}

/* `begins`, `ends`: the borders of the text that this is of. */
static void give(struct text_unpack *u, struct slice text, bool begins, bool ends,
		 search_piece_fn *fn, void *ctx)
{
	if (u->tag == FIELD_SPACE || u->tag == FIELD_TIGHT) {
		if (begins && ends) {
			give_field(u, text, fn, ctx);
			return;
		}
		if (begins)
			buf_clear(&u->field);
		buf_add(&u->field, text);
		if (ends)
			give_field(u, buf_slice(&u->field), fn, ctx);
	} else if (u->tag && (text.len || begins)) {
		fn(ctx, &(struct search_piece){
			.text = text, .begins = begins, .body = u->tag == BODY_TEXT,
		});
	}
}

static size_t until_tag(struct slice s)
{
	size_t n = 0;

	while (n < s.len && (uint8_t)s.at[n] < TAG_FIRST)
		n++;
	return n;
}

static void take_apart(struct text_unpack *u, struct slice s, bool last, search_piece_fn *fn,
		       void *ctx)
{
	bool begins = false;

	while (s.len) {
		size_t n = until_tag(s);

		if (n || begins || n < s.len)
			give(u, slice_head(s, n), begins, n < s.len, fn, ctx);
		s = slice_from(s, n);
		if (!s.len)
			break;
		u->tag = (uint8_t)s.at[0];
		s = slice_from(s, 1);
		begins = true;
		if (!s.len)
			give(u, s, true, false, fn, ctx);
	}
	if (last && u->tag)
		give(u, SLICE(""), false, true, fn, ctx);
}

bool text_unpack(struct text_unpack *u, struct slice packed, search_piece_fn *fn, void *ctx,
		 const bool *enough)
{
	size_t room = FIRST_OUT;
	int code = Z_OK;

	if (!u->ready || inflateReset(&u->z) != Z_OK)
		return false;
	u->tag = NO_TEXT;
	buf_clear(&u->field);
	u->z.next_in = (Bytef *)(uintptr_t)packed.at;
	u->z.avail_in = (uInt)packed.len;
	while (code == Z_OK && !*enough) {
		u->z.next_out = u->out;
		u->z.avail_out = (uInt)room;
		code = inflate(&u->z, Z_NO_FLUSH);
		if (code != Z_OK && code != Z_STREAM_END)
			return false;
		take_apart(u, slice_make((const char *)u->out, room - u->z.avail_out),
			   code == Z_STREAM_END, fn, ctx);
		/* What is common is met early; what is not takes larger pieces. */
		room = room * 2 < sizeof(u->out) ? room * 2 : sizeof(u->out);
	}
	return true;
}
