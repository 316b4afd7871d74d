/* RSET, NOOP, VRFY, HELP, QUIT. */
#include "session.h"

void smtp_run_rset(struct smtp_session *s, struct slice args)
{
	(void)args;
	smtp_reset(s);
	smtp_reply(s, 250, "2.0.0", "OK");
}

void smtp_run_noop(struct smtp_session *s, struct slice args)
{
	(void)args;
	smtp_reply(s, 250, "2.0.0", "OK");
}

/* RFC 5321 3.5.3: neither confirmed nor denied. */
void smtp_run_vrfy(struct smtp_session *s, struct slice args)
{
	if (args.len == 0)
		smtp_reply(s, 501, "5.5.4", "VRFY takes an address");
	else
		smtp_reply(s, 252, "2.5.2", "Cannot verify, but send it and see");
}

void smtp_run_help(struct smtp_session *s, struct slice args)
{
	(void)args;
	smtp_reply_more(s, 214, "2.0.0 %s receives mail for %s and relays for nobody",
			s->server->hostname, s->server->domain);
	smtp_reply_more(s, 214, "2.0.0 EHLO HELO STARTTLS MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT");
	smtp_reply(s, 214, "2.0.0", "TLS is required before MAIL; questions: postmaster@%s", s->server->domain);
}

void smtp_run_quit(struct smtp_session *s, struct slice args)
{
	(void)args;
	smtp_reply(s, 221, "2.0.0", "%s closing connection", s->server->hostname);
	conn_finish(s->base.conn);
}
