#ifndef IMAP_SEARCH_AGAIN_H
#define IMAP_SEARCH_AGAIN_H

#include "search_job.h"

/* A search that is asked more than once, of messages that came or changed. */

/* Message numbers in the criteria mean from now on the messages that have them in
 * `view` (RFC 5267 4.3: "evaluated at the time the command is received"). */
void search_plan_pin(struct search_plan *p, const struct snapshot *view);

/* Gives back what a finished job holds; its plan stays. */
void search_job_rest(struct search_job *j);

/* Asks once more, over another view, of the messages with those UIDs. */
void search_job_again(struct search_job *j, struct mailbox *m, const struct snapshot *view,
		      const struct uid_set *recent, const struct uid_set *only);

#endif
