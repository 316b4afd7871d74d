#ifndef IMAP_NOTIFY_H
#define IMAP_NOTIFY_H

#include "notify_request.h"
#include "session.h"

/*
 * What a session was told to tell of by NOTIFY (RFC 5465).  s->notify is NULL until the
 * first one; from then on nothing is told that it does not want.
 */
enum {
	/* Each is open for as long as the session wants it: two inotify watches and its
	 * table in memory.  Past it NOTIFICATIONOVERFLOW. */
	NOTIFY_BOXES_MAX = 256,
	/* Changes of names since the folders were last listed, which takes milliseconds;
	 * and what was made of them and not sent, which a client that reads is sent at once. */
	NOTIFY_NEWS_MAX = 256, NOTIFY_LINES_MAX = 256 * 1024,
};

struct notify_news {
	enum { NEWS_NAME, NEWS_RENAME, NEWS_SUBSCRIPTION, NEWS_METADATA } what;
	bool own;                        /* this session did it: not told */
	bool made;                       /* the folder is new */
	char *name, *other;              /* the old name, or the annotation's */
};

struct imap_notify {
	struct imap_session *s;
	struct notify_request request;
	struct list boxes;               /* notify_box.c: mailboxes that are watched */
	size_t box_count;
	struct store_watcher names;
	struct annotation_watcher annotations;
	struct notify_news news[NOTIFY_NEWS_MAX];
	size_t news_count;
	size_t news_asked;               /* the listing under way answers so many */
	bool listing, list_again;
	bool opening;                    /* a box is */
	bool overflow;                   /* of notifications: to be told, and nothing after it */
	enum store_status failed;        /* the listing's */
	void (*ready)(struct imap_notify *n);    /* what is to be watched is; once */
	struct buf lines;                /* responses about names and annotations */
	struct uid_set own;              /* what this session put into the selected mailbox */
	struct deferred push;
	struct timer retry;
};

/* To be filled: request. */
struct imap_notify *imap_notify_new(struct imap_session *s);
void imap_notify_free(struct imap_notify *n);            /* NULL is fine */
/* Opens what is to be watched, then calls ready(), never from here. */
void imap_notify_prepare(struct imap_notify *n, void (*ready)(struct imap_notify *n));

/* ---- For the session; all of it harmless without NOTIFY ---- */
void imap_notify_end(struct imap_session *s);            /* as if there had been none */
/* Tells what there is to be told, when no command is under way, or IDLE; not from here. */
void imap_notify_wake(struct imap_session *s);
/* The same but for the selected mailbox, before a tagged reply. */
void imap_notify_tell(struct imap_session *s);
/* Whether the selected mailbox is spoken of at all, and its changes of flags. */
bool imap_notify_moves(const struct imap_session *s);
bool imap_notify_flags(const struct imap_session *s);
/* The selected mailbox's view was `from` and is `to`; all is told. */
void imap_notify_moved(struct imap_session *s, const struct snapshot *from,
		       const struct snapshot *to);
void imap_notify_unselects(struct imap_session *s);      /* s->mailbox is there still */
/* The session itself made these messages, in the mailbox with that UIDVALIDITY. */
void imap_notify_own(struct imap_session *s, uint32_t uid_validity, const uint32_t *uids,
		     size_t count);

/* ---- Between notify.c and notify_box.c ---- */
void notify_list(struct imap_notify *n);                 /* the folders, again */
void notify_settled(struct imap_notify *n);              /* something that was waited for is over */
void notify_retry(struct imap_notify *n);                /* later, once more */
/* The folders there are now: boxes come and go. */
void notify_boxes_match(struct imap_notify *n, const struct folder_entry *folders, size_t count);
void notify_boxes_open(struct imap_notify *n);           /* the next that is not */
void notify_boxes_renamed(struct imap_notify *n, const char *from, const char *to);
void notify_boxes_free(struct imap_notify *n);
void notify_boxes_tell(struct imap_notify *n);           /* STATUS where there is reason */
void notify_boxes_status(struct imap_notify *n);         /* NOTIFY SET STATUS: of each */
void notify_boxes_unselects(struct imap_notify *n);
void notify_boxes_own(struct imap_notify *n, uint32_t uid_validity, const uint32_t *uids,
		      size_t count);

#endif
