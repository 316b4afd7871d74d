#ifndef STORE_UID_SET_H
#define STORE_UID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A set of UIDs (or of message numbers) as sorted ranges that neither overlap
 * nor touch.  Grows with mem_; the ceiling is where it is parsed. */
struct uid_range { uint32_t first, last; };
struct uid_set {
	struct uid_range *ranges;
	size_t count, cap;
};

void uid_set_init(struct uid_set *s);
void uid_set_release(struct uid_set *s);
void uid_set_copy(struct uid_set *to, const struct uid_set *from);   /* `to` is released first */
/* Cheap when added in ascending order; right in any order. */
void uid_set_add(struct uid_set *s, uint32_t first, uint32_t last);
/* All of `from` as well, in one pass over both. */
void uid_set_add_all(struct uid_set *to, const struct uid_set *from);
bool uid_set_has(const struct uid_set *s, uint32_t uid);
/* What is in both is added to `out`. */
void uid_set_common(struct uid_set *out, const struct uid_set *a, const struct uid_set *b);
uint64_t uid_set_size(const struct uid_set *s);
/* As IMAP writes it: "1:3,5". */
bool uid_set_print(struct buf *out, const struct uid_set *s);
enum { UID_RANGE_TEXT = 22 };            /* of one: "4294967294:4294967295," */

#endif
