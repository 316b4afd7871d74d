#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * The head of a request (RFC 9112), read line by line as it comes.  Pure: knows
 * no connection.  What is wrong is decided in the order of the bytes, so the answer
 * is the same however they were cut.
 */
enum {
	/* RFC 9112 3 asks for 8000 at least; our own addresses have twenty. */
	HTTP_REQUEST_LINE_MAX = 8192,
	/* A browser behind two proxies sends 2 KiB; with somebody else's cookies
	 * for the same host, 8. */
	HTTP_FIELDS_MAX = 16384,
	/* A browser behind two proxies sends thirty. */
	HTTP_FIELD_COUNT_MAX = 100,
};

enum http_method { HTTP_METHOD_NONE, HTTP_GET, HTTP_HEAD, HTTP_OTHER };

struct http_field { uint32_t name, name_len, value, value_len; };   /* places in text */

struct http_head {
	enum http_method method;         /* NONE: not read */
	bool http_1_0;
	bool close;                      /* nothing is read behind this request */
	/* What to answer instead of an answer; 0: nothing is wrong. */
	int refused;
	const char *reason;              /* a sentence for a person */

	/* Valid when the head is whole and not refused. */
	struct buf path;                 /* decoded */
	struct slice query;

	/* The reader's. */
	struct buf text;
	struct slice target;             /* while refused == 0; of text when it is whole */
	struct http_field fields[HTTP_FIELD_COUNT_MAX];
	size_t count, fields_len;
	bool blank, has_line;
};

void http_head_init(struct http_head *h);
void http_head_release(struct http_head *h);     /* wipes: there was a password in it */

/* Takes whole lines of `unread` up to the end of the head; *used is how much of it
 * is done with.  True: the head is whole, or refused: look at h->refused. */
bool http_head_read(struct http_head *h, struct slice unread, size_t *used);

/* The fields called `name`, one a call; *at is 0 at first.  Values are trimmed. */
bool http_head_next(const struct http_head *h, const char *name, size_t *at,
		    struct slice *value);

#endif
