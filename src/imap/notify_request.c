/*
 * The arguments of NOTIFY.  The whole command is read before anything is refused, because
 * the answer depends on all of it: what is no NOTIFY is BAD, an event that is not known is
 * NO, and only a request that could be carried out can be too much.
 */
#include "notify_request.h"

#include <string.h>

#include "capability.h"
#include "fetch_later.h"
#include "pattern.h"

static const struct event_name {
	const char *name;
	unsigned event;
	enum imap_cap cap;
} event_names[] = {
	{ "MessageNew",            NOTIFY_NEW, CAP_NONE },
	{ "MessageExpunge",        NOTIFY_EXPUNGE, CAP_NONE },
	{ "FlagChange",            NOTIFY_FLAGS, CAP_NONE },
	{ "MailboxName",           NOTIFY_NAME, CAP_NONE },
	{ "SubscriptionChange",    NOTIFY_SUBSCRIPTION, CAP_NONE },
	{ "MailboxMetadataChange", NOTIFY_METADATA, CAP_METADATA },
	{ "ServerMetadataChange",  NOTIFY_SERVER, CAP_METADATA_SERVER },
};
enum { EVENT_NAMES = sizeof(event_names) / sizeof(event_names[0]) };

static const struct { const char *name; enum notify_filter filter; } filter_names[] = {
	{ "selected",         NOTIFY_SELECTED },
	{ "selected-delayed", NOTIFY_DELAYED },
	{ "inboxes",          NOTIFY_INBOXES },
	{ "personal",         NOTIFY_PERSONAL },
	{ "subscribed",       NOTIFY_SUBSCRIBED },
	{ "subtree",          NOTIFY_SUBTREE },
	{ "mailboxes",        NOTIFY_MAILBOXES },
};
enum { FILTER_NAMES = sizeof(filter_names) / sizeof(filter_names[0]) };

struct reading {
	struct notify_request *r;
	struct imap_session *s;
	struct imap_args *a;
	const char **names;              /* of all groups: NOTIFY_NAMES_MAX */
	size_t name_count;
	bool unknown_event, too_much;
};

static bool of_selected(enum notify_filter filter)
{
	return filter == NOTIFY_SELECTED || filter == NOTIFY_DELAYED;
}

/* ---- Filters ---- */

static bool read_filter(struct reading *g, struct notify_group *group)
{
	struct slice word;

	if (!args_atom(g->a, &word))
		return args_want(g->a, "selected, personal, mailboxes or another filter");
	for (size_t i = 0; i < FILTER_NAMES; i++)
		if (slice_is_nocase(word, filter_names[i].name)) {
			group->filter = filter_names[i].filter;
			return true;
		}
	return args_want(g->a, "selected, personal, mailboxes or another filter");
}

/* RFC 5465 3.1: a name that is no mailbox's MUST be ignored. */
static bool read_name(struct reading *g, struct notify_group *group)
{
	char canonical[STORE_NAME_MAX + 1];
	const char *name;

	if (!args_mailbox(g->a, &name))
		return false;
	if (!store_name(name, canonical))
		return true;
	if (g->name_count == NOTIFY_NAMES_MAX) {
		g->too_much = true;
		return true;
	}
	g->name_count++;
	group->names[group->name_count++] = arena_string(g->r->keep, slice_of(canonical));
	return true;
}

/* mailbox / "(" mailbox *(SP mailbox) ")" */
static bool read_names(struct reading *g, struct notify_group *group)
{
	group->names = g->names + g->name_count;
	if (!args_peek(g->a, '('))
		return read_name(g, group);
	args_char(g->a, '(');
	do {
		if (!read_name(g, group))
			return false;
	} while (args_peek(g->a, ' ') && args_space(g->a));
	return args_char(g->a, ')');
}

/* ---- Events ---- */

/* The attributes of MessageNew; only their text is kept, and read again for each FETCH. */
static bool read_items(struct reading *g, bool selected)
{
	struct slice text;

	if (!selected)
		return args_want(g->a, "FETCH items for the selected mailbox only");
	if (!imap_fetch_items_parse(g->a, &text))
		return false;
	if (text.len > NOTIFY_ITEMS_MAX)
		g->too_much = true;
	else
		g->r->items = arena_copy(g->r->keep, text);
	return true;
}

static bool read_event(struct reading *g, struct notify_group *group)
{
	bool selected = of_selected(group->filter);
	unsigned event = 0;
	struct slice word;

	if (!args_atom(g->a, &word))
		return args_want(g->a, "an event");
	for (size_t i = 0; i < EVENT_NAMES && !event; i++)
		if (slice_is_nocase(word, event_names[i].name) &&
		    imap_has(g->s, event_names[i].cap))
			event = event_names[i].event;
	if (!event)
		g->unknown_event = true;
	/* 6.1: "It is an error to specify other types of events". */
	if (selected && event & ~(unsigned)NOTIFY_MESSAGES)
		return args_want(g->a, "events of messages for the selected mailbox");
	group->events |= event;
	if (event == NOTIFY_NEW && args_peek(g->a, ' ') &&
	    slice_starts_nocase(slice_from(g->a->rest, 1), "("))
		return args_space(g->a) && read_items(g, selected);
	return true;
}

/* 5: "If one of MessageNew or MessageExpunge is specified, then both"; FlagChange not
 * without them. */
static bool go_together(struct reading *g, unsigned events)
{
	unsigned both = NOTIFY_NEW | NOTIFY_EXPUNGE;

	if (events & NOTIFY_MESSAGES && (events & both) != both)
		return args_want(g->a, "MessageNew and MessageExpunge together");
	return true;
}

static bool read_events(struct reading *g, struct notify_group *group)
{
	bool annotations = false;

	if (!args_peek(g->a, '('))
		return args_word(g->a, "NONE") || args_want(g->a, "events in parentheses, or NONE");
	args_char(g->a, '(');
	do {
		struct imap_args before = *g->a;
		struct slice word;

		/* Not known here, but what it goes with is. */
		annotations = annotations || (args_atom(&before, &word) &&
					      slice_is_nocase(word, "AnnotationChange"));
		if (!read_event(g, group))
			return false;
	} while (args_peek(g->a, ' ') && args_space(g->a));
	return args_char(g->a, ')') && go_together(g, group->events) &&
	       (!annotations || go_together(g, group->events | NOTIFY_FLAGS));
}

/* "(" filter-mailboxes SP events ")" */
static bool read_group(struct reading *g, struct notify_group *group)
{
	if (!args_char(g->a, '(') || !read_filter(g, group) || !args_space(g->a))
		return false;
	if ((group->filter == NOTIFY_SUBTREE || group->filter == NOTIFY_MAILBOXES) &&
	    (!read_names(g, group) || !args_space(g->a)))
		return false;
	if (of_selected(group->filter) && g->r->selected_given)
		return args_want(g->a, "one of selected and selected-delayed, once");
	if (!read_events(g, group) || !args_char(g->a, ')'))
		return false;
	if (of_selected(group->filter)) {
		g->r->selected_given = true;
		g->r->delayed = group->filter == NOTIFY_DELAYED;
		g->r->selected = group->events;
	}
	return true;
}

static bool read_set(struct reading *g)
{
	if (!args_space(g->a))
		return false;
	if (args_word(g->a, "STATUS")) {
		g->r->status = true;
		if (!args_space(g->a))
			return false;
	}
	do {
		struct notify_group group = { 0 };

		if (!read_group(g, &group))
			return false;
		if (of_selected(group.filter))
			continue;
		if (g->r->group_count == NOTIFY_GROUPS_MAX)
			g->too_much = true;
		else
			g->r->groups[g->r->group_count++] = group;
	} while (args_peek(g->a, ' ') && args_space(g->a));
	return args_end(g->a);
}

enum notify_read notify_request_read(struct notify_request *r, struct imap_session *s,
				     struct imap_args *a)
{
	struct reading g = {
		.r = r, .s = s, .a = a,
		.names = arena_array(r->keep, NOTIFY_NAMES_MAX, sizeof(*g.names)),
	};

	if (!args_space(a))
		return NOTIFY_WRONG;
	if (args_word(a, "NONE")) {
		r->none = true;
		return args_end(a) ? NOTIFY_READ : NOTIFY_WRONG;
	}
	if (!args_word(a, "SET")) {
		a->wanted = "SET or NONE";
		return NOTIFY_WRONG;
	}
	if (!read_set(&g))
		return NOTIFY_WRONG;
	return g.unknown_event ? NOTIFY_UNKNOWN_EVENT : g.too_much ? NOTIFY_TOO_MUCH : NOTIFY_READ;
}

void notify_event_names(struct buf *out, const struct imap_session *s)
{
	const char *between = "";

	for (size_t i = 0; i < EVENT_NAMES; i++)
		if (imap_has(s, event_names[i].cap)) {
			buf_printf(out, "%s%s", between, event_names[i].name);
			between = " ";
		}
}

/* ---- Which mailboxes ---- */

static bool is_named(const struct notify_group *g, const char *name)
{
	for (size_t i = 0; i < g->name_count; i++)
		if (strcmp(g->names[i], name) == 0 ||
		    (g->filter == NOTIFY_SUBTREE && imap_name_is_below(name, g->names[i])))
			return true;
	return false;
}

static bool covers(const struct notify_group *g, const char *name, unsigned flags)
{
	switch (g->filter) {
	case NOTIFY_INBOXES:
		return strcmp(name, "INBOX") == 0;       /* 6.3: where mail is delivered */
	case NOTIFY_PERSONAL:
		return true;
	case NOTIFY_SUBSCRIBED:
		return flags & FOLDER_SUBSCRIBED;
	case NOTIFY_SUBTREE:
	case NOTIFY_MAILBOXES:
		return is_named(g, name);
	case NOTIFY_SELECTED:
	case NOTIFY_DELAYED:
		break;
	}
	return false;
}

unsigned notify_request_events(const struct notify_request *r, const char *name, unsigned flags)
{
	unsigned events = 0;

	for (size_t i = 0; i < r->group_count; i++)
		if (r->groups[i].events && covers(&r->groups[i], name, flags))
			events |= r->groups[i].events;
	return events;
}

unsigned notify_request_wants(const struct notify_request *r)
{
	unsigned events = 0;

	for (size_t i = 0; i < r->group_count; i++)
		events |= r->groups[i].events;
	return events;
}
