#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "net/lane.h"
#include "net/loop.h"

#define PLAIN "correct horse"
/* "correct horse" and a hash of it that costs little. */
#define HASH "$6$rounds=1000$k2XAnEHBqQ1Ct2aM$yfBXbHVNVf4J0eyDZhe27ipKodSqcTbLWkIV1mTNHVmYxiLcl4/" \
	     "RsaWmahApFz75S0UnbNJV9U1Xwm7FGZ9ab/"

struct fixture {
	struct loop *loop;
	struct lane *lane;
	struct auth *auth;
};

struct question {
	struct auth_request request;
	unsigned answers;
	enum auth_answer answer;
	uint64_t at_ms;
};

static void on_answer(struct auth_request *r, enum auth_answer answer)
{
	struct question *q = container_of(r, struct question, request);

	assert_false(auth_is_open(r));
	q->answers++;
	q->answer = answer;
	q->at_ms = clock_mono_ms();
}

static void set_up(struct fixture *f, const char *password)
{
	struct auth_options o = { .user = "Admin", .domain = "example.org", .password = password };

	f->loop = o.loop = loop_new();
	f->lane = o.lane = lane_new(f->loop, "crypt", 1, 16);
	f->auth = auth_new(&o);
}

static void tear_down(struct fixture *f)
{
	auth_free(f->auth);
	lane_free(f->lane);
	loop_free(f->loop);
}

static void ask_as(struct fixture *f, struct question *q, const char *peer, struct slice user,
		   struct slice password)
{
	struct address a;

	assert_true(address_parse(&a, slice_of(peer)));
	q->request.answer = on_answer;
	q->answers = 0;
	auth_check(f->auth, &q->request, &a, user, password);
	assert_int_equal(q->answers, 0);         /* never before the call returns */
	assert_true(auth_is_open(&q->request));
}

static void ask(struct fixture *f, struct question *q, const char *peer, const char *password)
{
	ask_as(f, q, peer, SLICE("admin"), slice_of(password));
}

static enum auth_answer wait_for(struct fixture *f, struct question *q)
{
	uint64_t start = clock_mono_ms();

	while (q->answers == 0 && clock_mono_ms() - start < 30000)
		loop_turn(f->loop, 1000);
	assert_int_equal(q->answers, 1);
	return q->answer;
}

/* Each wrong one from a network of its own, so that each waits one second; all
 * at once, so that the test does too. */
static void names_and_passwords(struct fixture *f)
{
	static const struct {
		struct slice user, password;
		enum auth_answer want;
	} cases[] = {
#define ROW(user, password, want) \
		{ { user, sizeof(user) - 1 }, { password, sizeof(password) - 1 }, want }
		ROW("admin", PLAIN, AUTH_RIGHT),
		ROW("ADMIN", PLAIN, AUTH_RIGHT),
		ROW("admin@example.org", PLAIN, AUTH_RIGHT),
		ROW("aDmin@EXAMPLE.org", PLAIN, AUTH_RIGHT),
		ROW("", PLAIN, AUTH_WRONG),
		ROW("adm", PLAIN, AUTH_WRONG),
		ROW("admin2", PLAIN, AUTH_WRONG),
		ROW("admin@", PLAIN, AUTH_WRONG),
		ROW("admin@example.or", PLAIN, AUTH_WRONG),
		ROW("admin@example.org.", PLAIN, AUTH_WRONG),
		ROW("admin\0", PLAIN, AUTH_WRONG),
		ROW("@example.org", PLAIN, AUTH_WRONG),
		ROW("admin", "", AUTH_WRONG),
		ROW("admin", "Correct horse", AUTH_WRONG),
		ROW("admin", "correct hors", AUTH_WRONG),
		ROW("admin", "correct horse ", AUTH_WRONG),
		ROW("admin", "correct horse\0", AUTH_WRONG),
		ROW("admin", "correct horse\0x", AUTH_WRONG),
		ROW("admin", HASH, AUTH_WRONG),
#undef ROW
	};
	enum { CASES = sizeof(cases) / sizeof(cases[0]) };
	struct question q[CASES];
	uint64_t start = clock_mono_ms();

	memset(q, 0, sizeof(q));
	for (unsigned i = 0; i < CASES; i++) {
		char peer[] = "10.0.0.1";

		peer[3] = (char)('0' + i % 10);
		peer[5] = (char)('0' + i / 10);
		ask_as(f, &q[i], peer, cases[i].user, cases[i].password);
	}
	for (unsigned i = 0; i < CASES; i++) {
		if (wait_for(f, &q[i]) != cases[i].want)
			fail_msg("row %u: %d", i, q[i].answer);
		if (cases[i].want == AUTH_WRONG)
			assert_true(q[i].at_ms - start >= 990);
	}
}

static void plain(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, PLAIN);
	names_and_passwords(&f);
	assert_int_equal(lane_load(f.lane), 0);
	tear_down(&f);
}

static void hashed(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, HASH);
	names_and_passwords(&f);
	tear_down(&f);
}

/* A hash that nobody has answered yet: wrong ones are checked and refused. */
static void hashed_wrong_first(void **state)
{
	struct question wrong = { .answers = 0 }, right = { .answers = 0 };
	struct fixture f;

	(void)state;
	set_up(&f, HASH);
	ask(&f, &wrong, "192.0.2.1", "wrong");
	ask(&f, &right, "192.0.3.1", PLAIN);
	assert_int_equal(wait_for(&f, &right), AUTH_RIGHT);
	assert_int_equal(wrong.answers, 0);              /* is made to wait */
	assert_int_equal(wait_for(&f, &wrong), AUTH_WRONG);
	tear_down(&f);
}

/* Once right, the hash is not computed again, for right or wrong. */
static void hash_is_computed_once(void **state)
{
	enum { CLIENTS = 1000 };
	static struct question q[CLIENTS];
	struct question again = { .answers = 0 };
	struct fixture f;

	(void)state;
	memset(q, 0, sizeof(q));
	set_up(&f, HASH);
	for (unsigned i = 0; i < CLIENTS; i++) {
		ask(&f, &q[i], "127.0.0.1", PLAIN);
		assert_int_equal(lane_load(f.lane), 1);
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(wait_for(&f, &q[i]), AUTH_RIGHT);
	ask(&f, &again, "192.0.2.1", PLAIN);
	assert_int_equal(lane_load(f.lane), 0);
	assert_int_equal(wait_for(&f, &again), AUTH_RIGHT);
	ask(&f, &again, "192.0.2.1", "wrong");
	assert_int_equal(lane_load(f.lane), 0);
	auth_abandon(&again.request);
	tear_down(&f);
}

static void broken_hash_lets_nobody_in(void **state)
{
	struct question q = { .answers = 0 };
	struct fixture f;

	(void)state;
	set_up(&f, "$6$rounds=1000$k2XAnEHBqQ1Ct2aM$yf");
	ask(&f, &q, "192.0.2.1", "$6$rounds=1000$k2XAnEHBqQ1Ct2aM$yf");
	assert_int_equal(wait_for(&f, &q), AUTH_WRONG);
	tear_down(&f);
}

/* Many guesses at once: as many as the ceiling are made to wait, the others are
 * not looked at, and hanging up does not help.  Other networks notice nothing. */
static void many_guesses(struct fixture *f)
{
	enum { GUESSES = 40 };
	struct question q[GUESSES], right = { .answers = 0 };
	unsigned later;

	memset(q, 0, sizeof(q));
	for (unsigned i = 0; i < GUESSES; i++)
		ask(f, &q[i], i % 2 ? "192.0.2.1" : "192.0.2.250", "wrong");
	ask(f, &right, "192.0.3.1", PLAIN);
	assert_int_equal(wait_for(f, &right), AUTH_RIGHT);
	for (;;) {
		later = 0;
		for (unsigned i = 0; i < GUESSES; i++)
			later += q[i].answers && q[i].answer == AUTH_LATER;
		if (later + 8 >= GUESSES)
			break;
		loop_turn(f->loop, 1000);
	}
	assert_int_equal(later, GUESSES - 8);
	for (unsigned i = 0; i < GUESSES; i++)
		auth_abandon(&q[i].request);
	ask(f, &right, "192.0.2.9", PLAIN);
	assert_int_equal(wait_for(f, &right), AUTH_LATER);
	ask(f, &right, "192.0.3.1", PLAIN);
	assert_int_equal(wait_for(f, &right), AUTH_RIGHT);
}

static void many_guesses_plain(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, PLAIN);
	many_guesses(&f);
	tear_down(&f);
}

static void many_guesses_hashed(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, HASH);
	many_guesses(&f);
	tear_down(&f);
}

/* The second failure waits longer; the right password waits never, and makes the
 * next failure short again. */
static void success_resets(void **state)
{
	struct question first = { .answers = 0 }, second = first, right = first, third = first;
	uint64_t start = clock_mono_ms();
	struct fixture f;

	(void)state;
	set_up(&f, PLAIN);
	ask(&f, &first, "192.0.2.1", "wrong");
	ask(&f, &second, "192.0.2.1", "wrong");
	assert_int_equal(wait_for(&f, &first), AUTH_WRONG);
	assert_int_equal(second.answers, 0);
	ask(&f, &right, "192.0.2.1", PLAIN);
	assert_int_equal(wait_for(&f, &right), AUTH_RIGHT);
	assert_int_equal(second.answers, 0);
	ask(&f, &third, "192.0.2.1", "wrong");
	assert_int_equal(wait_for(&f, &second), AUTH_WRONG);
	assert_true(second.at_ms - start >= 1990);
	assert_int_equal(wait_for(&f, &third), AUTH_WRONG);
	assert_true(third.at_ms - first.at_ms < 1900);
	tear_down(&f);
}

static void abandoned(void **state)
{
	static const char *const passwords[] = { PLAIN, HASH };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct question q[4], probe = { .answers = 0 };
		struct fixture f;

		memset(q, 0, sizeof(q));
		set_up(&f, passwords[i]);
		ask(&f, &q[0], "192.0.2.1", PLAIN);
		ask(&f, &q[1], "192.0.2.1", PLAIN);
		ask(&f, &q[2], "192.0.4.1", "wrong");
		for (unsigned n = 0; n < 3; n++) {
			auth_abandon(&q[n].request);
			auth_abandon(&q[n].request);
			assert_false(auth_is_open(&q[n].request));
		}
		ask(&f, &probe, "192.0.3.1", PLAIN);
		assert_int_equal(wait_for(&f, &probe), AUTH_RIGHT);
		for (unsigned n = 0; n < 3; n++)
			assert_int_equal(q[n].answers, 0);
		ask(&f, &q[3], "192.0.3.1", PLAIN);      /* still open when all ends */
		ask(&f, &q[0], "192.0.5.1", "wrong");
		tear_down(&f);
		assert_int_equal(q[3].answers + q[0].answers, 0);
	}
}

/* Ended while a hash is being computed. */
static void freed_during_a_hash(void **state)
{
	struct question q = { .answers = 0 };
	struct fixture f;

	(void)state;
	set_up(&f, HASH);
	ask(&f, &q, "192.0.2.1", PLAIN);
	tear_down(&f);
	assert_int_equal(q.answers, 0);
	assert_false(auth_is_open(&q.request));
}

static struct fixture *asked_again;

static void on_answer_ask_again(struct auth_request *r, enum auth_answer answer)
{
	struct question *q = container_of(r, struct question, request);

	assert_int_equal(answer, AUTH_RIGHT);
	if (q->answers++ == 0)
		auth_check(asked_again->auth, r, &r->peer, SLICE("admin"), SLICE(PLAIN));
}

static void asked_again_from_within(void **state)
{
	struct question q = { .answers = 0 };
	struct fixture f;

	(void)state;
	set_up(&f, PLAIN);
	asked_again = &f;
	q.request.answer = on_answer_ask_again;
	auth_check(f.auth, &q.request, &(struct address){ .len = 0 }, SLICE("admin"), SLICE(PLAIN));
	for (unsigned i = 0; i < 10 && q.answers < 2; i++)
		loop_turn(f.loop, 10);
	assert_int_equal(q.answers, 2);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(hashed),
		cmocka_unit_test(hashed_wrong_first),
		cmocka_unit_test(hash_is_computed_once),
		cmocka_unit_test(broken_hash_lets_nobody_in),
		cmocka_unit_test(many_guesses_plain),
		cmocka_unit_test(many_guesses_hashed),
		cmocka_unit_test(success_resets),
		cmocka_unit_test(abandoned),
		cmocka_unit_test(freed_during_a_hash),
		cmocka_unit_test(asked_again_from_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
