/*
 * Why not libical's own reading of these files: it guesses a yearly rule from the dates
 * of some years and is an hour off for weeks in sixty zones, for Jerusalem in 2013,
 * Easter Island in 2020 and Newfoundland after 2038.  The file says both exactly, the
 * past as dates and the future as a rule.
 */
#include "tzif.h"

#include <string.h>

#include "mime/date.h"

enum { HEADER = 44, DAY = 86400, COUNT_MOST = 5000 };
#define TIME_MOST INT64_C(253402300799)          /* the end of the year 9999 */

static int64_t big(const char *at, unsigned bytes)
{
	uint64_t n = (unsigned char)at[0] & 0x80 ? UINT64_MAX : 0;

	for (unsigned i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)at[i];
	return (int64_t)n;
}

struct counts {
	size_t isut, isstd, leap, time, type, chars;
};

static bool read_header(struct slice s, struct counts *c)
{
	size_t *const all[] = { &c->isut, &c->isstd, &c->leap, &c->time, &c->type, &c->chars };

	if (s.len < HEADER || memcmp(s.at, "TZif", 4) != 0)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int64_t n = big(s.at + 20 + 4 * i, 4);

		if (n < 0 || n > COUNT_MOST)
			return false;
		*all[i] = (size_t)n;
	}
	return c->type > 0;
}

static size_t block_size(const struct counts *c, size_t width)
{
	return c->time * width + c->time + c->type * 6 + c->chars + c->leap * (width + 4) +
	       c->isstd + c->isut;
}

static bool read_block(struct arena *a, struct slice s, const struct counts *c, struct tzif *out)
{
	int64_t *times = arena_array(a, c->time + 1, sizeof(*times));
	struct tzif_type *types = arena_array(a, c->type, sizeof(*types));
	const char *kinds = s.at + c->time * 8, *records = kinds + c->time;
	const char *names = records + c->type * 6;

	for (size_t i = 0; i < c->time; i++) {
		times[i] = big(s.at + 8 * i, 8);
		if ((unsigned char)kinds[i] >= c->type || times[i] > TIME_MOST ||
		    (i && times[i] <= times[i - 1]))
			return false;
	}
	for (size_t i = 0; i < c->type; i++) {
		const char *r = records + 6 * i;
		size_t at = (unsigned char)r[5];

		if (at >= c->chars)
			return false;
		types[i].offset = (int)big(r, 4);
		types[i].is_dst = r[4] != 0;
		types[i].name = slice_make(names + at, strnlen(names + at, c->chars - at));
		if (types[i].offset < -DAY || types[i].offset > DAY)
			return false;
	}
	out->count = (unsigned)c->time;
	out->times = times;
	out->kinds = (const unsigned char *)kinds;
	out->types = types;
	out->type_count = (unsigned)c->type;
	return true;
}

static bool take_number(struct slice *s, int most, int *n)
{
	size_t i = 0;

	for (*n = 0; i < s->len && s->at[i] >= '0' && s->at[i] <= '9'; i++) {
		*n = *n * 10 + (s->at[i] - '0');
		if (*n > most)
			return false;
	}
	*s = slice_from(*s, i);
	return i > 0;
}

static bool take_byte(struct slice *s, char c)
{
	if (!s->len || s->at[0] != c)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

/* "[+-]hh[:mm[:ss]]" */
static bool take_time(struct slice *s, int *seconds)
{
	bool minus = take_byte(s, '-');
	int part;

	if (!minus)
		take_byte(s, '+');
	if (!take_number(s, 167, &part))
		return false;
	*seconds = part * 3600;
	for (int unit = 60; unit >= 1 && take_byte(s, ':'); unit /= 60) {
		if (!take_number(s, 59, &part))
			return false;
		*seconds += part * unit;
	}
	if (minus)
		*seconds = -*seconds;
	return true;
}

static bool take_name(struct slice *s, struct slice *name)
{
	bool quoted = take_byte(s, '<');
	size_t n = 0;

	while (n < s->len && (quoted ? s->at[n] != '>' :
			      (s->at[n] | 32) >= 'a' && (s->at[n] | 32) <= 'z'))
		n++;
	*name = slice_head(*s, n);
	*s = slice_from(*s, n);
	return n > 0 && (!quoted || take_byte(s, '>'));
}

static bool take_day(struct slice *s, struct tzif_day *d)
{
	d->time = 2 * 3600;
	return take_byte(s, ',') && take_byte(s, 'M') && take_number(s, 12, &d->month) &&
	       d->month > 0 && take_byte(s, '.') && take_number(s, 5, &d->week) && d->week > 0 &&
	       take_byte(s, '.') && take_number(s, 6, &d->weekday) &&
	       (!take_byte(s, '/') || take_time(s, &d->time));
}

/* The POSIX TZ string behind the block; has_rule only where it has two halves. */
static void read_rule(struct slice s, struct tzif *out)
{
	int west;

	if (!take_name(&s, &out->standard.name) || !take_time(&s, &west))
		return;
	out->standard.offset = -west;
	if (!take_name(&s, &out->summer.name))
		return;
	out->summer.is_dst = true;
	out->summer.offset = out->standard.offset + 3600;
	if (s.len && s.at[0] != ',') {
		if (!take_time(&s, &west))
			return;
		out->summer.offset = -west;
	}
	out->has_rule = take_day(&s, &out->to_summer) && take_day(&s, &out->to_standard) &&
			s.len == 0;
}

bool tzif_read(struct arena *a, struct slice file, struct tzif *out)
{
	struct counts c;
	size_t n;

	*out = (struct tzif){ .count = 0 };
	if (!read_header(file, &c) || file.at[4] < '2')
		return false;
	file = slice_from(file, HEADER + block_size(&c, 4));
	if (!read_header(file, &c))
		return false;
	file = slice_from(file, HEADER);
	n = block_size(&c, 8);
	if (file.len < n || !read_block(a, file, &c, out))
		return false;
	file = slice_from(file, n);
	if (take_byte(&file, '\n'))
		read_rule(slice_head(file, slice_find(file, '\n')), out);
	return true;
}

int tzif_month_day(const struct tzif_day *d, int year)
{
	int64_t first = mime_days(year, d->month, 1);
	int64_t next = d->month == 12 ? mime_days(year + 1, 1, 1) : mime_days(year, d->month + 1, 1);
	int day = 1 + (int)(((d->weekday - (first + 4)) % 7 + 7) % 7) + 7 * (d->week - 1);

	while (day > next - first)
		day -= 7;
	return day;
}

int64_t tzif_change(const struct tzif *t, bool to_summer, int year)
{
	const struct tzif_day *d = to_summer ? &t->to_summer : &t->to_standard;
	int before = to_summer ? t->standard.offset : t->summer.offset;

	return mime_days(year, d->month, tzif_month_day(d, year)) * DAY + d->time - before;
}
