/*
 * How full the store is.  Where no quota is set the disk is one: what lies in the store
 * and what there is room for beside it, so that a client warns before mail is refused.
 */
#include <errno.h>
#include <sys/statvfs.h>

#include "base/mem.h"
#include "folder.h"

struct quota_job {
	struct mail_job mail;
	uint64_t used, limit;
	store_quota_fn *fn;
};

static void run_quota(struct mail_job *mail)
{
	struct quota_job *j = container_of(mail, struct quota_job, mail);
	struct store *s = mail->question.store;
	uint64_t room;
	struct statvfs fs;

	j->used = index_bytes(s->index);
	j->limit = s->quota;
	if (s->quota)
		return;
	if (statvfs(s->root, &fs) != 0) {
		mail->st = maildir_failed("cannot ask for free space", s->root, errno);
		return;
	}
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	j->limit = j->used + (room > s->disk_floor ? room - s->disk_floor : 0);
}

static void finish_quota(struct mail_job *mail)
{
	struct quota_job *j = container_of(mail, struct quota_job, mail);

	if (!mail->question.abandoned)
		j->fn(mail->question.owner, mail->st, j->used, j->limit);
}

void store_quota(struct store *s, store_quota_fn *fn, void *owner)
{
	struct quota_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_quota;
	j->mail.finish = finish_quota;
	j->fn = fn;
	store_ask(s, &j->mail, owner);
}
