/*
 * The three forms of a string in an IMAP answer.  A quoted string may hold
 * neither CR nor LF nor a byte above 127 (RFC 3501 4.3: QUOTED-CHAR is TEXT-CHAR,
 * which is CHAR), and some clients copy it to a small buffer; so whatever is
 * unusual goes as a literal.
 */
#include "mime/describe.h"

enum { QUOTED_MOST = 1000 };     /* longer is a literal: clients' line buffers */

static bool may_be_quoted(struct slice s)
{
	if (s.len > QUOTED_MOST)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] >= 127 || s.at[i] == '\0' ||
		    s.at[i] == '\r' || s.at[i] == '\n')
			return false;
	return true;
}

static bool add_quoted(struct buf *out, struct slice s)
{
	buf_add_byte(out, '"');
	while (s.len) {
		size_t plain = 0;

		while (plain < s.len && s.at[plain] != '"' && s.at[plain] != '\\')
			plain++;
		buf_add(out, slice_head(s, plain));
		if (plain < s.len) {
			buf_add_byte(out, '\\');
			buf_add_byte(out, s.at[plain++]);
		}
		s = slice_from(s, plain);
	}
	return buf_add_byte(out, '"');
}

/* RFC 3501 9: CHAR8 is any byte but NUL. */
static bool add_literal(struct buf *out, struct slice s)
{
	size_t at;

	if (!buf_printf(out, "{%zu}\r\n", s.len) || !buf_add(out, s))
		return false;
	at = out->len - s.len;
	for (char *p = out->data + at, *end = out->data + out->len;
	     (p = memchr(p, '\0', (size_t)(end - p))) != NULL;)
		*p = (char)0x80;
	return true;
}

bool mime_nstring(struct buf *out, struct slice s)
{
	if (!s.at)
		return buf_add_text(out, "NIL");
	return may_be_quoted(s) ? add_quoted(out, s) && !out->overflow : add_literal(out, s);
}
