#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one event loop.  Everything declared here is for the loop's own thread;
 * other threads reach it through a lane (net/lane.h) and nothing else.
 *
 * A turn: wait in epoll -> ready watches -> due timers -> finished jobs ->
 * deferred calls.  Objects that own watches are freed only in the deferred
 * step, so a pointer that epoll handed out is valid for the whole turn.
 */
struct loop;

struct loop *loop_new(void);             /* ends the process when epoll is not to be had */
void loop_free(struct loop *loop);       /* NULL is fine; runs what is still deferred */

/* Until loop_stop().  False: epoll itself failed; it was logged. */
bool loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* One turn, waiting at most `wait_ms` for something to happen (tests). */
void loop_turn(struct loop *loop, unsigned wait_ms);

uint64_t loop_now_ms(const struct loop *loop);   /* monotonic; fixed within a turn */

/* Longest turn since the last call, in microseconds, waiting not counted. */
uint64_t loop_longest_turn_us(struct loop *loop);

enum { WATCH_READ = 1, WATCH_WRITE = 2 };

struct watch {                           /* embed in the owner; zero, then set fd and ready */
	int fd;
	unsigned events;                 /* what is asked for now; the loop's */
	/* `events` has what is possible now; an error or hang-up shows as both. */
	void (*ready)(struct watch *w, unsigned events);
	bool added;                      /* the loop's */
};

/* Asks for exactly these events from now on (level-triggered); 0 takes the
 * watch out, which must happen before its fd is closed.  False: the kernel
 * refused (its memory or its watch limit); nothing changed. */
bool loop_watch(struct loop *loop, struct watch *w, unsigned events);

struct timer {                           /* embed in the owner; zero, then set fire */
	uint64_t due_ms;
	size_t heap_at;                  /* 0: not set; the loop's */
	void (*fire)(struct timer *t);
};

/* Fires once, `delay_ms` after now; setting it again moves it. */
void timer_set(struct loop *loop, struct timer *t, uint64_t delay_ms);
void timer_clear(struct loop *loop, struct timer *t);    /* harmless when not set */
static inline bool timer_is_set(const struct timer *t) { return t->heap_at != 0; }

struct deferred {                        /* embed in the owner; zero, then set call */
	struct deferred *next;
	bool queued;
	void (*call)(struct deferred *d);    /* may free its owner */
};

/* Runs d->call once at the end of this turn; a second request before that is a
 * no-op.  One asked for from within a deferred call runs in the next turn. */
void loop_defer(struct loop *loop, struct deferred *d);
void loop_undefer(struct loop *loop, struct deferred *d);

/* Blocks the signal for the process (call before the first lane) and calls fn
 * in a turn instead. */
void loop_on_signal(struct loop *loop, int signo, void (*fn)(void *arg), void *arg);

#endif
