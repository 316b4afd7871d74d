/*
 * Part numbers are not a plain walk down the tree of parts (RFC 3501 6.4.5).  A
 * message that is no multipart has a part 1 which is its own body; a
 * message/rfc822 part is not a level of its own: 4.2.1 is part 1 of the message
 * inside 4.2.  So the walk remembers whether it stands at a message, which has
 * parts, or at a part that was named already.
 */
#include "section.h"

#include <string.h>

#include "mime/describe.h"
#include "mime/header.h"

/* RFC 3501 9: section-msgtext, section-text. */
static const struct section_word {
	const char *name;
	enum section_text text;
	bool list;                   /* a header-list follows */
	bool of_part;                /* only behind a part number */
} words[] = {
	{ "HEADER",            SECTION_HEADER,     false, false },
	{ "HEADER.FIELDS",     SECTION_FIELDS,     true,  false },
	{ "HEADER.FIELDS.NOT", SECTION_FIELDS_NOT, true,  false },
	{ "TEXT",              SECTION_TEXT,       false, false },
	{ "MIME",              SECTION_MIME,       false, true  },
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

static bool next_is_digit(const struct imap_args *a)
{
	return a->rest.len && a->rest.at[0] >= '0' && a->rest.at[0] <= '9';
}

/* "2.1.3" or "2.1.3."; *more: a word follows. */
static bool parse_path(struct section *out, struct imap_args *a, struct arena *keep, bool *more)
{
	uint32_t path[SECTION_PATH_MAX], *kept;
	size_t depth = 0;

	*more = true;
	while (*more && next_is_digit(a)) {
		if (depth == SECTION_PATH_MAX)
			return args_limit(a, "fewer part numbers");
		if (!args_number(a, &path[depth]))
			return false;
		if (path[depth++] == 0)
			return args_want(a, "a part number from 1 on");
		*more = args_peek(a, '.') && args_char(a, '.');
	}
	if (arena_room(keep) < sizeof(path))
		return args_limit(a, "fewer items");
	kept = arena_array(keep, depth, sizeof(*kept));
	memcpy(kept, path, depth * sizeof(*kept));
	out->path = kept;
	out->depth = depth;
	return true;
}

/* header-list: "(" header-fld-name *(SP header-fld-name) ")" */
static bool parse_fields(struct section *out, struct imap_args *a, struct arena *keep)
{
	struct slice names[SECTION_FIELDS_MAX], *kept;
	size_t n = 0;

	if (!args_space(a) || !args_char(a, '('))
		return false;
	do {
		struct slice name;

		if (n == SECTION_FIELDS_MAX)
			return args_limit(a, "fewer header fields");
		if (!args_astring(a, &name))
			return false;
		if (arena_room(keep) < name.len + sizeof(names))
			return args_limit(a, "fewer header fields");
		names[n++] = arena_copy(keep, name);
	} while (args_peek(a, ' ') && args_space(a));

	kept = arena_array(keep, n, sizeof(*kept));
	memcpy(kept, names, n * sizeof(*kept));
	out->fields = kept;
	out->field_count = n;
	return args_char(a, ')');
}

static bool parse_word(struct section *out, struct imap_args *a, struct arena *keep)
{
	struct slice word = a->rest;
	size_t n = 0;

	while (n < word.len && !memchr("] (", word.at[n], 3))
		n++;
	word = slice_head(word, n);
	for (size_t i = 0; i < WORDS; i++) {
		if (!slice_is_nocase(word, words[i].name) ||
		    (words[i].of_part && out->depth == 0))
			continue;
		a->rest = slice_from(a->rest, word.len);
		out->text = words[i].text;
		return !words[i].list || parse_fields(out, a, keep);
	}
	return args_want(a, "HEADER, HEADER.FIELDS, TEXT or MIME in the brackets");
}

bool section_parse(struct section *out, struct imap_args *a, struct arena *keep)
{
	bool more;

	*out = (struct section){ .text = SECTION_WHOLE };
	if (!args_char(a, '['))
		return false;
	if (args_peek(a, ']'))
		return args_char(a, ']');
	if (!parse_path(out, a, keep, &more))
		return false;
	if (more && !parse_word(out, a, keep))
		return false;
	return args_char(a, ']');
}

/* astring, so that an atom stays an atom: some clients compare. */
static bool print_name(struct buf *out, struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (c <= ' ' || c >= 0x7F || memchr("(){%*\"\\]", c, 8))
			return mime_nstring(out, name);
	}
	return name.len ? buf_add(out, name) : buf_add_text(out, "\"\"");
}

static bool print_fields(struct buf *out, const struct section *s)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (!buf_add_text(out, i ? " " : " (") || !print_name(out, s->fields[i]))
			return false;
	return buf_add_byte(out, ')');
}

bool section_print(struct buf *out, const struct section *s)
{
	if (!buf_add_byte(out, '['))
		return false;
	for (size_t i = 0; i < s->depth; i++)
		if (!buf_printf(out, i ? ".%u" : "%u", (unsigned)s->path[i]))
			return false;
	for (size_t i = 0; i < WORDS; i++) {
		if (words[i].text != s->text)
			continue;
		if ((s->depth && !buf_add_byte(out, '.')) || !buf_add_text(out, words[i].name) ||
		    (words[i].list && !print_fields(out, s)))
			return false;
	}
	return buf_add_byte(out, ']');
}

/* Where a walk down the part numbers stands. */
struct walk {
	const struct mime_part *part;
	bool message;                /* as a message, none of whose parts was named yet */
	bool empty;                  /* at the one part of a multipart that has none */
};

/* One part number further.  False: there is no such part. */
static bool walk_down(struct walk *w, uint32_t number)
{
	if (w->empty)
		return false;
	if (!w->message && w->part->kind == MIME_MESSAGE) {
		w->part = w->part->child;
		w->message = true;
	}
	if (!w->part)
		return false;
	if (w->part->kind == MIME_MULTIPART) {
		const struct mime_part *p = w->part->child;

		/* IMAP has no multipart without parts: BODYSTRUCTURE describes an
		 * empty one, and this is it. */
		w->empty = !p && number == 1;
		for (uint32_t i = 1; p && i < number; i++)
			p = p->next;
		if (p)
			w->part = p;
		w->message = false;
		return p || w->empty;
	}
	if (!w->message || number != 1)
		return false;
	w->message = false;
	return true;
}

static void place_header(struct section_place *out, const struct mime_part *p)
{
	*out = (struct section_place){
		.at = p->header_at, .len = p->header_len, .crlf = p->header_crlf,
		.header = p->header,
	};
}

static void place_body(struct section_place *out, const struct mime_part *p)
{
	*out = (struct section_place){
		.at = p->body_at, .len = p->body_len, .crlf = p->body_crlf, .part = p,
	};
}

static void place_message(struct section_place *out, const struct mime_part *root)
{
	*out = (struct section_place){
		.at = root->header_at,
		.len = root->header_len + root->body_len,
		.crlf = root->header_crlf + root->body_crlf,
	};
}

bool section_find(const struct section *s, const struct mime_part *root,
		  struct section_place *out)
{
	struct walk w = { .part = root, .message = true };

	*out = (struct section_place){ 0 };
	for (size_t i = 0; i < s->depth; i++)
		if (!walk_down(&w, s->path[i]))
			return false;
	if (w.empty)
		return s->text == SECTION_WHOLE || s->text == SECTION_MIME;

	switch (s->text) {
	case SECTION_WHOLE:
		if (w.message)
			place_message(out, w.part);
		else
			place_body(out, w.part);
		return true;
	case SECTION_MIME:
		place_header(out, w.part);
		return true;
	case SECTION_HEADER:
	case SECTION_FIELDS:
	case SECTION_FIELDS_NOT:
	case SECTION_TEXT:
		break;
	}

	/* Of a part only a message/rfc822 one has these (6.4.5). */
	if (!w.message) {
		if (w.part->kind != MIME_MESSAGE || !w.part->child)
			return false;
		w.part = w.part->child;
	}
	if (s->text == SECTION_TEXT)
		place_body(out, w.part);
	else
		place_header(out, w.part);
	return true;
}

static bool is_listed(const struct section *s, struct slice name)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (slice_equal_nocase(s->fields[i], name))
			return true;
	return false;
}

bool section_fields(struct buf *out, const struct section *s, struct slice header)
{
	struct header_field field;

	while (header_next(&header, &field)) {
		struct crlf_form form = { false };

		if (is_listed(s, field.name) != (s->text == SECTION_FIELDS))
			continue;
		if (!section_wire(&form, out, field.whole))
			return false;
		if (field.whole.len && field.whole.at[field.whole.len - 1] != '\n' &&
		    !buf_add_text(out, "\r\n"))
			return false;
	}
	return buf_add_text(out, "\r\n");
}

bool section_wire(struct crlf_form *f, struct buf *out, struct slice bytes)
{
	size_t from = out->len;
	bool fits = crlf_form_add(f, out, bytes);
	char *nul;

	while (from < out->len && (nul = memchr(out->data + from, '\0', out->len - from))) {
		*nul = (char)0x80;
		from = (size_t)(nul - out->data) + 1;
	}
	return fits;
}
