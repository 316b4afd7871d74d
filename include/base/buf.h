#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/*
 * A growing byte buffer with a ceiling.  The ceiling is what keeps a peer
 * from choosing how much memory we use, so there is no way to leave it out.
 * Running out of memory below the ceiling ends the process (mem.h).
 *
 * An addition that would pass the ceiling adds nothing, returns false and sets
 * `overflow`, which stays: a writer of many pieces may test it once at the end.
 * data may move with every addition; data[len] is not a NUL.
 */
struct buf {
	char *data;
	size_t len, cap, max;
	bool overflow;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);          /* contents only; usable again after buf_init */
void buf_clear(struct buf *b);            /* empty; memory kept, overflow forgotten */

bool buf_add(struct buf *b, struct slice s);
bool buf_add_text(struct buf *b, const char *text);
bool buf_add_byte(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *b, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Makes room for n more bytes at data + len; the caller writes there and then
 * adds to len itself.  False: past the ceiling. */
bool buf_reserve(struct buf *b, size_t n);

/* Drops the first n bytes (all when there are fewer). */
void buf_consume(struct buf *b, size_t n);

/* Gives back memory that an earlier peak left behind. */
void buf_shrink(struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->data, b->len };
}

/* The contents as a NUL-terminated string of the caller's (free); b is empty after. */
char *buf_take_string(struct buf *b);

#endif
