/* EHLO, HELO, STARTTLS. */
#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"
#include "session.h"

enum { HELO_MAX = 255 };         /* RFC 5321 4.5.3.1.2 */

/* What a client calls itself goes into Received and the log: only what a domain
 * or an address literal can hold is kept.  A wrong name is no reason to refuse
 * mail (4.1.4). */
static bool take_name(struct smtp_session *s, struct slice name)
{
	char *copy;

	if (name.len == 0 || name.len > HELO_MAX) {
		smtp_reply(s, 501, "5.5.4", "Say who you are: EHLO your.host.name");
		return false;
	}
	copy = mem_bytes(name.at, name.len);
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)copy[i]) && !strchr(".-_:[]", copy[i]))
			copy[i] = '?';
	free(s->helo);
	s->helo = copy;
	smtp_reset(s);
	s->state = SMTP_READY;
	return true;
}

void smtp_run_ehlo(struct smtp_session *s, struct slice args)
{
	const struct smtp_server *server = s->server;

	if (!take_name(s, args))
		return;
	s->esmtp = true;
	smtp_reply_more(s, 250, "%s", server->hostname);
	smtp_reply_more(s, 250, "PIPELINING");
	smtp_reply_more(s, 250, "SIZE %llu", (unsigned long long)server->size_max);
	smtp_reply_more(s, 250, "8BITMIME");
	smtp_reply_more(s, 250, "SMTPUTF8");
	smtp_reply_more(s, 250, "CHUNKING");
	smtp_reply_more(s, 250, "LIMITS RCPTMAX=%u", server->recipients_max);
	if (!conn_is_secure(s->base.conn) && conn_can_tls(s->base.conn))
		smtp_reply_more(s, 250, "STARTTLS");
	smtp_reply(s, 250, NULL, "ENHANCEDSTATUSCODES");
}

void smtp_run_helo(struct smtp_session *s, struct slice args)
{
	if (!take_name(s, args))
		return;
	s->esmtp = false;
	smtp_reply(s, 250, NULL, "%s", s->server->hostname);
}

void smtp_run_starttls(struct smtp_session *s, struct slice args)
{
	(void)args;
	if (conn_is_secure(s->base.conn)) {
		smtp_reply(s, 503, "5.5.1", "TLS is active already");
		return;
	}
	if (!conn_can_tls(s->base.conn)) {
		smtp_reply(s, 454, "4.7.0", "TLS is not available just now, try later");
		return;
	}
	smtp_reply(s, 220, "2.0.0", "Ready to start TLS");
	conn_start_tls(s->base.conn);
}
