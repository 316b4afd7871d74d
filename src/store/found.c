/*
 * Messages that other programs brought.  Of a folder that is new to us there may be
 * a million, so every step stops when its time is over and goes on later where it
 * was.  To sort so many takes half a second: short runs are sorted, then merged
 * two by two.
 */
#include "found.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* Sorted at once, some milliseconds. */
enum { RUN = 4096 };

void budget_begin(struct budget *b, const struct store *s)
{
	*b = (struct budget){ .until = clock_mono_ms() + s->slice_ms, .every = s->slice_files };
}

bool budget_is_over(struct budget *b)
{
	if (++b->files % b->every != 0 && !b->spent)
		return false;
	b->spent = false;
	return clock_mono_ms() >= b->until;
}

void finds_add(struct finds *l, enum place place, const char *name)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->all = mem_grow(l->all, l->cap, sizeof(*l->all));
	}
	l->all[l->count++] = (struct found){ .name = mem_string(name), .place = place,
					     .uid = UINT32_MAX };
}

void finds_clear(struct finds *l)
{
	while (l->count > 0)
		free(l->all[--l->count].name);
	l->next = l->kept = l->run = 0;
}

void finds_release(struct finds *l)
{
	finds_clear(l);
	free(l->all);
	free(l->spare);
	memset(l, 0, sizeof(*l));
}

bool found_look(const struct folder *f, struct found *n)
{
	struct path path;
	struct stat st;

	path_message(&path, f->path, n->place, n->name);
	if (lstat(path.at, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	n->mtime_ns = stat_mtime_ns(&st);
	n->received = st.st_mtime;
	n->changed = st.st_ctime;
	return true;
}

bool found_arrival(const struct folder *f, const struct found *n, struct arrival *a,
		   struct budget *b)
{
	struct path path;

	*a = (struct arrival){
		.name = n->name, .place = n->place, .received = n->received,
		/* What was there before us was saved when the file got its name, or later. */
		.uid = n->uid == UINT32_MAX ? 0 : n->uid, .saved = n->changed,
	};
	if (file_name_number(n->name, 'W', &a->size))
		return true;
	b->spent = true;
	path_message(&path, f->path, n->place, n->name);
	return file_crlf_size(path.at, &a->size);
}

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns < y->mtime_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int compare_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->uid == y->uid && x->place != y->place)
		return x->place == PLACE_CUR ? -1 : 1;
	return compare_found(a, b);
}

static void merge(const struct finds *l, size_t from)
{
	size_t middle = from + l->run < l->count ? from + l->run : l->count;
	size_t end = middle + l->run < l->count ? middle + l->run : l->count;
	size_t a = from, b = middle;

	for (size_t to = from; to < end; to++) {
		bool left = a < middle && (b == end || (l->first ? compare_first : compare_found)
						       (&l->all[a], &l->all[b]) <= 0);

		l->spare[to] = left ? l->all[a++] : l->all[b++];
	}
}

bool finds_sort(struct finds *l, const struct budget *b)
{
	if (l->run == 0) {
		for (; l->next < l->count; l->next += RUN) {
			size_t rest = l->count - l->next;

			qsort(&l->all[l->next], rest < RUN ? rest : RUN, sizeof(*l->all),
			      l->first ? compare_first : compare_found);
			if (rest > RUN && clock_mono_ms() >= b->until) {
				l->next += RUN;
				return false;
			}
		}
		l->run = RUN;
		l->next = 0;
	}
	while (l->run < l->count) {
		struct found *merged;

		if (!l->spare)
			l->spare = mem_array(l->cap, sizeof(*l->spare));
		while (l->next < l->count) {
			merge(l, l->next);
			l->next += 2 * l->run;
			if (l->next < l->count && clock_mono_ms() >= b->until)
				return false;
		}
		merged = l->spare;
		l->spare = l->all;
		l->all = merged;
		l->run *= 2;
		l->next = 0;
	}
	return true;
}
