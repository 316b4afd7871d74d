/*
 * Why the ranges are checked here although libical reads the rule as well: it lets
 * months 13 and weeks 54 pass, and a reader that does not (ical.js) throws the whole
 * feed away for one of them.
 */
#include "rule.h"

#include <string.h>

#include <libical/ical.h>

#include "base/buf.h"
#include "base/text.h"

enum { RULE_MOST = 1024 };

enum kind { NUMBERS, DAYS, UNTIL, WORD };

/* A part of a rule: how many values it has, and of a number which ones. */
static const struct part {
	const char *name;
	enum kind kind;
	bool list, sign;
	int least, most;
	const char *words;
	const char *never;               /* with these FREQs */
} parts[] = {
	{ "RSCALE", WORD, .words = " GREGORIAN CHINESE HEBREW ETHIOPIC ISLAMIC-CIVIL PERSIAN " },
	{ "FREQ", WORD, .words = " SECONDLY MINUTELY HOURLY DAILY WEEKLY MONTHLY YEARLY " },
	{ "UNTIL", UNTIL, .words = NULL },
	{ "COUNT", NUMBERS, .least = 1, .most = 1000000 },
	{ "INTERVAL", NUMBERS, .least = 1, .most = 30000 },
	{ "BYSECOND", NUMBERS, .list = true, .least = 0, .most = 60 },
	{ "BYMINUTE", NUMBERS, .list = true, .least = 0, .most = 59 },
	{ "BYHOUR", NUMBERS, .list = true, .least = 0, .most = 23 },
	{ "BYDAY", DAYS, .list = true, .least = 1, .most = 53 },
	{ "BYMONTHDAY", NUMBERS, .list = true, .sign = true, .least = 1, .most = 31,
	  .never = " WEEKLY " },
	{ "BYYEARDAY", NUMBERS, .list = true, .sign = true, .least = 1, .most = 366,
	  .never = " DAILY WEEKLY MONTHLY " },
	{ "BYWEEKNO", NUMBERS, .list = true, .sign = true, .least = 1, .most = 53,
	  .never = " SECONDLY MINUTELY HOURLY DAILY WEEKLY MONTHLY " },
	{ "BYMONTH", NUMBERS, .list = true, .least = 1, .most = 12 },
	{ "BYSETPOS", NUMBERS, .list = true, .sign = true, .least = 1, .most = 366 },
	{ "WKST", DAYS, .words = NULL },
	{ "SKIP", WORD, .words = " OMIT BACKWARD FORWARD " },
};

enum { PARTS = sizeof(parts) / sizeof(*parts) };

static bool among(const char *words, struct slice word)
{
	struct slice rest = slice_of(words), piece;

	while (text_next(&rest, ' ', &piece))
		if (piece.len && slice_equal(piece, word))
			return true;
	return false;
}

static bool add_number(struct buf *out, const struct part *p, bool sign, struct slice s)
{
	bool minus = s.len && s.at[0] == '-';
	uint64_t n;

	if (sign && s.len && (minus || s.at[0] == '+'))
		s = slice_from(s, 1);
	if (!text_number(s, (uint64_t)p->most, &n) || n < (uint64_t)p->least)
		return false;
	return buf_printf(out, "%s%u", minus ? "-" : "", (unsigned)n);
}

static bool add_item(struct buf *out, const struct part *p, struct slice s)
{
	struct when w;
	char text[WHEN_TEXT];

	switch (p->kind) {
	case NUMBERS:
		return add_number(out, p, p->sign, s);
	case DAYS:
		if (s.len < 2 || !among(" MO TU WE TH FR SA SU ", slice_from(s, s.len - 2)) ||
		    (s.len > 2 && !p->list) ||
		    (s.len > 2 && !add_number(out, p, true, slice_head(s, s.len - 2))))
			return false;
		return buf_add(out, slice_from(s, s.len - 2));
	case UNTIL:
		if (!when_parse(&w, s))
			return false;
		when_print(text, &w);
		return buf_add_text(out, text);
	case WORD:
		break;
	}
	return among(p->words, s) && buf_add(out, s);
}

static bool add_part(struct buf *out, const struct part *p, struct slice values)
{
	struct slice item;
	unsigned count = 0;

	buf_printf(out, "%s%s=", out->len ? ";" : "", p->name);
	while (text_next(&values, ',', &item)) {
		if (!item.len)
			continue;
		if (count++ && (!p->list || !buf_add_byte(out, ',')))
			return false;
		if (!add_item(out, p, item))
			return false;
	}
	return count > 0;
}

/* In capitals and without blanks; empty: too long. */
static struct slice plain(struct arena *a, struct slice value)
{
	char *text = arena_get(a, RULE_MOST);
	size_t n = 0;

	if (value.len >= RULE_MOST)
		return SLICE("");
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (c == ' ' || c == '\t')
			continue;
		text[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	return slice_make(text, n);
}

static const struct part *part_of(struct slice name)
{
	for (size_t i = 0; i < PARTS; i++)
		if (slice_is(name, parts[i].name))
			return &parts[i];
	return NULL;
}

/* Some parts say nothing with some FREQs; readers call that an error. */
static bool fits_frequency(struct slice rule)
{
	struct slice rest = rule, part, freq = SLICE("");

	while (text_next(&rest, ';', &part))
		if (slice_starts_nocase(part, "FREQ="))
			freq = slice_from(part, 5);
	for (rest = rule; text_next(&rest, ';', &part);) {
		const struct part *p = part_of(slice_head(part, slice_find(part, '=')));

		if (p && p->never && among(p->never, freq))
			return false;
	}
	return true;
}

bool rule_strict(struct arena *a, struct slice value, struct slice *out)
{
	struct slice rest = plain(a, value), part;
	struct icalrecurrencetype rule;
	struct buf made;
	bool ok = rest.len > 0;

	buf_init(&made, RULE_MOST);
	while (ok && text_next(&rest, ';', &part)) {
		size_t n = slice_find(part, '=');
		const struct part *p = part_of(slice_head(part, n));

		if (part.len && !slice_starts_nocase(part, "X-"))
			ok = p && add_part(&made, p, slice_from(part, n + 1));
	}
	*out = arena_copy(a, buf_slice(&made));
	ok = ok && !made.overflow && fits_frequency(*out);
	buf_release(&made);
	if (!ok)
		return false;
	/* What the parts mean together is libical's to say. */
	rule = icalrecurrencetype_from_string(arena_string(a, *out));
	icalmemory_free_buffer(rule.rscale);
	return rule.freq != ICAL_NO_RECURRENCE;
}

static struct when fit_until(struct when w, const struct when *start)
{
	if (w.kind == WHEN_DATE && start->kind != WHEN_DATE) {
		w = when_like(w, start);
		w.hour = 23;             /* the whole of that day */
		w.minute = w.second = 59;
	} else if (w.kind == WHEN_FLOATING || start->kind == WHEN_DATE) {
		w = when_like(w, start);
	}
	if (start->kind == WHEN_FLOATING)
		w.kind = WHEN_FLOATING;
	return when_to_utc(w);
}

struct slice rule_fit(struct arena *a, struct slice rule, const struct when *start)
{
	struct slice rest = rule, part;
	struct buf made;
	struct when w;
	char text[WHEN_TEXT];

	buf_init(&made, 2 * RULE_MOST);
	while (text_next(&rest, ';', &part)) {
		if (made.len)
			buf_add_byte(&made, ';');
		if (!slice_starts_nocase(part, "UNTIL=") || !when_parse(&w, slice_from(part, 6))) {
			buf_add(&made, part);
			continue;
		}
		w = fit_until(w, start);
		when_print(text, &w);
		buf_add_text(&made, "UNTIL=");
		buf_add_text(&made, text);
	}
	rule = arena_copy(a, buf_slice(&made));
	buf_release(&made);
	return rule;
}
