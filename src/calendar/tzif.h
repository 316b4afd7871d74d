#ifndef CALENDAR_TZIF_H
#define CALENDAR_TZIF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/* A file of the zone database (RFC 9636): when the clocks of a place changed, and by
 * which rule they go on changing.  Pure. */
struct tzif_type {
	int offset;                      /* seconds east */
	bool is_dst;
	struct slice name;
};

/* "M3.2.0/2": the week'th weekday of a month, and the seconds of its day (which may
 * lie outside it). */
struct tzif_day {
	int month, week, weekday, time;
};

struct tzif {
	unsigned count;
	const int64_t *times;            /* seconds since 1970, rising */
	const unsigned char *kinds;      /* the type from then on */
	const struct tzif_type *types;
	unsigned type_count;
	/* What follows the last change. */
	bool has_rule;
	struct tzif_type standard, summer;
	struct tzif_day to_summer, to_standard;
};

/* False: not such a file. */
bool tzif_read(struct arena *a, struct slice file, struct tzif *out);

/* The rule's change in a year, in UTC. */
int64_t tzif_change(const struct tzif *t, bool to_summer, int year);
/* The day of the month it is counted from (its time may carry it further). */
int tzif_month_day(const struct tzif_day *d, int year);

#endif
