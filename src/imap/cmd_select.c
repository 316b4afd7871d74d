/*
 * SELECT, EXAMINE, CLOSE and UNSELECT.  With SELECT a client may catch up (RFC 7162
 * 3.2.5): one that was here before is told what vanished and what changed since.  It
 * is told from one snapshot, the one that is its view from then on, so nothing can
 * fall between what is caught up on and the updates that follow.
 */
#include <string.h>

#include "capability.h"
#include "commands.h"
#include "flags.h"
#include "select_param.h"

enum {
	/* Written between two looks at whether the client still reads. */
	CHANGES_PIECE = 32 * 1024,
	CHANGES_LOOKED_AT = 10000,
};

struct selecting {
	struct select_params params;
	struct slice written;            /* the name, as the client spelt it */
	uint32_t seq;                    /* told up to here, from 1 */
};

static void select_release(struct imap_session *s, struct imap_running *cmd)
{
	struct selecting *sel = cmd->at;

	(void)s;
	uid_set_release(&sel->params.known);
}

static void got_mailbox(void *owner, enum store_status st, struct mailbox *m)
{
	struct imap_session *s = owner;

	if (st == STORE_OK)
		imap_select(s, m, s->running->command->run == cmd_examine);
	imap_store_answer(owner, st);
}

static uint32_t first_unseen(const struct snapshot *view)
{
	for (uint32_t seq = 1; seq <= snapshot_count(view); seq++)
		if (!(snapshot_message(view, seq).flags & MESSAGE_SEEN))
			return seq;
	return 0;
}

/* RFC 9051 6.3.2: IMAP4rev2 has neither; RFC 9586 3: UNSEEN is a message number. */
static void tell_unseen(struct imap_session *s)
{
	uint32_t unseen = first_unseen(s->view);

	if (unseen && !(s->enabled & (IMAP_REV2 | IMAP_UIDONLY)))
		imap_untagged(s, "OK [UNSEEN %u] First unseen", unseen);
}

static void tell_mailbox(struct imap_session *s)
{
	imap_tell_flags(s);
	imap_untagged(s, "%u EXISTS", snapshot_count(s->view));
	if (!(s->enabled & IMAP_REV2))
		imap_untagged(s, "%u RECENT", imap_recent_count(s));
	tell_unseen(s);
	imap_untagged(s, "OK [UIDVALIDITY %u] UIDs valid", snapshot_uid_validity(s->view));
	imap_untagged(s, "OK [UIDNEXT %u] Predicted next UID", snapshot_uid_next(s->view));
	if (imap_has(s, CAP_OBJECTID))
		imap_untagged(s, "OK [MAILBOXID (" IMAP_MAILBOXID ")] Its identity",
			      (unsigned long long)mailbox_id(s->mailbox));
	/* RFC 7162 3.1.2.1: also before it is asked for, so that a client can tell. */
	imap_tell_modseq(s);
}

static enum imap_progress selected(struct imap_session *s, struct imap_running *cmd)
{
	return imap_ok(s, cmd, "[%s] %s completed", s->read_only ? "READ-ONLY" : "READ-WRITE",
		       cmd->command->name);
}

/* ---- Catching up ---- */

/* RFC 7162 3.2.5.2: of the pairs of a number and a UID the last that still holds.  Up
 * to it nothing went that the client does not know of.  0: none. */
static uint32_t last_match(const struct snapshot *view, const struct select_params *p)
{
	uint32_t match = 0;
	size_t j = 0;
	uint64_t within = 0;             /* of p->uids.ranges[j] */

	for (size_t i = 0; i < p->numbers.count; i++) {
		const struct uid_range *r = &p->numbers.ranges[i];

		for (uint32_t seq = r->first; seq <= r->last && seq <= snapshot_count(view); seq++) {
			const struct uid_range *u = &p->uids.ranges[j];
			uint32_t uid = (uint32_t)(u->first + within);

			if (snapshot_uid(view, seq) == uid)
				match = uid;
			within = uid == u->last ? 0 : within + 1;
			j += uid == u->last;
		}
	}
	return match;
}

static void got_vanished(void *owner, enum store_status st, const struct uid_set *vanished)
{
	imap_tell_vanished(owner, vanished, true);
	imap_store_answer(owner, st);
}

static void ask_vanished(struct imap_session *s, struct selecting *sel)
{
	struct select_params *p = &sel->params;
	uint32_t last = snapshot_uid_next(s->view) - 1, match = last_match(s->view, p);
	struct uid_set behind, asked;

	if (p->known_set.count)
		imap_set_known(&p->known_set, last, &p->known);
	else if (last)
		uid_set_add(&p->known, 1, last);
	uid_set_init(&behind);
	uid_set_init(&asked);
	uid_set_add(&behind, match + 1, UINT32_MAX);
	uid_set_common(&asked, &p->known, &behind);
	mailbox_vanished(s->mailbox, s->view, p->modseq, &asked, got_vanished, s);
	uid_set_release(&behind);
	uid_set_release(&asked);
}

/* 3.2.5.1: flags that changed, of what it knows.  Comes again when the client has read. */
static enum imap_progress tell_changes(struct imap_session *s, struct imap_running *cmd)
{
	struct selecting *sel = cmd->at;
	const struct select_params *p = &sel->params;
	/* A modseq still to come is of another life of this folder: all may differ. */
	uint64_t since = p->modseq <= snapshot_modseq(s->view) ? p->modseq : 0;
	uint32_t last = sel->seq + CHANGES_LOOKED_AT;
	struct buf out;

	buf_init(&out, CHANGES_PIECE + IMAP_MESSAGE_TEXT);
	for (; sel->seq <= snapshot_count(s->view) && sel->seq < last &&
	       out.len < CHANGES_PIECE; sel->seq++) {
		struct message_info m = snapshot_message(s->view, sel->seq);

		if (m.modseq > since && uid_set_has(&p->known, m.uid))
			imap_message_text(&out, s, s->view, sel->seq, true, true);
	}
	imap_write(s, buf_slice(&out));
	buf_release(&out);
	return sel->seq <= snapshot_count(s->view) ? IMAP_WAIT_OUTPUT : selected(s, cmd);
}

static enum imap_progress caught_up(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status != STORE_OK) {
		imap_unselect(s);
		return imap_no_status(s, cmd, cmd->status == STORE_GONE ? STORE_NO_FOLDER :
					      cmd->status);
	}
	cmd->resume = tell_changes;
	return tell_changes(s, cmd);
}

/* ---- SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2) ---- */

static enum imap_progress named(struct imap_session *s, struct imap_running *cmd)
{
	struct selecting *sel = cmd->at;

	if (!sel->params.qresync)
		return selected(s, cmd);
	/* 3.2.5: then it is all new to the client, and it sees that. */
	if (sel->params.uid_validity != snapshot_uid_validity(s->view))
		return selected(s, cmd);
	cmd->resume = caught_up;
	ask_vanished(s, sel);
	return IMAP_WAIT_JOB;
}

static enum imap_progress opened(struct imap_session *s, struct imap_running *cmd)
{
	struct selecting *sel = cmd->at;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	s->enabled |= sel->params.condstore ? IMAP_CONDSTORE : 0;
	tell_mailbox(s);
	return imap_tell_name(s, cmd, mailbox_name(s->mailbox), sel->written, true, named);
}

static unsigned params_known(const struct imap_session *s)
{
	return (imap_has(s, CAP_CONDSTORE) ? SELECT_CONDSTORE : 0u) |
	       (s->enabled & IMAP_QRESYNC ? SELECT_QRESYNC : 0u);
}

static enum imap_progress select_or_examine(struct imap_session *s, struct imap_running *cmd)
{
	struct selecting *sel = cmd->at = arena_get(cmd->arena, sizeof(*sel));
	const char *name;

	sel->seq = 1;
	uid_set_init(&sel->params.known);
	cmd->release = select_release;
	if (!args_space(&cmd->args) || !args_mailbox_as(&cmd->args, &name, &sel->written) ||
	    !select_params_parse(&sel->params, &cmd->args, params_known(s)) ||
	    !args_end(&cmd->args))
		return imap_bad_args(s, cmd);
	/* RFC 9586 3. */
	if (sel->params.numbers.count && s->enabled & IMAP_UIDONLY)
		return imap_bad(s, cmd, "[UIDREQUIRED] Message numbers are not used after "
				"ENABLE UIDONLY");
	/* RFC 7162 3.2.11: what was said before is of the old one, enabled or not. */
	if (s->mailbox && (imap_has(s, CAP_CONDSTORE) || s->enabled & IMAP_REV2))
		imap_untagged(s, "OK [CLOSED] The mailbox before is closed");
	/* Also when the new one cannot be opened. */
	imap_unselect(s);
	cmd->resume = opened;
	mailbox_open(s->server->store, name, cmd->command->run == cmd_select, got_mailbox, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_select(struct imap_session *s, struct imap_running *cmd)
{
	return select_or_examine(s, cmd);
}

enum imap_progress cmd_examine(struct imap_session *s, struct imap_running *cmd)
{
	return select_or_examine(s, cmd);
}

/* ---- CLOSE and UNSELECT ---- */

static enum imap_progress unselect(struct imap_session *s, struct imap_running *cmd)
{
	imap_unselect(s);
	return imap_completed(s, cmd);
}

/* RFC 3501 6.4.2: expunges without a word, and not what was only examined.  The
 * mailbox is closed even if that failed: there is no other answer to give. */
enum imap_progress cmd_close(struct imap_session *s, struct imap_running *cmd)
{
	if (s->read_only)
		return unselect(s, cmd);
	cmd->resume = unselect;
	mailbox_expunge(s->mailbox, NULL, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_unselect(struct imap_session *s, struct imap_running *cmd)
{
	return unselect(s, cmd);
}
