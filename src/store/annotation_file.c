/*
 * A folder's annotations as a file: a line "name length", then the value and a line
 * end, for each.  Values are bytes of any kind, which is why they are counted.
 *
 * What cannot be read is never written over: it is somebody's data in a form that
 * this program does not know, and no change is accepted until it is gone.
 */
#include "annotation_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "maildir.h"
#include "name.h"

static const char FOLDER_FILE[] = "letterplate-metadata";
static const char SERVER_FILE[] = "letterplate-server-metadata";
static const char HEADER[] = "letterplate metadata 1\n";

enum { FILE_MAX = (ANNOTATIONS_MAX + 1) * (ANNOTATION_NAME_MAX + ANNOTATION_VALUE_MAX + 32) + 64 };

static const char *file_of(const char *dir)
{
	return dir ? FOLDER_FILE : SERVER_FILE;
}

/* Where it is, or where it belongs. */
static size_t place_of(const struct annotation_file *f, const char *name)
{
	size_t i = 0;

	while (i < f->count && strcmp(f->all[i].name, name) < 0)
		i++;
	return i;
}

static void free_one(struct annotation *a)
{
	free((void *)(uintptr_t)a->name);
	free((void *)(uintptr_t)a->value.at);
}

/* The use has a place of its own. */
static bool is_full(const struct annotation_file *f, const char *name)
{
	size_t use = place_of(f, ANNOTATION_USE);
	bool has_use = use < f->count && strcmp(f->all[use].name, ANNOTATION_USE) == 0;

	return strcmp(name, ANNOTATION_USE) != 0 && f->count - has_use >= ANNOTATIONS_MAX;
}

bool annotation_file_set(struct annotation_file *f, const char *name, struct slice value)
{
	size_t at = place_of(f, name);
	bool there = at < f->count && strcmp(f->all[at].name, name) == 0;
	struct annotation *a = &f->all[at];

	if (!there && !value.at)
		return true;
	if (there) {
		free_one(a);
		f->count--;
		memmove(a, a + 1, (f->count - at) * sizeof(*a));
	}
	if (!value.at)
		return true;
	if (is_full(f, name))
		return false;
	memmove(a + 1, a, (f->count - at) * sizeof(*a));
	*a = (struct annotation){
		mem_string(name), slice_make(mem_bytes(value.at, value.len), value.len),
	};
	f->count++;
	return true;
}

/* One entry of the text; false: it is not of this form. */
static bool read_one(struct annotation_file *f, struct slice *rest)
{
	struct slice line = slice_head(*rest, slice_find(*rest, '\n')), name;
	size_t space = line.len;
	uint64_t len;
	char *copy;
	bool good;

	/* A name may have spaces too. */
	while (space > 0 && line.at[space - 1] != ' ')
		space--;
	if (!space)
		return false;
	space--;
	name = slice_head(line, space);
	*rest = slice_from(*rest, line.len + 1);
	if (!name.len || name.len > ANNOTATION_NAME_MAX ||
	    !text_number(slice_from(line, space + 1), ANNOTATION_VALUE_MAX, &len) ||
	    rest->len < len + 1 || rest->at[len] != '\n')
		return false;
	copy = mem_bytes(name.at, name.len);
	good = annotation_file_set(f, copy, slice_make(rest->at, (size_t)len));
	free(copy);
	*rest = slice_from(*rest, (size_t)len + 1);
	return good;
}

bool annotation_file_read(struct annotation_file *f, const char *root, const char *dir)
{
	struct path folder;
	struct slice rest;
	struct buf text;
	bool good;

	memset(f, 0, sizeof(*f));
	path_make(&folder, root, dir ? dir : "", "", "");
	buf_init(&text, FILE_MAX);
	good = maildir_read(folder.at, file_of(dir), &text);
	rest = buf_slice(&text);
	if (good && rest.len) {
		good = rest.len >= sizeof(HEADER) - 1 &&
		       memcmp(rest.at, HEADER, sizeof(HEADER) - 1) == 0;
		rest = slice_from(rest, sizeof(HEADER) - 1);
		while (good && rest.len)
			good = read_one(f, &rest);
		if (!good)
			maildir_failed("cannot understand the metadata of", folder.at, 0);
	}
	buf_release(&text);
	return good;
}

enum store_status annotation_file_write(const struct annotation_file *f, const char *root,
					const char *dir)
{
	enum store_status st;
	struct path folder;
	struct buf text;

	path_make(&folder, root, dir ? dir : "", "", "");
	buf_init(&text, FILE_MAX);
	buf_add_text(&text, HEADER);
	for (size_t i = 0; i < f->count; i++) {
		buf_printf(&text, "%s %zu\n", f->all[i].name, f->all[i].value.len);
		buf_add(&text, f->all[i].value);
		buf_add_byte(&text, '\n');
	}
	st = text.overflow ? STORE_FAILED :
			     maildir_replace(folder.at, file_of(dir), buf_slice(&text));
	buf_release(&text);
	return st;
}

void annotation_file_release(struct annotation_file *f)
{
	for (size_t i = 0; i < f->count; i++)
		free_one(&f->all[i]);
	f->count = 0;
}
