/*
 * Lanes.  Everything about a lane except its queue belongs to the loop's thread,
 * the ceiling included: a job counts from lane_submit() to done(), so whether a
 * job is refused never depends on how quickly a thread wakes up, and finished
 * jobs that the loop has not fetched yet are bounded as well.
 *
 * There is no cancel.  Taking a job back from a thread that may have begun it
 * has no honest answer; abandoning it has one.
 */
#include "net/lane.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "loop_private.h"

/* Deep enough for SQLite and libical; the thread default of 8 MiB would only be reserved. */
enum { LANE_STACK = 512 * 1024 };

/* pthread_setname_np() takes 16 bytes with the NUL. */
enum { THREAD_NAME = 16 };

struct lane {
	struct loop *loop;
	const char *name;
	unsigned threads_max, started;
	pthread_t *thread;
	size_t max_waiting;
	size_t load;
	bool closing;

	pthread_mutex_t lock;            /* for what follows */
	pthread_cond_t more;
	struct job *queue, **queue_last;
	bool ending;
};

struct lane *lane_new(struct loop *loop, const char *name, unsigned threads,
		      size_t max_waiting)
{
	struct lane *lane = mem_alloc(sizeof(*lane));

	assert(threads > 0);
	lane->loop = loop;
	lane->name = name;
	lane->threads_max = threads;
	lane->thread = mem_array(threads, sizeof(*lane->thread));
	lane->max_waiting = max_waiting;
	lane->queue_last = &lane->queue;
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->more, NULL);
	return lane;
}

/* Caller holds the lock. */
static struct job *take_job(struct lane *lane)
{
	struct job *job = lane->queue;

	if (!job)
		return NULL;
	lane->queue = job->next;
	if (!lane->queue)
		lane->queue_last = &lane->queue;
	job->next = NULL;
	return job;
}

static void *run_lane(void *arg)
{
	struct lane *lane = arg;
	char name[THREAD_NAME];

	snprintf(name, sizeof(name), "%s", lane->name);
	pthread_setname_np(pthread_self(), name);

	pthread_mutex_lock(&lane->lock);
	for (;;) {
		struct job *job = take_job(lane);

		if (job) {
			pthread_mutex_unlock(&lane->lock);
			job->work(job);
			loop_complete(lane->loop, job);
			pthread_mutex_lock(&lane->lock);
		} else if (lane->ending) {
			break;
		} else {
			pthread_cond_wait(&lane->more, &lane->lock);
		}
	}
	pthread_mutex_unlock(&lane->lock);
	return NULL;
}

/* False: this process may not have another thread now. */
static bool start_thread(struct lane *lane)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err;

	/* A thread inherits its mask: signals are for the loop's signalfd. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, LANE_STACK);
	err = pthread_create(&lane->thread[lane->started], &attr, run_lane, lane);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		log_event(LEVEL_WARN, "lane", "cannot start a thread",
			  log_text("lane", lane->name), log_errno(err));
		return false;
	}
	lane->started++;
	return true;
}

/* Sees to it that there is a thread for one more job: with fewer jobs than
 * threads, one of those has nothing to do.  False: there is none at all. */
static bool have_thread(struct lane *lane)
{
	if (lane->closing)
		return true;             /* lane_free() does the rest itself */
	if (lane->load >= lane->started && lane->started < lane->threads_max)
		start_thread(lane);
	return lane->started > 0;
}

static void accept_job(struct lane *lane, struct job *job)
{
	job->lane = lane;
	job->next = NULL;
	lane->load++;
	pthread_mutex_lock(&lane->lock);
	*lane->queue_last = job;
	lane->queue_last = &job->next;
	pthread_cond_signal(&lane->more);
	pthread_mutex_unlock(&lane->lock);
}

bool lane_submit(struct lane *lane, struct job *job)
{
	if (lane->load >= lane->max_waiting + lane->threads_max)
		return false;
	if (!have_thread(lane))
		return false;
	accept_job(lane, job);
	return true;
}

void lane_submit_always(struct lane *lane, struct job *job)
{
	if (have_thread(lane)) {
		accept_job(lane, job);
		return;
	}
	/* No thread to be had, and it must not be refused: late is better than
	 * never, and done() still comes from the loop. */
	job->lane = lane;
	lane->load++;
	job->work(job);
	loop_complete(lane->loop, job);
}

void job_finish(struct job *job)
{
	assert(job->lane->load > 0);
	job->lane->load--;
	job->done(job);
}

size_t lane_load(const struct lane *lane)
{
	return lane->load;
}

void job_abandon(struct job *job)
{
	if (job)
		job->owner = NULL;
}

static void join_threads(struct lane *lane)
{
	pthread_mutex_lock(&lane->lock);
	lane->ending = true;
	pthread_cond_broadcast(&lane->more);
	pthread_mutex_unlock(&lane->lock);
	for (unsigned i = 0; i < lane->started; i++)
		pthread_join(lane->thread[i], NULL);
}

void lane_free(struct lane *lane)
{
	if (!lane)
		return;
	assert(!lane->closing);
	lane->closing = true;
	join_threads(lane);
	loop_finish_lane(lane->loop, lane);

	/* done() may have submitted more (an undo): the threads are gone, so it
	 * runs here. */
	while (lane->load > 0) {
		struct job *job = take_job(lane);

		assert(job);
		job->work(job);
		job_finish(job);
	}
	pthread_cond_destroy(&lane->more);
	pthread_mutex_destroy(&lane->lock);
	free(lane->thread);
	free(lane);
}
