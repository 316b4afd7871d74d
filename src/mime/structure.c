/*
 * BODY and BODYSTRUCTURE (RFC 3501 7.4.2), written straight from the tree.  It
 * recurses: the scanner bounds the depth.
 */
#include <inttypes.h>

#include "base/text.h"
#include "mime/describe.h"
#include "param.h"

static bool write_part(struct buf *out, const struct mime_part *p, bool extended);

/* Longer lists are shown as they were written: joining looks at every pair. */
enum { JOIN_MOST = 100 };

static size_t count_params(const struct mime_param *p)
{
	size_t n = 0;

	for (; p; p = p->next)
		n++;
	return n;
}

/* The pieces of one parameter, by number. */
struct pieces {
	const struct mime_param *at[JOIN_MOST];
	size_t count;
	bool encoded;            /* one of them is */
};

/* Gathers the pieces with piece->base.  False: they are not 0, 1, 2 ... once each. */
static bool gather(const struct mime_param *params, const struct param_piece *piece,
		   struct pieces *pieces)
{
	struct param_piece other;

	*pieces = (struct pieces){ .count = 0 };
	for (const struct mime_param *p = params; p; p = p->next) {
		if (!param_piece(p->name, &other) || !other.numbered ||
		    !slice_equal_nocase(other.base, piece->base))
			continue;
		if (other.number >= JOIN_MOST || pieces->at[other.number])
			return false;
		pieces->at[other.number] = p;
		pieces->count++;
		pieces->encoded |= other.encoded;
	}
	for (size_t i = 0; i < pieces->count; i++)
		if (!pieces->at[i])
			return false;
	return true;
}

/* RFC 2231 7 attribute-char: what needs no %XX in an extended value. */
static bool is_attribute_char(char c)
{
	return c > ' ' && c < 127 && !strchr("*'%()<>@,;:\\\"/[]?=", c);
}

static void add_encoded(struct buf *value, struct slice plain)
{
	for (size_t i = 0; i < plain.len; i++) {
		if (is_attribute_char(plain.at[i]))
			buf_add_byte(value, plain.at[i]);
		else
			buf_printf(value, "%%%02X", (unsigned char)plain.at[i]);
	}
}

/* RFC 2231 6: the server joins the pieces.  Where one of them is encoded the
 * whole is, and the name ends in a star. */
static void write_joined(struct buf *out, const struct param_piece *piece,
			 const struct pieces *pieces)
{
	struct buf name, value;
	struct param_piece one;

	buf_init(&name, out->max);
	buf_init(&value, out->max);
	buf_add(&name, piece->base);
	if (pieces->encoded)
		buf_add_byte(&name, '*');
	for (size_t i = 0; i < pieces->count; i++) {
		param_piece(pieces->at[i]->name, &one);
		if (i == 0 && pieces->encoded && !one.encoded)
			buf_add_text(&value, "''");
		if (pieces->encoded && !one.encoded)
			add_encoded(&value, pieces->at[i]->value);
		else
			buf_add(&value, pieces->at[i]->value);
	}
	mime_nstring(out, buf_slice(&name));
	buf_add_byte(out, ' ');
	mime_nstring(out, value.len ? buf_slice(&value) : SLICE(""));
	buf_release(&name);
	buf_release(&value);
}

static void write_param(struct buf *out, struct slice name, struct slice value)
{
	mime_nstring(out, name);
	buf_add_byte(out, ' ');
	mime_nstring(out, value.at ? value : SLICE(""));
}

/* body-fld-param.  `charset`: what RFC 2045 5.2 defaults to, shown because
 * clients expect it; at NULL: nothing is added. */
static void write_params(struct buf *out, const struct mime_param *params, struct slice charset)
{
	bool join = count_params(params) <= JOIN_MOST;
	const char *between = "(";

	if (!params && !charset.at) {
		buf_add_text(out, "NIL");
		return;
	}
	for (const struct mime_param *p = params; p; p = p->next) {
		struct param_piece piece;
		struct pieces pieces;
		bool joined = join && param_piece(p->name, &piece) && piece.numbered &&
			      gather(params, &piece, &pieces);

		if (joined && piece.number > 0)
			continue;
		buf_add_text(out, between);
		between = " ";
		if (joined)
			write_joined(out, &piece, &pieces);
		else
			write_param(out, p->name, p->value);
	}
	if (charset.at) {
		buf_add_text(out, between);
		write_param(out, SLICE("charset"), charset);
	}
	buf_add_byte(out, ')');
}

/* RFC 2045 5.2 and 6.1's defaults are written out, as clients expect. */
static struct slice default_charset(const struct mime_part *p)
{
	if (slice_is(p->type, "text") && !mime_param_raw(p->params, "charset").at)
		return SLICE("us-ascii");
	return (struct slice){ NULL, 0 };
}

/* body-fields, with the type before them. */
static void write_fields(struct buf *out, const struct mime_part *p)
{
	mime_nstring(out, p->type);
	buf_add_byte(out, ' ');
	mime_nstring(out, p->subtype);
	buf_add_byte(out, ' ');
	write_params(out, p->params, default_charset(p));
	buf_add_byte(out, ' ');
	mime_nstring(out, p->id);
	buf_add_byte(out, ' ');
	mime_nstring(out, p->description);
	buf_add_byte(out, ' ');
	mime_nstring(out, p->encoding.at ? p->encoding : SLICE("7bit"));
	buf_printf(out, " %" PRIu64, p->body_crlf);
}

static void write_disposition(struct buf *out, const struct mime_part *p)
{
	if (!p->disposition.at) {
		buf_add_text(out, "NIL");
		return;
	}
	buf_add_byte(out, '(');
	mime_nstring(out, p->disposition);
	buf_add_byte(out, ' ');
	write_params(out, p->disposition_params, (struct slice){ NULL, 0 });
	buf_add_byte(out, ')');
}

/* RFC 3282 2: tags between commas. */
static void write_language(struct buf *out, struct slice value)
{
	struct slice tag;
	const char *between = "(";

	while (text_next(&value, ',', &tag)) {
		if (!tag.len)
			continue;
		buf_add_text(out, between);
		mime_nstring(out, tag);
		between = " ";
	}
	buf_add_text(out, *between == '(' ? "NIL" : ")");
}

/* What body-ext-1part and body-ext-mpart have in common. */
static void write_extension(struct buf *out, const struct mime_part *p)
{
	buf_add_byte(out, ' ');
	write_disposition(out, p);
	buf_add_byte(out, ' ');
	write_language(out, p->language);
	buf_add_byte(out, ' ');
	mime_nstring(out, p->location);
}

static void write_multipart(struct buf *out, const struct mime_part *p, bool extended)
{
	for (const struct mime_part *child = p->child; child; child = child->next)
		write_part(out, child, extended);
	buf_add_byte(out, ' ');
	mime_nstring(out, p->subtype);
	if (!extended)
		return;
	buf_add_byte(out, ' ');
	write_params(out, p->params, (struct slice){ NULL, 0 });
	write_extension(out, p);
}

static void write_single(struct buf *out, const struct mime_part *p, bool extended)
{
	write_fields(out, p);
	if (p->kind == MIME_MESSAGE) {
		buf_add_byte(out, ' ');
		mime_envelope(out, p->child->header);
		buf_add_byte(out, ' ');
		write_part(out, p->child, extended);
	}
	if (p->kind == MIME_MESSAGE || slice_is(p->type, "text"))
		buf_printf(out, " %" PRIu64, p->body_lines);
	if (!extended)
		return;
	buf_add_byte(out, ' ');
	mime_nstring(out, p->md5);
	write_extension(out, p);
}

static bool write_part(struct buf *out, const struct mime_part *p, bool extended)
{
	buf_add_byte(out, '(');
	if (p->kind == MIME_MULTIPART)
		write_multipart(out, p, extended);
	else
		write_single(out, p, extended);
	buf_add_byte(out, ')');
	return !out->overflow;
}

bool mime_body(struct buf *out, const struct mime_part *root)
{
	return write_part(out, root, false);
}

bool mime_bodystructure(struct buf *out, const struct mime_part *root)
{
	return write_part(out, root, true);
}
