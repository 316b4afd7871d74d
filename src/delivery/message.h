#ifndef DELIVERY_MESSAGE_H
#define DELIVERY_MESSAGE_H

#include "base/list.h"
#include "trace.h"

struct calendar;
struct store;

/* One message from its first byte to its place in INBOX, and from there into the
 * calendar when it carries an invitation.  Loop thread. */
struct message;

struct message_options {
	struct store *store;
	struct calendar *calendar;       /* NULL: not for the calendar */
	struct smtp_feed *feed;
	const struct trace *trace;       /* read now, not kept */
	struct list *among;              /* those that run */
};
struct message *message_new(const struct message_options *o);
bool message_add(struct message *m, struct slice text);  /* as smtp_backend.message_bytes */

/* Answers q when the message is safe, or is not.  Frees itself. */
void message_commit(struct message *m, struct smtp_question *q);
void message_free(struct message *m);                    /* abandons it; not after commit */

/* Whoever waits for q has gone: the message goes its way all the same. */
void message_forget(struct list *among, const struct smtp_question *q);

#endif
