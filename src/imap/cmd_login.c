/*
 * Becoming the user.  That a password is only taken where it cannot be overheard
 * is the table's business (no IMAP_IN_CLEAR in its rows).  How late a wrong
 * answer comes is the business of auth; here three of them end the connection,
 * so that guessing costs connections too, which are counted per network.
 */
#include "base/list.h"
#include "base/mem.h"
#include "commands.h"
#include "login.h"

enum {
	FAILURES_MAX = 3,
	/* RFC 3501 5.4 asks for 30 minutes at least; IDLE is renewed after 29
	 * (RFC 2177 3). */
	LOGGED_IN_IDLE_S = 35 * 60,
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

/* RFC 8437 3: never NO, and nothing about expunges; the selected mailbox is gone
 * before the reply, which would tell of them. */
enum imap_progress cmd_unauthenticate(struct imap_session *s, struct imap_running *cmd)
{
	conn_log(s->base.conn, LEVEL_INFO, "logout", log_text("reason", "unauthenticated"));
	imap_forget_user(s);
	return imap_completed(s, cmd);
}

enum imap_progress imap_welcome(struct imap_session *s, struct imap_running *cmd)
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

enum imap_progress imap_login_failed(struct imap_session *s, struct imap_running *cmd,
				     const char *reason, const char *reply)
{
	struct login *login = cmd->at;

	conn_log(s->base.conn, LEVEL_INFO, "login failed",
		 log_text("user", login->user ? login->user : ""), log_text("reason", reason));
	imap_no(s, cmd, "%s", reply);
	if (++s->login_failures >= FAILURES_MAX)
		imap_bye(s, "Too many failed logins");
	return IMAP_DONE;
}

static enum imap_progress answered(struct imap_session *s, struct imap_running *cmd)
{
	struct login *login = cmd->at;

	switch (login->answer) {
	case AUTH_RIGHT:
		return login->right ? login->right(s, cmd) : imap_welcome(s, cmd);
	case AUTH_LATER:
		return imap_login_failed(s, cmd, "too many questions",
			"[UNAVAILABLE] Too many failed logins; try again later");
	case AUTH_WRONG:
		break;
	}
	return imap_login_failed(s, cmd, "user or password",
				 "[AUTHENTICATIONFAILED] Wrong user or password");
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
	wipe(&login->message);
	scram_free(login->scram);
}

struct login *imap_login_new(struct imap_session *s, struct imap_running *cmd)
{
	struct login *login = arena_get(cmd->arena, sizeof(*login));

	login->session = s;
	login->request.answer = got_answer;
	buf_init(&login->line, SASL_LINE_MAX);
	buf_init(&login->message, SASL_LINE_MAX);
	/* Grown once, so that no copy is left behind unwiped. */
	buf_reserve(&login->line, SASL_LINE_MAX);
	buf_reserve(&login->message, SASL_LINE_MAX);
	cmd->at = login;
	cmd->release = login_release;
	return login;
}

enum imap_progress imap_login_asked(struct imap_session *s, struct imap_running *cmd,
				    struct slice user)
{
	struct login *login = cmd->at;

	(void)s;
	login->user = arena_string(cmd->arena, user);
	cmd->resume = answered;
	return IMAP_WAIT_JOB;
}

enum imap_progress imap_login_ask(struct imap_session *s, struct imap_running *cmd,
				  struct slice user, struct slice password)
{
	struct login *login = cmd->at;

	auth_check(s->server->auth, &login->request, conn_peer(s->base.conn), user, password);
	return imap_login_asked(s, cmd, user);
}

enum imap_progress cmd_login(struct imap_session *s, struct imap_running *cmd)
{
	struct imap_args *a = &cmd->args;
	struct slice user, password;

	if (!args_space(a) || !args_astring(a, &user) || !args_space(a) ||
	    !args_astring(a, &password) || !args_end(a))
		return imap_bad_args(s, cmd);
	imap_login_new(s, cmd);
	return imap_login_ask(s, cmd, user, password);
}
