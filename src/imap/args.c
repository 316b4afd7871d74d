/*
 * The arguments of a command, production by production.  The text is the whole
 * command with its literals where the client put them ("{5}" CR LF and five
 * bytes), because a reader that goes from left to right then treats a literal
 * as just another spelling of a string, and no table of pieces is needed.
 */
#include "args.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "literal.h"
#include "mime/utf7.h"

bool args_want(struct imap_args *a, const char *what)
{
	a->wanted = what;
	return false;
}

bool args_limit(struct imap_args *a, const char *most)
{
	a->limit = true;
	return args_want(a, most);
}

static void skip(struct imap_args *a, size_t n)
{
	a->rest = slice_from(a->rest, n);
}

bool args_end(struct imap_args *a)
{
	return a->rest.len == 0 || args_want(a, "nothing more");
}

bool args_peek(const struct imap_args *a, char c)
{
	return a->rest.len && a->rest.at[0] == c;
}

bool args_char(struct imap_args *a, char c)
{
	static const struct { char c; const char *name; } names[] = {
		{ ' ', "a space" }, { '(', "\"(\"" }, { ')', "\")\"" },
		{ '[', "\"[\"" }, { ']', "\"]\"" }, { '.', "\".\"" },
		{ '<', "\"<\"" }, { '>', "\">\"" },
	};

	if (args_peek(a, c)) {
		skip(a, 1);
		return true;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].c == c)
			return args_want(a, names[i].name);
	return args_want(a, "another character");
}

bool args_space(struct imap_args *a)
{
	return args_char(a, ' ');
}

/* RFC 3501 9: atom-specials; bytes over 127 are no CHAR at all. */
static bool is_atom_char(unsigned char c)
{
	return c > 0x20 && c < 0x7f && !strchr("(){%*\"\\]", c);
}

static size_t run_of(struct slice s, const char *also)
{
	size_t n = 0;

	while (n < s.len && (is_atom_char((unsigned char)s.at[n]) ||
			     (s.at[n] && strchr(also, s.at[n]))))
		n++;
	return n;
}

static bool take_run(struct imap_args *a, const char *also, const char *what, struct slice *out)
{
	size_t n = run_of(a->rest, also);

	if (!n)
		return args_want(a, what);
	*out = slice_head(a->rest, n);
	skip(a, n);
	return true;
}

bool args_atom(struct imap_args *a, struct slice *out)
{
	return take_run(a, "", "an atom", out);
}

bool args_word(struct imap_args *a, const char *word)
{
	size_t n = run_of(a->rest, "");

	if (!slice_is_nocase(slice_head(a->rest, n), word))
		return args_want(a, word);
	skip(a, n);
	return true;
}

/* What may stand between quotes: TEXT-CHAR, and with UTF8=ACCEPT (RFC 6855 3: else BAD)
 * or IMAP4rev2 UTF-8.  Without them any 8-bit bytes are let through: mutt and others
 * send passwords and search words so, and whoever gets them can judge better. */
static bool args_quoted(struct imap_args *a, struct slice *out)
{
	size_t i = 1, escapes = 0;
	char *copy;

	for (; i < a->rest.len && a->rest.at[i] != '"'; i++) {
		if (a->rest.at[i] == '\r' || a->rest.at[i] == '\n')
			return args_want(a, "a quoted string on one line");
		if (a->rest.at[i] != '\\')
			continue;
		escapes++;
		i++;
		if (i >= a->rest.len || (a->rest.at[i] != '"' && a->rest.at[i] != '\\'))
			return args_want(a, "\\\" or \\\\ in a quoted string");
	}
	if (i >= a->rest.len)
		return args_want(a, "a closing quote");
	*out = slice_make(a->rest.at + 1, i - 1);
	if (a->utf8 && !text_is_utf8(*out))
		return args_want(a, "UTF-8 in a quoted string");
	skip(a, i + 1);
	if (!escapes)
		return true;
	copy = arena_get(a->arena, out->len);
	escapes = 0;
	for (i = 0; i < out->len; i++) {
		if (out->at[i] == '\\')
			i++;
		copy[escapes++] = out->at[i];
	}
	*out = slice_make(copy, escapes);
	return true;
}

/* input.c has seen to it that the bytes are there; one that is a literal of a
 * command that reads its own ends the text, and is no string. */
static bool args_literal(struct imap_args *a, struct slice *out)
{
	struct imap_literal literal;
	size_t line = slice_find(a->rest, '\n');

	if (line == a->rest.len || line < 1 || a->rest.at[line - 1] != '\r' ||
	    !imap_literal_at_end(slice_head(a->rest, line - 1), &literal) ||
	    literal.head != line - 1 || literal.size > a->rest.len - line - 1)
		return args_want(a, "a literal");
	*out = slice_make(a->rest.at + line + 1, (size_t)literal.size);
	skip(a, line + 1 + (size_t)literal.size);
	return true;
}

bool args_string(struct imap_args *a, struct slice *out)
{
	if (args_peek(a, '"'))
		return args_quoted(a, out);
	if (args_peek(a, '{'))
		return args_literal(a, out);
	return args_want(a, "a string");
}

static bool at_string(const struct imap_args *a)
{
	return args_peek(a, '"') || args_peek(a, '{');
}

bool args_astring(struct imap_args *a, struct slice *out)
{
	return at_string(a) ? args_string(a, out) : take_run(a, "]", "a string", out);
}

bool args_nstring(struct imap_args *a, struct slice *out)
{
	if (at_string(a))
		return args_string(a, out);
	if (!args_word(a, "NIL"))
		return args_want(a, "a string or NIL");
	*out = slice_make(NULL, 0);
	return true;
}

bool args_list_string(struct imap_args *a, struct slice *out)
{
	return at_string(a) ? args_string(a, out) : take_run(a, "%*]", "a name or pattern", out);
}

bool args_number64(struct imap_args *a, uint64_t *out)
{
	size_t n = 0;

	while (n < a->rest.len && a->rest.at[n] >= '0' && a->rest.at[n] <= '9')
		n++;
	if (!text_number(slice_head(a->rest, n), INT64_MAX, out))
		return args_want(a, "a number");
	skip(a, n);
	return true;
}

bool args_number(struct imap_args *a, uint32_t *out)
{
	struct slice before = a->rest;
	uint64_t number;

	if (!args_number64(a, &number))
		return false;
	if (number > UINT32_MAX) {
		a->rest = before;
		return args_want(a, "a smaller number");
	}
	*out = (uint32_t)number;
	return true;
}

/* Longer than any name the store accepts, in modified UTF-7. */
enum { MAILBOX_MAX = 1024 };

bool args_mailbox(struct imap_args *a, const char **out)
{
	struct slice written;
	struct buf name;
	bool good;

	if (!args_astring(a, &written))
		return args_want(a, "a mailbox name");
	/* RFC 3501 5.1.3: modified UTF-7, which is ASCII.  What is neither that nor
	 * UTF-8 where that is taken becomes the one name that nothing can have. */
	*out = "";
	buf_init(&name, MAILBOX_MAX);
	if ((a->utf8 || (a->utf8_names && !text_is_ascii(written))) && text_is_utf8(written))
		good = buf_add(&name, written);
	else
		good = utf7_decode(&name, written);
	if (good && slice_is_nocase(buf_slice(&name), "INBOX"))
		*out = "INBOX";
	else if (good && !memchr(name.data ? name.data : "", '\0', name.len))
		*out = arena_string(a->arena, buf_slice(&name));
	buf_release(&name);
	return true;
}

bool args_mailbox_as(struct imap_args *a, const char **out, struct slice *written)
{
	struct imap_args before = *a;

	return args_mailbox(a, out) && args_astring(&before, written);
}

/* ---- flags ---- */

const struct imap_flag_name imap_flag_names[] = {
	{ MESSAGE_ANSWERED, "\\Answered" },
	{ MESSAGE_FLAGGED,  "\\Flagged" },
	{ MESSAGE_DELETED,  "\\Deleted" },
	{ MESSAGE_SEEN,     "\\Seen" },
	{ MESSAGE_DRAFT,    "\\Draft" },
	{ 0, NULL }
};

static bool add_flag(struct imap_args *a, struct imap_flags *out)
{
	struct slice word;
	bool system = args_peek(a, '\\');

	if (system)
		skip(a, 1);
	if (!args_atom(a, &word))
		return args_want(a, "a flag");
	if (!system && out->keyword_count == IMAP_KEYWORDS_MAX)
		return args_limit(a, "at most 500 keywords");
	if (!system) {
		out->keywords[out->keyword_count++] = arena_string(a->arena, word);
		return true;
	}
	for (const struct imap_flag_name *n = imap_flag_names; n->name; n++)
		if (slice_is_nocase(word, n->name + 1)) {
			out->flags |= n->flag;
			return true;
		}
	return args_want(a, "\\Answered, \\Flagged, \\Deleted, \\Seen, \\Draft or a keyword");
}

bool args_flags(struct imap_args *a, bool bare, struct imap_flags *out)
{
	bool open = args_peek(a, '(');

	memset(out, 0, sizeof(*out));
	if (!open && !bare)
		return args_want(a, "a list of flags");
	if (open)
		skip(a, 1);
	out->keywords = arena_array(a->arena, IMAP_KEYWORDS_MAX, sizeof(*out->keywords));
	if (open && args_peek(a, ')')) {
		skip(a, 1);
		return true;
	}
	do {
		if (!add_flag(a, out))
			return false;
	} while (args_peek(a, ' ') && args_space(a));
	return !open || args_char(a, ')');
}
