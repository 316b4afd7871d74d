#ifndef CALENDAR_WHEN_H
#define CALENDAR_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct zone;

/* A point of a calendar (RFC 5545 3.3.4, 3.3.5): a day, a time on every wall, a
 * time of the world, or one on the walls of a zone. */
enum when_kind { WHEN_DATE, WHEN_FLOATING, WHEN_UTC, WHEN_ZONED };

struct when {
	enum when_kind kind;
	int year, month, day, hour, minute, second;
	struct zone *zone;               /* WHEN_ZONED only */
};

enum { WHEN_TEXT = 20 };                 /* "20240305T100000Z" and a NUL */

/* DATE, FLOATING or UTC as the value says; also with the hyphens and colons of
 * ISO 8601, and without seconds.  False: no time. */
bool when_parse(struct when *w, struct slice value);
void when_print(char out[WHEN_TEXT], const struct when *w);

/* Seconds since 1970, of UTC where the kind knows it, else of the wall. */
int64_t when_seconds(const struct when *w);
/* Year to second, within the years 1 to 9999; kind stays. */
void when_set_seconds(struct when *w, int64_t wall);

struct when when_to_utc(struct when w);          /* ZONED becomes UTC; others stay */
/* The same moment in the kind and zone of `model`; what one side does not know
 * (the hour of a DATE, the zone of a FLOATING) is taken from the model. */
struct when when_like(struct when w, const struct when *model);
/* Of the same kind and zone: <0, 0, >0 by the wall.  Else by when_seconds. */
int when_compare(const struct when *a, const struct when *b);

#endif
