/*
 * A tokenizer of HTML in the small: enough of WHATWG HTML 13.2.5 to know what is a
 * tag and what is text, and no tree.  A byte is looked at once; what must be seen
 * whole before it can be judged (a tag's name, a reference) is kept in a word of some
 * dozen bytes, and what does not fit there is no name that matters.
 */
#include "mime/html_text.h"

#include <string.h>
#include <utf8proc.h>

#include "base/text.h"
#include "html_entity.h"

enum state {
	TEXT,
	REFERENCE,               /* behind & */
	TAG_OPEN,                /* behind < */
	TAG_NAME,
	TAG,                     /* attributes */
	VALUE,                   /* behind =, before the value */
	VALUE_BARE, VALUE_DOUBLE, VALUE_SINGLE,
	DECLARATION,             /* <! or <? */
	COMMENT,
	HIDDEN,                  /* of an element whose content is not text */
	HIDDEN_TAG,              /* behind < in there */
};

/* Tags that stand within a line of text: nothing is in their place. */
static const char *const INLINE[] = {
	"a", "abbr", "acronym", "b", "bdo", "big", "cite", "code", "del", "dfn", "em", "font",
	"i", "ins", "kbd", "label", "mark", "nobr", "o:p", "q", "s", "samp", "small", "span",
	"strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
};

static const char *const HIDDEN_ELEMENTS[] = { "script", "style" };

void html_text_begin(struct html_text *h)
{
	*h = (struct html_text){ .state = TEXT };
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool write_text(struct html_text *h, struct buf *out, struct slice s)
{
	if (!s.len)
		return true;
	if (h->blank && h->any && !buf_add_byte(out, ' '))
		return false;
	h->blank = false;
	h->any = true;
	return buf_add(out, s);
}

static struct slice word_of(const struct html_text *h)
{
	return slice_make(h->word, h->word_len);
}

/* Longer names than there is room for are cut, and then are none we know. */
static void word_add(struct html_text *h, char c)
{
	if (h->word_len < sizeof(h->word))
		h->word[h->word_len++] = c;
}

static bool word_is_one_of(const struct html_text *h, const char *const *names, size_t count,
			   struct slice *which)
{
	for (size_t i = 0; i < count; i++) {
		if (!slice_is_nocase(word_of(h), names[i]))
			continue;
		*which = slice_of(names[i]);
		return true;
	}
	return false;
}

/* ---- References (13.2.5.72 to 80) ---- */

/* What windows-1252 has at the places of C1 controls; WHATWG reads it so. */
static uint32_t from_windows(uint32_t c)
{
	static const uint16_t at[32] = {
		0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
		0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
	};

	return c >= 0x80 && c < 0xa0 ? at[c - 0x80] : c;
}

/* "#228" and "#xe4"; 0: none. */
static uint32_t number_of(struct slice word)
{
	bool hex = word.len > 1 && (word.at[1] == 'x' || word.at[1] == 'X');
	uint32_t c = 0;

	word = slice_from(word, hex ? 2 : 1);
	for (size_t i = 0; i < word.len; i++) {
		int value = text_hex_digit(word.at[i]);

		if (value < 0 || value >= (hex ? 16 : 10) || c > 0x10ffff)
			return 0;
		c = c * (hex ? 16 : 10) + (uint32_t)value;
	}
	return utf8proc_codepoint_valid((utf8proc_int32_t)c) ? from_windows(c) : 0;
}

static bool end_reference(struct html_text *h, struct buf *out, bool semicolon)
{
	struct slice word = word_of(h);
	uint32_t c = word.len && word.at[0] == '#' ? number_of(word) : html_entity(word);
	utf8proc_uint8_t bytes[4];
	size_t len;

	h->state = TEXT;
	if (c == 0)
		return write_text(h, out, SLICE("&")) && write_text(h, out, word) &&
		       (!semicolon || write_text(h, out, SLICE(";")));
	if (c == 0xa0 || (c < 0x80 && is_blank((char)c))) {
		h->blank = true;
		return true;
	}
	len = (size_t)utf8proc_encode_char((utf8proc_int32_t)c, bytes);
	return write_text(h, out, slice_make((const char *)bytes, len));
}

/* *used: the byte was part of it. */
static bool in_reference(struct html_text *h, struct buf *out, char c, bool *used)
{
	*used = is_letter(c) || is_digit(c) || (c == '#' && h->word_len == 0);
	if (*used && h->word_len < sizeof(h->word)) {
		word_add(h, c);
		return true;
	}
	*used = c == ';';
	return end_reference(h, out, *used);
}

/* ---- Tags ---- */

static void begin_word(struct html_text *h, enum state state)
{
	h->state = (int)state;
	h->word_len = 0;
}

/* The name is complete, and c is behind it. */
static void end_name(struct html_text *h, char c)
{
	struct slice which;

	if (!word_is_one_of(h, INLINE, sizeof(INLINE) / sizeof(INLINE[0]), &which))
		h->blank = true;
	h->hidden = SLICE("");
	if (!h->closing &&
	    word_is_one_of(h, HIDDEN_ELEMENTS,
			   sizeof(HIDDEN_ELEMENTS) / sizeof(HIDDEN_ELEMENTS[0]), &which))
		h->hidden = which;
	h->state = c == '>' ? h->hidden.len ? HIDDEN : TEXT : TAG;
}

/* *used: false when c is text. */
static bool in_tag_open(struct html_text *h, struct buf *out, char c, bool *used)
{
	if (c == '/' && !h->closing) {
		h->closing = true;
	} else if (is_letter(c)) {
		begin_word(h, TAG_NAME);
		word_add(h, c);
	} else if (c == '!' || c == '?') {
		begin_word(h, DECLARATION);
	} else if (h->closing) {
		h->state = c == '>' ? TEXT : DECLARATION;
	} else {
		*used = false;
		h->state = TEXT;
		return write_text(h, out, SLICE("<"));
	}
	return true;
}

static void in_tag(struct html_text *h, char c)
{
	if (c == '>')
		h->state = h->hidden.len ? HIDDEN : TEXT;
	else if (c == '=')
		h->state = VALUE;
}

static void in_value(struct html_text *h, char c)
{
	if (c == '>')
		in_tag(h, c);
	else if (h->state == VALUE)
		h->state = c == '"' ? VALUE_DOUBLE : c == '\'' ? VALUE_SINGLE :
			   is_blank(c) ? VALUE : VALUE_BARE;
	else if (is_blank(c))
		h->state = TAG;
}

/* ---- What is passed over ---- */

/* <!...> and <?...>; <!-- makes it a comment. */
static void in_declaration(struct html_text *h, char c)
{
	if (h->word_len < 2 && c == '-') {
		word_add(h, c);
		if (h->word_len == 2) {
			h->state = COMMENT;
			h->dashes = 2;       /* <!--> is a whole one (13.2.5.43) */
		}
		return;
	}
	h->word_len = sizeof(h->word);
	if (c == '>')
		h->state = TEXT;
}

static void in_comment(struct html_text *h, char c)
{
	if (c == '>' && h->dashes >= 2)
		h->state = TEXT;
	h->dashes = c == '-' ? h->dashes + 1 : 0;
}

static void in_hidden(struct html_text *h, char c)
{
	if (c == '<')
		begin_word(h, HIDDEN_TAG);
}

/* Only "</" and the element's own name end it. */
static void in_hidden_tag(struct html_text *h, char c)
{
	if ((h->word_len == 0 && c == '/') || (h->word_len > 0 && is_letter(c))) {
		word_add(h, c);
	} else if (slice_equal_nocase(slice_from(word_of(h), 1), h->hidden)) {
		h->hidden = SLICE("");
		h->blank = true;
		h->state = c == '>' ? TEXT : TAG;
	} else {
		h->state = HIDDEN;
		in_hidden(h, c);
	}
}

/* ---- Everything ---- */

/* A run of text as it stands, from the front of *in. */
static bool copy_text(struct html_text *h, struct buf *out, struct slice *in)
{
	size_t n = 0;

	while (n < in->len && in->at[n] != '<' && in->at[n] != '&' && !is_blank(in->at[n]))
		n++;
	/* U+00A0 within the run is two bytes that only UTF-8's own rules tell apart. */
	for (struct slice run = slice_head(*in, n); run.len;) {
		const char *nbsp = memmem(run.at, run.len, "\xC2\xA0", 2);
		size_t before = nbsp ? (size_t)(nbsp - run.at) : run.len;

		if (!write_text(h, out, slice_head(run, before)))
			return false;
		h->blank = h->blank || nbsp;
		run = slice_from(run, nbsp ? before + 2 : before);
	}
	*in = slice_from(*in, n);
	if (!in->len)
		return true;
	if (is_blank(in->at[0])) {
		h->blank = true;
	} else {
		begin_word(h, in->at[0] == '<' ? TAG_OPEN : REFERENCE);
		h->closing = false;
	}
	*in = slice_from(*in, 1);
	return true;
}

static bool take_byte(struct html_text *h, struct buf *out, char c, bool *used)
{
	*used = true;
	switch ((enum state)h->state) {
	case REFERENCE:
		return in_reference(h, out, c, used);
	case TAG_OPEN:
		return in_tag_open(h, out, c, used);
	case TAG_NAME:
		if (is_blank(c) || c == '>' || c == '/')
			end_name(h, c);
		else
			word_add(h, c);
		break;
	case TAG:
		in_tag(h, c);
		break;
	case VALUE:
	case VALUE_BARE:
		in_value(h, c);
		break;
	case VALUE_DOUBLE:
	case VALUE_SINGLE:
		if (c == (h->state == VALUE_DOUBLE ? '"' : '\''))
			h->state = TAG;
		break;
	case DECLARATION:
		in_declaration(h, c);
		break;
	case COMMENT:
		in_comment(h, c);
		break;
	case HIDDEN:
		in_hidden(h, c);
		break;
	case HIDDEN_TAG:
		in_hidden_tag(h, c);
		break;
	case TEXT:
		break;
	}
	return true;
}

bool html_text_add(struct html_text *h, struct buf *out, struct slice in)
{
	while (in.len) {
		bool used;

		if (h->state == TEXT) {
			if (!copy_text(h, out, &in))
				return false;
			continue;
		}
		if (!take_byte(h, out, in.at[0], &used))
			return false;
		in = slice_from(in, used);
	}
	return true;
}

bool html_text_end(struct html_text *h, struct buf *out)
{
	if (h->state == REFERENCE)
		return end_reference(h, out, false);
	if (h->state == TAG_OPEN)
		return write_text(h, out, h->closing ? SLICE("</") : SLICE("<"));
	return true;
}
