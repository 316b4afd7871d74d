#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Reading and testing of short texts.  Pure; any thread. */

/* A run of decimal digits and nothing else, at most `max`.  False: empty, a
 * foreign byte, or larger. */
bool text_number(struct slice s, uint64_t max, uint64_t *value);

/* The value of a hexadecimal digit, in either case; -1: it is none. */
int text_hex_digit(char c);

/* Whole input is valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(struct slice s);
bool text_is_ascii(struct slice s);

/* The length of the UTF-8 sequence at the start of s, its code point in *point;
 * 0 when s is empty or does not start with a valid one. */
size_t text_utf8_next(struct slice s, uint32_t *point);

/* `*` any run, `?` any one byte; ASCII case ignored; linear time (a hostile
 * text cannot make it slow). */
bool text_glob(const char *pattern, struct slice s);

/* The next piece of *rest up to `separator`, trimmed; moves *rest past it.
 * False when nothing is left.  "a, b" gives "a", "b"; ",," gives empty pieces. */
bool text_next(struct slice *rest, char separator, struct slice *piece);

/* ASCII lower case in place. */
void text_lower(char *s, size_t len);

#endif
