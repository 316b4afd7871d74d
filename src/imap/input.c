/*
 * Why a command is collected whole before anything looks at its arguments: a
 * command's effect then never depends on how the network cut it, and a literal
 * is only ever asked for when the command could run.  The one exception is
 * APPEND, whose message may be larger than any memory we would give it; it gets
 * to run at that literal and reads it itself.
 */
#include "input.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dispatch.h"
#include "literal.h"

enum {
	/* RFC 2683 3.2.1.5 asks for 8000 bytes at least; mbsync and Thunderbird
	 * send UID sets of tens of kilobytes. */
	LINE_MAX_BYTES = 64 * 1024,
	/* Search words, mailbox names: never near it. */
	LITERALS_MAX = 64 * 1024,
	/* Before login there are names, passwords and SASL: RFC 4616 has three
	 * times 255 bytes of UTF-8, in base64. */
	FRESH_LINE_MAX = 8 * 1024,
	FRESH_LITERALS_MAX = 4 * 1024,
	LITERAL_MINUS_MAX = 4096,        /* RFC 7888 5 */
	/* Of what is passed over, what may still turn out to be a literal's head. */
	TAIL_KEPT = 64,
	/* Unasked bytes that are read only to be thrown away: more is answered by
	 * BYE (RFC 7888 4).  A client that knows our APPENDLIMIT stays below. */
	FRESH_PASS_OVER_MAX = 64 * 1024,
};

struct imap_input {
	struct buf text;              /* lines keep the CR LF behind a literal's head only */
	size_t literals;              /* bytes of them in text */
	size_t line_at;               /* where the line being read begins: behind the last one */
	uint64_t literal_left;        /* bytes of one still to come */
	bool passing;                 /* up to the end of a refused command */
};

struct imap_input *imap_input_new(void)
{
	struct imap_input *in = mem_alloc(sizeof(*in));

	buf_init(&in->text, LINE_MAX_BYTES + LITERALS_MAX + TAIL_KEPT);
	return in;
}

void imap_input_clear(struct imap_input *in)
{
	size_t max = in->text.max;

	/* It may hold a password; and an idle session needs no buffer. */
	if (in->text.data)
		mem_wipe(in->text.data, in->text.cap);
	buf_release(&in->text);
	buf_init(&in->text, max);
	in->literals = 0;
	in->line_at = 0;
}

void imap_input_free(struct imap_input *in)
{
	if (!in)
		return;
	imap_input_clear(in);
	buf_release(&in->text);
	free(in);
}

static bool is_fresh(const struct imap_session *s)
{
	return s->state == IMAP_FRESH;
}

static uint64_t pass_over_max(const struct imap_session *s)
{
	return is_fresh(s) ? FRESH_PASS_OVER_MAX :
			     LITERALS_MAX + 2 * s->server->append_max;
}

void imap_input_pass_over(struct imap_session *s, uint64_t literal)
{
	s->input->passing = true;
	s->input->literal_left = literal;
	if (literal > pass_over_max(s))
		imap_bye(s, "[TOOBIG] That literal is too long to read");
}

bool imap_literal_allowed(const struct imap_session *s, const struct imap_literal *literal)
{
	if (literal->sync || imap_tells(s, CAP_LITERAL_PLUS))
		return true;
	return literal->size <= LITERAL_MINUS_MAX &&
	       (imap_tells(s, CAP_LITERAL_MINUS) || (s->enabled & IMAP_REV2));
}

/* The command is refused with its literal: only one that comes unasked is there
 * to be passed over. */
static void refuse_at_literal(struct imap_session *s, struct imap_head *head,
			      const struct imap_literal *literal)
{
	imap_refuse(s, head);
	imap_input_clear(s->input);
	if (!literal->sync)
		imap_input_pass_over(s, literal->size);
}

/* Whether the literal is the first argument: that one is a name, and is collected
 * even for a command that reads its literals itself. */
static bool is_first_argument(const struct imap_head *head, const struct imap_literal *literal)
{
	return head->args.len == literal->head + 1;
}

/* The line just read ends in a literal's head. */
static void begin_literal(struct imap_session *s, const struct imap_literal *literal)
{
	struct imap_input *in = s->input;
	size_t max = is_fresh(s) ? FRESH_LITERALS_MAX : LITERALS_MAX;
	struct imap_head head;
	bool own;

	imap_head_read(s, buf_slice(&in->text), &head);
	own = head.command && (head.command->flags & IMAP_OWN_INPUT) &&
	      !is_first_argument(&head, literal);
	if (!head.refusal && !imap_literal_allowed(s, literal))
		head.refusal = "BAD [TOOBIG] A literal of that size has to be asked for";
	/* RFC 4469 5: TOOBIG. */
	if (!head.refusal && !own && literal->size > max - in->literals)
		head.refusal = "NO [TOOBIG] Literals are too long";
	if (head.refusal) {
		refuse_at_literal(s, &head, literal);
		return;
	}
	buf_add(&in->text, SLICE("\r\n"));
	if (own) {
		imap_head_read(s, buf_slice(&in->text), &head);
		head.own = literal;
		imap_start(s, &head);
		return;
	}
	in->literals += (size_t)literal->size;
	in->literal_left = literal->size;
	in->line_at = in->text.len + (size_t)literal->size;
	if (literal->sync)
		imap_write(s, SLICE("+ OK\r\n"));
}

static void line_is_whole(struct imap_session *s)
{
	struct imap_input *in = s->input;
	struct imap_literal literal;
	struct imap_head head;
	struct slice line;

	if (in->text.len > in->line_at && in->text.data[in->text.len - 1] == '\r')
		in->text.len--;
	line = slice_from(buf_slice(&in->text), in->line_at);
	if (in->passing) {
		/* RFC 7888 3: what follows belongs to the same command still. */
		bool more = imap_literal_at_end(line, &literal) && !literal.sync;

		imap_input_clear(in);
		in->passing = false;
		if (more)
			imap_input_pass_over(s, literal.size);
		return;
	}
	if (imap_literal_at_end(line, &literal)) {
		begin_literal(s, &literal);
		return;
	}
	imap_head_read(s, buf_slice(&in->text), &head);
	if (head.refusal) {
		imap_refuse(s, &head);
		imap_input_clear(in);
		return;
	}
	imap_start(s, &head);
}

static size_t take_literal(struct imap_input *in, struct slice unread)
{
	struct slice piece = slice_head(unread, in->literal_left < unread.len ?
					(size_t)in->literal_left : unread.len);

	if (!in->passing)
		buf_add(&in->text, piece);
	in->literal_left -= piece.len;
	return piece.len;
}

static void line_too_long(struct imap_session *s)
{
	struct imap_head head;

	imap_head_read(s, buf_slice(&s->input->text), &head);
	head.refusal = "BAD The line is too long";
	imap_refuse(s, &head);
	imap_input_clear(s->input);
	s->input->passing = true;
}

static size_t take_line(struct imap_session *s, struct slice unread)
{
	struct imap_input *in = s->input;
	size_t end = slice_find(unread, '\n');
	struct slice piece = slice_head(unread, end);
	size_t used = end < unread.len ? end + 1 : end;
	size_t max = is_fresh(s) ? FRESH_LINE_MAX : LINE_MAX_BYTES;

	if (!in->passing && in->text.len - in->literals + piece.len > max)
		line_too_long(s);
	if (in->passing) {
		/* Only its end is of interest. */
		if (piece.len > TAIL_KEPT)
			piece = slice_from(piece, piece.len - TAIL_KEPT);
		if (in->text.len > TAIL_KEPT)
			buf_consume(&in->text, in->text.len - TAIL_KEPT);
	}
	buf_add(&in->text, piece);
	if (used > end)
		line_is_whole(s);
	return used;
}

size_t imap_input_take(struct imap_session *s, struct slice unread)
{
	size_t used = 0;

	if (s->input->literal_left)
		used = take_literal(s->input, unread);
	/* A line at a time: what it asked for (TLS, a pause, the end) comes before
	 * the next is looked at.  The connection offers the rest again. */
	if (used < unread.len && !s->input->literal_left)
		used += take_line(s, slice_from(unread, used));
	return used;
}
