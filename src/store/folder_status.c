/*
 * STATUS: the folder's row in the index holds every count, kept up with each
 * change, so a client that asks for fifty folders costs two hundred stat calls.
 *
 * A folder that another program filled since has to be read, which takes its time
 * with a large one.  So a question about many lets others between once it has
 * lasted long enough, and goes on behind them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "folder.h"
#include "mailbox_private.h"
#include "watch.h"

enum { TURN_MS = 10 };

struct asked {
	struct folder_name name;
	bool bad;                        /* not a name */
	uint32_t first_recent;           /* of an open mailbox; 0: the index knows */
};

struct status_job {
	struct mail_job mail;
	struct asked *asked;
	struct folder_answer *answers;
	size_t count, next;
	struct look look;                /* at the next */
	store_status_fn *one;
	store_statuses_fn *many;
};

static enum store_status look(struct store *s, const struct asked *asked, struct look *wanted,
			      struct folder_status *out)
{
	enum store_status st;
	uint32_t recent;
	struct folder *f;

	if (asked->bad)
		return STORE_NO_FOLDER;
	st = folder_open(s, asked->name.at, false, &f);
	if (st == STORE_OK)
		st = folder_sync(f, wanted);
	if (st != STORE_OK)
		return st;
	recent = f->head.first_recent > asked->first_recent ? f->head.first_recent :
							      asked->first_recent;
	out->messages = (uint32_t)f->head.messages;
	out->unseen = (uint32_t)f->head.unseen;
	out->uid_next = f->head.uid_next;
	out->uid_validity = f->head.uid_validity;
	out->size = f->head.bytes;
	out->highest_modseq = f->head.modseq;
	out->deleted = (uint32_t)f->head.deleted;
	out->deleted_size = f->head.deleted_bytes;
	out->id = (uint64_t)f->head.id;
	/* Most folders have no new message at all. */
	if (recent >= f->head.uid_next)
		return STORE_OK;
	return index_count_from(s->index, f->head.id, recent, &out->recent) ?
		STORE_OK : index_failure(s->index);
}

static void run_status(struct mail_job *mail)
{
	struct status_job *j = container_of(mail, struct status_job, mail);
	struct store *s = mail->question.store;
	uint64_t until = clock_mono_ms() + TURN_MS;

	do {
		struct folder_answer *a = &j->answers[j->next];

		a->st = look(s, &j->asked[j->next], &j->look, &a->status);
		if (s->unfinished)
			return;
		j->look = (struct look){ .force = false };
	} while (++j->next < j->count && clock_mono_ms() < until);
	mail->again = j->next < j->count;
}

static void finish_status(struct mail_job *mail)
{
	struct status_job *j = container_of(mail, struct status_job, mail);

	if (!mail->question.abandoned && j->one)
		j->one(mail->question.owner, mail->st != STORE_OK ? mail->st : j->answers[0].st,
		       &j->answers[0].status);
	else if (!mail->question.abandoned)
		j->many(mail->question.owner, mail->st, j->answers, j->count);
	free(j->asked);
	free(j->answers);
}

static void prepare(struct store *s, struct asked *asked, const char *name)
{
	struct mailbox *m;

	asked->bad = !name_canonical(slice_of(name), &asked->name);
	m = asked->bad ? NULL : mailbox_find(s, &asked->name);
	if (m) {
		watch_drain(s->watch);
		mailbox_sync_now(m);
		asked->first_recent = m->first_recent;
	}
}

static struct status_job *make(struct store *s, const char *const *names, size_t count)
{
	struct status_job *j = mem_alloc(sizeof(*j));

	assert(count > 0 && count <= STORE_STATUSES_MAX);
	j->mail.run = run_status;
	j->mail.finish = finish_status;
	j->asked = mem_array(count, sizeof(*j->asked));
	j->answers = mem_array(count, sizeof(*j->answers));
	j->count = count;
	for (size_t i = 0; i < count; i++)
		prepare(s, &j->asked[i], names[i]);
	return j;
}

void store_folder_statuses(struct store *s, const char *const *names, size_t count,
			   store_statuses_fn *fn, void *owner)
{
	struct status_job *j = make(s, names, count);

	j->many = fn;
	store_ask(s, &j->mail, owner);
}

void store_folder_status(struct store *s, const char *name, store_status_fn *fn, void *owner)
{
	struct status_job *j = make(s, &name, 1);

	j->one = fn;
	store_ask(s, &j->mail, owner);
}

/* ---- Is there one? ---- */

struct exists_job {
	struct mail_job mail;
	struct folder_name name;
	store_fn *fn;
};

static void run_exists(struct mail_job *mail)
{
	struct exists_job *j = container_of(mail, struct exists_job, mail);
	struct folder_dir dir;

	mail->st = folder_resolve(mail->question.store->root, j->name.at, &dir) ?
		STORE_OK : STORE_NO_FOLDER;
}

static void finish_exists(struct mail_job *mail)
{
	struct exists_job *j = container_of(mail, struct exists_job, mail);

	if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st);
}

void store_folder_exists(struct store *s, const char *name, store_fn *fn, void *owner)
{
	struct exists_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_exists;
	j->mail.finish = finish_exists;
	j->fn = fn;
	if (name_canonical(slice_of(name), &j->name))
		store_ask(s, &j->mail, owner);
	else
		store_refuse(s, &j->mail, owner, STORE_NO_FOLDER);
}

bool store_name(const char *given, char out[STORE_NAME_MAX + 1])
{
	struct folder_name name;

	_Static_assert(sizeof(name.at) == STORE_NAME_MAX + 1, "one length of names");
	if (!name_canonical(slice_of(given), &name))
		return false;
	memcpy(out, name.at, sizeof(name.at));
	return true;
}
