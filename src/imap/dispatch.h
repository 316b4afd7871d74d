#ifndef IMAP_DISPATCH_H
#define IMAP_DISPATCH_H

#include "session.h"

/* The beginning of a command, and what the table says to it. */
struct imap_head {
	struct slice tag;                /* len 0: there is none that can be read */
	const struct imap_command *command;      /* NULL: unknown */
	bool uid;
	struct slice args;               /* what follows the name, with its space */
	const struct imap_literal *own;  /* see imap_running.own */
	const char *refusal;             /* NULL: welcome; else "BAD text" or "NO text" */
};

/* Reads the head of `text` and tests TLS, state and what bare commands may have. */
void imap_head_read(const struct imap_session *s, struct slice text, struct imap_head *head);

/* Writes head->refusal; counts it. */
void imap_refuse(struct imap_session *s, const struct imap_head *head);

/* Runs the collected command. */
void imap_start(struct imap_session *s, const struct imap_head *head);

/* Runs a command that the session gives itself, while there is none, or over IDLE. */
void imap_run_unasked(struct imap_session *s, const struct imap_command *c, struct slice args);

/* The session is closing.  IDLE may lie under the command: then once more. */
void imap_drop_command(struct imap_session *s);

/* From the connection. */
size_t imap_command_take(struct imap_session *s, struct slice unread);
void imap_command_drained(struct imap_session *s);

#endif
