/*
 * Needles in texts that come in pieces: the end of each piece is looked at again
 * with the next, as long as the longest needle; between texts nothing is kept.
 */
#include "search_body.h"

#include <string.h>

enum {
	/* A piece of a body is some hundred kilobytes, the value of a field 8 MiB at the
	 * most (mime/search_text.c). */
	WINDOW_MAX = 9 * 1024 * 1024,
};

/* Those of the plan's keys that read messages. */
static void collect(struct search_body *b, struct search_key *key)
{
	for (; key; key = key->next) {
		if (key->kind >= SEARCH_HEADER)
			b->keys[b->count++] = key;
		collect(b, key->child);
	}
}

void search_body_init(struct search_body *b, const struct search_plan *plan, struct arena *keep)
{
	*b = (struct search_body){ .longest = plan->needle_longest };
	b->keys = arena_array(keep, plan->needles + 1, sizeof(struct search_key *));
	collect(b, plan->root);
	search_text_init(&b->text);
	buf_init(&b->window, WINDOW_MAX);
}

void search_body_release(struct search_body *b)
{
	search_text_release(&b->text);
	buf_release(&b->window);
}

static bool has(struct slice text, struct slice needle)
{
	return needle.len == 0 ||
	       (text.len >= needle.len && memmem(text.at, text.len, needle.at, needle.len));
}

static bool is_met(const struct search_key *key, struct slice text,
		   const struct search_piece *piece)
{
	switch (key->kind) {
	case SEARCH_HEADER:
		return piece->name.len && slice_equal_nocase(piece->name, key->name) &&
		       has(piece->value, key->needle);
	case SEARCH_BODY:
		return piece->body && has(text, key->needle);
	default:
		return has(text, key->needle);
	}
}

/* `text`: the piece, and perhaps the end of the one before. */
static void look(struct search_body *b, struct slice text, const struct search_piece *piece)
{
	b->all_answered = true;
	for (size_t i = 0; i < b->count; i++) {
		struct search_key *key = b->keys[i];

		if (key->asked == b->seq)
			continue;
		if (!is_met(key, text, piece)) {
			/* Behind the first body no field of the message comes any more. */
			if (key->kind != SEARCH_HEADER || !piece->body)
				b->all_answered = false;
			continue;
		}
		key->asked = b->seq;
		key->answer = true;
	}
}

static void take_piece(void *ctx, const struct search_piece *piece)
{
	struct search_body *b = ctx;
	size_t again = b->longest ? b->longest - 1 : 0;

	if (b->all_answered)
		return;
	if (piece->begins)
		buf_clear(&b->window);
	if (b->window.len == 0) {
		look(b, piece->text, piece);
		buf_add(&b->window, slice_from(piece->text, piece->text.len > again ?
						piece->text.len - again : 0));
		return;
	}
	buf_add(&b->window, piece->text);
	look(b, buf_slice(&b->window), piece);
	if (b->window.len > again)
		buf_consume(&b->window, b->window.len - again);
}

static ssize_t read_message(void *reader, uint64_t at, void *out, size_t len)
{
	return reader_read(reader, at, out, len);
}

bool search_body_begin(struct search_body *b, struct reader *r, uint32_t seq)
{
	const struct mime_part *root = reader_parts(r);

	b->seq = seq;
	b->all_answered = false;
	search_text_begin(&b->text, root, read_message, r, take_piece, b);
	return root != NULL;
}

/* An empty string is in every message, but not in every field. */
static void answer_the_rest(struct search_body *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct search_key *key = b->keys[i];

		if (key->asked == b->seq)
			continue;
		key->asked = b->seq;
		key->answer = key->needle.len == 0 && key->kind != SEARCH_HEADER;
	}
}

bool search_body_step(struct search_body *b)
{
	if (!b->all_answered && search_text_step(&b->text))
		return true;
	answer_the_rest(b);
	return false;
}

/* ---- Known texts ---- */

static void begin_known(struct search_body *b, uint32_t seq)
{
	b->seq = seq;
	b->all_answered = false;
	b->text.part = NULL;
	buf_clear(&b->window);
}

static void take_field(void *ctx, const struct search_piece *piece)
{
	struct search_body *b = ctx;

	for (size_t i = 0; i < b->count; i++) {
		struct search_key *key = b->keys[i];

		if (!key->field_apart || key->asked == b->seq || !is_met(key, piece->text, piece))
			continue;
		key->asked = b->seq;
		key->answer = true;
	}
}

bool search_body_fields(struct search_body *b, struct reader *r, uint32_t seq)
{
	begin_known(b, seq);
	if (!reader_fields(r, seq, take_field, b))
		return false;
	for (size_t i = 0; i < b->count; i++) {
		struct search_key *key = b->keys[i];

		if (!key->field_apart || key->asked == seq)
			continue;
		key->asked = seq;
		key->answer = false;
	}
	return true;
}

bool search_body_known(struct search_body *b, struct reader *r, uint32_t seq)
{
	begin_known(b, seq);
	if (!reader_texts(r, seq, take_piece, b, &b->all_answered))
		return false;
	answer_the_rest(b);
	return true;
}
