/*
 * The lines of APPEND and REPLACE, read thing by thing (RFC 4466 6: append-message,
 * append-data; RFC 4469 5; RFC 6855 4).  What a literal is (bytes of the message, or
 * a name that could have been in quotes) follows from what stands before it.
 */
#include "append.h"

static bool want(struct append *a, const char *what)
{
	a->line.wanted = what;
	return false;
}

static bool found(struct append *a, enum append_found what, enum append_next next)
{
	a->found = what;
	a->next = next;
	return true;
}

/* Nothing stands before the line's literal: "{5}", or "~{5}". */
static bool at_literal(const struct append *a)
{
	return a->has_literal && !a->literal.binary && a->line.rest.len == a->literal.head;
}

static bool at_literal8(const struct append *a)
{
	return a->has_literal && a->literal.binary && a->line.rest.len == a->literal.head + 1;
}

/* As bytes of a message.  Of RFC 3516 IMAP4rev2 has FETCH's part, not this (RFC 9051 B). */
static bool at_data(const struct imap_session *s, const struct append *a)
{
	return at_literal(a) || (at_literal8(a) && imap_has(s, CAP_BINARY));
}

/* utf8-literal = "UTF8" SP "(" literal8 ")" */
static bool at_utf8(const struct imap_session *s, struct append *a)
{
	return imap_has(s, CAP_UTF8_ACCEPT) && args_word(&a->line, "UTF8") &&
	       args_space(&a->line) && args_char(&a->line, '(') && at_literal8(a);
}

static bool parse_mailbox(struct append *a)
{
	if (at_literal(a))
		return found(a, FOUND_STRING, NEXT_MAILBOX);
	if (!args_mailbox(&a->line, &a->folder))
		return false;
	a->line.arena = a->arena;
	a->next = NEXT_MESSAGE;
	return true;
}

/* [SP flag-list] [SP date-time] SP append-data, or the end of the line */
static bool parse_message(const struct imap_session *s, struct append *a)
{
	struct imap_args *l = &a->line;

	if (a->count && !l->rest.len && !a->has_literal)
		return found(a, FOUND_END, NEXT_MESSAGE);
	/* RFC 8508 4.7: one for one. */
	if (a->count && (a->old_uid || !imap_has(s, CAP_MULTIAPPEND)))
		return want(a, "nothing behind the message");
	arena_clear(a->arena);
	a->flags = (struct imap_flags){ 0 };
	a->received = 0;
	if (!args_space(l))
		return false;
	if (args_peek(l, '(') && (!args_flags(l, false, &a->flags) || !args_space(l)))
		return false;
	if (args_peek(l, '"') && (!args_date_time(l, &a->received) || !args_space(l)))
		return false;
	if (at_data(s, a))
		return found(a, FOUND_LITERAL, NEXT_WHOLE);
	if (imap_has(s, CAP_CATENATE) && args_word(l, "CATENATE")) {
		a->next = NEXT_PART;
		return args_space(l) && args_char(l, '(');
	}
	if (at_utf8(s, a))
		return found(a, FOUND_LITERAL, NEXT_CLOSE);
	return want(a, "a message as a literal");
}

static bool parse_part(const struct imap_session *s, struct append *a)
{
	struct imap_args *l = &a->line;

	if (args_word(l, "URL")) {
		a->next = NEXT_URL;
		return args_space(l);
	}
	if (args_word(l, "TEXT"))
		return args_space(l) && at_data(s, a) ? found(a, FOUND_LITERAL, NEXT_PART_END) :
							want(a, "a text as a literal");
	if (at_utf8(s, a))
		return found(a, FOUND_LITERAL, NEXT_PART_CLOSE);
	return want(a, "TEXT or URL");
}

static bool parse_url(struct append *a)
{
	if (at_literal(a))
		return found(a, FOUND_STRING, NEXT_URL);
	return args_astring(&a->line, &a->url) && found(a, FOUND_URL, NEXT_PART_END);
}

static bool parse_part_end(struct append *a)
{
	if (args_peek(&a->line, ')'))
		return args_char(&a->line, ')') && found(a, FOUND_WHOLE, NEXT_MESSAGE);
	a->next = NEXT_PART;
	return args_space(&a->line);
}

/* One thing, which may be none yet: then *more. */
static bool parse_one(const struct imap_session *s, struct append *a, bool *more)
{
	enum append_next was = a->next;

	*more = false;
	switch (was) {
	case NEXT_MAILBOX:
		*more = !at_literal(a);
		return parse_mailbox(a);
	case NEXT_MESSAGE:
		if (!parse_message(s, a))
			return false;
		*more = a->next == NEXT_PART;
		return true;
	case NEXT_WHOLE:
		return found(a, FOUND_WHOLE, NEXT_MESSAGE);
	case NEXT_CLOSE:
		return args_char(&a->line, ')') && found(a, FOUND_WHOLE, NEXT_MESSAGE);
	case NEXT_PART:
		if (!parse_part(s, a))
			return false;
		*more = a->next == NEXT_URL;
		return true;
	case NEXT_URL:
		return parse_url(a);
	case NEXT_PART_CLOSE:
		*more = true;
		a->next = NEXT_PART_END;
		return args_char(&a->line, ')');
	case NEXT_PART_END:
		if (!parse_part_end(a))
			return false;
		*more = a->next == NEXT_PART;
		return true;
	}
	return false;
}

bool append_parse(const struct imap_session *s, struct append *a)
{
	bool more = true;

	while (more)
		if (!parse_one(s, a, &more))
			return false;
	return true;
}
