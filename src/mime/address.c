/*
 * Address lists.  RFC 5322's grammar needs to look ahead: "A B <c@d>" is a name
 * only once the '<' is seen, and "a.b" is a mailbox only once the '@' is.  So an
 * element is walked twice: once to see which of the four forms it has, once to
 * read it.  Both walks are linear, and whatever stands where nothing should is
 * skipped up to the next comma: a broken address costs itself, not its
 * neighbours.
 */
#include "mime/address.h"

#include "lexer.h"

struct address_parser {
	struct arena *arena;
	struct lexer in;
	struct lex_out out;
	struct mime_address *first, **tail;
	unsigned count;
	bool in_group;
	struct slice comment;    /* the last one in the element; at NULL: none */
};

static struct mime_address *add(struct address_parser *p)
{
	struct mime_address *a;

	if (p->count >= MIME_ADDRESSES_MAX || arena_room(p->arena) < sizeof(*a))
		return NULL;
	a = arena_get(p->arena, sizeof(*a));
	*p->tail = a;
	p->tail = &a->next;
	p->count++;
	return a;
}

/* Past a quoted string, as a look-ahead. */
static void pass_quoted(struct lexer *l)
{
	struct lex_out nowhere = { NULL, NULL };

	lex_quoted(l, &nowhere);
}

/* The first byte behind the element's words that is none of theirs: one of
 * < @ : , ; > or 0 at the end.  *l is moved there. */
static char pass_words(struct lexer *l)
{
	while (lex_skip(l, NULL), lex_more(l)) {
		if (*l->at == '"')
			pass_quoted(l);
		else if (memchr("<@:,;>", *l->at, 6))
			return *l->at;
		else
			l->at++;
	}
	return 0;
}

/* Bytes of a word outside quotes.  RFC 5322 3.2.3 atext, the dots of 4.1, and
 * whatever else senders write there. */
static bool in_word(char c)
{
	return !lex_blank(c) && !memchr("<@:,;>\"(", c, 8);
}

/* At a word: a quoted string or a run of others, dots and all.  A name may hold
 * an '@', as in "joe@work <joe@example.com>". */
static void read_word(struct address_parser *p, bool in_name)
{
	if (*p->in.at == '"') {
		lex_quoted(&p->in, &p->out);
		return;
	}
	while (lex_more(&p->in) && (in_word(*p->in.at) || (in_name && *p->in.at == '@')))
		lex_put(&p->out, *p->in.at++);
}

static bool at_word(const struct address_parser *p, bool in_name)
{
	return lex_more(&p->in) && (*p->in.at == '"' || in_word(*p->in.at) ||
				    (in_name && *p->in.at == '@'));
}

/* RFC 5322 3.2.5 phrase: words with one blank between them. */
static struct slice read_phrase(struct address_parser *p)
{
	char *start = p->out.at;

	for (lex_skip(&p->in, NULL); at_word(p, true); lex_skip(&p->in, NULL)) {
		if (p->out.at > start)
			lex_put(&p->out, ' ');
		read_word(p, true);
	}
	return slice_make(start, (size_t)(p->out.at - start));
}

/*
 * What stands on one side of an '@': words with dots between them, round which
 * RFC 5322 4.4 allows blanks.  Two words without a dot are no such thing, but
 * people write "Joe joe@example.com": *before, when not NULL, gets what stands
 * in front of the last run; without it reading ends at the gap.
 */
static struct slice read_dotted(struct address_parser *p, struct slice *before)
{
	char *start = p->out.at, *run = start;
	const char *behind = NULL;

	for (lex_skip(&p->in, &p->comment); at_word(p, false);
	     lex_skip(&p->in, &p->comment)) {
		bool gap = behind && p->in.at > behind && *p->in.at != '.' && behind[-1] != '.';

		if (gap && !before)
			break;
		if (gap) {
			lex_put(&p->out, ' ');
			run = p->out.at;
		}
		read_word(p, false);
		behind = p->in.at;
	}
	if (before)
		*before = slice_trim(slice_make(start, (size_t)(run - start)));
	return slice_make(run, (size_t)(p->out.at - run));
}

/* RFC 5322 3.4.1 domain: dot-atom (with 4.4's blanks) or [literal]. */
static struct slice read_domain(struct address_parser *p)
{
	char *start = p->out.at;

	lex_skip(&p->in, &p->comment);
	if (lex_is(&p->in, '[')) {
		while (lex_more(&p->in) && *p->in.at != ']') {
			if (!lex_blank(*p->in.at))
				lex_put(&p->out, *p->in.at);
			p->in.at++;
		}
		if (lex_more(&p->in)) {
			lex_put(&p->out, ']');
			p->in.at++;
		}
		return slice_make(start, (size_t)(p->out.at - start));
	}
	return read_dotted(p, NULL);
}

/* RFC 5322 4.4 obs-route: "@a,@b:", kept without the colon. */
static struct slice read_route(struct address_parser *p)
{
	char *start = p->out.at;

	while (lex_skip(&p->in, NULL), lex_more(&p->in)) {
		char c = *p->in.at;

		if (c == ':') {
			p->in.at++;
			break;
		}
		if (c == '>' || c == ';')
			break;
		lex_put(&p->out, c);
		p->in.at++;
	}
	return slice_make(start, (size_t)(p->out.at - start));
}

/* RFC 5322 3.4.1 addr-spec: local part and domain. */
static void read_spec(struct address_parser *p, struct mime_address *a)
{
	struct slice before;

	a->mailbox = read_dotted(p, &before);
	if (before.len && !a->name.at)
		a->name = before;
	if (lex_is(&p->in, '@')) {
		p->in.at++;
		a->host = read_domain(p);
	}
}

/* To the comma or semicolon that ends the element. */
static void skip_element(struct address_parser *p)
{
	while (lex_skip(&p->in, &p->comment), lex_more(&p->in) && *p->in.at != ',' &&
	       *p->in.at != ';') {
		if (*p->in.at == '"')
			pass_quoted(&p->in);
		else
			p->in.at++;
	}
}

/* RFC 5322 3.4 name-addr: *in is at the name or at '<'. */
static void read_named(struct address_parser *p)
{
	struct slice name = read_phrase(p);
	struct mime_address *a = add(p);

	if (!a)
		return;
	if (name.len)
		a->name = name;
	p->in.at++;
	lex_skip(&p->in, NULL);
	if (lex_is(&p->in, '@') && pass_words(&(struct lexer){ p->in.at + 1, p->in.end }) != '>')
		a->route = read_route(p);
	read_spec(p, a);
	if (lex_is(&p->in, '>'))
		p->in.at++;
}

/* addr-spec, or words that are none: one is a mailbox without a host ("root"),
 * several are a name without an address.  RFC 5322 3.4: an address's name may
 * stand behind it as a comment. */
static void read_bare(struct address_parser *p)
{
	struct lexer start = p->in;
	struct mime_address *a = add(p);

	if (!a)
		return;
	p->comment = (struct slice){ NULL, 0 };
	read_spec(p, a);
	if (!a->host.at && a->name.at) {
		p->in = start;
		a->name = read_phrase(p);
		a->mailbox = SLICE("");
	}
	skip_element(p);
	if (p->comment.len && !a->name.at)
		a->name = lex_comment_text(p->comment, &p->out);
}

static void start_group(struct address_parser *p)
{
	struct slice name = read_phrase(p);
	struct mime_address *a;

	p->in.at++;
	if (p->in_group)
		return;
	a = add(p);
	if (!a)
		return;
	a->mailbox = name;
	a->is_group = p->in_group = true;
}

/* The end has neither mailbox nor host. */
static void end_group(struct address_parser *p)
{
	if (p->in_group && add(p))
		p->in_group = false;
}

static void read_element(struct address_parser *p)
{
	struct lexer ahead = p->in, further;
	char form = pass_words(&ahead);

	further = (struct lexer){ form ? ahead.at + 1 : ahead.at, ahead.end };
	if (form == '<' || (form == '@' && pass_words(&further) == '<')) {
		read_named(p);
	} else if (form == ':') {
		start_group(p);
		return;
	} else if (form == '@' || ahead.at > p->in.at) {
		read_bare(p);
	}
	skip_element(p);
}

struct mime_address *mime_addresses(struct arena *a, struct slice value)
{
	struct address_parser p = { .arena = a, .in = lexer_of(value), .tail = &p.first };

	/* Words that turn out to be a name are written twice. */
	size_t room = 2 * value.len;

	if (arena_room(a) < room || !value.len)
		return NULL;
	p.out.at = arena_get(a, room);
	p.out.end = p.out.at + room;
	while (lex_skip(&p.in, NULL), lex_more(&p.in) && p.count < MIME_ADDRESSES_MAX) {
		if (*p.in.at == ',') {
			p.in.at++;
		} else if (*p.in.at == ';') {
			p.in.at++;
			end_group(&p);
		} else {
			read_element(&p);
		}
	}
	end_group(&p);
	return p.first;
}
