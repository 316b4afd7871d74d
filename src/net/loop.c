/*
 * The loop.  Two things here are less obvious than they look.
 *
 * epoll hands out up to EVENTS_MAX pointers at a time, and the first one's
 * owner may wish the owner of the fifth dead.  So nothing that owns a watch is
 * freed before the deferred step, and a watch taken out in this turn is passed
 * over by its `added` flag.
 *
 * A lane thread that finishes a job writes to the eventfd only when the list was
 * empty, and the loop reads the eventfd (first) and takes the list (later) in
 * one turn: whatever was appended without a write is on the list by then.
 */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop_private.h"

/* What does not fit comes with the next turn; the kernel takes turns fairly. */
enum { EVENTS_MAX = 128 };

/* Deferred calls that ask for deferred calls, at the end: deeper is a mistake. */
enum { LAST_ROUNDS_MAX = 1000 };

static void wake_ready(struct watch *w, unsigned events)
{
	uint64_t count;

	(void)events;
	/* EAGAIN is harmless: the list is looked at in every turn. */
	if (read(w->fd, &count, sizeof(count)) < 0 && errno != EAGAIN && errno != EINTR)
		log_event(LEVEL_ERROR, "loop", "eventfd cannot be read", log_errno(errno));
}

static void signals_ready(struct watch *w, unsigned events)
{
	struct loop *loop = container_of(w, struct loop, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(w->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		for (size_t i = 0; i < loop->signal_count; i++) {
			if ((uint32_t)loop->signal[i].signo == info.ssi_signo)
				loop->signal[i].fn(loop->signal[i].arg);
		}
	}
}

static void no_loop(const char *what)
{
	int err = errno;

	log_event(LEVEL_ERROR, "loop", "the event loop cannot be made",
		  log_text("call", what), log_errno(err));
	exit(EXIT_FAILURE);
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_alloc(sizeof(*loop));
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	/* A peer that hangs up is an EPIPE where we write, not the end. */
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, NULL);

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		no_loop("epoll_create1");
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->wake_fd < 0)
		no_loop("eventfd");
	loop->signal_fd = -1;
	sigemptyset(&loop->signal_set);
	loop->now_ms = clock_mono_ms();
	loop->asked_last = &loop->asked;
	loop->finished_last = &loop->finished;
	pthread_mutex_init(&loop->lock, NULL);

	loop->wake = (struct watch){ .fd = loop->wake_fd, .ready = wake_ready };
	if (!loop_watch(loop, &loop->wake, WATCH_READ))
		no_loop("epoll_ctl");
	return loop;
}

static void call_deferred(struct loop *loop)
{
	loop->calling = loop->asked;
	loop->asked = NULL;
	loop->asked_last = &loop->asked;
	while (loop->calling) {
		struct deferred *d = loop->calling;

		loop->calling = d->next;
		d->next = NULL;
		d->queued = false;
		d->call(d);
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (int rounds = 0; loop->asked; rounds++) {
		assert(rounds < LAST_ROUNDS_MAX);
		call_deferred(loop);
	}
	/* Every lane is gone by now, and lane_free() left nothing behind. */
	assert(!loop->taken && !loop->finished);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	close(loop->wake_fd);
	close(loop->epoll_fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop->heap);
	free(loop);
}

bool loop_watch(struct loop *loop, struct watch *w, unsigned events)
{
	struct epoll_event e = { .data.ptr = w };
	int op = w->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	assert((events & ~(unsigned)(WATCH_READ | WATCH_WRITE)) == 0);
	if (w->added ? events == w->events : events == 0)
		return true;
	if (events == 0) {
		int gone = epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);

		/* Anything else: the fd was closed before its watch. */
		assert(gone == 0);
		(void)gone;
		w->added = false;
		w->events = 0;
		return true;
	}
	if (events & WATCH_READ)
		e.events |= EPOLLIN;
	if (events & WATCH_WRITE)
		e.events |= EPOLLOUT;
	if (epoll_ctl(loop->epoll_fd, op, w->fd, &e) != 0) {
		log_event(LEVEL_WARN, "loop", "cannot watch a descriptor", log_errno(errno));
		return false;
	}
	w->added = true;
	w->events = events;
	return true;
}

static void tell_watch(const struct epoll_event *e)
{
	struct watch *w = e->data.ptr;
	unsigned events = 0;

	if (e->events & EPOLLIN)
		events |= WATCH_READ;
	if (e->events & EPOLLOUT)
		events |= WATCH_WRITE;
	events &= w->events;         /* it may have changed since the wait */
	if (e->events & (EPOLLERR | EPOLLHUP))
		events = WATCH_READ | WATCH_WRITE;
	if (w->added && events)
		w->ready(w, events);
}

/* The completed jobs join `taken`, in the order of their completion. */
static void take_finished(struct loop *loop)
{
	struct job **last = &loop->taken;

	while (*last)
		last = &(*last)->next;
	pthread_mutex_lock(&loop->lock);
	*last = loop->finished;
	loop->finished = NULL;
	loop->finished_last = &loop->finished;
	pthread_mutex_unlock(&loop->lock);
}

/* done() may free another lane, which picks its own jobs out of `taken`. */
static void finish_jobs(struct loop *loop)
{
	take_finished(loop);
	while (loop->taken) {
		struct job *job = loop->taken;

		loop->taken = job->next;
		job->next = NULL;
		job_finish(job);
	}
}

void loop_finish_lane(struct loop *loop, const struct lane *lane)
{
	struct job *mine = NULL, **last = &mine;

	take_finished(loop);
	for (struct job **at = &loop->taken; *at; ) {
		struct job *job = *at;

		if (job->lane != lane) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job->next = NULL;
		*last = job;
		last = &job->next;
	}
	while (mine) {
		struct job *job = mine;

		mine = job->next;
		job->next = NULL;
		job_finish(job);
	}
}

void loop_complete(struct loop *loop, struct job *job)
{
	const uint64_t one = 1;
	bool was_empty;

	job->next = NULL;
	pthread_mutex_lock(&loop->lock);
	was_empty = !loop->finished;
	*loop->finished_last = job;
	loop->finished_last = &job->next;
	pthread_mutex_unlock(&loop->lock);

	if (!was_empty)
		return;
	while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static bool turn(struct loop *loop, uint64_t wait_ms)
{
	struct epoll_event event[EVENTS_MAX];
	uint64_t began, took;
	int count;

	wait_ms = loop->asked ? 0 : timers_wait_ms(loop, wait_ms);
	count = epoll_wait(loop->epoll_fd, event, EVENTS_MAX, (int)wait_ms);
	if (count < 0 && errno != EINTR) {
		log_event(LEVEL_ERROR, "loop", "epoll_wait failed", log_errno(errno));
		return false;
	}
	began = clock_mono_us();
	loop->now_ms = clock_mono_ms();

	for (int i = 0; i < count; i++)
		tell_watch(&event[i]);
	timers_fire(loop);
	finish_jobs(loop);
	call_deferred(loop);

	took = clock_mono_us() - began;
	if (took > loop->longest_us)
		loop->longest_us = took;
	return true;
}

bool loop_run(struct loop *loop)
{
	bool ok = true;

	while (ok && !loop->stop)
		ok = turn(loop, INT_MAX);
	loop->stop = false;
	return ok;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}

void loop_turn(struct loop *loop, unsigned wait_ms)
{
	(void)turn(loop, wait_ms < INT_MAX ? wait_ms : INT_MAX);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

uint64_t loop_longest_turn_us(struct loop *loop)
{
	uint64_t longest = loop->longest_us;

	loop->longest_us = 0;
	return longest;
}

void loop_defer(struct loop *loop, struct deferred *d)
{
	if (d->queued)
		return;
	d->queued = true;
	d->next = NULL;
	*loop->asked_last = d;
	loop->asked_last = &d->next;
}

void loop_undefer(struct loop *loop, struct deferred *d)
{
	struct deferred **lists[] = { &loop->asked, &loop->calling };

	if (!d->queued)
		return;
	for (size_t i = 0; i < 2; i++) {
		struct deferred **at = lists[i];

		while (*at && *at != d)
			at = &(*at)->next;
		if (!*at)
			continue;
		*at = d->next;
		if (loop->asked_last == &d->next)
			loop->asked_last = at;
	}
	d->next = NULL;
	d->queued = false;
}

void loop_on_signal(struct loop *loop, int signo, void (*fn)(void *arg), void *arg)
{
	size_t i = 0;
	int fd;

	while (i < loop->signal_count && loop->signal[i].signo != signo)
		i++;
	assert(i < LOOP_SIGNALS_MAX);
	loop->signal[i].signo = signo;
	loop->signal[i].fn = fn;
	loop->signal[i].arg = arg;
	if (i == loop->signal_count)
		loop->signal_count++;

	sigaddset(&loop->signal_set, signo);
	pthread_sigmask(SIG_BLOCK, &loop->signal_set, NULL);
	fd = signalfd(loop->signal_fd, &loop->signal_set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		no_loop("signalfd");
	loop->signal_fd = fd;
	loop->signals.fd = fd;
	loop->signals.ready = signals_ready;
	if (!loop_watch(loop, &loop->signals, WATCH_READ))
		no_loop("epoll_ctl");
}
