#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "net/conn.h"

/*
 * RFC 5321 as a conversation, receiving side.  What an address means, whether to
 * wait and where a message goes is asked of the backend; delivery/ is the real
 * one, tests have their own.  Loop thread.
 */

/* A mailbox as MAIL and RCPT give it (RFC 5321 4.1.2), source route dropped. */
struct smtp_path {
	const char *text;        /* "a.b@example.com", as it was written; "" is the null path <> */
	const char *local;       /* quotes and escapes taken off: what is compared */
	const char *domain;      /* lower case; "" for <Postmaster> and <> */
};

struct smtp_transaction {
	struct conn *conn;       /* peer, TLS, id: read only; NULL in some tests */
	const char *helo;        /* what the client called itself: safe characters only */
	bool esmtp;              /* EHLO rather than HELO */
	bool utf8;               /* SMTPUTF8 was asked for (RFC 6531) */
	bool body_8bit;          /* BODY=8BITMIME */
	uint64_t size;           /* MAIL SIZE=, 0: not said */
	struct smtp_path from;
	const struct smtp_path *to;      /* accepted so far */
	size_t to_count;
	unsigned *note;          /* the backend's memory of this transaction; 0 at MAIL */
};

/* What the client is told: "250 2.1.5 Recipient accepted". */
struct smtp_verdict {
	int code;                /* 250 accepts; any 4xx or 5xx refuses; 421 also ends the connection */
	const char *enhanced;    /* "2.1.5" (RFC 3463) */
	const char *text;        /* one line; copied.  Helps the postmaster who reads it */
};

/* A question the backend answers exactly once, at once or later from the loop. */
struct smtp_question;
void smtp_answer(struct smtp_question *q, const struct smtp_verdict *v);

/* The way a running message asks for more after it said "wait". */
struct smtp_feed;
void smtp_feed_room(struct smtp_feed *feed);

struct smtp_backend {
	void *ctx;

	/* MAIL was given.  Synchronous policy (size against the disk, shutdown): an
	 * answer other than 250 refuses the sender.  May be NULL. */
	struct smtp_verdict (*sender)(void *ctx, const struct smtp_transaction *t);

	/* RCPT.  Transaction and path live until the answer. */
	void (*recipient)(void *ctx, const struct smtp_transaction *t,
			  const struct smtp_path *to, struct smtp_question *q);

	/* DATA, or the first BDAT: begins a message for the accepted recipients.  The
	 * transaction lives until message_end's answer or message_abandon.  NULL: try
	 * later (451 4.3.0). */
	void *(*message_begin)(void *ctx, const struct smtp_transaction *t,
			       struct smtp_feed *feed);

	/* Bytes with LF line ends (dots undone, line ends normalised).  False: taken,
	 * but wait for smtp_feed_room(). */
	bool (*message_bytes)(void *message, struct slice bytes);

	/* All is there.  250 only when it is safe on disk. */
	void (*message_end)(void *message, struct smtp_question *q);

	/* Never mind: the connection went, RSET, too big.  Not after message_end. */
	void (*message_abandon)(void *message);

	/* The connection went while this question was open: it must not be
	 * answered any more.  What was begun by message_end goes on. */
	void (*question_abandon)(void *ctx, struct smtp_question *q);
};

struct smtp_server {
	const char *hostname;            /* banner, EHLO */
	const char *domain;              /* for texts only: the backend decides */
	uint64_t size_max;               /* MAX_MESSAGE_SIZE; 552 5.3.4 above */
	unsigned recipients_max;         /* 452 4.5.3 above; announced by LIMITS (RFC 9422) */
	bool log_protocol;               /* DEBUG: never message text */
	struct smtp_backend backend;
};

extern const struct protocol smtp_protocol;      /* open() wants struct smtp_server */

#endif
