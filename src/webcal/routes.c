/*
 * The addresses.  A feed is held while it is sent, so a merge that publishes the next
 * one meanwhile never mixes two calendars in one answer.
 */
#include "webcal/webcal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "calendar/calendar.h"

struct hold {
	const struct calendar_feed *feed;
};

static void drop(void *held)
{
	struct hold *h = held;

	calendar_feed_drop(h->feed);
	free(h);
}

static void calendar_ics(void *ctx, struct http_request *r)
{
	const struct webcal *w = ctx;
	const struct calendar_feed *feed = calendar_feed_hold(w->calendar);
	struct hold *h = mem_alloc(sizeof(*h));
	/* zlib may have had no memory for it. */
	bool gzip = feed->gzip.len > 0 && http_accepts_gzip(r);
	struct http_response response = {
		.status = 200,
		.type = "text/calendar; charset=utf-8",
		.body = gzip ? feed->gzip : feed->ics,
		.etag = gzip ? feed->etag_gzip : feed->etag,     /* RFC 9110 8.8.3.3 */
		.encoding = gzip ? "gzip" : NULL,
		.modified = feed->modified,
		.disposition = "inline; filename=\"calendar.ics\"",
		/* The client may keep it, nobody on the way may. */
		.cache = "private, no-cache",
		.vary = "Accept-Encoding",
		.released = drop,
		.held = h,
	};

	h->feed = feed;
	http_respond(r, &response);
}

/* The daemon's loop turns: that is all it says. */
static void healthz(void *ctx, struct http_request *r)
{
	const struct http_response response = {
		.status = 200,
		.type = "text/plain; charset=utf-8",
		.body = SLICE("ok\n"),
		.cache = "no-store",
	};

	(void)ctx;
	http_respond(r, &response);
}

const struct http_route webcal_routes[] = {
	{ .path = "/calendar.ics", .run = calendar_ics },
	{ .path = "/healthz", .open = true, .quiet = true, .run = healthz },
	{ .path = NULL },
};
