/*
 * Every answer gets the same lines that tell a browser to guess, load and keep
 * nothing, so no route can forget them.  Our name and version are told to nobody.
 */
#include "response.h"

#include <assert.h>

#include "base/clock.h"

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ 200, "OK" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

/* RFC 9112 4: the phrase may be empty, and is for a status a route made up. */
static const char *phrase_of(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

static void line(struct buf *out, const char *name, const char *value)
{
	if (value)
		buf_printf(out, "%s: %s\r\n", name, value);
}

static void date_line(struct buf *out, const char *name, int64_t when)
{
	char text[CLOCK_TEXT];

	clock_http(text, when);
	line(out, name, text);
}

void http_response_print(struct buf *out, const struct http_response *r, const char *extra,
			 bool close, int64_t now)
{
	bool bare = r->status == 304;    /* RFC 9110 15.4.5: what describes no body */

	buf_printf(out, "HTTP/1.1 %d %s\r\n", r->status, phrase_of(r->status));
	date_line(out, "Date", now);
	if (!bare) {
		buf_printf(out, "Content-Length: %zu\r\n", r->type ? r->body.len : 0);
		line(out, "Content-Type", r->type);
		line(out, "Content-Encoding", r->encoding);
		line(out, "Content-Disposition", r->disposition);
	}
	line(out, "ETag", r->etag);
	if (r->modified)                 /* never later than Date: RFC 9110 8.8.2.1 */
		date_line(out, "Last-Modified", r->modified < now ? r->modified : now);
	line(out, "Vary", r->vary);
	line(out, "Cache-Control", r->cache ? r->cache : "no-cache");
	buf_add_text(out, extra);
	if (close)
		line(out, "Connection", "close");
	line(out, "X-Content-Type-Options", "nosniff");
	line(out, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	line(out, "Referrer-Policy", "no-referrer");
	buf_add_text(out, "\r\n");
	assert(!out->overflow);
}
