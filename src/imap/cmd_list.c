/*
 * LIST and LSUB.  Patterns are held against names as the client writes them (in
 * modified UTF-7), so that a wildcard in a pattern is never looked for inside an
 * encoded letter's meaning.
 *
 * SPECIAL-USE (RFC 6154) is offered without LIST-EXTENDED, so its two forms of
 * LIST are read, and CHILDREN as a return option, which clients send along.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "pattern.h"
#include "utf7.h"

enum {
	NAME_MAX_BYTES = 1024,           /* of a folder's name, encoded */
	OUTPUT_MAX = 4 * 1024 * 1024,    /* the store's folders at 1 KiB each, and more */
};

struct listing {
	bool subscribed;                 /* LSUB */
	bool special_only;               /* LIST (SPECIAL-USE) */
	struct slice pattern;            /* reference and pattern, one behind the other */
	const struct imap_session *session;
	struct buf out;
	const char *last;                /* subscribed name before this one */
};

static const struct { unsigned flag; const char *name; } attributes[] = {
	{ FOLDER_NOSELECT | FOLDER_GONE, "\\Noselect" },
	{ FOLDER_DRAFTS,  "\\Drafts" },
	{ FOLDER_SENT,    "\\Sent" },
	{ FOLDER_TRASH,   "\\Trash" },
	{ FOLDER_JUNK,    "\\Junk" },
	{ FOLDER_ARCHIVE, "\\Archive" },
};

#define SPECIAL (FOLDER_DRAFTS | FOLDER_SENT | FOLDER_TRASH | FOLDER_JUNK | FOLDER_ARCHIVE)

/* ---- Responses ---- */

static void add_entry(struct listing *l, unsigned flags, const char *name)
{
	size_t before = l->out.len;
	bool first = true;

	if (!imap_has(l->session, CAP_SPECIAL_USE))
		flags &= ~(unsigned)SPECIAL;
	buf_add_text(&l->out, l->subscribed ? "* LSUB (" : "* LIST (");
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (flags & attributes[i].flag) {
			buf_printf(&l->out, "%s%s", first ? "" : " ", attributes[i].name);
			first = false;
		}
	/* RFC 3348 3: not for LSUB, whose list has other children. */
	if (!l->subscribed && imap_has(l->session, CAP_CHILDREN))
		buf_printf(&l->out, "%s%s", first ? "" : " ",
			   flags & FOLDER_CHILDREN ? "\\HasChildren" : "\\HasNoChildren");
	buf_add_text(&l->out, ") \"/\" ");
	imap_mailbox_text(&l->out, l->session, name);
	/* Never half an entry; what is over the ceiling nobody would look at. */
	if (!buf_add_text(&l->out, "\r\n") || l->out.overflow)
		l->out.len = before;
}

static bool matches(const struct listing *l, struct slice name)
{
	struct buf encoded;
	bool good;

	buf_init(&encoded, NAME_MAX_BYTES);
	good = l->session->enabled & IMAP_UTF8 ? buf_add(&encoded, name) : utf7_encode(&encoded, name);
	good = good && imap_pattern_matches(l->pattern, buf_slice(&encoded));
	buf_release(&encoded);
	return good;
}

/* `level` is the first part of a subscribed name; true when the name listed
 * before lies below it as well. */
static bool was_told(const struct listing *l, struct slice level)
{
	return l->last && strncmp(l->last, level.at, level.len) == 0 &&
	       (l->last[level.len] == '/' || l->last[level.len] == '\0');
}

/* RFC 3501 6.3.9: where "%" stops above a subscribed name, the level it stops at
 * is shown, \Noselect, unless it is subscribed itself. */
static void add_levels(struct listing *l, const char *name)
{
	if (slice_find(l->pattern, '%') == l->pattern.len)
		return;
	for (const char *p = strchr(name, '/'); p; p = strchr(p + 1, '/')) {
		struct slice level = slice_make(name, (size_t)(p - name));
		char *copy;

		if (was_told(l, level) || !matches(l, level))
			continue;
		copy = mem_bytes(level.at, level.len);
		add_entry(l, FOLDER_NOSELECT, copy);
		free(copy);
	}
}

static void consider(struct listing *l, const struct folder_entry *f)
{
	bool match = matches(l, slice_of(f->name));

	if (l->subscribed) {
		if (!(f->flags & FOLDER_SUBSCRIBED))
			return;
		if (match)
			add_entry(l, f->flags & ~(unsigned)SPECIAL, f->name);
		else
			add_levels(l, f->name);
		l->last = f->name;
	} else if (match && !(f->flags & FOLDER_GONE) &&
		   (!l->special_only || (f->flags & SPECIAL))) {
		add_entry(l, f->flags, f->name);
	}
}

static void got_folders(void *owner, enum store_status st, const struct folder_entry *folders,
			size_t count)
{
	struct imap_session *s = owner;
	struct listing *l = s->running->at;

	buf_init(&l->out, OUTPUT_MAX);
	for (size_t i = 0; i < count && st == STORE_OK; i++)
		consider(l, &folders[i]);
	imap_write(s, buf_slice(&l->out));
	buf_release(&l->out);
	imap_store_answer(owner, st);
}

static enum imap_progress listed(struct imap_session *s, struct imap_running *cmd)
{
	return cmd->status == STORE_OK ? imap_completed(s, cmd) :
					 imap_no_status(s, cmd, cmd->status);
}

/* ---- Arguments ---- */

/* "(" [option *(SP option)] ")"; `special`: SPECIAL-USE is among them. */
static bool read_options(const struct imap_session *s, struct imap_args *a, bool select,
			 bool *special)
{
	bool first = true;

	if (!args_char(a, '('))
		return false;
	for (; !args_peek(a, ')'); first = false) {
		if (!first && !args_space(a))
			return false;
		if (imap_has(s, CAP_SPECIAL_USE) && args_word(a, "SPECIAL-USE"))
			*special = true;
		else if (select || !imap_has(s, CAP_CHILDREN) || !args_word(a, "CHILDREN"))
			return false;
	}
	return args_char(a, ')');
}

/* The reference stands before the pattern as it was written; nothing breaks out. */
static bool read_list(struct imap_running *cmd, struct listing *l)
{
	struct imap_args *a = &cmd->args;
	struct slice reference, pattern;
	bool special = false;    /* those attributes are always returned */
	char *both;

	if (!args_space(a))
		return false;
	if (!l->subscribed && args_peek(a, '(') &&
	    (!read_options(l->session, a, true, &l->special_only) || !args_space(a)))
		return false;
	if (!args_astring(a, &reference) || !args_space(a) || !args_list_string(a, &pattern))
		return false;
	if (!l->subscribed && args_peek(a, ' ') &&
	    (!args_space(a) || !args_word(a, "RETURN") || !args_space(a) ||
	     !read_options(l->session, a, false, &special)))
		return false;
	if (!args_end(a))
		return false;
	if (!pattern.len) {
		l->pattern = pattern;
		return true;
	}
	both = arena_get(cmd->arena, reference.len + pattern.len);
	memcpy(both, reference.len ? reference.at : "", reference.len);
	memcpy(both + reference.len, pattern.at, pattern.len);
	l->pattern = slice_make(both, reference.len + pattern.len);
	return true;
}

static enum imap_progress list(struct imap_session *s, struct imap_running *cmd, bool subscribed)
{
	struct listing *l = cmd->at = arena_get(cmd->arena, sizeof(*l));

	l->subscribed = subscribed;
	l->session = s;
	if (!read_list(cmd, l))
		return imap_bad_args(s, cmd);
	/* RFC 3501 6.3.8: an empty name asks for the delimiter and the root. */
	if (!l->pattern.len && !l->special_only) {
		imap_untagged(s, "%s (\\Noselect) \"/\" \"\"", cmd->command->name);
		return imap_completed(s, cmd);
	}
	cmd->resume = listed;
	store_folders(s->server->store, got_folders, s);
	return IMAP_WAIT_JOB;
}

enum imap_progress cmd_list(struct imap_session *s, struct imap_running *cmd)
{
	return list(s, cmd, false);
}

enum imap_progress cmd_lsub(struct imap_session *s, struct imap_running *cmd)
{
	return list(s, cmd, true);
}
