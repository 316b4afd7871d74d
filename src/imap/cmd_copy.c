/*
 * COPY and MOVE (RFC 3501 6.4.7, RFC 6851).  The two differ in where COPYUID is
 * said: a moved message's new UID comes before its EXPUNGE, so that a client can
 * follow it (RFC 6851 4.3).
 */
#include "commands.h"
#include "notify.h"

enum {
	/* A hundred thousand UIDs with gaps, twice.  Past it COPYUID is left out,
	 * which RFC 4315 3 allows and clients survive. */
	COPYUID_MAX = 2 * 1024 * 1024,
};

struct copy {
	struct uid_set uids;
	struct buf copyuid;              /* "[COPYUID 38505 304,319:320 3956:3958] " */
	bool move;
};

static void copy_release(struct imap_session *s, struct imap_running *cmd)
{
	struct copy *c = cmd->at;

	(void)s;
	uid_set_release(&c->uids);
	buf_release(&c->copyuid);
}

/* The n-th of one list belongs to the n-th of the other, so their order stays. */
static void add_uids(struct buf *out, const uint32_t *uids, size_t count)
{
	for (size_t i = 0, last; i < count; i = last + 1) {
		for (last = i; last + 1 < count && uids[last + 1] == uids[last] + 1; last++)
			;
		buf_printf(out, "%s%u", i ? "," : "", uids[i]);
		if (last > i)
			buf_printf(out, ":%u", uids[last]);
	}
}

static void copied(void *owner, enum store_status st, const struct copy_result *r)
{
	struct imap_session *s = owner;
	struct copy *c = s->running->at;

	if (st == STORE_OK && r && r->count)
		imap_notify_own(s, r->uid_validity, r->to, r->count);
	if (st == STORE_OK && r && r->count && imap_has(s, CAP_UIDPLUS)) {
		buf_printf(&c->copyuid, "[COPYUID %u ", r->uid_validity);
		add_uids(&c->copyuid, r->from, r->count);
		buf_add_byte(&c->copyuid, ' ');
		add_uids(&c->copyuid, r->to, r->count);
		buf_add_text(&c->copyuid, "] ");
		if (c->copyuid.overflow)
			buf_clear(&c->copyuid);
	}
	imap_store_answer(owner, st);
}

static enum imap_progress tell_copied(struct imap_session *s, struct imap_running *cmd)
{
	struct copy *c = cmd->at;

	if (cmd->status == STORE_NO_FOLDER)
		return imap_no(s, cmd, "[TRYCREATE] There is no such mailbox");
	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	if (!c->copyuid.len)
		return imap_completed(s, cmd);
	if (!c->move)
		return imap_ok(s, cmd, "%.*sCopied", (int)c->copyuid.len, c->copyuid.data);
	imap_untagged(s, "OK %.*sMoved", (int)c->copyuid.len, c->copyuid.data);
	return imap_completed(s, cmd);
}

static enum imap_progress copy_or_move(struct imap_session *s, struct imap_running *cmd, bool move)
{
	struct copy *c = cmd->at = arena_get(cmd->arena, sizeof(*c));
	struct imap_args *a = &cmd->args;
	struct imap_set set;
	const char *to;

	c->move = move;
	uid_set_init(&c->uids);
	buf_init(&c->copyuid, COPYUID_MAX);
	cmd->release = copy_release;
	if (!args_space(a) || !args_set(a, &set) || !args_space(a) || !args_mailbox(a, &to) ||
	    !args_end(a))
		return imap_bad_args(s, cmd);
	if (!imap_set_resolve(s, &set, cmd->uid, &c->uids))
		return imap_bad(s, cmd, "No such message number");
	if (move && s->read_only)
		return imap_no(s, cmd, "[CANNOT] The mailbox was opened read-only");
	if (!c->uids.count)
		return imap_completed(s, cmd);
	cmd->resume = tell_copied;
	mailbox_copy(s->mailbox, &c->uids, to, move, copied, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_copy(struct imap_session *s, struct imap_running *cmd)
{
	return copy_or_move(s, cmd, false);
}

enum imap_progress cmd_move(struct imap_session *s, struct imap_running *cmd)
{
	return copy_or_move(s, cmd, true);
}
