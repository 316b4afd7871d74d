/* MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.1.3) and their parameters. */
#include "base/text.h"
#include "path.h"
#include "session.h"

/* ==== Parameters of MAIL, as the extensions define them ==== */

/* RFC 1870 3: up to twenty digits, which is more than 64 bits hold. */
static bool read_size(struct slice value, uint64_t *size)
{
	if (text_number(value, UINT64_MAX >> 1, size))
		return true;
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
	*size = UINT64_MAX >> 1;
	return value.len > 0 && value.len <= 20;
}

static bool param_size(struct smtp_session *s, struct slice value)
{
	if (!read_size(value, &s->transaction.size)) {
		smtp_reply(s, 501, "5.5.4", "SIZE takes a number of bytes");
		return false;
	}
	if (s->transaction.size > s->server->size_max) {
		smtp_reply(s, 552, "5.3.4", "Message too big: at most %llu bytes are taken here",
			   (unsigned long long)s->server->size_max);
		return false;
	}
	return true;
}

static bool param_body(struct smtp_session *s, struct slice value)      /* RFC 6152 2 */
{
	s->transaction.body_8bit = slice_is_nocase(value, "8BITMIME");
	if (s->transaction.body_8bit || slice_is_nocase(value, "7BIT"))
		return true;
	smtp_reply(s, 501, "5.5.4", "BODY is 7BIT or 8BITMIME");
	return false;
}

static bool param_smtputf8(struct smtp_session *s, struct slice value)  /* RFC 6531 3.4 */
{
	s->transaction.utf8 = true;
	if (value.at == NULL)
		return true;
	smtp_reply(s, 501, "5.5.4", "SMTPUTF8 takes no value");
	return false;
}

static const struct param {
	const char *name;
	bool (*take)(struct smtp_session *s, struct slice value);
} mail_params[] = {
	{ "SIZE", param_size },
	{ "BODY", param_body },
	{ "SMTPUTF8", param_smtputf8 },
	{ NULL, NULL }
};
static const struct param rcpt_params[] = { { NULL, NULL } };

static bool take_params(struct smtp_session *s, const struct param *known, struct slice rest)
{
	struct slice piece;

	/* RFC 5321 4.1.1.11: parameters only after EHLO. */
	while (text_next(&rest, ' ', &piece)) {
		size_t equals = slice_find(piece, '=');
		struct slice name = slice_head(piece, equals), value = { NULL, 0 };
		const struct param *p = known;

		if (piece.len == 0)
			continue;
		if (equals < piece.len)
			value = slice_from(piece, equals + 1);
		while (p->name && !slice_is_nocase(name, p->name))
			p++;
		if (!p->name || !s->esmtp) {
			smtp_reply(s, 555, "5.5.4", "This parameter is not offered");
			return false;
		}
		if (!p->take(s, value))
			return false;
	}
	return true;
}

/* SMTPUTF8 stands behind the path that needs it. */
static bool asks_for_utf8(struct slice args)
{
	struct slice piece;

	while (text_next(&args, ' ', &piece))
		if (slice_is_nocase(piece, "SMTPUTF8"))
			return true;
	return false;
}

static bool take_path(struct smtp_session *s, const char *keyword, struct slice *args, bool utf8,
		      struct smtp_path *out, const char *enhanced)
{
	if (!slice_starts_nocase(*args, keyword)) {
		smtp_reply(s, 501, "5.5.4", "Syntax: %s<address>", keyword);
		return false;
	}
	*args = slice_trim(slice_from(*args, strlen(keyword)));
	switch (path_parse(s->arena, args, utf8, out)) {
	case PATH_OK:
		break;
	case PATH_NEEDS_UTF8:
		smtp_reply(s, 553, "5.6.7", "This address needs SMTPUTF8");
		return false;
	case PATH_SYNTAX:
		smtp_reply(s, 501, enhanced, "Bad address syntax");
		return false;
	}
	if (args->len && args->at[0] != ' ') {
		smtp_reply(s, 501, "5.5.4", "Syntax: %s<address>", keyword);
		return false;
	}
	return true;
}

/* ==== The commands ==== */

static bool mail_is_good(struct smtp_session *s, struct slice args)
{
	struct smtp_path *from = &s->transaction.from;

	if (!take_path(s, "FROM:", &args, s->esmtp && asks_for_utf8(args), from, "5.1.7"))
		return false;
	if (from->text[0] && !from->domain[0]) {
		smtp_reply(s, 501, "5.1.7", "A sender's address has a domain");
		return false;
	}
	return take_params(s, mail_params, args);
}

void smtp_run_mail(struct smtp_session *s, struct slice args)
{
	struct smtp_verdict v = { 250, "2.1.0", "Sender accepted" };

	s->arena = arena_new(SMTP_ARENA_MAX);
	s->to = arena_array(s->arena, s->server->recipients_max, sizeof *s->to);
	s->transaction = (struct smtp_transaction){
		.conn = s->base.conn, .helo = s->helo, .esmtp = s->esmtp, .to = s->to,
		.note = &s->note,
	};
	if (!mail_is_good(s, args)) {
		smtp_reset(s);
		return;
	}
	if (s->server->backend.sender)
		v = s->server->backend.sender(s->server->backend.ctx, &s->transaction);
	smtp_reply(s, v.code, v.enhanced, "%s", v.text);
	if (v.code == 250)
		s->state = SMTP_MAIL;
	else
		smtp_reset(s);
}

void smtp_run_rcpt(struct smtp_session *s, struct slice args)
{
	const struct smtp_backend *backend = &s->server->backend;

	/* RFC 5321 4.5.3.1.10 */
	if (s->transaction.to_count == s->server->recipients_max ||
	    arena_room(s->arena) < 4 * (size_t)SMTP_LINE_MAX) {
		smtp_reply(s, 452, "4.5.3", "Too many recipients: send the rest in another transaction");
		return;
	}
	if (!take_path(s, "TO:", &args, s->transaction.utf8, &s->candidate, "5.1.3"))
		return;
	/* 4.1.1.3: only Postmaster may come without a domain. */
	if (!s->candidate.domain[0] && !slice_is_nocase(slice_of(s->candidate.local), "postmaster")) {
		smtp_reply(s, 501, "5.1.3", "An address has a domain");
		return;
	}
	if (!take_params(s, rcpt_params, args))
		return;
	smtp_ask(s, SMTP_ASKED_RECIPIENT);
	backend->recipient(backend->ctx, &s->transaction, &s->candidate, &s->question);
	smtp_wait_if_asked(s);
}

void smtp_recipient_answered(struct smtp_session *s, const struct smtp_verdict *v)
{
	if (v->code == 250) {
		s->to[s->transaction.to_count++] = s->candidate;
		s->state = SMTP_RCPT;
	} else {
		s->refused++;
		conn_log(s->base.conn, v->code < 500 ? LEVEL_INFO : LEVEL_WARN, "recipient refused",
			 log_text("from", s->transaction.from.text), log_text("to", s->candidate.text),
			 log_number("code", v->code), log_text("reason", v->text));
	}
	smtp_reply(s, v->code, v->enhanced, "%s", v->text);
}
