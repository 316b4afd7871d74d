/*
 * AUTHENTICATE (RFC 3501 6.2.2): SASL's messages in base64, a line each.
 *
 * What is known before a password was compared (a message that cannot be read, a
 * channel that is not the client's) is answered at once and in its own words; what
 * comes of the comparison only by way of imap_login_ask(), for any mechanism.
 *
 * RFC 5802 5 lets the server end a failed exchange without a last message ("e="), and
 * so does this one: its reason goes into the text of the NO, where every client
 * looks, and none has to answer one line more.
 */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "commands.h"
#include "input.h"
#include "login.h"

enum { CHALLENGE_MAX = 4 * 1024 };       /* it repeats the client's nonce */

static size_t take_reply(struct imap_session *s, struct imap_running *cmd, struct slice unread)
{
	struct login *login = cmd->at;
	struct slice line;
	size_t used = 0;

	if (imap_line_ready(unread, &line, &used))
		login->too_long = !buf_add(&login->line, line);
	else if (unread.len > SASL_LINE_MAX)
		login->too_long = true;
	else
		return 0;
	if (!used)
		imap_input_pass_over(s, 0);
	return used ? used : unread.len;
}

static enum imap_progress read_message(struct imap_session *s, struct imap_running *cmd,
				       struct slice base64)
{
	struct login *login = cmd->at;

	buf_clear(&login->message);
	if (!base64_decode(&login->message, base64))
		return imap_bad(s, cmd, "That is not base64");
	return login->step(s, cmd, buf_slice(&login->message));
}

static enum imap_progress got_reply(struct imap_session *s, struct imap_running *cmd)
{
	struct login *login = cmd->at;

	if (login->too_long)
		return imap_bad(s, cmd, "That line is too long");
	if (slice_is(buf_slice(&login->line), "*"))
		return imap_bad(s, cmd, "AUTHENTICATE cancelled");   /* RFC 3501 6.2.2 */
	return read_message(s, cmd, buf_slice(&login->line));
}

/* Waits for the client's answer, which goes to login->step. */
static enum imap_progress challenge(struct imap_session *s, struct imap_running *cmd,
				    struct slice text)
{
	struct login *login = cmd->at;
	struct buf line;

	buf_clear(&login->line);
	buf_init(&line, 2 * CHALLENGE_MAX);
	buf_add_text(&line, "+ ");
	base64_encode(&line, text);
	buf_add_text(&line, "\r\n");
	imap_write(s, buf_slice(&line));
	buf_release(&line);
	cmd->take = take_reply;
	cmd->resume = got_reply;
	return IMAP_WAIT_INPUT;
}

/* There is one user, who can act as nobody else. */
static bool acts_for_another(const struct imap_session *s, struct slice other, struct slice user)
{
	return other.len && !auth_same_name(s->server->auth, other, user);
}

static enum imap_progress refuse_other(struct imap_session *s, struct imap_running *cmd)
{
	return imap_no(s, cmd, "[AUTHORIZATIONFAILED] Nobody may act for another");
}

/* ---- PLAIN ---- */

/* RFC 4616 2: [authzid] NUL authcid NUL passwd */
static enum imap_progress plain(struct imap_session *s, struct imap_running *cmd,
				struct slice message)
{
	struct slice fields[3], rest = message;
	size_t count = 0;

	while (count < 2) {
		size_t end = slice_find(rest, '\0');

		if (end == rest.len)
			return imap_bad(s, cmd, "That is no SASL PLAIN message");
		fields[count++] = slice_head(rest, end);
		rest = slice_from(rest, end + 1);
	}
	if (memchr(rest.at, '\0', rest.len) || !fields[1].len || !rest.len)
		return imap_bad(s, cmd, "That is no SASL PLAIN message");
	if (acts_for_another(s, fields[0], fields[1]))
		return refuse_other(s, cmd);
	return imap_login_ask(s, cmd, fields[1], rest);
}

/* ---- SCRAM-SHA-256 and -PLUS ---- */

static enum imap_progress scram_refused(struct imap_session *s, struct imap_running *cmd,
					enum scram_error e)
{
	char reply[100];

	if (e == SCRAM_INVALID_ENCODING)
		return imap_bad(s, cmd, "That is no SCRAM message (invalid-encoding)");
	snprintf(reply, sizeof(reply), "[AUTHENTICATIONFAILED] SCRAM: %s", scram_error_text(e));
	return imap_login_failed(s, cmd, scram_error_text(e), reply);
}

/* The client has seen our proof, and has nothing to add. */
static enum imap_progress scram_ends(struct imap_session *s, struct imap_running *cmd,
				     struct slice message)
{
	if (message.len)
		return imap_bad(s, cmd, "An empty line was expected");
	return imap_welcome(s, cmd);
}

static enum imap_progress scram_right(struct imap_session *s, struct imap_running *cmd)
{
	struct login *login = cmd->at;
	enum imap_progress done;
	struct buf text;

	buf_init(&text, CHALLENGE_MAX);
	login->step = scram_ends;
	if (scram_verifier(login->scram, &text))
		done = challenge(s, cmd, buf_slice(&text));
	else
		done = scram_refused(s, cmd, SCRAM_OTHER_ERROR);
	buf_release(&text);
	return done;
}

static enum imap_progress scram_second(struct imap_session *s, struct imap_running *cmd,
				       struct slice message)
{
	struct login *login = cmd->at;
	enum scram_error e = scram_final(login->scram, message);
	struct slice user = slice_of(scram_user(login->scram));

	if (e != SCRAM_GOOD)
		return scram_refused(s, cmd, e);
	login->right = scram_right;
	auth_check_scram(s->server->auth, &login->request, conn_peer(s->base.conn), login->scram);
	return imap_login_asked(s, cmd, user);
}

static struct scram *new_exchange(const struct imap_session *s, bool plus)
{
	unsigned char exporter[STREAM_BINDING_MAX], end_point[STREAM_BINDING_MAX];
	const struct conn *conn = s->base.conn;

	return scram_new(&(struct scram_options){
		.plus = plus, .plus_offered = imap_tells(s, CAP_AUTH_SCRAM_PLUS),
		.exporter = slice_make((const char *)exporter,
				       conn_binding(conn, STREAM_EXPORTER, exporter)),
		.end_point = slice_make((const char *)end_point,
					conn_binding(conn, STREAM_END_POINT, end_point)),
	});
}

static enum imap_progress scram(struct imap_session *s, struct imap_running *cmd,
				struct slice message)
{
	struct login *login = cmd->at;
	enum imap_progress next;
	enum scram_error e;
	struct buf text;
	struct slice user;

	login->scram = new_exchange(s, login->plus);
	buf_init(&text, CHALLENGE_MAX);
	e = auth_scram_first(s->server->auth, login->scram, message, &text);
	user = slice_of(scram_user(login->scram));
	login->user = arena_string(cmd->arena, user);
	login->step = scram_second;
	if (e != SCRAM_GOOD)
		next = scram_refused(s, cmd, e);
	else if (acts_for_another(s, slice_of(scram_acts_as(login->scram)), user))
		next = refuse_other(s, cmd);
	else
		next = challenge(s, cmd, buf_slice(&text));
	buf_release(&text);
	return next;
}

/* ---- The command ---- */

static const struct mechanism {
	const char *name;
	enum imap_cap cap;
	sasl_step_fn *first;
} mechanisms[] = {
	{ "PLAIN",              CAP_AUTH_PLAIN,      plain },         /* RFC 4616 */
	{ "SCRAM-SHA-256",      CAP_AUTH_SCRAM,      scram },         /* RFC 7677 */
	{ "SCRAM-SHA-256-PLUS", CAP_AUTH_SCRAM_PLUS, scram },
};

static const struct mechanism *find(const struct imap_session *s, struct slice name)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (slice_is_nocase(name, mechanisms[i].name) && imap_tells(s, mechanisms[i].cap))
			return &mechanisms[i];
	return NULL;
}

enum imap_progress cmd_authenticate(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;
	struct slice name, initial = { 0 };
	const struct mechanism *m;
	struct login *login;

	if (!args_space(a) || !args_atom(a, &name))
		return imap_bad_args(s, cmd);
	/* RFC 4959 3: an initial response; "=" is an empty one. */
	if (imap_has(s, CAP_SASL_IR) && args_peek(a, ' ')) {
		args_space(a);
		initial = a->rest;
		a->wanted = "an initial response";
		if (!initial.len)
			return imap_bad_args(s, cmd);
	} else if (!args_end(a)) {
		return imap_bad_args(s, cmd);
	}
	m = find(s, name);
	if (!m)
		return imap_no(s, cmd, "[CANNOT] That mechanism is not offered");
	login = imap_login_new(s, cmd);
	login->step = m->first;
	login->plus = m->cap == CAP_AUTH_SCRAM_PLUS;
	if (initial.len)
		return read_message(s, cmd, slice_is(initial, "=") ? slice_make(NULL, 0) : initial);
	return challenge(s, cmd, slice_make(NULL, 0));
}
