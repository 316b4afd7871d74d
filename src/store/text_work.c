/*
 * The text index follows the index: each folder has a mark, up to which every message
 * was looked at, and UIDs only grow.  So there is no queue to lose, a restart goes on
 * where it was, and nothing is done at delivery but to wake this up.  What was expunged
 * is found by comparing, when it has become much; a search does not see it anyway.
 *
 * On a lane of its own: on the readers' a back-fill of an hour would stand before every
 * FETCH, on the mail lane before every delivery.  Its thread is the nicest there is, and
 * it works in slices of a transaction each.  The next slice is asked for by a timer, not
 * by the one before, so that a lane which is being freed comes to an end.
 */
#include "text_work.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "text_take.h"

enum {
	POKE_MS = 500,                   /* deliveries gather */
	PAUSE_MS = 10,                   /* between slices */
	RETRY_MS = 60000,                /* the disk is full, or a descriptor is not to be had */
	SLICE_MS = 50,
	BATCH = 32,                      /* messages asked of the index at a time */
	BACKLOG = 1000,                  /* this many and more are worth a line in the log */
	SLACK = 256,                     /* expunged messages that are not worth looking for */
};

struct one_folder {
	int64_t id;
	uint32_t uid_validity, last_uid;
	uint64_t messages;
	char *dir;
};

struct one_file {
	uint32_t uid;
	enum place place;
	char name[FILE_NAME];
};

enum outcome { AT_REST, GO_ON, AGAIN_LATER };

struct text_work {
	struct job job;

	/* The loop's. */
	struct loop *loop;
	struct lane *lane;
	struct timer timer;
	bool running, poked;

	/* The job's. */
	struct textindex *ti;
	struct index *ix;
	char *root;
	bool nice;
	struct one_folder *folders;      /* as the index had them when this round began */
	size_t folder_count, folder_cap;
	bool round;
	size_t at;                       /* folder under way; folder_count: those that are gone */
	int64_t gone_after;
	uint32_t cursor;                 /* UID, in a sweep or removal under way; 0: none is */
	struct one_file files[BATCH];
	size_t file_count;
	uint64_t taken, began_ms;        /* in this round */
	bool announced;
	enum outcome outcome;
};

/* ---- The round: folders of the index ---- */

static void note_folder(void *ctx, const char *dir, const struct index_folder *f)
{
	struct text_work *w = ctx;

	if (strlen(dir) >= FILE_NAME)
		return;
	if (w->folder_count == w->folder_cap) {
		w->folder_cap = w->folder_cap ? 2 * w->folder_cap : 16;
		w->folders = mem_grow(w->folders, w->folder_cap, sizeof(*w->folders));
	}
	w->folders[w->folder_count++] = (struct one_folder){
		.id = f->id, .uid_validity = f->uid_validity,
		.last_uid = f->uid_next ? f->uid_next - 1 : 0,
		.messages = f->messages, .dir = mem_string(dir),
	};
}

static void forget_folders(struct text_work *w)
{
	while (w->folder_count > 0)
		free(w->folders[--w->folder_count].dir);
	free(w->folders);
	w->folders = NULL;
	w->folder_cap = 0;
	w->round = false;
}

static bool announce(struct text_work *w)
{
	uint64_t backlog = 0;
	struct text_folder f;

	for (size_t i = 0; i < w->folder_count; i++) {
		if (!textindex_folder(w->ti, w->folders[i].id, w->folders[i].uid_validity, &f))
			return false;
		if (w->folders[i].last_uid > f.mark && w->folders[i].messages > f.entries)
			backlog += w->folders[i].messages - f.entries;
	}
	w->announced = backlog >= BACKLOG;
	if (w->announced)
		log_event(LEVEL_INFO, "store", "the text index is being made",
			  log_number("messages", (int64_t)backlog));
	return true;
}

static bool begin_round(struct text_work *w)
{
	forget_folders(w);
	if (!index_walk_folders(w->ix, note_folder, w)) {
		forget_folders(w);
		return false;
	}
	w->round = true;
	w->at = 0;
	w->gone_after = 0;
	w->cursor = 0;
	w->taken = 0;
	w->began_ms = clock_mono_ms();
	return announce(w);
}

static void end_round(struct text_work *w)
{
	forget_folders(w);
	if (w->announced)
		log_event(LEVEL_INFO, "store", "the text index is complete",
			  log_number("messages", (int64_t)w->taken),
			  log_number("seconds", (int64_t)(clock_mono_ms() - w->began_ms) / 1000));
	w->announced = false;
	textindex_rest(w->ti);
}

/* ---- Taking out ---- */

static const struct text_entry NO_ENTRY = { .doc = 0, .sent = TEXT_NO_DAY };

static bool take_out_one(struct text_work *w, struct text_folder *f, uint32_t uid)
{
	struct text_entry e;

	return textindex_entry(w->ti, f, uid, &e) &&
	       (e.doc == 0 || textindex_entry_put(w->ti, f, uid, &NO_ENTRY));
}

/* Entries of `from` to `to` that `keep` does not list.  *from: where it came to. */
static bool take_out(struct text_work *w, struct text_folder *f, uint32_t *from, uint32_t to,
		     const struct one_file *keep, size_t keep_count, uint64_t until)
{
	uint32_t begin = *from;
	size_t at = 0;

	for (; *from <= to; ++*from) {
		if (*from == begin || *from % TEXT_CHUNK == 0) {
			if (*from != begin && clock_mono_ms() >= until)
				return true;
			if (!textindex_entries_from(w->ti, f, from))
				return false;
			if (*from > to)
				break;
		}
		while (at < keep_count && keep[at].uid < *from)
			at++;
		if ((at == keep_count || keep[at].uid != *from) && !take_out_one(w, f, *from))
			return false;
	}
	*from = to + 1;
	return true;
}

/* A folder that is no more, or is another of the same name.  *done: it was removed. */
static bool remove_folder(struct text_work *w, struct text_folder *f, uint64_t until, bool *done)
{
	uint32_t from = w->cursor ? w->cursor : 1;

	*done = false;
	if (!take_out(w, f, &from, f->mark, NULL, 0, until))
		return false;
	w->cursor = from;
	if (from <= f->mark)
		return textindex_folder_put(w->ti, f);
	w->cursor = 0;
	*done = true;
	return textindex_folder_delete(w->ti, f);
}

/* ---- Taking in ---- */

static void note_file(void *ctx, uint32_t uid, enum place place, const char *name)
{
	struct text_work *w = ctx;
	struct one_file *file = &w->files[w->file_count];

	if (w->file_count == BATCH || strlen(name) >= FILE_NAME)
		return;
	file->uid = uid;
	file->place = place;
	memcpy(file->name, name, strlen(name) + 1);
	w->file_count++;
}

static bool ask_files(struct text_work *w, const struct one_folder *folder, uint32_t from)
{
	w->file_count = 0;
	return index_walk_files(w->ix, folder->id, from, BATCH, note_file, w);
}

/* Messages behind the mark, as many as there is time for. */
static bool take_in(struct text_work *w, struct text_take *t, struct text_folder *f,
		    const struct one_folder *folder, uint64_t until)
{
	struct path path;

	if (!ask_files(w, folder, f->mark + 1)) {
		w->outcome = AGAIN_LATER;
		return true;
	}
	if (w->file_count == 0)
		f->mark = folder->last_uid;
	path_make(&path, w->root, folder->dir, "", "");
	for (size_t i = 0; i < w->file_count; i++) {
		const struct one_file *file = &w->files[i];
		enum text_taken taken = text_take(t, f, path.at, file->uid, file->place, file->name);

		if (taken == TEXT_FAILED)
			return false;
		if (taken == TEXT_LATER) {
			w->outcome = AGAIN_LATER;
			break;
		}
		f->mark = file->uid;
		w->taken++;
		if (clock_mono_ms() >= until)
			break;
	}
	return textindex_folder_put(w->ti, f);
}

/* What was expunged, once that is much. */
static bool sweep(struct text_work *w, struct text_folder *f, const struct one_folder *folder,
		  uint64_t until, bool *done)
{
	uint32_t from = w->cursor ? w->cursor : 1, to;

	*done = true;
	if (!w->cursor && f->entries <= folder->messages + folder->messages / 4 + SLACK)
		return true;
	if (!ask_files(w, folder, from)) {
		w->cursor = 0;
		return true;
	}
	to = w->file_count == BATCH ? w->files[BATCH - 1].uid : f->mark;
	if (to > f->mark)
		to = f->mark;
	if (!take_out(w, f, &from, to, w->files, w->file_count, until))
		return false;
	*done = from > f->mark;
	w->cursor = *done ? 0 : from;
	return textindex_folder_put(w->ti, f);
}

static bool work_on_folder(struct text_work *w, struct text_take *t, uint64_t until)
{
	const struct one_folder *folder = &w->folders[w->at];
	struct text_folder f;
	bool done;

	if (!textindex_folder(w->ti, folder->id, folder->uid_validity, &f))
		return false;
	if (f.uid_validity != folder->uid_validity)
		return remove_folder(w, &f, until, &done);
	if (f.mark < folder->last_uid)
		return take_in(w, t, &f, folder, until);
	if (!sweep(w, &f, folder, until, &done))
		return false;
	w->at += done;
	return true;
}

static bool work_on_gone(struct text_work *w, uint64_t until)
{
	struct text_folder f;
	bool known = false, done = true;

	if (!textindex_folder_next(w->ti, w->gone_after, &f))
		return false;
	if (f.number == 0) {
		w->outcome = AT_REST;
		return true;
	}
	for (size_t i = 0; i < w->folder_count && !known; i++)
		known = w->folders[i].id == f.id;
	if (!known && !remove_folder(w, &f, until, &done))
		return false;
	if (done)
		w->gone_after = f.number;
	return true;
}

/* ---- A slice ---- */

static bool work_on(struct text_work *w, struct text_take *t)
{
	uint64_t until = clock_mono_ms() + SLICE_MS;
	bool ok = true;

	w->outcome = GO_ON;
	while (ok && w->outcome == GO_ON && clock_mono_ms() < until) {
		if (!w->round && !begin_round(w)) {
			w->outcome = AGAIN_LATER;
			return true;
		}
		ok = w->at < w->folder_count ? work_on_folder(w, t, until) : work_on_gone(w, until);
	}
	return ok;
}

static void work(struct job *job)
{
	struct text_work *w = container_of(job, struct text_work, job);
	struct text_take take;

	if (!w->nice)
		/* Of this thread alone: Linux has it so, whatever POSIX says. */
		(void)setpriority(PRIO_PROCESS, 0, 19);
	w->nice = true;
	w->outcome = AGAIN_LATER;
	if (!textindex_ready(w->ti) || !textindex_begin(w->ti))
		return;
	if (!text_take_init(&take, w->ti, w->ix) || !textindex_end(w->ti, work_on(w, &take))) {
		textindex_end(w->ti, false);
		forget_folders(w);
		w->outcome = AGAIN_LATER;
	} else if (w->outcome == AT_REST) {
		end_round(w);
	}
	text_take_release(&take);
}

/* ---- The loop's side ---- */

static void done(struct job *job)
{
	struct text_work *w = container_of(job, struct text_work, job);

	w->running = false;
	if (w->outcome == GO_ON)
		timer_set(w->loop, &w->timer, PAUSE_MS);
	else if (w->outcome == AGAIN_LATER)
		timer_set(w->loop, &w->timer, RETRY_MS);
	else if (w->poked)
		timer_set(w->loop, &w->timer, POKE_MS);
	/* What came while a round was under way may be behind it. */
	w->poked = w->poked && w->outcome != AT_REST;
}

static void begin_slice(struct timer *t)
{
	struct text_work *w = container_of(t, struct text_work, timer);

	w->running = lane_submit(w->lane, &w->job);
	if (!w->running)
		timer_set(w->loop, &w->timer, RETRY_MS);
}

void text_work_poke(struct text_work *w)
{
	if (!w)
		return;
	/* A retry that is far off is brought nearer: there may be room again. */
	if (w->running)
		w->poked = true;
	else if (!timer_is_set(&w->timer) || w->outcome == AGAIN_LATER)
		timer_set(w->loop, &w->timer, POKE_MS);
}

struct text_work *text_work_new(struct loop *loop, struct lane *lane, struct textindex *ti,
				struct index *ix, const char *root)
{
	struct text_work *w = mem_alloc(sizeof(*w));

	w->job.work = work;
	w->job.done = done;
	w->loop = loop;
	w->lane = lane;
	w->timer.fire = begin_slice;
	w->ti = ti;
	w->ix = ix;
	w->root = mem_string(root);
	return w;
}

void text_work_free(struct text_work *w)
{
	if (!w)
		return;
	timer_clear(w->loop, &w->timer);
	forget_folders(w);
	free(w->root);
	free(w);
}
