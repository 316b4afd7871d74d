/*
 * RFC 5321 4.1.2 paths, with RFC 6531 3.3's letters.  A sender's dots may stand
 * anywhere ("a..b", "a."): some phone companies gave such addresses out, and
 * refusing them loses mail without gaining anything.
 */
#include "path.h"

#include <ctype.h>

#include "base/buf.h"
#include "base/text.h"
#include "mime/domain.h"

enum {
	LOCAL_MAX = 255,         /* RFC 5321 4.5.3.1.1 says 64; longer ones are seen */
	PATH_MAX_BYTES = 1024,
};

static bool is_atext(unsigned char c)
{
	return isalnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~.", c)) || c >= 0x80;
}

/* Obsolete "@a,@b:" (RFC 5321 appendix C): accepted and dropped. */
static struct slice skip_route(struct slice s)
{
	size_t colon;

	if (s.len == 0 || s.at[0] != '@')
		return s;
	colon = slice_find(s, ':');
	return colon < s.len ? slice_from(s, colon + 1) : s;
}

/* Dot-string or quoted string; *used counts what was read of s. */
static bool read_local(struct arena *a, struct slice s, size_t *used, const char **local)
{
	char *out = arena_get(a, LOCAL_MAX + 1);
	size_t n = 0, i = 0;
	bool quoted = s.len && s.at[0] == '"';

	for (i = quoted; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (quoted ? c == '"' : !is_atext(c))
			break;
		if (quoted && c == '\\' && i + 1 < s.len)
			c = (unsigned char)s.at[++i];
		if (c < ' ' || c == 0x7f || n == LOCAL_MAX)
			return false;
		out[n++] = (char)c;
	}
	if (quoted && (i == s.len || n == 0))
		return false;
	*used = i + quoted;
	*local = out;
	return n > 0;
}

/* An address literal (4.1.3) is kept as it is, brackets and all. */
static bool read_domain(struct arena *a, struct slice s, const char **domain)
{
	struct buf out;
	bool ok;

	if (s.len > 2 && s.at[0] == '[' && s.at[s.len - 1] == ']') {
		char *copy;

		for (size_t i = 1; i < s.len - 1; i++)
			if (!isalnum((unsigned char)s.at[i]) && !strchr(":.-", s.at[i]))
				return false;
		copy = arena_string(a, s);
		text_lower(copy, s.len);
		*domain = copy;
		return true;
	}
	buf_init(&out, 512);
	ok = domain_to_ascii(&out, s);
	if (ok)
		*domain = arena_string(a, buf_slice(&out));
	buf_release(&out);
	return ok;
}

/* Offset of the ">" that ends the path; quoted strings may hold one. */
static bool find_end(struct slice s, size_t *end)
{
	bool quoted = false;

	for (size_t i = 1; i < s.len; i++) {
		if (quoted && s.at[i] == '\\') {
			i++;
		} else if (s.at[i] == '"') {
			quoted = !quoted;
		} else if (s.at[i] == '>' && !quoted) {
			*end = i;
			return true;
		}
	}
	return false;
}

enum path_result path_parse(struct arena *a, struct slice *rest, bool utf8, struct smtp_path *out)
{
	struct slice inner;
	size_t end, used;

	if (rest->len == 0 || rest->at[0] != '<' || !find_end(*rest, &end) || end > PATH_MAX_BYTES)
		return PATH_SYNTAX;
	inner = skip_route(slice_make(rest->at + 1, end - 1));
	*rest = slice_from(*rest, end + 1);
	*out = (struct smtp_path){ .text = "", .local = "", .domain = "" };
	if (inner.len == 0)
		return PATH_OK;
	if (!text_is_utf8(inner))
		return PATH_SYNTAX;
	if (!read_local(a, inner, &used, &out->local))
		return PATH_SYNTAX;
	if (used < inner.len &&
	    (inner.at[used] != '@' || !read_domain(a, slice_from(inner, used + 1), &out->domain)))
		return PATH_SYNTAX;
	out->text = arena_string(a, inner);
	return utf8 || text_is_ascii(inner) ? PATH_OK : PATH_NEEDS_UTF8;
}
