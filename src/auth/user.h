#ifndef USER_H
#define USER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

enum { USER_NAME_MAX = 1024 };           /* RFC 5321 4.5.3.1: 64 and 255, and UTF-8 */

/* Adds the name in the one form in which names are compared: prepared (RFC 4013),
 * ASCII letters small, and without "@domain" where that is `domain`, in whichever
 * spelling (an A-label or its U-label).  False: no name can look like that. */
bool user_name(struct buf *out, struct slice given, const char *domain);

#endif
