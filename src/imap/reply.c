/*
 * What goes to the client.  A tagged OK or NO is the moment at which a client
 * expects to have been told everything, so the updates that the command allows
 * are written here, and no command can forget them or write them too early.
 */
#include <stdarg.h>

#include "base/buf.h"
#include "metadata.h"
#include "mime/utf7.h"
#include "notify.h"
#include "session.h"

enum {
	/* A line of our own; the longest has a COPYUID in it (cmd_copy.c). */
	REPLY_MAX = 2 * 1024 * 1024 + 64 * 1024,
	/* RFC 2683 3.4.2: longer texts, and such with other bytes, go as literals. */
	QUOTED_MAX = 1024,
	MAILBOX_TEXT_MAX = 4 * 1024,     /* STORE_NAME_MAX in modified UTF-7 is far below */
};

void imap_write(struct imap_session *s, struct slice bytes)
{
	conn_write(s->base.conn, bytes);
}

static void line(struct imap_session *s, const char *before, const char *what,
		 const char *fmt, va_list args) __attribute__((format(printf, 4, 0)));

static void line(struct imap_session *s, const char *before, const char *what,
		 const char *fmt, va_list args)
{
	struct buf out;

	buf_init(&out, REPLY_MAX);
	buf_add_text(&out, before);
	buf_add_byte(&out, ' ');
	if (*what)
		buf_printf(&out, "%s ", what);
	buf_vprintf(&out, fmt, args);
	buf_add(&out, SLICE("\r\n"));
	imap_write(s, buf_slice(&out));
	buf_release(&out);
}

void imap_untagged(struct imap_session *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line(s, "*", "", fmt, args);
	va_end(args);
}

void imap_bye(struct imap_session *s, const char *fmt, ...)
{
	va_list args;

	if (s->ending)
		return;
	va_start(args, fmt);
	if (!s->in_response)
		line(s, "*", "BYE", fmt, args);
	va_end(args);
	s->ending = true;
	conn_finish(s->base.conn);
}

static void log_reply(struct imap_session *s, struct imap_running *cmd, const char *what)
{
	if (s->server->log_protocol)
		conn_log(s->base.conn, LEVEL_DEBUG, "reply", log_text("tag", cmd->tag),
			 log_text("status", what));
}

static void answer(struct imap_session *s, struct imap_running *cmd, const char *status,
		   const char *fmt, va_list args) __attribute__((format(printf, 4, 0)));

static void answer(struct imap_session *s, struct imap_running *cmd, const char *status,
		   const char *fmt, va_list args)
{
	if (cmd->unasked)
		return;
	imap_update(s, !cmd->no_expunge);
	imap_tell_metadata(s);
	imap_notify_tell(s);
	s->bad_replies = 0;
	log_reply(s, cmd, status);
	line(s, cmd->tag, status, fmt, args);
}

enum imap_progress imap_ok(struct imap_session *s, struct imap_running *cmd, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	answer(s, cmd, "OK", fmt, args);
	va_end(args);
	return IMAP_DONE;
}

enum imap_progress imap_no(struct imap_session *s, struct imap_running *cmd, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	answer(s, cmd, "NO", fmt, args);
	va_end(args);
	return IMAP_DONE;
}

/* No updates: the client may not have meant the command that we took it for. */
enum imap_progress imap_bad(struct imap_session *s, struct imap_running *cmd, const char *fmt, ...)
{
	va_list args;

	if (cmd->unasked)
		return IMAP_DONE;
	s->bad_replies++;
	log_reply(s, cmd, "BAD");
	va_start(args, fmt);
	line(s, cmd->tag, "BAD", fmt, args);
	va_end(args);
	return IMAP_DONE;
}

enum imap_progress imap_completed(struct imap_session *s, struct imap_running *cmd)
{
	return imap_ok(s, cmd, "%s completed", cmd->command->name);
}

enum imap_progress imap_completed_but(struct imap_session *s, struct imap_running *cmd, bool gone)
{
	return imap_ok(s, cmd, "%s%s completed", gone ? "[EXPUNGEISSUED] " : "",
		       cmd->command->name);
}

enum imap_progress imap_bad_args(struct imap_session *s, struct imap_running *cmd)
{
	/* RFC 5530 3: it is no mistake of the client's. */
	if (cmd->args.limit)
		return imap_no(s, cmd, "[LIMIT] %s: expected %s", cmd->command->name,
			       cmd->args.wanted);
	return imap_bad(s, cmd, "%s: expected %s", cmd->command->name,
			cmd->args.wanted ? cmd->args.wanted : "other arguments");
}

/* RFC 5530; TOOBIG is of RFC 4469, HASCHILDREN of RFC 9051 7.1. */
static const char *const status_texts[] = {
	[STORE_OK]           = "Done",
	[STORE_NO_FOLDER]    = "[NONEXISTENT] There is no such mailbox",
	[STORE_EXISTS]       = "[ALREADYEXISTS] There is a mailbox of that name",
	[STORE_BAD_NAME]     = "[CANNOT] That cannot be the name of a mailbox",
	[STORE_HAS_CHILDREN] = "[HASCHILDREN] There are mailboxes below that one",
	[STORE_NOT_ALLOWED]  = "[CANNOT] That cannot be done to this mailbox",
	[STORE_NO_SPACE]     = "[OVERQUOTA] There is no room left",
	[STORE_TOO_BIG]      = "[TOOBIG] The message is too large",
	[STORE_BUSY]         = "[UNAVAILABLE] Too much to do at once; try again",
	[STORE_GONE]         = "[EXPUNGEISSUED] Some of the messages are gone",
	[STORE_BAD_USE]      = "[USEATTR] Not a special use that this mailbox can have",
	[STORE_TOO_MANY]     = "[METADATA TOOMANY] There are too many annotations",
	[STORE_FAILED]       = "[UNAVAILABLE] That failed; the server's log has the reason",
};

enum imap_progress imap_no_status(struct imap_session *s, struct imap_running *cmd,
				  enum store_status st)
{
	return imap_no(s, cmd, "%s", status_texts[st]);
}

/* ---- Texts ---- */

/* What may stand between quotes in a response: TEXT-CHAR, and UTF-8 where the client
 * takes that. */
static bool quotable(struct slice s, bool utf8)
{
	if (s.len > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c == '\0' || c == '\r' || c == '\n' || (c > 0x7f && !utf8))
			return false;
	}
	return true;
}

static bool string_text(struct buf *out, struct slice s, bool utf8)
{
	if (!quotable(s, utf8)) {
		buf_printf(out, "{%zu}\r\n", s.len);
		return buf_add(out, s);
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '"' || s.at[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, s.at[i]);
	}
	return buf_add_byte(out, '"');
}

bool imap_string_text(struct buf *out, struct slice bytes)
{
	return string_text(out, bytes, false) && !out->overflow;
}

bool imap_quoted_text(struct buf *out, const struct imap_session *s, struct slice text)
{
	return string_text(out, text, s->enabled & IMAP_UTF8) && !out->overflow;
}

/* Letters and digits and what is harmless in every reader. */
static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || strchr("._-/#+&,", c)))
			return false;
	}
	return s.len && !slice_is_nocase(s, "NIL");
}

bool imap_mailbox_text(struct buf *out, const struct imap_session *s, const char *name)
{
	struct buf encoded;
	bool good = true;

	buf_init(&encoded, MAILBOX_TEXT_MAX);
	if (s->enabled & IMAP_UTF8)
		good = buf_add_text(&encoded, name);
	else
		good = utf7_encode(&encoded, slice_of(name));
	if (good && is_plain(buf_slice(&encoded)))
		buf_add(out, buf_slice(&encoded));
	else if (good)
		good = string_text(out, buf_slice(&encoded), s->enabled & IMAP_UTF8);
	buf_release(&encoded);
	return good && !out->overflow;
}
