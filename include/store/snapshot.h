#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is in a folder at one moment: immutable and counted, shared by every
 * session that sees that moment.  hold and drop are for the loop thread; a job
 * reads one that its owner holds until done().
 *
 * A session looks at one snapshot until its protocol lets it move to a newer
 * one; the difference is what it tells its client.
 */
struct snapshot;

/* System flags, as bits (RFC 3501 2.3.2).  \Recent is the session's business
 * (mailbox_claim_recent). */
enum message_flags {
	MESSAGE_SEEN     = 1 << 0,
	MESSAGE_ANSWERED = 1 << 1,
	MESSAGE_FLAGGED  = 1 << 2,
	MESSAGE_DELETED  = 1 << 3,
	MESSAGE_DRAFT    = 1 << 4,
};

struct message_info {
	uint32_t uid;
	unsigned flags;                  /* message_flags */
	unsigned keywords;               /* a set of keywords: see snapshot_keywords; 0 is empty */
	uint64_t modseq;
	uint64_t size;                   /* CRLF form: RFC822.SIZE */
	int64_t received;                /* INTERNALDATE, seconds since 1970 */
	int64_t saved;                   /* SAVEDATE, 0: not known */
};

const struct snapshot *snapshot_hold(const struct snapshot *s);
void snapshot_drop(const struct snapshot *s);            /* NULL is fine */

uint32_t snapshot_count(const struct snapshot *s);
uint32_t snapshot_uid_validity(const struct snapshot *s);
uint32_t snapshot_uid_next(const struct snapshot *s);
/* The folder's at that moment: of every change up to then, removals too. */
uint64_t snapshot_modseq(const struct snapshot *s);
/* Messages without \Seen; of one without expunges, those that are there still. */
uint32_t snapshot_unseen(const struct snapshot *s);

/* Message number 1..count.  The result is a copy. */
struct message_info snapshot_message(const struct snapshot *s, uint32_t seq);
uint32_t snapshot_uid(const struct snapshot *s, uint32_t seq);
/* Number of the message with that UID, 0: not in it.  O(log n). */
uint32_t snapshot_seq(const struct snapshot *s, uint32_t uid);
/* Number of the first message whose UID is at least `uid`; count + 1: none. */
uint32_t snapshot_seq_from(const struct snapshot *s, uint32_t uid);

/* The names in a message_info's keyword set; they live as long as the store. */
size_t snapshot_keywords(const struct snapshot *s, unsigned keywords,
			 const char *const **names);
/* Every keyword used in the folder (for FLAGS responses). */
size_t snapshot_all_keywords(const struct snapshot *s, const char *const **names);

enum snapshot_change {
	SNAPSHOT_GONE,                   /* seq is the number in the old one */
	SNAPSHOT_CHANGED,                /* flags or keywords; seq is the number in the new one */
	SNAPSHOT_ADDED,                  /* seq is the number in the new one */
};
typedef void snapshot_diff_fn(void *ctx, enum snapshot_change what, uint32_t seq, uint32_t uid);
/* In the order of UIDs. */
void snapshot_diff(const struct snapshot *from, const struct snapshot *to,
		   snapshot_diff_fn *fn, void *ctx);

/* `to`, with those messages of `from` that are gone from it kept in their
 * places: what a session may see while EXPUNGE responses are forbidden (RFC 3501
 * 7.4.1).  A snapshot to drop, as from hold; it is `to` itself when none is gone. */
const struct snapshot *snapshot_without_expunges(const struct snapshot *from,
						 const struct snapshot *to);

#endif
