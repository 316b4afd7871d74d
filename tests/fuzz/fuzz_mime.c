/* Any bytes are some message: the tree's places lie within it and within their
 * parents, the same whatever the pieces, and it can be described. */
#include <assert.h>
#include <stdint.h>

#include "mime/describe.h"
#include "mime/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct mime_part *p, uint64_t from, uint64_t to)
{
	/* Where an empty one lies does not matter: the line end before a boundary
	 * belongs to the boundary. */
	assert(p->header_len == 0 || (p->header_at >= from && p->header_at + p->header_len <= to));
	assert(p->body_at >= p->header_at + p->header_len);
	assert(p->body_len == 0 || p->body_at + p->body_len <= to);
	assert(p->header_crlf >= p->header_len && p->body_crlf >= p->body_len);
	assert(p->type.len && p->subtype.len);
	for (const struct mime_part *child = p->child; child; child = child->next)
		check(child, p->body_at, p->body_at + p->body_len);
}

static void describe(struct buf *out, const struct mime_part *root)
{
	buf_init(out, 64 << 20);
	assert(mime_envelope(out, root->header));
	assert(mime_body(out, root));
	assert(mime_bodystructure(out, root));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = { (const char *)data, size };
	struct arena *whole = mime_arena_new(), *pieces = mime_arena_new();
	struct mime_scanner *s = mime_scanner_new(pieces, &mime_default_limits);
	const struct mime_part *a, *b;
	struct buf x, y;

	a = mime_scan(whole, message, &mime_default_limits);
	check(a, 0, size);
	for (size_t at = 0, n = 1; at < size; at += n, n = n % 7 + 1)
		mime_scanner_add(s, slice_head(slice_from(message, at), n));
	b = mime_scanner_end(s);
	describe(&x, a);
	describe(&y, b);
	assert(slice_equal(buf_slice(&x), buf_slice(&y)));
	buf_release(&x);
	buf_release(&y);
	arena_free(whole);
	arena_free(pieces);
	return 0;
}
