/*
 * BDAT (RFC 3030 2).  The bytes of a chunk follow its line whatever the answer
 * is, so a refused one is read and dropped before the refusal is written; one
 * whose size cannot be read leaves no way to find the next command.
 */
#include "base/text.h"
#include "session.h"

static bool parse(struct slice args, uint64_t *size, bool *last)
{
	struct slice number = slice_head(args, slice_find(args, ' '));
	struct slice rest = slice_trim(slice_from(args, number.len));

	*last = slice_is_nocase(rest, "LAST");
	return text_number(number, UINT64_MAX >> 1, size) && (rest.len == 0 || *last);
}

static void no_size(struct smtp_session *s)
{
	smtp_reply(s, 501, "5.5.4", "Syntax: BDAT size [LAST]");
	smtp_reply(s, 421, "4.7.0", "%s Cannot find the next command, goodbye", s->server->hostname);
}

/* The refusal has been decided on (and written: pipelining clients read replies
 * in order, not in time); what is left is to swallow the bytes. */
void smtp_refuse_chunk(struct smtp_session *s, struct slice args)
{
	uint64_t size;
	bool last;

	if (!parse(args, &size, &last)) {
		smtp_reply(s, 421, "4.7.0", "%s Cannot find the next command, goodbye", s->server->hostname);
		return;
	}
	s->chunk_size = s->chunk_left = size;
	s->chunk_refused = true;
	s->reading = size ? SMTP_READ_CHUNK : SMTP_READ_COMMAND;
}

static void chunk_end(struct smtp_session *s)
{
	s->reading = SMTP_READ_COMMAND;
	if (s->chunk_refused)
		return;
	if (s->chunk_last) {
		struct buf text;
		uint64_t crlf_size = 0;

		buf_init(&text, 2);
		dot_end(&s->dot, &text, &crlf_size);
		smtp_message_add(s, buf_slice(&text), crlf_size);
		buf_release(&text);
		smtp_message_end(s);
	} else if (s->too_big) {
		smtp_reply(s, 552, "5.3.4", "Message too big");
	} else if (s->begin_failed) {
		smtp_reply(s, 451, "4.3.0", "Cannot take a message just now, try later");
	} else {
		smtp_reply(s, 250, "2.0.0", "%llu octets received", (unsigned long long)s->chunk_size);
	}
}

void smtp_run_bdat(struct smtp_session *s, struct slice args)
{
	uint64_t size;
	bool last;

	if (!parse(args, &size, &last)) {
		no_size(s);
		return;
	}
	if (s->state != SMTP_BODY) {
		smtp_message_begin(s);
		dot_begin(&s->dot, false);
		s->state = SMTP_BODY;
	}
	s->chunk_size = s->chunk_left = size;
	s->chunk_last = last;
	s->chunk_refused = false;
	s->reading = SMTP_READ_CHUNK;
	if (size == 0)
		chunk_end(s);
}

size_t smtp_chunk_input(struct smtp_session *s, struct slice unread)
{
	struct slice chunk = slice_head(unread, s->chunk_left < unread.len ? (size_t)s->chunk_left : unread.len);

	s->chunk_left -= chunk.len;
	if (!s->chunk_refused) {
		uint64_t crlf_size = 0;
		struct buf text;

		buf_init(&text, chunk.len + 2);
		dot_add(&s->dot, &text, chunk, &crlf_size);
		smtp_message_add(s, buf_slice(&text), crlf_size);
		buf_release(&text);
	}
	if (s->chunk_left == 0)
		chunk_end(s);
	return chunk.len;
}
