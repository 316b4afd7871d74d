/* Any message is merged into a calendar that can be published: the feed has no fault,
 * reads back as the same text, as ours and as a stranger's, and the message once more
 * changes nothing.  (A third time: THISANDFUTURE cancelled before its series has come is
 * remembered as one occurrence.)  Bytes that begin with "BEGIN:" are an object without a
 * mail around it. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include <libical/ical.h>

#include "../../src/calendar/extract.h"
#include "../../src/calendar/feed.h"
#include "../../src/calendar/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS = 50, NOW = 1710000000 };

static const char *const attendees[] = { "admin@example.com", "secretary@example.com", NULL };

struct world {
	struct arena *arena;
	struct zones *zones;
	struct set *set;
};

static void begin(struct world *w)
{
	w->arena = arena_new(FEED_ARENA);
	w->zones = zones_new(w->arena);
	w->set = set_new(w->arena, w->zones, attendees, NOW);
}

static void end(struct world *w)
{
	zones_free(w->zones);
	arena_free(w->arena);
	icalmemory_free_ring();
}

static void apply(struct world *w, struct slice message)
{
	struct decisions d;
	struct extracted e = extract(w->arena, message);

	decisions_init(&d, w->arena, EVENTS);
	for (const struct extract_text *t = e.texts; t; t = t->next) {
		struct ics_comp *root = ics_parse(w->arena, t->text, 200000);
		bool any = false;

		for (const struct ics_comp *c = root->children; c; c = c->next) {
			if (!slice_is_nocase(c->name, "VCALENDAR"))
				continue;
			merge_object(w->set, c, t->method, NOW, &d);
			any = true;
		}
		if (!any)
			merge_object(w->set, root, t->method, NOW, &d);
	}
}

static void publish(struct world *w, struct buf *out)
{
	const char *fault;

	buf_init(out, FEED_BYTES);
	assert(feed_write(out, w->set, SLICE("fuzz")));
	fault = feed_fault(buf_slice(out), w->set->events);
	if (fault)
		fprintf(stderr, "%s in:\n%.*s", fault, (int)out->len, out->data);
	assert(!fault);
}

static void same(const struct buf *a, const struct buf *b)
{
	if (!slice_equal(buf_slice(a), buf_slice(b)))
		fprintf(stderr, "%.*s\nis not\n%.*s", (int)a->len, a->data, (int)b->len, b->data);
	assert(slice_equal(buf_slice(a), buf_slice(b)));
}

static void read_back(const struct buf *feed, enum feed_trust trust)
{
	struct world w;
	struct buf again;
	unsigned refused;

	begin(&w);
	assert(feed_read(w.set, buf_slice(feed), trust, &refused));
	assert(refused == 0);
	publish(&w, &again);
	same(feed, &again);
	buf_release(&again);
	end(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct buf message, first, second;
	struct world w;

	icalerror_set_errors_are_fatal(0);
	buf_init(&message, size + 100);
	if (slice_starts_nocase(bytes, "BEGIN:"))
		buf_add_text(&message, "Content-Type: text/calendar\n\n");
	buf_add(&message, bytes);
	begin(&w);
	apply(&w, buf_slice(&message));
	publish(&w, &first);
	read_back(&first, FEED_OURS);
	read_back(&first, FEED_FOREIGN);
	apply(&w, buf_slice(&message));
	buf_release(&first);
	publish(&w, &first);
	apply(&w, buf_slice(&message));
	publish(&w, &second);
	same(&first, &second);
	buf_release(&message);
	buf_release(&first);
	buf_release(&second);
	end(&w);
	return 0;
}
