#ifndef SASLPREP_H
#define SASLPREP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Adds the text as SASLprep (RFC 4013) makes names and passwords comparable, with
 * unassigned code points let through (a query, RFC 3454 7).  False: not UTF-8, or
 * something prohibited, or no room; then out may have a part of it. */
bool saslprep(struct buf *out, struct slice text);

#endif
