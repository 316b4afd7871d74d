/*
 * The subscriptions file.  Dovecot has two forms of it and so have we: the old
 * one is a name a line, in modified UTF-7 with "." between levels; the new one
 * starts with "V\t2" and an empty line, and has a tab between levels.  The new
 * form is what we write.
 */
#include "subscribe.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "maildir.h"

enum { FILE_MAX = SUBSCRIPTIONS_MAX * (NAME_DIR_MAX + 1) };

static const char HEADER[] = "V\t2\n\n";

static const char FILE_NAMED[] = "subscriptions";

static void add_name(struct subscriptions *s, const struct folder_name *name)
{
	if (s->count == SUBSCRIPTIONS_MAX || subscriptions_have(s, name->at))
		return;
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->names = mem_grow(s->names, s->cap, sizeof(*s->names));
	}
	s->names[s->count++] = *name;
}

/* As a directory's name: "." before each level. */
static void read_name(struct subscriptions *s, struct slice line, char separator)
{
	struct folder_name name;
	char dir[NAME_DIR_MAX + 2];

	if (line.len == 0 || line.len > NAME_DIR_MAX || memchr(line.at, '\0', line.len))
		return;
	dir[0] = '.';
	for (size_t i = 0; i < line.len; i++)
		dir[i + 1] = line.at[i] == separator || line.at[i] == '/' ? '.' : line.at[i];
	dir[line.len + 1] = '\0';
	if (slice_is_nocase(line, "INBOX"))
		dir[0] = '\0';
	if (name_from_dir(dir, &name))
		add_name(s, &name);
}

bool subscriptions_read(struct subscriptions *s, const char *root)
{
	char separator = '.';
	struct slice rest;
	struct buf text;
	bool ok;

	memset(s, 0, sizeof(*s));
	buf_init(&text, FILE_MAX);
	ok = maildir_read(root, FILE_NAMED, &text);
	rest = buf_slice(&text);
	if (rest.len >= sizeof(HEADER) - 1 &&
	    memcmp(rest.at, HEADER, sizeof(HEADER) - 1) == 0) {
		separator = '\t';
		rest = slice_from(rest, sizeof(HEADER) - 1);
	}
	while (rest.len > 0) {
		size_t end = slice_find(rest, '\n');

		read_name(s, slice_head(rest, end), separator);
		rest = slice_from(rest, end + 1);
	}
	buf_release(&text);
	return ok;
}

void subscriptions_release(struct subscriptions *s)
{
	free(s->names);
	memset(s, 0, sizeof(*s));
}

bool subscriptions_have(const struct subscriptions *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->names[i].at, name) == 0)
			return true;
	}
	return false;
}

static void print_name(struct buf *out, const char *name)
{
	struct slice rest = slice_of(name);

	while (rest.len > 0) {
		size_t end = slice_find(rest, '/');

		if (rest.at != name)
			buf_add_byte(out, '\t');
		name_level_encode(out, slice_head(rest, end));
		rest = slice_from(rest, end + 1);
	}
	buf_add_byte(out, '\n');
}

enum store_status subscribe_change(const char *root, const char *name, bool on)
{
	struct subscriptions s;
	struct folder_name added;
	enum store_status st = STORE_OK;
	struct buf text;

	if (!subscriptions_read(&s, root)) {
		subscriptions_release(&s);
		return STORE_FAILED;
	}
	if (subscriptions_have(&s, name) == on) {
		subscriptions_release(&s);
		return STORE_OK;
	}
	buf_init(&text, FILE_MAX);
	buf_add_text(&text, HEADER);
	if (on && name_canonical(slice_of(name), &added))
		add_name(&s, &added);
	for (size_t i = 0; i < s.count; i++) {
		if (on || strcmp(s.names[i].at, name) != 0)
			print_name(&text, s.names[i].at);
	}
	st = !subscriptions_have(&s, name) ? STORE_NO_SPACE :
	     maildir_replace(root, FILE_NAMED, buf_slice(&text));
	buf_release(&text);
	subscriptions_release(&s);
	return st;
}
