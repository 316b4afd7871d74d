#ifndef IMAP_SORT_H
#define IMAP_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"
#include "base/arena.h"
#include "mime/keys.h"
#include "store/snapshot.h"

/*
 * Putting messages in order (RFC 5256 3, SORT; RFC 5957).  A sorter keeps of each
 * message only what its criteria need, and sorts in steps, so that a million messages
 * do not hold a lane for seconds.  Pure, but for the clock.
 */
enum sort_key {
	SORT_ARRIVAL, SORT_CC, SORT_DATE, SORT_FROM, SORT_SIZE, SORT_SUBJECT, SORT_TO,
	SORT_DISPLAYFROM, SORT_DISPLAYTO,
	SORT_KEYS
};

struct sort_program {
	size_t count;
	/* Each key once: behind its first place it decides nothing more. */
	struct sort_criterion { enum sort_key key; bool reverse; } at[SORT_KEYS];
};

/* sort-criteria, parentheses included.  `display`: RFC 5957's are among them. */
bool sort_program_parse(struct sort_program *out, struct imap_args *a, bool display);

struct sort_row;

/* Of all values together: 250 bytes for each of a million messages.  Strangers write
 * subjects and names. */
enum { SORT_VALUES_MAX = 256 * 1024 * 1024 };

struct sorter {
	struct sort_program program;
	struct arena *values;
	struct sort_row *rows, *spare;
	size_t count, cap;
	bool too_much;                   /* SORT_VALUES_MAX: this is no order */
	/* The place: runs of `width` rows are sorted; two are being merged. */
	size_t width, from, left, right, to;
};

void sorter_init(struct sorter *s, const struct sort_program *program);
void sorter_release(struct sorter *s);
/* `number` is larger than any before: among equals the smaller is first. */
void sorter_add(struct sorter *s, uint32_t number, const struct message_info *m,
		const struct mime_keys *k);
/* Goes on until that time (clock_mono_ms).  True: it is sorted. */
bool sorter_step(struct sorter *s, uint64_t until);
uint32_t sorter_number(const struct sorter *s, size_t at);

/* RFC 5256 2.2. */
int64_t sort_sent(const struct message_info *m, const struct mime_keys *k);

#endif
