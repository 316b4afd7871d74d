/*
 * The store: opening it, and the way every question takes to the mail lane and
 * back.
 *
 * A question is on the store's list from the moment it is asked until it is
 * answered, so that store_abandon() finds all of an owner's without the owner
 * keeping a list.  An answer brings the news with it: what the job changed in
 * open folders is installed before anybody is told, so that who asked finds it.
 */
#include "store/store.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "folder.h"
#include "mailbox_private.h"
#include "spool_private.h"
#include "subscribe.h"
#include "watch.h"

/* How often the disk is asked whether there is room under the quota after all. */
enum { COUNT_EVERY_MS = 60000 };

/* What a delivery waits for a folder that is being compared, and its commit is little
 * beside it; to ask the clock takes a tenth of what a file does. */
enum { SLICE_MS = 40, SLICE_FILES = 16 };

/* The largest UIDVALIDITY ever given, for when the index is lost. */
#define VALIDITY_FILE "letterplate-uidvalidity"

static const char *const FIRST_FOLDERS[] = { "Sent", "Drafts", "Trash", "Junk", "Archive" };
enum { FIRST_FOLDERS_COUNT = sizeof(FIRST_FOLDERS) / sizeof(FIRST_FOLDERS[0]) };

/* ---- Questions ---- */

static void answer_late(struct deferred *d)
{
	struct question *q = container_of(d, struct question, late);

	q->answer(q);
}

void question_begin(struct store *s, struct question *q, void *owner)
{
	q->store = s;
	q->owner = owner;
	q->abandoned = false;
	q->late = (struct deferred){ .call = answer_late };
	list_append(&s->questions, &q->node);
}

void question_end(struct question *q)
{
	list_remove(&q->node);
}

void question_answer_later(struct question *q)
{
	loop_defer(q->store->loop, &q->late);
}

void store_abandon(struct store *s, const void *owner)
{
	list_each(node, after, &s->questions) {
		struct question *q = container_of(node, struct question, node);

		if (q->owner == owner)
			q->abandoned = true;
	}
}

/* ---- The mail lane ---- */

static void lose_index(struct store *s)
{
	if (!index_renew(s->index))
		return;
	list_each(node, after, &s->folders)
		folder_is_gone(container_of(node, struct folder, node));
}

static void work_mail(struct job *job)
{
	struct mail_job *j = container_of(job, struct mail_job, job);
	struct store *s = j->question.store;

	if (index_is_damaged(s->index))
		lose_index(s);
	j->again = s->unfinished = false;
	j->run(j);
	if (s->unfinished) {
		j->again = true;
		j->st = STORE_OK;
	}
	j->rest = folders_settle(s, &j->news);
	j->leaving = s->leaving;
	s->leaving = NULL;
	j->bytes = index_bytes(s->index);
	j->added = s->added;
	s->added = false;
}

static void take_news(struct mail_job *j)
{
	while (j->news) {
		struct news *n = j->news;

		j->news = n->next;
		mailbox_take_news(n);
		free(n);
	}
}

static void end_mail(struct mail_job *j)
{
	take_news(j);
	question_end(&j->question);
	j->finish(j);
	free(j);
}

static void done_mail(struct job *job)
{
	struct mail_job *j = container_of(job, struct mail_job, job);

	j->question.store->bytes = j->bytes;
	kept_write(j->question.store, j->leaving);
	j->leaving = NULL;
	kept_again(j->question.store, j->rest);
	if (j->added)
		text_work_poke(j->question.store->text);
	if (j->again) {
		take_news(j);
		lane_submit_always(j->question.store->mail, &j->job);
		return;
	}
	end_mail(j);
}

static void answer_mail(struct question *q)
{
	end_mail(container_of(q, struct mail_job, question));
}

static void begin_mail(struct store *s, struct mail_job *j, void *owner)
{
	j->job.work = work_mail;
	j->job.done = done_mail;
	j->question.answer = answer_mail;
	question_begin(s, &j->question, owner);
}

void store_refuse(struct store *s, struct mail_job *j, void *owner, enum store_status st)
{
	begin_mail(s, j, owner);
	j->st = st;
	question_answer_later(&j->question);
}

bool store_ask(struct store *s, struct mail_job *j, void *owner)
{
	begin_mail(s, j, owner);
	if (lane_submit(s->mail, &j->job))
		return true;
	j->st = STORE_BUSY;
	question_answer_later(&j->question);
	return false;
}

void store_ask_always(struct store *s, struct mail_job *j, void *owner)
{
	begin_mail(s, j, owner);
	lane_submit_always(s->mail, &j->job);
}

enum store_status store_unfinished(struct store *s)
{
	s->unfinished = true;
	return STORE_BUSY;
}

bool store_begin(struct store *s)
{
	return index_begin(s->index);
}

/* Who is killed before a folder was compared for the first time, to the end, does that
 * again, as for the first time. */
static bool put_head(struct store *s, const struct folder *f)
{
	struct index_folder head = f->head;

	if (folder_is_filling(f) && !f->mailbox)
		head.modseq = 1;
	return index_folder_put(s->index, &head);
}

enum store_status store_commit(struct store *s, bool ok)
{
	enum store_status st = STORE_OK;

	list_each(node, after, &s->folders) {
		struct folder *f = container_of(node, struct folder, node);

		if (f->altered)
			f->head.stamp = random_u64() >> 1 | 1;
		if (ok && f->touched && f->head.id)
			ok = vanished_keep(f) && put_head(s, f);
	}
	if (!ok)
		index_rollback(s->index);
	else
		ok = index_commit(s->index);
	if (!ok)
		st = index_failure(s->index);
	list_each(node, after, &s->folders) {
		struct folder *f = container_of(node, struct folder, node);

		if (!ok && f->touched)
			f->broken = true;
		f->touched = f->altered = false;
		uid_set_release(&f->vanished);
	}
	return st;
}

/* ---- UIDVALIDITY ---- */

static bool read_validity(const struct store *s, uint32_t *validity)
{
	uint64_t value = 0;
	struct buf text;
	bool ok;

	buf_init(&text, 64);
	ok = maildir_read(s->root, VALIDITY_FILE, &text);
	if (ok && !text_number(slice_trim(buf_slice(&text)), UINT32_MAX, &value))
		value = 0;
	buf_release(&text);
	*validity = (uint32_t)value;
	return ok;
}

enum store_status store_raise_validity(struct store *s, uint32_t validity)
{
	enum store_status st;
	char *text;

	if (validity <= s->last_validity)
		return STORE_OK;
	text = mem_printf("%u\n", validity);
	st = maildir_replace(s->root, VALIDITY_FILE, slice_of(text));
	free(text);
	if (st == STORE_OK)
		s->last_validity = validity;
	return st;
}

enum store_status store_new_validity(struct store *s, uint32_t *validity)
{
	int64_t now = clock_wall();

	*validity = s->last_validity + 1;
	if (now > *validity && now < UINT32_MAX)
		*validity = (uint32_t)now;
	return store_raise_validity(s, *validity);
}

/* ---- Opening ---- */

/* The folder above may not be ours to open: then it was not us who lose it. */
static bool make_synced(const char *path)
{
	if (mkdir(path, 0700) == 0)
		(void)dir_sync_of(path);
	else if (errno != EEXIST)
		return false;
	return true;
}

static bool make_parents(const char *path)
{
	struct path p;

	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		snprintf(p.at, sizeof(p.at), "%.*s", (int)i, path);
		if (!make_synced(p.at))
			return false;
	}
	return make_synced(path);
}

static bool make_first_folders(struct store *s)
{
	if (subscribe_change(s->root, "INBOX", true) != STORE_OK)
		return false;
	for (size_t i = 0; i < FIRST_FOLDERS_COUNT; i++) {
		struct folder_name name;
		struct folder_dir dir;
		enum store_status st;

		if (!name_canonical(slice_of(FIRST_FOLDERS[i]), &name) ||
		    !name_to_dir(&name, &dir))
			return false;
		st = maildir_make(s->root, dir.at);
		if ((st != STORE_OK && st != STORE_EXISTS) ||
		    subscribe_change(s->root, name.at, true) != STORE_OK)
			return false;
	}
	return true;
}

struct count_job {
	struct mail_job mail;
	char **dirs;                     /* to be counted; then those that the index alone has */
	size_t count, cap;
	bool begun;
	struct look look;                /* of the last of them */
};

static void note_dir(struct count_job *c, const char *dir)
{
	if (c->count == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 8;
		c->dirs = mem_grow(c->dirs, c->cap, sizeof(*c->dirs));
	}
	c->dirs[c->count++] = mem_string(dir);
}

static void note_gone(void *ctx, const char *dir)
{
	struct count_job *c = ctx;
	struct path path;

	if (strlen(dir) > NAME_DIR_MAX)
		return;
	path_make(&path, c->mail.question.store->root, dir, "", "");
	if (access(path.at, F_OK) != 0 && errno == ENOENT)
		note_dir(c, dir);
}

/* What another program removed takes no room any more. */
static void forget_gone(struct count_job *c)
{
	struct store *s = c->mail.question.store;

	if (access(s->root, F_OK) != 0 || !index_folders(s->index, note_gone, c))
		return;
	while (c->count > 0) {
		char *dir = c->dirs[--c->count];

		list_each(node, after, &s->folders) {
			struct folder *f = container_of(node, struct folder, node);

			if (strcmp(f->dir, dir) == 0)
				folder_is_gone(f);
		}
		(void)folder_forget(s, dir);
		free(dir);
	}
}

static void list_dirs(struct count_job *c)
{
	DIR *dir = opendir(c->mail.question.store->root);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		const char *name = strcmp(e->d_name, ".") == 0 ? "" : e->d_name;

		if (strlen(name) <= NAME_DIR_MAX)
			note_dir(c, name);
	}
	if (dir)
		closedir(dir);
	c->begun = true;
}

/* With a quota every folder counts, also one that nobody has opened since the
 * index was made. */
static void run_count(struct mail_job *j)
{
	struct count_job *c = container_of(j, struct count_job, mail);
	struct store *s = j->question.store;

	if (!c->begun)
		list_dirs(c);
	while (c->count > 0) {
		struct folder_name read;
		struct folder *f;

		if (name_from_dir(c->dirs[c->count - 1], &read) &&
		    folder_open(s, read.at, false, &f) == STORE_OK)
			(void)folder_sync(f, &c->look);
		if (s->unfinished)
			return;
		free(c->dirs[--c->count]);
		c->look = (struct look){ .force = false };
	}
	forget_gone(c);
}

static void finish_count(struct mail_job *j)
{
	struct count_job *c = container_of(j, struct count_job, mail);

	j->question.store->counting = false;
	while (c->count > 0)
		free(c->dirs[--c->count]);
	free(c->dirs);
}

void store_count(struct store *s)
{
	uint64_t now = clock_mono_ms();
	struct count_job *c;

	if (s->counting || (s->counted && now - s->counted < COUNT_EVERY_MS))
		return;
	c = mem_alloc(sizeof(*c));
	c->mail.run = run_count;
	c->mail.finish = finish_count;
	s->counting = true;
	s->counted = now;
	store_ask_always(s, &c->mail, NULL);
}

static bool make_index_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct path dir;

	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(dir.at))
		return true;
	snprintf(dir.at, sizeof(dir.at), "%.*s", (int)(slash - path), path);
	return make_parents(dir.at);
}

static bool make_subdir(const char *root, const char *name)
{
	struct path path;

	path_make(&path, root, name, "", "");
	return mkdir(path.at, 0700) == 0 || errno == EEXIST;
}

/* cur/ is made last: while it is missing this is the first start, whatever ended the
 * one before. */
static bool open_maildir(struct store *s, char *error, size_t size)
{
	bool is_new = !maildir_is_folder(s->root);

	if (!make_parents(s->root) || !make_subdir(s->root, "tmp") ||
	    (is_new && !make_first_folders(s)) || !maildir_complete(s->root)) {
		snprintf(error, size, "The Maildir %s cannot be made: %s.", s->root,
			 strerrordesc_np(errno));
		return false;
	}
	return true;
}

/* With the index ours: what another letterplate is about to do is no left-over. */
static bool tidy_maildir(struct store *s, char *error, size_t size)
{
	if (!spool_groups_finish(s->root)) {
		snprintf(error, size, "An interrupted APPEND in %s cannot be finished;"
			 " the log has the reason.", s->root);
		return false;
	}
	maildir_clean_tmp(s->root);
	return true;
}

static bool know_validity(const struct store *s, uint32_t *validity, char *error, size_t size)
{
	if (read_validity(s, validity))
		return true;
	snprintf(error, size, "The file %s/" VALIDITY_FILE " cannot be read: %s.", s->root,
		 strerrordesc_np(errno));
	return false;
}

/* The index's lock keeps two from one index; two with an index each would number the
 * same new mail, each in its own way. */
static bool lock_maildir(struct store *s, char *error, size_t error_size)
{
	s->lock = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->lock < 0 || flock(s->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return true;
	snprintf(error, error_size, "Another letterplate is running on the Maildir %s. Stop it, or"
		 " give each its own MAILFOLDER.", s->root);
	return false;
}

struct store *store_open(const struct store_options *o, char *error, size_t error_size)
{
	struct store *s = mem_alloc(sizeof(*s));
	uint32_t validity;

	s->lock = -1;
	s->loop = o->loop;
	s->mail = o->mail;
	s->writers = o->writers;
	s->readers = o->readers;
	s->root = mem_string(o->maildir);
	s->message_max = o->message_max;
	s->quota = o->quota;
	s->disk_floor = o->disk_floor;
	s->slice_ms = SLICE_MS;
	s->slice_files = SLICE_FILES;
	list_init(&s->questions);
	list_init(&s->mailboxes);
	list_init(&s->annotation_watchers);
	list_init(&s->name_watchers);
	list_init(&s->arrivals);
	list_init(&s->folders);
	for (size_t n = strlen(s->root); n > 1 && s->root[n - 1] == '/'; n--)
		s->root[n - 1] = '\0';
	if (strlen(s->root) > ROOT_MAX) {
		snprintf(error, error_size, "The path of the Maildir is too long.");
		store_close(s);
		return NULL;
	}
	if (!make_index_folder(o->index_path)) {
		snprintf(error, error_size, "The folder of %s cannot be made: %s.",
			 o->index_path, strerrordesc_np(errno));
		store_close(s);
		return NULL;
	}
	if (!open_maildir(s, error, error_size) || !lock_maildir(s, error, error_size) ||
	    !know_validity(s, &validity, error, error_size) ||
	    !(s->index = index_open(o->index_path, error, error_size)) ||
	    !tidy_maildir(s, error, error_size)) {
		store_close(s);
		return NULL;
	}
	s->keywords = keywords_new();
	s->images = mem_printf("%s-table-", o->index_path);
	kept_clean(s);
	s->watch = watch_new(s->loop, mailbox_take_events);
	s->bytes = index_bytes(s->index);
	s->last_validity = index_largest_validity(s->index);
	if (validity > s->last_validity)
		s->last_validity = validity;
	if (s->quota)
		store_count(s);
	if (o->text && o->text_path) {
		s->textindex = textindex_new(o->text_path);
		s->text = text_work_new(s->loop, o->text, s->textindex, s->index, s->root);
		text_work_poke(s->text);
	}
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	assert(list_empty(&s->questions) && list_empty(&s->mailboxes) && s->spools == 0);
	timer_clear(s->loop, &s->dropping);
	kept_end(s);
	watch_free(s->watch);
	text_work_free(s->text);
	textindex_free(s->textindex);
	index_close(s->index);
	if (s->lock >= 0)
		close(s->lock);
	keywords_free(s->keywords);
	free(s->images);
	free(s->root);
	free(s);
}
