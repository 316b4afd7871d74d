#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "net/conn.h"

struct auth;
struct network_set;

/*
 * A small HTTP/1.1 server (RFC 9110, 9112) for GET and HEAD: reads a request,
 * asks for the password where the route wants one, calls the route.  Keep-alive and
 * pipelining; request bodies are refused.  What the request itself forbids is
 * answered here and never reaches a route: 400 401 404 405 408 411 413 414 429 431
 * 501 505.  Loop thread.
 */
struct http_request;

/* Of the request being answered: views that live until http_respond(). */
struct slice http_path(const struct http_request *r);            /* percent-decoded, without the query */
struct slice http_query(const struct http_request *r);           /* raw, without "?" */
struct slice http_header(const struct http_request *r, const char *name);  /* the first; at NULL: not sent */
bool http_is_head(const struct http_request *r);
/* The client's connection is encrypted.  Not what a proxy says of its own. */
bool http_is_secure(const struct http_request *r);
/* True when the client takes gzip (RFC 9110 12.5.3, q=0 respected). */
bool http_accepts_gzip(const struct http_request *r);

/* The body must live until released(); the strings only as long as the call.
 * Strings become header lines as they are: never what a peer sent. */
struct http_response {
	int status;
	const char *type;                /* Content-Type; NULL: no body */
	struct slice body;
	const char *etag;                /* with quotes; NULL: none */
	int64_t modified;                /* 0: none */
	const char *encoding;            /* "gzip"; NULL: none */
	const char *disposition;         /* Content-Disposition; NULL: none */
	const char *cache;               /* Cache-Control; NULL: "no-cache" */
	const char *vary;                /* NULL: none */
	/* Called once, when the body is no longer needed: it may be within
	 * http_respond().  May be NULL. */
	void (*released)(void *held);
	void *held;
};

/* Answers, exactly once for each run(), at once or later; r is gone with the call.
 * When the client has gone meanwhile it only calls released().  If-Match,
 * If-None-Match and their kin are evaluated here (RFC 9110 13): a 200 that the
 * client has already becomes 304, one that it does not want 412.  HEAD sends no body.
 * Bodies larger than the output buffer are sent as the client reads. */
void http_respond(struct http_request *r, const struct http_response *response);

/* The first that fits is taken. */
struct http_route {
	const char *path;                /* exact; a trailing "*" takes any rest */
	bool open;                       /* no password asked */
	bool quiet;                      /* asked often: its successes are logged at DEBUG */
	void (*run)(void *ctx, struct http_request *r);
};

/*
 * Of a request that a "*" route takes the log has the route's path, not the
 * client's: the rest may be a secret.  No query is ever logged.
 */
struct http_server {
	struct auth *auth;               /* may be NULL when every route is open */
	const char *realm;
	const struct http_route *routes; /* ends with a NULL path; else 404 */
	void *ctx;
	const struct network_set *proxies;       /* believed for X-Forwarded-For; NULL: nobody */
	/* The warning about a password in the clear was given: the caller's, false
	 * at first, shared by all servers of the process.  NULL: it comes each time. */
	bool *warned_clear;
	bool log_protocol;               /* DEBUG: never a query, Authorization or Cookie */
};

extern const struct protocol http_protocol;      /* open() wants struct http_server */

#endif
