/*
 * Annotations on the wire (RFC 5464): names of entries, responses with values, and the
 * names of entries that somebody else changed, which wait here until they may be told.
 */
#include "metadata.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* Some thousand changes that a client has not heard of; it hears of each once. */
enum { UNTOLD_MAX = 256 * 1024 };

bool imap_entry_read(struct imap_args *a, const char **name)
{
	struct slice text;
	char *copy;

	if (!args_astring(a, &text))
		return args_want(a, "the name of an entry");
	if (text.len > ANNOTATION_NAME_MAX)
		return args_want(a, "the name of an entry, at most 200 bytes long");
	copy = arena_string(a->arena, text);
	text_lower(copy, text.len);
	if (strncmp(copy, "/private", 8) != 0 && strncmp(copy, "/shared", 7) != 0)
		return args_want(a, "an entry below /private or /shared");
	if (strstr(copy, "//") || copy[text.len - 1] == '/')
		return args_want(a, "an entry without empty levels");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)copy[i];

		if (c < 0x20 || c >= 0x7f || c == '*' || c == '%')
			return args_want(a, "an entry without wildcards and in ASCII");
	}
	*name = copy;
	return true;
}

bool imap_entries_read_bare(struct imap_args *a, struct imap_entries *e)
{
	do {
		if (e->count == IMAP_ENTRIES_MAX)
			return args_limit(a, "at most 100 entries");
		if (!imap_entry_read(a, &e->names[e->count]))
			return false;
		e->count++;
	} while (args_peek(a, ' ') && args_space(a));
	return true;
}

bool imap_entries_read(struct imap_args *a, struct imap_entries *e)
{
	return args_char(a, '(') && imap_entries_read_bare(a, e) && args_char(a, ')');
}

/* ---- Responses ---- */

void imap_entry_text(struct buf *out, const char *name)
{
	/* atom-specials; controls are in no name. */
	if (strpbrk(name, "(){ \"\\]"))
		imap_string_text(out, slice_of(name));
	else
		buf_add_text(out, name);
}

static void add_value(struct buf *out, struct slice value)
{
	if (!value.at)
		buf_add_text(out, "NIL");
	else if (memchr(value.at, '\0', value.len))
		buf_printf(out, "~{%zu}\r\n", value.len);        /* literal8, RFC 4466 6 */
	else
		imap_string_text(out, value);
	if (value.at && memchr(value.at, '\0', value.len))
		buf_add(out, value);
}

/* How many levels `name` lies below `entry`; 0: it is the same; -1: elsewhere. */
static int levels_below(const char *entry, const char *name)
{
	size_t len = strlen(entry);
	int levels = 0;

	if (strncmp(entry, name, len) != 0)
		return -1;
	if (!name[len])
		return 0;
	if (name[len] != '/')
		return -1;
	for (const char *p = name + len; *p; p++)
		levels += *p == '/';
	return levels;
}

static bool is_wanted(const struct imap_entries *e, const char *name)
{
	for (size_t i = 0; i < e->count; i++) {
		int levels = levels_below(e->names[i], name);

		if (levels >= 0 && (unsigned)levels <= e->depth)
			return true;
	}
	return false;
}

struct response {
	struct buf *out;
	const struct imap_session *s;
	const char *mailbox;
	bool open;
};

static void add_entry(struct response *r, const char *name, struct slice value)
{
	if (!r->open) {
		buf_add_text(r->out, "* METADATA ");
		imap_mailbox_text(r->out, r->s, r->mailbox);
		buf_add_text(r->out, " (");
	} else {
		buf_add_byte(r->out, ' ');
	}
	r->open = true;
	imap_entry_text(r->out, name);
	buf_add_byte(r->out, ' ');
	add_value(r->out, value);
}

static void consider(struct response *r, const struct imap_entries *e, const char *name,
		     struct slice value, uint64_t *longest)
{
	if (!is_wanted(e, name))
		return;
	if (value.len <= e->max_size)
		add_entry(r, name, value);
	else if (value.len > *longest)
		*longest = value.len;
}

static bool has(const struct annotation *all, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, name) == 0)
			return true;
	return false;
}

void imap_metadata_text(struct buf *out, const struct imap_session *s, const char *mailbox,
			const struct imap_entries *e, const struct annotation *all, size_t count,
			uint64_t *longest)
{
	const char *admin = *mailbox ? NULL : s->server->admin;
	struct response r = { out, s, mailbox, false };
	size_t before = out->len;

	/* RFC 5464 3.2.1.1: how to reach who runs the server; nobody can change it. */
	if (admin)
		consider(&r, e, "/shared/admin", slice_of(admin), longest);
	for (size_t i = 0; i < count; i++)
		consider(&r, e, all[i].name, all[i].value, longest);
	/* What was asked for by its name and is not there is NIL. */
	for (size_t i = 0; i < e->count && !e->depth; i++)
		if (!has(all, count, e->names[i]) &&
		    !(admin && strcmp(e->names[i], "/shared/admin") == 0))
			add_entry(&r, e->names[i], slice_make(NULL, 0));
	if (r.open)
		buf_add_text(out, ")\r\n");
	if (out->overflow)
		out->len = before;
}

/* ---- What others changed (4.4.2) ---- */

static void changed(struct annotation_watcher *w, const void *owner, const char *folder,
		    const char *name)
{
	struct imap_session *s = container_of(w, struct imap_session, annotations);
	struct buf line;

	/* NOTIFY says whether and when. */
	if (owner == s || s->ending || s->notify)
		return;
	buf_init(&line, 8 * 1024);
	buf_add_text(&line, "* METADATA ");
	imap_mailbox_text(&line, s, folder);
	buf_add_byte(&line, ' ');
	imap_entry_text(&line, name);
	buf_add_text(&line, "\r\n");
	if (!s->untold.len || !memmem(s->untold.data, s->untold.len, line.data, line.len))
		buf_add(&s->untold, buf_slice(&line));
	buf_release(&line);
	if (s->running && (s->running->command->flags & IMAP_PUSHES) && !conn_full(s->base.conn))
		imap_tell_metadata(s);
}

void imap_metadata_watch(struct imap_session *s)
{
	if (!(s->enabled & IMAP_METADATA))
		return;
	if (!s->annotations.changed)
		buf_init(&s->untold, UNTOLD_MAX);
	s->annotations.changed = changed;
	store_watch_annotations(s->server->store, &s->annotations);
}

void imap_metadata_unwatch(struct imap_session *s)
{
	store_unwatch_annotations(&s->annotations);
	if (s->annotations.changed)
		buf_release(&s->untold);
	s->annotations.changed = NULL;
}

void imap_tell_metadata(struct imap_session *s)
{
	if (!s->annotations.changed || !s->untold.len)
		return;
	imap_write(s, buf_slice(&s->untold));
	/* There is no response that says "ask for all of them again". */
	if (s->untold.overflow)
		imap_bye(s, "[UNAVAILABLE] More annotations changed than can be told");
	buf_clear(&s->untold);
	buf_shrink(&s->untold);
}
