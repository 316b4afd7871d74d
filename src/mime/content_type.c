/*
 * The Content-* fields of one part.  Senders get these wrong more often than
 * any other field: semicolons are forgotten, boundaries stand unquoted with
 * characters that need quotes, quotes are never closed.  So the grammar of RFC
 * 2045 5.1 is read loosely, and never refused: a field that says nothing
 * usable leaves the default of 5.2 in place.
 */
#include "content_type.h"

#include <stddef.h>

#include "base/text.h"
#include "lexer.h"
#include "mime/header.h"

static struct slice lower_copy(struct arena *a, struct slice s)
{
	char *text = arena_string(a, s);

	text_lower(text, s.len);
	return slice_make(text, s.len);
}

/* The value unfolded, in the arena; at is never NULL. */
static struct slice unfolded_copy(struct arena *a, struct slice value)
{
	struct slice s = slice_trim(value);
	char *text = arena_string(a, s), *to = text;

	for (const char *p = text; p < text + s.len; p++)
		if (*p != '\n' && !(*p == '\r' && p[1] == '\n'))
			*to++ = *p;
	return slice_make(text, (size_t)(to - text));
}

/* RFC 2045 5.1 value.  Unquoted it should be a token; boundaries like
 * ----=_Part/1 come without quotes all the same, so only what separates
 * parameters ends it. */
static struct slice read_value(struct lexer *l, struct lex_out *o)
{
	const char *start = l->at;

	if (lex_is(l, '"'))
		return lex_quoted(l, o);
	while (lex_more(l) && !lex_blank(*l->at) && *l->at != ';' && *l->at != '(')
		l->at++;
	return slice_make(start, (size_t)(l->at - start));
}

/* *(";" attribute "=" value), and what senders make of it: a missing semicolon,
 * a name without a value, stray words are passed over. */
static const struct mime_param *read_params(struct arena *a, struct lexer *l,
					    unsigned *params_left)
{
	struct mime_param *first = NULL, **tail = &first;
	size_t room = (size_t)(l->end - l->at);
	struct lex_out out = { .at = NULL, .end = NULL };

	while (lex_skip(l, NULL), lex_more(l) && *params_left > 0) {
		struct slice name = lex_token(l), value;

		if (!name.len) {
			l->at++;
			continue;
		}
		lex_skip(l, NULL);
		if (!lex_is(l, '='))
			continue;
		l->at++;
		lex_skip(l, NULL);
		if (!out.at) {
			out.at = arena_get(a, room);
			out.end = out.at + room;
		}
		value = read_value(l, &out);
		*tail = arena_get(a, sizeof(**tail));
		(*tail)->name = name;
		(*tail)->value = value;
		tail = &(*tail)->next;
		--*params_left;
	}
	return first;
}

/* RFC 2045 5.1: type "/" subtype.  Without both of them the field is invalid
 * and 5.2's default stands, without the field's parameters. */
static void read_type(struct arena *a, struct mime_part *part, struct slice value,
		      unsigned *params_left)
{
	struct lexer l = lexer_of(value);
	struct slice type, subtype;

	lex_skip(&l, NULL);
	type = lex_token(&l);
	lex_skip(&l, NULL);
	if (!type.len || !lex_is(&l, '/'))
		return;
	l.at++;
	lex_skip(&l, NULL);
	subtype = lex_token(&l);
	if (!subtype.len)
		return;
	part->type = lower_copy(a, type);
	part->subtype = lower_copy(a, subtype);
	part->params = read_params(a, &l, params_left);
}

/* RFC 2183 2.  Without a kind but with a file name it is an attachment, as 2.8
 * treats kinds it does not know. */
static void read_disposition(struct arena *a, struct mime_part *part, struct slice value,
			     unsigned *params_left)
{
	struct lexer l = lexer_of(value);
	struct slice kind;

	lex_skip(&l, NULL);
	kind = lex_token(&l);
	part->disposition_params = read_params(a, &l, params_left);
	if (kind.len)
		part->disposition = lower_copy(a, kind);
	else if (part->disposition_params)
		part->disposition = SLICE("attachment");
}

/* RFC 2045 6.1: one token.  A semicolon behind it does no harm; with other words
 * behind it ("8 bit") it says nothing that a decoder knows. */
static struct slice read_encoding(struct slice value)
{
	struct lexer l = lexer_of(value);
	struct slice token;

	lex_skip(&l, NULL);
	token = lex_token(&l);
	lex_skip(&l, NULL);
	if (!token.len || (lex_more(&l) && *l.at != ';'))
		return (struct slice){ NULL, 0 };
	return token;
}

void content_default(struct mime_part *part)
{
	bool digest = part->parent && part->parent->kind == MIME_MULTIPART &&
		      slice_is(part->parent->subtype, "digest");

	part->type = digest ? SLICE("message") : SLICE("text");
	part->subtype = digest ? SLICE("rfc822") : SLICE("plain");
}

/* The fields that are kept as text. */
static const struct {
	const char *name;
	size_t place;
} text_fields[] = {
	{ "Content-ID", offsetof(struct mime_part, id) },
	{ "Content-Description", offsetof(struct mime_part, description) },
	{ "Content-MD5", offsetof(struct mime_part, md5) },             /* RFC 1864 */
	{ "Content-Location", offsetof(struct mime_part, location) },   /* RFC 2557 4 */
	{ "Content-Language", offsetof(struct mime_part, language) },   /* RFC 3282 2 */
};

static void read_text(struct arena *a, struct mime_part *part, const struct header_field *f)
{
	for (size_t i = 0; i < sizeof(text_fields) / sizeof(text_fields[0]); i++) {
		struct slice *s = (void *)((char *)part + text_fields[i].place);

		if (!slice_is_nocase(f->name, text_fields[i].name))
			continue;
		if (!s->at && slice_trim(f->value).len)
			*s = unfolded_copy(a, f->value);
		return;
	}
}

void content_read(struct arena *a, struct mime_part *part, unsigned *params_left)
{
	struct slice rest = part->header;
	struct header_field f;
	bool typed = false, encoded = false, disposed = false;

	content_default(part);
	/* A field that stands twice counts the first time: what scanners on the
	 * way here saw is what we show. */
	while (header_next(&rest, &f)) {
		if (!slice_starts_nocase(f.name, "Content-"))
			continue;
		if (slice_is_nocase(f.name, "Content-Type")) {
			if (!typed)
				read_type(a, part, f.value, params_left);
			typed = true;
		} else if (slice_is_nocase(f.name, "Content-Transfer-Encoding")) {
			if (!encoded)
				part->encoding = read_encoding(f.value);
			encoded = true;
		} else if (slice_is_nocase(f.name, "Content-Disposition")) {
			if (!disposed)
				read_disposition(a, part, f.value, params_left);
			disposed = true;
		} else {
			read_text(a, part, &f);
		}
	}
}
