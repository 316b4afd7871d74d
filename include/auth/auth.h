#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"
#include "net/address.h"
#include "net/loop.h"

struct lane;

/*
 * Who may read the mail: one user, one password, asked by IMAP and HTTP alike.
 *
 * The password is plain text or a crypt(3) hash.  A hash is computed on the lane,
 * and once it was right the password is known by a keyed digest in memory, so
 * that a client with ten connections does not pay for ten hashes.  No comparison
 * tells by its time how much was right.
 *
 * A wrong answer comes late: 1 s, doubled with each failure of the peer's network
 * (/24, /64) up to 15 s, halved again for each five quiet minutes; a right one
 * forgets it all.  The time counts from the question, so it tells nothing about
 * what was wrong.  A network that has 8 wrong answers coming is told AUTH_LATER
 * at once and unchecked, so that many connections guess no faster than one; what
 * one network does never touches another.
 *
 * Loop thread.
 */
struct auth;

struct auth_options {
	struct loop *loop;
	struct lane *lane;               /* for crypt(3); may be shared; used for hashes only */
	const char *user;                /* MAILUSER */
	const char *domain;              /* A-label */
	const char *password;            /* plain, or a hash; copied as a digest */
};

/* What a configured password is taken for. */
enum auth_password {
	AUTH_PLAIN,
	AUTH_HASH,               /* $y$ $gy$ $7$ $2a$ $2b$ $2y$ $6$ $5$ $sha1$ $1$ */
	AUTH_BROKEN_HASH,        /* begins like one, but is cut off or unknown to this libcrypt */
};
enum auth_password auth_password_kind(const char *password);

/* The strings are copied.  A broken hash is for the caller to refuse; nobody can
 * log in with one. */
struct auth *auth_new(const struct auth_options *o);

/* Wipes.  NULL is fine.  Open requests are abandoned; before lane and loop go. */
void auth_free(struct auth *a);

enum auth_answer {
	AUTH_RIGHT,
	AUTH_WRONG,              /* user or password; it is not said which */
	AUTH_LATER,              /* not checked: too many questions; ask again in some seconds */
};

/* One question; embed it in the session, zeroed.  The rest is auth's own. */
struct auth_request {
	void (*answer)(struct auth_request *r, enum auth_answer answer);

	struct auth *auth;               /* NULL: not open */
	struct list open, pending;
	struct address peer;
	uint64_t asked_ms;
	struct timer timer;
	struct deferred deferred;
	struct auth_job *job;
	char *password;                  /* while a hash is waited for; wiped after */
	uint8_t digest[32];
	enum auth_answer verdict;
};

/*
 * Is this the user?  `user` is "user" or "user@domain", both without regard to
 * ASCII case.  user and password are copied or done with when the call returns;
 * the caller wipes its own.
 *
 * r->answer() is called exactly once, on the loop thread, never before this call
 * returns.  r is closed by then: it may be used for the next question, or freed,
 * from within.  r must not be open already.
 */
void auth_check(struct auth *a, struct auth_request *r, const struct address *peer,
		struct slice user, struct slice password);

/* Whether two names would be the same user (or the same nobody). */
bool auth_same_name(const struct auth *a, struct slice one, struct slice other);

/* The owner is going away: no answer comes, r may be freed at once.  A guess that
 * was checked counts as long as if it were waited for, so that hanging up gains
 * nothing.  Harmless when r is not open. */
void auth_abandon(struct auth_request *r);

static inline bool auth_is_open(const struct auth_request *r) { return r->auth != NULL; }

#endif
