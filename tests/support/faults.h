#ifndef FAULTS_H
#define FAULTS_H

/*
 * System calls that go wrong on purpose, for a test that includes this once.  The
 * definitions below take the place of libc's for the whole program, SQLite too:
 * the n-th call that changes the disk ends the process, fails, or is cut short.
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum fault_kind {
	FAULT_OPEN = 1, FAULT_WRITE = 2, FAULT_SYNC = 4, FAULT_NAME = 8, FAULT_LIST = 16,
	FAULT_READ = 32,
	FAULT_CHANGES = FAULT_OPEN | FAULT_WRITE | FAULT_SYNC | FAULT_NAME,
};

enum fault_mode { FAULT_NONE, FAULT_COUNT, FAULT_CRASH, FAULT_ERROR, FAULT_SHORT };

static struct {
	atomic_int mode, count;
	int at;                          /* the call, from 1 */
	int until;                       /* and those up to this one */
	unsigned kinds;
	int err;
	const char *path;                /* only calls with a path that has this in it */
} faults;

static void faults_set(enum fault_mode mode, unsigned kinds, int at, int err)
{
	atomic_store(&faults.mode, FAULT_NONE);
	atomic_store(&faults.count, 0);
	faults.kinds = kinds;
	faults.at = faults.until = at;
	faults.err = err;
	faults.path = NULL;
	atomic_store(&faults.mode, mode);
}

static int faults_off(void)
{
	atomic_store(&faults.mode, FAULT_NONE);
	return atomic_load(&faults.count);
}

/* Whether this call is to fail; *cut: to be done in part. */
static bool faults_hit(enum fault_kind kind, const char *path, bool *cut)
{
	int mode = atomic_load(&faults.mode), n;

	if (mode == FAULT_NONE || !(faults.kinds & kind) ||
	    (faults.path && (!path || !strstr(path, faults.path))))
		return false;
	n = atomic_fetch_add(&faults.count, 1) + 1;
	if (mode == FAULT_COUNT || n < faults.at || n > faults.until)
		return false;
	if (mode == FAULT_CRASH)
		_exit(99);
	if (mode == FAULT_SHORT) {
		if (cut)
			*cut = true;
		return false;
	}
	errno = faults.err;
	return true;
}

#define FAULTS_REAL(name) dlsym(RTLD_NEXT, name)

#define FAULTS_OPEN(symbol)							\
	int faults_##symbol(const char *path, int flags, ...) __asm__(#symbol);	\
	int faults_##symbol(const char *path, int flags, ...)			\
	{									\
		static int (*real)(const char *, int, ...);			\
		bool changes = (flags & (O_CREAT | O_TRUNC)) != 0;		\
		va_list ap;							\
		mode_t mode;							\
										\
		va_start(ap, flags);						\
		mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;		\
		va_end(ap);							\
		if (!real)							\
			*(void **)&real = FAULTS_REAL(#symbol);			\
		if (faults_hit(changes ? FAULT_OPEN : FAULT_READ, path, NULL))	\
			return -1;						\
		return real(path, flags, mode);					\
	}
FAULTS_OPEN(open)
FAULTS_OPEN(open64)

#define FAULTS_WRITE(symbol, off)						\
	ssize_t faults_##symbol(int fd, const void *at, size_t len, off o) __asm__(#symbol); \
	ssize_t faults_##symbol(int fd, const void *at, size_t len, off o)	\
	{									\
		static ssize_t (*real)(int, const void *, size_t, off);		\
		bool cut = false;						\
										\
		if (!real)							\
			*(void **)&real = FAULTS_REAL(#symbol);			\
		if (faults_hit(FAULT_WRITE, NULL, &cut))			\
			return -1;						\
		return real(fd, at, cut ? (len + 1) / 2 : len, o);		\
	}
FAULTS_WRITE(pwrite, off_t)
FAULTS_WRITE(pwrite64, off_t)

ssize_t faults_write(int fd, const void *at, size_t len) __asm__("write");
ssize_t faults_write(int fd, const void *at, size_t len)
{
	static ssize_t (*real)(int, const void *, size_t);
	bool cut = false;

	if (!real)
		*(void **)&real = FAULTS_REAL("write");
	/* The log, the loop's eventfd. */
	if (len > 8 && fd > 2 && faults_hit(FAULT_WRITE, NULL, &cut))
		return -1;
	return real(fd, at, cut ? (len + 1) / 2 : len);
}

#define FAULTS_ONE(symbol, kind, type, arg, path)				\
	int faults_##symbol(type arg) __asm__(#symbol);				\
	int faults_##symbol(type arg)						\
	{									\
		static int (*real)(type);					\
										\
		if (!real)							\
			*(void **)&real = FAULTS_REAL(#symbol);			\
		return faults_hit(kind, path, NULL) ? -1 : real(arg);		\
	}
FAULTS_ONE(fsync, FAULT_SYNC, int, fd, NULL)
FAULTS_ONE(fdatasync, FAULT_SYNC, int, fd, NULL)
FAULTS_ONE(unlink, FAULT_NAME, const char *, at, at)
FAULTS_ONE(rmdir, FAULT_NAME, const char *, at, at)

#define FAULTS_TWO(symbol, second)						\
	int faults_##symbol(const char *a, second b) __asm__(#symbol);		\
	int faults_##symbol(const char *a, second b)				\
	{									\
		static int (*real)(const char *, second);			\
										\
		if (!real)							\
			*(void **)&real = FAULTS_REAL(#symbol);			\
		return faults_hit(FAULT_NAME, a, NULL) ? -1 : real(a, b);	\
	}
FAULTS_TWO(rename, const char *)
FAULTS_TWO(link, const char *)
FAULTS_TWO(mkdir, mode_t)

DIR *faults_opendir(const char *path) __asm__("opendir");
DIR *faults_opendir(const char *path)
{
	static DIR *(*real)(const char *);

	if (!real)
		*(void **)&real = FAULTS_REAL("opendir");
	return faults_hit(FAULT_LIST, path, NULL) ? NULL : real(path);
}

#endif
