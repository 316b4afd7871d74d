#ifndef CALENDAR_PROPERTY_H
#define CALENDAR_PROPERTY_H

#include "event.h"
#include "ics.h"

/* Copies what `from` (a sender's VEVENT) has of the properties that a calendar needs
 * into `to`, each checked against its row of the table and written strictly. */
void property_copy_all(const struct event_source *s, struct ics_comp *to,
		       const struct ics_comp *from);

/* Properties in the table's order, others behind them; of one name as they stood. */
void property_sort(struct ics_comp *c);

/* A time with its TZID or VALUE, resolved; false: none. */
bool property_when(const struct event_source *s, const struct ics_prop *p, struct slice value,
		   struct when *w);

/* "PT15M", "-P1D" (RFC 5545 3.3.6). */
bool property_is_duration(struct slice value);

/* A VALARM that only shows something, strictly (3.6.6); NULL: another kind, or broken. */
struct ics_comp *property_alarm(const struct event_source *s, const struct ics_comp *alarm,
				struct slice summary);

#endif
