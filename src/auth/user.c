/*
 * The names of one user.  They are brought to one form before they are compared, and
 * not compared part by part: SCRAM gives each name a salt, and two spellings of a
 * name that got two salts would tell which names there are.
 */
#include "user.h"

#include "base/text.h"
#include "mime/domain.h"
#include "saslprep.h"

/* An ASCII domain is compared as it stands: "example.org." is another. */
static bool is_domain(struct slice given, const char *domain)
{
	struct buf ascii;
	bool is;

	if (text_is_ascii(given))
		return slice_is_nocase(given, domain);
	buf_init(&ascii, USER_NAME_MAX);
	is = domain_to_ascii(&ascii, given) && slice_is(buf_slice(&ascii), domain);
	buf_release(&ascii);
	return is;
}

bool user_name(struct buf *out, struct slice given, const char *domain)
{
	size_t start = out->len, at;
	struct slice name;

	if (!given.len || given.len > USER_NAME_MAX || !saslprep(out, given) || out->len == start)
		return false;
	name = slice_from(buf_slice(out), start);
	at = slice_find(name, '@');
	if (at && at < name.len && is_domain(slice_from(name, at + 1), domain))
		out->len = start + at;
	text_lower(out->data + start, out->len - start);
	return true;
}
