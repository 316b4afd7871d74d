/*
 * Folder names: UTF-8 with "/" outside, modified UTF-7 with "." on disk.
 *
 * Dovecot and Courier spell a directory so, and a Maildir must look to them as
 * if they had made it.  They cannot have a "." within a level; we write it as if
 * it were not ASCII, which they read without trouble.  Directories that other
 * programs made in raw UTF-8 are read as what they say.
 */
#include "name.h"

#include <assert.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "mime/charset.h"

/* With "," for "/" (RFC 3501 5.1.3). */
static const char BASE64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool stands_for_itself(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e && c != '.';
}

/* Writes the bits of one UTF-16 unit; `bits` holds `count` that are left over. */
static void add_unit(struct buf *out, uint32_t unit, uint32_t *bits, unsigned *count)
{
	*bits = *bits << 16 | unit;
	*count += 16;
	while (*count >= 6) {
		*count -= 6;
		buf_add_byte(out, BASE64[*bits >> *count & 63]);
	}
	*bits &= (1u << *count) - 1;
}

/* The run of characters at the start of *level that ASCII cannot say. */
static bool encode_run(struct buf *out, struct slice *level)
{
	uint32_t bits = 0, c;
	unsigned count = 0;
	size_t n;

	buf_add_byte(out, '&');
	while ((n = text_utf8_next(*level, &c)) > 0 && !stands_for_itself(c)) {
		if (c > 0xffff) {
			c -= 0x10000;
			add_unit(out, 0xd800 | c >> 10, &bits, &count);
			c = 0xdc00 | (c & 0x3ff);
		}
		add_unit(out, c, &bits, &count);
		*level = slice_from(*level, n);
	}
	if (count > 0)
		buf_add_byte(out, BASE64[bits << (6 - count) & 63]);
	return buf_add_byte(out, '-');
}

bool name_level_encode(struct buf *out, struct slice level)
{
	uint32_t c;
	size_t n;

	while ((n = text_utf8_next(level, &c)) > 0) {
		if (!stands_for_itself(c)) {
			encode_run(out, &level);
			continue;
		}
		buf_add_byte(out, (char)c);
		if (c == '&')
			buf_add_byte(out, '-');
		level = slice_from(level, n);
	}
	return level.len == 0 && !out->overflow;
}

static bool add_utf8(struct buf *out, uint32_t c)
{
	char utf8[4];
	size_t n;

	if (c < 0x80) {
		utf8[0] = (char)c;
		n = 1;
	} else if (c < 0x800) {
		utf8[0] = (char)(0xc0 | c >> 6);
		utf8[1] = (char)(0x80 | (c & 0x3f));
		n = 2;
	} else if (c < 0x10000) {
		utf8[0] = (char)(0xe0 | c >> 12);
		utf8[1] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[2] = (char)(0x80 | (c & 0x3f));
		n = 3;
	} else {
		utf8[0] = (char)(0xf0 | c >> 18);
		utf8[1] = (char)(0x80 | (c >> 12 & 0x3f));
		utf8[2] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[3] = (char)(0x80 | (c & 0x3f));
		n = 4;
	}
	return buf_add(out, slice_make(utf8, n));
}

/* One UTF-16 unit; *high is a surrogate that waits for its other half. */
static bool take_unit(struct buf *out, uint32_t unit, uint32_t *high)
{
	bool is_low = (unit & 0xfc00) == 0xdc00;

	if (*high) {
		uint32_t c = 0x10000 + ((*high & 0x3ff) << 10 | (unit & 0x3ff));

		*high = 0;
		return is_low && add_utf8(out, c);
	}
	if (is_low)
		return false;
	if ((unit & 0xfc00) == 0xd800) {
		*high = unit;
		return true;
	}
	return add_utf8(out, unit);
}

static bool decode_run(struct buf *out, struct slice run)
{
	uint32_t bits = 0, high = 0;
	unsigned count = 0;

	for (size_t i = 0; i < run.len; i++) {
		const char *at = run.at[i] ? strchr(BASE64, run.at[i]) : NULL;

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - BASE64);
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		if (!take_unit(out, bits >> count & 0xffff, &high))
			return false;
		bits &= (1u << count) - 1;
	}
	return !high && count < 6 && bits == 0;
}

bool name_level_decode(struct buf *out, struct slice level)
{
	while (level.len > 0) {
		size_t amp = slice_find(level, '&'), end;

		buf_add(out, slice_head(level, amp));
		if (amp == level.len)
			break;
		level = slice_from(level, amp + 1);
		end = slice_find(level, '-');
		if (end == level.len)
			return false;
		if (end == 0)
			buf_add_byte(out, '&');
		else if (!decode_run(out, slice_head(level, end)))
			return false;
		level = slice_from(level, end + 1);
	}
	return !out->overflow;
}

/* Not empty, and nothing a terminal or a line of a file could trip over. */
static bool is_level(struct slice level)
{
	uint32_t c;
	size_t n;

	if (level.len == 0)
		return false;
	while ((n = text_utf8_next(level, &c)) > 0) {
		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == '/' || c == 0x2028 ||
		    c == 0x2029)
			return false;
		level = slice_from(level, n);
	}
	return level.len == 0;
}

static bool are_levels(struct slice name)
{
	for (unsigned levels = 1; levels <= NAME_LEVELS_MAX; levels++) {
		size_t end = slice_find(name, '/');

		if (!is_level(slice_head(name, end)))
			return false;
		if (end == name.len)
			return true;
		name = slice_from(name, end + 1);
	}
	return false;
}

bool name_canonical(struct slice name, struct folder_name *out)
{
	struct buf composed;
	bool ok;

	if (name.len == 0 || name.len > NAME_MAX_BYTES || !are_levels(name))
		return false;
	buf_init(&composed, NAME_MAX_BYTES);
	ok = charset_compose(&composed, name) && composed.len > 0;
	if (ok) {
		memcpy(out->at, composed.data, composed.len);
		out->at[composed.len] = '\0';
		if (slice_is_nocase(slice_head(buf_slice(&composed),
					       slice_find(buf_slice(&composed), '/')), "INBOX"))
			memcpy(out->at, "INBOX", 5);
	}
	buf_release(&composed);
	return ok;
}

bool name_to_dir(const struct folder_name *name, struct folder_dir *out)
{
	struct slice rest = slice_of(name->at);
	struct buf dir;
	bool ok = true;

	if (strcmp(name->at, "INBOX") == 0) {
		out->at[0] = '\0';
		return true;
	}
	buf_init(&dir, NAME_DIR_MAX);
	while (ok && rest.len > 0) {
		size_t end = slice_find(rest, '/');

		ok = buf_add_byte(&dir, '.') && name_level_encode(&dir, slice_head(rest, end));
		rest = slice_from(rest, end + 1);
	}
	if (ok) {
		memcpy(out->at, dir.data, dir.len);
		out->at[dir.len] = '\0';
	}
	buf_release(&dir);
	return ok;
}

/* ".A.B" to "A/B", each level as it was written. */
static bool read_dir_name(struct buf *name, struct slice rest)
{
	while (rest.len > 0) {
		struct slice level = slice_from(rest, 1);
		size_t end = slice_find(level, '.');

		rest = slice_from(level, end);
		level = slice_head(level, end);
		if (name->len > 0 && !buf_add_byte(name, '/'))
			return false;
		if (text_is_ascii(level) ? !name_level_decode(name, level)
					 : !buf_add(name, level))
			return false;
	}
	return true;
}

bool name_from_dir(const char *dir, struct folder_name *out)
{
	struct buf name;
	bool ok;

	if (dir[0] == '\0') {
		snprintf(out->at, sizeof(out->at), "INBOX");
		return true;
	}
	if (dir[0] != '.')
		return false;
	buf_init(&name, NAME_MAX_BYTES);
	ok = read_dir_name(&name, slice_of(dir)) && name_canonical(buf_slice(&name), out) &&
	     strcmp(out->at, "INBOX") != 0;
	buf_release(&name);
	return ok;
}

bool name_is_above(const char *parent, const char *name)
{
	size_t n = strlen(parent);

	return strncmp(parent, name, n) == 0 && name[n] == '/';
}
