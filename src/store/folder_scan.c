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
 * Of a million messages that takes ten seconds and more, so it goes in slices, each
 * with a commit of its own, and others have the lane between them.  They may rename,
 * remove and add messages of this very folder meanwhile.  So what was seen is kept by
 * UID, of those alone that were there at the beginning; a name is believed only when
 * there is a file of it; and no message is called gone whose file lies where the
 * table says.
 *
 * A folder's first comparison takes over Dovecot's UIDs and must be the first to the
 * end: until then the index has it as never compared, so that whoever is killed
 * begins it once more, with the messages it has already.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "found.h"
#include "watch.h"

enum { ROUNDS_MAX = 4 };

static const int64_t SETTLED_NS = INT64_C(2000000000);
static const int64_t FAR_AHEAD_NS = INT64_C(86400000000000);

enum phase { READING, REMOVING, LOOKING, SORTING, ADDING, DONE };

struct scan {
	struct folder *f;
	uint64_t number;
	enum phase phase;
	bool first, ok;
	bool whole;                      /* both directories, whatever their times say */
	bool unreadable;                 /* a message is there that we may not read */
	bool noisy;                      /* somebody never stopped changing it */
	/* Messages that were there at the beginning, and the last round that saw each. */
	uint32_t known, at;
	uint32_t *uids;
	uint8_t *seen, round, since;
	unsigned rounds;
	DIR *dir;                        /* being read; NULL: to be opened */
	enum place place;
	int64_t times[2], now_ns, now;
	struct uidlist *list;            /* Dovecot's, when it is taken over */
	uint32_t list_next;
	struct finds finds;
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

/* ---- Reading the directories ---- */

/* Where a message is among those of the beginning; `at` is where its record is now,
 * which is there or, when some were removed, before it.  s->known: it came later. */
static uint32_t known_at(const struct scan *s, uint32_t at, uint32_t uid)
{
	uint32_t low = at < s->known ? at : s->known, high = s->known;

	if (low < high && s->uids[low] == uid)
		return low;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->uids[middle] < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->known && s->uids[low] == uid ? low : s->known;
}

static bool see_file(struct scan *s, enum place place, const char *name)
{
	struct folder *f = s->f;
	const struct record *r;
	uint32_t at, known;

	if (file_base_len(name) == 0)
		return true;
	if (!table_file_at(&f->table, name, file_base_len(name), &at)) {
		finds_add(&s->finds, place, name);
		return true;
	}
	r = records_at(&f->table.records, at);
	/* Else: two files of one base, or one that moved while we looked; or a name that it
	 * had when the directory was read. */
	if ((r->place != place || strcmp(table_name(&f->table, r), name) != 0) &&
	    !folder_has(f, r)) {
		if (!maildir_has(f->path, place, name))
			return true;
		if (!folder_file_moved(f, table_own(&f->table, r), place, name))
			return false;
	}
	known = known_at(s, at, records_at(&f->table.records, at)->uid);
	if (known < s->known)
		s->seen[known] = s->round;
	return true;
}

/* Mail that arrives changes new/ only, and most messages lie in cur/. */
static bool is_as_before(const struct scan *s, enum place place)
{
	int64_t before = place == PLACE_NEW ? s->f->head.new_mtime : s->f->head.cur_mtime;

	return !s->whole && before && s->times[place] == before;
}

static void see_all_of(struct scan *s, enum place place)
{
	const struct records *all = &s->f->table.records;

	for (uint32_t i = 0, run; i < all->count; i += run) {
		const struct record *r;

		run = records_run(all, i, &r);
		for (uint32_t k = 0; k < run; k++) {
			uint32_t known = r[k].place == place ? known_at(s, i + k, r[k].uid) :
							       s->known;

			if (known < s->known)
				s->seen[known] = s->round;
		}
	}
}

/* False: it is not read to its end; *ok says why. */
static bool read_place(struct scan *s, struct budget *b, bool *ok)
{
	const char *name;

	if (!s->dir && is_as_before(s, s->place)) {
		see_all_of(s, s->place);
		return true;
	}
	if (!s->dir)
		s->dir = maildir_begin(s->f->path, s->place);
	*ok = s->dir != NULL;
	while (*ok) {
		*ok = maildir_next(s->dir, s->f->path, s->place, &name);
		if (*ok && !name)
			break;
		*ok = *ok && see_file(s, s->place, name);
		if (budget_is_over(b))
			return false;
	}
	if (s->dir)
		closedir(s->dir);
	s->dir = NULL;
	return *ok;
}

/* The message is there, and the last round that saw it was before `since`. */
static const struct record *unseen(const struct scan *s, uint32_t at, uint8_t since)
{
	const struct record *r = s->seen[at] < since ? table_uid(&s->f->table, s->uids[at]) : NULL;

	return r && r->name ? r : NULL;
}

static bool any_unseen(const struct scan *s, uint8_t since)
{
	for (uint32_t i = 0; i < s->known; i++) {
		if (unseen(s, i, since))
			return true;
	}
	return false;
}

static bool begin_round(struct scan *s)
{
	finds_clear(&s->finds);
	s->round++;
	s->rounds++;
	s->place = PLACE_NEW;
	return stat_place(s->f, PLACE_NEW, &s->times[PLACE_NEW]) &&
	       stat_place(s->f, PLACE_CUR, &s->times[PLACE_CUR]);
}

static void forget_seen(struct scan *s)
{
	s->round = 0;
	memset(s->seen, 0, s->known);
}

/* Both were read.  Once more, or what was missed is gone? */
static bool end_round(struct scan *s)
{
	int64_t after[2] = { 0, 0 };
	/* Nobody changed them meanwhile. */
	bool quiet = stat_place(s->f, PLACE_NEW, &after[0]) &&
		     stat_place(s->f, PLACE_CUR, &after[1]) &&
		     s->times[0] == after[0] && s->times[1] == after[1];
	bool missed = any_unseen(s, s->round);

	/* It may lie in the directory that was passed over: its base was in both. */
	if (missed && !s->whole) {
		s->whole = true;
		forget_seen(s);
		return begin_round(s);
	}
	/* Nothing is missing, so nothing was missed: what came after will change the
	 * time that we keep. */
	if (missed && !quiet && s->rounds < ROUNDS_MAX)
		return begin_round(s);
	/* It never was quiet: who was seen in any round is believed to be there, and
	 * asked for again the next time. */
	s->noisy = missed && !quiet;
	s->since = quiet ? s->round : 1;
	s->phase = REMOVING;
	return true;
}

static bool go_on_reading(struct scan *s, struct budget *b, bool *over)
{
	bool ok = true;

	if (s->round == 0 && !begin_round(s))
		return false;
	*over = !read_place(s, b, &ok);
	if (!ok || *over)
		return ok;
	if (s->place == PLACE_CUR)
		return end_round(s);
	s->place = PLACE_CUR;
	return true;
}

static bool go_on_removing(struct scan *s, struct budget *b, bool *over)
{
	bool ok = true;

	while (ok && s->at < s->known && !*over) {
		const struct record *r = unseen(s, s->at++, s->since);

		if (r && !folder_has(s->f, r))
			ok = folder_remove(s->f, r);
		*over = r && budget_is_over(b);
	}
	if (s->at == s->known)
		s->phase = LOOKING;
	return ok;
}

/* ---- What is new ---- */

/* In a folder's first comparison: Dovecot's UIDs, when it has any. */
static bool take_uids(struct scan *s)
{
	struct index_folder *head = &s->f->head;
	uint32_t validity;

	if (!s->first || s->list)
		return true;
	if (!uidlist_read(s->f->path, &s->list, &validity, &s->list_next))
		return false;
	if (s->list && validity != head->uid_validity) {
		uidlist_free(s->list);
		s->list = NULL;
	}
	if (s->list && head->uid_next < s->list_next)
		head->uid_next = s->list_next;
	return true;
}

static bool go_on_looking(struct scan *s, struct budget *b, bool *over)
{
	struct finds *l = &s->finds;

	if (l->next == 0 && !take_uids(s))
		return false;
	while (l->next < l->count && !*over) {
		struct found *n = &l->all[l->next++];
		uint32_t uid = s->list ? uidlist_find(s->list, n->name, file_base_len(n->name)) : 0;

		if (uid && uid < s->list_next)
			n->uid = uid;
		if (found_look(s->f, n))
			l->all[l->kept++] = *n;
		else
			free(n->name);
		*over = budget_is_over(b);
	}
	if (l->next < l->count)
		return true;
	l->count = l->kept;
	l->next = 0;
	s->phase = SORTING;
	return true;
}

/* Permissions are put right without the directory's time changing, so it is looked
 * at again. */
static void note_unreadable(struct scan *s, const struct found *n)
{
	int err = errno;
	struct path path;

	if (!maildir_has(s->f->path, n->place, n->name))
		return;
	path_message(&path, s->f->path, n->place, n->name);
	if (!s->unreadable)
		maildir_failed("cannot read a message, it is left out", path.at, err);
	s->unreadable = true;
}

static bool add_one(struct scan *s, const struct found *n, struct budget *b)
{
	struct folder *f = s->f;
	struct arrival a;
	uint32_t uid;

	if (!found_arrival(f, n, &a, b)) {
		note_unreadable(s, n);
		return true;
	}
	if (!s->first)
		a.saved = s->now;
	if (!folder_add(f, &a, &uid))
		return false;
	if (s->first && n->place == PLACE_CUR && f->head.first_recent <= uid)
		f->head.first_recent = uid + 1;
	return true;
}

static bool go_on_adding(struct scan *s, struct budget *b, bool *over)
{
	struct finds *l = &s->finds;
	bool ok = true;

	while (ok && l->next < l->count && !*over) {
		ok = add_one(s, &l->all[l->next++], b);
		*over = budget_is_over(b);
	}
	if (l->next == l->count)
		s->phase = DONE;
	return ok;
}

/* ---- A slice ---- */

/* A time to come is a server's clock that is ahead: what it says now may be said of
 * a later change too.  Further ahead it is wrong for good, and as good as any. */
static int64_t settled(int64_t mtime, int64_t now_ns)
{
	return mtime > now_ns - SETTLED_NS && mtime < now_ns + FAR_AHEAD_NS ? 0 : mtime;
}

static void conclude(struct scan *s)
{
	struct folder *f = s->f;

	for (int i = 0; i < 2; i++)
		s->times[i] = s->unreadable ? 0 : settled(s->times[i], s->now_ns);
	if (f->head.new_mtime != s->times[0] || f->head.cur_mtime != s->times[1] ||
	    (s->first && f->head.modseq != 1)) {
		f->head.new_mtime = s->times[0];
		f->head.cur_mtime = s->times[1];
		f->touched = true;
	}
	s->first = false;
}

static bool run_slice(struct scan *s)
{
	bool over = false, ok = true;
	struct budget b;

	budget_begin(&b, s->f->store);
	while (ok && !over && s->phase != DONE) {
		switch (s->phase) {
		case READING: ok = go_on_reading(s, &b, &over); break;
		case REMOVING: ok = go_on_removing(s, &b, &over); break;
		case LOOKING: ok = go_on_looking(s, &b, &over); break;
		case SORTING:
			over = !finds_sort(&s->finds, &b);
			s->finds.next = over ? s->finds.next : 0;
			s->phase = over ? SORTING : ADDING;
			break;
		case ADDING: ok = go_on_adding(s, &b, &over); break;
		case DONE: break;
		}
	}
	table_sweep(&s->f->table);
	if (ok && s->phase == DONE)
		conclude(s);
	return ok;
}

void scan_free(struct scan *s)
{
	if (!s)
		return;
	if (s->dir)
		closedir(s->dir);
	uidlist_free(s->list);
	finds_release(&s->finds);
	free(s->uids);
	free(s->seen);
	free(s);
}

bool folder_is_filling(const struct folder *f)
{
	return f->scan && f->scan->first;
}

static void end_scan(struct folder *f, enum store_status st)
{
	struct scan *s = f->scan;

	f->scan = NULL;
	if (st == STORE_OK)
		f->scanned = s->number;
	f->suspect = f->suspect || s->noisy || st != STORE_OK;
	/* What the index has of its first comparison is not what we know of it. */
	f->broken = f->broken || (s->first && f->head.modseq != 1);
	scan_free(s);
}

static enum store_status go_on(struct folder *f)
{
	enum store_status st = folder_load(f);
	struct scan *s = f->scan;

	if (st == STORE_OK && !store_begin(f->store))
		st = index_failure(f->store->index);
	else if (st == STORE_OK)
		st = store_commit(f->store, run_slice(s));
	if (st == STORE_OK && s->phase != DONE)
		return store_unfinished(f->store);
	if (st == STORE_OK && s->list)
		st = uidlist_taken(f->path) == STORE_OK ? STORE_OK : STORE_FAILED;
	end_scan(f, st);
	return st;
}

static enum store_status begin_scan(struct folder *f, bool whole)
{
	const struct records *all = &f->table.records;
	enum store_status st = folder_load(f);
	struct scan *s;

	if (st != STORE_OK)
		return st;
	s = mem_alloc(sizeof(*s));
	s->f = f;
	s->number = ++f->store->scans;
	s->first = f->head.modseq == 1;
	s->finds.first = s->first;
	s->whole = whole;
	s->now = clock_wall();
	s->now_ns = clock_wall_us() * 1000;
	s->known = all->count;
	s->uids = mem_grow(NULL, s->known + (size_t)1, sizeof(*s->uids));
	s->seen = mem_array(s->known + (size_t)1, 1);
	for (uint32_t i = 0, run; i < all->count; i += run) {
		const struct record *r;

		run = records_run(all, i, &r);
		for (uint32_t k = 0; k < run; k++)
			s->uids[i + k] = r[k].uid;
	}
	f->scan = s;
	f->suspect = false;
	return STORE_OK;
}

enum store_status folder_sync(struct folder *f, struct look *look)
{
	bool whole = look->force;
	int64_t new_mtime, cur_mtime;
	enum store_status st;

	if (f->scan) {
		st = go_on(f);
		if (st != STORE_OK)
			return st;
	}
	if (look->begun && f->scanned >= look->begun)
		return STORE_OK;
	if (!stat_place(f, PLACE_NEW, &new_mtime) || !stat_place(f, PLACE_CUR, &cur_mtime)) {
		if (!maildir_is_folder(f->path)) {
			folder_is_gone(f);
			return STORE_NO_FOLDER;
		}
		if (!maildir_complete(f->path))
			return STORE_FAILED;
		whole = true;
	}
	/* Another directory has taken its place: this folder is not that one. */
	if (f->live && !watch_holds(f->store->watch, f->path, f->wd)) {
		folder_is_gone(f);
		return STORE_NO_FOLDER;
	}
	whole = whole || f->suspect;
	if (!whole && (f->live || (new_mtime == f->head.new_mtime &&
				   cur_mtime == f->head.cur_mtime)))
		return STORE_OK;
	st = begin_scan(f, whole);
	if (st != STORE_OK)
		return st;
	look->begun = f->scan->number;
	return go_on(f);
}

enum store_status folder_fill(struct folder *f)
{
	struct look look = { .force = false };

	if (folder_is_filling(f))
		return go_on(f);
	return f->head.modseq == 1 ? folder_sync(f, &look) : STORE_OK;
}
