/*
 * Why these work a run at a time: every byte of every message passes through
 * here, most of them far from a line end, and memchr crosses that distance
 * many times faster than a loop over bytes.  CR CR LF counts as a line end
 * because that is what some senders make of CR LF on their way out.
 */
#include "base/lines.h"

static bool give_held(struct lf_form *f, struct buf *out)
{
	struct slice held = slice_head(SLICE("\r\r"), f->cr);

	f->cr = 0;
	return buf_add(out, held);
}

bool lf_form_add(struct lf_form *f, struct buf *out, struct slice in)
{
	bool fits = true;

	while (in.len && fits) {
		if (f->cr == 0) {
			size_t n = slice_find(in, '\r');

			fits = buf_add(out, slice_head(in, n));
			f->cr = n < in.len;
			in = slice_from(in, n + 1);
		} else if (in.at[0] == '\r') {
			if (f->cr == 2)         /* CR CR CR: the first is no line end's */
				fits = buf_add_byte(out, '\r');
			f->cr = 2;
			in = slice_from(in, 1);
		} else if (in.at[0] == '\n') {
			f->cr = 0;              /* dropped; the LF goes with the next run */
		} else {
			fits = give_held(f, out);
		}
	}
	return fits;
}

bool lf_form_end(struct lf_form *f, struct buf *out)
{
	return give_held(f, out);
}

/* Offset of the first LF without a CR before it, or in.len.  `cr`: the byte
 * before the input was a CR. */
static size_t find_bare_lf(struct slice in, bool cr)
{
	size_t at = slice_find(in, '\n');

	while (at < in.len && (at ? in.at[at - 1] == '\r' : cr))
		at += 1 + slice_find(slice_from(in, at + 1), '\n');
	return at;
}

bool crlf_form_add(struct crlf_form *f, struct buf *out, struct slice in)
{
	while (in.len) {
		size_t n = find_bare_lf(in, f->cr);

		if (!buf_add(out, slice_head(in, n)))
			return false;
		if (n == in.len) {
			f->cr = in.at[n - 1] == '\r';
			break;
		}
		if (!buf_add(out, SLICE("\r\n")))
			return false;
		f->cr = false;
		in = slice_from(in, n + 1);
	}
	return true;
}

uint64_t crlf_form_count(struct crlf_form *f, struct slice in)
{
	uint64_t count = in.len;

	while (in.len) {
		size_t n = find_bare_lf(in, f->cr);

		if (n == in.len) {
			f->cr = in.at[n - 1] == '\r';
			break;
		}
		count++;
		f->cr = false;
		in = slice_from(in, n + 1);
	}
	return count;
}
