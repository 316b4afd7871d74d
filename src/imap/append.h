#ifndef IMAP_APPEND_H
#define IMAP_APPEND_H

#include "base/lines.h"
#include "literal.h"
#include "session.h"
#include "store/spool.h"

/* What is to be read next of the line. */
enum append_next {
	NEXT_MESSAGE,                /* flags, date and data of one; or the end */
	NEXT_WHOLE,                  /* nothing of this message: its literal was all */
};

/* What reading it found. */
enum append_found {
	FOUND_LITERAL,               /* the line's literal is bytes of the message */
	FOUND_WHOLE,                 /* the message is whole */
	FOUND_END,                   /* and it was the last */
};

/* What the client has sent or will send that nobody has read. */
enum append_unread {
	UNREAD_NOTHING,
	UNREAD_LITERAL,              /* `left` bytes and what is behind them */
	UNREAD_LINE,                 /* the line behind a literal */
};

struct append {
	const char *folder;
	bool asked;                  /* whether there is such a folder */

	/* The line being read, and the literal that ends it. */
	struct imap_args line;
	struct buf text;             /* the second line and those behind it */
	struct imap_literal literal;
	bool has_literal;            /* it is still to be begun */
	enum append_unread unread;
	bool line_long;

	/* The message being read. */
	enum append_next next;
	enum append_found found;
	struct arena *arena;         /* its flags */
	struct imap_flags flags;
	int64_t received;
	struct spool *spool;
	uint64_t left;               /* of the literal */
	uint64_t size;               /* CRLF form, with the literal being read */
	struct lf_form lf;
	bool full;                   /* waiting for room in the spool */

	/* Messages before it. */
	struct spool_group *group;
	size_t count;
	uint64_t total;

	uint32_t uid_validity;
	struct buf uids;             /* "5:7,9" */
};

#endif
