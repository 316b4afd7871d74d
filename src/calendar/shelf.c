/*
 * Everything that touches the disk or libical.  It holds nothing between two
 * messages but the paths: the feed that a message is merged into is the text that
 * was last published, so there is one truth, and it is the one that people see.
 */
#include "shelf.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libical/ical.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "extract.h"
#include "feed.h"
#include "state.h"

#define FEED_NAME "calendar.ics"
#define STATE_NAME "calendar.state"

static char **copy_attendees(const char *const *from)
{
	size_t n = 0;
	char **list;

	while (from && from[n])
		n++;
	list = mem_array(n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++)
		list[i] = mem_string(from[i]);
	return list;
}

void shelf_init(struct shelf *s, const struct calendar_options *o)
{
	s->folder = mem_string(o->folder);
	s->path = mem_printf("%s/" FEED_NAME, o->folder);
	s->attendees = copy_attendees(o->attendees);
	s->name = mem_string(s->attendees[0] ? s->attendees[0] : "Calendar");
	s->max_events = o->max_events;
	s->message_max = o->message_max;
	/* libical's own answer to a bad value is abort(). */
	icalerror_set_errors_are_fatal(0);
}

void shelf_release(struct shelf *s)
{
	for (size_t i = 0; s->attendees[i]; i++)
		free(s->attendees[i]);
	free(s->attendees);
	free(s->folder);
	free(s->path);
	free(s->name);
}

/* What one piece of work needs, given back in one go. */
struct bench {
	struct arena *arena;
	struct zones *zones;
	struct set *set;
};

static void bench_init(struct bench *b, const struct shelf *s)
{
	b->arena = arena_new(FEED_ARENA);
	b->zones = zones_new(b->arena);
	b->set = set_new(b->arena, b->zones, (const char *const *)s->attendees, clock_wall());
}

static void bench_release(struct bench *b)
{
	zones_free(b->zones);
	arena_free(b->arena);
	icalmemory_free_ring();
	/* A merge takes some megabytes for some milliseconds. */
	malloc_trim(0);
}

/* One thread writes here, so one fixed name beside the file is enough: what a crash
 * left behind is simply written over. */
static bool put(const struct shelf *s, const char *name, struct slice bytes)
{
	char *path = mem_printf("%s/%s", s->folder, name);
	char *fresh = mem_printf("%s/.%s.new", s->folder, name);
	bool ok = file_replace(path, fresh, bytes);
	int err = errno;

	free(path);
	free(fresh);
	errno = err;
	return ok;
}

/* The state goes first: see state.c. */
static bool save(const struct shelf *s, struct slice ics, struct slice state)
{
	if (put(s, STATE_NAME, state) && put(s, FEED_NAME, ics))
		return true;
	log_event(LEVEL_ERROR, "calendar", "feed could not be written",
		  log_text("path", s->path), log_errno(errno));
	return false;
}

/* The set as the text of both files; false: too large, or not as it must be. */
static bool write_texts(const struct shelf *s, const struct set *set, struct buf *ics,
			struct buf *state)
{
	const char *fault = "too large";

	if (feed_write(ics, set, slice_of(s->name)))
		fault = feed_fault(buf_slice(ics), set->events);
	if (!fault && !state_write(state, set, buf_slice(ics)))
		fault = "too many cancellations";
	if (!fault)
		return true;
	log_event(LEVEL_ERROR, "calendar", "feed refused, the old one stays",
		  log_text("path", s->path), log_text("reason", fault));
	return false;
}

static unsigned count_events(struct slice ics)
{
	static const char mark[] = "\nBEGIN:VEVENT\r\n";
	unsigned n = 0;
	const char *at;

	while (ics.len && (at = memmem(ics.at, ics.len, mark, sizeof(mark) - 1))) {
		n++;
		ics = slice_from(ics, (size_t)(at - ics.at) + sizeof(mark) - 1);
	}
	return n;
}

/* False: it cannot be kept, so it must not be written over either; errno. */
static bool keep_aside(const struct shelf *s, unsigned kept, unsigned refused)
{
	struct when now = { .kind = WHEN_UTC };
	char stamp[WHEN_TEXT];
	char *name;
	int err;
	bool ok;

	when_set_seconds(&now, clock_wall());
	when_print(stamp, &now);
	name = mem_printf("%s.broken-%s", s->path, stamp);
	ok = file_keep(s->path, name);
	for (unsigned n = 2; !ok && errno == EEXIST && n < 100; n++) {
		free(name);
		name = mem_printf("%s.broken-%s-%u", s->path, stamp, n);
		ok = file_keep(s->path, name);
	}
	err = errno;
	if (ok)
		log_event(LEVEL_WARN, "calendar",
			  "calendar.ics was changed by another hand; kept aside",
			  log_text("kept_as", name),
			  log_number("events", kept), log_number("refused", refused));
	free(name);
	errno = err;
	return ok;
}

/* A feed that is not known as ours: read event by event, and written anew unless that
 * gives the same bytes. */
static struct published *adopt(const struct shelf *s, struct buf *found, struct slice state)
{
	struct published *made = NULL;
	struct buf ics, fresh;
	struct bench b;
	unsigned refused;

	buf_init(&ics, FEED_BYTES);
	buf_init(&fresh, STATE_BYTES);
	bench_init(&b, s);
	feed_read(b.set, buf_slice(found), FEED_FOREIGN, &refused);
	state_read(b.set, state);
	if (write_texts(s, b.set, &ics, &fresh)) {
		bool same = slice_equal(buf_slice(&ics), buf_slice(found));

		if (same ? put(s, STATE_NAME, buf_slice(&fresh)) :
		    (!found->len || keep_aside(s, (unsigned)b.set->events, refused)) &&
		    save(s, buf_slice(&ics), buf_slice(&fresh)))
			made = published_new(&ics, &fresh, (unsigned)b.set->events, s->path);
	} else {
		errno = EFBIG;
	}
	bench_release(&b);
	buf_release(&ics);
	buf_release(&fresh);
	return made;
}

struct published *shelf_load(const struct shelf *s)
{
	char *state_path = mem_printf("%s/" STATE_NAME, s->folder);
	struct published *made = NULL;
	struct buf ics, state;
	enum file_answer answer;

	buf_init(&ics, 2 * (size_t)FEED_BYTES);
	buf_init(&state, STATE_BYTES);
	if (file_read(state_path, &state) != FILE_READ)
		buf_clear(&state);
	answer = file_read(s->path, &ics);
	if (answer == FILE_READ && state_knows(buf_slice(&state), buf_slice(&ics)))
		made = published_new(&ics, &state, count_events(buf_slice(&ics)), s->path);
	else if (answer != FILE_FAILED)
		made = adopt(s, &ics, buf_slice(&state));
	buf_release(&ics);
	buf_release(&state);
	free(state_path);
	return made;
}

static const struct { enum log_level level; const char *event; } telling[] = {
	[CALENDAR_ADDED] = { LEVEL_INFO, "event added" },
	[CALENDAR_UPDATED] = { LEVEL_INFO, "event updated" },
	[CALENDAR_CANCELLED] = { LEVEL_INFO, "event cancelled" },
	[CALENDAR_STALE] = { LEVEL_INFO, "event ignored as older" },
	[CALENDAR_IGNORED] = { LEVEL_INFO, "event ignored" },
	[CALENDAR_FAILED] = { LEVEL_ERROR, "event not written" },
};

static void tell_one(const struct extracted *e, const struct decision *d,
		     enum calendar_outcome outcome)
{
	struct log_field f[8] = { log_slice("uid", d->uid) };
	unsigned n = 1;

	if (d->occurrence[0])
		f[n++] = log_text("occurrence", d->occurrence);
	f[n++] = log_number("sequence", d->sequence);
	if (d->was >= 0)
		f[n++] = log_number("was", d->was);
	if (d->reason)
		f[n++] = log_text("reason", d->reason);
	f[n++] = log_slice("from", e->from);
	f[n++] = log_slice("message_id", e->message_id);
	f[n] = (struct log_field){ .name = NULL };
	log_write(telling[outcome].level, "calendar", telling[outcome].event, f);
}

static void tell(const struct extracted *e, const struct decisions *d, bool failed)
{
	for (unsigned i = 0; i < d->count; i++) {
		const struct decision *x = &d->at[i];
		bool lost = failed && x->outcome <= CALENDAR_CANCELLED;

		tell_one(e, x, lost ? CALENDAR_FAILED : x->outcome);
	}
	if (d->count == 0)
		log_event(LEVEL_INFO, "calendar", "no event in the message",
			  log_number("parts", e->count), log_slice("from", e->from),
			  log_slice("message_id", e->message_id));
	if (d->left_out || e->left_out)
		log_event(LEVEL_WARN, "calendar", "message has more than is read",
			  log_number("events_left_out", d->left_out),
			  log_number("parts_left_out", e->left_out),
			  log_slice("from", e->from), log_slice("message_id", e->message_id));
}

static void merge_texts(struct set *set, const struct extracted *e, struct decisions *d)
{
	enum { LINES_MOST = 200000 };    /* of one text: 8 MiB of lines as they are */
	int64_t sent = e->sent > 0 && e->sent < set->now ? e->sent : set->now;

	for (const struct extract_text *t = e->texts; t; t = t->next) {
		struct ics_comp *root = ics_parse(set->source.arena, t->text, LINES_MOST);
		bool any = false;

		for (const struct ics_comp *c = root->children; c; c = c->next) {
			if (!slice_is_nocase(c->name, "VCALENDAR"))
				continue;
			any = true;
			merge_object(set, c, t->method, sent, d);
		}
		if (!any)
			merge_object(set, root, t->method, sent, d);
	}
}

static bool changes(const struct decisions *d)
{
	for (unsigned i = 0; i < d->count; i++)
		if (d->at[i].outcome <= CALENDAR_CANCELLED || d->at[i].buried)
			return true;
	return false;
}

static enum calendar_outcome merge_message(const struct shelf *s, const struct published *base,
					   struct slice message, struct published **made)
{
	enum calendar_outcome outcome;
	struct buf ics, state;
	struct decisions d;
	struct extracted e;
	struct bench b;
	unsigned refused;
	bool failed = false, readable = true;

	bench_init(&b, s);
	buf_init(&ics, FEED_BYTES);
	buf_init(&state, STATE_BYTES);
	e = extract(b.arena, message);
	decisions_init(&d, b.arena, s->max_events);
	if (e.count) {
		readable = feed_read(b.set, base->feed.ics, FEED_OURS, &refused) &&
			   b.set->events == base->feed.events;
		state_read(b.set, buf_slice(&base->state));
		merge_texts(b.set, &e, &d);
	}
	outcome = decisions_outcome(&d);
	if (!readable) {
		/* Our own mistake; nothing is built upon half of a feed. */
		log_event(LEVEL_ERROR, "calendar", "published feed could not be read back",
			  log_text("path", s->path));
		failed = true;
		outcome = CALENDAR_FAILED;
	} else if (changes(&d)) {
		failed = !write_texts(s, b.set, &ics, &state);
		if (failed)
			outcome = CALENDAR_IGNORED;
		else if (!save(s, buf_slice(&ics), buf_slice(&state)))
			outcome = CALENDAR_FAILED;
		else
			*made = published_new(&ics, &state, (unsigned)b.set->events, s->path);
	}
	tell(&e, &d, failed || outcome == CALENDAR_FAILED);
	bench_release(&b);
	buf_release(&ics);
	buf_release(&state);
	return outcome;
}

static enum calendar_outcome import_file(const struct shelf *s, const struct published *base,
					 const char *path, struct published **made)
{
	enum calendar_outcome outcome = CALENDAR_FAILED;
	struct published *reread = NULL;
	struct buf message;

	buf_init(&message, (size_t)s->message_max + 1);
	switch (file_read(path, &message)) {
	case FILE_READ:
	case FILE_TOO_LARGE:             /* the rest is not looked at */
		/* Somebody edited the file while we ran: theirs is the newer truth, and
		 * is not written over before it has been read. */
		if (access(s->path, F_OK) == 0 && !published_is_at(base, s->path) &&
		    !(reread = shelf_load(s))) {
			log_event(LEVEL_ERROR, "calendar", "changed feed could not be taken over",
				  log_text("path", s->path), log_errno(errno));
			break;
		}
		outcome = merge_message(s, reread ? reread : base, buf_slice(&message), made);
		break;
	case FILE_MISSING:
		outcome = CALENDAR_IGNORED;
		break;
	case FILE_FAILED:
		log_event(LEVEL_ERROR, "calendar", "message could not be read",
			  log_text("path", path), log_errno(errno));
		break;
	}
	buf_release(&message);
	if (!*made)
		*made = reread;
	else
		published_drop(reread);
	return outcome;
}

enum calendar_outcome shelf_import(const struct shelf *s, const struct published *base,
				   const char *path, struct published **made)
{
	char *tried = mem_printf("%s%c", path, SHELF_TRIED);
	bool named = rename(path, tried) == 0;
	const char *now = named ? tried : path;
	enum calendar_outcome outcome;

	*made = NULL;
	outcome = import_file(s, base, now, made);
	if (outcome == CALENDAR_FAILED) {
		/* It did no harm: it may be tried as often as the disk fails. */
		if (named && rename(tried, path) != 0)
			log_event(LEVEL_WARN, "calendar", "message could not be named again",
				  log_text("path", tried), log_errno(errno));
	} else if (unlink(now) != 0 && errno != ENOENT) {
		log_event(LEVEL_WARN, "calendar", "merged message could not be removed",
			  log_text("path", now), log_errno(errno));
	}
	free(tried);
	return outcome;
}
