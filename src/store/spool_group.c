/*
 * Several messages, all or none (RFC 3502, RFC 8508).
 *
 * Each is written and synced under tmp/ while the next is still coming.  Then one
 * job on the mail lane, where every change of a folder is made, moves them all into
 * the folder and into the index, and takes away what they replace; so no session
 * ever sees a part of them.
 *
 * Renames are one by one, and a crash may come between two.  Therefore the whole
 * list is written down first, and store_open() goes on where it ended.  Forward, not
 * back: what is there already may have been read or renamed by another program, and
 * a start that removes mail is worse than one that adds it; and the list may stand
 * there still when the client has had its OK.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "finder.h"
#include "mailbox_private.h"
#include "spool_private.h"

#define LIST_PREFIX "letterplate-append."

enum {
	/* A message is a line of two file names and a folder's, and the callers stop
	 * long before ten thousand. */
	LIST_MAX = 8 * 1024 * 1024,
};

struct spool_group {
	struct mail_job mail;            /* once it is committed */
	struct store *store;
	struct folder_name folder;
	bool bad_name, abandoned;
	struct list members;             /* struct arrived */
	size_t count, coming;
	uint64_t counted;                /* in store->bytes_coming */
	struct mailbox *replaced_in;
	uint32_t replaced;

	struct folder *to;               /* in the job */
	char list_name[UNIQUE_NAME + sizeof(LIST_PREFIX)];
	bool old_is_gone;
	uint32_t uid_validity;
	spool_group_fn *done;
};

struct spool_group *spool_group_new(struct store *s, const char *folder)
{
	struct spool_group *g = mem_alloc(sizeof(*g));

	g->store = s;
	list_init(&g->members);
	g->bad_name = !name_canonical(slice_of(folder), &g->folder);
	s->spools++;
	return g;
}

void spool_group_replaces(struct spool_group *g, struct mailbox *m, uint32_t uid)
{
	g->replaced_in = m;
	g->replaced = uid;
	m->users++;
}

/* ---- Ending without a commit ---- */

static void release_group(struct spool_group *g)
{
	while (!list_empty(&g->members))
		arrived_free(container_of(g->members.next, struct arrived, node));
	g->store->bytes_coming -= g->counted;
	g->store->spools--;
	mailbox_release(g->replaced_in);
}

struct drop_job {
	struct job job;
	struct spool_group *group;
};

static void remove_tmp(const struct spool_group *g)
{
	list_each(node, after, &g->members) {
		struct path path;

		path_make(&path, g->store->root, "tmp",
			  container_of(node, struct arrived, node)->tmp, "");
		unlink(path.at);
	}
}

static void work_drop(struct job *job)
{
	remove_tmp(container_of(job, struct drop_job, job)->group);
}

static void done_drop(struct job *job)
{
	struct drop_job *j = container_of(job, struct drop_job, job);

	release_group(j->group);
	free(j->group);
	free(j);
}

static void drop_group(struct spool_group *g)
{
	struct drop_job *j = mem_alloc(sizeof(*j));

	j->job.work = work_drop;
	j->job.done = done_drop;
	j->group = g;
	lane_submit_always(g->store->writers, &j->job);
}

void spool_group_abandon(struct spool_group *g)
{
	if (!g)
		return;
	g->abandoned = true;
	if (!g->coming)
		drop_group(g);
}

void spool_group_expect(struct spool_group *g)
{
	g->coming++;
}

void spool_group_take(struct spool_group *g, struct arrived *a, uint64_t counted)
{
	g->coming--;
	g->counted += counted;
	if (a) {
		list_append(&g->members, &a->node);
		g->count++;
	}
	if (g->abandoned && !g->coming)
		drop_group(g);
}

/* ---- The list ---- */

/* In a folder's own terms: what is in tmp/, its place, its name there. */
static enum store_status write_list(struct spool_group *g)
{
	enum store_status st;
	struct buf text;
	char unique[UNIQUE_NAME];

	/* One rename is all or none by itself. */
	if (g->count < 2)
		return STORE_OK;
	buf_init(&text, LIST_MAX);
	list_each(node, after, &g->members) {
		const struct arrived *a = container_of(node, struct arrived, node);

		buf_printf(&text, "%s/%s/%s/%s\n", a->tmp, g->to->dir, place_name(a->place),
			   a->name);
	}
	file_unique(unique);
	snprintf(g->list_name, sizeof(g->list_name), LIST_PREFIX "%s", unique);
	st = text.overflow ? STORE_TOO_BIG :
			     maildir_replace(g->store->root, g->list_name, buf_slice(&text));
	if (st != STORE_OK)
		g->list_name[0] = '\0';
	buf_release(&text);
	return st;
}

static void remove_list(struct spool_group *g, bool synced)
{
	struct path path;

	if (!g->list_name[0])
		return;
	path_make(&path, g->store->root, g->list_name, "", "");
	unlink(path.at);
	if (synced)
		maildir_sync(g->store->root);
	g->list_name[0] = '\0';
}

/* The next piece up to a '/', or the rest. */
static bool next_word(struct slice *rest, char *out, size_t size)
{
	size_t n = slice_find(*rest, '/');

	if (n >= size)
		return false;
	memcpy(out, rest->at, n);
	out[n] = '\0';
	*rest = slice_from(*rest, n + 1);
	return true;
}

/* A message of a list.  What is in its place already is not in tmp/ any more. */
static bool finish_one(const struct store *s, struct slice line)
{
	char tmp[FILE_NAME], dir[FILE_NAME], place[8], name[FILE_NAME];
	struct path from, folder, at, to;
	int err;

	if (!next_word(&line, tmp, sizeof(tmp)) || !next_word(&line, dir, sizeof(dir)) ||
	    !next_word(&line, place, sizeof(place)) || !next_word(&line, name, sizeof(name)) ||
	    !tmp[0] || !name[0] || tmp[0] == '.' || name[0] == '.' ||
	    (strcmp(place, "new") != 0 && strcmp(place, "cur") != 0))
		return true;
	path_make(&from, s->root, "tmp", tmp, "");
	path_make(&folder, s->root, dir, "", "");
	path_make(&at, folder.at, place, "", "");
	path_make(&to, at.at, name, "", "");
	/* A folder that was deleted since took the others with it. */
	if (access(from.at, F_OK) != 0 || !maildir_is_folder(folder.at))
		return true;
	err = maildir_heal(folder.at) ? spool_move_in(s, dir, tmp, to.at) : EIO;
	if (err)
		maildir_failed("cannot finish an APPEND", to.at, err);
	return !err && maildir_sync(at.at);
}

static bool finish_list(const struct store *s, const char *name)
{
	struct slice rest;
	struct path path;
	struct buf text;
	bool ok;

	buf_init(&text, LIST_MAX);
	ok = maildir_read(s->root, name, &text);
	rest = buf_slice(&text);
	while (ok && rest.len) {
		size_t end = slice_find(rest, '\n');

		ok = finish_one(s, slice_head(rest, end));
		rest = slice_from(rest, end + 1);
	}
	buf_release(&text);
	path_make(&path, s->root, name, "", "");
	if (ok)
		unlink(path.at);
	return ok;
}

bool spool_groups_finish(const char *root)
{
	struct store s = { .root = (char *)(uintptr_t)root };
	DIR *dir = opendir(root);
	struct dirent *e;
	bool ok = true;

	if (!dir) {
		maildir_failed("cannot read", root, errno);
		return false;
	}
	while (ok && (e = readdir(dir)))
		if (strncmp(e->d_name, LIST_PREFIX, strlen(LIST_PREFIX)) == 0)
			ok = finish_list(&s, e->d_name);
	closedir(dir);
	return ok;
}

/* ---- The mail lane ---- */

static void path_of(struct path *p, const struct spool_group *g, const struct arrived *a)
{
	path_message(p, g->to->path, a->place, a->name);
}

/* What arrived.c does to one that is there already. */
static enum store_status give_keywords(struct spool_group *g, struct arrived *a, unsigned *id)
{
	struct store *s = g->store;
	const struct keyword_set *set;
	char name[FILE_NAME];

	*id = 0;
	if (!a->keywords)
		return STORE_OK;
	if (!keywords_parse(s->keywords, slice_of(a->keywords), id))
		return STORE_NO_SPACE;
	if (!*id)
		return STORE_OK;
	set = keywords_set(s->keywords, *id);
	letters_assign(&g->to->letters, s->keywords, g->to->path, set);
	if (file_name_make(name, a->name, file_base_len(a->name),
			   file_letters(a->name) | letters_of_set(&g->to->letters, set)))
		memcpy(a->name, name, sizeof(name));
	return STORE_OK;
}

static bool sync_places(const struct spool_group *g)
{
	bool used[2] = { false, false }, ok = true;

	list_each(node, after, &g->members)
		used[container_of(node, struct arrived, node)->place] = true;
	for (int place = 0; ok && place < 2; place++) {
		struct path path;

		if (!used[place])
			continue;
		path_make(&path, g->to->path, place_name((enum place)place), "", "");
		ok = maildir_sync(path.at);
	}
	return ok;
}

/* Back under tmp/, and only then is the decision taken back: a crash in between
 * finds them all there or none. */
static void take_back(struct spool_group *g, size_t placed)
{
	list_each(node, after, &g->members) {
		const struct arrived *a = container_of(node, struct arrived, node);
		struct path at, tmp;
		int err;

		if (!placed--)
			break;
		path_of(&at, g, a);
		path_make(&tmp, g->store->root, "tmp", a->tmp, "");
		err = rename(at.at, tmp.at) == 0 ? 0 : errno;
		if (err == EXDEV) {
			err = file_copy(at.at, tmp.at);
			if (!err)
				unlink(at.at);
		}
		if (err)
			maildir_failed("cannot take back a message", at.at, err);
	}
	sync_places(g);
	remove_list(g, true);
}

static enum store_status place_all(struct spool_group *g)
{
	enum store_status st = write_list(g);
	size_t placed = 0;
	int err = 0;

	if (st != STORE_OK)
		return st;
	list_each(node, after, &g->members) {
		const struct arrived *a = container_of(node, struct arrived, node);
		struct path to;

		path_of(&to, g, a);
		err = spool_move_in(g->store, g->to->dir, a->tmp, to.at);
		if (err) {
			st = maildir_failed("cannot store a message", to.at, err);
			break;
		}
		placed++;
	}
	if (st == STORE_OK && !sync_places(g))
		st = STORE_FAILED;
	if (st != STORE_OK)
		take_back(g, placed);
	return st;
}

/* The file of the message that is replaced, wherever another program put it. */
static enum store_status remove_old(struct spool_group *g, struct folder *from,
				    const struct record *r)
{
	struct finder finder = { 0 };
	enum place place = (enum place)r->place;
	char name[FILE_NAME];
	struct path path;
	bool gone;
	int err;

	snprintf(name, sizeof(name), "%s", table_name(&from->table, r));
	path_message(&path, from->path, place, name);
	gone = unlink(path.at) == 0;
	err = gone ? 0 : errno;
	if (err == ENOENT && finder_find(&finder, from->path, &place, name)) {
		path_message(&path, from->path, place, name);
		gone = unlink(path.at) == 0;
		err = gone ? 0 : errno;
	}
	finder_release(&finder);
	if (err && err != ENOENT)
		return maildir_failed("cannot remove a replaced message", path.at, err);
	g->old_is_gone = gone;
	path_make(&path, from->path, place_name(place), "", "");
	maildir_sync(path.at);
	return STORE_OK;
}

static bool add_all(struct spool_group *g, const unsigned *keywords)
{
	int64_t now = clock_wall();
	size_t i = 0;

	list_each(node, after, &g->members) {
		struct arrived *a = container_of(node, struct arrived, node);
		struct slice texts[INDEX_TEXTS];
		struct arrival n = {
			.name = a->name, .place = a->place, .size = a->size,
			.received = a->received, .saved = now, .keywords = keywords[i++],
			.texts = texts,
		};

		for (size_t t = 0; t < INDEX_TEXTS; t++)
			texts[t] = buf_slice(&a->texts[t]);
		if (!folder_add(g->to, &n, &a->result.uid))
			return false;
	}
	return true;
}

static enum store_status change_index(struct spool_group *g, const unsigned *keywords,
				      struct folder *from)
{
	enum store_status st = STORE_OK, kept;
	const struct record *old;
	bool ok;

	if (!store_begin(g->store))
		return index_failure(g->store->index);
	ok = add_all(g, keywords);
	old = ok && from ? table_uid(&from->table, g->replaced) : NULL;
	if (old) {
		st = remove_old(g, from, old);
		ok = st == STORE_OK && folder_remove(from, old);
		table_sweep(&from->table);
	}
	kept = store_commit(g->store, ok);
	return st == STORE_OK ? kept : st;
}

static void forget_uids(struct spool_group *g)
{
	list_each(node, after, &g->members)
		container_of(node, struct arrived, node)->result.uid = 0;
}

static enum store_status come_in(struct spool_group *g, unsigned *keywords)
{
	struct store *s = g->store;
	struct folder *from = NULL;
	enum store_status st;
	size_t i = 0;

	/* With its records: the keywords' letters, and no question of what is loaded. */
	st = g->bad_name ? STORE_NO_FOLDER : folder_open(s, g->folder.at, true, &g->to);
	if (st == STORE_OK && g->replaced) {
		from = folder_of_mailbox(s, g->replaced_in);
		if (!from || !table_uid(&from->table, g->replaced))
			st = STORE_GONE;
	}
	if (st == STORE_OK && !maildir_heal(g->to->path))
		st = STORE_FAILED;
	list_each(node, after, &g->members)
		if (st == STORE_OK)
			st = give_keywords(g, container_of(node, struct arrived, node),
					   &keywords[i++]);
	if (st == STORE_OK)
		st = place_all(g);
	if (st != STORE_OK)
		return st;
	g->uid_validity = g->to->head.uid_validity;
	st = change_index(g, keywords, from);
	/* With the old one gone the new one must stay; a comparison will find it. */
	if (st != STORE_OK && g->old_is_gone) {
		forget_uids(g);
		st = STORE_OK;
	} else if (st != STORE_OK) {
		take_back(g, g->count);
	}
	remove_list(g, false);
	return st;
}

static void run_group(struct mail_job *mail)
{
	struct spool_group *g = container_of(mail, struct spool_group, mail);
	unsigned *keywords = mem_array(g->count, sizeof(*keywords));

	mail->st = come_in(g, keywords);
	if (mail->st != STORE_OK && !g->store->unfinished)
		remove_tmp(g);
	free(keywords);
}

static void finish_group(struct mail_job *mail)
{
	struct spool_group *g = container_of(mail, struct spool_group, mail);
	uint32_t *uids = mem_array(g->count, sizeof(*uids));
	struct spool_group_result r = { .uid_validity = g->uid_validity, .uids = uids };

	list_each(node, after, &g->members)
		uids[r.count++] = container_of(node, struct arrived, node)->result.uid;
	if (!mail->question.abandoned)
		g->done(mail->question.owner, mail->st, &r);
	free(uids);
	release_group(g);
}

void spool_group_commit(struct spool_group *g, spool_group_fn *done, void *owner)
{
	g->mail.run = run_group;
	g->mail.finish = finish_group;
	g->done = done;
	/* The files under tmp/ are there: whatever the lane's queue, the job cleans up. */
	store_ask_always(g->store, &g->mail, owner);
}
