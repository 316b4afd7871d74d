/*
 * Why there is one fixed temporary name and no clean-up: one thread writes here, so
 * what a crash left behind is simply written over.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { PIECE = 64 * 1024 };

static enum file_answer read_all(int fd, struct buf *out)
{
	for (;;) {
		size_t room = out->max - out->len;
		ssize_t n;

		if (room == 0)
			return FILE_TOO_LARGE;
		if (room > PIECE)
			room = PIECE;
		buf_reserve(out, room);
		n = read(fd, out->data + out->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FILE_FAILED;
		if (n == 0)
			return FILE_READ;
		out->len += (size_t)n;
	}
}

enum file_answer calendar_file_read(const char *path, struct buf *out)
{
	enum file_answer answer;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), err;

	if (fd < 0)
		return errno == ENOENT ? FILE_MISSING : FILE_FAILED;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (size_t)st.st_size < out->max - out->len)
		buf_reserve(out, (size_t)st.st_size + 1);
	answer = read_all(fd, out);
	err = errno;
	close(fd);
	errno = err;
	return answer;
}

static bool write_all(int fd, struct slice s)
{
	while (s.len) {
		ssize_t n = write(fd, s.at, s.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		s = slice_from(s, (size_t)n);
	}
	return true;
}

static bool write_new(int dir, const char *name, struct slice bytes)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok;
	int err;

	if (fd < 0)
		return false;
	ok = write_all(fd, bytes) && fsync(fd) == 0;
	err = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		err = errno;
	}
	errno = err;
	return ok;
}

bool calendar_file_replace(const char *folder, const char *name, struct slice bytes)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	char *fresh = mem_printf(".%s.new", name);
	bool ok;

	ok = dir >= 0 && write_new(dir, fresh, bytes) && renameat(dir, fresh, dir, name) == 0 &&
	     fsync(dir) == 0;
	err = errno;
	if (!ok && dir >= 0)
		unlinkat(dir, fresh, 0);
	if (dir >= 0)
		close(dir);
	free(fresh);
	errno = err;
	return ok;
}

bool calendar_file_keep(const char *folder, const char *name, const char *kept)
{
	char *from = mem_printf("%s/%s", folder, name), *to = mem_printf("%s/%s", folder, kept);
	bool ok = link(from, to) == 0;
	int err = errno;

	/* A file system without links: the old name is about to be written anew. */
	if (!ok && err != EEXIST && access(to, F_OK) != 0) {
		ok = rename(from, to) == 0;
		err = errno;
	}
	free(from);
	free(to);
	errno = err;
	return ok;
}
