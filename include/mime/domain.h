#ifndef MIME_DOMAIN_H
#define MIME_DOMAIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Adds the domain in the form in which domains are compared: lower case, every
 * label an A-label (IDNA 2008 by libidn2, RFC 5891; RFC 6531 3.2), no dot at the
 * end.  False: not a host name (RFC 5321 4.1.2: letters, digits and hyphens, labels
 * of 1 to 63, 253 in all), and nothing was added.  Pure; any thread. */
bool domain_to_ascii(struct buf *out, struct slice domain);

#endif
