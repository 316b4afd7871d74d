#ifndef CALENDAR_RULE_H
#define CALENDAR_RULE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "when.h"

/* RRULE and EXRULE (RFC 5545 3.3.10, RFC 7529) in one form: capitals, no blanks, each
 * value within its range.  False: no such rule. */
bool rule_strict(struct arena *a, struct slice value, struct slice *out);

/* The same rule with UNTIL as a series that starts so must have it: a DATE for days,
 * else UTC, or floating. */
struct slice rule_fit(struct arena *a, struct slice rule, const struct when *start);

#endif
