/*
 * APPEND (RFC 3501 6.3.11, RFC 3502, RFC 4469) and REPLACE (RFC 8508): messages
 * stream from the connection, or from others that are there, into spools, whatever
 * their size and number, in bounded memory.
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
#include "append_url.h"
#include "commands.h"
#include "input.h"
#include "notify.h"

enum {
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

static imap_run_fn folder_there, line_read, more, settled, committed, shown, answer;
static size_t take_message(struct imap_session *s, struct imap_running *cmd, struct slice unread);
static size_t take_line(struct imap_session *s, struct imap_running *cmd, struct slice unread);

static void append_release(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	(void)s;
	url_copy_free(a->copy);
	spool_abandon(a->spool);
	spool_group_abandon(a->group);
	buf_release(&a->text);
	buf_release(&a->uids);
	arena_free(a->arena);
}

/* ---- Refusing ---- */

/* What the client sends unasked has to be read all the same. */
void append_pass_over(struct imap_session *s, struct append *a)
{
	if (a->has_literal && !a->literal.sync)
		imap_input_pass_over(s, a->literal.size);
	else if (!a->has_literal && a->unread == UNREAD_LITERAL)
		imap_input_pass_over(s, a->left);
	else if (!a->has_literal && a->unread == UNREAD_LINE)
		imap_input_pass_over(s, 0);
}

enum imap_progress append_refuse_status(struct imap_session *s, struct imap_running *cmd,
					enum store_status st)
{
	append_pass_over(s, cmd->at);
	if (st == STORE_NO_FOLDER)
		return imap_no(s, cmd, "[TRYCREATE] There is no such mailbox");
	return imap_no_status(s, cmd, st);
}

enum imap_progress append_refuse(struct imap_session *s, struct imap_running *cmd, const char *why)
{
	append_pass_over(s, cmd->at);
	return imap_no(s, cmd, "%s", why);
}

static enum imap_progress bad_line(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	append_pass_over(s, a);
	cmd->args.wanted = a->line.wanted;
	cmd->args.limit = a->line.limit;
	return imap_bad_args(s, cmd);
}

/* ---- The beginning ---- */

static struct append *begin(struct imap_running *cmd)
{
	struct append *a = cmd->at = arena_get(cmd->arena, sizeof(*a));

	buf_init(&a->text, LINE_MAX_BYTES);
	buf_init(&a->uids, UIDS_MAX);
	cmd->release = append_release;
	a->arena = arena_new(MESSAGE_MEMORY);
	a->line = cmd->args;
	a->has_literal = cmd->own != NULL;
	if (cmd->own) {
		a->literal = *cmd->own;
		a->line.rest.len -= 2;
	}
	return a;
}

enum imap_progress cmd_append(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = begin(cmd);

	if (!args_space(&a->line) || !args_mailbox_as(&a->line, &a->folder, &a->written))
		return bad_line(s, cmd);
	a->written = arena_copy(cmd->arena, a->written);
	a->line.arena = a->arena;
	a->next = NEXT_MESSAGE;
	return append_read_line(s, cmd);
}

/* REPLACE seq-number SP mailbox append-message: the number is one, or "*". */
enum imap_progress cmd_replace(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = begin(cmd);
	struct imap_set set;
	struct uid_set uids;

	if (!args_space(&a->line) || !args_set(&a->line, &set) || !args_space(&a->line))
		return bad_line(s, cmd);
	if (set.count != 1 || set.ranges[0].first != set.ranges[0].last) {
		a->line.wanted = "one message";
		return bad_line(s, cmd);
	}
	uid_set_init(&uids);
	if (imap_set_resolve(s, &set, cmd->uid, &uids) && uids.count)
		a->old_uid = uids.ranges[0].first;
	uid_set_release(&uids);
	if (!a->old_uid && !cmd->uid) {
		append_pass_over(s, a);
		return imap_bad(s, cmd, "No such message number");
	}
	if (!a->old_uid)
		return append_refuse(s, cmd, "[NONEXISTENT] There is no message of that UID");
	if (s->read_only)
		return append_refuse(s, cmd, "[CANNOT] The mailbox was opened read-only");
	a->old_size = snapshot_message(s->view, snapshot_seq(s->view, a->old_uid)).size;
	return append_read_line(s, cmd);
}

/* ---- Lines ---- */

static enum imap_progress act(struct imap_session *s, struct imap_running *cmd);

enum imap_progress append_read_line(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	if (!append_parse(s, a))
		return bad_line(s, cmd);
	if (a->asked || a->found == FOUND_STRING)
		return act(s, cmd);
	if (a->found == FOUND_LITERAL && a->literal.size > s->server->append_max)
		return append_refuse_status(s, cmd, STORE_TOO_BIG);     /* RFC 7889 4 */
	a->asked = true;
	cmd->resume = folder_there;
	store_folder_exists(s->server->store, a->folder, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

static enum imap_progress folder_there(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status != STORE_OK)
		return append_refuse_status(s, cmd, cmd->status);
	return act(s, cmd);
}

static enum imap_progress begin_string(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress begin_literal(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress message_whole(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress commit_group(struct imap_session *s, struct imap_running *cmd);

static enum imap_progress act(struct imap_session *s, struct imap_running *cmd)
{
	switch (((struct append *)cmd->at)->found) {
	case FOUND_STRING:
		return begin_string(s, cmd);
	case FOUND_LITERAL:
		return begin_literal(s, cmd);
	case FOUND_URL:
		return append_begin_url(s, cmd);
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
		append_pass_over(s, a);
		return imap_bad(s, cmd, "The line is too long");
	}
	if (a->unread != UNREAD_NOTHING)
		return IMAP_WAIT_INPUT;
	a->line.rest = buf_slice(&a->text);
	a->has_literal = imap_literal_at_end(slice_from(a->line.rest, a->line_at), &a->literal);
	return append_read_line(s, cmd);
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
	if (a->text.len > a->line_at && a->text.data[a->text.len - 1] == '\r')
		a->text.len--;
	a->unread = UNREAD_NOTHING;
	return end + 1;
}

static enum imap_progress go_on_with_line(struct imap_running *cmd)
{
	((struct append *)cmd->at)->unread = UNREAD_LINE;
	cmd->take = take_line;
	cmd->resume = line_read;
	return IMAP_WAIT_INPUT;
}

static enum imap_progress await_line(struct imap_running *cmd)
{
	struct append *a = cmd->at;

	buf_clear(&a->text);
	a->line_at = 0;
	return go_on_with_line(cmd);
}

/* ---- Strings that come as literals ---- */

static size_t take_string(struct imap_session *s, struct imap_running *cmd, struct slice unread)
{
	struct append *a = cmd->at;
	struct slice piece = slice_head(unread, a->left < unread.len ? (size_t)a->left : unread.len);

	(void)s;
	buf_add(&a->text, piece);
	a->left -= piece.len;
	return piece.len;
}

static enum imap_progress string_read(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	(void)s;
	if (a->left)
		return IMAP_WAIT_INPUT;
	a->line_at = a->text.len;
	return go_on_with_line(cmd);
}

static enum imap_progress literal_not_asked(struct imap_session *s, struct imap_running *cmd)
{
	append_pass_over(s, cmd->at);
	return imap_bad(s, cmd, "[TOOBIG] A literal of that size has to be asked for");
}

/* The text becomes the literal and what is behind it, for args.c to read. */
static enum imap_progress begin_string(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	if (!imap_literal_allowed(s, &a->literal))
		return literal_not_asked(s, cmd);
	if (a->literal.size > APPEND_STRING_MAX)
		return append_refuse(s, cmd, "[TOOBIG] That literal is too long");
	buf_clear(&a->text);
	buf_printf(&a->text, "{%llu}\r\n", (unsigned long long)a->literal.size);
	if (a->literal.sync)
		imap_write(s, SLICE("+ OK\r\n"));
	a->has_literal = false;
	a->left = a->literal.size;
	a->unread = UNREAD_LITERAL;
	cmd->take = take_string;
	cmd->resume = string_read;
	return a->left ? IMAP_WAIT_INPUT : string_read(s, cmd);
}

/* ---- Literals ---- */

#define TOO_MANY "[LIMIT] Those are too many messages for one command"

/* With `octets` more in the message that is being read. */
static bool is_too_much(const struct imap_session *s, const struct append *a, uint64_t octets)
{
	return a->count == MESSAGES_MAX ||
	       a->total + a->size + octets > TOTAL_MAX * s->server->append_max;
}

/* Why the literal is not wanted; NULL: it is. */
static const char *literal_refused(const struct imap_session *s, const struct append *a)
{
	/* RFC 3502: "This can be used to cancel the append." */
	if (a->next == NEXT_WHOLE && !a->literal.size)
		return "[CANNOT] An empty message is none";
	if (a->literal.size > s->server->append_max - a->size)
		return "[TOOBIG] The message is too large";      /* RFC 7889 4, RFC 4469 4.2 */
	return is_too_much(s, a, a->literal.size) ? TOO_MANY : NULL;
}

static enum imap_progress begin_literal(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	const char *why = literal_refused(s, a);

	if (!imap_literal_allowed(s, &a->literal))
		return literal_not_asked(s, cmd);
	if (why)
		return append_refuse(s, cmd, why);
	append_need_spool(s, a);
	a->raw = a->literal.binary && a->next != NEXT_CLOSE && a->next != NEXT_PART_CLOSE;
	a->binary |= a->raw;
	if (a->raw)
		append_end_bytes(a);
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

static size_t take_message(struct imap_session *s, struct imap_running *cmd, struct slice unread)
{
	struct append *a = cmd->at;
	struct slice piece = slice_head(unread, APPEND_PIECE);

	(void)s;
	if (piece.len > a->left)
		piece = slice_head(piece, (size_t)a->left);
	a->left -= piece.len;
	append_add_bytes(a, piece);
	return piece.len;
}

static enum imap_progress more(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	enum store_status st = spool_failed(a->spool);

	if (st != STORE_OK)
		return append_refuse_status(s, cmd, st);
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
		imap_notify_own(s, r->uid_validity, &r->uid, 1);
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
	bool alone = !a->count && is_last(a) && !a->old_uid;
	struct spool *spool = a->spool;

	if (!a->size)
		return append_refuse(s, cmd, "[CANNOT] An empty message is none");
	/* It may be made of URLs alone. */
	if (is_too_much(s, a, 0))
		return append_refuse(s, cmd, TOO_MANY);
	append_end_bytes(a);
	if (!alone && !a->group)
		a->group = spool_group_new(s->server->store, a->folder);
	if (a->old_uid && !a->count)
		spool_group_replaces(a->group, s->mailbox, a->old_uid);
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
		.binary = a->binary,
		.group = a->group,
	}, alone ? got_uid : got_settled, s);
	a->binary = false;
	return IMAP_WAIT_JOB;
}

static enum imap_progress settled(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status != STORE_OK)
		return append_refuse_status(s, cmd, cmd->status);
	return append_read_line(s, cmd);
}

/* ---- The end ---- */

static void got_uids(void *owner, enum store_status st, const struct spool_group_result *r)
{
	struct imap_session *s = owner;
	struct append *a = s->running->at;

	if (st == STORE_OK && r->count && r->uids[0]) {
		add_uids(a, r->uids, r->count);
		imap_notify_own(s, r->uid_validity, r->uids, r->count);
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
		return append_refuse_status(s, cmd, cmd->status);
	if (!s->mailbox)
		return shown(s, cmd);
	/* RFC 3501 6.3.11: SHOULD notify at once by EXISTS.  Whatever the folder's
	 * name, which may be another spelling: it costs nothing. */
	cmd->resume = shown;
	mailbox_refresh(s->mailbox, imap_store_answer, s);
	return IMAP_WAIT_JOB;
}

/* RFC 8508 4.3: the new message's UID is told before the old one's EXPUNGE, and so is
 * that it is there. */
static enum imap_progress tell_replaced(struct imap_session *s, struct imap_running *cmd,
					bool with_uid)
{
	struct append *a = cmd->at;

	if (with_uid)
		imap_untagged(s, "OK [APPENDUID %u %.*s] Replacement message ready",
			      a->uid_validity, (int)a->uids.len, a->uids.data);
	imap_update(s, false);
	return imap_completed(s, cmd);
}

/* RFC 9051 6.3.12: that the name is spelt otherwise. */
static enum imap_progress shown(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	if (a->old_uid)
		return answer(s, cmd);
	return imap_tell_name(s, cmd, a->folder, a->written, false, answer);
}

/* RFC 4315 3; without a UID when the index could not take the message. */
static enum imap_progress answer(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	bool with_uid = imap_has(s, CAP_UIDPLUS) && a->uids.len && !a->uids.overflow;

	if (a->old_uid)
		return tell_replaced(s, cmd, with_uid);
	if (!with_uid)
		return imap_completed(s, cmd);
	return imap_ok(s, cmd, "[APPENDUID %u %.*s] %s completed", a->uid_validity,
		       (int)a->uids.len, a->uids.data, cmd->command->name);
}
