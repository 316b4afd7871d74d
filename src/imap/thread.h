#ifndef IMAP_THREAD_H
#define IMAP_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mime/keys.h"
#include "sort.h"

/*
 * Threads (RFC 5256 3, THREAD; REFS is draft-ietf-morg-inthread's: REFERENCES without
 * what it does with subjects, the threads in the order of their latest messages).
 * Nothing here recurses: a thread may be as deep as a folder is long.  Pure.
 */
enum thread_algorithm { THREAD_ORDEREDSUBJECT, THREAD_REFERENCES, THREAD_REFS };

/* Of messages, and of such that only references speak of: three to each message of a
 * very large folder, at 40 bytes. */
enum { THREAD_NODES_MAX = 4000000 };
/* Strangers write these too: sixteen references to each message of a very large folder,
 * and 256 bytes of its subject. */
enum { THREAD_REFERENCES_TOTAL = 16000000, THREAD_TEXTS_MAX = 256 * 1024 * 1024 };

struct thread_message;
struct thread_node;

struct threader {
	enum thread_algorithm algorithm;
	struct arena *texts;
	struct thread_message *messages; /* message i is node i + 1 */
	uint32_t count, cap;
	uint64_t *references;
	size_t reference_count, reference_cap;
	struct sorter by_date;

	struct thread_node *nodes;       /* 0 is none */
	uint32_t node_count, node_cap;
	uint32_t *slots;                 /* nodes by Message-ID, then by subject */
	uint32_t slot_count;
	uint32_t linked;                 /* messages whose references were followed */
	uint64_t walked;                 /* see thread.c */
	bool too_many;                   /* one of the three ceilings */

	uint32_t *roots;
	uint32_t root_count;
	/* Where printing is. */
	uint32_t root, at;
	bool leaving;
};

void threader_init(struct threader *t, enum thread_algorithm algorithm);
void threader_release(struct threader *t);
/* In the order of the mailbox; texts are copied. */
void threader_add(struct threader *t, const struct message_info *m, const struct mime_keys *k);
/* Goes on until that time.  True: it is done (or there are too many). */
bool threader_step(struct threader *t, uint64_t until);

/* Adds thread-lists to `out` until it holds `enough`.  numbers[i] is what message i is
 * told as.  False: there is more. */
bool threader_print(struct threader *t, struct buf *out, size_t enough, const uint32_t *numbers);

#endif
