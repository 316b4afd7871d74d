/*
 * The forms in which text is compared and named.  utf8proc can do this for a
 * whole string in one call, but puts the marks behind a letter in order by
 * moving each past all before it: a stranger's megabyte of marks would take
 * hours.  So characters are taken one at a time, and the marks of one letter
 * are put in order here, in runs of 30 at most: the Stream-Safe Text Format of
 * UAX #15, section 13, says that no real text has more.
 */
#include "mime/charset.h"

#include <stdint.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"

enum {
	RUN_MAX = 30,            /* UAX #15, section 13 */
	PIECES_MAX = 32,         /* U+FDFA, the longest, gives 18 characters */
};

/* A letter and the marks that follow it, or marks without a letter. */
struct run {
	utf8proc_int32_t at[1 + RUN_MAX];
	unsigned len;
	bool cut;                /* some letter had too many */
};

static utf8proc_propval_t class_of(utf8proc_int32_t c)
{
	return c < 0x300 ? 0 : utf8proc_get_property(c)->combining_class;
}

/* Canonical ordering (Unicode 3.11, D109): a stable sort by combining class,
 * by insertion, which is quick for so few. */
static void run_add(struct run *r, utf8proc_int32_t c)
{
	utf8proc_propval_t class = class_of(c);
	unsigned i = r->len++;

	while (class && i > 0 && class_of(r->at[i - 1]) > class) {
		r->at[i] = r->at[i - 1];
		i--;
	}
	r->at[i] = c;
}

/* Whether c begins a new run. */
static bool run_ends(struct run *r, utf8proc_int32_t c)
{
	if (class_of(c) == 0)
		return true;
	if (r->len < sizeof(r->at) / sizeof(r->at[0]))
		return false;
	r->cut = true;
	return true;
}

/* The next character of *in; an invalid byte is U+FFFD. */
static utf8proc_int32_t take(struct slice *in)
{
	utf8proc_int32_t c = 0xfffd;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)in->at,
					      in->len < 4 ? (utf8proc_ssize_t)in->len : 4, &c);

	if (n <= 0)
		c = 0xfffd;
	*in = slice_from(*in, n > 0 ? (size_t)n : 1);
	return c;
}

static size_t pieces_of(utf8proc_int32_t c, utf8proc_int32_t pieces[PIECES_MAX],
			utf8proc_option_t options)
{
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(c, pieces, PIECES_MAX, options, &boundary);

	if (n >= 0 && n <= PIECES_MAX)
		return (size_t)n;
	pieces[0] = c;
	return 1;
}

static bool run_write(struct run *r, struct buf *out)
{
	utf8proc_uint8_t bytes[4 * (1 + RUN_MAX)];
	size_t len = 0;

	for (unsigned i = 0; i < r->len; i++)
		len += (size_t)utf8proc_encode_char(r->at[i], bytes + len);
	r->len = 0;
	return buf_add(out, slice_make((const char *)bytes, len));
}

/* Copies ASCII from the front of *in in lower case, up to the last letter that a
 * mark may follow. */
static bool fold_ascii(struct buf *out, struct slice *in)
{
	size_t n = 0;

	while (n < in->len && (uint8_t)in->at[n] < 0x80)
		n++;
	if (n < 2)
		return true;
	n -= n < in->len;
	if (!buf_add(out, slice_head(*in, n)))
		return false;
	text_lower(out->data + out->len - n, n);
	*in = slice_from(*in, n);
	return true;
}

bool charset_fold(struct buf *out, struct slice utf8)
{
	static const utf8proc_option_t options =
		UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD;
	struct run run = { .len = 0 };

	while (utf8.len) {
		utf8proc_int32_t pieces[PIECES_MAX];
		size_t n;

		if ((uint8_t)utf8.at[0] < 0x80 &&
		    (!run_write(&run, out) || !fold_ascii(out, &utf8)))
			return false;
		if (!utf8.len)
			break;
		n = pieces_of(take(&utf8), pieces, options);
		for (size_t i = 0; i < n; i++) {
			if (run_ends(&run, pieces[i]) && !run_write(&run, out))
				return false;
			run_add(&run, pieces[i]);
		}
	}
	return run_write(&run, out);
}

/* utf8proc gives "ß" a title case that UnicodeData.txt does not. */
static utf8proc_int32_t title_of(utf8proc_int32_t c)
{
	return c == 0xdf ? c : utf8proc_totitle(c);
}

bool charset_casemap(struct buf *out, struct slice utf8)
{
	static const utf8proc_option_t options =
		UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
	struct run run = { .len = 0 };

	while (utf8.len) {
		utf8proc_int32_t pieces[PIECES_MAX];
		size_t n = pieces_of(title_of(take(&utf8)), pieces, options);

		for (size_t i = 0; i < n; i++) {
			if (run_ends(&run, pieces[i]) && !run_write(&run, out))
				return false;
			run_add(&run, pieces[i]);
		}
	}
	return run_write(&run, out);
}

/* The decomposed characters of a whole text. */
struct text {
	utf8proc_int32_t *at;
	size_t len, cap;
};

static void text_add_run(struct text *t, struct run *r)
{
	if (t->len + r->len > t->cap) {
		t->cap = t->cap * 2 + 64;
		t->at = mem_grow(t->at, t->cap, sizeof(t->at[0]));
	}
	for (unsigned i = 0; i < r->len; i++)
		t->at[t->len++] = r->at[i];
	r->len = 0;
}

/* False: a letter has more marks than we put in order. */
static bool decompose(struct text *t, struct slice utf8)
{
	struct run run = { .len = 0 };

	while (utf8.len && !run.cut) {
		utf8proc_int32_t pieces[PIECES_MAX];
		size_t n = pieces_of(take(&utf8), pieces, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);

		for (size_t i = 0; i < n; i++) {
			if (run_ends(&run, pieces[i]))
				text_add_run(t, &run);
			run_add(&run, pieces[i]);
		}
	}
	text_add_run(t, &run);
	return !run.cut;
}

bool charset_compose(struct buf *out, struct slice utf8)
{
	struct text t = { .at = NULL };
	utf8proc_ssize_t n = -1;
	bool ok = true;

	if (text_is_ascii(utf8) || !text_is_utf8(utf8))
		return buf_add(out, utf8);
	if (decompose(&t, utf8))
		n = utf8proc_normalize_utf32(t.at, (utf8proc_ssize_t)t.len,
					     UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0)
		ok = buf_add(out, utf8);
	for (utf8proc_ssize_t i = 0; i < n && ok; i++) {
		utf8proc_uint8_t bytes[4];
		utf8proc_ssize_t len = utf8proc_encode_char(t.at[i], bytes);

		ok = buf_add(out, slice_make((const char *)bytes, (size_t)len));
	}
	free(t.at);
	return ok;
}
