#ifndef GREYLIST_GREYLIST_H
#define GREYLIST_GREYLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"
#include "net/address.h"
#include "net/loop.h"

struct lane;

/*
 * Greylisting (RFC 6647): a client that is not known yet is asked to come back.
 * What it is known by is its network (/24, /64; loopback like any other) and the
 * envelope sender without regard to case, the empty one included.
 *
 *   first seen             -> WAIT, the whole delay
 *   again before the delay -> WAIT, what is left of it; the delay is not prolonged
 *   again after it         -> PASS, and from then on at once
 *
 * A record that never came back is dropped after the expiry (and at the next
 * visit begins anew), one that did 40 days after its last use.  Everything is on
 * disk, in SQLite, and survives a restart.
 *
 * It fails open: when the database cannot be opened, read or written, everybody
 * passes, one log line says why, and another when it works again.  A corrupt file
 * is moved to PATH.broken-TIME and a new one is begun.
 *
 * Loop thread.  Time is clock_wall().
 */
struct greylist;

struct greylist_options {
	struct loop *loop;
	const char *path;                /* GRAYLISTING_DB_PATH: a local disk, for SQLite's WAL */
	int64_t delay_s;                 /* GRAYLISTING_DELAY */
	int64_t expiry_s;                /* GRAYLISTING_EXPIRY */
};

/* Never fails: a database that cannot be opened now is tried again later.  The
 * strings are copied.  It has a lane of its own, of one thread. */
struct greylist *greylist_open(const struct greylist_options *o);

/* Finishes what is under way.  Open questions are abandoned.  Before the loop
 * goes.  NULL is fine. */
void greylist_close(struct greylist *g);

enum greylist_verdict { GREYLIST_PASS, GREYLIST_WAIT };

/* What a client is known by.  A richer key (a domain that SPF confirmed in place
 * of the network) is one more member. */
struct greylist_key {
	struct address client;
	struct slice sender;             /* without <>; empty: the null sender */
};

struct greylist_answer {
	enum greylist_verdict verdict;
	int64_t wait_s;                  /* at least 1 with WAIT, else 0 */
	bool known;                      /* PASS because it waited before, not by failing open */
};

/* One question; embed it in the transaction, zeroed.  The rest is greylist's. */
struct greylist_request {
	void (*answer)(struct greylist_request *r, const struct greylist_answer *answer);

	struct greylist *greylist;       /* NULL: not open */
	struct list open;
	struct deferred deferred;
	struct greylist_job *job;
};

/*
 * What to do with this client and sender?  Ask once a transaction.  The key is
 * copied when the call returns.
 *
 * r->answer() is called exactly once, on the loop thread, never before this call
 * returns.  r is closed by then: it may be used again, or freed, from within.  r
 * must not be open already.
 */
void greylist_check(struct greylist *g, struct greylist_request *r,
		    const struct greylist_key *key);

/* The owner is going away: no answer comes, r may be freed at once.  The visit is
 * recorded all the same.  Harmless when r is not open. */
void greylist_abandon(struct greylist_request *r);

static inline bool greylist_is_open(const struct greylist_request *r)
{
	return r->greylist != NULL;
}

#endif
