/*
 * Why one door to the time: a test that waits a day for a greylist entry to
 * expire is not written, so the wall clock can be set here, and only here.
 * The texts are put together by hand because strftime follows the locale, and
 * a Date field in another language than English is not one.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>

static _Atomic int64_t set_wall = -1;   /* negative: the real clock */

static int64_t read_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall(void)
{
	return clock_wall_us() / 1000000;
}

int64_t clock_wall_us(void)
{
	int64_t wall = atomic_load(&set_wall);

	return wall < 0 ? read_us(CLOCK_REALTIME) : wall * 1000000;
}

uint64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

uint64_t clock_mono_us(void)
{
	return (uint64_t)read_us(CLOCK_MONOTONIC);
}

void clock_set(int64_t wall)
{
	atomic_store(&set_wall, wall);
}

/* Years have four digits in every form below. */
static time_t within_four_digits(int64_t wall)
{
	const int64_t first = INT64_C(-62135510400);    /* 0001-01-02 */
	const int64_t last = INT64_C(253402214400);     /* 9999-12-31, start */

	return (time_t)(wall < first ? first : wall > last ? last : wall);
}

const char clock_months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

static void write_date(char out[CLOCK_TEXT], const struct tm *t, const char *zone)
{
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
	};

	snprintf(out, CLOCK_TEXT, "%s, %02d %s %04d %02d:%02d:%02d %s",
		 days[t->tm_wday], t->tm_mday, clock_months[t->tm_mon],
		 t->tm_year + 1900, t->tm_hour, t->tm_min, t->tm_sec, zone);
}

void clock_rfc5322(char out[CLOCK_TEXT], int64_t wall)
{
	time_t when = within_four_digits(wall);
	char zone[8];
	struct tm t;
	unsigned minutes;

	localtime_r(&when, &t);
	minutes = (unsigned)(t.tm_gmtoff < 0 ? -t.tm_gmtoff : t.tm_gmtoff) / 60;
	snprintf(zone, sizeof(zone), "%c%02u%02u", t.tm_gmtoff < 0 ? '-' : '+',
		 minutes / 60 % 100, minutes % 60);
	write_date(out, &t, zone);
}

void clock_http(char out[CLOCK_TEXT], int64_t wall)
{
	time_t when = within_four_digits(wall);
	struct tm t;

	gmtime_r(&when, &t);
	write_date(out, &t, "GMT");
}

void clock_rfc3339(char out[CLOCK_TEXT], int64_t wall)
{
	time_t when = within_four_digits(wall);
	struct tm t;

	gmtime_r(&when, &t);
	snprintf(out, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ",
		 t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
		 t.tm_hour, t.tm_min, t.tm_sec);
}
