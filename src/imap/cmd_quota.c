/*
 * GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208).  One quota root, "", for all
 * mailboxes: what MAIL_QUOTA allows, or the disk.
 */
#include "commands.h"

struct quota {
	const char *mailbox;             /* GETQUOTAROOT; NULL: GETQUOTA */
	uint64_t used, limit;            /* bytes */
};

static void got_quota(void *owner, enum store_status st, uint64_t used, uint64_t limit)
{
	struct imap_session *s = owner;
	struct quota *q = s->running->at;

	q->used = used;
	q->limit = limit;
	imap_store_answer(owner, st);
}

static enum imap_progress tell_quota(struct imap_session *s, struct imap_running *cmd)
{
	struct quota *q = cmd->at;
	struct buf name;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	if (q->mailbox) {
		buf_init(&name, 8 * 1024);
		imap_mailbox_text(&name, s, q->mailbox);
		imap_untagged(s, "QUOTAROOT %.*s \"\"", (int)name.len, name.data);
		buf_release(&name);
	}
	/* 5.1: in units of 1024 octets; the last one begun counts. */
	imap_untagged(s, "QUOTA \"\" (STORAGE %llu %llu)",
		      (unsigned long long)(q->used / 1024 + (q->used % 1024 != 0)),
		      (unsigned long long)(q->limit / 1024));
	return imap_completed(s, cmd);
}

static enum imap_progress ask(struct imap_session *s, struct imap_running *cmd)
{
	cmd->resume = tell_quota;
	store_quota(s->server->store, got_quota, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_getquota(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;
	struct slice root;

	cmd->at = arena_get(cmd->arena, sizeof(struct quota));
	if (!args_space(a) || !args_astring(a, &root) || !args_end(a))
		return imap_bad_args(s, cmd);
	if (root.len)
		return imap_no(s, cmd, "[NONEXISTENT] There is no such quota root");
	return ask(s, cmd);
}

/* 4.1.2: the mailbox need not be there. */
enum imap_progress cmd_getquotaroot(struct imap_session *s, struct imap_running *cmd)
{
	struct quota *q = cmd->at = arena_get(cmd->arena, sizeof(*q));
	struct imap_args *a = &cmd->args;

	if (!args_space(a) || !args_mailbox(a, &q->mailbox) || !args_end(a))
		return imap_bad_args(s, cmd);
	return ask(s, cmd);
}

/* 4.1.3: without QUOTASET no client may use it, but RFC 2087's did, and hear why not. */
enum imap_progress cmd_setquota(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;
	struct slice root, resource;
	uint64_t limit;

	if (!args_space(a) || !args_astring(a, &root) || !args_space(a) || !args_char(a, '('))
		return imap_bad_args(s, cmd);
	for (bool first = true; !args_peek(a, ')'); first = false)
		if ((!first && !args_space(a)) || !args_atom(a, &resource) || !args_space(a) ||
		    !args_number64(a, &limit))
			return imap_bad_args(s, cmd);
	if (!args_char(a, ')') || !args_end(a))
		return imap_bad_args(s, cmd);
	return imap_no(s, cmd, "[NOPERM] The quota is set where the server runs");
}
