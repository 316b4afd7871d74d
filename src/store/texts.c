/*
 * What is made ready of a message: at delivery, when its parts are known anyway, or
 * by the reader that first misses it.  Both must make the same.
 */
#include "texts.h"

#include "mime/describe.h"
#include "mime/keys.h"
#include "mime/preview.h"
#include "store/reader.h"

_Static_assert((int)READER_TEXTS == INDEX_TEXTS && (int)READER_KEYS == INDEX_KEYS &&
	       (int)READER_PREVIEW == INDEX_PREVIEW, "the same");

/* As an IMAP string, which is never empty: what is empty was not made. */
static void make_preview(struct buf *out, const struct mime_part *root,
			 search_read_fn *read, void *ctx)
{
	struct buf text;

	buf_init(&text, 4 * PREVIEW_CHARACTERS);
	if (!mime_preview(&text, root, read, ctx) ||
	    !mime_nstring(out, text.len ? buf_slice(&text) : SLICE("")))
		buf_clear(out);
	buf_release(&text);
}

void texts_make(struct buf texts[INDEX_TEXTS], const struct mime_part *root,
		search_read_fn *read, void *ctx)
{
	if (!mime_envelope(&texts[READER_ENVELOPE], root->header))
		buf_clear(&texts[READER_ENVELOPE]);
	if (!mime_body(&texts[READER_BODY], root))
		buf_clear(&texts[READER_BODY]);
	if (!mime_bodystructure(&texts[READER_BODYSTRUCTURE], root))
		buf_clear(&texts[READER_BODYSTRUCTURE]);
	if (!mime_keys_write(&texts[READER_KEYS], root->header))
		buf_clear(&texts[READER_KEYS]);
	make_preview(&texts[READER_PREVIEW], root, read, ctx);
}
