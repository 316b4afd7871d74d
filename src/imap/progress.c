/*
 * One timer for the command under way, whatever the command is: all of them wait in
 * dispatch.c, and a search, a copy of a large folder and the first opening of one
 * take long for different reasons that are the same to the client.  It is a keepalive
 * too, for clients and NAT boxes that give up on a silent connection.
 */
#include "progress.h"

#include <string.h>

#include "base/list.h"
#include "capability.h"

enum { PROGRESS_MS = 10 * 1000 };        /* RFC 9585 4: "every 10..15 seconds" */

static void set(struct imap_session *s)
{
	unsigned ms = s->server->progress_ms ? s->server->progress_ms : PROGRESS_MS;

	timer_set(conn_loop(s->base.conn), &s->progress, ms);
}

static void tell(struct imap_session *s, const struct imap_running *cmd)
{
	/* RFC 9585 4: a tag that would end the response code is NIL. */
	bool tagged = !strchr(cmd->tag, ']');
	const char *quote = tagged ? "\"" : "", *tag = tagged ? cmd->tag : "NIL";
	unsigned long long goal = cmd->goal, done = cmd->done;

	if (goal)
		imap_untagged(s, "OK [INPROGRESS (%s%s%s %llu %llu)] Still at it", quote, tag, quote,
			      done < goal ? done : goal - 1, goal);
	else
		imap_untagged(s, "OK [INPROGRESS (%s%s%s NIL NIL)] Still at it", quote, tag, quote);
}

/* Nothing within a response, nothing to those who do not read, and nothing about
 * itself to a stranger. */
static void due(struct timer *t)
{
	struct imap_session *s = container_of(t, struct imap_session, progress);

	if (!s->running || s->ending)
		return;
	if (s->running->waiting == IMAP_WAIT_JOB && !s->in_response &&
	    s->state != IMAP_FRESH && !conn_full(s->base.conn))
		tell(s, s->running);
	set(s);
}

void imap_progress_init(struct imap_session *s)
{
	s->progress.fire = due;
}

void imap_progress_begin(struct imap_session *s)
{
	if (conn_loop(s->base.conn) && !timer_is_set(&s->progress) && imap_has(s, CAP_INPROGRESS))
		set(s);
}

void imap_progress_end(struct imap_session *s)
{
	if (timer_is_set(&s->progress))
		timer_clear(conn_loop(s->base.conn), &s->progress);
}
