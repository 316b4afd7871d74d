#ifndef CALENDAR_ZONE_SYSTEM_H
#define CALENDAR_ZONE_SYSTEM_H

#include "base/arena.h"
#include "base/slice.h"
#include "ics.h"

/* A file of the zone database as a VTIMEZONE named `name`, right from 1970 on; NULL:
 * not such a file. */
struct ics_comp *zone_system_make(struct arena *a, struct slice file, struct slice name);

#endif
