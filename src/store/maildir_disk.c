/*
 * What is done to a Maildir on disk.
 *
 * Two habits carry everything: what must appear at once is made under tmp/ and
 * renamed, and what was promised is synced, the file and then the directory
 * that names it.  A rename alone survives a killed process, not a lost current.
 */
#include "maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"

/* https://cr.yp.to/proto/maildir.html: older ones are left-overs. */
enum { TMP_MAX_AGE_S = 36 * 3600 };

/* Removed folders are renamed to this in tmp/, out of everybody's sight. */
#define REMOVED "letterplate-removed."

enum { COPY_BUFFER = 64 * 1024 };

static const char *const SUBDIRS[] = { "tmp", "new", "cur" };
enum { SUBDIRS_COUNT = 3 };

enum store_status maildir_failed(const char *what, const char *path, int err)
{
	log_event(LEVEL_ERROR, "store", what, log_text("path", path), log_errno(err));
	switch (err) {
	case ENOSPC: case EDQUOT: case EROFS: case EMFILE: case ENFILE: case EFBIG:
		return STORE_NO_SPACE;
	default:
		return STORE_FAILED;
	}
}

bool maildir_is_folder(const char *folder)
{
	struct path cur;
	struct stat st;

	path_make(&cur, folder, "cur", "", "");
	return stat(cur.at, &st) == 0 && S_ISDIR(st.st_mode);
}

bool maildir_has(const char *folder, enum place place, const char *name)
{
	struct path path;
	struct stat st;

	path_message(&path, folder, place, name);
	return lstat(path.at, &st) == 0;
}

bool maildir_complete(const char *folder)
{
	bool made = false;

	for (size_t i = 0; i < SUBDIRS_COUNT; i++) {
		struct path sub;
		int err;

		path_make(&sub, folder, SUBDIRS[i], "", "");
		if (mkdir(sub.at, 0700) == 0) {
			made = true;
		} else if (errno != EEXIST) {
			err = errno;
			maildir_failed("cannot make a directory", sub.at, err);
			errno = err;
			return false;
		}
	}
	/* A message is as safe as the directories that lead to it. */
	return !made || maildir_sync(folder);
}

bool maildir_heal(const char *folder)
{
	return maildir_is_folder(folder) && maildir_complete(folder);
}

static void remove_tree(const char *path, unsigned depth)
{
	DIR *dir = depth < 8 ? opendir(path) : NULL;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		struct path p;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		path_make(&p, path, e->d_name, "", "");
		if (unlink(p.at) != 0 && (errno == EISDIR || errno == EPERM))
			remove_tree(p.at, depth + 1);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

enum store_status maildir_make(const char *root, const char *dir)
{
	char unique[UNIQUE_NAME];
	struct path made, target, mark;
	int fd, err;

	file_unique(unique);
	path_make(&made, root, "tmp", unique, "");
	path_make(&target, root, dir, "", "");
	path_make(&mark, made.at, "maildirfolder", "", "");
	if (mkdir(made.at, 0700) != 0 &&
	    !(errno == ENOENT && maildir_heal(root) && mkdir(made.at, 0700) == 0))
		return maildir_failed("cannot make a folder", made.at, errno);
	fd = -1;
	if (!maildir_complete(made.at) ||
	    (fd = open(mark.at, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0 ||
	    !maildir_sync(made.at) || rename(made.at, target.at) != 0) {
		err = errno;
		if (fd >= 0)
			close(fd);
		remove_tree(made.at, 0);
		if (err == ENOTEMPTY || err == EEXIST)
			return STORE_EXISTS;
		return maildir_failed("cannot make a folder", target.at, err);
	}
	close(fd);
	if (maildir_sync(root))
		return STORE_OK;
	if (rename(target.at, made.at) == 0)
		remove_tree(made.at, 0);
	return STORE_FAILED;
}

enum store_status maildir_remove(const char *root, const char *dir)
{
	char unique[UNIQUE_NAME], name[UNIQUE_NAME + 32];
	struct path from, to;

	if (!maildir_heal(root))
		return STORE_FAILED;
	file_unique(unique);
	snprintf(name, sizeof(name), REMOVED "%s", unique);
	path_make(&from, root, dir, "", "");
	path_make(&to, root, "tmp", name, "");
	if (rename(from.at, to.at) != 0) {
		if (errno == ENOENT)
			return STORE_NO_FOLDER;
		return maildir_failed("cannot remove a folder", from.at, errno);
	}
	maildir_sync(root);
	remove_tree(to.at, 0);
	return STORE_OK;
}

void maildir_clean_tmp(const char *folder)
{
	int64_t oldest = clock_wall() - TMP_MAX_AGE_S;
	struct path tmp;
	struct dirent *e;
	DIR *dir;

	path_make(&tmp, folder, "tmp", "", "");
	dir = opendir(tmp.at);
	while (dir && (e = readdir(dir))) {
		struct path p;
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		path_make(&p, tmp.at, e->d_name, "", "");
		if (lstat(p.at, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			if (strncmp(e->d_name, REMOVED, strlen(REMOVED)) == 0 ||
			    st.st_mtime < oldest)
				remove_tree(p.at, 0);
		} else if (st.st_mtime < oldest && st.st_atime < oldest &&
			   st.st_ctime < oldest) {
			unlink(p.at);
		}
	}
	if (dir)
		closedir(dir);
}

bool maildir_sync(const char *dir)
{
	bool ok = dir_sync(dir);
	int err = errno;

	if (!ok)
		maildir_failed("cannot sync a directory", dir, err);
	errno = err;
	return ok;
}

enum store_status maildir_replace(const char *folder, const char *name, struct slice text)
{
	char unique[UNIQUE_NAME];
	struct path path, fresh;

	file_unique(unique);
	path_make(&path, folder, name, "", "");
	path_make(&fresh, folder, "tmp", unique, "");
	if (file_replace(path.at, fresh.at, text) ||
	    (errno == ENOENT && maildir_heal(folder) &&
	     file_replace(path.at, fresh.at, text)))
		return STORE_OK;
	return maildir_failed("cannot write a file", path.at, errno);
}

bool maildir_read(const char *folder, const char *name, struct buf *out)
{
	struct path path;
	int err = EFBIG;

	path_make(&path, folder, name, "", "");
	switch (file_read(path.at, out)) {
	case FILE_READ: case FILE_MISSING:
		return true;
	case FILE_TOO_LARGE:
		break;
	case FILE_FAILED:
		err = errno;
		break;
	}
	maildir_failed("cannot read a file", path.at, err);
	errno = err;
	return false;
}

static int copy_bytes(int in, int out)
{
	char *buffer = mem_alloc(COPY_BUFFER);
	int err = 0;
	ssize_t n;

	while ((n = read(in, buffer, COPY_BUFFER)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !file_write(out, slice_make(buffer, (size_t)n))) {
			err = errno;
			break;
		}
	}
	free(buffer);
	return err;
}

int file_copy(const char *from, const char *to)
{
	struct stat st;
	int out = -1, err = 0, in = open(from, O_RDONLY | O_CLOEXEC);

	if (in < 0)
		return errno;
	if (fstat(in, &st) != 0 ||
	    (out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0) {
		err = errno;
		close(in);
		return err;
	}
	err = copy_bytes(in, out);
	if (!err) {
		struct timespec times[2] = { st.st_mtim, st.st_mtim };

		if (futimens(out, times) != 0 || fsync(out) != 0)
			err = errno;
	}
	close(in);
	if (close(out) != 0 && !err)
		err = errno;
	if (err)
		unlink(to);
	return err;
}

bool file_crlf_size(const char *path, uint64_t *size)
{
	struct crlf_form form = { false };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	char *buffer;
	ssize_t n;

	if (fd < 0)
		return false;
	*size = 0;
	buffer = mem_alloc(COPY_BUFFER);
	while ((n = read(fd, buffer, COPY_BUFFER)) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0)
			*size += crlf_form_count(&form, slice_make(buffer, (size_t)n));
	}
	err = errno;
	free(buffer);
	close(fd);
	errno = err;
	return n == 0;
}

DIR *maildir_begin(const char *folder, enum place place)
{
	struct path path;
	DIR *dir;
	int err;

	path_make(&path, folder, place_name(place), "", "");
	dir = opendir(path.at);
	err = errno;
	if (!dir && err != ENOENT)
		maildir_failed("cannot read a directory", path.at, err);
	errno = err;
	return dir;
}

bool maildir_next(DIR *dir, const char *folder, enum place place, const char **name)
{
	struct dirent *e;
	struct path path;
	int err;

	do {
		errno = 0;
		e = readdir(dir);
	} while (e && (e->d_name[0] == '.' || e->d_type == DT_DIR));
	*name = e ? e->d_name : NULL;
	err = e ? 0 : errno;
	if (err) {
		path_make(&path, folder, place_name(place), "", "");
		maildir_failed("cannot read a directory", path.at, err);
	}
	errno = err;
	return err == 0;
}

bool maildir_scan(const char *folder, enum place place, maildir_scan_fn *fn, void *ctx)
{
	DIR *dir = maildir_begin(folder, place);
	const char *name;
	bool ok;
	int err;

	if (!dir)
		return false;
	do {
		ok = maildir_next(dir, folder, place, &name);
		err = errno;
	} while (ok && name && fn(ctx, place, name));
	closedir(dir);
	errno = err;
	return ok;
}

struct search {
	const char *base;
	size_t base_len;
	enum place place;
	char *name;
	bool found;
};

static bool is_searched(void *ctx, enum place place, const char *name)
{
	struct search *s = ctx;

	if (strncmp(name, s->base, s->base_len) != 0 ||
	    (name[s->base_len] != '\0' && name[s->base_len] != ':'))
		return true;
	snprintf(s->name, FILE_NAME, "%s", name);
	s->place = place;
	s->found = true;
	return false;
}

bool maildir_find(const char *folder, const char *base, size_t base_len,
		  enum place *place, char name[FILE_NAME])
{
	struct search s = { .base = base, .base_len = base_len, .name = name };

	/* A file may move while we look: from new/ to cur/ (so new/ first), or
	 * within cur/ behind our back (so cur/ twice). */
	(void)(maildir_scan(folder, PLACE_NEW, is_searched, &s) && !s.found &&
	       maildir_scan(folder, PLACE_CUR, is_searched, &s) && !s.found &&
	       maildir_scan(folder, PLACE_CUR, is_searched, &s));
	*place = s.place;
	return s.found;
}
