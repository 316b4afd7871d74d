/*
 * Questions about annotations.  They go through the mail lane, as everything does
 * that belongs to a folder by its name: a RENAME that is under way has moved all of
 * it or nothing.
 */
#include "store/annotation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "annotation_file.h"
#include "base/mem.h"
#include "folder.h"
#include "special_use.h"

struct annotation_job {
	struct mail_job mail;
	bool server;
	struct folder_name name;
	struct annotation_file file;     /* what was read; for a change, the changes */
	struct annotation changes[ANNOTATIONS_MAX];
	size_t change_count;
	struct folder_name *lost;        /* folders that lost a use by this */
	size_t lost_count;
	store_annotations_fn *got;
	store_fn *set;
};

static struct annotation_job *job_of(struct mail_job *mail)
{
	return container_of(mail, struct annotation_job, mail);
}

static bool find_dir(struct annotation_job *j, struct folder_dir *dir)
{
	if (j->server || folder_resolve(j->mail.question.store->root, j->name.at, dir))
		return true;
	j->mail.st = STORE_NO_FOLDER;
	return false;
}

static void run_get(struct mail_job *mail)
{
	struct annotation_job *j = job_of(mail);
	const char *root = mail->question.store->root;
	struct folder_dir dir;
	struct buf uses;
	unsigned has;

	if (!find_dir(j, &dir))
		return;
	if (!annotation_file_read(&j->file, root, j->server ? NULL : dir.at))
		mail->st = STORE_FAILED;
	if (j->server || mail->st != STORE_OK)
		return;
	if (!special_use_of(root, dir.at, j->name.at, &has)) {
		mail->st = STORE_FAILED;
		return;
	}
	buf_init(&uses, 256);
	special_use_print(&uses, has);
	if (has)
		annotation_file_set(&j->file, ANNOTATION_USE, buf_slice(&uses));
	buf_release(&uses);
}

static void note_lost(void *ctx, const char *name)
{
	struct annotation_job *j = ctx;

	j->lost = mem_grow(j->lost, j->lost_count + 1, sizeof(*j->lost));
	memcpy(j->lost[j->lost_count].at, name, strlen(name) + 1);
	j->lost_count++;
}

/* Everything is tried before anything is written; the use is the second file. */
static void run_set(struct mail_job *mail)
{
	struct annotation_job *j = job_of(mail);
	const char *root = mail->question.store->root;
	bool use = false, others = false;
	struct folder_dir dir;
	unsigned uses = 0;

	if (!find_dir(j, &dir))
		return;
	if (!annotation_file_read(&j->file, root, j->server ? NULL : dir.at)) {
		mail->st = STORE_FAILED;
		return;
	}
	for (size_t i = 0; i < j->change_count && mail->st == STORE_OK; i++) {
		const struct annotation *c = &j->changes[i];

		if (!j->server && strcmp(c->name, ANNOTATION_USE) == 0) {
			use = true;
			if (!special_use_parse(c->value, &uses) ||
			    (uses && strcmp(j->name.at, "INBOX") == 0))
				mail->st = STORE_BAD_USE;
			continue;
		}
		others = true;
		if (!annotation_file_set(&j->file, c->name, c->value))
			mail->st = STORE_TOO_MANY;
	}
	if (mail->st == STORE_OK && others)
		mail->st = annotation_file_write(&j->file, root, j->server ? NULL : dir.at);
	if (mail->st == STORE_OK && use)
		mail->st = special_use_give(root, dir.at, j->name.at, uses, note_lost, j);
}

void annotation_tell(struct store *s, const void *owner, const char *folder, const char *name)
{
	list_each(node, after, &s->annotation_watchers) {
		struct annotation_watcher *w = container_of(node, struct annotation_watcher, node);

		w->changed(w, owner, folder, name);
	}
}

static void finish(struct mail_job *mail)
{
	struct annotation_job *j = job_of(mail);
	struct question *q = &mail->question;

	for (size_t i = 0; i < j->change_count && mail->st == STORE_OK; i++)
		annotation_tell(q->store, q->owner, j->server ? "" : j->name.at,
				j->changes[i].name);
	for (size_t i = 0; i < j->lost_count; i++)
		annotation_tell(q->store, NULL, j->lost[i].at, ANNOTATION_USE);
	if (!q->abandoned && j->got)
		j->got(q->owner, mail->st, j->file.all, j->file.count);
	else if (!q->abandoned)
		j->set(q->owner, mail->st);
	for (size_t i = 0; i < j->change_count; i++) {
		free((void *)(uintptr_t)j->changes[i].name);
		free((void *)(uintptr_t)j->changes[i].value.at);
	}
	annotation_file_release(&j->file);
	free(j->lost);
}

static void ask(struct store *s, struct annotation_job *j, const char *folder, void *owner)
{
	j->mail.finish = finish;
	j->server = !*folder;
	if (j->server || name_canonical(slice_of(folder), &j->name))
		store_ask(s, &j->mail, owner);
	else
		store_refuse(s, &j->mail, owner, STORE_NO_FOLDER);
}

void store_annotations(struct store *s, const char *folder, store_annotations_fn *fn, void *owner)
{
	struct annotation_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_get;
	j->got = fn;
	ask(s, j, folder, owner);
}

void store_annotate(struct store *s, const char *folder, const struct annotation *changes,
		    size_t count, store_fn *fn, void *owner)
{
	struct annotation_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_set;
	j->set = fn;
	for (size_t i = 0; i < count && i < ANNOTATIONS_MAX; i++) {
		struct slice v = changes[i].value;

		j->changes[j->change_count++] = (struct annotation){
			mem_string(changes[i].name),
			v.at ? slice_make(mem_bytes(v.at, v.len), v.len) : v,
		};
	}
	ask(s, j, folder, owner);
}

void store_watch_annotations(struct store *s, struct annotation_watcher *w)
{
	if (!w->node.next)
		list_init(&w->node);
	list_remove(&w->node);
	list_append(&s->annotation_watchers, &w->node);
}

void store_unwatch_annotations(struct annotation_watcher *w)
{
	if (w->node.next)
		list_remove(&w->node);
}
