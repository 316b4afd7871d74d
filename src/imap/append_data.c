/*
 * The bytes of a message that APPEND or REPLACE makes: from the client's literals,
 * and from messages that are there already (RFC 4469).  Both go the same way, so that
 * a line end may be cut by the border between two pieces.
 */
#include "append.h"
#include "append_url.h"

enum { PIECE_MADE = APPEND_PIECE + 8 };  /* and CRs held back before it */

static imap_run_fn url_opened, more_of_url;

static void room(void *owner)
{
	struct imap_session *s = owner;
	struct append *a = s->running->at;

	bool waited = a->full;

	a->full = false;
	if (waited && s->running->waiting == IMAP_WAIT_JOB)
		imap_command_resume(s);
}

void append_need_spool(struct imap_session *s, struct append *a)
{
	if (a->spool)
		return;
	a->spool = spool_new(s->server->store, room, s);
	if (a->old_uid)
		spool_credit(a->spool, a->old_size);
}

/* ---- Bytes of the message ---- */

/* At most APPEND_PIECE bytes. */
void append_add_bytes(struct append *a, struct slice piece)
{
	struct buf lf;

	if (a->raw) {
		a->full = !spool_add(a->spool, piece);
		return;
	}
	buf_init(&lf, PIECE_MADE);
	lf_form_add(&a->lf, &lf, piece);
	a->full = !spool_add(a->spool, buf_slice(&lf));
	buf_release(&lf);
}

void append_end_bytes(struct append *a)
{
	char held[4];
	struct buf lf = { .data = held, .cap = sizeof(held), .max = sizeof(held) };

	lf_form_end(&a->lf, &lf);
	spool_add(a->spool, buf_slice(&lf));
	a->lf = (struct lf_form){ 0 };
}

/* ---- URLs (RFC 4469 3) ---- */

/* The code has the URL as it came, but for what cannot stand in one (RFC 4469 5). */
static enum imap_progress bad_url(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	enum imap_progress progress;
	struct buf url;

	buf_init(&url, 4 * APPEND_STRING_MAX);
	for (size_t i = 0; i < a->url.len && i < APPEND_STRING_MAX; i++) {
		unsigned char c = (unsigned char)a->url.at[i];

		if (c <= ' ' || c >= 0x7f || c == ']' || c == '\\' || c == '"')
			buf_printf(&url, "%%%02X", c);
		else
			buf_add_byte(&url, (char)c);
	}
	append_pass_over(s, a);
	progress = imap_no(s, cmd, "[BADURL %.*s] There is no such message or part",
			   url.len ? (int)url.len : 2, url.len ? url.data : "\"\"");
	buf_release(&url);
	return progress;
}

static void got_mailbox(void *owner, enum store_status st, struct mailbox *m)
{
	struct imap_session *s = owner;
	struct append *a = s->running->at;

	if (st == STORE_OK && !url_copy_open(a->copy, m))
		st = STORE_GONE;
	imap_store_answer(owner, st);
}

enum imap_progress append_begin_url(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	const char *mailbox;

	a->copy = url_copy_new(s, a->url);
	mailbox = a->copy ? url_copy_mailbox(a->copy) : NULL;
	if (!mailbox && a->copy && s->mailbox)
		mailbox = mailbox_name(s->mailbox);
	if (!mailbox)
		return bad_url(s, cmd);
	append_need_spool(s, a);
	append_end_bytes(a);
	a->raw = false;
	cmd->resume = url_opened;
	mailbox_open(s->server->store, mailbox, false, got_mailbox, s);
	return IMAP_WAIT_JOB;
}

static enum imap_progress next_of_url(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;

	a->copy_at = 0;
	cmd->resume = more_of_url;
	if (url_copy_more(a->copy))
		return IMAP_WAIT_JOB;
	return append_refuse_status(s, cmd, STORE_BUSY);
}

static enum imap_progress url_opened(struct imap_session *s, struct imap_running *cmd)
{
	if (cmd->status != STORE_OK)
		return bad_url(s, cmd);
	return next_of_url(s, cmd);
}

/* Comes when a slice is there, and when the spool has room again. */
static enum imap_progress more_of_url(struct imap_session *s, struct imap_running *cmd)
{
	struct append *a = cmd->at;
	enum store_status st = spool_failed(a->spool);
	struct slice octets;
	uint64_t size;
	bool end;

	if (!url_copy_take(a->copy, &octets, &size, &end))
		return bad_url(s, cmd);
	if (st != STORE_OK)
		return append_refuse_status(s, cmd, st);
	if (size > s->server->append_max - a->size)
		return append_refuse_status(s, cmd, STORE_TOO_BIG);     /* RFC 4469 4.2 */
	while (!a->full && a->copy_at < octets.len) {
		struct slice piece = slice_head(slice_from(octets, a->copy_at), APPEND_PIECE);

		append_add_bytes(a, piece);
		a->copy_at += piece.len;
	}
	if (a->full)
		return IMAP_WAIT_JOB;
	if (!end)
		return next_of_url(s, cmd);
	url_copy_free(a->copy);
	a->copy = NULL;
	a->size += size;
	return append_read_line(s, cmd);
}

