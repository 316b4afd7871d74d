/* The small readers of what strangers write: words, charsets, transfer encodings,
 * dates, addresses, domains.  The first byte chooses. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "mime/address.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/decode.h"
#include "mime/domain.h"
#include "mime/header.h"
#include "mime/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(struct buf *out, enum mime_encoding encoding, struct slice in)
{
	struct mime_decoder d;
	struct buf again;

	buf_init(&again, 1 << 22);
	mime_decode_begin(&d, encoding);
	assert(mime_decode_add(&d, out, in) && mime_decode_end(&d, out));
	mime_decode_begin(&d, encoding);
	for (size_t i = 0; i < in.len; i++)
		assert(mime_decode_add(&d, &again, slice_make(in.at + i, 1)));
	assert(mime_decode_end(&d, &again));
	assert(slice_equal(buf_slice(out), buf_slice(&again)));
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = { "utf-8", "iso-2022-jp", "gb18030", "utf-16", "windows-1252", "x" };
	struct slice in = { (const char *)data + 1, size - 1 };
	struct mime_date date;
	struct arena *a;
	struct buf out;

	if (size < 1 || size > 20000)
		return 0;
	buf_init(&out, 1 << 22);
	switch (data[0] % 8) {
	case 0:
		assert(word_decode(&out, in) && text_is_utf8(buf_slice(&out)));
		break;
	case 1:
		if (in.len) {
			in = slice_from(in, 1);
			assert(charset_to_utf8(&out, slice_of(charsets[data[1] % 6]), in));
			assert(text_is_utf8(buf_slice(&out)));
		}
		break;
	case 2: decode(&out, MIME_BASE64, in); break;
	case 3: decode(&out, MIME_QUOTED_PRINTABLE, in); break;
	case 4: decode(&out, MIME_UUENCODE, in); break;
	case 5:
		mime_date_parse(&date, in);
		domain_to_ascii(&out, in);
		break;
	case 6:
		a = arena_new(64 << 20);
		mime_addresses(a, in);
		arena_free(a);
		break;
	case 7:
		assert(charset_fold(&out, in) && header_decode(&out, in));
		break;
	}
	buf_release(&out);
	return 0;
}
