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
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "zone_rules.h"

enum {
	ZONES_MOST = 1000,       /* of one feed: more than the database has names */
	VARIANTS_MOST = 50,      /* rules under one name */
	TZID_MOST = 200,
	ZONE_BYTES = 256 * 1024,
	/* In one merge: a message may name a zone at each of 500,000 dates, and write
	 * 100,000 VTIMEZONEs. */
	NAMES_MOST = 5000,
	ASKED_MOST = 1000,
	ARENA_LEFT = 128 * 1024 * 1024,  /* for what is done with the events */
	BUCKETS = 1024,
};

struct zone {
	struct zone *next;
	struct slice tzid;
	const struct ics_comp *rules;
	icaltimezone *tz;                /* made when first asked */
};

/* What a TZID was found to mean: a series of five thousand dates asks once. */
struct meaning {
	struct meaning *next;
	const struct ics_comp *object;
	struct slice tzid;
	enum zone_meaning is;
	struct zone *zone;
	int offset;
};

/* A VTIMEZONE of the object that is being read. */
struct theirs {
	struct slice name;
	const struct ics_comp *written;
	struct zone *zone;               /* once asked; NULL: nothing usable */
	bool asked;
};

struct zones {
	struct arena *arena;
	struct zone *list;
	unsigned count;
	struct meaning *meanings[BUCKETS];
	unsigned names, asked;
	const struct ics_comp *object;   /* whose VTIMEZONEs `theirs` holds */
	struct theirs *theirs;
	unsigned theirs_count;
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

/* The rules under that name, or under the first variant that is free. */
static struct zone *add_theirs(struct zones *z, struct slice tzid, const struct ics_comp *written)
{
	struct ics_comp *rules;
	struct zone *zone = iana(z, ics_value(written, "X-LIC-LOCATION"));

	/* A name made plain may be the database's. */
	if (!zone)
		zone = iana(z, tzid);
	if (zone)
		return zone;
	if (!tzid.len || z->asked++ >= ASKED_MOST || arena_room(z->arena) < ARENA_LEFT)
		return NULL;
	rules = zone_rules_strict(z->arena, written, tzid);
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

/* Their names are made plain once an object. */
static void list_theirs(struct zones *z, const struct ics_comp *object)
{
	z->object = object;
	z->theirs = arena_array(z->arena, ASKED_MOST, sizeof(*z->theirs));
	z->theirs_count = 0;
	for (const struct ics_comp *c = object->children; c && z->theirs_count < ASKED_MOST;
	     c = c->next)
		if (slice_is_nocase(c->name, "VTIMEZONE"))
			z->theirs[z->theirs_count++] = (struct theirs){
				.name = plain_name(z, ics_value(c, "TZID")), .written = c,
			};
}

static struct zone *sender_zone(struct zones *z, struct slice tzid, const struct ics_comp *object)
{
	if (z->object != object)
		list_theirs(z, object);
	tzid = plain_name(z, tzid);
	for (unsigned i = 0; i < z->theirs_count; i++) {
		struct theirs *t = &z->theirs[i];

		if (!slice_equal(t->name, tzid))
			continue;
		if (!t->asked)
			t->zone = add_theirs(z, tzid, t->written);
		t->asked = true;
		return t->zone;
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

static void resolve(struct zones *z, struct meaning *m)
{
	struct slice tzid = m->tzid;

	if (tzid.len && tzid.len <= 4 * TZID_MOST) {
		m->zone = iana(z, tzid);
		if (!m->zone && m->object)
			m->zone = sender_zone(z, tzid, m->object);
		/* Names without a slash ("EST", "Japan") are the database's only where
		 * nobody said what they mean. */
		if (!m->zone && !m->object)
			m->zone = find(z, tzid);
		if (!m->zone)
			m->zone = system_zone(z, tzid);
	}
	if (m->zone)
		m->is = ZONE_RULES;
	else
		m->is = named_offset(tzid, &m->offset) ? ZONE_OFFSET : ZONE_NONE;
}

enum zone_meaning zones_resolve(struct zones *z, struct slice tzid,
				const struct ics_comp *object, struct zone **zone, int *offset)
{
	struct meaning found = { .object = object, .tzid = slice_trim(tzid) }, *m;
	struct meaning **bucket;

	*offset = 0;
	*zone = NULL;
	if (means_utc(found.tzid))
		return ZONE_OFFSET;
	bucket = &z->meanings[hash_keyed(found.tzid) % BUCKETS];
	for (m = *bucket; m; m = m->next)
		if (m->object == object && slice_equal(m->tzid, found.tzid))
			break;
	if (!m) {
		m = &found;
		if (z->names < NAMES_MOST || !object)
			resolve(z, m);
		else
			m->is = ZONE_NONE;
		/* What the feed itself does not have yet it may have soon. */
		if (z->names < NAMES_MOST && (object || m->zone) &&
		    found.tzid.len <= 4 * TZID_MOST) {
			m = arena_get(z->arena, sizeof(*m));
			*m = found;
			m->tzid = arena_copy(z->arena, found.tzid);
			m->next = *bucket;
			*bucket = m;
			z->names++;
		}
	}
	*zone = m->zone;
	*offset = m->offset;
	return m->is;
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
