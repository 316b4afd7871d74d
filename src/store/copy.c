/*
 * COPY and MOVE, all or none (RFC 3501 6.4.7); of a move that fails half way what was
 * moved stays so (RFC 6851 4.3 allows that, and each message is in one place).
 *
 * A copy is a second name of the same file, in cur/ at once; where the disk has no
 * such names, a file made under tmp/ and renamed.  Then the directory is synced, then
 * the index.  A move renames.
 *
 * Of a hundred thousand messages that takes seconds, so it goes in batches, and others
 * have the lane between them.  Whatever step fails, its batch is undone, and for a copy
 * those before it.  Whoever is killed has copies of some, each complete and in the
 * index or found by the next comparison, and no message not at all; the client was
 * told nothing.
 */
#include "copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mailbox_private.h"

void copy_list_init(struct copy_list *l)
{
	memset(l, 0, sizeof(*l));
}

void copy_list_release(struct copy_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->all[i].old);
		free(l->all[i].new);
	}
	free(l->all);
	finder_release(&l->finder);
	copy_list_init(l);
}

void copy_list_add(struct copy_list *l, const struct folder *f, const struct record *r)
{
	struct copy_one *c;

	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->all = mem_grow(l->all, l->cap, sizeof(*l->all));
	}
	c = &l->all[l->count++];
	memset(c, 0, sizeof(*c));
	c->from = r->uid;
	c->place = (enum place)r->place;
	c->size = r->size;
	c->received = r->received;
	c->keywords = r->keywords;
	c->old = mem_string(table_name(&f->table, r));
}

void copy_list_all(struct copy_list *l, const struct folder *f)
{
	for (uint32_t i = 0; i < f->table.records.count; i++)
		copy_list_add(l, f, records_at(&f->table.records, i));
}

static void tmp_path(struct path *p, const struct folder *to, const struct copy_one *c)
{
	path_make(p, to->path, "tmp", c->new, "");
}

static void cur_path(struct path *p, const struct folder *to, const struct copy_one *c)
{
	path_message(p, to->path, PLACE_CUR, c->new);
}

/* The name there: the same flags and sizes, the keyword letters of that folder. */
static bool name_copy(struct folder *from, struct folder *to, struct copy_one *c)
{
	struct keywords *k = to->store->keywords;
	letter_set letters = file_letters(c->old) & ~letters_known(&from->letters) &
			     ~LETTERS_KEYWORD;
	char unique[UNIQUE_NAME], base[UNIQUE_NAME + 64], name[FILE_NAME];
	uint64_t size;

	if (c->keywords) {
		letters_assign(&to->letters, k, to->path, keywords_set(k, c->keywords));
		letters |= letters_of_set(&to->letters, keywords_set(k, c->keywords));
	}
	file_unique(unique);
	if (file_name_number(c->old, 'S', &size))
		snprintf(base, sizeof(base), "%s,S=%llu,W=%llu", unique,
			 (unsigned long long)size, (unsigned long long)c->size);
	else
		snprintf(base, sizeof(base), "%s,W=%llu", unique, (unsigned long long)c->size);
	if (!file_name_make(name, base, strlen(base), letters))
		return false;
	free(c->new);
	c->new = mem_string(name);
	return true;
}

static int link_file(const char *from, const char *to)
{
	return link(from, to) == 0 ? 0 : errno;
}

static int move_file(const char *from, const char *to)
{
	return rename(from, to) == 0 ? 0 : errno;
}

typedef void path_fn(struct path *p, const struct folder *to, const struct copy_one *c);
typedef int act_fn(const char *from, const char *to);

static int act_once(const struct folder *from, const struct folder *to,
		    const struct copy_one *c, path_fn *where, act_fn *act)
{
	struct path a, b;

	path_message(&a, from->path, c->place, c->old);
	where(&b, to, c);
	return act(a.at, b.at);
}

static bool is_there(const struct folder *from, const struct copy_one *c)
{
	struct path path;

	path_message(&path, from->path, c->place, c->old);
	return access(path.at, F_OK) == 0;
}

/* Links or moves the file; when another program has renamed it, from where it is
 * now, with the flags it has now. */
static int act_on(struct folder *from, struct folder *to, struct copy_list *l,
		  struct copy_one *c, path_fn *where, act_fn *act)
{
	int err = act_once(from, to, c, where, act);
	char name[FILE_NAME];

	if (err != ENOENT)
		return err;
	snprintf(name, sizeof(name), "%s", c->old);
	if (!finder_find(&l->finder, from->path, &c->place, name))
		return ENOENT;
	free(c->old);
	c->old = mem_string(name);
	if (!name_copy(from, to, c))
		return ENAMETOOLONG;
	err = act_once(from, to, c, where, act);
	/* Only a message that is gone may be left out. */
	return err == ENOENT && is_there(from, c) ? ESTALE : err;
}

/* Where there are no second names: complete first, then under its name. */
static int copy_through_tmp(struct folder *from, struct folder *to, struct copy_list *l,
			    struct copy_one *c)
{
	int err = act_on(from, to, l, c, tmp_path, file_copy);
	struct path tmp, cur;

	if (err)
		return err;
	tmp_path(&tmp, to, c);
	cur_path(&cur, to, c);
	err = move_file(tmp.at, cur.at);
	if (err)
		unlink(tmp.at);
	return err;
}

/* A message whose file is no more is left out: it is as if expunged before. */
static int place_copies(struct folder *from, struct folder *to, struct copy_list *l)
{
	int err = 0;

	for (size_t i = 0; !err && i < l->count; i++) {
		struct copy_one *c = &l->all[i];

		err = act_on(from, to, l, c, cur_path, link_file);
		if (err == EXDEV || err == EPERM || err == EMLINK || err == EOPNOTSUPP)
			err = copy_through_tmp(from, to, l, c);
		c->in_place = err == 0;
		if (err == ENOENT)
			err = 0;
	}
	return err;
}

static int place_moves(struct folder *from, struct folder *to, struct copy_list *l)
{
	int err = 0;

	for (size_t i = 0; !err && i < l->count; i++) {
		struct copy_one *c = &l->all[i];

		err = act_on(from, to, l, c, cur_path, move_file);
		c->in_place = err == 0;
		if (err == ENOENT)
			err = 0;
	}
	return err;
}

static void undo(struct folder *from, struct folder *to, struct copy_list *l, bool renamed)
{
	for (size_t i = 0; i < l->count; i++) {
		struct copy_one *c = &l->all[i];
		struct path path, back;

		if (c->in_place) {
			cur_path(&path, to, c);
			path_message(&back, from->path, c->place, c->old);
			if (renamed)
				rename(path.at, back.at);
			else
				unlink(path.at);
		}
		c->in_place = false;
	}
}

static bool index_copies(struct folder *from, struct folder *to, struct copy_list *l, bool move)
{
	int64_t now = clock_wall();
	bool ok = true;

	for (size_t i = 0; ok && i < l->count; i++) {
		struct copy_one *c = &l->all[i];
		struct arrival a = {
			.name = c->new, .place = PLACE_CUR, .size = c->size,
			.received = c->received, .saved = now, .keywords = c->keywords,
		};
		const struct record *r;

		if (!c->in_place)
			continue;
		ok = folder_add(to, &a, &c->to) &&
		     index_texts_copy(to->store->index, from->head.id, c->from,
				      to->head.id, c->to, c->old);
		r = move && ok ? table_uid(&from->table, c->from) : NULL;
		if (r)
			ok = folder_remove(from, r);
	}
	if (move)
		table_sweep(&from->table);
	return ok;
}

/* Moved by copying: the originals go last. */
static void remove_originals(struct folder *from, const struct copy_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct path path;

		path_message(&path, from->path, l->all[i].place, l->all[i].old);
		if (l->all[i].in_place && unlink(path.at) != 0 && errno != ENOENT)
			maildir_failed("cannot remove a moved message", path.at, errno);
	}
}

static bool sync_cur(const struct folder *f)
{
	struct path cur;

	path_make(&cur, f->path, "cur", "", "");
	return maildir_sync(cur.at);
}

/* A copy takes no room of the disk where it is a link, but every client counts it. */
static bool has_room(struct store *s, const struct copy_list *l)
{
	uint64_t bytes = s->quota ? index_bytes(s->index) : 0;

	for (size_t i = 0; i < l->count && s->quota; i++)
		bytes += l->all[i].size;
	return bytes <= s->quota;
}

enum store_status folder_copy(struct folder *from, struct folder *to, struct copy_list *l,
			      bool move)
{
	struct store *s = from->store;
	bool renamed = move;
	enum store_status st;
	int err;

	if (!maildir_heal(to->path))
		return STORE_FAILED;
	if (!move && !has_room(s, l))
		return STORE_NO_SPACE;
	for (size_t i = 0; i < l->count; i++) {
		if (!name_copy(from, to, &l->all[i]))
			return STORE_FAILED;
	}
	err = move ? place_moves(from, to, l) : place_copies(from, to, l);
	if (move && err == EXDEV) {
		undo(from, to, l, true);
		renamed = false;
		err = place_copies(from, to, l);
	}
	if (err || !sync_cur(to)) {
		st = err ? maildir_failed("cannot copy messages to", to->path, err) : STORE_FAILED;
		undo(from, to, l, renamed);
		return st;
	}
	if (!store_begin(s))
		st = index_failure(s->index);
	else
		st = store_commit(s, index_copies(from, to, l, move));
	if (st != STORE_OK) {
		undo(from, to, l, renamed);
		return st;
	}
	if (move && !renamed)
		remove_originals(from, l);
	if (move)
		sync_cur(from);
	return STORE_OK;
}

/* ---- The question ---- */

/* What a delivery waits at most, some tens of milliseconds; memory for so many names. */
enum { BATCH = 2000 };

struct copy_job {
	struct mail_job mail;
	struct mailbox *m;
	struct uid_set uids;
	struct folder_name to;
	bool move, begun;
	uint32_t next, end;              /* UIDs before `next` are done; those from `end` came later */
	struct copy_list list;           /* this batch's */
	uint32_t *from, *made;           /* of all batches so far */
	size_t count, cap;
	uint32_t uid_validity;
	mailbox_copy_fn *fn;
};

/* False: these are the last. */
static bool next_batch(struct copy_job *j, const struct folder *from)
{
	const struct records *all = &from->table.records;

	for (size_t i = 0; i < j->uids.count; i++) {
		struct uid_range range = j->uids.ranges[i];
		uint32_t at = records_find(all, range.first > j->next ? range.first : j->next);

		for (; at < all->count; at++) {
			const struct record *r = records_at(all, at);

			if (r->uid > range.last || r->uid >= j->end)
				break;
			if (j->list.count == BATCH)
				return true;
			copy_list_add(&j->list, from, r);
			j->next = r->uid + 1;
		}
	}
	return false;
}

static void keep_pairs(struct copy_job *j)
{
	for (size_t i = 0; i < j->list.count; i++) {
		if (!j->list.all[i].in_place)
			continue;
		if (j->count == j->cap) {
			j->cap = j->cap ? j->cap * 2 : 16;
			j->from = mem_grow(j->from, j->cap, sizeof(*j->from));
			j->made = mem_grow(j->made, j->cap, sizeof(*j->made));
		}
		j->from[j->count] = j->list.all[i].from;
		j->made[j->count++] = j->list.all[i].to;
	}
}

/* The copies of the batches before the one that failed (RFC 3501 6.4.7). */
static void take_back(const struct copy_job *j, struct folder *to)
{
	bool ok = true;

	if (folder_load(to) != STORE_OK || !store_begin(to->store))
		return;
	for (size_t i = 0; ok && i < j->count; i++) {
		const struct record *r = table_uid(&to->table, j->made[i]);
		struct path path;

		if (!r)
			continue;
		path_message(&path, to->path, (enum place)r->place, table_name(&to->table, r));
		if (unlink(path.at) == 0)
			ok = folder_remove(to, r);
	}
	table_sweep(&to->table);
	(void)store_commit(to->store, ok);
	sync_cur(to);
}

static void run_copy(struct mail_job *mail)
{
	struct copy_job *j = container_of(mail, struct copy_job, mail);
	struct store *s = mail->question.store;
	struct folder *from = folder_of_mailbox(s, j->m), *to = NULL;
	bool more = false;

	mail->st = folder_open(s, j->to.at, false, &to);
	if (!from)
		mail->st = STORE_GONE;
	else if (mail->st == STORE_OK && j->begun && to->head.uid_validity != j->uid_validity)
		mail->st = STORE_NO_FOLDER;      /* another one of that name */
	if (mail->st == STORE_OK) {
		if (!j->begun)
			j->end = from->head.uid_next;
		j->begun = true;
		j->uid_validity = to->head.uid_validity;
		more = next_batch(j, from);
		mail->st = folder_copy(from, to, &j->list, j->move);
	}
	if (mail->st == STORE_OK)
		keep_pairs(j);
	else if (!j->move && j->count > 0 && to && to->head.uid_validity == j->uid_validity)
		take_back(j, to);
	copy_list_release(&j->list);
	mail->again = mail->st == STORE_OK && more;
}

static void finish_copy(struct mail_job *mail)
{
	struct copy_job *j = container_of(mail, struct copy_job, mail);
	const uint32_t none = 0;
	struct copy_result r = { .uid_validity = j->uid_validity, .count = j->count,
				 .from = j->count ? j->from : &none,
				 .to = j->count ? j->made : &none };

	if (mail->st != STORE_OK)
		r.count = 0;
	if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st, &r);
	free(j->from);
	free(j->made);
	copy_list_release(&j->list);
	uid_set_release(&j->uids);
	mailbox_release(j->m);
}

void mailbox_copy(struct mailbox *m, const struct uid_set *uids, const char *to_name,
		  bool move, mailbox_copy_fn *fn, void *owner)
{
	struct copy_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_copy;
	j->mail.finish = finish_copy;
	j->m = m;
	/* Between two batches a closing job could come, if this did not hold it open. */
	m->users++;
	j->move = move;
	j->fn = fn;
	uid_set_init(&j->uids);
	uid_set_copy(&j->uids, uids);
	copy_list_init(&j->list);
	if (name_canonical(slice_of(to_name), &j->to))
		store_ask(m->store, &j->mail, owner);
	else
		store_refuse(m->store, &j->mail, owner, STORE_NO_FOLDER);
}
