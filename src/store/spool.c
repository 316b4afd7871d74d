/*
 * A message on its way in, on the loop's side.  At most two buffers are full at
 * once: one on its way to the disk and one being filled; past that the caller
 * waits.  A small message never makes a file before its commit.
 */
#include "store/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "spool_private.h"

/* Nine messages in ten are smaller, and a thousand spools of it are 256 MB, which
 * the ceilings on connections are chosen for. */
enum { SPOOL_MEMORY = 256 * 1024 };

struct spool {
	struct store *store;
	spool_room_fn *room;
	void *owner;
	struct buf pending;
	uint64_t size;                   /* added so far; counted in store->bytes_coming */
	uint64_t credit;
	enum store_status st;
	bool waiting;                    /* was told to wait */
	bool abandoned;
	struct spool_file *file;         /* not while a job has it */
	bool writing;                    /* a job has it */
	struct commit_job *commit;       /* to be started when it is back */
};

/* ---- The writers lane ---- */

struct spool_file *spool_file_new(struct store *s)
{
	struct spool_file *f = mem_alloc(sizeof(*f));

	f->store = s;
	f->fd = -1;
	return f;
}

void spool_file_free(struct spool_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0) {
		close(f->fd);
		unlink(f->tmp.at);
	}
	arena_free(f->arena);
	free(f);
}

static void open_tmp(struct spool_file *f)
{
	char unique[UNIQUE_NAME];

	file_unique(unique);
	path_make(&f->tmp, f->store->root, "tmp", unique, "");
	f->fd = open(f->tmp.at, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (f->fd < 0 && errno == ENOENT && maildir_heal(f->store->root))
		f->fd = open(f->tmp.at, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (f->fd < 0)
		f->st = maildir_failed("cannot make a message file", f->tmp.at, errno);
}

void spool_file_add(struct spool_file *f, struct slice bytes)
{
	if (!f->scanner) {
		f->arena = mime_arena_new();
		f->scanner = mime_scanner_new(f->arena, &mime_default_limits);
	}
	if (f->st == STORE_OK && f->fd < 0)
		open_tmp(f);
	if (f->st != STORE_OK)
		return;
	mime_scanner_add(f->scanner, bytes);
	f->size += bytes.len;
	f->crlf += crlf_form_count(&f->form, bytes);
	if (!file_write(f->fd, bytes))
		f->st = maildir_failed("cannot write a message", f->tmp.at, errno);
}

struct file_job {
	struct job job;
	struct spool *spool;
	struct spool_file *file;
	struct buf bytes;
};

static void work_drop(struct job *job)
{
	spool_file_free(container_of(job, struct file_job, job)->file);
}

static void done_drop(struct job *job)
{
	free(container_of(job, struct file_job, job));
}

void spool_file_drop(struct spool_file *f)
{
	struct file_job *j;

	if (!f)
		return;
	j = mem_alloc(sizeof(*j));
	j->job.work = work_drop;
	j->job.done = done_drop;
	j->file = f;
	lane_submit_always(f->store->writers, &j->job);
}

static void work_write(struct job *job)
{
	struct file_job *j = container_of(job, struct file_job, job);

	spool_file_add(j->file, buf_slice(&j->bytes));
}

/* ---- The loop ---- */

static void spool_free(struct spool *sp)
{
	sp->store->spools--;
	buf_release(&sp->pending);
	free(sp);
}

static void start_commit(struct spool *sp)
{
	/* It owns the file, the rest of the bytes and the count of them from here. */
	commit_start(sp->commit, sp->file, &sp->pending, sp->st, sp->size);
	spool_free(sp);
}

static void done_write(struct job *job);

static void start_write(struct spool *sp)
{
	struct file_job *j = mem_alloc(sizeof(*j));

	j->job.work = work_write;
	j->job.done = done_write;
	j->spool = sp;
	j->file = sp->file ? sp->file : spool_file_new(sp->store);
	j->bytes = sp->pending;
	buf_init(&sp->pending, sp->pending.max);
	sp->file = NULL;
	if (lane_submit(sp->store->writers, &j->job)) {
		sp->writing = true;
		return;
	}
	sp->st = STORE_BUSY;
	sp->file = j->file;
	buf_release(&j->bytes);
	free(j);
}

static void done_write(struct job *job)
{
	struct file_job *j = container_of(job, struct file_job, job);
	struct spool *sp = j->spool;

	sp->writing = false;
	sp->file = j->file;
	if (sp->st == STORE_OK)
		sp->st = sp->file->st;
	buf_release(&j->bytes);
	free(j);
	if (sp->abandoned) {
		spool_file_drop(sp->file);
		spool_free(sp);
	} else if (sp->commit) {
		start_commit(sp);
	} else {
		bool waiting = sp->waiting;

		if (sp->st == STORE_OK && sp->pending.len >= SPOOL_MEMORY)
			start_write(sp);
		sp->waiting = false;
		/* The last thing here: it may end the spool. */
		if (waiting)
			sp->room(sp->owner);
	}
}

struct spool *spool_new(struct store *s, spool_room_fn *room, void *owner)
{
	struct spool *sp = mem_alloc(sizeof(*sp));
	uint64_t most = s->message_max < SIZE_MAX / 4 ? s->message_max : SIZE_MAX / 4;

	sp->store = s;
	sp->room = room;
	sp->owner = owner;
	/* What a caller adds in one piece is not more than a message. */
	buf_init(&sp->pending, (size_t)most + SPOOL_MEMORY);
	s->spools++;
	return sp;
}

/* Nothing more will be kept; what is on disk goes with the commit or the end. */
static void fail(struct spool *sp, enum store_status st)
{
	sp->st = st;
	buf_release(&sp->pending);
	buf_init(&sp->pending, sp->pending.max);
}

bool spool_add(struct spool *sp, struct slice bytes)
{
	struct store *s = sp->store;

	assert(!sp->commit && !sp->abandoned);
	if (sp->st != STORE_OK || bytes.len == 0)
		return true;
	if (bytes.len > s->message_max || sp->size > s->message_max - bytes.len) {
		fail(sp, STORE_TOO_BIG);
		return true;
	}
	if (s->quota && s->bytes + s->bytes_coming + bytes.len > s->quota + sp->credit) {
		fail(sp, STORE_NO_SPACE);
		store_count(s);
		return true;
	}
	sp->size += bytes.len;
	s->bytes_coming += bytes.len;
	buf_add(&sp->pending, bytes);
	if (sp->pending.len > SPOOL_MEMORY && !sp->writing)
		start_write(sp);
	if (sp->pending.len > SPOOL_MEMORY)
		sp->waiting = true;
	return !sp->waiting;
}

void spool_credit(struct spool *sp, uint64_t bytes)
{
	sp->credit = bytes;
}

enum store_status spool_failed(const struct spool *sp)
{
	return sp->st;
}

void spool_abandon(struct spool *sp)
{
	if (!sp)
		return;
	assert(!sp->commit);
	sp->store->bytes_coming -= sp->size;
	sp->abandoned = true;
	if (sp->writing)
		return;
	spool_file_drop(sp->file);
	spool_free(sp);
}

void spool_commit(struct spool *sp, const struct spool_commit *c,
		  spool_done_fn *done, void *owner)
{
	assert(!sp->commit && !sp->abandoned);
	sp->commit = commit_new(sp->store, c, done, owner);
	if (!sp->writing)
		start_commit(sp);
}
