#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "net/conn.h"

struct auth;

/*
 * A small HTTP/1.1 server (RFC 9110, 9112) for GET and HEAD: reads a request,
 * asks for the password where the route wants one, calls the route.  Keep-alive and
 * pipelining; request bodies are refused.  Loop thread.
 */
struct http_request;

/* Of the request being answered: views that live until http_respond(). */
struct slice http_path(const struct http_request *r);            /* percent-decoded, without the query */
struct slice http_query(const struct http_request *r);           /* raw, without "?" */
struct slice http_header(const struct http_request *r, const char *name);  /* at NULL: not sent */
bool http_is_head(const struct http_request *r);
/* True when the client takes gzip (RFC 9110 12.5.3, q=0 respected). */
bool http_accepts_gzip(const struct http_request *r);

struct http_response {
	int status;
	const char *type;                /* Content-Type; NULL: no body */
	struct slice body;               /* must live until released() */
	const char *etag;                /* with quotes; NULL: none */
	int64_t modified;                /* 0: none */
	const char *encoding;            /* "gzip"; NULL: none */
	const char *cache;               /* Cache-Control; NULL: "no-cache" */
	const char *vary;                /* NULL: none */
	/* Called once, when the body is no longer needed.  May be NULL. */
	void (*released)(void *held);
	void *held;
};

/* Answers, exactly once for each run(), at once or later.  If-None-Match and
 * If-Modified-Since are evaluated here (RFC 9110 13): a 200 with a matching
 * validator becomes 304.  HEAD sends no body.  Bodies larger than the output
 * buffer are sent as the client reads. */
void http_respond(struct http_request *r, const struct http_response *response);

struct http_route {
	const char *path;                /* exact; a trailing "*" takes any rest */
	bool open;                       /* no password asked */
	void (*run)(void *ctx, struct http_request *r);
};

struct http_server {
	struct auth *auth;
	const char *realm;
	const struct http_route *routes; /* ends with a NULL path; else 404 */
	void *ctx;
	const struct network_set *proxies;       /* believed for X-Forwarded-For; NULL: nobody */
	bool log_protocol;
};

extern const struct protocol http_protocol;      /* open() wants struct http_server */

#endif
