/*
 * Flags and expunge.  A flag is a letter in a file's name, so a change is a
 * rename, and another program may have renamed the file a moment before: then
 * it is looked for, its new flags are taken in, and ours are changed on top.
 *
 * A hundred thousand renames take a second or two, and a delivery does not wait for
 * that: a long edit gives the lane away now and then and goes on behind what
 * waited.  Every message is changed once, with its row and its file, so others see
 * an edit half done and never a message half changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "finder.h"
#include "mailbox_private.h"
#include "watch.h"

/* What a delivery waits at most for one edit, and a commit is little beside it. */
enum { SLICE_MS = 50 };

struct edit_job {
	struct mail_job mail;
	struct mailbox *m;
	struct uid_set uids, refused;
	bool all;
	enum flag_change change;
	unsigned flags;
	bool conditional;
	uint64_t unchanged_since;
	char **words;
	size_t word_count;
	struct keyword_list given;       /* the words, by number */
	struct finder finder;
	bool begun, removed;             /* a slice of it; any message */
	uint32_t next;                   /* UIDs before it are done */
	uint64_t until;                  /* the end of this slice */
	int dir[2];                      /* new/ and cur/, in this slice; -1: not to be had */
	mailbox_flags_fn *flags_fn;
	store_fn *fn;
};

typedef bool edit_fn(struct edit_job *j, struct folder *f, const struct record *r);

/* The file is not where it was.  False: the index failed.  Else it has another name
 * and the record follows it, or the message is gone. */
static bool look_for(struct edit_job *j, struct folder *f, const struct record *r)
{
	enum place place = (enum place)r->place;
	char name[FILE_NAME];

	snprintf(name, sizeof(name), "%s", table_name(&f->table, r));
	return finder_find(&j->finder, f->path, &place, name) 
	       ? folder_file_moved(f, table_own(&f->table, r), place, name) : folder_remove(f, r);
}

/* ---- STORE ---- */

static unsigned new_flags(const struct edit_job *j, unsigned old)
{
	switch (j->change) {
	case FLAGS_ADD: return old | j->flags;
	case FLAGS_REMOVE: return old & ~j->flags;
	case FLAGS_SET: break;
	}
	return j->flags;
}

static bool new_keywords(const struct edit_job *j, struct keywords *k, unsigned old,
			 unsigned *set)
{
	struct keyword_list list;

	if (j->change != FLAGS_SET && j->given.count == 0) {
		*set = old;
		return true;
	}
	if (j->change == FLAGS_SET)
		return keywords_intern(k, j->given.ids, j->given.count, set);
	keyword_list_of(k, old, &list);
	for (size_t i = 0; i < j->given.count; i++) {
		if (j->change == FLAGS_ADD)
			keyword_list_add(&list, j->given.ids[i]);
		else
			keyword_list_remove(&list, j->given.ids[i]);
	}
	return keywords_intern(k, list.ids, list.count, set);
}

/* In cur/ under the name that says what it is now.  0 or errno. */
static int rename_for(const struct edit_job *j, struct folder *f, struct record *r,
		      unsigned flags, unsigned set)
{
	struct keywords *k = f->store->keywords;
	const char *was = table_name(&f->table, r);
	char old[FILE_NAME], name[FILE_NAME];
	letter_set letters;

	memcpy(old, was, strlen(was) + 1);
	letters_assign(&f->letters, k, f->path, keywords_set(k, set));
	/* Letters that mean nothing to us mean something to somebody. */
	letters = file_letters(old) & ~LETTERS_SYSTEM & ~letters_known(&f->letters);
	letters |= letters_of_flags(flags) | letters_of_set(&f->letters, keywords_set(k, set));
	if (!file_name_make(name, old, file_base_len(old), letters))
		return ENAMETOOLONG;
	if (r->place == PLACE_CUR && strcmp(old, name) == 0)
		return faccessat(j->dir[PLACE_CUR], old, F_OK, 0) == 0 ? 0 : errno;
	if (renameat(j->dir[r->place], old, j->dir[PLACE_CUR], name) != 0)
		return errno;
	r->place = PLACE_CUR;
	table_rename(&f->table, r, name);
	return 0;
}

static bool edit_flags(struct edit_job *j, struct folder *f, const struct record *r)
{
	const uint32_t uid = r->uid;

	for (unsigned tries = 0; r && tries < 3; tries++) {
		struct record before = *r, *mine;
		unsigned flags, set;
		int err;

		/* RFC 7162 3.1.3 */
		if (j->conditional && r->modseq > j->unchanged_since) {
			uid_set_add(&j->refused, uid, uid);
			return true;
		}
		flags = new_flags(j, r->flags);
		if (!new_keywords(j, f->store->keywords, r->keywords, &set)) {
			j->mail.st = STORE_NO_SPACE;
			return true;
		}
		if (flags == r->flags && set == r->keywords)
			return true;
		mine = table_own(&f->table, r);
		err = rename_for(j, f, mine, flags, set);
		if (err == ENOENT) {
			if (!look_for(j, f, mine))
				return false;
			r = table_uid(&f->table, uid);
			continue;
		}
		if (err) {
			j->mail.st = maildir_failed("cannot change flags in", f->path, err);
			return true;
		}
		mine->flags = (uint8_t)flags;
		mine->keywords = set;
		table_note_keywords(&f->table, f->store->keywords, set);
		mine->modseq = folder_tick(f);
		folder_count(f, &before, -1);
		folder_count(f, mine, 1);
		return folder_keep(f, mine);
	}
	return true;
}

/* ---- EXPUNGE ---- */

static bool expunge(struct edit_job *j, struct folder *f, const struct record *r)
{
	const uint32_t uid = r->uid;

	for (unsigned tries = 0; r && tries < 3 && (r->flags & MESSAGE_DELETED); tries++) {
		if (unlinkat(j->dir[r->place], table_name(&f->table, r), 0) == 0)
			return folder_remove(f, r);
		if (errno != ENOENT) {
			j->mail.st = maildir_failed("cannot remove a message in", f->path, errno);
			return true;
		}
		/* Renamed by another program, which may have taken \Deleted off. */
		if (!look_for(j, f, r))
			return false;
		r = table_uid(&f->table, uid);
	}
	return true;
}

/* ---- Both ---- */

static bool edit_range(struct edit_job *j, struct folder *f, struct uid_range range, edit_fn *fn)
{
	struct table *t = &f->table;
	uint32_t first = range.first > j->next ? range.first : j->next;
	bool ok = true;

	if (range.last < first)
		return true;
	for (uint32_t at = records_find(&t->records, first);
	     ok && j->mail.st == STORE_OK && at < t->records.count; at++) {
		const struct record *r = records_at(&t->records, at);

		if (r->uid > range.last)
			break;
		if (clock_mono_ms() >= j->until && r->uid > j->next) {
			j->next = r->uid;
			j->mail.again = true;
			break;
		}
		if (r->name)
			ok = fn(j, f, r);
	}
	return ok;
}

static void close_places(struct edit_job *j)
{
	for (int place = PLACE_NEW; place <= PLACE_CUR; place++) {
		if (j->dir[place] >= 0)
			close(j->dir[place]);
	}
}

/* The way to them need not be walked for each message. */
static bool open_places(struct edit_job *j, const struct folder *f)
{
	int err = 0;

	for (int place = PLACE_NEW; place <= PLACE_CUR; place++) {
		struct path path;

		path_make(&path, f->path, place_name((enum place)place), "", "");
		j->dir[place] = open(path.at, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (j->dir[place] < 0)
			err = errno;
	}
	/* Without a new/ there is nothing in it to be renamed: it is then looked for. */
	if (j->dir[PLACE_CUR] >= 0 && (!err || err == ENOENT))
		return true;
	close_places(j);
	maildir_failed("cannot change messages in", f->path, err);
	return false;
}

static enum store_status edit_all(struct edit_job *j, struct folder *f, edit_fn *fn)
{
	struct store *s = f->store;
	const struct uid_range everything = { 1, UINT32_MAX };
	enum store_status st;
	bool ok = true;

	if (!open_places(j, f))
		return STORE_FAILED;
	if (!store_begin(s)) {
		close_places(j);
		return index_failure(s->index);
	}
	j->until = clock_mono_ms() + SLICE_MS;
	if (j->all)
		ok = edit_range(j, f, everything, fn);
	for (size_t i = 0; ok && !j->mail.again && i < j->uids.count; i++)
		ok = edit_range(j, f, j->uids.ranges[i], fn);
	table_sweep(&f->table);
	st = store_commit(s, ok);
	j->mail.again = j->mail.again && st == STORE_OK;
	/* What it has seen of the directory is old by the next slice. */
	finder_release(&j->finder);
	close_places(j);
	/* What was done stays done, even when a later one could not be. */
	return st == STORE_OK ? j->mail.st : st;
}

static void run_flags(struct mail_job *mail)
{
	struct edit_job *j = container_of(mail, struct edit_job, mail);
	struct folder *f = folder_of_mailbox(mail->question.store, j->m);

	if (!f) {
		mail->st = STORE_GONE;
		return;
	}
	for (size_t i = 0; !j->begun && i < j->word_count; i++) {
		int id = keywords_id(f->store->keywords, slice_of(j->words[i]));

		if (id < 0)
			mail->st = STORE_NO_SPACE;
		else
			keyword_list_add(&j->given, id);
	}
	j->begun = true;
	if (mail->st == STORE_OK)
		mail->st = edit_all(j, f, edit_flags);
}

static void run_expunge(struct mail_job *mail)
{
	struct edit_job *j = container_of(mail, struct edit_job, mail);
	struct folder *f = folder_of_mailbox(mail->question.store, j->m);
	uint64_t messages = f ? f->head.messages : 0;
	struct path cur;

	if (!f) {
		mail->st = STORE_GONE;
		return;
	}
	mail->st = edit_all(j, f, expunge);
	j->removed = j->removed || f->head.messages != messages;
	if (!j->removed || mail->again)
		return;
	/* A message that a client was told is gone does not come back. */
	path_make(&cur, f->path, "cur", "", "");
	if (!maildir_sync(cur.at) && mail->st == STORE_OK)
		mail->st = STORE_FAILED;
}

static void finish_edit(struct mail_job *mail)
{
	struct edit_job *j = container_of(mail, struct edit_job, mail);

	if (j->flags_fn && !mail->question.abandoned)
		j->flags_fn(mail->question.owner, mail->st, &j->refused);
	else if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st);
	for (size_t i = 0; i < j->word_count; i++)
		free(j->words[i]);
	free(j->words);
	uid_set_release(&j->uids);
	uid_set_release(&j->refused);
	mailbox_release(j->m);
}

static struct edit_job *make_edit(struct mailbox *m, const struct uid_set *uids,
				  void (*run)(struct mail_job *))
{
	struct edit_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run;
	j->mail.finish = finish_edit;
	j->m = m;
	/* Between two slices a closing job could come, if this did not hold it open. */
	m->users++;
	uid_set_init(&j->uids);
	uid_set_init(&j->refused);
	if (uids)
		uid_set_copy(&j->uids, uids);
	else
		j->all = true;
	return j;
}

void mailbox_edit_flags(struct mailbox *m, const struct uid_set *uids,
			const struct flag_edit *edit, mailbox_flags_fn *fn, void *owner)
{
	struct edit_job *j = make_edit(m, uids, run_flags);

	j->change = edit->change;
	j->flags = edit->flags;
	j->conditional = edit->conditional;
	j->unchanged_since = edit->unchanged_since;
	j->word_count = edit->keyword_count;
	j->words = mem_array(j->word_count ? j->word_count : 1, sizeof(*j->words));
	for (size_t i = 0; i < j->word_count; i++)
		j->words[i] = mem_string(edit->keywords[i]);
	j->flags_fn = fn;
	store_ask(m->store, &j->mail, owner);
}

void mailbox_expunge(struct mailbox *m, const struct uid_set *uids, store_fn *fn, void *owner)
{
	struct edit_job *j = make_edit(m, uids, run_expunge);

	j->fn = fn;
	store_ask(m->store, &j->mail, owner);
}
