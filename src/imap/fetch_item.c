/*
 * The names of a FETCH are words with dots ("RFC822.SIZE") of which some go on
 * with a bracket.  An IMAP atom would swallow the bracket and half of what is in
 * it, so names are cut here by their own letters.
 */
#include "fetch_item.h"

#include <string.h>

/* RFC 3501 9: fetch-att. */
static const struct fetch_name {
	const char *name;
	enum fetch_kind kind;
	enum section_text text;      /* FETCH_SECTION without brackets */
	bool seen;                   /* sets \Seen */
} names[] = {
	{ "UID",           FETCH_UID,           SECTION_WHOLE,  false },
	{ "FLAGS",         FETCH_FLAGS,         SECTION_WHOLE,  false },
	{ "INTERNALDATE",  FETCH_INTERNALDATE,  SECTION_WHOLE,  false },
	{ "RFC822.SIZE",   FETCH_SIZE,          SECTION_WHOLE,  false },
	{ "EMAILID",       FETCH_EMAILID,       SECTION_WHOLE,  false },   /* RFC 8474 5.3 */
	{ "THREADID",      FETCH_THREADID,      SECTION_WHOLE,  false },
	{ "SAVEDATE",      FETCH_SAVEDATE,      SECTION_WHOLE,  false },   /* RFC 8514 */
	{ "MODSEQ",        FETCH_MODSEQ,        SECTION_WHOLE,  false },   /* RFC 7162 3.1.4.2 */
	{ "ENVELOPE",      FETCH_ENVELOPE,      SECTION_WHOLE,  false },
	{ "BODY",          FETCH_BODY,          SECTION_WHOLE,  false },
	{ "BODYSTRUCTURE", FETCH_BODYSTRUCTURE, SECTION_WHOLE,  false },
	{ "PREVIEW",       FETCH_PREVIEW,       SECTION_WHOLE,  false },   /* RFC 8970 */
	{ "RFC822",        FETCH_SECTION,       SECTION_WHOLE,  true  },
	{ "RFC822.HEADER", FETCH_SECTION,       SECTION_HEADER, false },
	{ "RFC822.TEXT",   FETCH_SECTION,       SECTION_TEXT,   true  },
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

/* 6.4.5: "A macro must be used by itself". */
static const struct fetch_macro {
	const char *name;
	size_t count;
	enum fetch_kind kinds[5];
} macros[] = {
	{ "FAST", 3, { FETCH_FLAGS, FETCH_INTERNALDATE, FETCH_SIZE } },
	{ "ALL",  4, { FETCH_FLAGS, FETCH_INTERNALDATE, FETCH_SIZE, FETCH_ENVELOPE } },
	{ "FULL", 5, { FETCH_FLAGS, FETCH_INTERNALDATE, FETCH_SIZE, FETCH_ENVELOPE, FETCH_BODY } },
};
enum { MACROS = sizeof(macros) / sizeof(macros[0]) };

static struct slice next_word(const struct imap_args *a)
{
	struct slice word = a->rest;
	size_t n = 0;

	while (n < word.len &&
	       memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.",
		      word.at[n], 63))
		n++;
	return slice_head(word, n);
}

static struct fetch_item *add(struct fetch_plan *p, enum fetch_kind kind, struct slice name)
{
	struct fetch_item *item = &p->items[p->count++];

	*item = (struct fetch_item){ .kind = kind, .name = name };
	p->flags |= kind == FETCH_FLAGS;
	p->bodies |= kind == FETCH_SECTION || kind == FETCH_BINARY || kind == FETCH_BINARY_SIZE;
	return item;
}

static void add_kind(struct fetch_plan *p, enum fetch_kind kind)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].kind == kind) {
			add(p, kind, slice_of(names[i].name));
			return;
		}
}

/* "<" number "." nz-number ">" */
static bool parse_partial(struct fetch_item *item, struct imap_args *a)
{
	if (!args_peek(a, '<'))
		return true;
	item->partial = true;
	if (!args_char(a, '<') || !args_number64(a, &item->start) || !args_char(a, '.') ||
	    !args_number64(a, &item->count))
		return false;
	if (item->count == 0)
		return args_want(a, "a length from 1 on");
	return args_char(a, '>');
}

/* What may have brackets behind it. */
static const struct fetch_bracket {
	const char *name, *answer;   /* as it is asked for; as the response has it */
	enum fetch_kind kind;
	bool seen;                   /* sets \Seen */
} brackets[] = {
	{ "BODY",        "BODY",        FETCH_SECTION,     true  },
	{ "BODY.PEEK",   "BODY",        FETCH_SECTION,     false },
	{ "BINARY",      "BINARY",      FETCH_BINARY,      true  },
	{ "BINARY.PEEK", "BINARY",      FETCH_BINARY,      false },
	{ "BINARY.SIZE", "BINARY.SIZE", FETCH_BINARY_SIZE, false },
};
enum { BRACKETS = sizeof(brackets) / sizeof(brackets[0]) };

/* The brackets, and the name the response gives it. */
static bool parse_section(struct fetch_plan *p, struct imap_args *a, struct arena *keep,
			  const struct fetch_bracket *bracket)
{
	struct fetch_item *item = add(p, bracket->kind, SLICE(""));
	struct buf name;
	bool good;

	if (!section_parse(&item->section, a, keep))
		return false;
	/* RFC 3516 7: section-binary is part numbers only. */
	if (bracket->kind != FETCH_SECTION && item->section.text != SECTION_WHOLE)
		return args_want(a, "part numbers only in the brackets of BINARY");
	if (bracket->kind != FETCH_BINARY_SIZE && !parse_partial(item, a))
		return false;
	p->sets_seen |= bracket->seen;
	p->binary |= bracket->kind != FETCH_SECTION;
	buf_init(&name, FETCH_PLAN_BYTES);
	buf_add_text(&name, bracket->answer);
	section_print(&name, &item->section);
	if (item->partial)
		buf_printf(&name, "<%llu>", (unsigned long long)item->start);
	good = !name.overflow && arena_room(keep) >= name.len;
	if (good)
		item->name = arena_copy(keep, buf_slice(&name));
	buf_release(&name);
	return good || args_limit(a, "shorter items");
}

/* [SP "(" preview-mod *(SP preview-mod) ")"]; of which there is one, LAZY (RFC 8970
 * 6).  Other parentheses behind it are the command's. */
static bool parse_lazy(struct fetch_plan *p, struct imap_args *a)
{
	struct imap_args list = *a;

	p->preview = true;
	if (!args_peek(&list, ' ') || !args_space(&list) || !args_peek(&list, '(') ||
	    !args_char(&list, '(') || !args_word(&list, "LAZY"))
		return true;
	p->items[p->count - 1].lazy = true;
	while (args_peek(&list, ' '))
		if (!args_space(&list) || !args_word(&list, "LAZY"))
			return args_want(a, "LAZY");
	a->rest = list.rest;
	return args_char(a, ')');
}

static bool parse_item(struct fetch_plan *p, struct imap_args *a, struct arena *keep)
{
	struct slice word = next_word(a);
	struct slice behind = slice_from(a->rest, word.len);
	bool bracket = behind.len && behind.at[0] == '[';

	if (p->count == FETCH_ITEMS_MAX)
		return args_limit(a, "fewer items");
	for (size_t i = 0; bracket && i < BRACKETS; i++) {
		if (!slice_is_nocase(word, brackets[i].name))
			continue;
		a->rest = behind;
		return parse_section(p, a, keep, &brackets[i]);
	}
	for (size_t i = 0; i < NAMES; i++) {
		if (!slice_is_nocase(word, names[i].name))
			continue;
		a->rest = behind;
		p->sets_seen |= names[i].seen;
		add(p, names[i].kind, slice_of(names[i].name))->section.text = names[i].text;
		return names[i].kind != FETCH_PREVIEW || parse_lazy(p, a);
	}
	return args_want(a, "a FETCH item");
}

static bool parse_macro(struct fetch_plan *p, struct imap_args *a)
{
	struct slice word = next_word(a);

	for (size_t i = 0; i < MACROS; i++) {
		if (!slice_is_nocase(word, macros[i].name))
			continue;
		a->rest = slice_from(a->rest, word.len);
		for (size_t k = 0; k < macros[i].count; k++)
			add_kind(p, macros[i].kinds[k]);
		return true;
	}
	return false;
}

static bool parse_list(struct fetch_plan *p, struct imap_args *a, struct arena *keep)
{
	if (!args_char(a, '('))
		return false;
	do {
		if (!parse_item(p, a, keep))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return args_char(a, ')');
}

bool fetch_plan_has(const struct fetch_plan *p, enum fetch_kind kind)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].kind == kind)
			return true;
	return false;
}

void fetch_plan_add(struct fetch_plan *p, enum fetch_kind kind)
{
	if (!fetch_plan_has(p, kind))
		add_kind(p, kind);
}

bool fetch_plan_parse(struct fetch_plan *out, struct imap_args *a, struct arena *keep, bool uid)
{
	bool good;

	*out = (struct fetch_plan){ 0 };
	out->items = arena_array(keep, FETCH_ITEMS_MAX + FETCH_ADDED_MAX, sizeof(*out->items));
	if (args_peek(a, '('))
		good = parse_list(out, a, keep);
	else
		good = parse_macro(out, a) || parse_item(out, a, keep);
	if (good && uid)
		fetch_plan_add(out, FETCH_UID);
	return good;
}
