/*
 * A rename alone survives a killed process, not a lost current: the file's bytes
 * are synced before it, and the folder that names it after.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

static enum file_answer read_all(int fd, struct buf *out)
{
	for (;;) {
		size_t most = out->max - out->len;
		size_t room = out->cap > out->len ? out->cap - out->len : PIECE;
		char beyond;
		ssize_t n;

		if (room > most)
			room = most;
		if (room > 0)
			buf_reserve(out, room);
		n = room > 0 ? read(fd, out->data + out->len, room) : read(fd, &beyond, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FILE_FAILED;
		if (n == 0)
			return FILE_READ;
		if (room == 0)
			return FILE_TOO_LARGE;
		out->len += (size_t)n;
	}
}

enum file_answer file_read(const char *path, struct buf *out)
{
	enum file_answer answer = FILE_FAILED;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;

	if (fd < 0)
		return errno == ENOENT ? FILE_MISSING : FILE_FAILED;
	if (fstat(fd, &st) != 0) {
		err = errno;
	} else if (!S_ISREG(st.st_mode)) {
		err = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	} else {
		if (st.st_size > 0 && (size_t)st.st_size < out->max - out->len)
			buf_reserve(out, (size_t)st.st_size + 1);
		answer = read_all(fd, out);
		err = errno;
	}
	close(fd);
	errno = err;
	return answer;
}

bool file_write(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0) {
			errno = ENOSPC;
			return false;
		}
		bytes = slice_from(bytes, (size_t)n);
	}
	return true;
}

static bool write_new(const char *path, struct slice bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok;
	int err;

	if (fd < 0)
		return false;
	ok = file_write(fd, bytes) && fsync(fd) == 0;
	err = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		err = errno;
	}
	errno = err;
	return ok;
}

bool file_replace(const char *path, const char *fresh, struct slice bytes)
{
	int err;

	if (write_new(fresh, bytes) && rename(fresh, path) == 0)
		return dir_sync_of(path);
	err = errno;
	unlink(fresh);
	errno = err;
	return false;
}

bool file_keep(const char *path, const char *kept)
{
	int err;

	if (link(path, kept) == 0)
		return true;
	err = errno;
	/* A file system without links: the old name is about to be written anew. */
	if (err != EEXIST && access(kept, F_OK) != 0) {
		if (rename(path, kept) == 0)
			return true;
		err = errno;
	}
	errno = err;
	return false;
}

bool dir_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	bool ok;

	if (fd < 0)
		return false;
	ok = fsync(fd) == 0 || errno == EINVAL;
	err = errno;
	close(fd);
	errno = err;
	return ok;
}

bool dir_sync_of(const char *file_path)
{
	const char *slash = strrchr(file_path, '/');
	char dir[PATH_MAX];

	if (!slash)
		return dir_sync(".");
	if ((size_t)(slash - file_path) >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return false;
	}
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - file_path), file_path);
	return dir_sync(dir[0] ? dir : "/");
}
