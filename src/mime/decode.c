/*
 * Content-Transfer-Encoding undone byte by byte, because a stream may be cut
 * anywhere: within an escape, within the blanks before a line end, between CR
 * and LF.  Whatever must wait for its end is kept in `pending` or in the bits.
 * Output is gathered in chunks so that the growing buffer is asked seldom.
 */
#include "mime/decode.h"

#include <stdint.h>

#include "base/text.h"

enum { CHUNK = 2048 };

/* Bytes on their way into a buf. */
struct chunk {
	struct buf *out;
	size_t len;
	bool full;
	char bytes[CHUNK];
};

static void chunk_flush(struct chunk *c)
{
	if (!c->full && !buf_add(c->out, slice_make(c->bytes, c->len)))
		c->full = true;
	c->len = 0;
}

static void chunk_put(struct chunk *c, char byte)
{
	if (c->len == CHUNK)
		chunk_flush(c);
	c->bytes[c->len++] = byte;
}

static void chunk_add(struct chunk *c, struct slice run)
{
	while (run.len) {
		size_t room, n;

		if (c->len == CHUNK)
			chunk_flush(c);
		room = CHUNK - c->len;
		n = run.len < room ? run.len : room;
		memcpy(c->bytes + c->len, run.at, n);
		c->len += n;
		run = slice_from(run, n);
	}
}

static bool chunk_end(struct chunk *c)
{
	chunk_flush(c);
	return !c->full;
}

enum mime_encoding mime_encoding_of(struct slice name)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} names[] = {                            /* RFC 2045 6.1, and what senders write */
		{ "", MIME_IDENTITY },
		{ "7bit", MIME_IDENTITY }, { "7-bit", MIME_IDENTITY },
		{ "8bit", MIME_IDENTITY }, { "8-bit", MIME_IDENTITY },
		{ "binary", MIME_IDENTITY },
		{ "base64", MIME_BASE64 }, { "base-64", MIME_BASE64 },
		{ "quoted-printable", MIME_QUOTED_PRINTABLE },
		{ "x-uuencode", MIME_UUENCODE }, { "x-uue", MIME_UUENCODE },
		{ "uuencode", MIME_UUENCODE },
	};
	size_t end = 0;

	name = slice_trim(name);
	while (end < name.len && !strchr("; \t(\r\n", name.at[end]))
		end++;
	name = slice_head(name, end);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_is_nocase(name, names[i].name))
			return names[i].encoding;
	return MIME_UNKNOWN;
}

void mime_decode_begin(struct mime_decoder *d, enum mime_encoding encoding)
{
	*d = (struct mime_decoder){ .encoding = encoding };
}

static void pending_put(struct mime_decoder *d, struct chunk *c)
{
	for (size_t i = 0; i < d->pending_len; i++)
		chunk_put(c, d->pending[i]);
	d->pending_len = 0;
}

/* ==== base64 (RFC 2045 6.8): `held` sextets of a group of four lie in `bits` ==== */

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Padding, or the end where padding should be: whole bytes that are held go out.
 * What follows begins a new group, so texts that were joined are read on. */
static void base64_pad(struct mime_decoder *d, struct chunk *c)
{
	if (d->held == 2) {
		chunk_put(c, (char)(d->bits >> 4 & 0xff));
	} else if (d->held == 3) {
		chunk_put(c, (char)(d->bits >> 10 & 0xff));
		chunk_put(c, (char)(d->bits >> 2 & 0xff));
	}
	d->held = 0;
	d->bits = 0;
}

static void base64_byte(struct mime_decoder *d, struct chunk *c, char byte)
{
	int value = base64_value(byte);

	if (byte == '=') {
		base64_pad(d, c);
	} else if (value >= 0) {
		d->bits = d->bits << 6 | (unsigned)value;
		if (++d->held == 4) {
			chunk_put(c, (char)(d->bits >> 16 & 0xff));
			chunk_put(c, (char)(d->bits >> 8 & 0xff));
			chunk_put(c, (char)(d->bits & 0xff));
			d->held = 0;
			d->bits = 0;
		}
	}
}

/* ==== quoted-printable (RFC 2045 6.7) ==== */

enum qp_state {
	QP_TEXT,                 /* pending: blanks that may turn out to end the line */
	QP_ESCAPE,               /* pending: "=" */
	QP_HEX,                  /* pending: "=" and one digit */
	QP_SOFT,                 /* pending: "=" and blanks */
	QP_SOFT_CR,              /* "=", blanks and CR; all dropped */
};

static void qp_text(struct mime_decoder *d, struct chunk *c, char byte)
{
	d->state = QP_TEXT;
	switch (byte) {
	case ' ':
	case '\t':
		/* Rule 3: blanks at a line's end are not the sender's.  A line has
		 * 76 characters, so more blanks than we can hold are text. */
		if (d->pending_len == sizeof(d->pending))
			pending_put(d, c);
		d->pending[d->pending_len++] = byte;
		return;
	case '\r':
	case '\n':
		d->pending_len = 0;
		chunk_put(c, byte);
		return;
	case '=':
		pending_put(d, c);
		d->pending[d->pending_len++] = '=';
		d->state = QP_ESCAPE;
		return;
	default:
		pending_put(d, c);
		chunk_put(c, byte);
	}
}

/* It was no escape: what was held is text, and so is this byte. */
static void qp_not_escape(struct mime_decoder *d, struct chunk *c, char byte)
{
	pending_put(d, c);
	qp_text(d, c, byte);
}

static void qp_escape(struct mime_decoder *d, struct chunk *c, char byte)
{
	if (byte == '\n' || byte == '\r') {
		d->pending_len = 0;
		d->state = byte == '\n' ? QP_TEXT : QP_SOFT_CR;
	} else if (d->state == QP_ESCAPE && text_hex_digit(byte) >= 0) {
		d->pending[d->pending_len++] = byte;
		d->state = QP_HEX;
	} else if ((byte == ' ' || byte == '\t') && d->pending_len < sizeof(d->pending)) {
		d->pending[d->pending_len++] = byte;
		d->state = QP_SOFT;
	} else {
		qp_not_escape(d, c, byte);
	}
}

static void qp_byte(struct mime_decoder *d, struct chunk *c, char byte)
{
	switch ((enum qp_state)d->state) {
	case QP_TEXT:
		qp_text(d, c, byte);
		return;
	case QP_ESCAPE:
	case QP_SOFT:
		qp_escape(d, c, byte);
		return;
	case QP_HEX:
		if (text_hex_digit(byte) < 0) {
			qp_not_escape(d, c, byte);
			return;
		}
		chunk_put(c, (char)(text_hex_digit(d->pending[1]) << 4 | text_hex_digit(byte)));
		d->pending_len = 0;
		d->state = QP_TEXT;
		return;
	case QP_SOFT_CR:
		d->state = QP_TEXT;
		if (byte != '\n')
			qp_text(d, c, byte);
		return;
	}
}

/* Most of it is text that stands for itself: as much as there is, but for blanks that may
 * end the line.  Where many follow each other it stops, not to look at them again each. */
static size_t qp_run(struct mime_decoder *d, struct chunk *c, struct slice in)
{
	size_t end = 0;

	if (d->state != QP_TEXT)
		return 0;
	for (size_t n = 0; n < in.len && n - end < 3; n++) {
		char byte = in.at[n];

		if (byte == '=' || byte == '\r' || byte == '\n')
			break;
		if (byte != ' ' && byte != '\t')
			end = n + 1;
	}
	if (end > 0)
		pending_put(d, c);
	chunk_add(c, slice_head(in, end));
	return end;
}

static void qp_end(struct mime_decoder *d, struct chunk *c)
{
	if (d->state == QP_HEX)
		pending_put(d, c);
	d->pending_len = 0;              /* blanks, or a soft break before nothing */
}

/* ==== uuencode: a "begin" line, lines of a length and groups of four, "end" ==== */

enum uu_state {
	UU_BEFORE,               /* pending: the start of a line that may be "begin " */
	UU_SKIP_BEFORE,          /* to the end of a line, then UU_BEFORE */
	UU_SKIP,                 /* to the end of a line, then UU_LENGTH */
	UU_LENGTH,               /* the first character of a line */
	UU_DATA,                 /* pending[0]: how many bytes the line still has */
};

static void uu_group(struct mime_decoder *d, struct chunk *c)
{
	for (unsigned shift = 24; shift > 0 && d->pending[0] > 0; d->pending[0]--) {
		shift -= 8;
		chunk_put(c, (char)(d->bits >> shift & 0xff));
	}
	d->held = 0;
	d->bits = 0;
}

static void uu_sextet(struct mime_decoder *d, struct chunk *c, unsigned value)
{
	d->bits = d->bits << 6 | (value & 63);
	if (++d->held == 4)
		uu_group(d, c);
}

/* A line that is too short lost the blanks at its end: each stood for zero. */
static void uu_line_end(struct mime_decoder *d, struct chunk *c)
{
	while (d->pending[0] > 0)
		uu_sextet(d, c, 0);
	d->held = 0;
	d->state = UU_LENGTH;
}

static void uu_before(struct mime_decoder *d, char byte)
{
	static const char begin[] = "begin ";

	if (byte == '\n')
		d->pending_len = 0;
	else if (byte != begin[d->pending_len])
		d->state = UU_SKIP_BEFORE;
	else if (begin[++d->pending_len] == '\0')
		d->state = UU_SKIP;
}

static void uu_byte(struct mime_decoder *d, struct chunk *c, char byte)
{
	switch ((enum uu_state)d->state) {
	case UU_BEFORE:
		uu_before(d, byte);
		return;
	case UU_SKIP_BEFORE:
	case UU_SKIP:
		if (byte == '\n')
			d->state = d->state == UU_SKIP ? UU_LENGTH : UU_BEFORE;
		d->pending_len = 0;
		return;
	case UU_LENGTH:
		if (byte == '\n' || byte == '\r')
			return;
		d->pending_len = 0;
		d->held = d->bits = 0;
		/* "end" begins above the alphabet, which ends at the grave accent. */
		d->state = byte < ' ' || byte > '`' ? UU_SKIP_BEFORE : UU_DATA;
		d->pending[0] = (char)((byte - ' ') & 63);
		return;
	case UU_DATA:
		if (byte == '\n')
			uu_line_end(d, c);
		else if (d->pending[0] > 0 && byte >= ' ' && byte <= '`')
			uu_sextet(d, c, (unsigned)(byte - ' '));
		return;
	}
}

/* ==== The face ==== */

bool mime_decode_add(struct mime_decoder *d, struct buf *out, struct slice in)
{
	struct chunk c;
	void (*step)(struct mime_decoder *, struct chunk *, char);

	if (d->encoding == MIME_BASE64)
		step = base64_byte;
	else if (d->encoding == MIME_QUOTED_PRINTABLE)
		step = qp_byte;
	else if (d->encoding == MIME_UUENCODE)
		step = uu_byte;
	else
		return buf_add(out, in);
	c.out = out;
	c.len = 0;
	c.full = false;
	for (size_t i = 0; i < in.len && !c.full; i++) {
		if (step == qp_byte)
			i += qp_run(d, &c, slice_from(in, i));
		if (i < in.len)
			step(d, &c, in.at[i]);
	}
	return chunk_end(&c);
}

bool mime_decode_end(struct mime_decoder *d, struct buf *out)
{
	struct chunk c;

	c.out = out;
	c.len = 0;
	c.full = false;
	if (d->encoding == MIME_BASE64)
		base64_pad(d, &c);
	else if (d->encoding == MIME_QUOTED_PRINTABLE)
		qp_end(d, &c);
	else if (d->encoding == MIME_UUENCODE && d->state == UU_DATA)
		uu_line_end(d, &c);
	mime_decode_begin(d, d->encoding);
	return chunk_end(&c);
}
