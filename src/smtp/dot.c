/* The message text on the wire: one pass, memchr from CR to CR. */
#include "dot.h"

#include <assert.h>

void dot_begin(struct dot *d, bool dots)
{
	d->state = DOT_LINE_START;
	d->dots = dots;
}

static void emit(struct buf *out, struct slice s)
{
	bool room = buf_add(out, s);

	assert(room);
	(void)room;
}

/* Text up to the next CR.  A bare LF is a line end in the file already; it counts
 * as CR LF. */
static size_t take_text(struct dot *d, struct buf *out, struct slice in, uint64_t *crlf_size)
{
	struct slice text = slice_head(in, slice_find(in, '\r'));

	for (struct slice rest = text; rest.len;) {
		size_t lf = slice_find(rest, '\n');

		*crlf_size += lf < rest.len;
		rest = slice_from(rest, lf + 1);
	}
	*crlf_size += text.len;
	emit(out, text);
	d->state = DOT_TEXT;
	return text.len;
}

static void line_end(struct buf *out, uint64_t *crlf_size)
{
	emit(out, SLICE("\n"));
	*crlf_size += 2;
}

/* One byte where its meaning hangs on the ones before it.  Returns how many
 * were used: 0 when the state has changed and the byte must be looked at anew. */
static size_t take_byte(struct dot *d, struct buf *out, char c, uint64_t *crlf_size)
{
	switch (d->state) {
	case DOT_LINE_START:
		d->state = c == '\r' ? DOT_CR : c == '.' && d->dots ? DOT_DOT : DOT_TEXT;
		return d->state != DOT_TEXT;
	case DOT_TEXT:
		d->state = DOT_CR;
		return 1;
	case DOT_CR:
		line_end(out, crlf_size);
		d->state = c == '\n' ? DOT_LINE_START : c == '\r' ? DOT_CR : DOT_TEXT;
		return d->state != DOT_TEXT;
	case DOT_DOT:
		/* ".." is a dot, and so is "." before anything else. */
		d->state = c == '\r' ? DOT_DOT_CR : DOT_TEXT;
		return c == '\r';
	case DOT_DOT_CR:
		if (c == '\n') {
			d->state = DOT_END;
			return 1;
		}
		/* dot, bare CR: the dot was stuffing, the CR is a line end */
		d->state = DOT_CR;
		return 0;
	case DOT_END:
		break;
	}
	return 0;
}

size_t dot_add(struct dot *d, struct buf *out, struct slice in, uint64_t *crlf_size)
{
	size_t used = 0;

	while (used < in.len && d->state != DOT_END) {
		if (d->state == DOT_TEXT && in.at[used] != '\r')
			used += take_text(d, out, slice_from(in, used), crlf_size);
		else
			used += take_byte(d, out, in.at[used], crlf_size);
	}
	return used;
}

void dot_end(struct dot *d, struct buf *out, uint64_t *crlf_size)
{
	if (d->state == DOT_CR)
		line_end(out, crlf_size);
	d->state = DOT_END;
}
