/*
 * Why not libical's parser for what strangers send: it keeps whatever it was
 * given (X-LIC-ERROR lines, unknown properties, values in the sender's quoting),
 * grows quadratically on some inputs, and refuses or repairs by rules of its own.
 * Here a text becomes plain lines in linear time; event.c decides line by line
 * what goes on; libical then sees strict text only, as the judge of it.
 */
#include "ics.h"

#include <string.h>

#include "base/text.h"

enum {
	FOLD = 75,               /* RFC 5545 3.1, octets without the line end */
	CUT_AT = 70,             /* a line that long was folded, not ended */
};

static bool name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static size_t name_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && name_byte(s.at[n]))
		n++;
	return n;
}

/* `rest` is what comes behind the line end: some fold between name and colon. */
static bool begins_property(struct slice line, struct slice rest)
{
	size_t n = name_length(line);

	if (n > 0 && n == line.len) {
		if (rest.len && rest.at[0] == '\n')
			rest = slice_from(rest, 1);
		return rest.len > 1 && (rest.at[0] == ' ' || rest.at[0] == '\t') &&
		       (rest.at[1] == ':' || rest.at[1] == ';');
	}
	return n > 0 && (line.at[n] == ':' || line.at[n] == ';');
}

static bool is_frame(struct slice line)
{
	return slice_starts_nocase(line, "BEGIN:") || slice_starts_nocase(line, "END:");
}

bool ics_unfold(struct buf *out, struct slice in)
{
	size_t last = out->len;          /* where the logical line starts */
	size_t before = 0;               /* length of the physical line before */
	bool ok = true, any = false;

	while (in.len && ok) {
		size_t n = 0;

		while (n < in.len && in.at[n] != '\n' && in.at[n] != '\r')
			n++;
		struct slice line = slice_head(in, n);
		in = slice_from(in, n + 1);
		if (line.len == 0)
			continue;
		if (any && (line.at[0] == ' ' || line.at[0] == '\t')) {
			ok = buf_add(out, slice_from(line, 1));
		} else if (begins_property(line, in)) {
			ok = !any || buf_add_byte(out, '\n');
			last = out->len;
			ok = ok && buf_add(out, line);
			any = true;
		} else if (any && !is_frame(slice_from(buf_slice(out), last))) {
			/* A short line before it was ended on purpose: a line
			 * break that nobody escaped. */
			ok = (before >= CUT_AT || buf_add_text(out, "\\n")) && buf_add(out, line);
		}
		before = line.len;
	}
	return ok;
}

struct ics_comp *ics_comp_new(struct arena *a, struct slice name)
{
	struct ics_comp *c = arena_get(a, sizeof(*c));

	c->name = name;
	c->props_end = &c->props;
	c->children_end = &c->children;
	return c;
}

void ics_comp_add(struct ics_comp *c, struct ics_comp *child)
{
	*c->children_end = child;
	c->children_end = &child->next;
}

struct ics_prop *ics_prop_add(struct arena *a, struct ics_comp *c, struct slice name,
			      struct slice value)
{
	struct ics_prop *p = arena_get(a, sizeof(*p));

	p->name = name;
	p->value = value;
	*c->props_end = p;
	c->props_end = &p->next;
	return p;
}

void ics_prop_drop(struct ics_comp *c, const struct ics_prop *gone)
{
	struct ics_prop **at = &c->props;

	while (*at && *at != gone)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = gone->next;
	if (c->props_end == &gone->next)
		c->props_end = at;
}

void ics_prop_drop_all(struct ics_comp *c, const char *name)
{
	struct ics_prop *p;

	while ((p = ics_prop_find(c, name)))
		ics_prop_drop(c, p);
}

void ics_param_add(struct arena *a, struct ics_prop *p, struct slice name, struct slice value)
{
	struct ics_param *param = arena_get(a, sizeof(*param));
	struct ics_param **at = &p->params;

	while (*at)
		at = &(*at)->next;
	param->name = name;
	param->value = value;
	*at = param;
}

/* One parameter value off *rest: in quotes, or up to ; or :  A quote that nobody
 * closes is an ordinary character. */
static struct slice take_value(struct slice *rest)
{
	struct slice value;
	size_t n = 0;

	if (rest->len && rest->at[0] == '"') {
		size_t end = slice_find(slice_from(*rest, 1), '"');

		if (end + 1 < rest->len) {
			value = slice_head(slice_from(*rest, 1), end);
			*rest = slice_from(*rest, end + 2);
			if (!rest->len || rest->at[0] == ';' || rest->at[0] == ':')
				return value;
			/* "a","b": the list as it stands. */
			while (n < rest->len && rest->at[n] != ';' && rest->at[n] != ':')
				n++;
			*rest = slice_from(*rest, n);
			return value;
		}
	}
	while (n < rest->len && rest->at[n] != ';' && rest->at[n] != ':')
		n++;
	value = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return value;
}

enum { PARAMS_MOST = 32 };               /* of one line: real ones have ten at most */

static void read_line(struct arena *a, struct ics_comp *c, struct slice line)
{
	size_t n = name_length(line);
	struct ics_prop *p = ics_prop_add(a, c, slice_head(line, n), SLICE(""));
	unsigned params = 0;

	line = slice_from(line, n);
	while (line.len && line.at[0] == ';') {
		line = slice_from(line, 1);
		n = name_length(line);
		struct slice name = slice_head(line, n);
		line = slice_from(line, n);
		if (line.len && line.at[0] == '=') {
			line = slice_from(line, 1);
			struct slice value = take_value(&line);

			if (name.len && params++ < PARAMS_MOST &&
			    arena_room(a) > sizeof(struct ics_param))
				ics_param_add(a, p, name, value);
		} else {
			take_value(&line);
		}
	}
	p->value = slice_from(line, 1);
}

struct ics_comp *ics_parse(struct arena *a, struct slice text, size_t max_lines)
{
	struct ics_comp *stack[ICS_DEPTH];
	struct ics_comp *root = ics_comp_new(a, SLICE(""));
	unsigned depth = 0, too_deep = 0;

	stack[0] = root;
	while (text.len && max_lines-- > 0) {
		size_t n = slice_find(text, '\n');
		struct slice line = slice_head(text, n);

		text = slice_from(text, n + 1);
		if (arena_room(a) < 4096)
			break;
		if (slice_starts_nocase(line, "BEGIN:")) {
			struct slice name = slice_trim(slice_from(line, 6));

			if (too_deep || depth + 1 == ICS_DEPTH) {
				too_deep++;
				continue;
			}
			struct ics_comp *c = ics_comp_new(a, name);
			ics_comp_add(stack[depth], c);
			stack[++depth] = c;
		} else if (slice_starts_nocase(line, "END:")) {
			struct slice name = slice_trim(slice_from(line, 4));
			unsigned to = depth;

			if (too_deep) {
				too_deep--;
				continue;
			}
			while (to > 0 && !slice_equal_nocase(stack[to]->name, name))
				to--;
			if (to > 0)
				depth = to - 1;
		} else if (!too_deep) {
			read_line(a, stack[depth], line);
		}
	}
	return root;
}

bool ics_print_line(struct buf *out, struct slice line)
{
	size_t room = FOLD;

	while (line.len > room) {
		size_t n = room;

		/* Not within a character: its later bytes are 10xxxxxx. */
		while (n > room - 4 && ((unsigned char)line.at[n] & 0xc0) == 0x80)
			n--;
		buf_add(out, slice_head(line, n));
		buf_add_text(out, "\r\n ");
		line = slice_from(line, n);
		room = FOLD - 1;
	}
	buf_add(out, line);
	return buf_add_text(out, "\r\n") && !out->overflow;
}

static void add_param(struct buf *line, const struct ics_param *param)
{
	bool quote = false;

	buf_add_byte(line, ';');
	buf_add(line, param->name);
	buf_add_byte(line, '=');
	for (size_t i = 0; i < param->value.len; i++)
		quote = quote || (param->value.at[i] && strchr(":;,", param->value.at[i]));
	if (quote)
		buf_add_byte(line, '"');
	for (size_t i = 0; i < param->value.len; i++) {
		char c = param->value.at[i];

		if (c != '"' && (unsigned char)c >= ' ' && c != 0x7f)
			buf_add_byte(line, c);
	}
	if (quote)
		buf_add_byte(line, '"');
}

bool ics_print_prop(struct buf *out, const struct ics_prop *p)
{
	struct buf line;
	bool ok;

	buf_init(&line, out->max);
	buf_add(&line, p->name);
	for (const struct ics_param *q = p->params; q; q = q->next)
		add_param(&line, q);
	buf_add_byte(&line, ':');
	ok = buf_add(&line, p->value) && ics_print_line(out, buf_slice(&line));
	if (line.overflow)
		out->overflow = true;
	buf_release(&line);
	return ok;
}

bool ics_print(struct buf *out, const struct ics_comp *c)
{
	buf_add_text(out, "BEGIN:");
	buf_add(out, c->name);
	buf_add_text(out, "\r\n");
	for (const struct ics_prop *p = c->props; p; p = p->next)
		ics_print_prop(out, p);
	for (const struct ics_comp *child = c->children; child; child = child->next)
		ics_print(out, child);
	buf_add_text(out, "END:");
	buf_add(out, c->name);
	buf_add_text(out, "\r\n");
	return !out->overflow;
}

static struct ics_prop *find_from(struct ics_prop *p, const char *name)
{
	while (p && !slice_is_nocase(p->name, name))
		p = p->next;
	return p;
}

struct ics_prop *ics_prop_find(const struct ics_comp *c, const char *name)
{
	return find_from(c->props, name);
}

struct ics_prop *ics_prop_next(const struct ics_prop *after, const char *name)
{
	return find_from(after->next, name);
}

struct slice ics_value(const struct ics_comp *c, const char *name)
{
	const struct ics_prop *p = ics_prop_find(c, name);

	return p ? slice_trim(p->value) : SLICE("");
}

struct slice ics_param(const struct ics_prop *p, const char *name)
{
	for (const struct ics_param *q = p->params; q; q = q->next)
		if (slice_is_nocase(q->name, name))
			return q->value;
	return SLICE("");
}

/* A character that stands for itself, if it may stand there at all; how many bytes. */
static size_t clean_plain(struct buf *out, struct slice value)
{
	uint32_t point;
	size_t n = text_utf8_next(value, &point);

	if (value.at[0] == '\t')
		buf_add_byte(out, ' ');
	else if (n && point >= ' ' && !(point >= 0x7f && point < 0xa0))
		buf_add(out, slice_head(value, n));
	return n ? n : 1;
}

static size_t clean_text(struct buf *out, struct slice value, bool is_list)
{
	char c = value.at[0], next = value.len > 1 ? value.at[1] : '\0';

	if (c == '\\' && (next == 'n' || next == 'N')) {
		buf_add_text(out, "\\n");
		return 2;
	}
	if (c == '\\' && next && strchr("\\;,", next)) {
		buf_add(out, slice_head(value, 2));
		return 2;
	}
	/* A backslash that escapes nothing is doubled. */
	if (c == '\\' || c == ';' || (c == ',' && !is_list))
		buf_add_byte(out, '\\');
	return clean_plain(out, value);
}

static size_t clean_param(struct buf *out, struct slice value)
{
	if (value.at[0] != '"')
		return clean_plain(out, value);
	buf_add_byte(out, '\'');
	return 1;
}

enum { CHARACTER_MOST = 4 };             /* bytes that one step adds */

struct slice ics_text_clean(struct arena *a, struct slice value, size_t most, bool is_list)
{
	struct buf out;
	struct slice clean;

	buf_init(&out, most);
	while (value.len && out.len + CHARACTER_MOST <= most)
		value = slice_from(value, clean_text(&out, value, is_list));
	clean = arena_copy(a, slice_trim(buf_slice(&out)));
	buf_release(&out);
	return clean;
}

struct slice ics_param_clean(struct arena *a, struct slice value, size_t most)
{
	struct buf out;
	struct slice clean;

	buf_init(&out, most);
	while (value.len && out.len + CHARACTER_MOST <= most)
		value = slice_from(value, clean_param(&out, value));
	clean = arena_copy(a, slice_trim(buf_slice(&out)));
	buf_release(&out);
	return clean;
}
