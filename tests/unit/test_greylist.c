#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "greylist/greylist.h"
#include "net/loop.h"

enum { DELAY = 30, T = 1800000000 };

struct fixture {
	char *dir, *path;
	struct loop *loop;
	struct greylist *greylist;
};

struct question {
	struct greylist_request request;
	unsigned answers;
	struct greylist_answer answer;
};

static void on_answer(struct greylist_request *r, const struct greylist_answer *answer)
{
	struct question *q = container_of(r, struct question, request);

	assert_false(greylist_is_open(r));
	q->answers++;
	q->answer = *answer;
}

static void open_it(struct fixture *f)
{
	struct greylist_options o = { .loop = f->loop, .path = f->path, .delay_s = DELAY,
				      .expiry_s = 3600 };

	f->greylist = greylist_open(&o);
}

static void set_up(struct fixture *f)
{
	const char *tmp = getenv("TMPDIR");

	f->dir = mem_printf("%s/letterplate-greylist-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	f->path = mem_printf("%s/graylist.db", f->dir);
	f->loop = loop_new();
	clock_set(T);
	open_it(f);
}

static void tear_down(struct fixture *f)
{
	greylist_close(f->greylist);
	loop_free(f->loop);
	clock_set(-1);
	unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f->dir);
	free(f->path);
}

static void ask(struct fixture *f, struct question *q, const char *client, struct slice sender)
{
	struct greylist_key key = { .sender = sender };

	assert_true(address_parse(&key.client, slice_of(client)));
	q->request.answer = on_answer;
	q->answers = 0;
	greylist_check(f->greylist, &q->request, &key);
	assert_int_equal(q->answers, 0);         /* never before the call returns */
	assert_true(greylist_is_open(&q->request));
}

static void wait_for(struct fixture *f, struct question *q)
{
	uint64_t start = clock_mono_ms();

	while (q->answers == 0 && clock_mono_ms() - start < 30000)
		loop_turn(f->loop, 1000);
	assert_int_equal(q->answers, 1);
}

/* How long it has to wait; 0: passes as known. */
static int64_t waits(struct fixture *f, const char *client, const char *sender)
{
	struct question q = { .answers = 0 };

	ask(f, &q, client, slice_of(sender));
	wait_for(f, &q);
	assert_int_equal(q.answer.verdict, q.answer.wait_s ? GREYLIST_WAIT : GREYLIST_PASS);
	assert_int_equal(q.answer.known, q.answer.verdict == GREYLIST_PASS);
	return q.answer.wait_s;
}

static void waits_and_passes(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	assert_int_equal(waits(&f, "192.0.2.1", "Anna@Example.com"), 30);
	clock_set(T + 10);
	assert_int_equal(waits(&f, "192.0.2.1", "Anna@Example.com"), 20);
	clock_set(T + 30);
	/* Its neighbour in the /24 comes back, and spells the sender otherwise. */
	assert_int_equal(waits(&f, "192.0.2.250", "anna@example.com"), 0);
	assert_int_equal(waits(&f, "192.0.3.1", "anna@example.com"), 30);
	assert_int_equal(waits(&f, "192.0.2.1", "bob@example.com"), 30);
	assert_int_equal(waits(&f, "192.0.2.1", ""), 30);
	assert_int_equal(waits(&f, "127.0.0.1", "anna@example.com"), 30);
	assert_int_equal(waits(&f, "2001:db8:1:2::1", "anna@example.com"), 30);
	clock_set(T + 60);
	assert_int_equal(waits(&f, "2001:db8:1:2:ffff::", "anna@example.com"), 0);
	assert_int_equal(waits(&f, "2001:db8:1:3::1", "anna@example.com"), 30);
	assert_int_equal(waits(&f, "192.0.2.1", ""), 0);
	assert_int_equal(waits(&f, "127.0.0.1", "anna@example.com"), 0);
	tear_down(&f);
}

static void survives_a_restart(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	assert_int_equal(waits(&f, "192.0.2.1", "anna@example.com"), 30);
	greylist_close(f.greylist);
	clock_set(T + 12);
	open_it(&f);
	assert_int_equal(waits(&f, "192.0.2.1", "anna@example.com"), 18);
	clock_set(T + 30);
	assert_int_equal(waits(&f, "192.0.2.1", "anna@example.com"), 0);
	greylist_close(f.greylist);
	open_it(&f);
	assert_int_equal(waits(&f, "192.0.2.1", "anna@example.com"), 0);
	tear_down(&f);
}

static void long_senders(void **state)
{
	char sender[5000];
	struct question q = { .answers = 0 };
	struct fixture f;

	(void)state;
	memset(sender, 'x', sizeof(sender));
	set_up(&f);
	ask(&f, &q, "192.0.2.1", slice_make(sender, sizeof(sender)));
	wait_for(&f, &q);
	assert_int_equal(q.answer.wait_s, 30);
	ask(&f, &q, "192.0.2.1", SLICE("a\0b"));
	wait_for(&f, &q);
	assert_int_equal(q.answer.wait_s, 30);
	tear_down(&f);
}

/* Far more questions than the queue holds: each gets one answer, and who is not
 * asked passes. */
static void full_queue_passes(void **state)
{
	enum { QUESTIONS = 3000 };
	static struct question q[QUESTIONS];
	unsigned waiting = 0, passed = 0;
	struct fixture f;

	(void)state;
	memset(q, 0, sizeof(q));
	set_up(&f);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		char sender[20];

		snprintf(sender, sizeof(sender), "%u@x", i);
		ask(&f, &q[i], "192.0.2.1", slice_of(sender));
	}
	for (unsigned i = 0; i < QUESTIONS; i++) {
		wait_for(&f, &q[i]);
		waiting += q[i].answer.verdict == GREYLIST_WAIT;
		passed += q[i].answer.verdict == GREYLIST_PASS && !q[i].answer.known;
	}
	assert_int_equal(waiting + passed, QUESTIONS);
	assert_true(waiting > 0 && passed > 0);
	tear_down(&f);
}

static void abandoned(void **state)
{
	struct question q[3], later = { .answers = 0 };
	struct fixture f;

	(void)state;
	memset(q, 0, sizeof(q));
	set_up(&f);
	for (unsigned i = 0; i < 3; i++)
		ask(&f, &q[i], "192.0.2.1", SLICE("anna@example.com"));
	for (unsigned i = 0; i < 3; i++) {
		greylist_abandon(&q[i].request);
		greylist_abandon(&q[i].request);
	}
	clock_set(T + 10);
	assert_int_equal(waits(&f, "192.0.2.1", "anna@example.com"), 20);   /* it was seen */
	assert_int_equal(q[0].answers + q[1].answers + q[2].answers, 0);
	ask(&f, &later, "192.0.2.1", SLICE("anna@example.com"));     /* open at the end */
	tear_down(&f);
	assert_int_equal(later.answers, 0);
	assert_false(greylist_is_open(&later.request));
}

static struct fixture *asked_again;

static void on_answer_ask_again(struct greylist_request *r, const struct greylist_answer *answer)
{
	struct question *q = container_of(r, struct question, request);
	struct greylist_key key = { .sender = SLICE("x@example.com") };

	assert_int_equal(answer->verdict, GREYLIST_WAIT);
	if (q->answers++ == 0)
		greylist_check(asked_again->greylist, r, &key);
}

static void asked_again_from_within(void **state)
{
	struct greylist_key key = { .sender = SLICE("x@example.com") };
	struct question q = { .answers = 0 };
	uint64_t start = clock_mono_ms();
	struct fixture f;

	(void)state;
	set_up(&f);
	asked_again = &f;
	q.request.answer = on_answer_ask_again;
	greylist_check(f.greylist, &q.request, &key);    /* a peer without an IP address */
	while (q.answers < 2 && clock_mono_ms() - start < 30000)
		loop_turn(f.loop, 1000);
	assert_int_equal(q.answers, 2);
	tear_down(&f);
}

static void never_freed_is_fine(void **state)
{
	(void)state;
	greylist_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_and_passes),
		cmocka_unit_test(survives_a_restart),
		cmocka_unit_test(long_senders),
		cmocka_unit_test(full_queue_passes),
		cmocka_unit_test(abandoned),
		cmocka_unit_test(asked_again_from_within),
		cmocka_unit_test(never_freed_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
