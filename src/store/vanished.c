/*
 * What was removed from a folder, and when (RFC 7162 3.2.5.1, 5.3).
 *
 * A row is a range of UIDs that went at one modseq.  Rows are written with the
 * removal itself, in its transaction, so that a client is never told a modseq behind
 * which something vanished unseen.  Rows have a ceiling; the oldest are dropped, and
 * what is remembered of them is the last modseq that is not known any more (5.3).
 * Who comes back from before it is told of everything it knows that is no more.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "folder.h"
#include "mailbox_private.h"

/* Some 25 bytes each: a little more than a megabyte for a folder.  When there are too
 * many, those that stay make room for a while. */
enum { RANGES_MAX = 50000, RANGES_KEPT = 40000 };

bool vanished_begin(struct folder *f, bool taken_over)
{
	const struct index_history h = {
		.floor = taken_over ? MODSEQ_TAKEN_OVER : f->head.modseq,
	};

	return index_history_put(f->store->index, f->head.id, &h);
}

bool vanished_keep(struct folder *f)
{
	struct index *ix = f->store->index;
	struct index_history h;
	bool ok;

	if (f->vanished.count == 0)
		return true;
	ok = index_history_get(ix, f->head.id, &h);
	for (size_t i = 0; ok && i < f->vanished.count; i++)
		ok = index_vanished_add(ix, f->head.id, f->head.modseq,
					f->vanished.ranges[i].first, f->vanished.ranges[i].last);
	h.ranges += f->vanished.count;
	if (ok && h.ranges > RANGES_MAX)
		ok = index_vanished_trim(ix, f->head.id, RANGES_KEPT, &h);
	return ok && index_history_put(ix, f->head.id, &h);
}

/* ---- The question ---- */

struct vanished_job {
	struct mail_job mail;
	struct mailbox *m;
	const struct snapshot *view;
	uint64_t since;
	bool all_known;
	struct uid_set known, vanished;
	mailbox_vanished_fn *fn;
};

static void add_range(void *ctx, uint32_t first, uint32_t last)
{
	uid_set_add(ctx, first, last);
}

/* Of the range what is not in the view. */
static void add_absent(struct uid_set *out, const struct snapshot *view, struct uid_range r)
{
	uint32_t from = r.first;

	for (uint32_t seq = snapshot_seq_from(view, r.first); seq <= snapshot_count(view); seq++) {
		uint32_t uid = snapshot_uid(view, seq);

		if (uid > r.last)
			break;
		if (uid > from)
			uid_set_add(out, from, uid - 1);
		from = uid + 1;
	}
	if (from <= r.last)
		uid_set_add(out, from, r.last);
}

static enum store_status find_gone(const struct vanished_job *j, const struct folder *f,
				   struct uid_set *gone)
{
	struct index *ix = f->store->index;
	uint32_t next = snapshot_uid_next(j->view);
	struct index_history h;

	if (!index_history_get(ix, f->head.id, &h))
		return index_failure(ix);
	/* A modseq still to come is of another life of this folder. */
	if (j->since >= h.floor && j->since <= f->head.modseq)
		return index_vanished_since(ix, f->head.id, j->since, add_range, gone) ?
		       STORE_OK : index_failure(ix);
	if (next > 1)
		uid_set_add(gone, 1, next - 1);
	return STORE_OK;
}

static void run_vanished(struct mail_job *mail)
{
	struct vanished_job *j = container_of(mail, struct vanished_job, mail);
	struct folder *f = folder_of_mailbox(mail->question.store, j->m);
	struct uid_set gone, asked;

	if (!f) {
		mail->st = STORE_GONE;
		return;
	}
	uid_set_init(&gone);
	uid_set_init(&asked);
	mail->st = find_gone(j, f, &gone);
	if (j->all_known)
		uid_set_copy(&asked, &gone);
	else
		uid_set_common(&asked, &gone, &j->known);
	for (size_t i = 0; mail->st == STORE_OK && i < asked.count; i++)
		add_absent(&j->vanished, j->view, asked.ranges[i]);
	uid_set_release(&gone);
	uid_set_release(&asked);
}

static void finish_vanished(struct mail_job *mail)
{
	struct vanished_job *j = container_of(mail, struct vanished_job, mail);

	if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st, &j->vanished);
	uid_set_release(&j->known);
	uid_set_release(&j->vanished);
	snapshot_drop(j->view);
}

void mailbox_vanished(struct mailbox *m, const struct snapshot *view, uint64_t since,
		      const struct uid_set *known, mailbox_vanished_fn *fn, void *owner)
{
	struct vanished_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_vanished;
	j->mail.finish = finish_vanished;
	j->m = m;
	j->view = snapshot_hold(view);
	j->since = since;
	j->fn = fn;
	uid_set_init(&j->known);
	uid_set_init(&j->vanished);
	j->all_known = !known;
	if (known)
		uid_set_copy(&j->known, known);
	store_ask(m->store, &j->mail, owner);
}
