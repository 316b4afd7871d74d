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

/* Words up to one that is special, put together: with one blank where blanks,
 * comments or quotes stood between them (a phrase), or without (a local part,
 * RFC 5322 4.4 allows blanks round its dots). */
static struct slice read_words(struct address_parser *p, bool phrase)
{
	char *start = p->out.at;
	const char *word_end = NULL;

	while (lex_skip(&p->in, NULL), lex_more(&p->in)) {
		bool quoted = *p->in.at == '"';

		if (!quoted && !in_word(*p->in.at))
			break;
		if (phrase && word_end)
			lex_put(&p->out, ' ');
		if (quoted)
			lex_quoted(&p->in, &p->out);
		while (!quoted && lex_more(&p->in) && in_word(*p->in.at))
			lex_put(&p->out, *p->in.at++);
		word_end = p->in.at;
	}
	return slice_make(start, (size_t)(p->out.at - start));
}

/* RFC 5322 3.4.1 domain: dot-atom (with 4.4's blanks) or [literal]. */
static struct slice read_domain(struct address_parser *p)
{
	char *start = p->out.at;

	lex_skip(&p->in, NULL);
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
	return read_words(p, false);
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

/* Local part and domain: RFC 5322 3.4.1 addr-spec. */
static void read_spec(struct address_parser *p, struct mime_address *a)
{
	a->mailbox = read_words(p, false);
	if (!lex_is(&p->in, '@'))
		return;
	p->in.at++;
	a->host = read_domain(p);
}

/* To the comma or semicolon that ends the element; the comment passed last. */
static struct slice skip_element(struct lexer *l)
{
	struct slice comment = { NULL, 0 };

	while (lex_skip(l, &comment), lex_more(l) && *l->at != ',' && *l->at != ';') {
		if (*l->at == '"')
			pass_quoted(l);
		else
			l->at++;
	}
	return comment;
}

/* RFC 5322 3.4 name-addr: *in is at the name or at '<'. */
static void read_named(struct address_parser *p)
{
	struct slice name = read_words(p, true);
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

/* addr-spec or a bare word.  RFC 5322 3.4: the name may stand behind it as a
 * comment. */
static void read_bare(struct address_parser *p)
{
	struct mime_address *a = add(p);
	struct slice comment;

	if (!a)
		return;
	read_spec(p, a);
	comment = skip_element(&p->in);
	if (comment.at) {
		comment = lex_comment_text(comment, &p->out);
		if (comment.len)
			a->name = comment;
	}
}

static void start_group(struct address_parser *p)
{
	struct slice name = read_words(p, true);
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
	struct lexer ahead = p->in;
	char form = pass_words(&ahead);

	if (form == '<') {
		read_named(p);
	} else if (form == ':') {
		start_group(p);
		return;
	} else if (ahead.at > p->in.at) {
		read_bare(p);
	}
	skip_element(&p->in);
}

struct mime_address *mime_addresses(struct arena *a, struct slice value)
{
	struct address_parser p = { .arena = a, .in = lexer_of(value), .tail = &p.first };

	if (arena_room(a) < value.len || !value.len)
		return NULL;
	p.out.at = arena_get(a, value.len);
	p.out.end = p.out.at + value.len;
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
