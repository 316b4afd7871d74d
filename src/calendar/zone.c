/*
 * Why IANA names win over what the sender says of them: mail programs write rules
 * for the years around now, or for one year only, and two of them differ for the
 * same name; a feed can hold one.  Why others keep the sender's rules: nobody else
 * knows what "Customized Time Zone" means.
 */
#include "zone.h"

#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone_rules.h"

enum {
	ZONES_MOST = 1000,       /* of one feed: more than the database has names */
	VARIANTS_MOST = 50,      /* rules under one name */
	TZID_MOST = 200,
	ZONE_BYTES = 256 * 1024,
};

struct zone {
	struct zone *next;
	struct slice tzid;
	const struct ics_comp *rules;
	icaltimezone *tz;                /* made when first asked */
};

struct zones {
	struct arena *arena;
	struct zone *list;
	unsigned count;
};

struct zones *zones_new(struct arena *a)
{
	struct zones *z = mem_alloc(sizeof(*z));

	z->arena = a;
	return z;
}

void zones_free(struct zones *z)
{
	if (!z)
		return;
	for (struct zone *zone = z->list; zone; zone = zone->next)
		if (zone->tz)
			icaltimezone_free(zone->tz, 1);
	free(z);
}

struct slice zone_tzid(const struct zone *zone)
{
	return zone->tzid;
}

const struct ics_comp *zone_component(const struct zone *zone)
{
	return zone->rules;
}

static struct zone *find(struct zones *z, struct slice tzid)
{
	struct zone *zone = z->list;

	while (zone && !slice_equal(zone->tzid, tzid))
		zone = zone->next;
	return zone;
}

static struct zone *add(struct zones *z, struct slice tzid, const struct ics_comp *rules)
{
	struct zone *zone = arena_get(z->arena, sizeof(*zone));

	zone->tzid = tzid;
	zone->rules = rules;
	zone->next = z->list;
	z->list = zone;
	z->count++;
	return zone;
}

/* The system's rules for a name, or those it already has in the feed. */
static struct zone *system_zone(struct zones *z, struct slice name)
{
	struct zone *zone = find(z, name);
	struct ics_comp *rules;

	if (zone)
		return zone;
	if (z->count >= ZONES_MOST)
		return NULL;
	rules = zone_rules_system(z->arena, name);
	if (!rules)
		return NULL;
	return add(z, arena_copy(z->arena, name), rules);
}

/* The last `parts` of a name with slashes; empty when it has fewer. */
static struct slice tail(struct slice name, unsigned parts)
{
	size_t at = name.len;

	while (at > 0) {
		if (name.at[at - 1] == '/' && --parts == 0)
			return slice_from(name, at);
		at--;
	}
	return SLICE("");
}

/* "Europe/Berlin", and behind the prefixes that Mozilla, libical and Evolution put
 * there: "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin". */
static struct zone *iana(struct zones *z, struct slice tzid)
{
	struct zone *zone = NULL;

	if (slice_find(tzid, '/') == tzid.len)
		return NULL;
	if (tzid.at[0] != '/')
		return system_zone(z, tzid);
	for (unsigned parts = 3; parts >= 2 && !zone; parts--) {
		struct slice name = tail(tzid, parts);

		if (slice_find(name, '/') < name.len)
			zone = system_zone(z, name);
	}
	return zone;
}

void zones_keep(struct zones *z, const struct ics_comp *vtimezone)
{
	struct slice tzid = ics_value(vtimezone, "TZID");
	struct ics_comp *rules;

	if (!tzid.len || z->count >= ZONES_MOST || iana(z, tzid) || find(z, tzid))
		return;
	rules = zone_rules_strict(z->arena, vtimezone, tzid);
	if (rules)
		add(z, tzid, rules);
}

static bool same_rules(const struct ics_comp *a, const struct ics_comp *b)
{
	const struct ics_comp *x = a->children, *y = b->children;
	struct buf p, q;
	bool same = true;

	buf_init(&p, ZONE_BYTES);
	buf_init(&q, ZONE_BYTES);
	for (; x && y && same; x = x->next, y = y->next) {
		buf_clear(&p);
		buf_clear(&q);
		same = ics_print(&p, x) && ics_print(&q, y) &&
		       slice_equal(buf_slice(&p), buf_slice(&q));
	}
	buf_release(&p);
	buf_release(&q);
	return same && !x && !y;
}

/* As VTIMEZONE writes a name it is TEXT, as TZID= writes it it is not (RFC 5545 3.8.3.1,
 * 3.2.19): what would be escaped or quoted is left out, so the feed has one form. */
static struct slice plain_name(struct zones *z, struct slice tzid)
{
	struct buf out;
	struct slice name;

	buf_init(&out, TZID_MOST);
	for (size_t i = 0; i < tzid.len && out.len < TZID_MOST - 1; i++)
		if ((unsigned char)tzid.at[i] >= ' ' && !strchr(",;:\"\\\x7f", tzid.at[i]))
			buf_add_byte(&out, tzid.at[i]);
	name = ics_text_clean(z->arena, slice_trim(buf_slice(&out)), TZID_MOST, false);
	buf_release(&out);
	return name;
}

/* The sender's rules under its name, or under the first variant that is free. */
static struct zone *sender_zone(struct zones *z, struct slice tzid, const struct ics_comp *object)
{
	const struct ics_comp *c = object->children;
	struct ics_comp *rules;
	struct zone *zone;

	tzid = plain_name(z, tzid);
	while (c && !(slice_is_nocase(c->name, "VTIMEZONE") &&
		      slice_equal(plain_name(z, ics_value(c, "TZID")), tzid)))
		c = c->next;
	if (!c)
		return NULL;
	zone = iana(z, ics_value(c, "X-LIC-LOCATION"));
	if (zone)
		return zone;
	rules = tzid.len ? zone_rules_strict(z->arena, c, tzid) : NULL;
	for (unsigned n = 1; rules && n <= VARIANTS_MOST; n++) {
		char *text = n == 1 ? mem_bytes(tzid.at, tzid.len) :
			     mem_printf("%.*s (%u)", (int)tzid.len, tzid.at, n);
		struct slice name = slice_of(arena_string(z->arena, slice_of(text)));

		free(text);
		zone = find(z, name);
		if (zone && same_rules(zone->rules, rules))
			return zone;
		if (!zone && z->count < ZONES_MOST) {
			rules->props->value = name;
			return add(z, name, rules);
		}
	}
	return NULL;
}

static bool means_utc(struct slice tzid)
{
	static const char *const names[] = { "UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z", "Zulu",
		"Etc/Zulu", "UCT", "Etc/UCT", "Universal", "Etc/Universal", "tzone://Microsoft/Utc",
		"Coordinated Universal Time" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_is_nocase(tzid, names[i]))
			return true;
	return false;
}

/* "(UTC+01:00) Amsterdam", "GMT -0500", "(GMT-05.00) Eastern", "+02:00". */
static bool named_offset(struct slice tzid, int *offset)
{
	struct slice s = tzid;
	char text[8] = "";
	size_t n = 0;

	if (s.len && s.at[0] == '(')
		s = slice_from(s, 1);
	if (slice_starts_nocase(s, "UTC") || slice_starts_nocase(s, "GMT"))
		s = slice_from(s, 3);
	s = slice_trim(s);
	if (!s.len || (s.at[0] != '+' && s.at[0] != '-'))
		return false;
	text[n++] = s.at[0];
	for (size_t i = 1; i < s.len && n < 5; i++) {
		if (s.at[i] >= '0' && s.at[i] <= '9')
			text[n++] = s.at[i];
		else if (!strchr(":.", s.at[i]) || !s.at[i])
			break;
	}
	if (n == 3) {                    /* hours only */
		text[n++] = '0';
		text[n++] = '0';
	}
	return zone_rules_offset(slice_make(text, n), offset);
}

enum zone_meaning zones_resolve(struct zones *z, struct slice tzid,
				const struct ics_comp *object, struct zone **zone, int *offset)
{
	tzid = slice_trim(tzid);
	*offset = 0;
	*zone = NULL;
	if (means_utc(tzid))
		return ZONE_OFFSET;
	if (tzid.len && tzid.len <= 4 * TZID_MOST) {
		*zone = iana(z, tzid);
		if (!*zone && object)
			*zone = sender_zone(z, tzid, object);
		/* Names without a slash ("EST", "Japan") are the database's only where
		 * nobody said what they mean. */
		if (!*zone && !object)
			*zone = find(z, tzid);
		if (!*zone)
			*zone = system_zone(z, tzid);
	}
	if (*zone)
		return ZONE_RULES;
	return named_offset(tzid, offset) ? ZONE_OFFSET : ZONE_NONE;
}

static icaltimezone *library_zone(struct zone *zone)
{
	icalcomponent *c;
	struct buf text;
	char *printed;

	if (zone->tz)
		return zone->tz;
	zone->tz = icaltimezone_new();
	buf_init(&text, ZONE_BYTES);
	ics_print(&text, zone->rules);
	printed = buf_take_string(&text);
	c = icalparser_parse_string(printed);
	free(printed);
	if (c && !icaltimezone_set_component(zone->tz, c))
		icalcomponent_free(c);
	return zone->tz;
}

/* libical works out each change up to the year that is asked for, and remembers
 * them: a year far off is asked as one that has the same calendar. */
static struct icaltimetype library_time(const struct when *w)
{
	struct icaltimetype t = icaltime_null_time();

	t.year = w->year;
	if (t.year > 2400)
		t.year = 2000 + t.year % 400;
	else if (t.year < 1602)
		t.year = 1602;
	t.month = w->month;
	t.day = w->day;
	t.hour = w->hour;
	t.minute = w->minute;
	t.second = w->second;
	return t;
}

int zone_offset(struct zone *zone, const struct when *wall)
{
	struct icaltimetype t = library_time(wall);
	int is_daylight;

	return icaltimezone_get_utc_offset(library_zone(zone), &t, &is_daylight);
}

int zone_offset_utc(struct zone *zone, const struct when *utc)
{
	struct icaltimetype t = library_time(utc);
	int is_daylight;

	return icaltimezone_get_utc_offset_of_utc_time(library_zone(zone), &t, &is_daylight);
}
