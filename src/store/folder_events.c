/*
 * What inotify says of an open folder: names come one by one and nothing is compared,
 * unless a file vanished without a new name: then it may be either gone or renamed,
 * and only the whole directory can tell.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "found.h"

/* Events looked at before what they brought is taken in. */
enum { AT_ONCE = 16 };

/* Just made where it is to stay, and not written yet: its end is an event as well. */
static bool is_begun(const struct folder *f, const struct file_event *e)
{
	struct path path;
	struct stat st;

	path_message(&path, f->path, e->place, e->name);
	return !e->written && lstat(path.at, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* Taken in while somebody was still writing it.  A message never changes, so what
 * it has become is another one. */
static bool was_half(const struct folder *f, const struct record *r, const struct file_event *e)
{
	struct found n = { .name = (char *)(uintptr_t)e->name, .place = e->place, .uid = UINT32_MAX };
	struct budget b = { .every = 1 };
	struct arrival a;

	return e->written && r->place == e->place &&
	       strcmp(table_name(&f->table, r), e->name) == 0 && found_look(f, &n) &&
	       found_arrival(f, &n, &a, &b) &&
	       a.size != r->size;
}

static bool is_named(const struct folder *f, const struct record *r, const struct file_event *e)
{
	return r->place == e->place && strcmp(table_name(&f->table, r), e->name) == 0;
}

/* What appeared, of some events: a new name of what we know, or a message.  *next: where
 * the one behind it may be. */
static bool see_event(struct folder *f, struct finds *l, const struct file_event *e,
		      uint32_t *next)
{
	const struct records *all = &f->table.records;
	size_t len = file_base_len(e->name);
	const struct record *r;

	if (!e->appeared || e->name[0] == '.' || len == 0)
		return true;
	/* Mostly it was us who renamed it, and the one behind it. */
	if (!e->written && *next < all->count && is_named(f, records_at(all, *next), e)) {
		++*next;
		return true;
	}
	if (!folder_record_of(f, e->name, &r))
		return false;
	if (r && !e->written && is_named(f, r, e)) {
		*next = records_find(all, r->uid) + 1;
		return true;
	}
	if (!maildir_has(f->path, e->place, e->name))
		return true;
	if (r && was_half(f, r, e)) {
		if (!folder_remove(f, r))
			return false;
		r = NULL;
	}
	/* Seen twice it is added once: folder_add() knows it. */
	if (!r) {
		if (!is_begun(f, e))
			finds_add(l, e->place, e->name);
		return true;
	}
	return is_named(f, r, e) || folder_has(f, r) ||
	       folder_file_moved(f, table_own(&f->table, r), e->place, e->name);
}

/* In the order of their events. */
static bool add_found(struct folder *f, struct finds *l, struct budget *b)
{
	bool ok = true;

	for (size_t i = 0; ok && i < l->count; i++) {
		struct arrival a;
		uint32_t uid;

		if (!found_look(f, &l->all[i]))
			continue;
		if (found_arrival(f, &l->all[i], &a, b)) {
			a.saved = clock_wall();
			ok = folder_add(f, &a, &uid);
		} else if (maildir_has(f->path, a.place, a.name)) {
			struct path path;

			path_message(&path, f->path, a.place, a.name);
			maildir_failed("cannot read a message, it is left out", path.at, errno);
		}
	}
	finds_clear(l);
	return ok;
}

bool folder_misses(struct folder *f, const struct file_event *events)
{
	for (const struct file_event *e = events; e; e = e->next) {
		const struct record *r = NULL;

		if (!e->appeared && folder_record_of(f, e->name, &r) && r && r->place == e->place &&
		    strcmp(table_name(&f->table, r), e->name) == 0 &&
		    !maildir_has(f->path, e->place, e->name))
			return true;
	}
	return false;
}

enum store_status folder_events(struct folder *f, const struct file_event **events)
{
	enum store_status st = folder_load(f);
	struct finds l = { .first = false };
	bool ok = true, over = false;
	uint32_t next = 0;
	struct budget b;

	if (st != STORE_OK || !*events)
		return st;
	if (!store_begin(f->store))
		return index_failure(f->store->index);
	budget_begin(&b, f->store);
	while (ok && *events && !over) {
		for (unsigned i = 0; ok && *events && i < AT_ONCE; i++) {
			ok = see_event(f, &l, *events, &next);
			*events = (*events)->next;
			over = budget_is_over(&b) || over;
		}
		/* Places in the table are others when it was swept. */
		next = f->table.removed_first ? UINT32_MAX : next;
		table_sweep(&f->table);
		ok = ok && add_found(f, &l, &b);
	}
	st = store_commit(f->store, ok);
	finds_release(&l);
	return st == STORE_OK && *events ? store_unfinished(f->store) : st;
}
