/*
 * The reader of header fields that everything else stands on.  It never
 * rejects: a header block that a stranger wrote still has to be shown, so a
 * line that is no field is passed over and reading goes on behind it.
 */
#include "mime/header.h"

#include "mime/word.h"

/* The first line of s with its line end; all of s when there is none. */
static struct slice first_line(struct slice s)
{
	size_t at = slice_find(s, '\n');

	return slice_head(s, at < s.len ? at + 1 : at);
}

static bool is_empty_line(struct slice line)
{
	return slice_is(line, "\n") || slice_is(line, "\r\n");
}

/* Length of the field name at the start of a line, and *colon.  RFC 5322 2.2:
 * printable ASCII; 4.5: blanks may stand before the colon. */
static size_t name_length(struct slice line, size_t *colon)
{
	size_t n = 0, i;

	while (n < line.len && line.at[n] > ' ' && line.at[n] < 127 && line.at[n] != ':')
		n++;
	for (i = n; i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'); i++)
		;
	*colon = i;
	return i < line.len && line.at[i] == ':' ? n : 0;
}

static struct slice cut_line_end(struct slice s)
{
	if (s.len && s.at[s.len - 1] == '\n')
		s.len--;
	if (s.len && s.at[s.len - 1] == '\r')
		s.len--;
	return s;
}

bool header_next(struct slice *rest, struct header_field *field)
{
	while (rest->len) {
		struct slice line = first_line(*rest), start = *rest;
		size_t colon, name = name_length(line, &colon);

		*rest = slice_from(*rest, line.len);
		if (is_empty_line(line))
			return false;
		if (!name)
			continue;
		while (rest->len && (rest->at[0] == ' ' || rest->at[0] == '\t'))
			*rest = slice_from(*rest, first_line(*rest).len);
		field->whole = slice_head(start, start.len - rest->len);
		field->name = slice_head(field->whole, name);
		field->value = cut_line_end(slice_from(field->whole, colon + 1));
		return true;
	}
	return false;
}

bool header_find(struct slice header, const char *name, struct header_field *field)
{
	while (header_next(&header, field))
		if (slice_is_nocase(field->name, name))
			return true;
	return false;
}

bool header_unfold(struct buf *out, struct slice value)
{
	value = slice_trim(value);
	while (value.len) {
		struct slice line = first_line(value);

		if (!buf_add(out, cut_line_end(line)))
			return false;
		value = slice_from(value, line.len);
	}
	return !out->overflow;
}

bool header_decode(struct buf *out, struct slice value)
{
	struct buf unfolded;
	bool ok;

	buf_init(&unfolded, value.len + 1);
	ok = header_unfold(&unfolded, value) && word_decode(out, buf_slice(&unfolded));
	buf_release(&unfolded);
	return ok;
}

size_t header_length(struct slice message)
{
	struct slice rest = message;

	while (rest.len) {
		struct slice line = first_line(rest);

		rest = slice_from(rest, line.len);
		if (is_empty_line(line))
			break;
	}
	return message.len - rest.len;
}
