/*
 * A path is decoded once, here, and compared nowhere else.  What decodes to a
 * slash or to a control character is refused rather than decided about: a proxy in
 * front of us may have decided otherwise.
 */
#include "target.h"

#include "base/text.h"

static bool is_host_byte(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c && strchr("-._~%!$&'()*+,;=", c);       /* RFC 3986 3.2.2 reg-name */
}

bool http_host_is_valid(struct slice host)
{
	uint64_t port;
	size_t at = 0;

	if (host.len && host.at[0] == '[') {
		size_t end = slice_find(host, ']');

		for (at = 1; at < end && end < host.len; at++)
			if (!is_host_byte(host.at[at]) && host.at[at] != ':')
				return false;
		if (end < 3 || end == host.len)
			return false;
		at = end + 1;
	} else {
		while (at < host.len && is_host_byte(host.at[at]))
			at++;
	}
	if (at == host.len)
		return true;
	if (host.at[at] != ':')
		return false;
	host = slice_from(host, at + 1);
	return host.len == 0 || text_number(host, 65535, &port);
}

static const char *decode(struct slice raw, struct buf *out)
{
	for (size_t i = 0; i < raw.len; i++) {
		unsigned char c = (unsigned char)raw.at[i];

		if (c == '%') {
			int high = i + 2 < raw.len ? text_hex_digit(raw.at[i + 1]) : -1;
			int low = i + 2 < raw.len ? text_hex_digit(raw.at[i + 2]) : -1;

			if (high < 0 || low < 0)
				return "The address has a % that is not followed by two digits.";
			c = (unsigned char)(high << 4 | low);
			if (c < 0x20 || c == 0x7F || c == '/')
				return "The address has an encoded character that is not taken.";
			i += 2;
		}
		if (!buf_add_byte(out, (char)c))
			return "The address is too long.";
	}
	return NULL;
}

/* RFC 3986 5.2.4 in place; the path begins with a slash. */
static void remove_dots(struct buf *path)
{
	char *p = path->data;
	size_t in = 0, out = 0;

	while (in < path->len) {
		struct slice rest = slice_from(buf_slice(path), in + 1);
		struct slice part = slice_head(rest, slice_find(rest, '/'));
		bool last = part.len == rest.len;

		if (slice_is(part, ".") || slice_is(part, "..")) {
			if (part.len == 2) {
				while (out > 0 && p[--out] != '/')
					;
			}
			if (last)
				p[out++] = '/';
		} else {
			memmove(p + out, p + in, part.len + 1);
			out += part.len + 1;
		}
		in += part.len + 1;
	}
	path->len = out;
}

const char *http_target_read(struct slice target, struct buf *path, struct slice *query)
{
	const char *wrong;
	size_t end;

	if (slice_starts_nocase(target, "http://") || slice_starts_nocase(target, "https://")) {
		struct slice host = slice_from(target, slice_find(target, '/') + 2);

		end = 0;
		while (end < host.len && host.at[end] != '/' && host.at[end] != '?')
			end++;
		target = slice_from(host, end);
		host = slice_head(host, end);
		if (host.len == 0 || host.at[0] == ':' || !http_host_is_valid(host))
			return "The address names no host.";
		if (target.len == 0 || target.at[0] == '?')
			buf_add_byte(path, '/');
	} else if (target.len == 0 || target.at[0] != '/') {
		return "The address begins with a slash.";
	}
	if (slice_find(target, '#') < target.len)
		return "The address has a # in it.";
	end = slice_find(target, '?');
	*query = slice_from(target, end + 1);
	wrong = decode(slice_head(target, end), path);
	if (!wrong)
		remove_dots(path);
	return wrong;
}
