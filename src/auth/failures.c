/*
 * How slowly a network may guess.  The ceiling counts answers by the time they
 * are due, not connections that wait for them: a guesser who hangs up and calls
 * again would otherwise never wait, because only the right password is answered
 * at once and every other silence means wrong.
 *
 * The table is small and searched from end to end: a thousand compares are less
 * than the log line that goes with a failure.  When it is full the network that
 * was quiet longest makes room; forgetting one that guesses costs us its delay,
 * refusing a new one would let strangers lock the owner out.
 */
#include "failures.h"

#include <stdlib.h>

#include "base/mem.h"

struct network {
	struct address peer;             /* any address of it */
	unsigned doublings;              /* of the first delay */
	uint64_t last_ms;                /* the last failure, or decay step; 0: free */
	uint64_t due_ms[FAILURES_COMING];
};

struct failures {
	unsigned used;                   /* networks[0 .. used) were taken once */
	struct network networks[FAILURES_NETWORKS];
};

struct failures *failures_new(void)
{
	return mem_alloc(sizeof(struct failures));
}

void failures_free(struct failures *f)
{
	free(f);
}

/* Peers without an IP address are one network. */
static bool same_network(const struct address *a, const struct address *b)
{
	if (a->len == 0 || b->len == 0)
		return a->len == b->len;
	return address_same_network(a, b);
}

static struct network *find(struct failures *f, const struct address *peer)
{
	for (unsigned i = 0; i < f->used; i++)
		if (f->networks[i].last_ms && same_network(&f->networks[i].peer, peer))
			return &f->networks[i];
	return NULL;
}

static struct network *take(struct failures *f, const struct address *peer)
{
	struct network *n = NULL;

	if (f->used < FAILURES_NETWORKS)
		n = &f->networks[f->used++];
	for (unsigned i = 0; i < f->used; i++)
		if (!n || f->networks[i].last_ms < n->last_ms)
			n = &f->networks[i];
	*n = (struct network){ .peer = *peer };
	return n;
}

/* A place among the answers to come, or NULL. */
static uint64_t *free_place(struct network *n, uint64_t now_ms)
{
	for (unsigned i = 0; i < FAILURES_COMING; i++)
		if (n->due_ms[i] <= now_ms)
			return &n->due_ms[i];
	return NULL;
}

bool failures_blocked(struct failures *f, const struct address *peer, uint64_t now_ms)
{
	struct network *n = find(f, peer);

	return n && !free_place(n, now_ms);
}

static void decay(struct network *n, uint64_t now_ms)
{
	uint64_t steps = now_ms > n->last_ms ? (now_ms - n->last_ms) / FAILURES_DECAY_MS : 0;

	n->doublings = steps < n->doublings ? n->doublings - (unsigned)steps : 0;
}

uint64_t failures_add(struct failures *f, const struct address *peer, uint64_t now_ms)
{
	struct network *n = find(f, peer);
	uint64_t delay, *place;

	if (n)
		decay(n, now_ms);
	else
		n = take(f, peer);
	delay = (uint64_t)FAILURES_FIRST_MS << n->doublings;
	if (delay < FAILURES_LONGEST_MS)
		n->doublings++;
	else
		delay = FAILURES_LONGEST_MS;
	n->last_ms = now_ms ? now_ms : 1;
	place = free_place(n, now_ms);
	if (place)
		*place = now_ms + delay;
	return delay;
}

void failures_forget(struct failures *f, const struct address *peer)
{
	struct network *n = find(f, peer);

	if (n)
		*n = (struct network){ .last_ms = 0 };
}
