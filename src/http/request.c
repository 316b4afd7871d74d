/*
 * Two programs that disagree about where a request ends let a third party's
 * request be slipped in between (smuggling).  So nothing here is forgiving: a line
 * ends in CR LF, a field has no fold and no blank before its colon, and a request
 * with a body is refused and the connection with it, since we could only guess
 * where the next one begins.
 */
#include "request.h"

#include <stdlib.h>

#include "base/mem.h"
#include "field.h"
#include "target.h"

void http_head_init(struct http_head *h)
{
	*h = (struct http_head){ .method = HTTP_METHOD_NONE };
	buf_init(&h->text, HTTP_REQUEST_LINE_MAX + HTTP_FIELDS_MAX);
	buf_init(&h->path, HTTP_REQUEST_LINE_MAX);
}

void http_head_release(struct http_head *h)
{
	if (h->text.data)
		mem_wipe(h->text.data, h->text.cap);
	buf_release(&h->text);
	buf_release(&h->path);
}

/* Whoever made one mistake may have meant the rest otherwise, too: the
 * connection ends with the answer. */
static void refuse(struct http_head *h, int status, const char *reason)
{
	if (h->refused)
		return;
	h->refused = status;
	h->reason = reason;
	h->close = true;
}

/* ==== Lines ==== */

/* RFC 9110 9.3, RFC 5789, and what calendar programs try (RFC 4918, 3253, 4791):
 * known, and not for what we have (405); any other is 501. */
static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
	{ "GET", HTTP_GET },          { "HEAD", HTTP_HEAD },
	{ "POST", HTTP_OTHER },       { "PUT", HTTP_OTHER },
	{ "DELETE", HTTP_OTHER },     { "CONNECT", HTTP_OTHER },
	{ "OPTIONS", HTTP_OTHER },    { "TRACE", HTTP_OTHER },
	{ "PATCH", HTTP_OTHER },      { "PROPFIND", HTTP_OTHER },
	{ "PROPPATCH", HTTP_OTHER },  { "MKCOL", HTTP_OTHER },
	{ "COPY", HTTP_OTHER },       { "MOVE", HTTP_OTHER },
	{ "LOCK", HTTP_OTHER },       { "UNLOCK", HTTP_OTHER },
	{ "REPORT", HTTP_OTHER },     { "MKCALENDAR", HTTP_OTHER },
};

static enum http_method find_method(struct slice name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (slice_is(name, methods[i].name))     /* case counts: RFC 9110 9.1 */
			return methods[i].method;
	return HTTP_METHOD_NONE;
}

/* RFC 9112 2.3. */
static void read_version(struct http_head *h, struct slice version)
{
	if (version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 || version.at[6] != '.' ||
	    version.at[5] < '0' || version.at[5] > '9' || version.at[7] < '0' || version.at[7] > '9')
		refuse(h, 400, "The first line does not end in a version of HTTP.");
	else if (version.at[5] != '1')
		refuse(h, 505, "Only HTTP/1.1 is spoken here.");
	else
		h->http_1_0 = version.at[7] == '0';
}

/* RFC 9112 3: one space between the three words, and no other blank. */
static void request_line(struct http_head *h, struct slice line)
{
	size_t first = slice_find(line, ' ');
	struct slice method = slice_head(line, first), rest = slice_from(line, first + 1);
	size_t second = slice_find(rest, ' ');

	h->has_line = true;
	h->method = find_method(method);
	h->target = slice_head(rest, second);
	if (!http_is_token(method)) {
		refuse(h, 400, "The first line does not begin with a method.");
		return;
	}
	for (size_t i = 0; i < h->target.len; i++)
		if (h->target.at[i] < 0x21 || h->target.at[i] > 0x7E)
			refuse(h, 400, "The address has a character that is not ASCII.");
	if (h->target.len == 0 || second == rest.len)
		refuse(h, 400, "The first line has three words with one space between them.");
	read_version(h, slice_from(rest, second + 1));
	if (!h->refused && h->method == HTTP_METHOD_NONE)
		refuse(h, 501, "This method is not known here.");
}

/* RFC 9112 5.1, RFC 9110 5.5. */
static void field_line(struct http_head *h, struct slice line)
{
	size_t colon = slice_find(line, ':');
	struct slice name = slice_head(line, colon), value = slice_from(line, colon + 1);

	if (line.at[0] == ' ' || line.at[0] == '\t')
		refuse(h, 400, "A header is continued on a second line.");        /* 5.2 */
	else if (colon == line.len || !http_is_token(name))
		refuse(h, 400, "A header line has no name and colon.");
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F)
			refuse(h, 400, "A header holds a control character.");
	}
	if (h->count == HTTP_FIELD_COUNT_MAX)
		refuse(h, 431, "There are too many headers.");
	if (h->refused)
		return;
	value = slice_trim(value);
	h->fields[h->count++] = (struct http_field){
		.name = (uint32_t)(name.at - h->text.data), .name_len = (uint32_t)name.len,
		.value = (uint32_t)(value.at - h->text.data), .value_len = (uint32_t)value.len,
	};
}

bool http_head_next(const struct http_head *h, const char *name, size_t *at,
		    struct slice *value)
{
	while (*at < h->count) {
		const struct http_field *f = &h->fields[(*at)++];

		if (slice_is_nocase(slice_make(h->text.data + f->name, f->name_len), name)) {
			*value = slice_make(h->text.data + f->value, f->value_len);
			return true;
		}
	}
	return false;
}

/* ==== The whole ==== */

static bool has_field(const struct http_head *h, const char *name, struct slice *value)
{
	size_t at = 0;

	return http_head_next(h, name, &at, value);
}

/* Which of two would count is what smugglers play with. */
static const struct {
	const char *name, *reason;
} singles[] = {
	{ "Host", "There are two Host headers." },                       /* RFC 9112 3.2 */
	{ "Content-Length", "There are two Content-Length headers." },   /* RFC 9112 6.3 */
	{ "Transfer-Encoding", "There are two Transfer-Encoding headers." },
	{ "Authorization", "There are two Authorization headers." },     /* RFC 9110 5.3 */
};

static void check_singles(struct http_head *h)
{
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
		size_t at = 0;
		struct slice value;

		if (http_head_next(h, singles[i].name, &at, &value) &&
		    http_head_next(h, singles[i].name, &at, &value))
			refuse(h, 400, singles[i].reason);
	}
}

/* RFC 9112 3.2. */
static void check_host(struct http_head *h)
{
	struct slice host;

	if (!has_field(h, "Host", &host)) {
		if (!h->http_1_0)
			refuse(h, 400, "The Host header is missing.");
	} else if (!http_host_is_valid(host)) {
		refuse(h, 400, "The Host header is not a host.");
	}
}

enum framing { BODY_NONE, BODY_LENGTH, BODY_CHUNKED };

/* RFC 9112 6.1 and 6.3. */
static enum framing check_framing(struct http_head *h)
{
	struct slice coding, length;
	bool has_coding = has_field(h, "Transfer-Encoding", &coding);
	bool has_length = has_field(h, "Content-Length", &length);
	enum framing framing = BODY_NONE;

	if (has_coding && (has_length || h->http_1_0))
		refuse(h, 400, "The length of the body is said in two ways.");
	if (has_coding && !slice_is_nocase(coding, "chunked"))
		refuse(h, 400, "Of the transfer codings only chunked is known.");
	if (has_coding)
		return BODY_CHUNKED;
	if (has_length && length.len == 0)
		refuse(h, 400, "The Content-Length is not a number.");
	for (size_t i = 0; has_length && i < length.len; i++) {
		if (length.at[i] < '0' || length.at[i] > '9')
			refuse(h, 400, "The Content-Length is not a number.");
		if (length.at[i] != '0')
			framing = BODY_LENGTH;
	}
	return framing;
}

static void check_method(struct http_head *h, enum framing framing)
{
	if (h->method == HTTP_OTHER) {
		/* Without a body the connection may live on. */
		bool go_on = framing == BODY_NONE && !h->close && !h->refused;

		refuse(h, 405, "Only GET and HEAD are taken here.");
		h->close = !go_on;
	} else if (framing == BODY_CHUNKED) {
		refuse(h, 411, "No request body is taken here.");        /* RFC 9112 6.3 */
	} else if (framing == BODY_LENGTH) {
		refuse(h, 413, "No request body is taken here.");
	}
}

static void check_whole(struct http_head *h)
{
	size_t at = 0;
	struct slice value;
	const char *wrong;

	/* RFC 9112 9.3; HTTP/1.0 did not agree on how to stay. */
	h->close = h->http_1_0;
	while (http_head_next(h, "Connection", &at, &value))
		if (http_list_has(value, "close"))
			h->close = true;
	check_singles(h);
	check_host(h);
	check_method(h, check_framing(h));
	if (h->refused)
		return;
	wrong = http_target_read(h->target, &h->path, &h->query);
	if (wrong)
		refuse(h, 400, wrong);
}

/* The request line is the first of `text`; its place may have moved since. */
static void settle_target(struct http_head *h)
{
	struct slice text = buf_slice(&h->text);
	struct slice rest = slice_from(text, slice_find(text, ' ') + 1);

	h->target = slice_head(rest, slice_find(rest, ' '));
}

/* ==== Reading ==== */

/* The bytes of the next line with its CR LF; 0: it is not all there. */
static size_t find_line(struct http_head *h, struct slice unread)
{
	size_t most = h->has_line ? HTTP_FIELDS_MAX - h->fields_len : HTTP_REQUEST_LINE_MAX;
	size_t end = slice_find(slice_head(unread, most), '\n');

	if (end < unread.len && end < most)
		return end + 1;
	if (unread.len < most)
		return 0;
	if (h->has_line)
		refuse(h, 431, "The headers are too long.");
	else
		refuse(h, 414, "The address is too long.");
	return 0;
}

/* A request line is `line` without its end.  True: that was the head's last. */
static bool take_line(struct http_head *h, struct slice line)
{
	size_t start = h->text.len;
	bool first = !h->has_line;

	if (first && line.len == 0 && !h->blank) {
		h->blank = true;         /* RFC 9112 2.2: one empty line is forgiven */
		return false;
	}
	if (!first && line.len == 0) {
		settle_target(h);
		check_whole(h);
		return true;
	}
	buf_add(&h->text, line);
	line = slice_from(buf_slice(&h->text), start);
	if (first)
		request_line(h, line);
	else
		field_line(h, line);
	return h->refused != 0;
}

bool http_head_read(struct http_head *h, struct slice unread, size_t *used)
{
	*used = 0;
	while (!h->refused && *used < unread.len) {
		struct slice rest = slice_from(unread, *used);
		size_t len;

		/* Something else altogether, TLS for one, may never send a line end. */
		if (!h->has_line && rest.at[0] != '\r' && !http_is_token_byte(rest.at[0])) {
			refuse(h, 400, "This is not HTTP.");
			break;
		}
		len = find_line(h, rest);
		if (len == 0)
			break;
		*used += len;
		if (h->has_line)
			h->fields_len += len;
		if (len < 2 || rest.at[len - 2] != '\r')
			refuse(h, 400, "A line does not end in CR LF.");
		else if (take_line(h, slice_head(rest, len - 2)))
			return true;
	}
	return h->refused != 0;
}
