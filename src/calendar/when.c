/*
 * Why not icaltime: it forgets whether a time had a zone that could not be found,
 * and compares a floating one as UTC without saying so.  An occurrence is looked up
 * by what its series means, so the kind is part of the value here.
 */
#include "when.h"

#include <stdio.h>

#include "mime/date.h"
#include "zone.h"

enum { DAY = 86400 };

/* The years 1 and 9999 are all that four digits say. */
#define FIRST INT64_C(-62135596800)
#define LAST INT64_C(253402300799)

static int digits(const char *at, int count)
{
	int n = 0;

	while (count-- > 0)
		n = n * 10 + (*at++ - '0');
	return n;
}

/* Digits only, 'T' and 'Z' in capitals; false: a foreign byte, or too long. */
static bool compact(char out[WHEN_TEXT], struct slice value)
{
	size_t n = 0;

	value = slice_trim(value);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (c == '-' || c == ':')
			continue;
		if (c == 't' || c == 'z')
			c = c == 't' ? 'T' : 'Z';
		if (!(c >= '0' && c <= '9') && !(c == 'T' && n == 8) && !(c == 'Z' && n > 8))
			return false;
		if (n == WHEN_TEXT - 1 || (n && out[n - 1] == 'Z'))
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

bool when_parse(struct when *w, struct slice value)
{
	char text[WHEN_TEXT];
	size_t n, clock;

	*w = (struct when){ .kind = WHEN_DATE };
	if (!compact(text, value))
		return false;
	n = slice_of(text).len;
	for (size_t i = 0; i < 8; i++)
		if (i >= n || text[i] < '0' || text[i] > '9')
			return false;
	w->year = digits(text, 4);
	w->month = digits(text + 4, 2);
	w->day = digits(text + 6, 2);
	if (w->year < 1 || w->month < 1 || w->month > 12 || w->day < 1 ||
	    w->day > mime_days_in(w->year, w->month))
		return false;
	if (n == 8)
		return true;
	w->kind = text[n - 1] == 'Z' ? WHEN_UTC : WHEN_FLOATING;
	clock = n - 9 - (w->kind == WHEN_UTC);
	if (text[8] != 'T' || (clock != 6 && clock != 4))
		return false;
	w->hour = digits(text + 9, 2);
	w->minute = digits(text + 11, 2);
	w->second = clock == 6 ? digits(text + 13, 2) : 0;
	if (w->second == 60)             /* a leap second: no calendar draws it */
		w->second = 59;
	return w->hour < 24 && w->minute < 60 && w->second < 60;
}

void when_print(char out[WHEN_TEXT], const struct when *w)
{
	if (w->kind == WHEN_DATE)
		snprintf(out, WHEN_TEXT, "%04u%02u%02u", (unsigned)w->year % 10000u,
			 (unsigned)w->month % 100u, (unsigned)w->day % 100u);
	else
		snprintf(out, WHEN_TEXT, "%04u%02u%02uT%02u%02u%02u%s", (unsigned)w->year % 10000u,
			 (unsigned)w->month % 100u, (unsigned)w->day % 100u,
			 (unsigned)w->hour % 100u, (unsigned)w->minute % 100u,
			 (unsigned)w->second % 100u, w->kind == WHEN_UTC ? "Z" : "");
}

static int64_t wall_seconds(const struct when *w)
{
	return mime_days(w->year, w->month, w->day) * DAY + w->hour * 3600 + w->minute * 60 +
	       w->second;
}

int64_t when_seconds(const struct when *w)
{
	int64_t wall = wall_seconds(w);

	return w->kind == WHEN_ZONED ? wall - zone_offset(w->zone, w) : wall;
}

/* Howard Hinnant's civil-from-days, with years starting in March. */
static void set_days(struct when *w, int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	w->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	w->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	w->year = (int)(yoe + era * 400 + (w->month <= 2));
}

void when_set_seconds(struct when *w, int64_t wall)
{
	int64_t days, rest;

	if (wall < FIRST)
		wall = FIRST;
	if (wall > LAST)
		wall = LAST;
	days = wall / DAY;
	rest = wall % DAY;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	set_days(w, days);
	w->hour = (int)(rest / 3600);
	w->minute = (int)(rest / 60 % 60);
	w->second = (int)(rest % 60);
}

struct when when_to_utc(struct when w)
{
	if (w.kind == WHEN_ZONED) {
		int64_t utc = when_seconds(&w);

		w.kind = WHEN_UTC;
		w.zone = NULL;
		when_set_seconds(&w, utc);
	}
	return w;
}

static struct when day_with_clock(struct when day, const struct when *clock)
{
	struct when w = *clock;

	w.year = day.year;
	w.month = day.month;
	w.day = day.day;
	return w;
}

struct when when_like(struct when w, const struct when *model)
{
	if (w.kind == model->kind && (w.kind != WHEN_ZONED || w.zone == model->zone))
		return w;
	if (w.kind == WHEN_DATE)
		return day_with_clock(w, model);
	if (model->kind == WHEN_DATE) {
		w.kind = WHEN_DATE;
		w.zone = NULL;
		w.hour = w.minute = w.second = 0;
		return w;
	}
	if (w.kind == WHEN_FLOATING || model->kind == WHEN_FLOATING) {
		w.kind = model->kind;
		w.zone = model->zone;
		return w;
	}
	w = when_to_utc(w);
	if (model->kind == WHEN_ZONED) {
		int64_t utc = when_seconds(&w);

		w.kind = WHEN_ZONED;
		w.zone = model->zone;
		when_set_seconds(&w, utc + zone_offset_utc(model->zone, &w));
	}
	return w;
}

int when_compare(const struct when *a, const struct when *b)
{
	bool same = a->kind == b->kind && a->zone == b->zone;
	int64_t x = same ? wall_seconds(a) : when_seconds(a);
	int64_t y = same ? wall_seconds(b) : when_seconds(b);

	return x < y ? -1 : x > y;
}
