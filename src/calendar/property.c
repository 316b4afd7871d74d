/*
 * One row a property: how many of it, and what its value must be.  What has no row
 * does not go on: of the hundreds of X- properties a few say something to another
 * program than the one that wrote them, and ATTENDEE lists other people's addresses.
 */
#include "property.h"

#include <string.h>

#include "base/text.h"
#include "rule.h"

enum kind { TEXT, TEXTS, WORD, NUMBER, TIME, TIMES, STAMP, DURATION, RULE, URI, ADDRESS, GEO };

enum {
	TEXT_MOST = 64 * 1024,   /* a description; real ones have some kilobytes */
	LINE_MOST = 2048,        /* a summary, an address, a link */
	PARAM_MOST = 512,        /* a name */
	DATES_MOST = 5000,       /* of EXDATE and RDATE: fourteen years of days */
};

struct row {
	const char *name;
	enum kind kind;
	unsigned count;          /* at most that many */
	unsigned most;           /* bytes, or the largest number */
	const char *words;       /* allowed, between spaces; of parameters for the rest */
};

static const struct row rows[] = {
	{ "UID", TEXT, 1, 1024, NULL },
	{ "DTSTAMP", STAMP, 1, 0, NULL },
	{ "DTSTART", TIME, 1, 0, NULL },
	{ "DTEND", TIME, 1, 0, NULL },
	{ "DURATION", DURATION, 1, 0, NULL },
	{ "RECURRENCE-ID", TIME, 1, 0, NULL },
	{ "RRULE", RULE, 8, 0, NULL },
	{ "EXRULE", RULE, 8, 0, NULL },
	{ "RDATE", TIMES, DATES_MOST, 0, NULL },
	{ "EXDATE", TIMES, DATES_MOST, 0, NULL },
	{ "SEQUENCE", NUMBER, 1, INT32_MAX, NULL },
	{ "STATUS", WORD, 1, 0, " TENTATIVE CONFIRMED CANCELLED " },
	{ "SUMMARY", TEXT, 1, LINE_MOST, " LANGUAGE " },
	{ "LOCATION", TEXT, 1, LINE_MOST, " LANGUAGE " },
	{ "DESCRIPTION", TEXT, 1, TEXT_MOST, " LANGUAGE " },
	{ "COMMENT", TEXT, 4, LINE_MOST, " LANGUAGE " },
	{ "CONTACT", TEXT, 4, LINE_MOST, " LANGUAGE " },
	{ "CATEGORIES", TEXTS, 8, LINE_MOST, " LANGUAGE " },
	{ "RESOURCES", TEXTS, 8, LINE_MOST, " LANGUAGE " },
	{ "GEO", GEO, 1, 0, NULL },
	{ "URL", URI, 1, LINE_MOST, NULL },
	{ "CONFERENCE", URI, 8, LINE_MOST, " VALUE FEATURE LABEL LANGUAGE " },
	{ "ATTACH", URI, 8, LINE_MOST, " FMTTYPE " },
	{ "ORGANIZER", ADDRESS, 1, LINE_MOST, " CN SENT-BY " },
	{ "CLASS", WORD, 1, 0, " PUBLIC PRIVATE CONFIDENTIAL " },
	{ "TRANSP", WORD, 1, 0, " OPAQUE TRANSPARENT " },
	{ "PRIORITY", NUMBER, 1, 9, NULL },
	{ "COLOR", TEXT, 1, 40, NULL },
	{ "CREATED", STAMP, 1, 0, NULL },
	{ "LAST-MODIFIED", STAMP, 1, 0, NULL },
	{ "X-MICROSOFT-CDO-BUSYSTATUS", WORD, 1, 0, " FREE TENTATIVE BUSY OOF WORKINGELSEWHERE " },
	{ "X-MICROSOFT-CDO-ALLDAYEVENT", WORD, 1, 0, " TRUE FALSE " },
	{ "X-GOOGLE-CONFERENCE", URI, 1, LINE_MOST, NULL },
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

/* A list of words between spaces has this one (case ignored). */
static bool has_word(const char *words, struct slice word)
{
	struct slice rest = slice_of(words), piece;

	while (text_next(&rest, ' ', &piece))
		if (piece.len && slice_equal_nocase(piece, word))
			return true;
	return false;
}

static struct slice upper(struct arena *a, struct slice s)
{
	char *text = arena_string(a, s);

	for (size_t i = 0; i < s.len; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
	return slice_make(text, s.len);
}

/* A run of digits and one of `units`, which then goes on behind that unit. */
static bool duration_part(struct slice *s, const char **units)
{
	const char *unit;
	size_t n = 0;

	while (n < s->len && s->at[n] >= '0' && s->at[n] <= '9')
		n++;
	if (n == 0 || n > 7 || n == s->len || !s->at[n])
		return false;
	unit = strchr(*units, s->at[n]);
	if (!unit)
		return false;
	*units = unit + 1;
	*s = slice_from(*s, n + 1);
	return true;
}

bool property_is_duration(struct slice s)
{
	const char *units = "WD";

	if (s.len && (s.at[0] == '+' || s.at[0] == '-'))
		s = slice_from(s, 1);
	if (s.len < 3 || s.at[0] != 'P')
		return false;
	s = slice_from(s, 1);
	if (s.at[0] != 'T') {
		if (!duration_part(&s, &units))
			return false;
		if (*units)              /* weeks stand alone */
			return s.len == 0;
		if (!s.len)
			return true;
	}
	units = "HMS";
	if (s.at[0] != 'T' || s.len < 2)
		return false;
	s = slice_from(s, 1);
	while (s.len)
		if (!duration_part(&s, &units))
			return false;
	return true;
}

static bool is_uri(struct slice s)
{
	size_t colon = slice_find(s, ':');

	if (colon == 0 || colon == s.len || slice_starts_nocase(s, "javascript:") ||
	    slice_starts_nocase(s, "data:") || slice_starts_nocase(s, "file:"))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] <= ' ' || s.at[i] == 0x7f || s.at[i] == '"' ||
		    s.at[i] == '<' || s.at[i] == '>')
			return false;
	return true;
}

bool property_when(const struct event_source *s, const struct ics_prop *p, struct slice value,
		   struct when *w)
{
	struct slice tzid = ics_param(p, "TZID");
	int offset;

	if (!when_parse(w, value))
		return false;
	/* VALUE=DATE with an hour contradicts itself: others read the day, so we do. */
	if (w->kind != WHEN_DATE && slice_is_nocase(ics_param(p, "VALUE"), "DATE")) {
		w->kind = WHEN_DATE;
		w->hour = w->minute = w->second = 0;
	}
	if (w->kind != WHEN_FLOATING || tzid.len == 0)
		return true;
	switch (zones_resolve(s->zones, tzid, s->object, &w->zone, &offset)) {
	case ZONE_RULES:
		w->kind = WHEN_ZONED;
		break;
	case ZONE_OFFSET:
		when_set_seconds(w, when_seconds(w) - offset);
		w->kind = WHEN_UTC;
		break;
	case ZONE_NONE:
		break;
	}
	return true;
}

static void copy_params(struct arena *a, struct ics_prop *to, const struct ics_prop *from,
			const char *allowed)
{
	for (const struct ics_param *q = from->params; allowed && q; q = q->next) {
		struct slice value = SLICE("");

		if (has_word(allowed, q->name) && q->value.len <= PARAM_MOST)
			value = ics_param_clean(a, q->value, PARAM_MOST);
		if (value.len)
			ics_param_add(a, to, upper(a, q->name), value);
	}
}

/* One by one, so that each has a form of its own, whatever the list was. */
static unsigned copy_dates(const struct event_source *s, struct ics_comp *to,
			   const struct ics_prop *p, const char *name, unsigned most)
{
	struct slice rest = p->value, item;
	unsigned count = 0;
	struct when w, end;

	while (count < most && text_next(&rest, ',', &item)) {
		size_t slash = slice_find(item, '/');
		struct slice tail = slice_from(item, slash + 1);
		struct ics_prop *q;
		char text[2 * WHEN_TEXT];
		size_t n;

		if (!property_when(s, p, slice_head(item, slash), &w))
			continue;
		q = event_set_when(s->arena, to, name, &w);
		count++;
		if (slash == item.len || w.kind == WHEN_DATE)
			continue;
		/* PERIOD (3.3.9): a start, and an end or a length. */
		n = q->value.len;
		memcpy(text, q->value.at, n);
		text[n++] = '/';
		if (property_is_duration(tail) && tail.len < WHEN_TEXT) {
			memcpy(text + n, tail.at, tail.len);
			n += tail.len;
		} else if (property_when(s, p, tail, &end) && end.kind == w.kind) {
			when_print(text + n, &end);
			n += strlen(text + n);
		} else {
			continue;
		}
		q->value = arena_copy(s->arena, slice_make(text, n));
		ics_param_add(s->arena, q, SLICE("VALUE"), SLICE("PERIOD"));
	}
	return count;
}

static bool stamp(const struct event_source *s, const struct ics_prop *p, struct slice *value)
{
	char text[WHEN_TEXT];
	struct when w;

	if (!property_when(s, p, p->value, &w) || w.kind == WHEN_DATE)
		return false;
	w = when_to_utc(w);
	w.kind = WHEN_UTC;
	when_print(text, &w);
	*value = slice_of(arena_string(s->arena, slice_of(text)));
	return true;
}

/* "-12.5" within +-most. */
static bool degrees(struct slice s, unsigned most)
{
	size_t dot;
	uint64_t whole, part;

	if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
		s = slice_from(s, 1);
	dot = slice_find(s, '.');
	return text_number(slice_head(s, dot), most - (dot < s.len), &whole) &&
	       (dot == s.len || text_number(slice_from(s, dot + 1), UINT64_MAX, &part));
}

static bool geo(struct slice value)
{
	size_t semicolon = slice_find(value, ';');

	return degrees(slice_head(value, semicolon), 90) &&
	       degrees(slice_from(value, semicolon + 1), 180);
}

/* "mailto:a@b" in one form; an address without the scheme gets it. */
static bool address(struct arena *a, struct slice value, struct slice *out)
{
	struct buf b;

	if (slice_starts_nocase(value, "mailto:"))
		value = slice_trim(slice_from(value, 7));
	else if (is_uri(value)) {
		*out = value;
		return true;
	}
	if (slice_find(value, '@') == value.len || value.len > LINE_MOST)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] <= ' ' || strchr("\"<>\\;,\x7f", value.at[i]))
			return false;
	buf_init(&b, LINE_MOST + 16);
	buf_add_text(&b, "mailto:");
	buf_add(&b, value);
	*out = arena_copy(a, buf_slice(&b));
	buf_release(&b);
	return true;
}

/* The value as it is to be written; false: leave the property out. */
static bool strict_value(const struct event_source *s, const struct row *row,
			 const struct ics_prop *p, struct slice *value)
{
	uint64_t number;

	*value = slice_trim(p->value);
	switch (row->kind) {
	case TEXT:
	case TEXTS:
		*value = ics_text_clean(s->arena, *value, row->most, row->kind == TEXTS);
		return value->len > 0;
	case WORD:
		*value = upper(s->arena, *value);
		return has_word(row->words, *value);
	case NUMBER:
		return text_number(*value, row->most, &number);
	case STAMP:
		return stamp(s, p, value);
	case DURATION:
		*value = upper(s->arena, slice_head(*value, 100));
		return property_is_duration(*value) && value->at[0] != '-';
	case RULE:
		return rule_strict(s->arena, *value, value);
	case URI:
		return value->len <= row->most && is_uri(*value) &&
		       !slice_is_nocase(ics_param(p, "VALUE"), "BINARY");
	case ADDRESS:
		return address(s->arena, *value, value);
	case GEO:
		return geo(*value);
	case TIME:
	case TIMES:
		break;
	}
	return false;
}

static void copy_one(const struct event_source *s, struct ics_comp *to, const struct row *row,
		     const struct ics_prop *p, unsigned *count)
{
	struct slice value;
	struct ics_prop *q;
	struct when w;

	if (row->kind == TIMES) {
		*count += copy_dates(s, to, p, row->name, row->count - *count);
	} else if (row->kind == TIME) {
		if (!property_when(s, p, p->value, &w))
			return;
		q = event_set_when(s->arena, to, row->name, &w);
		if (slice_is_nocase(ics_param(p, "RANGE"), "THISANDFUTURE") &&
		    slice_is(q->name, "RECURRENCE-ID"))
			ics_param_add(s->arena, q, SLICE("RANGE"), SLICE("THISANDFUTURE"));
		++*count;
	} else if (strict_value(s, row, p, &value)) {
		q = ics_prop_add(s->arena, to, slice_of(row->name), value);
		if (row->kind != WORD)
			copy_params(s->arena, q, p, row->words);
		++*count;
	}
}

void property_copy_all(const struct event_source *s, struct ics_comp *to,
		       const struct ics_comp *from)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct ics_prop *p = ics_prop_find(from, rows[i].name);
		unsigned count = 0;

		for (; p && count < rows[i].count; p = ics_prop_next(p, rows[i].name))
			copy_one(s, to, &rows[i], p, &count);
	}
}

static size_t row_of(const struct ics_prop *p)
{
	size_t i = 0;

	while (i < ROWS && !slice_is_nocase(p->name, rows[i].name))
		i++;
	return i;
}

void property_sort(struct ics_comp *c)
{
	struct ics_prop *first[ROWS + 1] = { NULL }, **end[ROWS + 1];
	struct ics_prop *p = c->props;

	for (size_t i = 0; i <= ROWS; i++)
		end[i] = &first[i];
	while (p) {
		struct ics_prop *next = p->next;
		size_t row = row_of(p);

		p->next = NULL;
		*end[row] = p;
		end[row] = &p->next;
		p = next;
	}
	c->props_end = &c->props;
	c->props = NULL;
	for (size_t i = 0; i <= ROWS; i++) {
		if (!first[i])
			continue;
		*c->props_end = first[i];
		c->props_end = end[i];
	}
}

struct ics_comp *property_alarm(const struct event_source *s, const struct ics_comp *alarm,
				struct slice summary)
{
	struct arena *a = s->arena;
	const struct ics_prop *p = ics_prop_find(alarm, "TRIGGER");
	struct ics_comp *c = ics_comp_new(a, SLICE("VALARM"));
	struct slice trigger, text = ics_value(alarm, "DESCRIPTION");
	struct ics_prop *q;

	/* EMAIL would have the reader's program send mail, PROCEDURE run one. */
	if (!p || (!slice_is_nocase(ics_value(alarm, "ACTION"), "DISPLAY") &&
		   !slice_is_nocase(ics_value(alarm, "ACTION"), "AUDIO")))
		return NULL;
	trigger = slice_trim(p->value);
	ics_prop_add(a, c, SLICE("ACTION"), SLICE("DISPLAY"));
	if (property_is_duration(trigger)) {
		q = ics_prop_add(a, c, SLICE("TRIGGER"), trigger);
		if (slice_is_nocase(ics_param(p, "RELATED"), "END"))
			ics_param_add(a, q, SLICE("RELATED"), SLICE("END"));
	} else if (stamp(s, p, &trigger)) {
		q = ics_prop_add(a, c, SLICE("TRIGGER"), trigger);
		ics_param_add(a, q, SLICE("VALUE"), SLICE("DATE-TIME"));
	} else {
		return NULL;
	}
	text = ics_text_clean(a, text, LINE_MOST, false);
	if (!text.len)
		text = summary.len ? summary : SLICE("Reminder");
	ics_prop_add(a, c, SLICE("DESCRIPTION"), text);
	return c;
}
