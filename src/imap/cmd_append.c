/*
 * APPEND (RFC 3501 6.3.11): a message streams from the connection into a spool,
 * whatever its size, in bounded memory.
 *
 *   folder_there    is the folder there?  asked before the client is told to send,
 *                   so that nobody uploads 30 MB to hear TRYCREATE
 *   more            bytes of the literal, while the spool has room for them
 *   line_end        the rest of the command: nothing, or it is no APPEND
 *   committed       the message is on disk
 *   shown           if it went to the selected folder, the view has it too
 */
#include "base/lines.h"
#include "commands.h"
#include "input.h"
#include "literal.h"
#include "store/spool.h"

enum {
	PIECE_MAX = 64 * 1024,           /* at most what the connection hands out, and two CRs */
	REST_MAX = 1024,                 /* of the line behind the message; empty is right */
};

struct append {
	const char *folder;
	struct imap_flags flags;
	int64_t received;
	uint64_t left;                   /* of the literal */
	struct lf_form lf;
	struct spool *spool;
	bool full;                       /* waiting for room in it */
	bool line_bad;
	uint64_t uid, uid_validity;
};

static imap_run_fn folder_there, more, line_end, committed, shown;
static size_t take_message(struct imap_session *s, struct imap_running *cmd, struct slice unread);
static size_t take_line_end(struct imap_session *s, struct imap_running *cmd, struct slice unread);

static void append_release(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	(void)s;
	spool_abandon(a->spool);
}

/* mailbox [SP flag-list] [SP date-time] SP literal */
static bool read_append(struct imap_running *cmd, struct append *p)
{
	struct imap_args *a = &cmd->args;

	if (!args_space(a) || !args_mailbox(a, &p->folder) || !args_space(a))
		return false;
	if (args_peek(a, '(') && (!args_flags(a, false, &p->flags) || !args_space(a)))
		return false;
	if (args_peek(a, '"') && (!args_date_time(a, &p->received) || !args_space(a)))
		return false;
	a->wanted = "a message as a literal";
	return cmd->own && a->rest.len == cmd->own->head + 2;
}

/* What the client sends unasked has to be read all the same. */
static void pass_over(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->own && !cmd->own->sync)
		imap_input_pass_over(s, cmd->own->size);
}

static void got_status(void *owner, enum store_status st, const struct folder_status *status)
{
	(void)status;
	imap_store_answer(owner, st);
}

enum imap_progress cmd_append(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at = arena_get(cmd->arena, sizeof(*a));

	cmd->release = append_release;
	if (!read_append(cmd, a)) {
		pass_over(s, cmd);
		return imap_bad_args(s, cmd);
	}
	if (cmd->own->size > s->server->append_max || !cmd->own->size) {
		pass_over(s, cmd);
		/* RFC 7889 4 */
		return cmd->own->size ? imap_no_status(s, cmd, STORE_TOO_BIG) :
					imap_no(s, cmd, "[CANNOT] An empty message is none");
	}
	cmd->resume = folder_there;
	store_folder_status(s->server->store, a->folder, got_status, s);
	return IMAP_WAIT_JOB;
}

static void room(void *owner)
{
	struct imap_session *s = owner;
	struct append *a = s->running->at;

	a->full = false;
	if (s->running->waiting == IMAP_WAIT_JOB)
		imap_command_resume(s);
}

static enum imap_progress no_folder(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status == STORE_NO_FOLDER)
		return imap_no(s, cmd, "[TRYCREATE] There is no such mailbox");
	return imap_no_status(s, cmd, cmd->status);
}

static enum imap_progress folder_there(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	if (cmd->status != STORE_OK) {
		pass_over(s, cmd);
		return no_folder(s, cmd);
	}
	a->left = cmd->own->size;
	a->spool = spool_new(s->server->store, room, s);
	if (cmd->own->sync)
		imap_write(s, SLICE("+ Send the message\r\n"));
	cmd->take = take_message;
	cmd->resume = more;
	return IMAP_WAIT_INPUT;
}

static size_t take_message(struct imap_session *s, struct imap_running *cmd, struct slice unread)
{
	struct append *a = cmd->at;
	struct slice piece = slice_head(unread, PIECE_MAX / 2);
	struct buf lf;

	(void)s;
	if (piece.len > a->left)
		piece = slice_head(piece, (size_t)a->left);
	a->left -= piece.len;
	buf_init(&lf, PIECE_MAX);
	lf_form_add(&a->lf, &lf, piece);
	if (!a->left)
		lf_form_end(&a->lf, &lf);
	a->full = !spool_add(a->spool, buf_slice(&lf));
	buf_release(&lf);
	return piece.len;
}

static enum imap_progress more(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	enum store_status st = spool_failed(a->spool);

	if (st != STORE_OK) {
		imap_input_pass_over(s, a->left);
		return imap_no_status(s, cmd, st);
	}
	if (a->full)
		return IMAP_WAIT_JOB;
	if (!a->left) {
		cmd->take = take_line_end;
		cmd->resume = line_end;
	}
	return IMAP_WAIT_INPUT;
}

/* Anything behind the message would be a second one (RFC 3502), or nonsense. */
static size_t take_line_end(struct imap_session *s, struct imap_running *cmd, struct slice unread)
{
	struct append *a = cmd->at;
	struct imap_literal literal;
	struct slice line;
	size_t used;

	if (!imap_line_ready(unread, &line, &used)) {
		if (unread.len <= REST_MAX)
			return 0;
		a->line_bad = true;
		imap_input_pass_over(s, 0);
		return unread.len;
	}
	a->line_bad = line.len > 0;
	if (imap_literal_at_end(line, &literal) && !literal.sync)
		imap_input_pass_over(s, literal.size);
	return used;
}

static void got_uid(void *owner, enum store_status st, const struct spool_result *r)
{
	struct imap_session *s = owner;
	struct append *a = s->running->at;

	if (st == STORE_OK) {
		a->uid = r->uid;
		a->uid_validity = r->uid_validity;
	}
	imap_store_answer(owner, st);
}

static enum imap_progress line_end(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	struct spool *spool = a->spool;

	if (a->line_bad)
		return imap_bad(s, cmd, "APPEND ends with its message");
	a->spool = NULL;
	cmd->resume = committed;
	spool_commit(spool, &(struct spool_commit){
		.folder = a->folder,
		.flags = a->flags.flags,
		.keywords = a->flags.keywords,
		.keyword_count = a->flags.keyword_count,
		.received = a->received,
		.want_uid = true,
	}, got_uid, s);
	return IMAP_WAIT_JOB;
}

static enum imap_progress committed(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status != STORE_OK)
		return no_folder(s, cmd);
	if (!s->mailbox)
		return shown(s, cmd);
	/* RFC 3501 6.3.11: SHOULD notify at once by EXISTS.  Whatever the folder's
	 * name, which may be another spelling: it costs nothing. */
	cmd->resume = shown;
	mailbox_refresh(s->mailbox, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

static enum imap_progress shown(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	if (!imap_has(s, CAP_UIDPLUS))
		return imap_completed(s, cmd);
	return imap_ok(s, cmd, "[APPENDUID %llu %llu] APPEND completed",
		       (unsigned long long)a->uid_validity, (unsigned long long)a->uid);
}
