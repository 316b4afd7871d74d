/*
 * COPY and MOVE, all or none (RFC 3501 6.4.7, RFC 6851).
 *
 * A copy is a second name of the same file: first all of them under the
 * destination's tmp/, where nobody looks, then all renamed to cur/, then the
 * directory is synced, then the index.  A move renames.  Whatever step fails,
 * the steps before it are undone; whoever is killed between has a message
 * twice at worst, or in tmp/, and never not at all.
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

static int link_or_copy(const char *from, const char *to)
{
	int err = link(from, to) == 0 ? 0 : errno;

	if (err == EXDEV || err == EPERM || err == EMLINK || err == EOPNOTSUPP)
		err = file_copy(from, to);
	return err;
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

/* A message whose file is no more is left out: it is as if expunged before. */
static int place_copies(struct folder *from, struct folder *to, struct copy_list *l)
{
	struct path tmp, cur;
	int err = 0;

	for (size_t i = 0; !err && i < l->count; i++) {
		struct copy_one *c = &l->all[i];

		err = act_on(from, to, l, c, tmp_path, link_or_copy);
		c->in_tmp = err == 0;
		if (err == ENOENT)
			err = 0;
	}
	for (size_t i = 0; !err && i < l->count; i++) {
		struct copy_one *c = &l->all[i];

		if (!c->in_tmp)
			continue;
		tmp_path(&tmp, to, c);
		cur_path(&cur, to, c);
		err = move_file(tmp.at, cur.at);
		c->in_place = err == 0;
		c->in_tmp = err != 0;
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
		} else if (c->in_tmp) {
			tmp_path(&path, to, c);
			unlink(path.at);
		}
		c->in_place = c->in_tmp = false;
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

enum store_status folder_copy(struct folder *from, struct folder *to, struct copy_list *l,
			      bool move)
{
	struct store *s = from->store;
	bool renamed = move;
	enum store_status st;
	int err;

	if (!maildir_heal(to->path))
		return STORE_FAILED;
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

struct copy_job {
	struct mail_job mail;
	struct mailbox *m;
	struct uid_set uids;
	struct folder_name to;
	bool move;
	struct copy_list list;
	uint32_t uid_validity;
	mailbox_copy_fn *fn;
};

static void run_copy(struct mail_job *mail)
{
	struct copy_job *j = container_of(mail, struct copy_job, mail);
	struct folder *from = folder_of_mailbox(mail->question.store, j->m), *to;

	mail->st = from ? folder_open(mail->question.store, j->to.at, false, &to)
			: STORE_GONE;
	if (mail->st != STORE_OK)
		return;
	for (size_t i = 0; i < j->uids.count; i++) {
		const struct records *all = &from->table.records;
		uint32_t at = records_find(all, j->uids.ranges[i].first);

		for (; at < all->count && records_at(all, at)->uid <= j->uids.ranges[i].last; at++)
			copy_list_add(&j->list, from, records_at(all, at));
	}
	j->uid_validity = to->head.uid_validity;
	mail->st = folder_copy(from, to, &j->list, j->move);
}

static void finish_copy(struct mail_job *mail)
{
	struct copy_job *j = container_of(mail, struct copy_job, mail);
	size_t most = j->list.count ? j->list.count : 1;
	uint32_t *from = mem_array(most, sizeof(*from)), *to = mem_array(most, sizeof(*to));
	struct copy_result r = { .uid_validity = j->uid_validity, .from = from, .to = to };

	for (size_t i = 0; mail->st == STORE_OK && i < j->list.count; i++) {
		if (!j->list.all[i].in_place)
			continue;
		from[r.count] = j->list.all[i].from;
		to[r.count++] = j->list.all[i].to;
	}
	if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st, &r);
	free(from);
	free(to);
	copy_list_release(&j->list);
	uid_set_release(&j->uids);
}

void mailbox_copy(struct mailbox *m, const struct uid_set *uids, const char *to_name,
		  bool move, mailbox_copy_fn *fn, void *owner)
{
	struct copy_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_copy;
	j->mail.finish = finish_copy;
	j->m = m;
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
