/* Every rule about WHEN a command may come: TLS, then state, then arguments. */
#include "session.h"

static const struct smtp_command *find(struct slice verb)
{
	const struct smtp_command *c = smtp_commands;

	while (c->verb && !slice_is_nocase(verb, c->verb))
		c++;
	return c->verb ? c : NULL;
}

static bool is_clean(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] == '\r' || line.at[i] == '\n' || line.at[i] == '\0')
			return false;
	return true;
}

static void refuse_state(struct smtp_session *s, const struct smtp_command *c)
{
	const char *text = "Bad sequence of commands";

	if (s->state == SMTP_GREETED)
		text = "Say EHLO first";
	else if (c->states & SMTP_RCPT && s->state == SMTP_READY)
		text = "MAIL comes first";
	else if (c->states & SMTP_RCPT && s->state == SMTP_MAIL)
		text = "No valid recipients";
	else if (c->states == SMTP_READY)
		text = "A transaction is under way: RSET ends it";
	smtp_reply(s, 503, "5.5.1", "%s", text);
}

static bool refuse(struct smtp_session *s, const struct smtp_command *c, struct slice args)
{
	/* RFC 3207 4: all else is refused until TLS has been negotiated. */
	if (!conn_is_secure(s->base.conn) && !(c->flags & SMTP_IN_CLEAR))
		smtp_reply(s, 530, "5.7.0", "Must issue a STARTTLS command first");
	else if (c->flags & SMTP_NOT_OFFERED)
		smtp_reply(s, 502, "5.5.1", "%s is not offered here", c->verb);
	else if (!(c->states & s->state))
		refuse_state(s, c);
	else if (c->flags & SMTP_NO_ARGS && args.len > 0)
		smtp_reply(s, 501, "5.5.4", "%s takes no argument", c->verb);
	else
		return false;
	return true;
}

/* A line that is no command may be anything: the text of a message behind a DATA
 * that was refused, or the password of a client that does not wait for answers. */
static void log_command(struct smtp_session *s, const struct smtp_command *c, struct slice line)
{
	if (c && !(c->flags & SMTP_NOT_OFFERED))
		conn_log(s->base.conn, LEVEL_DEBUG, "command", log_slice("line", line));
	else
		conn_log(s->base.conn, LEVEL_DEBUG, "unknown command",
			 log_text("verb", c ? c->verb : "?"), log_number("bytes", (int64_t)line.len));
}

void smtp_dispatch(struct smtp_session *s, struct slice line)
{
	struct slice trimmed = slice_trim(line);
	struct slice verb = slice_head(trimmed, slice_find(trimmed, ' '));
	struct slice args = slice_trim(slice_from(trimmed, verb.len));
	const struct smtp_command *c = find(verb);

	if (s->server->log_protocol)
		log_command(s, c, line);
	if (!is_clean(trimmed))
		smtp_reply(s, 500, "5.5.2", "A line ends in CR LF and holds neither alone");
	else if (!c)
		smtp_reply(s, 500, "5.5.2", "Command not recognized");
	else if (!refuse(s, c, args))
		c->run(s, args);
	else if (c->flags & SMTP_PAYLOAD)
		smtp_refuse_chunk(s, args);      /* or its bytes would be read as commands */
}
