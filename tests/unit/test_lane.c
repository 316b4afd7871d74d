#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/list.h"
#include "net/lane.h"
#include "net/loop.h"

/* A sanitizer's own memory makes the limit of address space meaningless. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { MANY = 200 };

static struct loop *loop;
static pthread_t loop_thread;
static int done_order[MANY * 2];
static size_t done_count;

struct task {
	struct job job;
	int number, worked;
	pthread_t thread;
	bool had_owner;
	sem_t *begun, *go;               /* tells, then waits; or NULL */
	struct lane *frees;              /* in done() */
	struct lane *lane;
	struct task *undo;               /* submitted in done() */
};

static void task_work(struct job *job)
{
	struct task *t = container_of(job, struct task, job);

	if (t->begun)
		sem_post(t->begun);
	if (t->go)
		sem_wait(t->go);
	t->worked++;
	t->thread = pthread_self();
}

static void task_done(struct job *job)
{
	struct task *t = container_of(job, struct task, job);

	assert_true(pthread_equal(pthread_self(), loop_thread));
	assert_int_equal(t->worked, 1);
	t->had_owner = job->owner != NULL;
	done_order[done_count++] = t->number;
	if (t->undo)
		lane_submit_always(t->lane, &t->undo->job);
	lane_free(t->frees);
}

static struct task task(int number)
{
	return (struct task){
		.job = { .work = task_work, .done = task_done, .owner = &loop },
		.number = number,
	};
}

static void until_done(size_t count)
{
	while (done_count < count)
		loop_turn(loop, 10000);
	assert_int_equal(done_count, count);
}

/* By name: joined threads of other lanes may still be listed for a moment. */
static size_t threads(const char *name)
{
	DIR *d = opendir("/proc/self/task");
	char path[300], comm[32];
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL; ) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f)) {
			comm[strcspn(comm, "\n")] = '\0';
			n += strcmp(comm, name) == 0;
		}
		fclose(f);
	}
	closedir(d);
	return n;
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	loop_thread = pthread_self();
	done_count = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

/* Comes first: a finished thread's stack is kept by libc and would be taken again. */
static void test_no_thread_to_be_had(void **state)
{
	struct lane *lane = lane_new(loop, "poor", 1, 4);
	struct task refused = task(1), must = task(2);
	struct rlimit before, none;
	bool accepted;

	(void)state;
	if (SANITIZED) {
		lane_free(lane);
		skip();
	}
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	none = before;
	none.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	accepted = lane_submit(lane, &refused.job);
	lane_submit_always(lane, &must.job);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);

	assert_false(accepted);
	assert_int_equal(lane_load(lane), 1);
	assert_int_equal(done_count, 0);         /* from the loop, as always */
	until_done(1);
	assert_int_equal(done_order[0], 2);

	/* The machine has recovered. */
	assert_true(lane_submit(lane, &refused.job));
	until_done(2);
	lane_free(lane);
}

static void test_one_thread_keeps_the_order(void **state)
{
	static struct task t[MANY];
	struct lane *lane = lane_new(loop, "one", 1, MANY);

	(void)state;
	for (int i = 0; i < MANY; i++) {
		t[i] = task(i);
		assert_true(lane_submit(lane, &t[i].job));
	}
	until_done(MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(done_order[i], i);
		assert_true(t[i].had_owner);
		assert_true(pthread_equal(t[i].thread, t[0].thread));
		assert_false(pthread_equal(t[i].thread, loop_thread));
	}
	assert_int_equal(lane_load(lane), 0);
	lane_free(lane);
}

/* Each of three waits until all three have begun. */
static void test_several_threads_work_at_once(void **state)
{
	struct lane *lane = lane_new(loop, "three", 3, 10);
	struct task t[3];
	sem_t begun, go;

	(void)state;
	sem_init(&begun, 0, 0);
	sem_init(&go, 0, 0);
	for (int i = 0; i < 3; i++) {
		t[i] = task(i);
		t[i].begun = &begun;
		t[i].go = &go;
		assert_true(lane_submit(lane, &t[i].job));
	}
	for (int i = 0; i < 3; i++)
		sem_wait(&begun);
	for (int i = 0; i < 3; i++)
		sem_post(&go);
	until_done(3);
	lane_free(lane);
	sem_destroy(&begun);
	sem_destroy(&go);
}

static void test_threads_start_when_needed(void **state)
{
	struct lane *lane = lane_new(loop, "lazy", 4, 10);
	struct task a = task(1), b = task(2), c = task(3), *both[] = { &a, &b };
	sem_t begun, go;

	(void)state;
	sem_init(&begun, 0, 0);
	sem_init(&go, 0, 0);
	for (size_t i = 0; i < 2; i++) {
		both[i]->begun = &begun;
		both[i]->go = &go;
		assert_true(lane_submit(lane, &both[i]->job));
		sem_wait(&begun);
		assert_int_equal(threads("lazy"), i + 1);
	}
	sem_post(&go);
	sem_post(&go);
	until_done(2);

	/* One of them has time. */
	assert_true(lane_submit(lane, &c.job));
	until_done(3);
	assert_int_equal(threads("lazy"), 2);
	lane_free(lane);
	sem_destroy(&begun);
	sem_destroy(&go);
}

static void test_a_full_queue_refuses(void **state)
{
	struct lane *lane = lane_new(loop, "full", 1, 2);
	struct task t[6];
	sem_t begun, go;

	(void)state;
	sem_init(&begun, 0, 0);
	sem_init(&go, 0, 0);
	for (int i = 0; i < 6; i++)
		t[i] = task(i);
	t[0].begun = &begun;
	t[0].go = &go;
	assert_true(lane_submit(lane, &t[0].job));
	sem_wait(&begun);
	assert_true(lane_submit(lane, &t[1].job));
	assert_true(lane_submit(lane, &t[2].job));
	assert_false(lane_submit(lane, &t[3].job));
	lane_submit_always(lane, &t[4].job);
	assert_int_equal(lane_load(lane), 4);
	assert_false(lane_submit(lane, &t[3].job));

	sem_post(&go);
	until_done(4);
	assert_int_equal(lane_load(lane), 0);
	assert_int_equal(done_order[3], 4);
	assert_int_equal(t[3].worked, 0);
	assert_true(lane_submit(lane, &t[3].job));
	until_done(5);
	lane_free(lane);
	sem_destroy(&begun);
	sem_destroy(&go);
}

static void test_an_abandoned_job_still_ends(void **state)
{
	struct lane *lane = lane_new(loop, "left", 1, 2);
	struct task t = task(1);
	sem_t begun, go;

	(void)state;
	sem_init(&begun, 0, 0);
	sem_init(&go, 0, 0);
	t.begun = &begun;
	t.go = &go;
	assert_true(lane_submit(lane, &t.job));
	sem_wait(&begun);
	job_abandon(&t.job);
	job_abandon(NULL);
	sem_post(&go);
	until_done(1);
	assert_false(t.had_owner);
	lane_free(lane);
	sem_destroy(&begun);
	sem_destroy(&go);
}

static void test_freeing_finishes_everything(void **state)
{
	static struct task t[MANY];
	struct lane *lane = lane_new(loop, "last", 2, MANY);
	struct lane *other = lane_new(loop, "other", 1, MANY);
	struct task spare = task(-1);

	(void)state;
	assert_true(lane_submit(other, &spare.job));
	for (int i = 0; i < MANY; i++) {
		t[i] = task(i);
		assert_true(lane_submit(lane, &t[i].job));
	}
	lane_free(lane);
	assert_int_equal(done_count, MANY);      /* and not the other lane's */
	for (int i = 0; i < MANY; i++)
		assert_int_equal(t[i].worked, 1);
	until_done(MANY + 1);
	assert_int_equal(done_order[MANY], -1);
	lane_free(other);
	lane_free(NULL);
}

static void test_done_may_submit_while_the_lane_ends(void **state)
{
	struct lane *lane = lane_new(loop, "undo", 1, 1);
	struct task t = task(1), undo = task(2), undo_undo = task(3);

	(void)state;
	t.lane = undo.lane = lane;
	t.undo = &undo;
	undo.undo = &undo_undo;
	assert_true(lane_submit(lane, &t.job));
	lane_free(lane);
	assert_int_equal(done_count, 3);
	assert_int_equal(done_order[2], 3);
}

/* done() frees its own lane, and another one that has jobs in the same round. */
static void test_done_may_free_lanes(void **state)
{
	struct lane *own = lane_new(loop, "own", 1, 4), *other = lane_new(loop, "other", 1, 4);
	struct task a = task(1), b = task(2), c = task(3), d = task(4);

	(void)state;
	assert_true(lane_submit(own, &a.job));
	assert_true(lane_submit(other, &b.job));
	assert_true(lane_submit(other, &c.job));
	a.frees = other;
	until_done(3);

	other = lane_new(loop, "again", 1, 4);
	b.worked = 0;
	assert_true(lane_submit(own, &d.job));
	assert_true(lane_submit(own, &b.job));
	d.frees = own;
	until_done(5);
	loop_turn(loop, 0);
	lane_free(other);
}

struct look {
	struct job job;
	sigset_t mask;
	char name[32];
	size_t stack;
};

static void look_work(struct job *job)
{
	struct look *look = container_of(job, struct look, job);
	pthread_attr_t attr;

	pthread_sigmask(SIG_SETMASK, NULL, &look->mask);
	pthread_getname_np(pthread_self(), look->name, sizeof(look->name));
	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		pthread_attr_getstacksize(&attr, &look->stack);
		pthread_attr_destroy(&attr);
	}
}

static void look_done(struct job *job)
{
	(void)job;
	done_count++;
}

static void test_what_a_thread_is_like(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGALRM };
	struct lane *lane = lane_new(loop, "a-name-that-is-too-long", 1, 1);
	struct look look = { .job = { .work = look_work, .done = look_done } };
	sigset_t mine;

	(void)state;
	assert_true(lane_submit(lane, &look.job));
	until_done(1);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		assert_true(sigismember(&look.mask, signals[i]));
	assert_string_equal(look.name, "a-name-that-is-");
	if (!SANITIZED)
		assert_int_equal(look.stack, 512 * 1024);

	/* Ours is as it was. */
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	assert_false(sigismember(&mine, SIGALRM));
	lane_free(lane);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_thread_to_be_had),
		TEST(test_one_thread_keeps_the_order),
		TEST(test_several_threads_work_at_once),
		TEST(test_threads_start_when_needed),
		TEST(test_a_full_queue_refuses),
		TEST(test_an_abandoned_job_still_ends),
		TEST(test_freeing_finishes_everything),
		TEST(test_done_may_submit_while_the_lane_ends),
		TEST(test_done_may_free_lanes),
		TEST(test_what_a_thread_is_like),
	};

	alarm(60);               /* a job that never comes back is a failure */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
