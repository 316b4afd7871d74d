/*
 * Comments may stand nearly everywhere in a structured field, and quoted
 * strings and comments may be folded and escaped.  Three parsers (addresses,
 * content fields, dates) need that; a tokenizer that hands out tokens would
 * have to know which grammar asks, so these are only the rules they share.
 */
#include "lexer.h"

#include <string.h>

/* At '(' .  Counts instead of recursing: a header of nothing but "(" is legal
 * input for a scanner. */
static struct slice skip_comment(struct lexer *l)
{
	const char *inside = ++l->at;
	size_t depth = 1;

	for (; l->at < l->end; l->at++) {
		if (*l->at == '\\' && l->end - l->at > 1)
			l->at++;
		else if (*l->at == '(')
			depth++;
		else if (*l->at == ')' && --depth == 0)
			break;
	}
	struct slice text = slice_make(inside, (size_t)(l->at - inside));
	if (l->at < l->end)
		l->at++;
	return text;
}

void lex_skip(struct lexer *l, struct slice *comment)
{
	while (l->at < l->end) {
		if (lex_blank(*l->at)) {
			l->at++;
		} else if (*l->at == '(') {
			struct slice inside = skip_comment(l);

			if (comment)
				*comment = inside;
		} else {
			break;
		}
	}
}

/* Copies up to `stop` (or the end), one level of backslashes off. */
static struct slice unescape(struct lexer *l, int stop, struct lex_out *o)
{
	char *start = o->at;

	for (; l->at < l->end && *l->at != stop; l->at++) {
		if (*l->at == '\\' && l->end - l->at > 1)
			l->at++;
		if (*l->at == '\n' ||
		    (*l->at == '\r' && l->end - l->at > 1 && l->at[1] == '\n'))
			continue;
		lex_put(o, *l->at);
	}
	if (l->at < l->end)
		l->at++;
	return slice_make(start, (size_t)(o->at - start));
}

struct slice lex_quoted(struct lexer *l, struct lex_out *o)
{
	l->at++;
	return unescape(l, '"', o);
}

struct slice lex_comment_text(struct slice inside, struct lex_out *o)
{
	struct lexer l = lexer_of(inside);

	return slice_trim(unescape(&l, -1, o));
}

struct slice lex_token(struct lexer *l)
{
	const char *start = l->at;

	while (l->at < l->end && (unsigned char)*l->at > ' ' && *l->at != 127 &&
	       !strchr("()<>@,;:\\\"/[]?=", *l->at))
		l->at++;
	return slice_make(start, (size_t)(l->at - start));
}
