/*
 * Date fields.  RFC 5322 3.3 is strict and mail is not: years of two digits,
 * zone names, a missing zone or time of day, comments anywhere.  A date that is
 * no day of the calendar is no date; for such a message the caller has the time
 * of its arrival.
 */
#include "mime/date.h"

#include "base/clock.h"
#include "base/text.h"
#include "lexer.h"

/* RFC 5322 4.3.  Military letters and unknown names count as -0000, since
 * RFC 822 had them the wrong way round. */
static const struct {
	const char *name;
	int hours;
} zones[] = {
	{ "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
	{ "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
};

int64_t mime_days(int year, int month, int day)
{
	/* Years begin in March here, so that the leap day is the last. */
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int mime_days_in(int year, int month)
{
	return (int)(month == 12 ? 31 : mime_days(year, month + 1, 1) - mime_days(year, month, 1));
}

/* A run of letters, of digits, or a single other byte. */
static struct slice next_piece(struct lexer *l)
{
	const char *start;
	bool digits;

	lex_skip(l, NULL);
	if (!lex_more(l))
		return (struct slice){ NULL, 0 };
	start = l->at;
	digits = *start >= '0' && *start <= '9';
	for (; lex_more(l); l->at++) {
		bool digit = *l->at >= '0' && *l->at <= '9';
		bool letter = (*l->at | 0x20) >= 'a' && (*l->at | 0x20) <= 'z';

		if (digits ? !digit : !letter)
			break;
	}
	if (l->at == start)
		l->at++;
	return slice_make(start, (size_t)(l->at - start));
}

static bool read_number(struct lexer *l, int most, int *out, size_t *digits)
{
	struct slice piece = next_piece(l);
	uint64_t n;

	if (!text_number(piece, (uint64_t)most, &n))
		return false;
	*out = (int)n;
	*digits = piece.len;
	return true;
}

static bool take(struct lexer *l, char c)
{
	lex_skip(l, NULL);
	if (!lex_is(l, c))
		return false;
	l->at++;
	return true;
}

static bool read_month(struct lexer *l, int *month)
{
	struct slice name = next_piece(l);

	for (int i = 0; i < 12; i++) {
		if (name.len >= 3 && slice_is_nocase(slice_head(name, 3), clock_months[i])) {
			*month = i + 1;
			return true;
		}
	}
	return false;
}

/* RFC 5322 4.3: two digits up to 49 are 20xx, other short ones count from 1900. */
static bool read_year(struct lexer *l, int *year)
{
	size_t digits;

	if (!read_number(l, 9999, year, &digits) || digits < 2)
		return false;
	if (digits == 2)
		*year += *year < 50 ? 2000 : 1900;
	else if (digits == 3)
		*year += 1900;
	return *year >= 1;
}

/* [day-name ","] day month year; a hyphen may stand for a blank. */
static bool read_day(struct lexer *l, struct mime_date *d)
{
	struct lexer start;
	struct slice piece;
	size_t digits;

	do {
		start = *l;
		piece = next_piece(l);
	} while (piece.len && (piece.at[0] < '0' || piece.at[0] > '9'));
	*l = start;
	if (!read_number(l, 31, &d->day, &digits))
		return false;
	take(l, '-');
	if (!read_month(l, &d->month))
		return false;
	take(l, '.');
	take(l, '-');
	if (!read_year(l, &d->year))
		return false;
	return d->day >= 1 && d->day <= mime_days_in(d->year, d->month);
}

/* hour ":" minute [":" second]; nothing is midnight, which `seconds` is already. */
static bool read_time(struct lexer *l, int64_t *seconds)
{
	int hour, minute, second = 0;
	size_t digits;

	lex_skip(l, NULL);
	if (!lex_more(l))
		return true;
	if (!read_number(l, 23, &hour, &digits))
		return false;
	if (!take(l, ':') && !take(l, '.'))
		return false;
	if (!read_number(l, 59, &minute, &digits))
		return false;
	if ((take(l, ':') || take(l, '.')) && !read_number(l, 60, &second, &digits))
		return false;
	*seconds = (int64_t)hour * 3600 + minute * 60 + second;
	return true;
}

static int named_zone(struct slice name)
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (slice_is_nocase(name, zones[i].name))
			return zones[i].hours * 60;
	return 0;
}

/* ("+" / "-") 4DIGIT, or a name; what is neither counts as UTC. */
static int read_zone(struct lexer *l)
{
	struct slice piece = next_piece(l);
	int hhmm, minutes;
	size_t digits;

	if (!piece.len || (piece.at[0] != '+' && piece.at[0] != '-'))
		return named_zone(piece);
	if (!read_number(l, 9999, &hhmm, &digits) || digits != 4 || hhmm % 100 > 59)
		return 0;
	minutes = hhmm / 100 * 60 + hhmm % 100;
	return piece.at[0] == '-' ? -minutes : minutes;
}

static bool parse(struct mime_date *out, struct slice value, bool needs_time)
{
	struct lexer l = lexer_of(value);
	struct mime_date d = { .utc = 0 };
	int64_t seconds = 0;

	if (!read_day(&l, &d))
		return false;
	if (read_time(&l, &seconds))
		d.zone_minutes = read_zone(&l);
	else if (needs_time)
		return false;
	d.utc = mime_days(d.year, d.month, d.day) * 86400 + seconds - (int64_t)d.zone_minutes * 60;
	*out = d;
	return true;
}

bool mime_date_parse(struct mime_date *out, struct slice value)
{
	return parse(out, value, true);
}

bool mime_date_sent(struct mime_date *out, struct slice value)
{
	return parse(out, value, false);
}
