#ifndef CALENDAR_ZONE_H
#define CALENDAR_ZONE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "ics.h"
#include "when.h"

/*
 * TZIDs.  Each sender names zones as it likes and sends rules of its own (RFC 5545
 * 3.6.5); the feed has one namespace.  A name of the IANA database means the
 * system's rules, whatever the sender says of it; another name means the sender's
 * rules, under that name or, where the name is taken by other rules, under
 * "name (2)".  What has no rules becomes UTC by the offset in its name, or floats.
 *
 * Lane thread; arena and zones live as long as one merge.
 */
struct zones;
struct zone;

struct zones *zones_new(struct arena *a);
void zones_free(struct zones *z);                /* NULL is fine */

/* A VTIMEZONE of the feed: so that what is named there stays named. */
void zones_keep(struct zones *z, const struct ics_comp *vtimezone);

enum zone_meaning { ZONE_RULES, ZONE_OFFSET, ZONE_NONE };

/* What a TZID means in an object of a sender's (`object` holds its VTIMEZONEs; may be
 * NULL).  ZONE_RULES: *zone; ZONE_OFFSET: *offset, seconds east. */
enum zone_meaning zones_resolve(struct zones *z, struct slice tzid,
				const struct ics_comp *object, struct zone **zone, int *offset);

struct slice zone_tzid(const struct zone *zone);
const struct ics_comp *zone_component(const struct zone *zone);  /* strict, to print */

/* Seconds east of UTC at a time on the zone's walls; at a time of UTC. */
int zone_offset(struct zone *zone, const struct when *wall);
int zone_offset_utc(struct zone *zone, const struct when *utc);

#endif
