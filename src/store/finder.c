/*
 * One message that was renamed is found by reading the directory.  When another
 * program has removed half of a large folder, that would be done for every one of
 * them, for hours; so from the second on the directory is read once, and what it
 * said is asked.  It is read again when it turns out to be older than a rename.
 */
#include "finder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Somebody who renames faster than that is looked after one by one. */
enum { LISTS_MAX = 8 };

static int compare_base(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

static int compare(const void *a, const void *b)
{
	const char *x = *(char *const *)a + 1, *y = *(char *const *)b + 1;

	return compare_base(x, file_base_len(x), y, file_base_len(y));
}

static bool add(void *ctx, enum place place, const char *name)
{
	struct finder *f = ctx;

	if (f->count == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 64;
		f->names = mem_grow(f->names, f->cap, sizeof(*f->names));
	}
	f->names[f->count++] = mem_printf("%c%s", place == PLACE_NEW ? 'n' : 'c', name);
	return true;
}

static void clear(struct finder *f)
{
	while (f->count > 0)
		free(f->names[--f->count]);
}

void finder_release(struct finder *f)
{
	clear(f);
	free(f->names);
	memset(f, 0, sizeof(*f));
}

/* In the order of maildir_find(), and for its reasons. */
static bool list(struct finder *f, const char *folder)
{
	clear(f);
	f->lists++;
	if (!maildir_scan(folder, PLACE_NEW, add, f) || !maildir_scan(folder, PLACE_CUR, add, f) ||
	    !maildir_scan(folder, PLACE_CUR, add, f))
		return false;
	if (f->count > 0)
		qsort(f->names, f->count, sizeof(*f->names), compare);
	return true;
}

enum answer { GONE, RENAMED, AS_BEFORE };

static enum answer ask(const struct finder *f, enum place *place, char name[FILE_NAME])
{
	size_t low = 0, high = f->count, len = file_base_len(name);
	enum answer answer = GONE;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *at = f->names[middle] + 1;

		if (compare_base(at, file_base_len(at), name, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < f->count; low++) {
		const char *at = f->names[low] + 1;
		enum place where = at[-1] == 'n' ? PLACE_NEW : PLACE_CUR;

		if (compare_base(at, file_base_len(at), name, len) != 0)
			break;
		if (where != *place || strcmp(at, name) != 0) {
			*place = where;
			snprintf(name, FILE_NAME, "%s", at);
			return RENAMED;
		}
		answer = AS_BEFORE;
	}
	return answer;
}

bool finder_find(struct finder *f, const char *folder, enum place *place, char name[FILE_NAME])
{
	char base[FILE_NAME];

	if (f->misses++ > 0) {
		bool have = f->lists > 0 || list(f, folder);
		enum answer answer = have ? ask(f, place, name) : AS_BEFORE;

		if (answer == AS_BEFORE && f->lists < LISTS_MAX && list(f, folder))
			answer = ask(f, place, name);
		if (answer != AS_BEFORE)
			return answer == RENAMED;
	}
	snprintf(base, sizeof(base), "%s", name);
	return maildir_find(folder, base, file_base_len(base), place, name);
}
