#ifndef IMAP_APPEND_URL_H
#define IMAP_APPEND_URL_H

#include "session.h"

/*
 * The octets of a message or part that a URL names, slice by slice: for CATENATE
 * (RFC 4469).  Belongs to the running command, whose resume is called when there is
 * something.  Loop thread.
 */
struct url_copy;

/* NULL: that is no URL of a message. */
struct url_copy *url_copy_new(struct imap_session *s, struct slice url);
/* The mailbox it names, NULL: the selected one; then takes that.  False: its UIDs are
 * not those that are meant. */
const char *url_copy_mailbox(const struct url_copy *c);
bool url_copy_open(struct url_copy *c, struct mailbox *m);
/* A slice is on its way.  False: the lane is full. */
bool url_copy_more(struct url_copy *c);
/* What came: the octets are the caller's until url_copy_more(); *size is how many there
 * are of them in all, *end that none are behind these.  False: there is no such message
 * or part. */
bool url_copy_take(const struct url_copy *c, struct slice *octets, uint64_t *size, bool *end);
/* Any time; NULL is fine. */
void url_copy_free(struct url_copy *c);

#endif
