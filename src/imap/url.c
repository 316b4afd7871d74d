/*
 * IMAP URLs are read with their dots first ("/a/../b", RFC 3986 5.2.4), then cut
 * at what was written as ";" and "/", and only then are %XX undone: an encoded
 * character never separates anything.
 */
#include "url.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum {
	/* A mailbox's name with every byte as %XX, and a long section. */
	URL_MAX = 8 * 1024,
	/* As section.c would read of a literal in a command. */
	SECTION_MAX = 4 * 1024,
};

/* %XX undone.  False: a half one, or a NUL. */
static bool decode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (c == '%') {
			int high = i + 2 < s.len ? text_hex_digit(s.at[i + 1]) : -1;
			int low = i + 2 < s.len ? text_hex_digit(s.at[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (!c || !buf_add_byte(out, c))
			return false;
	}
	return true;
}

static bool is_dots(struct slice s, const char *dots)
{
	struct buf plain;
	bool is;

	buf_init(&plain, 16);
	is = decode(&plain, s) && slice_is(buf_slice(&plain), dots);
	buf_release(&plain);
	return is;
}

/* RFC 3986 5.2.4 of an absolute path, without its first slash. */
static void remove_dots(struct buf *out, struct slice path)
{
	bool more = true;

	while (more) {
		size_t end = slice_find(path, '/');
		struct slice segment = slice_head(path, end);

		more = end < path.len;
		path = slice_from(path, end + 1);
		if (is_dots(segment, "..")) {
			if (out->len)
				out->len--;
			while (out->len && out->data[out->len - 1] != '/')
				out->len--;
		} else if (!is_dots(segment, ".")) {
			buf_add(out, segment);
			if (more)
				buf_add_byte(out, '/');
		}
	}
}

/* "KEY=" in any case, and the value up to `ends`. */
static bool take(struct slice *rest, const char *key, char end, struct slice *value)
{
	size_t n;

	if (!slice_starts_nocase(*rest, key))
		return false;
	*rest = slice_from(*rest, strlen(key));
	n = slice_find(*rest, end);
	*value = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return true;
}

static bool nz_number(struct slice s, uint32_t *out)
{
	uint64_t n;

	if (!text_number(s, UINT32_MAX, &n) || !n)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* enc-section: what stands between the brackets of a FETCH. */
static bool read_section(struct imap_url *out, struct slice value, struct arena *keep)
{
	struct imap_args a = { .arena = keep };
	struct buf text;
	bool good;

	buf_init(&text, SECTION_MAX);
	buf_add_byte(&text, '[');
	good = value.len && decode(&text, value) && buf_add_byte(&text, ']');
	a.rest = buf_slice(&text);
	good = good && section_parse(&out->section, &a, keep) && !a.rest.len;
	buf_release(&text);
	return good;
}

/* partial-range = number ["." nz-number] */
static bool read_partial(struct imap_url *out, struct slice value)
{
	size_t dot = slice_find(value, '.');

	out->partial = true;
	out->count = INT64_MAX;
	if (!text_number(slice_head(value, dot), INT64_MAX, &out->start))
		return false;
	return dot == value.len ||
	       (text_number(slice_from(value, dot + 1), INT64_MAX, &out->count) && out->count);
}

/* [";UIDVALIDITY=" n] "/;UID=" n ["/;SECTION=" s] ["/;PARTIAL=" p] */
static bool read_params(struct imap_url *out, struct slice rest, struct arena *keep)
{
	struct slice value;

	if (take(&rest, ";UIDVALIDITY=", '/', &value) && !nz_number(value, &out->uid_validity))
		return false;
	if (!take(&rest, "/;UID=", '/', &value) || !nz_number(value, &out->uid))
		return false;
	if (take(&rest, "/;SECTION=", '/', &value) && !read_section(out, value, keep))
		return false;
	if (take(&rest, "/;PARTIAL=", '/', &value) && !read_partial(out, value))
		return false;
	return !rest.len;
}

static bool read_mailbox(struct imap_url *out, struct slice written, struct arena *keep)
{
	struct buf name;
	bool good;

	buf_init(&name, URL_MAX);
	good = written.len && decode(&name, written) && text_is_utf8(buf_slice(&name));
	if (good)
		out->mailbox = arena_string(keep, buf_slice(&name));
	buf_release(&name);
	return good;
}

/* The mailbox ends at the first ";", or at the slash before it. */
static bool read_path(struct imap_url *out, struct slice path, struct arena *keep)
{
	size_t end = slice_find(path, ';');

	if (end == path.len)
		return false;
	if (end && path.at[end - 1] == '/')
		end--;
	return read_mailbox(out, slice_head(path, end), keep) &&
	       read_params(out, slice_from(path, end), keep);
}

bool imap_url_parse(struct imap_url *out, struct slice text, struct arena *keep)
{
	struct buf path;
	bool good;

	*out = (struct imap_url){ 0 };
	if (text.len > URL_MAX)
		return false;
	/* RFC 5092 9.1: <;UID=20>, in the mailbox of the base URL. */
	if (slice_starts_nocase(text, ";UID=")) {
		buf_init(&path, URL_MAX + 1);
		buf_add_byte(&path, '/');
		buf_add(&path, text);
		good = read_params(out, buf_slice(&path), keep);
		buf_release(&path);
		return good;
	}
	/* 7.2: no other relative path is accepted; "//" is another server. */
	if (text.len < 2 || text.at[0] != '/' || text.at[1] == '/')
		return false;
	buf_init(&path, URL_MAX);
	remove_dots(&path, slice_from(text, 1));
	good = read_path(out, buf_slice(&path), keep);
	buf_release(&path);
	return good;
}
