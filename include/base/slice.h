#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A view of bytes that somebody else owns.  Not NUL-terminated; `at` may be
 * NULL when `len` is 0.  Whoever hands a slice out says how long it lives. */
struct slice {
	const char *at;
	size_t len;
};

/* The slice of a string literal. */
#define SLICE(literal) ((struct slice){ "" literal, sizeof(literal) - 1 })

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline struct slice slice_make(const char *at, size_t len)
{
	return (struct slice){ at, len };
}

/* From byte `from` on; empty when `from` is past the end. */
static inline struct slice slice_from(struct slice s, size_t from)
{
	if (from > s.len)
		from = s.len;
	return (struct slice){ s.at ? s.at + from : s.at, s.len - from };
}

/* The first `len` bytes, or all when there are fewer. */
static inline struct slice slice_head(struct slice s, size_t len)
{
	return (struct slice){ s.at, len < s.len ? len : s.len };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ASCII case is ignored, whatever the locale: the program never sets one. */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
	return a.len == b.len &&
	       (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
	return slice_equal(a, slice_of(text));
}

static inline bool slice_is_nocase(struct slice a, const char *text)
{
	return slice_equal_nocase(a, slice_of(text));
}

static inline bool slice_starts_nocase(struct slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.len >= n && strncasecmp(a.at, prefix, n) == 0;
}

/* Offset of the first `c`, or s.len. */
static inline size_t slice_find(struct slice s, char c)
{
	const char *p = s.len ? memchr(s.at, c, s.len) : NULL;

	return p ? (size_t)(p - s.at) : s.len;
}

/* Without spaces, tabs, CR and LF at both ends. */
static inline struct slice slice_trim(struct slice s)
{
	while (s.len && strchr(" \t\r\n", s.at[0]) && s.at[0]) {
		s.at++;
		s.len--;
	}
	while (s.len && strchr(" \t\r\n", s.at[s.len - 1]) && s.at[s.len - 1])
		s.len--;
	return s;
}

#endif
