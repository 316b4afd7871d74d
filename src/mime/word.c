/*
 * Encoded words.  Neighbours of one charset and encoding are joined as bytes
 * before they are converted: senders cut words at 75 characters without a look
 * at where a character ends, and half a character converts to nothing.
 *
 * Time is linear because looking for the end of a word stops where the next one
 * could begin ("=?"), so no byte is looked at twice for its sake.
 */
#include "mime/word.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/decode.h"

enum { NAME_MAX_LEN = 64 };      /* a charset and an RFC 2231 language; names have 40 */

struct word {
	struct slice charset;
	char encoding;           /* 'B' or 'Q' */
	struct slice text;
	size_t len;              /* from "=?" to "?=" */
};

/* Words that belong together, as bytes in their charset. */
struct gathered {
	struct slice charset;
	char encoding;           /* 0: nothing gathered */
	struct buf bytes;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2047 2: charset = token.  Returns 0: none. */
static size_t charset_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && n < NAME_MAX_LEN && s.at[n] > ' ' && s.at[n] < 0x7f &&
	       !strchr("?()<>@,;:\"/[]=", s.at[n]))
		n++;
	return n;
}

static bool in_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=' || is_blank(c);
}

/* Length of the text before "?=".  False: the word does not end, or has bytes
 * that its encoding has not (6.3). */
static bool text_length(struct slice s, char encoding, size_t *len)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '?' && i + 1 < s.len && s.at[i + 1] == '=') {
			*len = i;
			return true;
		}
		if (s.at[i] == '?' && i > 0 && s.at[i - 1] == '=')
			return false;            /* "=?": another word begins */
		if (encoding == 'B' && !in_base64(s.at[i]))
			return false;
	}
	return false;
}

/* Whether a well-formed word stands at the front of s. */
static bool word_parse(struct word *w, struct slice s)
{
	size_t at = 2, len;

	if (s.len < 8 || s.at[0] != '=' || s.at[1] != '?')
		return false;
	len = charset_length(slice_from(s, at));
	w->charset = slice_head(slice_from(s, at), len);
	at += len;
	if (len == 0 || at + 3 > s.len || s.at[at] != '?' || s.at[at + 2] != '?')
		return false;
	switch (s.at[at + 1]) {
	case 'b':
	case 'B':
		w->encoding = 'B';
		break;
	case 'q':
	case 'Q':
		w->encoding = 'Q';
		break;
	default:
		return false;
	}
	at += 3;
	if (!text_length(slice_from(s, at), w->encoding, &len))
		return false;
	w->text = slice_head(slice_from(s, at), len);
	w->len = at + len + 2;
	return true;
}

/* 4.2: as quoted-printable, with "_" for a space and no lines. */
static bool q_decode(struct buf *out, struct slice text)
{
	if (!buf_reserve(out, text.len))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int high = i + 2 < text.len ? text_hex_digit(text.at[i + 1]) : -1;
		int low = i + 2 < text.len ? text_hex_digit(text.at[i + 2]) : -1;
		char c = text.at[i];

		if (c == '=' && high >= 0 && low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '_') {
			c = ' ';
		}
		out->data[out->len++] = c;
	}
	return true;
}

static bool b_decode(struct buf *out, struct slice text)
{
	struct mime_decoder d;

	mime_decode_begin(&d, MIME_BASE64);
	return mime_decode_add(&d, out, text) && mime_decode_end(&d, out);
}

/* Converts what was gathered. */
static bool gathered_write(struct gathered *g, struct buf *out)
{
	size_t from = out->len;
	bool ok;

	if (g->encoding == 0)
		return true;
	ok = charset_to_utf8(out, g->charset, buf_slice(&g->bytes));
	for (size_t i = from; i < out->len; i++)
		if ((uint8_t)out->data[i] < 0x20 || out->data[i] == 0x7f)
			out->data[i] = ' ';
	buf_clear(&g->bytes);
	g->encoding = 0;
	return ok;
}

static bool gathered_add(struct gathered *g, struct buf *out, const struct word *w)
{
	if (g->encoding != w->encoding || !slice_equal_nocase(g->charset, w->charset)) {
		if (!gathered_write(g, out))
			return false;
		g->charset = w->charset;
		g->encoding = w->encoding;
	}
	return w->encoding == 'B' ? b_decode(&g->bytes, w->text) : q_decode(&g->bytes, w->text);
}

/* Length of what stands before the next "=?" of s. */
static size_t plain_length(struct slice s)
{
	const char *at = s.len ? memmem(s.at, s.len, "=?", 2) : NULL;

	return at ? (size_t)(at - s.at) : s.len;
}

static size_t blank_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && is_blank(s.at[n]))
		n++;
	return n;
}

static bool plain_write(struct buf *out, struct slice s)
{
	return charset_to_utf8(out, slice_make(NULL, 0), s);
}

/* `plain` is what stands at the front of `rest` and is no word. */
static bool decode_all(struct gathered *g, struct buf *out, struct slice rest)
{
	size_t plain = 0;

	while (rest.len) {
		struct word w = { .len = 0 };

		plain += plain_length(slice_from(rest, plain));
		if (plain < rest.len && !word_parse(&w, slice_from(rest, plain))) {
			plain += 2;
			continue;
		}
		/* 6.2: blanks alone between two words are not shown. */
		if (g->encoding == 0 || plain == rest.len ||
		    blank_length(slice_head(rest, plain)) < plain) {
			if (!gathered_write(g, out) || !plain_write(out, slice_head(rest, plain)))
				return false;
		}
		rest = slice_from(rest, plain);
		plain = 0;
		if (!rest.len)
			break;
		if (!gathered_add(g, out, &w))
			return false;
		rest = slice_from(rest, w.len);
	}
	return gathered_write(g, out);
}

bool word_decode(struct buf *out, struct slice unfolded)
{
	struct gathered g = { .encoding = 0 };
	bool ok;

	/* Decoded bytes are never more than the word was long. */
	buf_init(&g.bytes, unfolded.len);
	ok = decode_all(&g, out, unfolded);
	buf_release(&g.bytes);
	return ok;
}
