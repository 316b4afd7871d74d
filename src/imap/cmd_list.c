/*
 * LIST and LSUB.
 *
 *   got_folders   the store's names are copied: its answer is gone when it returns
 *   judge         what is matched and selected, and which names have such below them
 *   tell          the responses, as the client reads them
 *   ask_status    before some of them: what their STATUS says (RFC 5819)
 *   got_metadata  behind each of them: its annotations (RFC 9590)
 *
 * Ten thousand names times a hundred patterns are seconds of work, so both passes
 * are cut short after a few milliseconds and resumed behind whoever waits.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "capability.h"
#include "commands.h"
#include "list_request.h"
#include "list_text.h"
#include "pattern.h"
#include "status_item.h"

enum {
	OUTPUT_MAX = 1024 * 1024,        /* of one turn: 64 names with their STATUS, or less */
	/* Then it is others' turn: a loop of many sessions waits for all of theirs. */
	TURN_BYTES = 64 * 1024, TURN_MS = 5,
	LEVELS_MAX = 16,                 /* the store's: levels of a name */
};

struct entry {
	const char *name;
	unsigned flags;                  /* folder_flags */
	bool matches;                    /* a pattern */
	bool selected;                   /* by the selection options */
	bool below;                      /* a name below it is selected */
	bool hidden_below;               /* and one of those matches no pattern */
};

struct listing {
	struct list_request request;
	struct entry *entries;
	char *names;                     /* of all, one behind the other */
	size_t count, next;              /* next: to be judged, then to be told */
	size_t above[LEVELS_MAX], depth; /* judge: entries whose names lead to the last one */
	const char *last;                /* LSUB: the subscribed name before this one */
	struct folder_answer answers[STORE_STATUSES_MAX];
	size_t answered;                 /* of them, how many were told */
	size_t until;                    /* entries before it have their answers */
	struct buf metadata;             /* of the entry told last */
};

static imap_run_fn judge, tell;

static void list_release(struct imap_session *s, struct imap_running *cmd)
{
	struct listing *l = cmd->at;

	(void)s;
	free(l->entries);
	free(l->names);
	buf_release(&l->metadata);
}

/* ---- Responses ---- */

static void add_lsub(struct buf *out, const struct imap_session *s, unsigned flags,
		     const char *name)
{
	size_t before = out->len;

	buf_add_text(out, "* LSUB (");
	imap_attributes_text(out, flags & ~(unsigned)(LIST_SPECIAL_USES | FOLDER_SUBSCRIBED),
			     "\\Noselect");
	buf_add_text(out, ") \"/\" ");
	imap_mailbox_text(out, s, name);
	if (!buf_add_text(out, "\r\n") || out->overflow)
		out->len = before;
}

/* RFC 5258 3: what is not there is \NonExistent, for whoever can know the word. */
static const char *missing(const struct imap_session *s, const struct listing *l)
{
	return l->request.extended || (s->enabled & IMAP_REV2) ? "\\NonExistent" : "\\Noselect";
}

static void add_list(struct buf *out, const struct imap_session *s, const struct listing *l,
		     const struct entry *e, bool not_selectable)
{
	unsigned flags = e->flags;
	size_t before = out->len;

	if (!(l->request.options & LIST_RETURN_SUBSCRIBED))
		flags &= ~(unsigned)FOLDER_SUBSCRIBED;
	imap_list_begin(out, s, not_selectable ? flags | FOLDER_NOSELECT : flags,
			not_selectable ? "\\Noselect" : missing(s, l), e->name);
	/* RFC 5258 3.5 */
	if ((l->request.options & LIST_RECURSIVE) && e->below)
		buf_add_text(out, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	if (!buf_add_text(out, "\r\n") || out->overflow)
		out->len = before;
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
static void add_levels(struct buf *out, const struct imap_session *s, const struct listing *l,
		       const char *name)
{
	for (const char *p = strchr(name, '/'); p; p = strchr(p + 1, '/')) {
		struct slice level = slice_make(name, (size_t)(p - name));
		char *copy;

		if (was_told(l, level))
			continue;
		copy = mem_bytes(level.at, level.len);
		if (list_request_matches(&l->request, s, copy))
			add_lsub(out, s, FOLDER_NOSELECT, copy);
		free(copy);
	}
}

/* ---- What is listed ---- */

static bool is_listed(const struct listing *l, const struct entry *e)
{
	/* RFC 5258 3.3: a name that is not selected only for one below it that is,
	 * and is not listed itself. */
	return e->matches && (e->selected || ((l->request.options & LIST_RECURSIVE) &&
					      e->hidden_below));
}

/* RFC 5819 2: names that are selected, and can be. */
static bool wants_status(const struct listing *l, const struct entry *e)
{
	return (l->request.options & LIST_RETURN_STATUS) && e->matches && e->selected &&
	       !(e->flags & (FOLDER_NOSELECT | FOLDER_GONE));
}

/* RFC 5258 3.1: SUBSCRIBED lists names, there or not; nothing here is remote. */
static bool is_selected(const struct list_request *r, const struct folder_entry *f)
{
	if (r->lsub || (r->options & LIST_SUBSCRIBED)) {
		if (!(f->flags & FOLDER_SUBSCRIBED))
			return false;
	} else if (f->flags & FOLDER_GONE) {
		return false;
	}
	return !(r->options & LIST_SPECIAL) || (f->flags & LIST_SPECIAL_USES);
}

/* Parents stand before their children, but INBOX before everything. */
static void note_above(struct listing *l, size_t i)
{
	struct entry *e = &l->entries[i];

	while (l->depth && !imap_name_is_below(e->name, l->entries[l->above[l->depth - 1]].name))
		l->depth--;
	if (!l->depth && i && imap_name_is_below(e->name, l->entries[0].name))
		l->above[l->depth++] = 0;
	for (size_t k = 0; e->selected && k < l->depth; k++) {
		struct entry *parent = &l->entries[l->above[k]];

		parent->below = true;
		parent->hidden_below = parent->hidden_below || !e->matches;
	}
	if (l->depth < LEVELS_MAX)
		l->above[l->depth++] = i;
}

static enum imap_progress judge(struct imap_session *s, struct imap_running *cmd)
{
	struct listing *l = cmd->at;
	uint64_t until = clock_mono_ms() + TURN_MS;

	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	for (; l->next < l->count; l->next++) {
		struct entry *e = &l->entries[l->next];

		if (l->next % 16 == 0 && clock_mono_ms() >= until)
			return IMAP_WAIT_OUTPUT;
		e->matches = list_request_matches(&l->request, s, e->name);
		note_above(l, l->next);
	}
	l->next = 0;
	cmd->resume = tell;
	return tell(s, cmd);
}

/* ---- Telling ---- */

/* RFC 9590 3: as with STATUS, and not when it fails. */
static bool wants_metadata(const struct listing *l, const struct entry *e)
{
	return (l->request.options & LIST_RETURN_METADATA) && e->matches && e->selected &&
	       !(e->flags & (FOLDER_NOSELECT | FOLDER_GONE));
}

static void got_metadata(void *owner, enum store_status st, const struct annotation *all,
			 size_t count)
{
	struct imap_session *s = owner;
	struct listing *l = s->running->at;
	uint64_t longest = 0;

	if (st == STORE_OK)
		imap_metadata_text(&l->metadata, s, l->entries[l->next - 1].name,
				   &l->request.entries, all, count, &longest);
	imap_store_answer(owner, STORE_OK);
}

static void tell_entry(struct buf *out, const struct imap_session *s, struct listing *l,
		       const struct entry *e)
{
	const struct folder_answer *a = NULL;

	if (l->request.lsub) {
		if (!e->selected)
			return;
		if (e->matches)
			add_lsub(out, s, e->flags, e->name);
		else if (list_request_stops_at_levels(&l->request))
			add_levels(out, s, l, e->name);
		l->last = e->name;
		return;
	}
	if (wants_status(l, e))
		a = &l->answers[l->answered++];
	if (!is_listed(l, e))
		return;
	/* RFC 5819 2: what went away meanwhile is \Noselect; what could not be had
	 * for another reason has no STATUS. */
	add_list(out, s, l, e, a && a->st == STORE_NO_FOLDER);
	if (a && a->st == STORE_OK)
		imap_status_text(out, s, e->name, l->request.items, &a->status);
}

static void got_statuses(void *owner, enum store_status st, const struct folder_answer *answers,
			 size_t count)
{
	struct imap_session *s = owner;
	struct listing *l = s->running->at;

	for (size_t i = 0; i < count; i++) {
		l->answers[i] = answers[i];
		if (st != STORE_OK)
			l->answers[i].st = st;
	}
	imap_store_answer(owner, STORE_OK);
}

/* For as many names as there is room for; false: none of those wants it. */
static bool ask_status(struct imap_session *s, struct listing *l)
{
	const char *names[STORE_STATUSES_MAX];
	size_t count = 0;

	for (l->until = l->next; l->until < l->count && count < STORE_STATUSES_MAX; l->until++)
		if (wants_status(l, &l->entries[l->until]))
			names[count++] = l->entries[l->until].name;
	l->answered = 0;
	if (count)
		store_folder_statuses(s->server->store, names, count, got_statuses, s);
	return count > 0;
}

static enum imap_progress tell(struct imap_session *s, struct imap_running *cmd)
{
	struct listing *l = cmd->at;
	uint64_t until = clock_mono_ms() + TURN_MS;
	bool more = false;
	struct buf out;

	imap_write(s, buf_slice(&l->metadata));
	buf_clear(&l->metadata);
	if (l->next == l->count)
		return imap_completed(s, cmd);
	if (conn_full(s->base.conn))
		return IMAP_WAIT_OUTPUT;
	if (l->next >= l->until && ask_status(s, l))
		return IMAP_WAIT_JOB;
	buf_init(&out, OUTPUT_MAX);
	while (l->next < l->until && out.len < TURN_BYTES && !more &&
	       (l->next % 16 || clock_mono_ms() < until)) {
		tell_entry(&out, s, l, &l->entries[l->next]);
		more = wants_metadata(l, &l->entries[l->next++]);
	}
	imap_write(s, buf_slice(&out));
	buf_release(&out);
	if (more) {
		store_annotations(s->server->store, l->entries[l->next - 1].name, got_metadata, s);
		return IMAP_WAIT_JOB;
	}
	return l->next == l->count ? imap_completed(s, cmd) : IMAP_WAIT_OUTPUT;
}

/* ---- Beginning ---- */

static void keep_folders(struct listing *l, const struct folder_entry *folders, size_t count)
{
	size_t bytes = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(folders[i].name) + 1;
	l->names = mem_alloc(bytes ? bytes : 1);
	l->entries = mem_array(count ? count : 1, sizeof(*l->entries));
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(folders[i].name) + 1;

		memcpy(l->names + at, folders[i].name, size);
		l->entries[i] = (struct entry){
			.name = l->names + at, .flags = folders[i].flags,
			.selected = is_selected(&l->request, &folders[i]),
		};
		at += size;
	}
	l->count = count;
}

static void got_folders(void *owner, enum store_status st, const struct folder_entry *folders,
			size_t count)
{
	struct imap_session *s = owner;

	if (st == STORE_OK)
		keep_folders(s->running->at, folders, count);
	imap_store_answer(owner, st);
}

static enum imap_progress list(struct imap_session *s, struct imap_running *cmd, bool lsub)
{
	struct listing *l = cmd->at = arena_get(cmd->arena, sizeof(*l));
	const char *why;

	buf_init(&l->metadata, IMAP_METADATA_TEXT);
	cmd->release = list_release;
	l->request.lsub = lsub;
	if (!list_request_read(s, cmd, &l->request, &why))
		return why ? imap_bad(s, cmd, "%s", why) : imap_bad_args(s, cmd);
	imap_status_items_enable(s, l->request.items);
	/* RFC 3501 6.3.8: an empty name asks for the delimiter and the root. */
	if (l->request.root) {
		imap_untagged(s, "%s (\\Noselect) \"/\" \"\"", cmd->command->name);
		return imap_completed(s, cmd);
	}
	cmd->resume = judge;
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
