/*
 * Parameters as text.  They are kept as they were written, because IMAP shows
 * them so; the file name that a person reads is made here, when somebody asks:
 * from RFC 2231's pieces, or from the encoded words that RFC 2047 5 forbids in
 * parameters and that half of all senders put there.
 */
#include "param.h"

#include "base/text.h"
#include "mime/charset.h"
#include "mime/part.h"
#include "mime/word.h"

enum { WALK_MOST = 100000 };     /* steps in search of pieces written out of order */

struct slice mime_param_raw(const struct mime_param *params, const char *name)
{
	for (; params; params = params->next)
		if (slice_is_nocase(params->name, name))
			return params->value;
	return (struct slice){ NULL, 0 };
}

bool param_piece(struct slice name, struct param_piece *piece)
{
	size_t star = slice_find(name, '*');
	struct slice rest = slice_from(name, star + 1);

	*piece = (struct param_piece){ .base = slice_head(name, star) };
	if (star == 0 || star == name.len)
		return false;
	if (!rest.len || rest.at[rest.len - 1] == '*') {
		piece->encoded = true;
		rest.len -= rest.len > 0;
	}
	piece->numbered = slice_from(name, star + 1).len > 0;
	return !piece->numbered || text_number(rest, PARAM_PIECES_MAX - 1, &piece->number);
}

/* RFC 2231 7 ext-octet; a % that starts none stays. */
static bool add_percent_decoded(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		int high = -1, low = -1;
		char c = s.at[i];

		if (c == '%' && s.len - i > 2) {
			high = text_hex_digit(s.at[i + 1]);
			low = text_hex_digit(s.at[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (!buf_add_byte(out, c))
			return false;
	}
	return true;
}

/* charset'language'text: takes the first two off. */
static struct slice take_charset(struct slice *value)
{
	size_t first = slice_find(*value, '\'');
	struct slice behind = slice_from(*value, first + 1), charset;
	size_t second = slice_find(behind, '\'');

	if (first >= value->len || second >= behind.len)
		return SLICE("");
	charset = slice_head(*value, first);
	*value = slice_from(behind, second + 1);
	return charset;
}

/* What extended_text collects: the parameter's octets and their charset. */
struct extended {
	struct buf octets;
	struct slice charset;
	bool found;
};

static bool add_piece(struct extended *e, const struct mime_param *p, struct param_piece piece)
{
	struct slice value = p->value;

	if (piece.encoded && !e->found)
		e->charset = take_charset(&value);
	e->found = true;
	return piece.encoded ? add_percent_decoded(&e->octets, value)
			     : buf_add(&e->octets, value);
}

/* The pieces in the order of their numbers, wherever they stand; a missing
 * number ends the value.  Each round starts where the last piece stood, so that
 * pieces written in order are found in one walk; `budget` bounds the others. */
static void collect(struct extended *e, const struct mime_param *params, const char *name)
{
	const struct mime_param *p = params, *start = params;
	struct param_piece piece;
	uint64_t next = 0;
	unsigned budget = WALK_MOST;

	while (p && budget-- > 0) {
		if (param_piece(p->name, &piece) && slice_is_nocase(piece.base, name) &&
		    (piece.numbered ? piece.number == next : next == 0)) {
			if (!add_piece(e, p, piece) || !piece.numbered)
				return;
			next++;
			start = p;
		}
		p = p->next ? p->next : params;
		if (p == start)
			return;
	}
}

static size_t values_length(const struct mime_param *params)
{
	size_t n = 0;

	for (; params; params = params->next)
		n += params->value.len;
	return n;
}

bool mime_param_text(struct buf *out, const struct mime_param *params, const char *name)
{
	struct extended e = { .found = false };
	struct slice plain;
	bool ok = false;

	buf_init(&e.octets, values_length(params) + 1);
	collect(&e, params, name);
	if (e.found) {
		ok = charset_to_utf8(out, e.charset, buf_slice(&e.octets));
	} else {
		plain = mime_param_raw(params, name);
		ok = plain.at && word_decode(out, plain);
	}
	buf_release(&e.octets);
	return ok;
}
