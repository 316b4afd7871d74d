/*
 * The table says what a key is and what stands behind it; the parser knows no
 * key by name.  Strings are converted and folded here, once, so that a job that
 * looks at ten thousand messages only compares bytes.
 */
#include "search_key.h"

#include <stdlib.h>
#include <string.h>

#include "capability.h"
#include "mime/charset.h"
#include "store/object_id.h"
#include "store/snapshot.h"

enum argument {
	NOTHING, A_DATE, A_SIZE, A_TIME, A_STRING, A_FIELD, A_KEYWORD, A_SET, A_MODSEQ,
	AN_ID,
	A_KEY, TWO_KEYS
};

/* RFC 3501 9: search-key; OLDER and YOUNGER of RFC 5032 3. */
static const struct search_word {
	const char *name;
	enum search_kind kind;
	enum argument argument;
	bool negated;
	enum search_order order;
	unsigned flag;
	const char *field;
	enum imap_cap cap;
} words[] = {
	{ "ALL",        SEARCH_ALL,     NOTHING,   false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "ANSWERED",   SEARCH_FLAG,    NOTHING,   false, SEARCH_EQUAL,    MESSAGE_ANSWERED, NULL, 0 },
	{ "BCC",        SEARCH_HEADER,  A_STRING,  false, SEARCH_EQUAL,    0, "Bcc", 0 },
	{ "BEFORE",     SEARCH_DATE,    A_DATE,    false, SEARCH_LESS,     0, NULL, 0 },
	{ "BODY",       SEARCH_BODY,    A_STRING,  false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "CC",         SEARCH_HEADER,  A_STRING,  false, SEARCH_EQUAL,    0, "Cc", 0 },
	{ "DELETED",    SEARCH_FLAG,    NOTHING,   false, SEARCH_EQUAL,    MESSAGE_DELETED, NULL, 0 },
	{ "DRAFT",      SEARCH_FLAG,    NOTHING,   false, SEARCH_EQUAL,    MESSAGE_DRAFT, NULL, 0 },
	{ "EMAILID",    SEARCH_EMAILID, AN_ID,     false, SEARCH_EQUAL,    0, NULL, CAP_OBJECTID },
	{ "FLAGGED",    SEARCH_FLAG,    NOTHING,   false, SEARCH_EQUAL,    MESSAGE_FLAGGED, NULL, 0 },
	{ "FROM",       SEARCH_HEADER,  A_STRING,  false, SEARCH_EQUAL,    0, "From", 0 },
	{ "HEADER",     SEARCH_HEADER,  A_FIELD,   false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "KEYWORD",    SEARCH_KEYWORD, A_KEYWORD, false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "LARGER",     SEARCH_SIZE,    A_SIZE,    false, SEARCH_MORE,     0, NULL, 0 },
	{ "MODSEQ",     SEARCH_MODSEQ,  A_MODSEQ,  false, SEARCH_AT_LEAST, 0, NULL, CAP_CONDSTORE },
	{ "NEW",        SEARCH_NEW,     NOTHING,   false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "NOT",        SEARCH_NOT,     A_KEY,     false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "OLD",        SEARCH_RECENT,  NOTHING,   true,  SEARCH_EQUAL,    0, NULL, 0 },
	{ "OLDER",      SEARCH_AGE,     A_TIME,    true,  SEARCH_MORE,     0, NULL, CAP_WITHIN },
	{ "ON",         SEARCH_DATE,    A_DATE,    false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "OR",         SEARCH_OR,      TWO_KEYS,  false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "RECENT",     SEARCH_RECENT,  NOTHING,   false, SEARCH_EQUAL,    0, NULL, 0 },
	/* RFC 8514 4.3. */
	{ "SAVEDATESUPPORTED", SEARCH_ALL, NOTHING, false, SEARCH_EQUAL,   0, NULL, CAP_SAVEDATE },
	{ "SAVEDBEFORE", SEARCH_SAVED,  A_DATE,    false, SEARCH_LESS,     0, NULL, CAP_SAVEDATE },
	{ "SAVEDON",    SEARCH_SAVED,   A_DATE,    false, SEARCH_EQUAL,    0, NULL, CAP_SAVEDATE },
	{ "SAVEDSINCE", SEARCH_SAVED,   A_DATE,    false, SEARCH_AT_LEAST, 0, NULL, CAP_SAVEDATE },
	{ "SEEN",       SEARCH_FLAG,    NOTHING,   false, SEARCH_EQUAL,    MESSAGE_SEEN, NULL, 0 },
	{ "SENTBEFORE", SEARCH_SENT,    A_DATE,    false, SEARCH_LESS,     0, NULL, 0 },
	{ "SENTON",     SEARCH_SENT,    A_DATE,    false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "SENTSINCE",  SEARCH_SENT,    A_DATE,    false, SEARCH_AT_LEAST, 0, NULL, 0 },
	{ "SINCE",      SEARCH_DATE,    A_DATE,    false, SEARCH_AT_LEAST, 0, NULL, 0 },
	{ "SMALLER",    SEARCH_SIZE,    A_SIZE,    false, SEARCH_LESS,     0, NULL, 0 },
	{ "SUBJECT",    SEARCH_HEADER,  A_STRING,  false, SEARCH_EQUAL,    0, "Subject", 0 },
	{ "TEXT",       SEARCH_TEXT,    A_STRING,  false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "THREADID",   SEARCH_THREADID, AN_ID,    false, SEARCH_EQUAL,    0, NULL, CAP_OBJECTID },
	{ "TO",         SEARCH_HEADER,  A_STRING,  false, SEARCH_EQUAL,    0, "To", 0 },
	{ "UID",        SEARCH_UIDS,    A_SET,     false, SEARCH_EQUAL,    0, NULL, 0 },
	{ "UNANSWERED", SEARCH_FLAG,    NOTHING,   true,  SEARCH_EQUAL,    MESSAGE_ANSWERED, NULL, 0 },
	{ "UNDELETED",  SEARCH_FLAG,    NOTHING,   true,  SEARCH_EQUAL,    MESSAGE_DELETED, NULL, 0 },
	{ "UNDRAFT",    SEARCH_FLAG,    NOTHING,   true,  SEARCH_EQUAL,    MESSAGE_DRAFT, NULL, 0 },
	{ "UNFLAGGED",  SEARCH_FLAG,    NOTHING,   true,  SEARCH_EQUAL,    MESSAGE_FLAGGED, NULL, 0 },
	{ "UNKEYWORD",  SEARCH_KEYWORD, A_KEYWORD, true,  SEARCH_EQUAL,    0, NULL, 0 },
	{ "UNSEEN",     SEARCH_FLAG,    NOTHING,   true,  SEARCH_EQUAL,    MESSAGE_SEEN, NULL, 0 },
	{ "YOUNGER",    SEARCH_AGE,     A_TIME,    false, SEARCH_AT_LEAST, 0, NULL, CAP_WITHIN },
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* Where a parse stands.  One that fails leaves its reason in `result`. */
struct parse {
	struct search_plan *plan;
	struct imap_args *a;
	struct arena *keep;
	struct slice charset;        /* empty: none named */
	unsigned depth;
	enum search_parse result;
};

static struct search_key *parse_key(struct parse *p);

static bool fail(struct parse *p, enum search_parse result, const char *wanted)
{
	p->result = result;
	p->a->wanted = wanted;
	return false;
}

static bool over_limit(struct parse *p, const char *what)
{
	return fail(p, SEARCH_LIMIT, what);
}

/* The reason is args': what it wanted. */
static bool check(struct parse *p, bool good)
{
	if (!good)
		p->result = SEARCH_SYNTAX;
	return good;
}

static struct search_key *new_key(struct parse *p, enum search_kind kind)
{
	struct search_key *key;

	if (p->plan->keys == SEARCH_KEYS_MAX || arena_room(p->keep) < sizeof(*key)) {
		over_limit(p, "search keys");
		return NULL;
	}
	p->plan->keys++;
	key = arena_get(p->keep, sizeof(*key));
	key->kind = kind;
	return key;
}

/* Any name or word that is kept as it is. */
static bool keep_name(struct parse *p, struct slice name, struct slice *out)
{
	if (arena_room(p->keep) < name.len)
		return over_limit(p, "text");
	*out = arena_copy(p->keep, name);
	return true;
}

/* A string of the criteria to the form in which it is looked for. */
static bool keep_needle(struct parse *p, struct search_key *key, struct slice written)
{
	struct buf utf8, folded;
	bool good;

	if (p->plan->needles == SEARCH_NEEDLES_MAX)
		return over_limit(p, "strings to look for");
	p->plan->needles++;
	if (written.len > SEARCH_NEEDLE_BYTES)
		return over_limit(p, "text in one string");
	buf_init(&utf8, 4 * SEARCH_NEEDLE_BYTES);
	buf_init(&folded, SEARCH_NEEDLE_BYTES);
	/* 8-bit bytes without a charset are UTF-8, whatever RFC 3501 says of
	 * US-ASCII: so clients mean them. */
	good = charset_to_utf8(&utf8, p->charset, written) &&
	       charset_fold(&folded, buf_slice(&utf8)) &&
	       arena_room(p->keep) >= folded.len;
	if (good)
		key->needle = arena_copy(p->keep, buf_slice(&folded));
	buf_release(&utf8);
	buf_release(&folded);
	if (key->kind != SEARCH_HEADER && key->needle.len > p->plan->needle_longest)
		p->plan->needle_longest = key->needle.len;
	return good || over_limit(p, "text in one string");
}

static bool parse_string(struct parse *p, struct search_key *key)
{
	struct slice written;

	return check(p, args_space(p->a) && args_astring(p->a, &written)) &&
	       keep_needle(p, key, written);
}

/* Views of the command's text are copied: the job may outlive the command. */
static bool parse_set(struct parse *p, struct search_key *key)
{
	struct imap_set set;
	struct uid_range *kept;

	if (!check(p, args_set(p->a, &set)))
		return false;
	key->saved = set.saved;
	if (arena_room(p->keep) < set.count * sizeof(*kept))
		return over_limit(p, "message numbers");
	kept = arena_array(p->keep, set.count, sizeof(*kept));
	if (set.count)                   /* "$" has none */
		memcpy(kept, set.ranges, set.count * sizeof(*kept));
	key->set = (struct uid_set){ .ranges = kept, .count = set.count };
	return true;
}

/* nz-number (RFC 5032 3). */
static bool parse_time(struct parse *p, struct search_key *key)
{
	uint32_t seconds;

	if (!check(p, args_space(p->a) && args_number(p->a, &seconds)))
		return false;
	key->size = seconds;
	return seconds || fail(p, SEARCH_SYNTAX, "a number of seconds");
}

static bool parse_child(struct parse *p, struct search_key *key)
{
	struct search_key *child;

	if (!check(p, args_space(p->a)))
		return false;
	child = parse_key(p);
	if (!child)
		return false;
	child->next = key->child;
	key->child = child;
	return true;
}

/* "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer.  There is one
 * modseq a message, so what entry is meant is read and ignored (RFC 7162 3.1.5). */
static bool parse_modseq(struct parse *p, struct search_key *key)
{
	static const struct slice flags = { "/flags/", 7 };
	struct imap_args *a = p->a;
	struct slice name;

	if (!check(p, args_space(a)))
		return false;
	if (args_peek(a, '"')) {
		if (!check(p, args_string(a, &name)))
			return false;
		if (name.len <= flags.len ||
		    !slice_equal_nocase(slice_head(name, flags.len), flags))
			return fail(p, SEARCH_SYNTAX, "\"/flags/\" and a flag");
		if (!check(p, args_space(a)))
			return false;
		if (!args_word(a, "all") && !args_word(a, "shared") && !args_word(a, "priv"))
			return fail(p, SEARCH_SYNTAX, "\"all\", \"shared\" or \"priv\"");
		if (!check(p, args_space(a)))
			return false;
	}
	return check(p, args_number64(a, &key->size));
}

static const char id_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/* RFC 8474 7: objectid = 1*255(ALPHA / DIGIT / "_" / "-").  One that is none of ours is
 * no message's: NOT ALL. */
static bool parse_id(struct parse *p, struct search_key *key)
{
	bool email = key->kind == SEARCH_EMAILID;
	struct slice text;

	if (!check(p, args_space(p->a) && args_atom(p->a, &text)))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!memchr(id_letters, text.at[i], sizeof(id_letters) - 1))
			return fail(p, SEARCH_SYNTAX, "an object id");
	if (text.len > 255)
		return fail(p, SEARCH_SYNTAX, "an object id");
	if (!object_id_read(text, email ? 'M' : 'T', &key->id)) {
		key->kind = SEARCH_ALL;
		key->negated = true;
	}
	return true;
}

static bool parse_argument(struct parse *p, struct search_key *key, enum argument argument)
{
	struct imap_args *a = p->a;
	struct slice text;

	switch (argument) {
	case NOTHING:
		return true;
	case A_DATE:
		return check(p, args_space(a) && args_date(a, &key->days));
	case A_SIZE:
		return check(p, args_space(a) && args_number64(a, &key->size));
	case A_TIME:
		return parse_time(p, key);
	case A_STRING:
		return parse_string(p, key);
	case A_FIELD:
		return check(p, args_space(a) && args_astring(a, &text)) &&
		       keep_name(p, text, &key->name) && parse_string(p, key);
	case A_KEYWORD:
		return check(p, args_space(a) && args_atom(a, &text)) &&
		       keep_name(p, text, &key->name);
	case A_SET:
		return check(p, args_space(a)) && parse_set(p, key);
	case A_KEY:
		return parse_child(p, key);
	case TWO_KEYS:
		return parse_child(p, key) && parse_child(p, key);
	case A_MODSEQ:
		return parse_modseq(p, key);
	case AN_ID:
		return parse_id(p, key);
	}
	return false;
}

static void note_use(struct search_plan *plan, enum imap_cap cap)
{
	plan->modseq |= cap == CAP_CONDSTORE;
	plan->ages |= cap == CAP_WITHIN;
	plan->saved_dates |= cap == CAP_SAVEDATE;
	plan->ids |= cap == CAP_OBJECTID;
}

static struct search_key *parse_word(struct parse *p)
{
	struct slice word;

	if (!check(p, args_atom(p->a, &word)))
		return NULL;
	for (size_t i = 0; i < WORDS; i++) {
		struct search_key *key;

		if (!slice_is_nocase(word, words[i].name))
			continue;
		key = new_key(p, words[i].kind);
		if (!key)
			return NULL;
		key->negated = words[i].negated;
		key->order = words[i].order;
		key->flag = words[i].flag;
		key->name = slice_of(words[i].field);
		note_use(p->plan, words[i].cap);
		return parse_argument(p, key, words[i].argument) ? key : NULL;
	}
	fail(p, SEARCH_SYNTAX, "a search key");
	return NULL;
}

/* search-key *(SP search-key), all of which must match. */
static struct search_key *parse_all(struct parse *p)
{
	struct search_key *all = new_key(p, SEARCH_AND);
	struct search_key **last = all ? &all->child : NULL;

	do {
		if (!last)
			return NULL;
		*last = parse_key(p);
		last = *last ? &(*last)->next : NULL;
	} while (!last || (args_peek(p->a, ' ') && args_space(p->a)));
	return all;
}

static struct search_key *parse_group(struct parse *p)
{
	struct search_key *all;

	if (!check(p, args_char(p->a, '(')))
		return NULL;
	all = parse_all(p);
	return all && check(p, args_char(p->a, ')')) ? all : NULL;
}

static struct search_key *parse_numbers(struct parse *p)
{
	struct search_key *key = new_key(p, SEARCH_NUMBERS);

	if (!key || !parse_set(p, key))
		return NULL;
	p->plan->numbers = p->plan->numbers || !key->saved;
	return key;
}

static struct search_key *parse_key(struct parse *p)
{
	const struct slice rest = p->a->rest;
	struct search_key *key;

	if (p->depth == SEARCH_DEPTH_MAX) {
		over_limit(p, "nesting");
		return NULL;
	}
	p->depth++;
	if (args_peek(p->a, '('))
		key = parse_group(p);
	else if (rest.len && memchr("0123456789*$", rest.at[0], 12))
		key = parse_numbers(p);
	else
		key = parse_word(p);
	p->depth--;
	return key;
}

/* ["CHARSET" SP astring SP] */
static bool parse_charset(struct parse *p, bool utf8)
{
	struct slice name;

	if (!args_word(p->a, "CHARSET"))
		return true;
	if (utf8)
		return fail(p, SEARCH_SYNTAX, "no CHARSET after ENABLE UTF8=ACCEPT");
	if (!check(p, args_space(p->a) && args_astring(p->a, &name) && args_space(p->a)))
		return false;
	if (!charset_known(name))
		return fail(p, SEARCH_CHARSET, "a known charset");
	p->charset = name;
	return true;
}

enum search_parse search_plan_parse_charset(struct search_plan *out, struct imap_args *a,
					    struct arena *keep)
{
	struct parse p = { .plan = out, .a = a, .keep = keep, .result = SEARCH_PARSED };

	*out = (struct search_plan){ 0 };
	if (!args_astring(a, &p.charset) || !args_space(a))
		return SEARCH_SYNTAX;
	out->root = parse_all(&p);
	/* So that what is wrong with the line is said first. */
	if (!out->root)
		return p.result;
	if (!args_end(a))
		return SEARCH_SYNTAX;
	return charset_known(p.charset) ? SEARCH_PARSED : SEARCH_CHARSET;
}

enum search_parse search_plan_parse(struct search_plan *out, struct imap_args *a,
				    struct arena *keep, bool utf8)
{
	struct parse p = { .plan = out, .a = a, .keep = keep, .result = SEARCH_PARSED };

	*out = (struct search_plan){ 0 };
	if (!parse_charset(&p, utf8))
		return p.result;
	out->root = parse_all(&p);
	if (!out->root)
		return p.result;
	return args_end(a) ? SEARCH_PARSED : SEARCH_SYNTAX;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct uid_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* "*" is the last one, and 5:2 is 2:5 (RFC 3501 9, seq-range). */
static void resolve(struct uid_set *set, uint32_t last)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct uid_range *r = &set->ranges[i], swap;

		r->first = r->first == IMAP_STAR ? last : r->first;
		r->last = r->last == IMAP_STAR ? last : r->last;
		swap = (struct uid_range){ r->last, r->first };
		if (r->first > r->last)
			*r = swap;
	}
	if (set->count)
		qsort(set->ranges, set->count, sizeof(*set->ranges), compare_ranges);
	for (size_t i = 1; i < set->count; i++) {
		struct uid_range *to = &set->ranges[kept], from = set->ranges[i];

		if (from.first > to->last && from.first - to->last > 1)
			set->ranges[++kept] = from;
		else if (from.last > to->last)
			to->last = from.last;
	}
	if (set->count)
		set->count = kept + 1;
}

static void resolve_keys(struct search_key *key, uint32_t last, uint32_t last_uid,
			 const struct uid_set *saved)
{
	for (; key; key = key->next) {
		if (key->saved) {
			/* RFC 5182 2.1: UIDs, whatever "$" was set by. */
			key->kind = SEARCH_UIDS;
			key->set = *saved;
		} else if (key->kind == SEARCH_NUMBERS) {
			resolve(&key->set, last);
		} else if (key->kind == SEARCH_UIDS) {
			resolve(&key->set, last_uid);
		} else {
			resolve_keys(key->child, last, last_uid, saved);
		}
	}
}

void search_plan_resolve(struct search_plan *p, uint32_t last, uint32_t last_uid,
			 const struct uid_set *saved)
{
	resolve_keys(p->root, last, last_uid, saved);
}
