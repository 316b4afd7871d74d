/*
 * CREATE, DELETE, RENAME, SUBSCRIBE, STATUS: what is done to folders by name.
 * The directory first, then the index; a crash between leaves rows of a folder
 * that is not there, which the next folder of that name does away with.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "annotation_file.h"
#include "copy.h"
#include "folder.h"
#include "mailbox_private.h"
#include "special_use.h"
#include "subscribe.h"
#include "watch.h"

/* For each use there is one folder at the most, or some if another program made it so. */
enum { LOST_MAX = 64 * (NAME_MAX_BYTES + 1) };

struct name_job {
	struct mail_job mail;
	struct folder_name name, to;
	enum store_event event;
	bool on;
	bool same;                       /* nothing changed by it */
	unsigned uses;
	struct folder_status status;     /* of a folder made, for whoever wants it */
	struct buf lost;                 /* names of folders that lost a use by it, a NUL behind each */
	struct look look;                /* at INBOX, which is to be renamed */
	store_status_fn *made;
	store_fn *fn;
};

void store_watch(struct store *s, struct store_watcher *w)
{
	store_unwatch(w);
	list_append(&s->name_watchers, &w->node);
}

void store_unwatch(struct store_watcher *w)
{
	if (w->node.next)
		list_remove(&w->node);
}

static void tell_watchers(const struct name_job *j)
{
	const struct question *q = &j->mail.question;
	bool renamed = j->event == STORE_RENAMED;

	list_each(node, after, &q->store->name_watchers) {
		struct store_watcher *w = container_of(node, struct store_watcher, node);

		w->changed(w, j->event, q->abandoned ? NULL : q->owner,
			   renamed ? j->to.at : j->name.at, renamed ? j->name.at : NULL);
	}
}

static void finish_name(struct mail_job *mail)
{
	struct name_job *j = container_of(mail, struct name_job, mail);

	if (mail->st == STORE_OK && !j->same)
		tell_watchers(j);
	for (size_t at = 0; at < j->lost.len; at += strlen(j->lost.data + at) + 1)
		annotation_tell(mail->question.store, NULL, j->lost.data + at, ANNOTATION_USE);
	buf_release(&j->lost);
	if (!mail->question.abandoned && j->made)
		j->made(mail->question.owner, mail->st, &j->status);
	else if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st);
}

static struct name_job *make_job(void (*run)(struct mail_job *), enum store_event event,
				 store_fn *fn)
{
	struct name_job *j = mem_alloc(sizeof(*j));

	j->event = event;
	j->mail.run = run;
	j->mail.finish = finish_name;
	buf_init(&j->lost, LOST_MAX);
	j->fn = fn;
	return j;
}

static struct name_job *job_of(struct mail_job *mail)
{
	return container_of(mail, struct name_job, mail);
}

/* Whoever has it open is told. */
static void tell_gone(struct store *s, const char *dir)
{
	list_each(node, after, &s->folders) {
		struct folder *f = container_of(node, struct folder, node);

		if (strcmp(f->dir, dir) == 0)
			folder_is_gone(f);
	}
}

/* ---- CREATE ---- */

static enum store_status create(struct store *s, const struct folder_name *name)
{
	struct folder_dir dir;
	enum store_status st;

	if (folder_resolve(s->root, name->at, &dir))
		return STORE_EXISTS;
	if (!name_to_dir(name, &dir))
		return STORE_BAD_NAME;
	st = folder_forget(s, dir.at);
	return st == STORE_OK ? maildir_make(s->root, dir.at) : st;
}

static void run_create(struct mail_job *mail)
{
	mail->st = create(mail->question.store, &job_of(mail)->name);
}

static void note_lost(void *ctx, const char *name)
{
	struct name_job *j = ctx;

	buf_add(&j->lost, slice_make(name, strlen(name) + 1));
}

/* With its uses, or not at all (RFC 6154 3). */
static void run_create_for(struct mail_job *mail)
{
	struct name_job *j = job_of(mail);
	struct store *s = mail->question.store;
	struct folder_dir dir;
	struct folder *f;

	mail->st = create(s, &j->name);
	if (mail->st != STORE_OK || !name_to_dir(&j->name, &dir))
		return;
	if (j->uses)
		mail->st = special_use_give(s->root, dir.at, j->name.at, j->uses, note_lost, j);
	/* Somebody may have filled it since. */
	do {
		s->unfinished = false;
		if (mail->st == STORE_OK || mail->st == STORE_BUSY)
			mail->st = folder_open(s, j->name.at, false, &f);
	} while (s->unfinished);
	if (mail->st != STORE_OK) {
		(void)maildir_remove(s->root, dir.at);
		return;
	}
	j->status.uid_validity = f->head.uid_validity;
	j->status.uid_next = f->head.uid_next;
	j->status.highest_modseq = f->head.modseq;
	j->status.id = (uint64_t)f->head.id;
}

static void ask_create(struct store *s, struct name_job *j, const char *name, void *owner)
{
	struct slice given = slice_of(name);

	/* RFC 3501 6.3.3: a separator at the end says that names below are to come. */
	if (given.len > 1 && given.at[given.len - 1] == '/')
		given.len--;
	if (name_canonical(given, &j->name))
		store_ask(s, &j->mail, owner);
	else
		store_refuse(s, &j->mail, owner, STORE_BAD_NAME);
}

void store_create(struct store *s, const char *name, store_fn *fn, void *owner)
{
	ask_create(s, make_job(run_create, STORE_CREATED, fn), name, owner);
}

void store_create_for(struct store *s, const char *name, unsigned uses, store_status_fn *fn,
		      void *owner)
{
	struct name_job *j = make_job(run_create_for, STORE_CREATED, NULL);

	j->uses = uses;
	j->made = fn;
	ask_create(s, j, name, owner);
}

/* ---- DELETE ---- */

static void run_delete(struct mail_job *mail)
{
	struct store *s = mail->question.store;
	const char *name = job_of(mail)->name.at;
	struct folder_dir dir;

	if (strcmp(name, "INBOX") == 0) {
		mail->st = STORE_NOT_ALLOWED;
		return;
	}
	if (!folder_resolve(s->root, name, &dir)) {
		mail->st = folder_has_children(s->root, name) ? STORE_HAS_CHILDREN : STORE_NO_FOLDER;
		return;
	}
	mail->st = maildir_remove(s->root, dir.at);
	if (mail->st != STORE_OK)
		return;
	tell_gone(s, dir.at);
	/* The messages are gone whatever the index says. */
	(void)folder_forget(s, dir.at);
}

void store_delete(struct store *s, const char *name, store_fn *fn, void *owner)
{
	struct name_job *j = make_job(run_delete, STORE_DELETED, fn);

	if (name_canonical(slice_of(name), &j->name))
		store_ask(s, &j->mail, owner);
	else
		store_refuse(s, &j->mail, owner, STORE_NO_FOLDER);
}

/* ---- RENAME ---- */

struct move {
	struct folder_dir from, to;
	bool done;
};

struct moves {
	struct move *all;
	size_t count, cap;
};

/* The new name of `name`, which is `from` or below it. */
static bool new_name(const struct name_job *j, const char *name, struct folder_name *out)
{
	char text[2 * NAME_MAX_BYTES + 2];

	snprintf(text, sizeof(text), "%s%s", j->to.at, name + strlen(j->name.at));
	return name_canonical(slice_of(text), out);
}

static enum store_status plan_one(struct moves *m, const struct name_job *j, const char *root,
				  const char *dir, const char *name)
{
	struct move move = { .done = false };
	struct folder_name to;
	struct folder_dir other;

	if (!new_name(j, name, &to) || !name_to_dir(&to, &move.to))
		return STORE_BAD_NAME;
	if (folder_resolve(root, to.at, &other))
		return STORE_EXISTS;
	memcpy(move.from.at, dir, strlen(dir) + 1);
	if (m->count == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 8;
		m->all = mem_grow(m->all, m->cap, sizeof(*m->all));
	}
	m->all[m->count++] = move;
	return STORE_OK;
}

/* Every directory that moves: the folder's and those of folders below it. */
static enum store_status plan(struct moves *m, const struct name_job *j, const char *root)
{
	enum store_status st = STORE_OK;
	struct dirent *e;
	DIR *dir = opendir(root);

	if (!dir)
		return maildir_failed("cannot list the folders of", root, errno);
	errno = 0;
	while (st == STORE_OK && (e = readdir(dir))) {
		struct folder_name name;

		if (e->d_name[0] == '.' && strlen(e->d_name) <= NAME_DIR_MAX &&
		    name_from_dir(e->d_name, &name) &&
		    (strcmp(name.at, j->name.at) == 0 || name_is_above(j->name.at, name.at)))
			st = plan_one(m, j, root, e->d_name, name.at);
		errno = 0;
	}
	/* A child that was not read would stay behind. */
	if (st == STORE_OK && errno)
		st = maildir_failed("cannot list the folders of", root, errno);
	closedir(dir);
	return st == STORE_OK && m->count == 0 ? STORE_NO_FOLDER : st;
}

static int rename_dir(const char *root, const struct folder_dir *from,
		      const struct folder_dir *to)
{
	struct path a, b;

	path_make(&a, root, from->at, "", "");
	path_make(&b, root, to->at, "", "");
	return rename(a.at, b.at) == 0 ? 0 : errno;
}

static enum store_status carry_out(struct store *s, struct moves *m)
{
	enum store_status st = STORE_OK;

	for (size_t i = 0; st == STORE_OK && i < m->count; i++) {
		int err = rename_dir(s->root, &m->all[i].from, &m->all[i].to);

		m->all[i].done = err == 0;
		if (err)
			st = maildir_failed("cannot rename a folder", m->all[i].from.at, err);
	}
	if (st == STORE_OK && !maildir_sync(s->root))
		st = STORE_FAILED;
	for (size_t i = 0; st != STORE_OK && i < m->count; i++) {
		if (m->all[i].done)
			rename_dir(s->root, &m->all[i].to, &m->all[i].from);
	}
	return st;
}

/* Rows follow their directories: UIDs stay, and every UIDVALIDITY of the store is
 * another, so the new name never had this one. */
static void rename_rows(struct store *s, const struct moves *m)
{
	bool ok = true;

	for (size_t i = 0; i < m->count; i++) {
		tell_gone(s, m->all[i].from.at);
		(void)folder_forget(s, m->all[i].to.at);
	}
	if (!store_begin(s))
		return;
	for (size_t i = 0; ok && i < m->count; i++)
		ok = index_folder_rename(s->index, m->all[i].from.at, m->all[i].to.at);
	(void)store_commit(s, ok);
}

/* RFC 5464 4.1: INBOX has its annotations afterwards, and so has the new folder. */
static enum store_status copy_annotations(const char *root, const char *to)
{
	struct annotation_file file;
	enum store_status st = STORE_FAILED;
	struct folder_dir dir;

	if (annotation_file_read(&file, root, "") && folder_resolve(root, to, &dir))
		st = file.count ? annotation_file_write(&file, root, dir.at) : STORE_OK;
	annotation_file_release(&file);
	return st;
}

/* RFC 3501 6.3.5: INBOX stays, its messages move. */
static enum store_status rename_inbox(struct store *s, struct name_job *j)
{
	struct folder *from, *to;
	struct copy_list list;
	enum store_status st = folder_open(s, "INBOX", true, &from);

	if (st == STORE_OK)
		st = folder_sync(from, &j->look);
	/* Last of what may have to be run again. */
	if (st == STORE_OK)
		st = create(s, &j->to);
	if (st == STORE_OK)
		st = folder_open(s, j->to.at, false, &to);
	if (st != STORE_OK)
		return st;
	copy_list_init(&list);
	copy_list_all(&list, from);
	st = folder_copy(from, to, &list, true);
	copy_list_release(&list);
	if (st == STORE_OK)
		st = copy_annotations(s->root, j->to.at);
	return st;
}

/* A special use that a folder has by its name alone goes with the folder. */
static enum store_status keep_use(const char *root, const struct folder_name *name)
{
	struct folder_dir dir;
	unsigned uses;

	if (!special_use_by_name(name->at) || !folder_resolve(root, name->at, &dir))
		return STORE_OK;
	if (!special_use_of(root, dir.at, name->at, &uses))
		return STORE_FAILED;
	return special_use_write(root, dir.at, uses);
}

static void run_rename(struct mail_job *mail)
{
	struct name_job *j = job_of(mail);
	struct store *s = mail->question.store;
	struct moves m = { NULL, 0, 0 };
	struct folder_dir dir;

	if (folder_resolve(s->root, j->to.at, &dir) || folder_has_children(s->root, j->to.at)) {
		mail->st = STORE_EXISTS;
	} else if (strcmp(j->name.at, "INBOX") == 0) {
		mail->st = rename_inbox(s, j);
	} else if (name_is_above(j->name.at, j->to.at)) {
		mail->st = STORE_BAD_NAME;
	} else {
		mail->st = plan(&m, j, s->root);
		if (mail->st == STORE_OK)
			mail->st = keep_use(s->root, &j->name);
		if (mail->st == STORE_OK)
			mail->st = carry_out(s, &m);
		if (mail->st == STORE_OK)
			rename_rows(s, &m);
	}
	free(m.all);
}

void store_rename(struct store *s, const char *from, const char *to, store_fn *fn, void *owner)
{
	struct name_job *j = make_job(run_rename, STORE_RENAMED, fn);
	struct slice given = slice_of(to);

	if (given.len > 1 && given.at[given.len - 1] == '/')
		given.len--;
	if (!name_canonical(slice_of(from), &j->name))
		store_refuse(s, &j->mail, owner, STORE_NO_FOLDER);
	else if (!name_canonical(given, &j->to))
		store_refuse(s, &j->mail, owner, STORE_BAD_NAME);
	else
		store_ask(s, &j->mail, owner);
}

/* ---- SUBSCRIBE ---- */

static void run_subscribe(struct mail_job *mail)
{
	struct name_job *j = job_of(mail);
	const char *root = mail->question.store->root;
	struct subscriptions subs;

	j->same = subscriptions_read(&subs, root) && subscriptions_have(&subs, j->name.at) == j->on;
	subscriptions_release(&subs);
	mail->st = subscribe_change(root, j->name.at, j->on);
}

void store_subscribe(struct store *s, const char *name, bool on, store_fn *fn, void *owner)
{
	struct name_job *j = make_job(run_subscribe, STORE_SUBSCRIPTION, fn);

	j->on = on;
	if (name_canonical(slice_of(name), &j->name))
		store_ask(s, &j->mail, owner);
	else
		store_refuse(s, &j->mail, owner, STORE_BAD_NAME);
}
