/*
 * Becoming the user.  That a password is only taken where it cannot be overheard
 * is the table's business (no IMAP_IN_CLEAR in its rows).  How late a wrong
 * answer comes is the business of auth; here three of them end the connection,
 * so that guessing costs connections too, which are counted per network.
 */
#include <string.h>

#include "auth/auth.h"
#include "base/encode.h"
#include "base/list.h"
#include "base/mem.h"
#include "capability.h"
#include "commands.h"
#include "input.h"
#include "literal.h"

enum {
	FAILURES_MAX = 3,
	/* RFC 3501 5.4 asks for 30 minutes at least; IDLE is renewed after 29
	 * (RFC 2177 3). */
	LOGGED_IN_IDLE_S = 35 * 60,
	/* RFC 4616 2: three fields of 255 bytes; a long password more.  In base64. */
	SASL_LINE_MAX = 4 * 1024,
};

struct login {
	struct auth_request request;
	struct imap_session *session;
	enum auth_answer answer;
	char *user;                      /* for the log */
	struct buf line, plain;          /* the client's SASL line, and what it says */
	bool too_long;
};

/* RFC 3501 6.2.1 */
enum imap_progress cmd_starttls(struct imap_session *s, struct imap_running *cmd)
{
	struct conn *conn = s->base.conn;

	if (conn_is_secure(conn))
		return imap_bad(s, cmd, "TLS is on already");
	if (!conn_can_tls(conn))
		return imap_bad(s, cmd, "There is no TLS here");
	imap_ok(s, cmd, "Begin TLS now");
	conn_start_tls(conn);
	return IMAP_DONE;
}

static enum imap_progress welcome(struct imap_session *s, struct imap_running *cmd)
{
	struct conn *conn = s->base.conn;
	const char *tls = conn_tls_version(conn);
	struct login *login = cmd->at;
	enum imap_progress done;
	struct buf text;

	s->state = IMAP_AUTHED;
	s->login_failures = 0;
	conn_set_idle(conn, LOGGED_IN_IDLE_S);
	conn_set_deadline(conn, 0);
	conn_log(conn, LEVEL_INFO, "login", log_text("user", login->user),
		 log_text("tls", tls ? tls : "none"));
	buf_init(&text, IMAP_CAPABILITY_TEXT);
	imap_capability_text(&text, s);
	done = imap_ok(s, cmd, "[CAPABILITY %.*s] Logged in", (int)text.len, text.data);
	buf_release(&text);
	return done;
}

static enum imap_progress answered(struct imap_session *s, struct imap_running *cmd)
{
	struct login *login = cmd->at;
	bool later = login->answer == AUTH_LATER;

	if (login->answer == AUTH_RIGHT)
		return welcome(s, cmd);
	conn_log(s->base.conn, LEVEL_INFO, "login failed", log_text("user", login->user),
		 log_text("reason", later ? "too many questions" : "user or password"));
	imap_no(s, cmd, "%s", later ?
		"[UNAVAILABLE] Too many failed logins; try again later" :
		"[AUTHENTICATIONFAILED] Wrong user or password");
	if (++s->login_failures >= FAILURES_MAX)
		imap_bye(s, "Too many failed logins");
	return IMAP_DONE;
}

static void got_answer(struct auth_request *r, enum auth_answer answer)
{
	struct login *login = container_of(r, struct login, request);

	login->answer = answer;
	imap_command_resume(login->session);
}

static void wipe(struct buf *b)
{
	if (b->data)
		mem_wipe(b->data, b->cap);
	buf_release(b);
}

static void login_release(struct imap_session *s, struct imap_running *cmd)
{
	struct login *login = cmd->at;

	(void)s;
	auth_abandon(&login->request);
	wipe(&login->line);
	wipe(&login->plain);
}

static struct login *login_new(struct imap_session *s, struct imap_running *cmd)
{
	struct login *login = arena_get(cmd->arena, sizeof(*login));

	login->session = s;
	login->request.answer = got_answer;
	buf_init(&login->line, SASL_LINE_MAX);
	buf_init(&login->plain, SASL_LINE_MAX);
	/* Grown once, so that no copy is left behind unwiped. */
	buf_reserve(&login->line, SASL_LINE_MAX);
	buf_reserve(&login->plain, SASL_LINE_MAX);
	cmd->at = login;
	cmd->release = login_release;
	return login;
}

static enum imap_progress ask(struct imap_session *s, struct imap_running *cmd,
			      struct slice user, struct slice password)
{
	struct login *login = cmd->at;

	login->user = arena_string(cmd->arena, user);
	cmd->resume = answered;
	auth_check(s->server->auth, &login->request, conn_peer(s->base.conn), user, password);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_login(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;
	struct slice user, password;

	if (!args_space(a) || !args_astring(a, &user) || !args_space(a) ||
	    !args_astring(a, &password) || !args_end(a))
		return imap_bad_args(s, cmd);
	login_new(s, cmd);
	return ask(s, cmd, user, password);
}

/* ---- AUTHENTICATE PLAIN ---- */

/* RFC 4616 2: [authzid] NUL authcid NUL passwd */
static enum imap_progress plain_reply(struct imap_session *s, struct imap_running *cmd,
				      struct slice base64)
{
	struct login *login = cmd->at;
	struct slice fields[3], rest;
	size_t count = 0;

	if (!base64_decode(&login->plain, base64))
		return imap_bad(s, cmd, "That is not base64");
	rest = buf_slice(&login->plain);
	while (count < 2) {
		size_t end = slice_find(rest, '\0');

		if (end == rest.len)
			return imap_bad(s, cmd, "That is no SASL PLAIN message");
		fields[count++] = slice_head(rest, end);
		rest = slice_from(rest, end + 1);
	}
	if (memchr(rest.at, '\0', rest.len) || !fields[1].len || !rest.len)
		return imap_bad(s, cmd, "That is no SASL PLAIN message");
	/* There is one user, who can act as nobody else. */
	if (fields[0].len && !slice_equal_nocase(fields[0], fields[1]))
		return imap_no(s, cmd, "[AUTHORIZATIONFAILED] Nobody may act for another");
	return ask(s, cmd, fields[1], rest);
}

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

static enum imap_progress got_reply(struct imap_session *s, struct imap_running *cmd)
{
	struct login *login = cmd->at;

	if (login->too_long)
		return imap_bad(s, cmd, "That line is too long");
	if (slice_is(buf_slice(&login->line), "*"))
		return imap_bad(s, cmd, "AUTHENTICATE cancelled");   /* RFC 3501 6.2.2 */
	return plain_reply(s, cmd, buf_slice(&login->line));
}

enum imap_progress cmd_authenticate(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;
	struct slice mechanism, initial = { 0 };

	if (!args_space(a) || !args_atom(a, &mechanism))
		return imap_bad_args(s, cmd);
	/* RFC 4959 3: an initial response; "=" is an empty one. */
	if (imap_has(s, CAP_SASL_IR) && args_peek(a, ' ')) {
		args_space(a);
		initial = a->rest;
	}
	if (!initial.at && !args_end(a))
		return imap_bad_args(s, cmd);
	if (!slice_is_nocase(mechanism, "PLAIN") || !imap_has(s, CAP_AUTH_PLAIN))
		return imap_no(s, cmd, "[CANNOT] That mechanism is not offered");
	login_new(s, cmd);
	if (initial.len)
		return plain_reply(s, cmd, slice_is(initial, "=") ? slice_make(NULL, 0) : initial);
	cmd->take = take_reply;
	cmd->resume = got_reply;
	imap_write(s, SLICE("+ \r\n"));
	return IMAP_WAIT_INPUT;
}
