/*
 * The feed is written whole each time and never patched: a text that was put together
 * from pieces of old ones keeps their mistakes for ever.  It is read again before it
 * may replace the old one, because a client that finds one bad line drops the whole
 * subscription and tells nobody.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

#include "base/mem.h"
#include "base/text.h"
#include "ics.h"
#include "mime/charset.h"

/* No version in it: an upgrade does not change the feed. */
#define PRODUCT "-//Letterplate//Calendar//EN"

static const struct ics_comp *calendar_of(const struct ics_comp *root)
{
	const struct ics_comp *c = root->children;

	while (c && !slice_is_nocase(c->name, "VCALENDAR"))
		c = c->next;
	return c;
}

static bool read_ours(struct set *s, const struct ics_comp *calendar)
{
	for (const struct ics_comp *c = calendar->children; c; c = c->next)
		if (slice_is(c->name, "VTIMEZONE"))
			zones_keep(s->source.zones, c);
	for (struct ics_comp *c = calendar->children; c; c = c->next) {
		struct event *e;

		if (!slice_is(c->name, "VEVENT"))
			continue;
		e = arena_get(s->source.arena, sizeof(*e));
		e->comp = c;
		event_refresh(&s->source, e);
		if (!e->uid.len || !e->stamp[0])
			return false;
		set_add(s, e);
	}
	return true;
}

static void read_foreign(struct set *s, const struct ics_comp *calendar, unsigned *refused)
{
	struct event_source source = s->source;

	source.object = calendar;
	for (const struct ics_comp *c = calendar->children; c; c = c->next) {
		const char *reason;
		struct event *e, *old;

		if (!slice_is_nocase(c->name, "VEVENT"))
			continue;
		e = event_read(&source, c, false, &reason);
		if (!e || s->events >= SET_EVENTS_MOST) {
			++*refused;
			continue;
		}
		for (old = set_first(s, e->uid); old; old = set_next(old)) {
			char x[WHEN_TEXT], y[WHEN_TEXT];

			event_key(e, x);
			event_key(old, y);
			if (strcmp(x, y) == 0)
				break;
		}
		if (old && event_newer(e, old) <= 0) {
			++*refused;
			continue;
		}
		if (old)
			set_remove(s, old);
		set_add(s, e);
	}
}

bool feed_read(struct set *s, struct slice text, enum feed_trust trust, unsigned *refused)
{
	struct arena *a = s->source.arena;
	const struct ics_comp *calendar, *root;
	struct buf lines, utf8;
	bool found = false;

	*refused = 0;
	buf_init(&lines, 3 * (size_t)FEED_BYTES);
	buf_init(&utf8, 3 * (size_t)FEED_BYTES);
	ics_unfold(&lines, text);
	if (trust == FEED_FOREIGN && !text_is_utf8(buf_slice(&lines))) {
		charset_to_utf8(&utf8, SLICE(""), buf_slice(&lines));
		root = ics_parse(a, arena_copy(a, buf_slice(&utf8)), FEED_LINES);
	} else {
		root = ics_parse(a, arena_copy(a, buf_slice(&lines)), FEED_LINES);
	}
	buf_release(&lines);
	buf_release(&utf8);
	if (trust == FEED_OURS) {
		calendar = calendar_of(root);
		return calendar && read_ours(s, calendar);
	}
	for (const struct ics_comp *c = root->children; c; c = c->next) {
		if (!slice_is_nocase(c->name, "VCALENDAR"))
			continue;
		read_foreign(s, c, refused);
		found = true;
	}
	return found;
}

static void write_head(struct buf *out, struct slice name)
{
	struct buf line;

	buf_add_text(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" PRODUCT "\r\n"
		     "CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n");
	buf_init(&line, 4096);
	for (int i = 0; i < 2; i++) {
		buf_clear(&line);
		buf_add_text(&line, i ? "X-WR-CALNAME:" : "NAME:");
		buf_add(&line, name);
		ics_print_line(out, buf_slice(&line));
	}
	buf_release(&line);
	/* RFC 7986 5.7, and the older name that Outlook and Apple read. */
	buf_add_text(out, "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n"
		     "X-PUBLISHED-TTL:PT15M\r\n");
}

static int by_text(const void *x, const void *y)
{
	const struct slice *a = x, *b = y;
	size_t n = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->at, b->at, n);

	return order ? order : a->len < b->len ? -1 : a->len > b->len;
}

/* Exactly the zones that the events name, by name. */
static void write_zones(struct buf *out, const struct set *s, struct event **all)
{
	enum { NAMES_MOST = 1000 };      /* zone.c names no more */
	struct slice *names = arena_array(s->source.arena, NAMES_MOST, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < s->events; i++) {
		for (const struct ics_prop *p = all[i]->comp->props; p; p = p->next) {
			struct slice tzid = p->params ? ics_param(p, "TZID") : SLICE("");
			size_t n = 0;

			if (!tzid.len)
				continue;
			while (n < count && !slice_equal(names[n], tzid))
				n++;
			if (n == count && count < NAMES_MOST)
				names[count++] = tzid;
		}
	}
	qsort(names, count, sizeof(*names), by_text);
	for (size_t i = 0; i < count; i++) {
		struct zone *zone;
		int offset;

		if (zones_resolve(s->source.zones, names[i], NULL, &zone, &offset) == ZONE_RULES)
			ics_print(out, zone_component(zone));
	}
}

bool feed_write(struct buf *out, const struct set *s, struct slice name)
{
	struct event **all = set_sorted(s);

	write_head(out, name);
	write_zones(out, s, all);
	for (size_t i = 0; i < s->events; i++)
		ics_print(out, all[i]->comp);
	buf_add_text(out, "END:VCALENDAR\r\n");
	return !out->overflow;
}

static const char *line_fault(struct slice text)
{
	if (!text_is_utf8(text))
		return "not UTF-8";
	while (text.len) {
		size_t n = slice_find(text, '\n');

		if (n == text.len || n == 0 || text.at[n - 1] != '\r')
			return "a line end";
		if (n - 1 > 75)
			return "a line's length";
		for (size_t i = 0; i + 1 < n; i++)
			if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
				return "a control character";
		text = slice_from(text, n + 1);
	}
	return NULL;
}

/* Every TZID of the events has its VTIMEZONE (RFC 5545 3.2.19). */
static const char *zone_fault(const struct ics_comp *calendar)
{
	struct slice last = SLICE("");

	for (const struct ics_comp *c = calendar->children; c; c = c->next) {
		for (const struct ics_prop *p = c->props; p; p = p->next) {
			struct slice tzid = p->params ? ics_param(p, "TZID") : SLICE("");
			const struct ics_comp *z = calendar->children;

			if (!tzid.len || slice_equal(tzid, last))
				continue;
			while (z && !(slice_is(z->name, "VTIMEZONE") &&
				      slice_equal(ics_value(z, "TZID"), tzid)))
				z = z->next;
			if (!z)
				return "a TZID without VTIMEZONE";
			last = tzid;
		}
	}
	return NULL;
}

static const char *tree_fault(struct slice text, size_t events)
{
	struct arena *a = arena_new(FEED_ARENA);
	const struct ics_comp *calendar;
	const char *fault = "no VCALENDAR";
	struct buf lines;

	buf_init(&lines, FEED_BYTES);
	ics_unfold(&lines, text);
	calendar = calendar_of(ics_parse(a, buf_slice(&lines), FEED_LINES));
	if (calendar) {
		fault = zone_fault(calendar);
		for (const struct ics_comp *c = calendar->children; c; c = c->next)
			events -= slice_is(c->name, "VEVENT");
		if (!fault && events != 0)
			fault = "the number of events";
	}
	buf_release(&lines);
	arena_free(a);
	return fault;
}

static const char *library_fault(struct slice text, size_t events)
{
	char *copy = mem_bytes(text.at, text.len);
	icalcomponent *c = icalparser_parse_string(copy);
	const char *fault = NULL;

	if (!c || icalcomponent_isa(c) != ICAL_VCALENDAR_COMPONENT)
		fault = "libical reads no calendar";
	else if (icalcomponent_count_errors(c) != 0)
		fault = "libical finds an error";
	else if ((size_t)icalcomponent_count_components(c, ICAL_VEVENT_COMPONENT) != events)
		fault = "libical counts other events";
	if (c)
		icalcomponent_free(c);
	free(copy);
	return fault;
}

const char *feed_fault(struct slice text, size_t events)
{
	const char *fault = line_fault(text);

	if (!fault)
		fault = tree_fault(text, events);
	return fault ? fault : library_fault(text, events);
}
