/*
 * Comparing a folder with its directories, which other programs change as well.
 *
 * Whether to look is decided by the directories' modification times.  Two traps
 * (both described in Dovecot's sources): a time is only as fine as the kernel's
 * clock tick, so a directory that was changed within the last two seconds before
 * we looked counts as not looked at; and a file that is renamed while readdir
 * runs can be missed altogether, so in a directory that changes all the time only
 * what was missed in every round is called gone.
 *
 * With inotify the names come one by one and nothing is compared, unless a file
 * vanished without a new name: then it may be either gone or renamed, and only
 * the whole directory can tell.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "folder.h"
#include "watch.h"

enum { ROUNDS_MAX = 4 };

static const int64_t SETTLED_NS = INT64_C(2000000000);
static const int64_t FAR_AHEAD_NS = INT64_C(86400000000000);

struct found {
	char *name;
	enum place place;
	int64_t mtime_ns;
	uint32_t uid;                    /* Dovecot's; UINT32_MAX: none */
};

struct scan {
	struct folder *f;
	bool ok, first;
	bool whole;                      /* both directories, whatever their times say */
	uint8_t round, *seen;            /* of each record: the last round that saw it */
	bool unreadable;                 /* a message is there that we may not read */
	bool noisy;                      /* somebody never stopped changing it */
	bool in_order;                   /* of arrival already: events are */
	struct found *found;
	size_t count, cap;
};

static bool stat_place(const struct folder *f, enum place place, int64_t *mtime)
{
	struct path path;
	struct stat st;

	path_make(&path, f->path, place_name(place), "", "");
	if (stat(path.at, &st) != 0)
		return false;
	*mtime = stat_mtime_ns(&st);
	return true;
}

static void clear_found(struct scan *s)
{
	while (s->count > 0)
		free(s->found[--s->count].name);
}

static void add_found(struct scan *s, enum place place, const char *name)
{
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->found = mem_grow(s->found, s->cap, sizeof(*s->found));
	}
	s->found[s->count++] = (struct found){ .name = mem_string(name), .place = place,
					       .uid = UINT32_MAX };
}

static bool is_there(const struct folder *f, enum place place, const char *name)
{
	struct path path;
	struct stat st;

	path_message(&path, f->path, place, name);
	return lstat(path.at, &st) == 0;
}

static bool see_file(void *ctx, enum place place, const char *name)
{
	struct scan *s = ctx;
	struct folder *f = s->f;
	const struct record *r;
	uint32_t at;

	if (file_base_len(name) == 0)
		return true;
	if (!table_file_at(&f->table, name, file_base_len(name), &at)) {
		add_found(s, place, name);
		return true;
	}
	r = records_at(&f->table.records, at);
	/* Two files of one base, or one that moved while we looked. */
	if (s->seen[at] == s->round &&
	    is_there(f, (enum place)r->place, table_name(&f->table, r)))
		return true;
	s->seen[at] = s->round;
	if (r->place != place || strcmp(table_name(&f->table, r), name) != 0)
		s->ok = folder_file_moved(f, table_own(&f->table, r), place, name) && s->ok;
	return s->ok;
}

/* Mail that arrives changes new/ only, and most messages lie in cur/. */
static bool is_as_before(const struct scan *s, enum place place, int64_t mtime)
{
	int64_t known = place == PLACE_NEW ? s->f->head.new_mtime : s->f->head.cur_mtime;

	return !s->whole && known && mtime == known;
}

static bool scan_place(struct scan *s, enum place place, int64_t mtime)
{
	const struct records *all = &s->f->table.records;

	if (!is_as_before(s, place, mtime))
		return maildir_scan(s->f->path, place, see_file, s) && s->ok;
	for (uint32_t i = 0, run; i < all->count; i += run) {
		const struct record *r;

		run = records_run(all, i, &r);
		for (uint32_t k = 0; k < run; k++) {
			if (r[k].place == place)
				s->seen[i + k] = s->round;
		}
	}
	return true;
}

/* Once through new/ and cur/.  *quiet: nobody changed them meanwhile. */
static bool scan_round(struct scan *s, bool *quiet, int64_t before[2])
{
	int64_t after[2] = { 0, 0 };

	clear_found(s);
	s->round++;
	if (!stat_place(s->f, PLACE_NEW, &before[0]) || !stat_place(s->f, PLACE_CUR, &before[1]))
		return false;
	if (!scan_place(s, PLACE_NEW, before[0]) || !scan_place(s, PLACE_CUR, before[1]))
		return false;
	*quiet = stat_place(s->f, PLACE_NEW, &after[0]) &&
		 stat_place(s->f, PLACE_CUR, &after[1]) &&
		 before[0] == after[0] && before[1] == after[1];
	return true;
}

/* Not seen since that round, itself included. */
static bool any_unseen(const struct scan *s, uint8_t since)
{
	for (uint32_t i = 0; i < s->f->table.records.count; i++) {
		if (s->seen[i] < since)
			return true;
	}
	return false;
}

static bool remove_unseen(struct scan *s, uint8_t since)
{
	struct table *t = &s->f->table;
	bool ok = true;

	for (uint32_t i = 0; ok && i < t->records.count; i++) {
		if (s->seen[i] < since)
			ok = folder_remove(s->f, records_at(&t->records, i));
	}
	table_sweep(t);
	return ok;
}

/* By Dovecot's UID, then (in a folder's first comparison) cur/ before new/, whose
 * messages are the recent ones, then by time and name. */
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

/* Size and dates of a file somebody else brought.  False: it is gone again. */
static bool look_at(const struct folder *f, struct found *n, struct arrival *a)
{
	struct path path;
	struct stat st;

	path_message(&path, f->path, n->place, n->name);
	if (lstat(path.at, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	n->mtime_ns = stat_mtime_ns(&st);
	if (!a)
		return true;
	*a = (struct arrival){
		.name = n->name, .place = n->place, .received = st.st_mtime,
		/* What was there before us was saved when the file got its name, or later. */
		.uid = n->uid == UINT32_MAX ? 0 : n->uid, .saved = st.st_ctime,
	};
	return file_name_number(n->name, 'W', &a->size) || file_crlf_size(path.at, &a->size);
}

/* Permissions are put right without the directory's time changing, so it is looked
 * at again. */
static void note_unreadable(struct scan *s, const struct found *n)
{
	int err = errno;
	struct path path;

	if (!is_there(s->f, n->place, n->name))
		return;
	path_message(&path, s->f->path, n->place, n->name);
	if (!s->unreadable)
		maildir_failed("cannot read a message, it is left out", path.at, err);
	s->unreadable = true;
}

static bool add_all_found(struct scan *s)
{
	struct folder *f = s->f;
	int64_t now = clock_wall();
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (look_at(f, &s->found[i], NULL))
			s->found[kept++] = s->found[i];
		else
			free(s->found[i].name);
	}
	s->count = kept;
	if (kept > 0 && !s->in_order)
		qsort(s->found, kept, sizeof(*s->found),
		      s->first ? compare_first : compare_found);
	for (size_t i = 0; i < kept; i++) {
		struct arrival a;
		uint32_t uid;

		if (!look_at(f, &s->found[i], &a)) {
			note_unreadable(s, &s->found[i]);
			continue;
		}
		if (!s->first)
			a.saved = now;
		if (!folder_add(f, &a, &uid))
			return false;
		if (s->first && s->found[i].place == PLACE_CUR)
			f->head.first_recent = uid + 1;
	}
	return true;
}

/* In a folder's first comparison: *list is Dovecot's, when there is one. */
static bool take_uids(struct scan *s, struct uidlist **list)
{
	uint32_t validity, next;

	if (s->first && !uidlist_read(s->f->path, list, &validity, &next))
		return false;
	if (!*list || validity != s->f->head.uid_validity) {
		uidlist_free(*list);
		*list = NULL;
		return true;
	}
	for (size_t i = 0; i < s->count; i++) {
		const char *name = s->found[i].name;
		uint32_t uid = uidlist_find(*list, name, file_base_len(name));

		if (uid && uid < next)
			s->found[i].uid = uid;
	}
	if (s->f->head.uid_next < next)
		s->f->head.uid_next = next;
	return true;
}

/* A time to come is a server's clock that is ahead: what it says now may be said of
 * a later change too.  Further ahead it is wrong for good, and as good as any. */
static int64_t settled(int64_t mtime, int64_t now_ns)
{
	return mtime > now_ns - SETTLED_NS && mtime < now_ns + FAR_AHEAD_NS ? 0 : mtime;
}

static void begin_rounds(struct scan *s)
{
	s->round = 0;
	if (s->f->table.records.count > 0)
		memset(s->seen, 0, s->f->table.records.count);
}

static bool rounds(struct scan *s, int64_t times[2])
{
	bool quiet = false;

	s->seen = mem_array(s->f->table.records.count + (size_t)1, 1);
	begin_rounds(s);
	for (unsigned i = 0; i < ROUNDS_MAX && !quiet; i++) {
		if (!scan_round(s, &quiet, times))
			return false;
		/* Nothing is missing, so nothing was missed: what came after will
		 * change the time that we keep. */
		if (!any_unseen(s, s->round))
			break;
		/* It may lie in the directory that was passed over: its base was in
		 * both. */
		if (!s->whole) {
			s->whole = true;
			quiet = false;
			begin_rounds(s);
		}
	}
	/* It never was quiet: who was seen in any round is believed to be there, and
	 * asked for again the next time. */
	s->noisy = !quiet && any_unseen(s, s->round);
	return remove_unseen(s, quiet ? s->round : 1);
}

static enum store_status compare(struct folder *f, bool whole)
{
	struct scan s = { .f = f, .ok = true, .first = f->head.modseq == 1, .whole = whole };
	int64_t times[2] = { 0, 0 }, now_ns = clock_wall_us() * 1000;
	struct uidlist *list = NULL;
	enum store_status st = folder_load(f);
	bool ok;

	if (st != STORE_OK)
		return st;
	if (!store_begin(f->store))
		return index_failure(f->store->index);
	ok = rounds(&s, times);
	ok = ok && take_uids(&s, &list) && add_all_found(&s);
	times[0] = s.unreadable ? 0 : settled(times[0], now_ns);
	times[1] = s.unreadable ? 0 : settled(times[1], now_ns);
	if (ok && (f->head.new_mtime != times[0] || f->head.cur_mtime != times[1])) {
		f->head.new_mtime = times[0];
		f->head.cur_mtime = times[1];
		f->touched = true;
	}
	st = store_commit(f->store, ok);
	f->suspect = st == STORE_OK ? s.noisy : f->suspect;
	if (st == STORE_OK && list && uidlist_taken(f->path) != STORE_OK)
		st = STORE_FAILED;
	uidlist_free(list);
	clear_found(&s);
	free(s.found);
	free(s.seen);
	return st;
}

enum store_status folder_sync(struct folder *f, bool force)
{
	int64_t new_mtime, cur_mtime;

	if (!stat_place(f, PLACE_NEW, &new_mtime) || !stat_place(f, PLACE_CUR, &cur_mtime)) {
		if (!maildir_is_folder(f->path)) {
			folder_is_gone(f);
			return STORE_NO_FOLDER;
		}
		if (!maildir_complete(f->path))
			return STORE_FAILED;
		force = true;
	}
	/* Another directory has taken its place: this folder is not that one. */
	if (f->live && !watch_holds(f->store->watch, f->path, f->wd)) {
		folder_is_gone(f);
		return STORE_NO_FOLDER;
	}
	if (!force && !f->suspect && (f->live || (new_mtime == f->head.new_mtime &&
				   cur_mtime == f->head.cur_mtime)))
		return STORE_OK;
	return compare(f, force || f->suspect);
}

/* The next record from there on whose file lies in new/; the count: none. */
static uint32_t next_new(const struct folder *f, uint32_t at)
{
	const struct records *all = &f->table.records;

	while (at < all->count) {
		const struct record *r;
		uint32_t run = records_run(all, at, &r);

		for (uint32_t k = 0; k < run; k++) {
			if (r[k].place == PLACE_NEW)
				return at + k;
		}
		at += run;
	}
	return at;
}

enum store_status folder_claim(struct folder *f)
{
	enum store_status st = folder_load(f);
	bool ok = true;

	if (st != STORE_OK || next_new(f, 0) == f->table.records.count)
		return st;
	if (!store_begin(f->store))
		return index_failure(f->store->index);
	for (uint32_t i = next_new(f, 0); ok && i < f->table.records.count; i = next_new(f, i + 1)) {
		const struct record *r = records_at(&f->table.records, i);
		char old[FILE_NAME], new[FILE_NAME];
		struct path from, to;

		snprintf(old, sizeof(old), "%s", table_name(&f->table, r));
		if (!file_name_make(new, old, file_base_len(old), file_letters(old)))
			continue;
		path_message(&from, f->path, PLACE_NEW, old);
		path_message(&to, f->path, PLACE_CUR, new);
		if (rename(from.at, to.at) == 0) {
			ok = folder_file_moved(f, records_own(&f->table.records, i), PLACE_CUR, new);
		} else if (errno != ENOENT) {
			/* The next would fail as well: of a Maildir that is read-only one
			 * line in the log is enough. */
			maildir_failed("cannot move a message to cur/", from.at, errno);
			break;
		}
	}
	return store_commit(f->store, ok);
}

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
	struct arrival a;

	return e->written && r->place == e->place &&
	       strcmp(table_name(&f->table, r), e->name) == 0 && look_at(f, &n, &a) &&
	       a.size != r->size;
}

static bool is_named(const struct folder *f, const struct record *r, const struct file_event *e)
{
	return r->place == e->place && strcmp(table_name(&f->table, r), e->name) == 0;
}

/* What appeared: a new name of what we know, or a message. */
static bool see_events(struct scan *s, const struct file_event *events)
{
	struct folder *f = s->f;
	const struct records *all = &f->table.records;
	uint32_t next = 0;

	for (const struct file_event *e = events; e; e = e->next) {
		size_t len = file_base_len(e->name);
		const struct record *r;

		if (!e->appeared || e->name[0] == '.' || len == 0)
			continue;
		/* Mostly it was us who renamed it, and the one behind it. */
		if (!e->written && next < all->count && is_named(f, records_at(all, next), e)) {
			next++;
			continue;
		}
		if (!folder_record_of(f, e->name, &r))
			return false;
		if (r && !e->written && is_named(f, r, e)) {
			next = records_find(all, r->uid) + 1;
			continue;
		}
		if (!is_there(f, e->place, e->name))
			continue;
		if (r && was_half(f, r, e)) {
			if (!folder_remove(f, r))
				return false;
			r = NULL;
		}
		/* Seen twice it is added once: folder_add() knows it. */
		if (!r) {
			if (!is_begun(f, e))
				add_found(s, e->place, e->name);
		} else if (!is_named(f, r, e) &&
			   !is_there(f, (enum place)r->place, table_name(&f->table, r)) &&
			   !folder_file_moved(f, table_own(&f->table, r), e->place, e->name)) {
			return false;
		}
	}
	return true;
}

static bool any_vanished(struct folder *f, const struct file_event *events)
{
	for (const struct file_event *e = events; e; e = e->next) {
		const struct record *r = NULL;

		if (!e->appeared && folder_record_of(f, e->name, &r) && r && r->place == e->place &&
		    strcmp(table_name(&f->table, r), e->name) == 0 &&
		    !is_there(f, e->place, e->name))
			return true;
	}
	return false;
}

enum store_status folder_events(struct folder *f, const struct file_event *events)
{
	struct scan s = { .f = f, .ok = true, .in_order = true };
	enum store_status st = folder_load(f);
	bool ok;

	if (st != STORE_OK || !events)
		return st;
	if (!store_begin(f->store))
		return index_failure(f->store->index);
	ok = see_events(&s, events);
	table_sweep(&f->table);
	st = store_commit(f->store, ok && add_all_found(&s));
	clear_found(&s);
	free(s.found);
	if (st == STORE_OK && any_vanished(f, events))
		st = compare(f, true);
	return st;
}
