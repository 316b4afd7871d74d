/*
 * APPEND (RFC 3501 6.3.11, RFC 3502): messages stream from the connection into
 * spools, whatever their size and number, in bounded memory.
 *
 *   folder_there    is the folder there?  asked before the client is told to send,
 *                   so that nobody uploads 30 MB to hear TRYCREATE
 *   read_line       what a line says up to its end or its literal: flags, a date,
 *                   where the bytes are
 *   more            bytes of the literal, while the spool has room for them
 *   settled         one of several messages is safe; the next line
 *   committed       all are in the folder
 *   shown           if they went to the selected folder, the view has them too
 *
 * A line is read when it is whole, and what it begins is begun then: whatever is
 * wrong is said before the client is asked for the next literal, and what it sends
 * unasked is passed over to its end.
 */
#include "append.h"
#include "commands.h"
#include "input.h"

enum {
	PIECE_MAX = 64 * 1024,           /* at most what the connection hands out, and two CRs */
	LINE_MAX_BYTES = 64 * 1024,      /* as the first line of a command (input.c) */
	/* Each takes a file under tmp/ and its texts in memory until the last has come;
	 * clients that send many do it in tens. */
	MESSAGES_MAX = 500,
	/* Times the largest message: the disk holds them twice for a moment, and one
	 * command is not how a mailbox is moved. */
	TOTAL_MAX = 50,
	/* Of one message in a group: its flags. */
	MESSAGE_MEMORY = 256 * 1024,
	UIDS_MAX = 16 * MESSAGES_MAX,
};

static imap_run_fn folder_there, read_line, line_read, more, settled, committed, shown;
static size_t take_message(struct imap_session *s, struct imap_running *cmd, struct slice unread);
static size_t take_line(struct imap_session *s, struct imap_running *cmd, struct slice unread);

static void append_release(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	(void)s;
	spool_abandon(a->spool);
	spool_group_abandon(a->group);
	buf_release(&a->text);
	buf_release(&a->uids);
	arena_free(a->arena);
}

/* ---- Refusing ---- */

/* What the client sends unasked has to be read all the same. */
static void pass_over(struct imap_session *s, struct append *a)
{
	if (a->has_literal && !a->literal.sync)
		imap_input_pass_over(s, a->literal.size);
	else if (!a->has_literal && a->unread == UNREAD_LITERAL)
		imap_input_pass_over(s, a->left);
	else if (!a->has_literal && a->unread == UNREAD_LINE)
		imap_input_pass_over(s, 0);
}

static enum imap_progress refuse_status(struct imap_session *s, struct imap_running *cmd,
					enum store_status st)
{
	pass_over(s, cmd->at);
	if (st == STORE_NO_FOLDER)
		return imap_no(s, cmd, "[TRYCREATE] There is no such mailbox");
	return imap_no_status(s, cmd, st);
}

static enum imap_progress refuse(struct imap_session *s, struct imap_running *cmd, const char *why)
{
	pass_over(s, cmd->at);
	return imap_no(s, cmd, "%s", why);
}

static enum imap_progress bad_line(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	pass_over(s, a);
	cmd->args.wanted = a->line.wanted;
	return imap_bad_args(s, cmd);
}

/* ---- The beginning ---- */

/* The text ends in the literal, and in that alone. */
static bool at_literal(const struct append *a)
{
	return a->has_literal && a->line.rest.len == a->literal.head;
}

/* mailbox SP: the rest is read by read_line. */
static bool read_start(struct imap_running *cmd, struct append *a)
{
	struct slice *rest = &a->line.rest;

	a->line = cmd->args;
	a->has_literal = cmd->own != NULL;
	if (cmd->own) {
		a->literal = *cmd->own;
		rest->len -= 2;
	}
	return args_space(&a->line) && args_mailbox(&a->line, &a->folder);
}

enum imap_progress cmd_append(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at = arena_get(cmd->arena, sizeof(*a));

	buf_init(&a->text, LINE_MAX_BYTES);
	buf_init(&a->uids, UIDS_MAX);
	cmd->release = append_release;
	if (!read_start(cmd, a))
		return bad_line(s, cmd);
	a->arena = arena_new(MESSAGE_MEMORY);
	a->line.arena = a->arena;
	return read_line(s, cmd);
}

/* ---- Lines ---- */

static bool want(struct append *a, const char *what)
{
	a->line.wanted = what;
	return false;
}

static bool found(struct append *a, enum append_found what, enum append_next next)
{
	a->found = what;
	a->next = next;
	return true;
}

/* [SP flag-list] [SP date-time] SP literal, or the end of the line */
static bool parse_message(const struct imap_session *s, struct append *a)
{
	struct imap_args *l = &a->line;

	if (a->count && !l->rest.len && !a->has_literal)
		return found(a, FOUND_END, NEXT_MESSAGE);
	if (a->count && !imap_has(s, CAP_MULTIAPPEND))
		return want(a, "nothing behind the message");
	arena_clear(a->arena);
	a->flags = (struct imap_flags){ 0 };
	a->received = 0;
	if (!args_space(l))
		return false;
	if (args_peek(l, '(') && (!args_flags(l, false, &a->flags) || !args_space(l)))
		return false;
	if (args_peek(l, '"') && (!args_date_time(l, &a->received) || !args_space(l)))
		return false;
	if (!at_literal(a))
		return want(a, "a message as a literal");
	return found(a, FOUND_LITERAL, NEXT_WHOLE);
}

static bool parse(const struct imap_session *s, struct append *a)
{
	switch (a->next) {
	case NEXT_MESSAGE:
		return parse_message(s, a);
	case NEXT_WHOLE:
		return found(a, FOUND_WHOLE, NEXT_MESSAGE);
	}
	return false;
}

static enum imap_progress act(struct imap_session *s, struct imap_running *cmd);

static enum imap_progress read_line(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	if (!parse(s, a))
		return bad_line(s, cmd);
	if (a->asked)
		return act(s, cmd);
	if (a->has_literal && a->literal.size > s->server->append_max)
		return refuse_status(s, cmd, STORE_TOO_BIG);     /* RFC 7889 4 */
	a->asked = true;
	cmd->resume = folder_there;
	store_folder_exists(s->server->store, a->folder, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

static enum imap_progress folder_there(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status != STORE_OK)
		return refuse_status(s, cmd, cmd->status);
	return act(s, cmd);
}

static enum imap_progress begin_literal(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress message_whole(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress commit_group(struct imap_session *s, struct imap_running *cmd);

static enum imap_progress act(struct imap_session *s, struct imap_running *cmd)
{
	switch (((struct append *)cmd->at)->found) {
	case FOUND_LITERAL:
		return begin_literal(s, cmd);
	case FOUND_WHOLE:
		return message_whole(s, cmd);
	case FOUND_END:
		break;
	}
	return commit_group(s, cmd);
}

static enum imap_progress line_read(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	if (a->line_long) {
		pass_over(s, a);
		return imap_bad(s, cmd, "The line is too long");
	}
	if (a->unread != UNREAD_NOTHING)
		return IMAP_WAIT_INPUT;
	a->line.rest = buf_slice(&a->text);
	a->has_literal = imap_literal_at_end(a->line.rest, &a->literal);
	return read_line(s, cmd);
}

static size_t take_line(struct imap_session *s, struct imap_running *cmd, struct slice unread)
{
	struct append *a = cmd->at;
	size_t end = slice_find(unread, '\n'), room = LINE_MAX_BYTES - a->text.len;
	struct slice piece = slice_head(unread, end < room ? end : room);

	(void)s;
	buf_add(&a->text, piece);
	/* What is left of it is passed over, where its end is looked at. */
	if (piece.len < end || a->text.len == LINE_MAX_BYTES) {
		a->line_long = true;
		return piece.len;
	}
	if (end == unread.len)
		return end;
	if (a->text.len && a->text.data[a->text.len - 1] == '\r')
		a->text.len--;
	a->unread = UNREAD_NOTHING;
	return end + 1;
}

static enum imap_progress await_line(struct imap_running *cmd)
{
	struct append *a = cmd->at;

	buf_clear(&a->text);
	a->unread = UNREAD_LINE;
	cmd->take = take_line;
	cmd->resume = line_read;
	return IMAP_WAIT_INPUT;
}

/* ---- Literals ---- */

static void room(void *owner)
{
	struct imap_session *s = owner;
	struct append *a = s->running->at;

	a->full = false;
	if (s->running->waiting == IMAP_WAIT_JOB)
		imap_command_resume(s);
}

/* Why the literal is not wanted; NULL: it is. */
static const char *literal_refused(const struct imap_session *s, const struct append *a)
{
	uint64_t max = s->server->append_max;

	/* RFC 3502: "This can be used to cancel the append." */
	if (a->next == NEXT_WHOLE && !a->literal.size)
		return "[CANNOT] An empty message is none";
	if (a->literal.size > max - a->size)
		return "[TOOBIG] The message is too large";      /* RFC 7889 4, RFC 4469 4.2 */
	if (a->count == MESSAGES_MAX || a->total + a->size + a->literal.size > TOTAL_MAX * max)
		return "[LIMIT] Those are too many messages for one command";
	return NULL;
}

static enum imap_progress begin_literal(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	const char *why = literal_refused(s, a);

	if (!imap_literal_allowed(s, &a->literal)) {
		pass_over(s, a);
		return imap_bad(s, cmd, "[TOOBIG] A literal of that size has to be asked for");
	}
	if (why)
		return refuse(s, cmd, why);
	if (!a->spool)
		a->spool = spool_new(s->server->store, room, s);
	if (a->literal.sync)
		imap_write(s, SLICE("+ Send the message\r\n"));
	a->size += a->literal.size;
	a->left = a->literal.size;
	a->has_literal = false;
	if (!a->left)
		return await_line(cmd);
	a->unread = UNREAD_LITERAL;
	cmd->take = take_message;
	cmd->resume = more;
	return IMAP_WAIT_INPUT;
}

/* At most PIECE_MAX / 2 bytes. */
static void add_bytes(struct append *a, struct slice piece)
{
	struct buf lf;

	buf_init(&lf, PIECE_MAX);
	lf_form_add(&a->lf, &lf, piece);
	a->full = !spool_add(a->spool, buf_slice(&lf));
	buf_release(&lf);
}

static void end_bytes(struct append *a)
{
	struct buf lf;

	buf_init(&lf, PIECE_MAX);
	lf_form_end(&a->lf, &lf);
	spool_add(a->spool, buf_slice(&lf));
	buf_release(&lf);
}

static size_t take_message(struct imap_session *s, struct imap_running *cmd, struct slice unread)
{
	struct append *a = cmd->at;
	struct slice piece = slice_head(unread, PIECE_MAX / 2);

	(void)s;
	if (piece.len > a->left)
		piece = slice_head(piece, (size_t)a->left);
	a->left -= piece.len;
	add_bytes(a, piece);
	return piece.len;
}

static enum imap_progress more(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	enum store_status st = spool_failed(a->spool);

	if (st != STORE_OK)
		return refuse_status(s, cmd, st);
	if (a->full)
		return IMAP_WAIT_JOB;
	return a->left ? IMAP_WAIT_INPUT : await_line(cmd);
}

/* ---- A message is whole ---- */

static void add_uids(struct append *a, const uint32_t *uids, size_t count)
{
	for (size_t i = 0, last; i < count; i = last + 1) {
		for (last = i; last + 1 < count && uids[last + 1] == uids[last] + 1; last++)
			;
		buf_printf(&a->uids, "%s%u", i ? "," : "", uids[i]);
		if (last > i)
			buf_printf(&a->uids, ":%u", uids[last]);
	}
}

static void got_uid(void *owner, enum store_status st, const struct spool_result *r)
{
	struct imap_session *s = owner;
	struct append *a = s->running->at;

	if (st == STORE_OK && r->uid) {
		add_uids(a, &r->uid, 1);
		a->uid_validity = r->uid_validity;
	}
	imap_store_answer(owner, st);
}

static void got_settled(void *owner, enum store_status st, const struct spool_result *r)
{
	(void)r;
	imap_store_answer(owner, st);
}

static bool is_last(const struct append *a)
{
	return !a->line.rest.len && !a->has_literal;
}

static enum imap_progress message_whole(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	bool alone = !a->count && is_last(a);
	struct spool *spool = a->spool;

	end_bytes(a);
	if (!alone && !a->group)
		a->group = spool_group_new(s->server->store, a->folder);
	a->spool = NULL;
	a->total += a->size;
	a->size = 0;
	a->count++;
	cmd->resume = alone ? committed : settled;
	spool_commit(spool, &(struct spool_commit){
		.folder = a->folder,
		.flags = a->flags.flags,
		.keywords = a->flags.keywords,
		.keyword_count = a->flags.keyword_count,
		.received = a->received,
		.want_uid = alone,
		.group = a->group,
	}, alone ? got_uid : got_settled, s);
	return IMAP_WAIT_JOB;
}

static enum imap_progress settled(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status != STORE_OK)
		return refuse_status(s, cmd, cmd->status);
	return read_line(s, cmd);
}

/* ---- The end ---- */

static void got_uids(void *owner, enum store_status st, const struct spool_group_result *r)
{
	struct imap_session *s = owner;
	struct append *a = s->running->at;

	if (st == STORE_OK && r->count && r->uids[0]) {
		add_uids(a, r->uids, r->count);
		a->uid_validity = r->uid_validity;
	}
	imap_store_answer(owner, st);
}

static enum imap_progress commit_group(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	struct spool_group *group = a->group;

	a->group = NULL;
	cmd->resume = committed;
	spool_group_commit(group, got_uids, s);
	return IMAP_WAIT_JOB;
}

static enum imap_progress committed(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status != STORE_OK)
		return refuse_status(s, cmd, cmd->status);
	if (!s->mailbox)
		return shown(s, cmd);
	/* RFC 3501 6.3.11: SHOULD notify at once by EXISTS.  Whatever the folder's
	 * name, which may be another spelling: it costs nothing. */
	cmd->resume = shown;
	mailbox_refresh(s->mailbox, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

/* RFC 4315 3; without a UID when the index could not take the message. */
static enum imap_progress shown(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	if (!imap_has(s, CAP_UIDPLUS) || !a->uids.len || a->uids.overflow)
		return imap_completed(s, cmd);
	return imap_ok(s, cmd, "[APPENDUID %u %.*s] %s completed", a->uid_validity,
		       (int)a->uids.len, a->uids.data, cmd->command->name);
}
