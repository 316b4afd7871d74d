#ifndef FAILURES_H
#define FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "net/address.h"

/* What each client network got wrong lately.  Times are loop_now_ms(). */
struct failures;

enum {
	FAILURES_FIRST_MS = 1000,        /* a typing mistake should not annoy */
	FAILURES_LONGEST_MS = 15 * 1000, /* clients give up at about 30 s */
	FAILURES_DECAY_MS = 5 * 60 * 1000,   /* one doubling forgotten */
	FAILURES_COMING = 8,             /* a mail client opens five connections at once */
	FAILURES_NETWORKS = 1024,        /* 100 bytes each; more than a botnet tries at one house */
};

struct failures *failures_new(void);
void failures_free(struct failures *f);          /* NULL is fine */

/* Whether FAILURES_COMING answers to this network are still to come. */
bool failures_blocked(struct failures *f, const struct address *peer, uint64_t now_ms);

/* One more; returns how long after `now_ms` the answer is due. */
uint64_t failures_add(struct failures *f, const struct address *peer, uint64_t now_ms);

/* It got it right. */
void failures_forget(struct failures *f, const struct address *peer);

#endif
