#ifndef MIME_LEXER_H
#define MIME_LEXER_H

#include <stdbool.h>

#include "base/slice.h"

/* The lexical rules that structured fields share (RFC 5322 3.2, RFC 2045 5.1),
 * read from a folded value. */
struct lexer {
	const char *at, *end;
};

/* A region that is written once, from the front.  What does not fit is lost;
 * a region as long as the value always suffices, since no rule lengthens. */
struct lex_out {
	char *at, *end;
};

static inline struct lexer lexer_of(struct slice s)
{
	return (struct lexer){ s.at, s.len ? s.at + s.len : s.at };
}

static inline bool lex_more(const struct lexer *l)
{
	return l->at < l->end;
}

static inline bool lex_is(const struct lexer *l, char c)
{
	return l->at < l->end && *l->at == c;
}

static inline bool lex_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline void lex_put(struct lex_out *o, char c)
{
	if (o->at < o->end)
		*o->at++ = c;
}

/* Past blanks, line ends and comments (nested, RFC 5322 3.2.2).  `comment`,
 * when not NULL, is set to the inside of the last comment, if there was one. */
void lex_skip(struct lexer *l, struct slice *comment);

/* At a '"': the quoted string without quotes and backslashes, folding undone. */
struct slice lex_quoted(struct lexer *l, struct lex_out *o);

/* The inside of a comment, backslashes and folding undone. */
struct slice lex_comment_text(struct slice inside, struct lex_out *o);

/* RFC 2045 5.1 token; bytes above 127 are let in, as senders do. */
struct slice lex_token(struct lexer *l);

#endif
