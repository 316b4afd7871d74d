#ifndef NET_LANE_H
#define NET_LANE_H

#include <stdbool.h>
#include <stddef.h>

struct loop;

/*
 * A lane is a queue with its own threads, for work that blocks: fsync, rename,
 * SQLite, libical, password hashing.  A lane of one thread runs its jobs in the
 * order given, which is how a mailbox or a database is kept from being changed
 * twice at once: by the lane, not by a lock.  Threads start with the first job
 * that needs them, have every signal blocked, and a stack of 512 KiB.
 */
struct lane;

struct job {                               /* embed first in your own struct */
	void (*work)(struct job *job);     /* lane thread; touches only the job */
	void (*done)(struct job *job);     /* loop thread, exactly once; frees it */
	void *owner;                       /* who is waiting, or NULL: abandoned */
	struct job *next;                  /* the lane's, like the next */
	struct lane *lane;
};

/* `name` lives as long as the lane (it names the threads).  At most `threads`
 * and `max_waiting` jobs together are accepted and not done. */
struct lane *lane_new(struct loop *loop, const char *name, unsigned threads,
		      size_t max_waiting);

/* Finishes what is queued, joins the threads, and runs every done() that is
 * still to come, so nothing leaks.  A done() may submit to the lane even then:
 * that runs here as well.  Loop thread; NULL is fine. */
void lane_free(struct lane *lane);

/* Loop thread.  False: the queue is full, or the machine gives no thread; the
 * job is still the caller's. */
bool lane_submit(struct lane *lane, struct job *job);

/* As lane_submit, for what must not be refused (an undo, a clean-up after work
 * that was accepted): the ceiling does not count. */
void lane_submit_always(struct lane *lane, struct job *job);

/* Jobs accepted whose done() has not run yet. */
size_t lane_load(const struct lane *lane);

/* The owner is going away.  The work still runs to its end; done() sees that
 * owner is NULL and only frees.  There is no cancel.  Loop thread; NULL is fine. */
void job_abandon(struct job *job);

#endif
