/*
 * Why allocation cannot fail here: a daemon that passes "no memory" up through
 * every layer has a thousand error paths that nobody ever runs.  Ours has one,
 * and it is this short because it may not allocate: a log line from the stack,
 * then _exit, so that no exit handler touches a half-changed structure.
 */
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"

static _Noreturn void out_of_memory(size_t count, size_t size)
{
	log_event(LEVEL_ERROR, "base", "out of memory",
		  log_number("count", (int64_t)count),
		  log_number("size", (int64_t)size));
	_exit(EX_OSERR);
}

/* malloc and its kin may answer NULL for no bytes at all; we never do. */
static size_t at_least_one(size_t size)
{
	return size ? size : 1;
}

void *mem_alloc(size_t size)
{
	return mem_array(1, size);
}

void *mem_array(size_t count, size_t size)
{
	void *p = calloc(at_least_one(count), at_least_one(size));

	if (!p)
		out_of_memory(count, size);
	return p;
}

void *mem_grow(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, at_least_one(count), at_least_one(size));

	if (!p)
		out_of_memory(count, size);
	return p;
}

char *mem_string(const char *text)
{
	return text ? mem_bytes(text, strlen(text)) : NULL;
}

char *mem_bytes(const char *at, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		out_of_memory(1, len);
	copy = mem_grow(NULL, len + 1, 1);
	if (len)
		memcpy(copy, at, len);
	copy[len] = '\0';
	return copy;
}

char *mem_printf(const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		out_of_memory(1, 0);
	return text;
}

void mem_wipe(void *at, size_t len)
{
	if (len)
		explicit_bzero(at, len);
}

/* Code is mapped from its file and never written, so a page that is dropped comes
 * back as it was.  Loading keys and making tables runs through some 4 MB of it once. */
void mem_give_back(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[1024];

	malloc_trim(0);
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long from, to, inode;
		char mode[5];

		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, mode, &inode) == 4 &&
		    strcmp(mode, "r-xp") == 0 && inode != 0)
			madvise((void *)from, to - from, MADV_DONTNEED);
	}
	if (maps)
		fclose(maps);
}
