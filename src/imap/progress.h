#ifndef IMAP_PROGRESS_H
#define IMAP_PROGRESS_H

#include "session.h"

/*
 * INPROGRESS (RFC 9585): a client that waits long is told that work goes on, and
 * how far it is where the command says so (imap_running.done and goal).
 */
void imap_progress_init(struct imap_session *s);
/* The command under way waits for a job. */
void imap_progress_begin(struct imap_session *s);
/* It is over. */
void imap_progress_end(struct imap_session *s);

#endif
