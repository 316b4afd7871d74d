/*
 * STATUS: the folder's row in the index holds every count, kept up with each
 * change, so a client that asks for fifty folders costs a hundred stat calls.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "folder.h"
#include "mailbox_private.h"
#include "watch.h"

struct status_job {
	struct mail_job mail;
	struct folder_name name;
	uint32_t first_recent;           /* of an open mailbox; 0: the index knows */
	struct folder_status status;
	store_status_fn *fn;
};

static void run_status(struct mail_job *mail)
{
	struct status_job *j = container_of(mail, struct status_job, mail);
	struct store *s = mail->question.store;
	struct folder_status *out = &j->status;
	uint32_t recent;
	struct folder *f;

	mail->st = folder_open(s, j->name.at, false, &f);
	if (mail->st == STORE_OK)
		mail->st = folder_sync(f, false);
	if (mail->st != STORE_OK)
		return;
	recent = f->head.first_recent > j->first_recent ? f->head.first_recent : j->first_recent;
	out->messages = (uint32_t)f->head.messages;
	out->unseen = (uint32_t)f->head.unseen;
	out->uid_next = f->head.uid_next;
	out->uid_validity = f->head.uid_validity;
	out->size = f->head.bytes;
	out->highest_modseq = f->head.modseq;
	if (!index_count_from(s->index, f->head.id, recent, &out->recent))
		mail->st = index_failure(s->index);
}

static void finish_status(struct mail_job *mail)
{
	struct status_job *j = container_of(mail, struct status_job, mail);

	if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st, &j->status);
}

void store_folder_status(struct store *s, const char *name, store_status_fn *fn, void *owner)
{
	struct status_job *j = mem_alloc(sizeof(*j));
	struct mailbox *m;

	j->mail.run = run_status;
	j->mail.finish = finish_status;
	j->fn = fn;
	if (!name_canonical(slice_of(name), &j->name)) {
		store_refuse(s, &j->mail, owner, STORE_NO_FOLDER);
		return;
	}
	m = mailbox_find(s, &j->name);
	if (m) {
		watch_drain(s->watch);
		mailbox_sync_now(m);
		j->first_recent = m->first_recent;
	}
	store_ask(s, &j->mail, owner);
}
