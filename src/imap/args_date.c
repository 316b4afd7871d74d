/*
 * Dates.  Days are counted by arithmetic rather than by timegm(3), which would
 * turn the 31st of February into a day in March where the client is to be told.
 */
#include "args.h"

#include "base/clock.h"
#include "mime/date.h"

/* Exactly n digits. */
static bool digits(struct imap_args *a, size_t n, int *out)
{
	*out = 0;
	if (a->rest.len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (a->rest.at[i] < '0' || a->rest.at[i] > '9')
			return false;
		*out = *out * 10 + (a->rest.at[i] - '0');
	}
	a->rest = slice_from(a->rest, n);
	return true;
}

static bool month_name(struct imap_args *a, int *out)
{
	for (int i = 0; i < 12; i++)
		if (slice_starts_nocase(a->rest, clock_months[i])) {
			*out = i + 1;
			a->rest = slice_from(a->rest, 3);
			return true;
		}
	return false;
}

/* The rest of date-text, behind the day. */
static bool month_and_year(struct imap_args *a, int day, int64_t *days)
{
	int month, year;

	if (!args_char(a, '-') || !month_name(a, &month) || !args_char(a, '-') ||
	    !digits(a, 4, &year) || day < 1 || day > mime_days_in(year, month))
		return false;
	*days = mime_days(year, month, day);
	return true;
}

bool args_date(struct imap_args *a, int64_t *days)
{
	bool quoted = args_peek(a, '"');
	int day, second;
	bool good;

	if (quoted)
		args_char(a, '"');
	good = digits(a, 1, &day);
	if (good && digits(a, 1, &second))
		day = day * 10 + second;
	good = good && month_and_year(a, day, days);
	if (good && quoted)
		good = args_char(a, '"');
	return good || args_want(a, "a date like 1-Feb-1994");
}

/* time SP zone */
static bool time_and_zone(struct imap_args *a, int64_t *seconds)
{
	int h, m, s, zone_h, zone_m;
	bool west;

	if (!digits(a, 2, &h) || !args_char(a, ':') || !digits(a, 2, &m) ||
	    !args_char(a, ':') || !digits(a, 2, &s) || !args_char(a, ' ') ||
	    h > 23 || m > 59 || s > 60)
		return false;
	west = args_peek(a, '-');
	if (!args_char(a, west ? '-' : '+') || !digits(a, 2, &zone_h) ||
	    !digits(a, 2, &zone_m) || zone_h > 23 || zone_m > 59)
		return false;
	*seconds = h * 3600 + m * 60 + s +
		   (west ? 1 : -1) * (int64_t)(zone_h * 3600 + zone_m * 60);
	return true;
}

bool args_date_time(struct imap_args *a, int64_t *out)
{
	int64_t days, seconds;
	int day;
	bool good = args_char(a, '"');

	/* date-day-fixed: " 7" or "17"; "7" is what sloppy clients send. */
	if (good && args_peek(a, ' '))
		args_char(a, ' ');
	if (good && a->rest.len > 1 && a->rest.at[1] == '-')
		good = digits(a, 1, &day);
	else
		good = good && digits(a, 2, &day);
	if (!good || !month_and_year(a, day, &days) || !args_char(a, ' ') ||
	    !time_and_zone(a, &seconds) || !args_char(a, '"'))
		return args_want(a, "a date and time like \" 7-Feb-1994 21:52:25 -0800\"");
	*out = days * 86400 + seconds;
	return true;
}
