/*
 * The answer to "is this the user?".
 *
 * A plain password and one that was verified by its hash are kept alike: as an
 * HMAC-SHA256 under a key drawn at start.  A guess is compared by its own HMAC,
 * which takes the same time however long the password is and however much of the
 * guess is right.
 *
 * Hashes are computed one at a time.  More at once would not help the owner, whose
 * first right answer settles all that wait behind it: a thousand clients that come
 * back after a restart cost one hash.  Once a password is known no guess costs a
 * hash any more, because anything else is wrong.
 */
#include "auth/auth.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "failures.h"
#include "net/lane.h"
#include "password.h"
#include "saslprep.h"
#include "scram_private.h"
#include "user.h"

/* Questions that wait for a hash: a thousand clients after a restart, and as many
 * as IMAP and HTTP may have connections by default. */
enum { PENDING_MAX = 1200 };

enum { PASSWORD_PREPARED_MAX = 64 * 1024 };      /* as long as a setting can be */

enum { DIGEST = sizeof(((struct auth_request *)0)->digest) };

struct auth {
	struct loop *loop;
	struct lane *lane;
	char *user, *domain;
	char *hash;                      /* NULL: the password was given plain */
	uint8_t key[32];
	uint8_t digest[DIGEST];          /* of the right password, when known */
	bool known;
	uint8_t prepared[DIGEST];        /* of it, by SASLprep */
	struct scram_secret *scram;      /* NULL: there is no SCRAM, nor `prepared` */
	struct failures *failures;
	struct list open;                /* requests that have had no answer */
	struct list pending;             /* of them, those that wait for a hash */
	size_t pending_count;
	struct auth_job *job;            /* the hash that is computed now */
};

struct auth_job {
	struct job job;                  /* its owner is the auth */
	struct auth_request *request;    /* NULL: abandoned */
	struct address peer;
	uint64_t asked_ms;
	uint8_t digest[DIGEST];
	char *password, *hash;
	bool fits;
};

static void wipe_string(char *s)
{
	if (s)
		mem_wipe(s, strlen(s));
	free(s);
}

static bool make_digest(const struct auth *a, struct slice password, uint8_t digest[DIGEST])
{
	unsigned len = DIGEST;

	return HMAC(EVP_sha256(), a->key, sizeof(a->key),
		    (const unsigned char *)(password.len ? password.at : ""), password.len,
		    digest, &len) != NULL;
}

/* The digest of what SASLprep makes of the password (RFC 4616 2). */
static bool make_prepared(const struct auth *a, struct slice password, uint8_t digest[DIGEST])
{
	struct buf text;
	bool good;

	buf_init(&text, PASSWORD_PREPARED_MAX);
	good = saslprep(&text, password) && text.len && make_digest(a, buf_slice(&text), digest);
	if (text.data)
		mem_wipe(text.data, text.cap);
	buf_release(&text);
	return good;
}

static void know_plain(struct auth *a, const struct auth_options *o)
{
	struct slice password = slice_of(o->password);
	struct buf text;

	a->known = make_digest(a, password, a->digest);
	buf_init(&text, PASSWORD_PREPARED_MAX);
	if (saslprep(&text, password) && text.len && make_prepared(a, password, a->prepared))
		a->scram = scram_secret_new(o->user, o->domain, buf_slice(&text));
	if (text.data)
		mem_wipe(text.data, text.cap);
	buf_release(&text);
}

struct auth *auth_new(const struct auth_options *o)
{
	struct auth *a = mem_alloc(sizeof(*a));

	a->loop = o->loop;
	a->lane = o->lane;
	a->user = mem_string(o->user);
	a->domain = mem_string(o->domain);
	a->failures = failures_new();
	random_bytes(a->key, sizeof(a->key));
	list_init(&a->open);
	list_init(&a->pending);
	if (auth_password_kind(o->password) != AUTH_PLAIN)
		a->hash = mem_string(o->password);
	else
		know_plain(a, o);
	return a;
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	list_each(node, after, &a->open)
		auth_abandon(container_of(node, struct auth_request, open));
	if (a->job)
		job_abandon(&a->job->job);
	failures_free(a->failures);
	scram_secret_free(a->scram);
	free(a->user);
	free(a->domain);
	wipe_string(a->hash);
	mem_wipe(a, sizeof(*a));
	free(a);
}

/* ==== The end of a question ==== */

/* Takes r out of everything; it is closed after. */
static void request_close(struct auth_request *r)
{
	struct auth *a = r->auth;

	timer_clear(a->loop, &r->timer);
	loop_undefer(a->loop, &r->deferred);
	if (!list_empty(&r->pending))
		a->pending_count--;
	list_remove(&r->pending);
	list_remove(&r->open);
	if (r->job)
		r->job->request = NULL;
	r->job = NULL;
	wipe_string(r->password);
	r->password = NULL;
	mem_wipe(r->digest, sizeof(r->digest));
	r->auth = NULL;
}

void auth_abandon(struct auth_request *r)
{
	if (r->auth)
		request_close(r);
}

static void request_answer(struct auth_request *r)
{
	enum auth_answer verdict = r->verdict;

	request_close(r);
	r->answer(r, verdict);
}

static void on_timer(struct timer *t)
{
	request_answer(container_of(t, struct auth_request, timer));
}

static void on_deferred(struct deferred *d)
{
	request_answer(container_of(d, struct auth_request, deferred));
}

static void answer_soon(struct auth_request *r, enum auth_answer verdict)
{
	r->verdict = verdict;
	loop_defer(r->auth->loop, &r->deferred);
}

static void answer_right(struct auth_request *r)
{
	failures_forget(r->auth->failures, &r->peer);
	answer_soon(r, AUTH_RIGHT);
}

/* The delay counts from the question: the time a hash took is within it.  The
 * request may be gone (NULL); its guess was made all the same. */
static void answer_wrong(struct auth *a, struct auth_request *r, const struct address *peer,
			 uint64_t asked_ms)
{
	uint64_t now = loop_now_ms(a->loop);
	uint64_t due = asked_ms + failures_add(a->failures, peer, asked_ms);

	if (!r)
		return;
	r->verdict = AUTH_WRONG;
	timer_set(a->loop, &r->timer, due > now ? due - now : 0);
}

/* ==== The beginning ==== */

/* "user" or "user@domain". */
static bool is_user(const struct auth *a, struct slice given)
{
	struct buf name;
	bool is;

	buf_init(&name, USER_NAME_MAX * 4);
	is = user_name(&name, given, a->domain) && slice_is_nocase(buf_slice(&name), a->user);
	buf_release(&name);
	return is;
}

bool auth_same_name(const struct auth *a, struct slice one, struct slice other)
{
	struct buf name;
	bool same;

	buf_init(&name, USER_NAME_MAX * 8);
	same = user_name(&name, one, a->domain);
	if (same) {
		size_t first = name.len;

		same = user_name(&name, other, a->domain) &&
		       slice_equal(slice_head(buf_slice(&name), first),
				   slice_from(buf_slice(&name), first));
	}
	buf_release(&name);
	return same;
}

static bool is_known_password(const struct auth *a, const uint8_t digest[DIGEST])
{
	return a->known && CRYPTO_memcmp(digest, a->digest, DIGEST) == 0;
}

/* The same password in another form of Unicode, as another keyboard sends it. */
static bool is_prepared_password(const struct auth *a, struct slice password)
{
	uint8_t digest[DIGEST];

	return a->scram && make_prepared(a, password, digest) &&
	       CRYPTO_memcmp(digest, a->prepared, DIGEST) == 0;
}

static void next_hash(struct auth *a);

static void wait_for_hash(struct auth_request *r, struct slice password)
{
	struct auth *a = r->auth;

	if (a->pending_count >= PENDING_MAX) {
		answer_soon(r, AUTH_LATER);
		return;
	}
	r->password = mem_bytes(password.at, password.len);
	list_append(&a->pending, &r->pending);
	a->pending_count++;
	next_hash(a);
}

/* False: it is answered already. */
static bool request_open(struct auth *a, struct auth_request *r, const struct address *peer)
{
	assert(!r->auth);
	r->auth = a;
	r->peer = *peer;
	r->asked_ms = loop_now_ms(a->loop);
	r->timer = (struct timer){ .fire = on_timer };
	r->deferred = (struct deferred){ .call = on_deferred };
	list_append(&a->open, &r->open);
	list_init(&r->pending);
	if (!failures_blocked(a->failures, peer, r->asked_ms))
		return true;
	answer_soon(r, AUTH_LATER);
	return false;
}

void auth_check(struct auth *a, struct auth_request *r, const struct address *peer,
		struct slice user, struct slice password)
{
	bool may_fit;

	if (!request_open(a, r, peer))
		return;
	may_fit = make_digest(a, password, r->digest) && is_user(a, user);
	if (may_fit && (is_known_password(a, r->digest) || is_prepared_password(a, password)))
		answer_right(r);
	else if (may_fit && !a->known && a->hash && password.len <= PASSWORD_HASHED_MAX &&
		 slice_find(password, '\0') == password.len)
		wait_for_hash(r, password);
	else
		answer_wrong(a, r, peer, r->asked_ms);
}

/* ==== SCRAM: the proof stands for the password ==== */

enum { NONCE_BYTES = 18 };               /* as many bits as a salt, without padding */

bool auth_has_scram(const struct auth *a)
{
	return a->scram != NULL;
}

enum scram_error auth_scram_first(const struct auth *a, struct scram *x, struct slice message,
				  struct buf *reply)
{
	enum scram_error e = scram_read_first(x, message);
	char bytes[NONCE_BYTES];
	struct scram_keys keys;
	struct buf nonce;

	if (e != SCRAM_GOOD)
		return e;
	if (!a->scram || !scram_secret_keys(a->scram, slice_of(scram_user(x)), &keys))
		return a->scram ? SCRAM_INVALID_USERNAME : SCRAM_OTHER_ERROR;
	random_bytes(bytes, sizeof(bytes));
	buf_init(&nonce, 2 * sizeof(bytes));
	base64_encode(&nonce, slice_make(bytes, sizeof(bytes)));
	if (!scram_write_first(x, &keys, slice_make((const char *)keys.salt, SCRAM_SALT),
			       buf_slice(&nonce), reply))
		e = SCRAM_OTHER_ERROR;
	buf_release(&nonce);
	mem_wipe(&keys, sizeof(keys));
	return e;
}

void auth_check_scram(struct auth *a, struct auth_request *r, const struct address *peer,
		      const struct scram *x)
{
	if (!request_open(a, r, peer))
		return;
	if (scram_proof_fits(x))
		answer_right(r);
	else
		answer_wrong(a, r, peer, r->asked_ms);
}

/* ==== Hashes: pending -> job on the lane -> answer, then the next ==== */

static void job_work(struct job *job)
{
	struct auth_job *j = container_of(job, struct auth_job, job);

	j->fits = password_fits(j->password, j->hash);
}

static void job_free(struct auth_job *j)
{
	wipe_string(j->password);
	wipe_string(j->hash);
	mem_wipe(j, sizeof(*j));
	free(j);
}

static void job_done(struct job *job)
{
	struct auth_job *j = container_of(job, struct auth_job, job);
	struct auth *a = job->owner;

	if (a) {
		struct auth_request *r = j->request;

		a->job = NULL;
		if (r)
			r->job = NULL;
		if (j->fits) {
			memcpy(a->digest, j->digest, DIGEST);
			a->known = true;
		}
		if (j->fits && r)
			answer_right(r);
		else if (!j->fits)
			answer_wrong(a, r, &j->peer, j->asked_ms);
		next_hash(a);
	}
	job_free(j);
}

static bool start_job(struct auth_request *r)
{
	struct auth *a = r->auth;
	struct auth_job *j = mem_alloc(sizeof(*j));

	j->job = (struct job){ .work = job_work, .done = job_done, .owner = a };
	j->request = r;
	j->peer = r->peer;
	j->asked_ms = r->asked_ms;
	memcpy(j->digest, r->digest, DIGEST);
	j->password = r->password;
	j->hash = mem_string(a->hash);
	r->password = NULL;
	if (!lane_submit(a->lane, &j->job)) {
		job_free(j);
		return false;
	}
	r->job = j;
	a->job = j;
	return true;
}

/* Goes through what waits until a hash has to be computed.  What was learnt
 * meanwhile counts: the password may be known, the network may be at its ceiling. */
static void next_hash(struct auth *a)
{
	while (!a->job && !list_empty(&a->pending)) {
		struct auth_request *r = container_of(a->pending.next, struct auth_request, pending);

		list_remove(&r->pending);
		a->pending_count--;
		if (is_known_password(a, r->digest))
			answer_right(r);
		else if (failures_blocked(a->failures, &r->peer, loop_now_ms(a->loop)))
			answer_soon(r, AUTH_LATER);
		else if (a->known)
			answer_wrong(a, r, &r->peer, r->asked_ms);
		else if (!start_job(r))
			answer_soon(r, AUTH_LATER);
	}
}
