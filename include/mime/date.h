#ifndef MIME_DATE_H
#define MIME_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* RFC 5322 3.3 and 4.3 (two-digit years, zone names, comments). */
struct mime_date {
	int64_t utc;             /* seconds since 1970 */
	int zone_minutes;        /* east of UTC, as written */
	int year, month, day;    /* as written, for SENTON and the like */
};
bool mime_date_parse(struct mime_date *out, struct slice value);

/* The same as RFC 5256 2.2 reads it: a time of day that is none is midnight, UTC. */
bool mime_date_sent(struct mime_date *out, struct slice value);

/* Days of the proleptic Gregorian calendar since 1970-01-01. */
int64_t mime_days(int year, int month, int day);
int mime_days_in(int year, int month);   /* 28 to 31 */

#endif
