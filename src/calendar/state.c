/*
 * Why the digest lies here and not in the feed: a feed that somebody edited, or that
 * a disk has damaged, is noticed at the start by reading it once, without a parser.
 * This file is written before the feed; between the two, the feed is simply not
 * known, is read as a stranger's, and proves to be ours all the same.
 */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

#define FIRST "letterplate calendar state 1"

void state_digest(char out[STATE_DIGEST], struct slice feed)
{
	snprintf(out, STATE_DIGEST, "%016" PRIx64 "-%zu", hash_stable(HASH_START, feed), feed.len);
}

bool state_write(struct buf *out, const struct set *s, struct slice feed)
{
	char digest[STATE_DIGEST];

	state_digest(digest, feed);
	buf_printf(out, FIRST "\nfeed %s\n", digest);
	for (const struct tombstone *t = s->tombstones; t; t = t->next) {
		buf_printf(out, "cancelled %" PRId64 " %" PRId64 " %s %s ", t->made, t->sequence,
			   t->stamp[0] ? t->stamp : "-", t->occurrence[0] ? t->occurrence : "-");
		buf_add(out, t->uid);
		buf_add_byte(out, '\n');
	}
	return !out->overflow;
}

static struct slice word(struct slice *line)
{
	size_t n = slice_find(*line, ' ');
	struct slice w = slice_head(*line, n);

	*line = slice_from(*line, n + 1);
	return w;
}

static bool copy_word(char out[WHEN_TEXT], struct slice w)
{
	struct when ignored;

	out[0] = '\0';
	if (slice_is(w, "-"))
		return true;
	if (w.len >= WHEN_TEXT || !when_parse(&ignored, w))
		return false;
	memcpy(out, w.at, w.len);
	out[w.len] = '\0';
	return true;
}

void state_read(struct set *s, struct slice state)
{
	while (state.len) {
		struct tombstone t = { .next = NULL };
		size_t n = slice_find(state, '\n');
		struct slice line = slice_head(state, n);
		uint64_t made, sequence;

		state = slice_from(state, n + 1);
		if (!slice_is(word(&line), "cancelled") ||
		    !text_number(word(&line), INT64_MAX, &made) ||
		    !text_number(word(&line), INT32_MAX, &sequence) ||
		    !copy_word(t.stamp, word(&line)) || !copy_word(t.occurrence, word(&line)))
			continue;
		t.made = (int64_t)made;
		t.sequence = (int64_t)sequence;
		t.uid = line;
		if (line.len)
			set_tombstone_add(s, &t);
	}
}

bool state_knows(struct slice state, struct slice feed)
{
	char digest[STATE_DIGEST];

	state_digest(digest, feed);
	while (state.len) {
		size_t n = slice_find(state, '\n');
		struct slice line = slice_head(state, n);

		state = slice_from(state, n + 1);
		if (slice_is(word(&line), "feed"))
			return slice_is(line, digest);
	}
	return false;
}
