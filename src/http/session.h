#ifndef HTTP_SESSION_H
#define HTTP_SESSION_H

#include "auth/auth.h"
#include "http/http.h"
#include "request.h"

/* What session.c (the connection's life) and answer.c (one answer) share. */

enum {
	/* Kept open for the next request; also the longest a client may take
	 * nothing of an answer. */
	HTTP_IDLE_S = 60,
	/* From a request's first byte to its last. */
	HTTP_READ_S = 30,
	/* From then to the end of the answer: 16 MiB at 30 KB/s. */
	HTTP_ANSWER_S = 600,
	/* What is said again to somebody who asks too often for a password. */
	HTTP_LATER_S = 15,
};

struct http_session {
	struct session base;
	const struct http_server *server;
	struct http_request *request;    /* NULL between requests */
	struct auth_request auth;
	bool stopping;                   /* the daemon ends */
};

enum http_state {
	HTTP_READING,
	HTTP_ASKING,                     /* auth has the password */
	HTTP_RUNNING,                    /* the route has it, and alone ends it */
	HTTP_SENDING,
};

struct http_request {
	struct http_session *session;    /* NULL while RUNNING: the client has gone */
	enum http_state state;
	struct http_head head;
	const struct http_route *route;  /* NULL: none, or not looked for */
	struct http_response response;   /* while SENDING: body and released only */
	size_t sent;                     /* of the body */
	char text[128];                  /* the body of a refusal */
	bool close;
};

struct http_request *http_request_new(struct http_session *s);

/* Frees; the body of an answer under way is released and the log told. */
void http_request_end(struct http_request *r);

/* Answers with one line, `text` and a line end (copied); may end the request, as http_respond() may. */
void http_refuse(struct http_request *r, int status, const char *text);

/* Sends on; ends the request when all is sent. */
void http_send_more(struct http_request *r);

/* The answer is sent: the next request may come, or the connection ends. */
void http_answered(struct http_session *s, bool close);

#endif
