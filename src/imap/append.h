#ifndef IMAP_APPEND_H
#define IMAP_APPEND_H

#include "base/lines.h"
#include "literal.h"
#include "session.h"
#include "store/spool.h"

struct url_copy;

enum {
	APPEND_PIECE = 32 * 1024,    /* bytes are taken in so many */
	/* A mailbox's name or a URL with every byte as %XX. */
	APPEND_STRING_MAX = 8 * 1024,
};

/* What is to be read next of the line. */
enum append_next {
	NEXT_MAILBOX,                /* REPLACE: APPEND's is read before */
	NEXT_MESSAGE,                /* flags, date and data of one; or the end */
	NEXT_WHOLE,                  /* nothing of this message: its literal was all */
	NEXT_CLOSE,                  /* the parenthesis behind UTF8 (~{5}, then as above */
	NEXT_PART,                   /* CATENATE: TEXT, URL or UTF8 */
	NEXT_URL,                    /* the string behind URL */
	NEXT_PART_CLOSE,             /* the parenthesis behind UTF8 (~{5} */
	NEXT_PART_END,               /* a space and another part, or the end of the list */
};

/* What reading it found. */
enum append_found {
	FOUND_STRING,                /* the line's literal is a string of the line itself */
	FOUND_LITERAL,               /* the line's literal is bytes of the message */
	FOUND_URL,                   /* append.url is the next piece of it */
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
	struct slice written;        /* the same, as the client of APPEND spelt it */
	bool asked;                  /* whether there is such a folder */

	/* REPLACE. */
	uint32_t old_uid;            /* 0: it is APPEND */
	uint64_t old_size;

	/* The line being read, and the literal that ends it. */
	struct imap_args line;
	struct buf text;             /* the second line and those behind it */
	size_t line_at;              /* in text: behind the strings that came as literals */
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
	bool raw;                    /* the literal is a literal8: bytes as they come */
	bool binary;                 /* there was one */
	struct slice url;
	struct url_copy *copy;
	size_t copy_at;              /* of the slice in it */

	/* Messages before it. */
	struct spool_group *group;
	size_t count;
	uint64_t total;

	uint32_t uid_validity;
	struct buf uids;             /* "5:7,9" */
};

/* ---- cmd_append.c: callers return what these return ---- */

/* What the client sends unasked has to be read all the same. */
void append_pass_over(struct imap_session *s, struct append *a);
/* NO, with what is left of the command passed over. */
enum imap_progress append_refuse(struct imap_session *s, struct imap_running *cmd, const char *why);
enum imap_progress append_refuse_status(struct imap_session *s, struct imap_running *cmd,
					enum store_status st);
/* Goes on with the line. */
enum imap_progress append_read_line(struct imap_session *s, struct imap_running *cmd);

/* ---- append_data.c ---- */

/* The message under way has a spool after it. */
void append_need_spool(struct imap_session *s, struct append *a);
/* At most APPEND_PIECE bytes, whatever they are.  RFC 6855 4 would have 8-bit headers
 * refused to a client that did not enable UTF8=ACCEPT; but such headers are all over old
 * mail, the client that moves it has nothing else to send, and a refused message is lost. */
void append_add_bytes(struct append *a, struct slice piece);
/* What was held back is given out. */
void append_end_bytes(struct append *a);
/* a->url is the next piece. */
enum imap_progress append_begin_url(struct imap_session *s, struct imap_running *cmd);

/* The next thing of the line (append_line.c).  False: line.wanted says what is wrong. */
bool append_parse(const struct imap_session *s, struct append *a);

#endif
