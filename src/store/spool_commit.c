/*
 * The commit: the moment from which a message is ours.
 *
 * The file is synced under tmp/, gets its second name where one is asked for,
 * is renamed into the folder, and the folder's directory is synced.  That alone
 * is the commit.  The index follows on the mail lane: whoever is killed between
 * the two finds the file in the next comparison.  Anything that fails before is
 * undone here, so nothing is left of a message that was not accepted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "folder.h"
#include "spool_private.h"
#include "texts.h"

/* A text over this is made when it is asked for: only hostile mail has them. */
enum { TEXT_MAX = 256 * 1024 };

struct commit_job {
	struct job job;
	struct question question;
	spool_done_fn *done;
	struct spool_file *file;
	struct buf rest;
	uint64_t counted;
	enum store_status st;
	unsigned flags;
	char *link_path;
	bool want_uid;
	bool binary;
	struct spool_group *group;
	struct folder_dir dir;
	struct arrived *arrived;
	struct spool_result result;
};

static void commit_free(struct commit_job *j)
{
	question_end(&j->question);
	buf_release(&j->rest);
	arrived_free(j->arrived);
	free(j->link_path);
	free(j);
}

/* ---- The writers lane ---- */

static enum store_status check_disk(const struct store *s, uint64_t size)
{
	struct statvfs fs;

	if (statvfs(s->root, &fs) != 0)
		return maildir_failed("cannot ask for free space", s->root, errno);
	if ((uint64_t)fs.f_bavail * fs.f_frsize < s->disk_floor + size)
		return maildir_failed("the disk is nearly full", s->root, ENOSPC);
	/* Some file systems have no count of inodes and say 0 of 0. */
	if (fs.f_files > 0 && fs.f_favail == 0)
		return maildir_failed("the disk has no inodes left", s->root, ENOSPC);
	return STORE_OK;
}

static ssize_t read_file(void *ctx, uint64_t at, void *out, size_t len)
{
	return pread(((const struct spool_file *)ctx)->fd, out, len, (off_t)at);
}

/* The bytes are on disk, dated, and safe; still under tmp/. */
static enum store_status settle_file(struct commit_job *j)
{
	const struct mime_part *root;
	struct spool_file *f = j->file;
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_NOW },
		{ .tv_sec = (time_t)j->arrived->received },
	};

	spool_file_add(f, buf_slice(&j->rest));
	if (f->st == STORE_OK && j->binary)
		f = j->file = spool_file_encode(f, &root);
	else if (f->st == STORE_OK)
		root = mime_scanner_end(f->scanner);
	if (f->st != STORE_OK)
		return f->st;
	/* INTERNALDATE survives a lost index as the file's time. */
	if (futimens(f->fd, times) != 0 || fsync(f->fd) != 0)
		return maildir_failed("cannot sync a message", f->tmp.at, errno);
	texts_make(j->arrived->texts, root, read_file, f);
	return STORE_OK;
}

static enum store_status make_link(const struct commit_job *j)
{
	int err = 0;

	if (!j->link_path)
		return STORE_OK;
	if (link(j->file->tmp.at, j->link_path) != 0) {
		err = errno;
		if (err == EXDEV || err == EPERM || err == EMLINK || err == EOPNOTSUPP)
			err = file_copy(j->file->tmp.at, j->link_path);
	}
	if (err)
		return maildir_failed("cannot link a message", j->link_path, err);
	if (!dir_sync_of(j->link_path)) {
		err = errno;
		unlink(j->link_path);
		return maildir_failed("cannot sync the folder of", j->link_path, err);
	}
	return STORE_OK;
}

static bool make_name(const struct commit_job *j, struct arrived *a)
{
	char unique[UNIQUE_NAME], base[UNIQUE_NAME + 64];

	file_unique(unique);
	snprintf(base, sizeof(base), "%s,S=%llu,W=%llu", unique,
		 (unsigned long long)j->file->size, (unsigned long long)j->file->crlf);
	a->place = j->flags || a->keywords ? PLACE_CUR : PLACE_NEW;
	if (a->place == PLACE_NEW)
		return snprintf(a->name, FILE_NAME, "%s", base) < FILE_NAME;
	return file_name_make(a->name, base, strlen(base), letters_of_flags(j->flags));
}

int spool_move_in(const struct store *s, const char *dir, const char *tmp, const char *to)
{
	struct path from, near;
	int err;

	path_make(&from, s->root, "tmp", tmp, "");
	if (rename(from.at, to) == 0)
		return 0;
	if (errno != EXDEV)
		return errno;
	path_make(&near, s->root, dir, "tmp", tmp);
	err = file_copy(from.at, near.at);
	if (err)
		return err;
	if (rename(near.at, to) != 0) {
		err = errno;
		unlink(near.at);
		return err;
	}
	unlink(from.at);
	return 0;
}

static enum store_status appear(struct commit_job *j)
{
	const struct store *s = j->file->store;
	const char *tmp = strrchr(j->file->tmp.at, '/') + 1;
	struct arrived *a = j->arrived;
	struct path folder, place, to;
	int err;

	path_make(&folder, s->root, j->dir.at, "", "");
	path_make(&place, folder.at, place_name(a->place), "", "");
	path_make(&to, place.at, a->name, "", "");
	err = spool_move_in(s, j->dir.at, tmp, to.at);
	if (err == ENOENT && maildir_heal(folder.at))
		err = spool_move_in(s, j->dir.at, tmp, to.at);
	if (err)
		return maildir_failed("cannot store a message", to.at, err);
	close(j->file->fd);
	j->file->fd = -1;
	if (!maildir_sync(place.at)) {
		unlink(to.at);
		return STORE_FAILED;
	}
	return STORE_OK;
}

/* It stays under tmp/, and its file is the group's from here. */
static void stay_out(struct commit_job *j)
{
	j->arrived->tmp = mem_string(strrchr(j->file->tmp.at, '/') + 1);
	close(j->file->fd);
	j->file->fd = -1;
}

static void work_commit(struct job *job)
{
	struct commit_job *j = container_of(job, struct commit_job, job);
	struct store *s = j->file->store;
	struct arrived *a = j->arrived;

	if (j->st == STORE_OK)
		j->st = j->file->st;
	if (j->st == STORE_OK && !folder_resolve(s->root, a->folder.at, &j->dir))
		j->st = STORE_NO_FOLDER;
	if (j->st == STORE_OK)
		j->st = check_disk(s, j->rest.len);
	if (j->st == STORE_OK)
		j->st = settle_file(j);
	if (j->st == STORE_OK && !make_name(j, a))
		j->st = STORE_FAILED;
	if (j->st == STORE_OK)
		j->st = make_link(j);
	if (j->st == STORE_OK && j->group) {
		stay_out(j);
	} else if (j->st == STORE_OK) {
		j->st = appear(j);
		if (j->st != STORE_OK && j->link_path) {
			unlink(j->link_path);
			dir_sync_of(j->link_path);
		}
	}
	a->size = j->file->crlf;
	a->lf_size = j->file->size;
	spool_file_free(j->file);
	j->file = NULL;
}

/* ---- The loop ---- */

static void answer_commit(struct question *q)
{
	struct commit_job *j = container_of(q, struct commit_job, question);

	if (!q->abandoned)
		j->done(q->owner, j->st, &j->result);
	commit_free(j);
}

static void done_commit(struct job *job)
{
	struct commit_job *j = container_of(job, struct commit_job, job);
	struct store *s = j->question.store;
	struct arrived *a = j->arrived;

	if (j->group) {
		spool_group_take(j->group, j->st == STORE_OK ? a : NULL, j->counted);
		j->result.size = a->lf_size;
		if (j->st == STORE_OK)
			j->arrived = NULL;
		answer_commit(&j->question);
		return;
	}
	s->bytes_coming -= j->counted;
	if (j->st == STORE_OK) {
		j->result.size = a->lf_size;
		s->bytes += a->size;     /* until the index says so itself */
		j->arrived = NULL;
		if (j->want_uid || a->keywords) {
			a->waiter = &j->question;
			arrived_note(s, a);
			return;
		}
		arrived_note(s, a);
	}
	answer_commit(&j->question);
}

struct commit_job *commit_new(struct store *s, const struct spool_commit *c,
			      spool_done_fn *done, void *owner)
{
	struct commit_job *j = mem_alloc(sizeof(*j));
	struct arrived *a = mem_alloc(sizeof(*a));

	j->job.work = work_commit;
	j->job.done = done_commit;
	j->question.answer = answer_commit;
	question_begin(s, &j->question, owner);
	j->done = done;
	j->arrived = a;
	j->flags = c->flags;
	j->want_uid = c->want_uid;
	j->binary = c->binary;
	j->group = c->group;
	if (c->group)
		spool_group_expect(c->group);
	else
		j->link_path = mem_string(c->link_path);
	for (size_t i = 0; i < INDEX_TEXTS; i++)
		buf_init(&a->texts[i], TEXT_MAX);
	list_init(&a->node);
	a->received = c->received ? c->received : clock_wall();
	if (!name_canonical(slice_of(c->folder), &a->folder))
		j->st = STORE_NO_FOLDER;
	if (c->keyword_count > 0) {
		struct buf text;

		buf_init(&text, (size_t)KEYWORD_NAMES_MAX * (KEYWORD_LEN_MAX + 1));
		for (size_t i = 0; i < c->keyword_count; i++)
			buf_printf(&text, "%s%s", i ? " " : "", c->keywords[i]);
		a->keywords = buf_take_string(&text);
	}
	return j;
}

void commit_start(struct commit_job *j, struct spool_file *f, struct buf *rest,
		  enum store_status st, uint64_t counted)
{
	struct store *s = j->question.store;

	if (st != STORE_OK)
		j->st = st;
	j->counted = counted;
	j->file = f ? f : spool_file_new(s);
	j->rest = *rest;
	buf_init(rest, rest->max);
	if (j->st == STORE_OK && lane_submit(s->writers, &j->job))
		return;
	/* The job cleans up all the same, and the answer waits for that. */
	if (j->st == STORE_OK)
		j->st = STORE_BUSY;
	lane_submit_always(s->writers, &j->job);
}

void commit_has_uid(struct question *q, const struct spool_result *r)
{
	struct commit_job *j = container_of(q, struct commit_job, question);

	if (j->want_uid) {
		j->result.uid = r->uid;
		j->result.uid_validity = r->uid_validity;
	}
	answer_commit(q);
}
