/*
 * Special uses.  A Maildir that another program made has none written down, and
 * clients know "Sent" and "Drafts" by their names; so a name is enough, until some
 * folder is given the use by somebody.  That is kept in a small file in the folder's
 * directory, where a RENAME takes it along and a DELETE removes it.
 */
#include "special_use.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "maildir.h"

static const char FILE_NAMED[] = "letterplate-specialuse";

enum { FILE_MAX = 4096 };

static const struct { const char *name, *attribute; unsigned use; } uses_known[] = {
	{ "Drafts",  "\\Drafts",  FOLDER_DRAFTS },
	{ "Sent",    "\\Sent",    FOLDER_SENT },
	{ "Trash",   "\\Trash",   FOLDER_TRASH },
	{ "Junk",    "\\Junk",    FOLDER_JUNK },
	{ "Archive", "\\Archive", FOLDER_ARCHIVE },
};
enum { USES = sizeof(uses_known) / sizeof(uses_known[0]) };

bool special_use_parse(struct slice text, unsigned *uses)
{
	struct slice word;

	*uses = 0;
	while (text_next(&text, ' ', &word)) {
		size_t i = 0;

		while (i < USES && !slice_is_nocase(word, uses_known[i].attribute))
			i++;
		if (i == USES && word.len)
			return false;
		if (i < USES)
			*uses |= uses_known[i].use;
	}
	return true;
}

void special_use_print(struct buf *out, unsigned uses)
{
	const char *between = "";

	for (size_t i = 0; i < USES; i++)
		if (uses & uses_known[i].use) {
			buf_printf(out, "%s%s", between, uses_known[i].attribute);
			between = " ";
		}
}

unsigned special_use_by_name(const char *name)
{
	for (size_t i = 0; i < USES; i++)
		if (strcmp(name, uses_known[i].name) == 0)
			return uses_known[i].use;
	return 0;
}

bool special_use_read(const char *root, const char *dir, unsigned *uses, bool *said)
{
	struct path folder;
	struct buf text;
	bool ok;

	path_make(&folder, root, dir, "", "");
	buf_init(&text, FILE_MAX);
	ok = maildir_read(folder.at, FILE_NAMED, &text);
	/* An empty file says "none"; a missing one nothing.  One has a line end. */
	*said = ok && text.len > 0;
	if (!ok || !special_use_parse(slice_trim(buf_slice(&text)), uses))
		*uses = 0;
	buf_release(&text);
	return ok;
}

enum store_status special_use_write(const char *root, const char *dir, unsigned uses)
{
	enum store_status st;
	struct path folder;
	struct buf text;

	path_make(&folder, root, dir, "", "");
	buf_init(&text, FILE_MAX);
	special_use_print(&text, uses);
	buf_add_byte(&text, '\n');
	st = maildir_replace(folder.at, FILE_NAMED, buf_slice(&text));
	buf_release(&text);
	return st;
}

/* ---- Among all folders ---- */

struct survey {
	const char *root, *dir;          /* dir: the folder that is not counted */
	unsigned taken;                  /* uses that others' files give */
	unsigned named;                  /* and that names would */
	unsigned wanted;                 /* to be taken from them */
	special_use_lost_fn *lost;
	void *ctx;
	enum store_status st;
};

static void survey_one(struct survey *v, const char *dir)
{
	struct folder_name name;
	unsigned uses;
	bool said;

	if (!name_from_dir(dir, &name) || strcmp(dir, v->dir) == 0)
		return;
	if (!special_use_read(v->root, dir, &uses, &said)) {
		v->st = STORE_FAILED;
		return;
	}
	v->taken |= uses;
	if (!said)
		v->named |= special_use_by_name(name.at);
	if (!(uses & v->wanted))
		return;
	v->st = special_use_write(v->root, dir, uses & ~v->wanted);
	if (v->st == STORE_OK && v->lost)
		v->lost(v->ctx, name.at);
}

static enum store_status survey(struct survey *v)
{
	DIR *dir = opendir(v->root);
	struct dirent *e;

	if (!dir)
		return maildir_failed("cannot list the folders of", v->root, errno);
	while (v->st == STORE_OK && (e = readdir(dir)))
		if (e->d_name[0] == '.' && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 && strlen(e->d_name) <= NAME_DIR_MAX)
			survey_one(v, e->d_name);
	closedir(dir);
	return v->st;
}

enum store_status special_use_give(const char *root, const char *dir, const char *name,
				   unsigned uses, special_use_lost_fn *lost, void *ctx)
{
	struct survey v = {
		.root = root, .dir = dir, .wanted = uses, .lost = lost, .ctx = ctx,
	};
	enum store_status st;

	/* New mail comes there whatever it is called. */
	if (uses && strcmp(name, "INBOX") == 0)
		return STORE_BAD_USE;
	/* Two folders have it between the two steps, never none. */
	st = special_use_write(root, dir, uses);
	if (st == STORE_OK && uses)
		st = survey(&v);
	/* One that has it by its name alone loses it without a word on disk. */
	for (size_t i = 0; i < USES && lost; i++)
		if (v.named & ~v.taken & uses & uses_known[i].use)
			lost(ctx, uses_known[i].name);
	return st;
}

bool special_use_of(const char *root, const char *dir, const char *name, unsigned *uses)
{
	struct survey v = { .root = root, .dir = dir };
	bool said;

	if (!special_use_read(root, dir, uses, &said))
		return false;
	if (said || !special_use_by_name(name))
		return true;
	if (survey(&v) != STORE_OK)
		return false;
	*uses = special_use_by_name(name) & ~v.taken;
	return true;
}
