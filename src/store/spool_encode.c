/*
 * A message that came as a literal8 (RFC 3516 4.4) may have parts in the transfer
 * encoding "binary", with NULs and line ends that are none.  A Maildir is read by
 * programs that know nothing of that, and FETCH BODY must give what IMAP can carry
 * (6), so such parts are written in base64, which loses nothing; every other byte
 * stays as it is, but for the form of line ends.
 *
 * In a second file, when the first is whole: only then are the parts known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "mime/header.h"
#include "mime/decode.h"
#include "spool_private.h"

enum {
	PIECE = 57 * 1024,               /* whole lines of base64: 57 bytes make 76 */
	FIELD_MAX = 128,
};

struct encoding {
	struct spool_file *from, *to;
	uint64_t at;                     /* read so far */
	char *piece;
};

static ssize_t read_at(const struct encoding *e, uint64_t at, size_t len)
{
	ssize_t n = pread(e->from->fd, e->piece, len, (off_t)at);

	if (n <= 0)
		e->to->st = STORE_FAILED;
	return n;
}

/* Up to `end`, lines in LF form. */
static void copy_to(struct encoding *e, uint64_t end)
{
	struct lf_form form = { 0 };
	struct buf lf;

	buf_init(&lf, PIECE + 8);
	while (e->at < end && e->to->st == STORE_OK) {
		ssize_t n = read_at(e, e->at, end - e->at < PIECE ? (size_t)(end - e->at) : PIECE);

		if (n <= 0)
			break;
		e->at += (uint64_t)n;
		buf_clear(&lf);
		lf_form_add(&form, &lf, slice_make(e->piece, (size_t)n));
		if (e->at == end)
			lf_form_end(&form, &lf);
		spool_file_add(e->to, buf_slice(&lf));
	}
	buf_release(&lf);
}

static void add_base64(struct encoding *e, struct slice bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf out;

	buf_init(&out, 2 * PIECE);
	for (size_t i = 0; i < bytes.len; i += 3) {
		unsigned a = (unsigned char)bytes.at[i];
		unsigned b = i + 1 < bytes.len ? (unsigned char)bytes.at[i + 1] : 0;
		unsigned c = i + 2 < bytes.len ? (unsigned char)bytes.at[i + 2] : 0;

		buf_add_byte(&out, digits[a >> 2]);
		buf_add_byte(&out, digits[(a << 4 | b >> 4) & 63]);
		buf_add_byte(&out, i + 1 < bytes.len ? digits[(b << 2 | c >> 6) & 63] : '=');
		buf_add_byte(&out, i + 2 < bytes.len ? digits[c & 63] : '=');
		if (i % 57 == 54 || i + 3 >= bytes.len)
			buf_add_byte(&out, '\n');
	}
	spool_file_add(e->to, buf_slice(&out));
	buf_release(&out);
}

/* The body's bytes, exactly. */
static void encode_to(struct encoding *e, uint64_t end)
{
	while (e->at < end && e->to->st == STORE_OK) {
		size_t want = end - e->at < PIECE ? (size_t)(end - e->at) : PIECE, got = 0;

		/* A short read would end a line of base64 in the middle. */
		while (got < want) {
			ssize_t n = pread(e->from->fd, e->piece + got, want - got,
					  (off_t)(e->at + got));

			if (n <= 0) {
				e->to->st = STORE_FAILED;
				return;
			}
			got += (size_t)n;
		}
		e->at += got;
		add_base64(e, slice_make(e->piece, got));
	}
}

static bool has_nul(const struct encoding *e, const struct mime_part *p)
{
	uint64_t at = p->body_at, end = at + p->body_len;

	while (at < end && e->to->st == STORE_OK) {
		ssize_t n = read_at(e, at, end - at < PIECE ? (size_t)(end - at) : PIECE);

		if (n <= 0 || memchr(e->piece, '\0', (size_t)n))
			return n > 0;
		at += (uint64_t)n;
	}
	return false;
}

/* "Content-Transfer-Encoding: base64" in the place of what it says now. */
static void write_header(struct encoding *e, const struct mime_part *p, const char *value)
{
	struct header_field field;
	char text[FIELD_MAX];
	int len = snprintf(text, sizeof(text), "Content-Transfer-Encoding: %s\n%s", value,
			   p->header_len ? "" : "\n");

	if (header_find(p->header, "Content-Transfer-Encoding", &field)) {
		copy_to(e, p->header_at + (uint64_t)(field.whole.at - p->header.at));
		e->at += field.whole.len;
	} else {
		copy_to(e, p->header_at);
	}
	spool_file_add(e->to, slice_make(text, (size_t)len));
}

static void encode_part(struct encoding *e, const struct mime_part *p)
{
	bool binary = p->encoding.at && slice_is_nocase(p->encoding, "binary");

	if (p->kind != MIME_LEAF) {
		/* What is in it is binary no more (RFC 2045 6.4). */
		if (binary)
			write_header(e, p, "8bit");
		return;
	}
	if (!binary && ((p->encoding.at && mime_encoding_of(p->encoding) != MIME_IDENTITY) ||
			!has_nul(e, p)))
		return;
	write_header(e, p, "base64");
	copy_to(e, p->body_at);
	encode_to(e, p->body_at + p->body_len);
}

struct spool_file *spool_file_encode(struct spool_file *f, const struct mime_part **root)
{
	struct encoding e = { .from = f, .to = spool_file_new(f->store) };

	e.piece = mem_alloc(PIECE);
	for (const struct mime_part *p = mime_scanner_end(f->scanner); p; p = mime_part_next(p))
		if (e.to->st == STORE_OK)
			encode_part(&e, p);
	copy_to(&e, f->size);
	free(e.piece);
	if (e.to->st == STORE_OK && e.to->size > f->store->message_max)
		e.to->st = STORE_TOO_BIG;
	if (e.to->st == STORE_OK)
		*root = mime_scanner_end(e.to->scanner);
	spool_file_free(f);
	return e.to;
}
