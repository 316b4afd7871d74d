#ifndef STORE_TEXT_DOC_H
#define STORE_TEXT_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "base/buf.h"
#include "mime/search_text.h"

/*
 * The texts of one message in the form in which the text index keeps them: packed, a
 * few fields of the header once more as they are, and a signature, which says of any
 * two or three bytes whether they may be in there, in the header and in the body.  Pure.
 */
enum {
	/* Folded text of one message; what has more is read from its file. */
	TEXT_DOC_MAX = 4 * 1024 * 1024,
	/* A signature has 2^width bits, about one in six of them set... */
	TEXT_WIDTH_MIN = 9,
	/* ...but for texts of a megabyte and more. */
	TEXT_WIDTH_MAX = 18,
	TEXT_SIGN_MAX = 1 << (TEXT_WIDTH_MAX - 3),   /* bytes */
	/* The fields kept apart; a message where they are longer has none. */
	TEXT_FIELDS_MAX = 2048,
};

struct text_doc {
	struct buf packed, fields;
	z_stream z;
	bool failed;                     /* zlib could not begin */
	size_t len;                      /* before packing */
	bool body;                       /* the text under way is */
	uint32_t last;                   /* the two bytes before */
	unsigned known;                  /* how many of them are of this text */
	uint8_t sign[TEXT_SIGN_MAX];
};

struct text_doc *text_doc_new(void);
void text_doc_free(struct text_doc *d);

void text_doc_begin(struct text_doc *d);
void text_doc_add(void *doc, const struct search_piece *piece);   /* a search_piece_fn */
bool text_doc_end(struct text_doc *d);           /* false: not to be kept */

/* The signature in as few bits as serve; the first 2^width of d->sign. */
unsigned text_doc_sign(struct text_doc *d);

/* Bit numbers (of TEXT_WIDTH_MAX bits) that a message with this needle in its body, or
 * else in what BODY does not see, has set: how many, up to `most`; 0: it is too short.
 * In a narrower signature they are taken modulo its length. */
size_t text_needle_bits(struct slice needle, bool body, uint32_t *bits, size_t most);

static inline bool text_bit(const uint8_t *bits, uint32_t at)
{
	return bits[at >> 3] >> (at & 7) & 1;
}

static inline void text_set_bit(uint8_t *bits, uint32_t at)
{
	bits[at >> 3] = (uint8_t)(bits[at >> 3] | 1 << (at & 7));
}

/* ---- Back again ---- */

/* Whether a field of this name is among those kept apart. */
bool text_is_kept_field(struct slice name);
/* Those of d->fields, as pieces with name and value. */
void text_fields_give(struct slice fields, search_piece_fn *fn, void *ctx);

struct text_unpack {
	z_stream z;
	bool ready;
	uint8_t out[32 * 1024];
	struct buf field;                /* one that began in the piece before */
	int tag;                         /* of the text under way */
};

struct text_unpack *text_unpack_new(void);
void text_unpack_free(struct text_unpack *u);    /* NULL is fine */
/* All texts, until *enough.  False: that is not what was packed. */
bool text_unpack(struct text_unpack *u, struct slice packed, search_piece_fn *fn, void *ctx,
		 const bool *enough);

#endif
