/*
 * Why a plain array and not a chain or a ring: every reader here wants its
 * bytes in one piece, and with a ceiling on each buffer the occasional move
 * costs less than readers that must cope with seams.  One byte beyond the
 * ceiling may be allocated, for the NUL that printf insists on.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BUF_FIRST = 64 };                /* smallest allocation worth making */

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_release(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
}

static void grow_to(struct buf *b, size_t need, size_t most)
{
	size_t cap = b->cap > most / 2 ? most : b->cap * 2;

	if (need <= b->cap)
		return;
	if (cap < BUF_FIRST)
		cap = BUF_FIRST < most ? BUF_FIRST : most;
	if (cap < need)
		cap = need;
	b->data = mem_grow(b->data, cap, 1);
	b->cap = cap;
}

bool buf_reserve(struct buf *b, size_t n)
{
	assert(b->len <= b->max);
	if (n > b->max - b->len) {
		b->overflow = true;
		return false;
	}
	grow_to(b, b->len + n, b->max);
	return true;
}

/* Room for the contents, n more bytes that the ceiling allows, and a NUL. */
static void reserve_with_nul(struct buf *b, size_t n)
{
	size_t most = b->max < SIZE_MAX ? b->max + 1 : b->max;

	assert(b->len + n < SIZE_MAX);
	grow_to(b, b->len + n + 1, most);
}

bool buf_add(struct buf *b, struct slice s)
{
	if (!buf_reserve(b, s.len))
		return false;
	if (s.len)
		memcpy(b->data + b->len, s.at, s.len);
	b->len += s.len;
	return true;
}

bool buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, slice_of(text));
}

bool buf_add_byte(struct buf *b, char c)
{
	if (!buf_reserve(b, 1))
		return false;
	b->data[b->len++] = c;
	return true;
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	bool fits;

	va_start(args, fmt);
	fits = buf_vprintf(b, fmt, args);
	va_end(args);
	return fits;
}

bool buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
	size_t room = b->cap - b->len;
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, args);
	assert(n >= 0);
	if ((size_t)n > b->max - b->len) {
		b->overflow = true;
		va_end(again);
		return false;
	}
	if ((size_t)n >= room) {
		reserve_with_nul(b, (size_t)n);
		n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
	}
	va_end(again);
	b->len += (size_t)n;
	return true;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

void buf_shrink(struct buf *b)
{
	size_t keep = b->len > BUF_FIRST ? b->len : BUF_FIRST;

	if (b->len == 0) {
		buf_release(b);
		return;
	}
	if (b->cap > keep) {
		b->data = mem_grow(b->data, keep, 1);
		b->cap = keep;
	}
}

char *buf_take_string(struct buf *b)
{
	char *text;

	reserve_with_nul(b, 0);
	text = b->data;
	text[b->len] = '\0';
	b->data = NULL;
	b->len = b->cap = 0;
	return text;
}
