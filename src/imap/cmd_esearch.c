/*
 * ESEARCH (RFC 7377): one search through many mailboxes, with nothing selected if
 * need be.  Mailboxes are opened one after the other and given back before the next,
 * so that a search of all of them takes no more memory than the largest.  The criteria
 * are read anew for each: "*" and "1:100" are other messages in another mailbox.
 */
#include <string.h>

#include "commands.h"
#include "context.h"
#include "pattern.h"
#include "search_result.h"
#include "search_run.h"

enum {
	/* Each is compared with each of the store's folders, on the loop's thread. */
	NAMES_MAX = 500,
};

/* filter-mailboxes of RFC 5465 8, as RFC 7377 4 changes it. */
enum source { SELECTED, INBOXES, PERSONAL, SUBSCRIBED, SUBTREE, SUBTREE_ONE, MAILBOXES, SOURCES };

static const struct {
	const char *name;
	bool named;                      /* mailbox names follow */
} sources[SOURCES] = {
	[SELECTED]    = { "selected", false },
	[INBOXES]     = { "inboxes", false },
	[PERSONAL]    = { "personal", false },
	[SUBSCRIBED]  = { "subscribed", false },
	[SUBTREE]     = { "subtree", true },
	[SUBTREE_ONE] = { "subtree-one", true },
	[MAILBOXES]   = { "mailboxes", true },
};

struct named {
	enum source source;
	const char *name;
};

struct multi {
	unsigned asked;                  /* 1 << enum source */
	struct named *named;
	size_t named_count;
	bool too_many;
	struct search_return ret;
	struct slice criteria;

	const char **folders;            /* still to be searched, from `next` on */
	size_t folder_count, next;
	struct mailbox *open;            /* the one under way, unless it is the selected one */
	enum store_status failed;        /* the last that could not be searched */
	bool searching;                  /* run is in use */
	struct search_run run;
	struct search_result result;
};

static enum imap_progress list(struct imap_session *s, struct imap_running *cmd);
static void got_folders(void *owner, enum store_status st, const struct folder_entry *folders,
			size_t count);
static enum imap_progress listed(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress next_folder(struct imap_session *s, struct imap_running *cmd);
static void got_mailbox(void *owner, enum store_status st, struct mailbox *m);
static enum imap_progress opened(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress search(struct imap_session *s, struct imap_running *cmd,
				 struct mailbox *m, const struct snapshot *view);
static enum imap_progress next_slice(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress found(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress answer(struct imap_session *s, struct imap_running *cmd);
static enum imap_progress finish(struct imap_session *s, struct imap_running *cmd);
static void release(struct imap_session *s, struct imap_running *cmd);

/* ---- Arguments ---- */

static bool parse_name(struct multi *m, struct imap_args *a, enum source source)
{
	char canonical[STORE_NAME_MAX + 1];
	const char *name;

	if (!args_mailbox(a, &name))
		return false;
	/* RFC 5465 3.1: a name that is no mailbox's MUST be ignored. */
	if (!store_name(name, canonical))
		return true;
	if (m->named_count == NAMES_MAX) {
		m->too_many = true;
		return true;
	}
	name = arena_string(a->arena, slice_of(canonical));
	m->named[m->named_count++] = (struct named){ source, name };
	return true;
}

/* one-or-more-mailbox */
static bool parse_names(struct multi *m, struct imap_args *a, enum source source)
{
	if (!args_space(a))
		return false;
	if (!args_peek(a, '('))
		return parse_name(m, a, source);
	if (!args_char(a, '('))
		return false;
	do {
		if (!parse_name(m, a, source))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')');
}

static bool parse_source(struct multi *m, struct imap_args *a)
{
	for (unsigned i = 0; i < SOURCES; i++) {
		if (!args_word(a, sources[i].name))
			continue;
		m->asked |= 1U << i;
		return !sources[i].named || parse_names(m, a, (enum source)i);
	}
	return args_want(a, "selected, inboxes, personal, subscribed, subtree, subtree-one or mailboxes");
}

/* ["IN (" sources ") "].  There are no scope options yet: what begins as such is none. */
static bool parse_sources(struct multi *m, struct imap_args *a)
{
	m->asked = 1U << SELECTED;
	if (!args_word(a, "IN"))
		return true;
	m->asked = 0;
	if (!args_space(a) || !args_char(a, '('))
		return false;
	do {
		if (!parse_source(m, a))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')') && args_space(a);
}

/* RFC 7377 2.2; NULL: it may be done. */
static const char *contradiction(const struct imap_session *s, const struct multi *m)
{
	bool selected = m->asked & 1U << SELECTED;

	if (selected && !s->mailbox)
		return "Select a mailbox first";
	if (m->ret.options & SEARCH_RETURN_SAVE && m->asked != 1U << SELECTED)
		return "SAVE is for the selected mailbox alone";
	if (m->ret.options & SEARCH_RETURN_UPDATE && !s->mailbox)
		return "UPDATE is for a selected mailbox";
	if (m->ret.options & SEARCH_RETURN_UPDATE && imap_context_has(s, s->running->tag))
		return "That tag is in use by another search with UPDATE";
	return NULL;
}

/* The criteria are read once here for their mistakes. */
static bool check_criteria(struct imap_session *s, struct imap_running *cmd,
			   enum imap_progress *progress)
{
	struct multi *m = cmd->at;
	bool good;

	m->criteria = cmd->args.rest;
	search_run_init(&m->run, s);
	good = search_run_parse(&m->run, cmd, &m->ret, progress);
	search_run_release(&m->run);
	return good;
}

enum imap_progress cmd_esearch(struct imap_session *s, struct imap_running *cmd)
{
	struct multi *m = cmd->at = arena_get(cmd->arena, sizeof(*m));
	struct imap_args *a = &cmd->args;
	enum imap_progress progress;
	const char *why;

	cmd->release = release;
	m->named = arena_array(cmd->arena, NAMES_MAX, sizeof(*m->named));
	if (!args_space(a) || !parse_sources(m, a) ||
	    !search_return_parse(&m->ret, a, search_options_known(s, false)))
		return imap_bad_args(s, cmd);
	/* 2.1. */
	if (!m->ret.extended)
		m->ret = (struct search_return){ .extended = true, .options = SEARCH_RETURN_ALL };
	why = contradiction(s, m);
	if (why)
		return imap_bad(s, cmd, "%s", why);
	if (!check_criteria(s, cmd, &progress))
		return progress;
	if (m->too_many)
		return imap_no(s, cmd, "[LIMIT] Too many mailboxes named in one search");
	return list(s, cmd);
}

/* ---- Which mailboxes ---- */

static enum imap_progress list(struct imap_session *s, struct imap_running *cmd)
{
	const struct multi *m = cmd->at;

	cmd->resume = listed;
	cmd->status = STORE_OK;
	if (m->asked == 1U << SELECTED)
		return listed(s, cmd);
	store_folders(s->server->store, got_folders, s);
	return IMAP_WAIT_JOB;
}

/* Subtrees are of names, and a name has one place: there are no loops. */
static bool is_of_subtree(const char *name, const char *top, bool one_level)
{
	if (!imap_name_is_below(name, top))
		return strcmp(name, top) == 0;
	return !(one_level && strchr(name + strlen(top) + 1, '/'));
}

static bool is_named(const struct multi *m, const char *name)
{
	for (size_t i = 0; i < m->named_count; i++) {
		const struct named *n = &m->named[i];

		if (n->source == MAILBOXES ? strcmp(name, n->name) == 0 :
					     is_of_subtree(name, n->name, n->source == SUBTREE_ONE))
			return true;
	}
	return false;
}

static bool is_asked(const struct imap_session *s, const struct multi *m,
		     const struct folder_entry *f)
{
	if (f->flags & (FOLDER_NOSELECT | FOLDER_GONE))
		return false;
	/* That one is searched as the client knows it, and once. */
	if (m->asked & 1U << SELECTED && strcmp(f->name, mailbox_name(s->mailbox)) == 0)
		return false;
	/* RFC 5465 6.3: where mail is delivered to, which is INBOX alone. */
	return m->asked & 1U << PERSONAL ||
	       (m->asked & 1U << INBOXES && strcmp(f->name, "INBOX") == 0) ||
	       (m->asked & 1U << SUBSCRIBED && f->flags & FOLDER_SUBSCRIBED) || is_named(m, f->name);
}

static void got_folders(void *owner, enum store_status st, const struct folder_entry *folders,
			size_t count)
{
	struct imap_session *s = owner;
	struct multi *m = s->running->at;
	struct arena *arena = s->running->arena;

	if (st == STORE_OK && arena_room(arena) / 2 > count * sizeof(*m->folders))
		m->folders = arena_array(arena, count, sizeof(*m->folders));
	for (size_t i = 0; i < count && st == STORE_OK; i++) {
		struct slice name = slice_of(folders[i].name);

		if (!is_asked(s, m, &folders[i]))
			continue;
		if (!m->folders || arena_room(arena) < 2 * name.len + 64)
			st = STORE_TOO_BIG;
		else
			m->folders[m->folder_count++] = arena_string(arena, name);
	}
	imap_store_answer(owner, st);
}

static enum imap_progress listed(struct imap_session *s, struct imap_running *cmd)
{
	struct multi *m = cmd->at;
	bool selected = m->asked & 1U << SELECTED;

	if (cmd->status == STORE_TOO_BIG)
		return imap_no(s, cmd, "[LIMIT] There are too many mailboxes");
	if (cmd->status != STORE_OK)
		return imap_no_status(s, cmd, cmd->status);
	cmd->goal = m->folder_count + selected;
	return selected ? search(s, cmd, s->mailbox, s->view) : next_folder(s, cmd);
}

/* ---- One after the other ---- */

static enum imap_progress next_folder(struct imap_session *s, struct imap_running *cmd)
{
	struct multi *m = cmd->at;

	if (s->leaving)
		return IMAP_DONE;                /* BYE instead */
	if (m->next == m->folder_count)
		return finish(s, cmd);
	cmd->resume = opened;
	mailbox_open(s->server->store, m->folders[m->next++], false, got_mailbox, s);
	return IMAP_WAIT_JOB;
}

static void got_mailbox(void *owner, enum store_status st, struct mailbox *m)
{
	struct imap_session *s = owner;

	((struct multi *)s->running->at)->open = m;
	imap_store_answer(owner, st);
}

static enum imap_progress opened(struct imap_session *s, struct imap_running *cmd)
{
	struct multi *m = cmd->at;

	if (cmd->status == STORE_OK)
		return search(s, cmd, m->open, mailbox_newest(m->open));
	/* It was deleted in the meantime: then nothing in it matches. */
	if (cmd->status != STORE_NO_FOLDER && cmd->status != STORE_GONE)
		m->failed = cmd->status;
	cmd->done++;
	return next_folder(s, cmd);
}

static enum imap_progress search(struct imap_session *s, struct imap_running *cmd,
				 struct mailbox *mailbox, const struct snapshot *view)
{
	struct multi *m = cmd->at;
	enum imap_progress progress;

	cmd->args.rest = m->criteria;
	search_run_init(&m->run, s);
	m->searching = true;
	if (!search_run_parse(&m->run, cmd, &m->ret, &progress))
		return progress;
	search_run_begin(&m->run, mailbox, view);
	m->result = (struct search_result){ .ret = &m->ret, .tag = cmd->tag, .uid = true };
	m->result.mailbox = mailbox_name(mailbox);
	cmd->resume = next_slice;
	return next_slice(s, cmd);
}

static enum imap_progress next_slice(struct imap_session *s, struct imap_running *cmd)
{
	struct multi *m = cmd->at;
	enum imap_progress progress;

	return search_run_go_on(&m->run, cmd, &m->ret, &progress) ? found(s, cmd) : progress;
}

static enum imap_progress found(struct imap_session *s, struct imap_running *cmd)
{
	struct multi *m = cmd->at;
	const struct search_job *j = m->run.job;

	m->result.view = j->view;
	m->result.found = j->found;
	m->result.count = j->found_count;
	m->result.modseq = j->plan.modseq;
	if (m->ret.options & SEARCH_RETURN_SAVE && !search_result_save(&m->result, s))
		return imap_no(s, cmd, "[NOTSAVED] That is too much to keep");
	cmd->resume = answer;
	return answer(s, cmd);
}

/* 2.1: "MUST NOT be returned for mailboxes that contain no matching messages". */
static enum imap_progress answer(struct imap_session *s, struct imap_running *cmd)
{
	struct multi *m = cmd->at;

	if (m->result.count && !search_result_write(&m->result, s))
		return IMAP_WAIT_OUTPUT;
	/* 2.2: of the selected mailbox alone. */
	if (m->ret.options & SEARCH_RETURN_UPDATE && !m->open) {
		imap_context_add(&m->run, cmd, true);
		imap_context_fetch(s, cmd->tag, m->ret.items);
	}
	search_run_release(&m->run);
	m->searching = false;
	mailbox_release(m->open);
	m->open = NULL;
	cmd->done++;
	return next_folder(s, cmd);
}

static enum imap_progress finish(struct imap_session *s, struct imap_running *cmd)
{
	const struct multi *m = cmd->at;

	if (m->ret.options & SEARCH_RETURN_UPDATE && !(m->asked & 1U << SELECTED))
		imap_context_refuse(s, cmd);
	if (m->failed != STORE_OK)
		return imap_no_status(s, cmd, m->failed);
	return imap_completed(s, cmd);
}

static void release(struct imap_session *s, struct imap_running *cmd)
{
	struct multi *m = cmd->at;

	(void)s;
	if (m->searching)
		search_run_release(&m->run);
	mailbox_release(m->open);
}
