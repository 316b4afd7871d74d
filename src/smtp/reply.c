/* Replies (RFC 5321 4.2, RFC 2034).  Whatever of a peer's words is repeated in one
 * is made printable here, so no reply can be split by its content. */
#include <stdarg.h>
#include <stdio.h>

#include "session.h"

enum { REPLY_MAX = 512 };        /* RFC 5321 4.5.3.1.5 */

static void __attribute__((format(printf, 5, 0)))
write_line(struct smtp_session *s, int code, char after, const char *enhanced,
	   const char *fmt, va_list args)
{
	char line[REPLY_MAX];
	int n = snprintf(line, sizeof line, "%03d%c%s%s", code, after,
			 enhanced ? enhanced : "", enhanced ? " " : "");
	int text = vsnprintf(line + n, sizeof line - (size_t)n - 2, fmt, args);

	if (text > 0)
		n += text < REPLY_MAX - n - 2 ? text : REPLY_MAX - n - 3;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\r';
	line[n++] = '\n';
	conn_write(s->base.conn, slice_make(line, (size_t)n));
	if (s->server->log_protocol)
		conn_log(s->base.conn, LEVEL_DEBUG, "reply", log_slice("line", slice_make(line, (size_t)n - 2)));
}

void smtp_reply(struct smtp_session *s, int code, const char *enhanced, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(s, code, ' ', enhanced, fmt, args);
	va_end(args);
	if (code >= 500 && code != 550 && code != 552)
		s->errors++;
	if (code == 421) {
		s->over = true;
		conn_finish(s->base.conn);
	}
}

void smtp_reply_more(struct smtp_session *s, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(s, code, '-', NULL, fmt, args);
	va_end(args);
}
