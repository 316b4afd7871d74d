/*
 * Messages that lie in their folder already and are not in the index yet.  They
 * wait on a list and go together: during a burst of mail the index makes one
 * commit for all that came during the last.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "folder.h"
#include "spool_private.h"

struct note_job {
	struct mail_job mail;
	struct list arrivals;
};

void arrived_free(struct arrived *a)
{
	if (!a)
		return;
	list_remove(&a->node);
	for (size_t i = 0; i < INDEX_TEXTS; i++)
		buf_release(&a->texts[i]);
	free(a->keywords);
	free(a->tmp);
	free(a);
}

/* The file gets the letters of its keywords; those that have none are the
 * index's alone. */
static unsigned give_keywords(struct folder *f, struct arrived *a)
{
	struct keywords *k = f->store->keywords;
	const struct keyword_set *set;
	char name[FILE_NAME];
	struct path from, to;
	letter_set letters;
	unsigned id = 0;

	if (!keywords_parse(k, slice_of(a->keywords), &id) || id == 0)
		return 0;
	set = keywords_set(k, id);
	letters_assign(&f->letters, k, f->path, set);
	letters = file_letters(a->name) | letters_of_set(&f->letters, set);
	if (!file_name_make(name, a->name, file_base_len(a->name), letters))
		return id;
	path_message(&from, f->path, a->place, a->name);
	path_message(&to, f->path, a->place, name);
	if (rename(from.at, to.at) == 0)
		memcpy(a->name, name, sizeof(name));
	else
		maildir_failed("cannot give a message its keywords", from.at, errno);
	return id;
}

static bool add_one(struct folder *f, struct arrived *a, int64_t now)
{
	struct slice texts[INDEX_TEXTS];
	struct arrival n = {
		.name = a->name, .place = a->place, .size = a->size,
		.received = a->received, .saved = now, .texts = texts,
	};
	const struct record *known;
	struct record *r;
	struct path path;

	for (size_t i = 0; i < INDEX_TEXTS; i++)
		texts[i] = buf_slice(&a->texts[i]);
	path_message(&path, f->path, a->place, a->name);
	if (access(path.at, F_OK) != 0) {
		if (!index_message_uid(f->store->index, f->head.id, a->name,
				       file_base_len(a->name), &a->result.uid))
			return false;
		/* Somebody sorted it away already.  The event of that may have been
		 * before this record, so none would take it off again. */
		if (a->result.uid == 0) {
			f->suspect = true;
			return true;
		}
	}
	if (a->keywords)
		n.keywords = give_keywords(f, a);
	if (!folder_add(f, &n, &a->result.uid))
		return false;
	a->result.uid_validity = f->head.uid_validity;
	/* It may have been found by a comparison before we came. */
	known = n.keywords && f->loaded ? table_uid(&f->table, a->result.uid) : NULL;
	if (!known || known->keywords == n.keywords)
		return true;
	r = table_own(&f->table, known);
	if (!folder_file_moved(f, r, a->place, a->name))
		return false;
	r->keywords = n.keywords;
	table_note_keywords(&f->table, f->store->keywords, r->keywords);
	r->modseq = folder_tick(f);
	return folder_keep(f, r);
}

static void run_note(struct mail_job *j)
{
	struct note_job *note = container_of(j, struct note_job, mail);
	struct store *s = j->question.store;
	int64_t now = clock_wall();
	bool ok = true;

	/* Opening may need commits of its own, so all are opened first. */
	list_each(node, after, &note->arrivals) {
		struct arrived *a = container_of(node, struct arrived, node);
		struct folder *f;

		s->unfinished = false;
		(void)folder_open(s, a->folder.at, a->keywords != NULL, &f);
		a->unfinished = s->unfinished;
	}
	/* Those of the other folders need not wait for it. */
	s->unfinished = false;
	if (!store_begin(s))
		return;
	list_each(node, after, &note->arrivals) {
		struct arrived *a = container_of(node, struct arrived, node);
		struct folder *f = a->unfinished ? NULL : folder_by_name(s, a->folder.at);

		if (f && ok)
			ok = add_one(f, a, now);
	}
	if (store_commit(s, ok) == STORE_OK)
		return;
	list_each(node, after, &note->arrivals)
		memset(&container_of(node, struct arrived, node)->result, 0,
		       sizeof(struct spool_result));
}

/* Those that must wait, before those that came since. */
static void put_back(struct store *s, struct note_job *note)
{
	struct list *before = &s->arrivals;

	list_each(node, after, &note->arrivals) {
		struct arrived *a = container_of(node, struct arrived, node);

		if (!a->unfinished)
			continue;
		a->unfinished = false;
		list_remove(node);
		list_append(before->next, node);
		before = node;
	}
}

static void note_all(struct store *s);

static void finish_note(struct mail_job *j)
{
	struct note_job *note = container_of(j, struct note_job, mail);
	struct store *s = j->question.store;

	s->noting = false;
	put_back(s, note);
	while (!list_empty(&note->arrivals)) {
		struct arrived *a = container_of(note->arrivals.next, struct arrived, node);
		struct question *waiter = a->waiter;
		struct spool_result result = a->result;

		arrived_free(a);
		if (waiter)
			commit_has_uid(waiter, &result);
	}
	if (!s->noting && !list_empty(&s->arrivals))
		note_all(s);
}

static void note_all(struct store *s)
{
	struct note_job *note = mem_alloc(sizeof(*note));

	note->mail.run = run_note;
	note->mail.finish = finish_note;
	list_init(&note->arrivals);
	while (!list_empty(&s->arrivals)) {
		struct list *node = s->arrivals.next;

		list_remove(node);
		list_append(&note->arrivals, node);
	}
	s->noting = true;
	store_ask_always(s, &note->mail, NULL);
}

void arrived_note(struct store *s, struct arrived *a)
{
	list_append(&s->arrivals, &a->node);
	if (!s->noting)
		note_all(s);
}
