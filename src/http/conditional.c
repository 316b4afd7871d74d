/*
 * A calendar program asks every few minutes and the calendar changes every few
 * days: nearly every answer is decided here.  In doubt it is sent.
 */
#include "conditional.h"

#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "field.h"
#include "request.h"

/* ==== Dates ==== */

static bool take_number(struct slice *s, size_t digits, int *out)
{
	uint64_t n;

	if (s->len < digits || !text_number(slice_head(*s, digits), 9999, &n))
		return false;
	*s = slice_from(*s, digits);
	*out = (int)n;
	return true;
}

static bool take_month(struct slice *s, int *month)
{
	for (*month = 0; *month < 12; ++*month) {
		if (s->len >= 3 && memcmp(s->at, clock_months[*month], 3) == 0) {
			*s = slice_from(*s, 3);
			return true;
		}
	}
	return false;
}

/* More than fifty years ahead is the century before (RFC 9110 5.6.7). */
static int full_year(int two_digits)
{
	time_t now = (time_t)clock_wall();
	struct tm tm = { .tm_year = 0 };
	int this_year, year;

	gmtime_r(&now, &tm);
	this_year = tm.tm_year + 1900;
	year = this_year - this_year % 100 + two_digits;
	return year > this_year + 50 ? year - 100 : year;
}

/* One letter of a form below; any other byte stands for itself. */
static bool take(char what, struct slice *s, struct tm *tm)
{
	int n;

	switch (what) {
	case 'w':                        /* the weekday says nothing new */
		for (n = 0; s->len && s->at[0] >= 'A' && s->at[0] <= 'z'; n++)
			*s = slice_from(*s, 1);
		return n >= 3;
	case 'd':
		if (s->len > 1 && s->at[0] == ' ') {     /* asctime's "Nov  6" */
			*s = slice_from(*s, 1);
			return take_number(s, 1, &tm->tm_mday);
		}
		return take_number(s, 2, &tm->tm_mday);
	case 'm':
		return take_month(s, &tm->tm_mon);
	case 'Y':
		if (!take_number(s, 4, &n))
			return false;
		tm->tm_year = n - 1900;
		return true;
	case 'y':
		if (!take_number(s, 2, &n))
			return false;
		tm->tm_year = full_year(n) - 1900;
		return true;
	case 'h':
		return take_number(s, 2, &tm->tm_hour) && tm->tm_hour < 24;
	case 'i':
		return take_number(s, 2, &tm->tm_min) && tm->tm_min < 60;
	case 's':
		return take_number(s, 2, &tm->tm_sec) && tm->tm_sec < 61;
	default:
		if (!s->len || s->at[0] != what)
			return false;
		*s = slice_from(*s, 1);
		return true;
	}
}

static bool read_form(const char *form, struct slice s, int64_t *seconds)
{
	struct tm tm = { .tm_isdst = 0 };
	int day;

	for (; *form; form++)
		if (!take(*form, &s, &tm))
			return false;
	day = tm.tm_mday;
	if (tm.tm_sec == 60)             /* a leap second, which our clock has not */
		tm.tm_sec = 59;
	*seconds = timegm(&tm);
	return s.len == 0 && tm.tm_mday == day;  /* else there is no such day */
}

bool http_date_read(struct slice text, int64_t *seconds)
{
	static const char *const forms[] = {
		"w, d m Y h:i:s GMT",    /* Sun, 06 Nov 1994 08:49:37 GMT */
		"w, d-m-y h:i:s GMT",    /* Sunday, 06-Nov-94 08:49:37 GMT */
		"w m d h:i:s Y",         /* Sun Nov  6 08:49:37 1994 */
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (read_form(forms[i], text, seconds))
			return true;
	return false;
}

/* ==== Entity tags ==== */

static bool is_tag(struct slice s)
{
	if (s.len < 2 || s.at[0] != '"' || s.at[s.len - 1] != '"')
		return false;
	return slice_find(slice_from(s, 1), '"') == s.len - 2;
}

/* Whether one of all the lists called `name` is ours (RFC 9110 8.8.3.2). */
static bool tag_listed(const struct http_head *h, const char *name, struct slice ours,
		       bool strong)
{
	struct slice list, item;
	size_t at = 0;

	while (http_head_next(h, name, &at, &list)) {
		while (http_list_next(&list, &item)) {
			bool weak = item.len > 2 && memcmp(item.at, "W/", 2) == 0;

			if (slice_is(item, "*"))
				return true;
			if (weak && strong)
				continue;
			if (weak)
				item = slice_from(item, 2);
			if (is_tag(item) && slice_equal(item, ours))
				return true;
		}
	}
	return false;
}

static bool has(const struct http_head *h, const char *name, struct slice *value)
{
	size_t at = 0;

	return http_head_next(h, name, &at, value);
}

static bool date_of(const struct http_head *h, const char *name, int64_t *seconds)
{
	struct slice value;

	return has(h, name, &value) && http_date_read(value, seconds);
}

/* The order is that of RFC 9110 13.2.2. */
enum http_condition http_condition_of(const struct http_head *h, const char *etag,
				      int64_t modified)
{
	struct slice ours = slice_of(etag), value;
	int64_t date;

	if (has(h, "If-Match", &value)) {
		if (!tag_listed(h, "If-Match", ours, true))
			return HTTP_NOT_THAT;
	} else if (modified && date_of(h, "If-Unmodified-Since", &date) && modified > date) {
		return HTTP_NOT_THAT;
	}
	if (has(h, "If-None-Match", &value))
		return tag_listed(h, "If-None-Match", ours, false) ? HTTP_NOT_MODIFIED : HTTP_SEND;
	if (modified && date_of(h, "If-Modified-Since", &date) && modified <= date)
		return HTTP_NOT_MODIFIED;
	return HTTP_SEND;
}
