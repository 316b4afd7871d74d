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
#include "mime/utf7.h"

bool name_level_encode(struct buf *out, struct slice level)
{
	return utf7_encode_also(out, level, '.') && !out->overflow;
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
		else if (!utf7_decode_run(out, slice_head(level, end)))
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
