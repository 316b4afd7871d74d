#ifndef LOOP_PRIVATE_H
#define LOOP_PRIVATE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/lane.h"
#include "net/loop.h"

/* Shared by loop.c, timer.c and lane.c only. */

/* TERM, INT, HUP, USR1 and as many again to spare. */
enum { LOOP_SIGNALS_MAX = 8 };

struct loop {
	int epoll_fd, wake_fd, signal_fd;    /* signal_fd: -1 until one is asked for */
	struct watch wake, signals;          /* for the two latter */
	uint64_t now_ms;
	uint64_t longest_us;
	bool stop;

	struct timer **heap;                 /* heap[1] is due first; heap[0] unused */
	size_t heap_len, heap_cap;
	bool firing;                         /* inside timers_fire() */

	struct deferred *asked, **asked_last;    /* to be called */
	struct deferred *calling;                /* rest of the round under way */

	pthread_mutex_t lock;                /* for `finished`, which lane threads fill */
	struct job *finished, **finished_last;
	struct job *taken;                   /* moved here by the loop's thread */

	sigset_t signal_set;
	struct {
		int signo;
		void (*fn)(void *arg);
		void *arg;
	} signal[LOOP_SIGNALS_MAX];
	size_t signal_count;
};

/* timer.c */
void timers_fire(struct loop *loop);
/* Milliseconds to the first timer, at most `most`. */
uint64_t timers_wait_ms(const struct loop *loop, uint64_t most);

/* Any thread: the job's work is over; job_finish() follows in the loop. */
void loop_complete(struct loop *loop, struct job *job);

/* Loop thread: job_finish() now for what this lane has completed. */
void loop_finish_lane(struct loop *loop, const struct lane *lane);

/* lane.c: takes the job off its lane's load and calls done(). */
void job_finish(struct job *job);

#endif
