#ifndef CALENDAR_ZONE_RULES_H
#define CALENDAR_ZONE_RULES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ics.h"

/* The system's rules for a name of the IANA database as a strict VTIMEZONE; NULL: no
 * such name, or no database. */
struct ics_comp *zone_rules_system(struct arena *a, struct slice name);

/* A VTIMEZONE from anywhere, strictly (RFC 5545 3.6.5), named tzid.  Rules that
 * would not end are left out.  NULL: nothing usable in it. */
struct ics_comp *zone_rules_strict(struct arena *a, const struct ics_comp *from,
				   struct slice tzid);

/* "+0530", "-03:30:00" to seconds. */
bool zone_rules_offset(struct slice value, int *seconds);

#endif
