/*
 * What is not of the form is answered as if nothing had been sent: 401, at once,
 * since nothing was guessed.  Whether a password is right, and how long a wrong one
 * waits, is auth's business.
 */
#include "auth_basic.h"

#include "base/encode.h"
#include "base/mem.h"
#include "request.h"

bool http_credentials_read(struct http_credentials *c, const struct http_head *h)
{
	struct slice value, all;
	size_t at = 0, colon;

	*c = (struct http_credentials){ .user = { NULL, 0 } };
	buf_init(&c->text, HTTP_CREDENTIALS_MAX);
	if (!http_head_next(h, "Authorization", &at, &value) ||
	    !slice_starts_nocase(value, "Basic "))
		return false;
	if (!base64_decode(&c->text, slice_trim(slice_from(value, 6))))
		return false;
	all = buf_slice(&c->text);
	for (size_t i = 0; i < all.len; i++)             /* RFC 7617 2 */
		if ((unsigned char)all.at[i] < 0x20 || all.at[i] == 0x7F)
			return false;
	colon = slice_find(all, ':');
	c->user = slice_head(all, colon);
	c->password = slice_from(all, colon + 1);
	return colon < all.len;
}

void http_credentials_release(struct http_credentials *c)
{
	if (c->text.data)
		mem_wipe(c->text.data, c->text.cap);
	buf_release(&c->text);
	c->user = c->password = slice_make(NULL, 0);
}

/* RFC 7617 2 and 2.1; the realm is a quoted-string (RFC 9110 5.6.4). */
void http_challenge_print(struct buf *out, const char *realm)
{
	buf_add_text(out, "WWW-Authenticate: Basic realm=\"");
	for (; *realm; realm++) {
		if (*realm == '"' || *realm == '\\')
			buf_add_byte(out, '\\');
		if ((unsigned char)*realm >= 0x20 && *realm != 0x7F)
			buf_add_byte(out, *realm);
	}
	buf_add_text(out, "\", charset=\"UTF-8\"\r\n");
}
