/*
 * Why a line is put together on the stack and written at once: two threads, or
 * we and the container's runtime, share the pipe behind standard error, and
 * only a write of at most PIPE_BUF bytes is never torn.  A field that would
 * pass that bound is left out and the line says so; a line is never cut in the
 * middle, so JSON stays JSON.  Nothing here allocates: "out of memory" is one
 * of the things that must be said.
 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum {
	LINE = PIPE_BUF,
	LINE_TAIL = 16,                 /* room kept for "cut" and the end */
	VALUE = 256                     /* bytes of a value that are shown */
};

static bool as_json;
static enum log_level most_level = LEVEL_INFO;

struct line {
	char data[LINE];
	size_t len, most;
	bool full;                      /* something did not fit since last asked */
};

void log_setup(bool json, enum log_level most)
{
	as_json = json;
	most_level = most;
}

bool log_wanted(enum log_level level)
{
	return level <= most_level;
}

struct log_field log_errno(int err)
{
	const char *text = strerrordesc_np(err);

	return text ? log_text("error", text) : log_number("error", err);
}

static void put(struct line *l, struct slice s)
{
	if (s.len > l->most - l->len) {
		l->full = true;
		return;
	}
	if (s.len)
		memcpy(l->data + l->len, s.at, s.len);
	l->len += s.len;
}

__attribute__((format(printf, 2, 3)))
static void put_format(struct line *l, const char *fmt, ...)
{
	char piece[48];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(piece, sizeof(piece), fmt, args);
	va_end(args);
	put(l, slice_make(piece, n < (int)sizeof(piece) ? (size_t)n : sizeof(piece) - 1));
}

/* What could end or reorder a line on somebody's screen: controls, the line
 * and paragraph separators, and the marks that turn the direction of text. */
static bool is_unseen(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F) ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* The characters that both forms escape with a letter of their own. */
static const char *short_escape(uint32_t c)
{
	switch (c) {
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	case '"':  return "\\\"";
	case '\\': return "\\\\";
	default:   return NULL;
	}
}

/* Writes what stands for the first character of s (n bytes long, 0 when it is
 * none); the number of bytes used up comes back. */
static size_t put_char(struct line *l, struct slice s, size_t n, uint32_t c)
{
	const char *letters = n ? short_escape(c) : NULL;

	if (letters)
		put(l, slice_of(letters));
	else if (n && !is_unseen(c))
		put(l, slice_head(s, n));
	else if (as_json)               /* U+FFFD: here was a byte that is no text */
		put_format(l, "\\u%04" PRIx32, n ? c : 0xFFFD);
	else
		for (size_t i = 0; i < (n ? n : 1); i++)
			put_format(l, "\\x%02x", (unsigned)(unsigned char)s.at[i]);
	return n ? n : 1;
}

static void put_escaped(struct line *l, struct slice s)
{
	while (s.len) {
		uint32_t c = 0;
		size_t n = text_utf8_next(s, &c);

		s = slice_from(s, put_char(l, s, n, c));
	}
}

/* At most VALUE bytes, not cut within a character. */
static struct slice shown(struct slice s)
{
	size_t len = VALUE;

	if (s.len <= VALUE)
		return s;
	while (len > VALUE - 4 && ((unsigned char)s.at[len] & 0xC0) == 0x80)
		len--;
	return slice_head(s, len);
}

static bool needs_quotes(struct slice s)
{
	if (s.len == 0)
		return true;
	while (s.len) {
		uint32_t c;
		size_t n = text_utf8_next(s, &c);

		if (n == 0 || c == ' ' || c == '=' || is_unseen(c) || short_escape(c))
			return true;
		s = slice_from(s, n);
	}
	return false;
}

static void put_quoted(struct line *l, struct slice s)
{
	put(l, SLICE("\""));
	put_escaped(l, s);
	put(l, SLICE("\""));
}

static void put_value(struct line *l, const struct log_field *field)
{
	struct slice text = shown(field->text);

	if (field->is_number)
		put_format(l, "%" PRId64, field->number);
	else if (as_json || needs_quotes(text))
		put_quoted(l, text);
	else
		put(l, text);
}

/* The whole field or nothing of it. */
static bool put_field(struct line *l, const struct log_field *field)
{
	size_t before = l->len;

	l->full = false;
	put(l, as_json ? SLICE(",\"") : SLICE(" "));
	put_escaped(l, slice_of(field->name));
	put(l, as_json ? SLICE("\":") : SLICE("="));
	put_value(l, field);
	if (l->full)
		l->len = before;
	return !l->full;
}

static void put_start(struct line *l, enum log_level level, const char *area,
		      const char *event)
{
	static const char names[][6] = { "error", "warn", "info", "debug" };
	int64_t now = clock_wall_us();
	char time[CLOCK_TEXT];

	clock_rfc3339(time, now / 1000000);
	time[strcspn(time, "Z")] = '\0';
	put_format(l, as_json ? "{\"time\":\"%s.%03dZ\"" : "%s.%03dZ", time,
		   (int)(now / 1000 % 1000));
	put_format(l, as_json ? ",\"level\":\"%s\"" : " %s", names[level]);
	put(l, as_json ? SLICE(",\"area\":\"") : SLICE(" "));
	put_escaped(l, shown(slice_of(area)));
	put(l, as_json ? SLICE("\",\"event\":\"") : SLICE(" "));
	put_escaped(l, shown(slice_of(event)));
	if (as_json)
		put(l, SLICE("\""));
}

void log_write(enum log_level level, const char *area, const char *event,
	       const struct log_field *fields)
{
	int saved = errno;
	struct line l;
	bool cut = false;

	if (!log_wanted(level))
		return;
	l.len = 0;
	l.most = LINE - LINE_TAIL;
	l.full = false;
	put_start(&l, level, area, event);
	for (; fields->name; fields++)
		cut = !put_field(&l, fields) || cut;
	l.most = LINE;
	if (cut)
		put(&l, as_json ? SLICE(",\"cut\":1") : SLICE(" cut=1"));
	put(&l, as_json ? SLICE("}\n") : SLICE("\n"));
	while (write(STDERR_FILENO, l.data, l.len) < 0 && errno == EINTR)
		;
	errno = saved;
}
