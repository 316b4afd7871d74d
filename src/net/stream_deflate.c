/*
 * COMPRESS=DEFLATE (RFC 4978) as a step of the stream: above TLS, below the owner,
 * who does not notice.
 *
 * zlib's own way, two states for as long as the connection lives, costs 300 KiB each,
 * and a thousand connections sit idle.  So nothing of it outlives the moment:
 *
 * Output is gathered as it is written and compressed when the turn ends, by a state
 * that is made for it and dropped.  What follows refers to nothing before it, which
 * any inflater takes; what is lost is the memory of the turn before, little in a
 * turn's 128 KiB and nothing in "* 5 EXISTS".
 *
 * Input may refer to the last 32 KiB that the peer sent, so those are kept: where it
 * ends on a byte, as every flush does, only they (an idle mail client has sent two or
 * three), and the inflater is made again when more comes.
 *
 * A kilobyte can inflate to a megabyte.  It is done a piece at a time, and only into
 * the room that the owner's buffer has; the rest stays compressed, then in the
 * kernel, then with the peer.  It also stops at the end of every block until the
 * owner has looked: where he ends the compression (RFC 8437 4.1), what follows is
 * no deflate any more.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "stream_private.h"

enum {
	WINDOW_BITS = 13,                /* 8 KiB: answers repeat themselves nearby */
	MEMORY_LEVEL = 7,                /* with it: 96 KiB, none of them past the turn */
	LEVEL = 1,                       /* RFC 4978 4: to 25-40 % with the least work */
	PEER_WINDOW_BITS = 15,           /* the peer may use what it likes */
	HISTORY_MAX = 1 << PEER_WINDOW_BITS,
	/* zlib's data_type behind inflate(Z_BLOCK) */
	AT_BLOCK_END = 128, UNUSED_BITS = 7,
};

struct stream_deflate {
	struct buf raw;                  /* compressed input that is still to be inflated */
	size_t raw_head;
	struct buf plain;                /* output that is still to be compressed */
	z_stream in;
	bool in_open;                    /* `in` lives; else `history` has its window */
	char *history;
	unsigned history_len;
	bool at_block_end;
	bool hungry;                     /* the owner has seen all and needs more */
	bool over;                       /* the peer ended its deflate stream */
};

static void close_inflater(struct stream_deflate *d)
{
	if (d->in_open)
		inflateEnd(&d->in);
	d->in_open = false;
}

static void deflate_free(struct stream *s)
{
	struct stream_deflate *d = s->deflate;

	close_inflater(d);
	free(d->history);
	buf_release(&d->raw);
	buf_release(&d->plain);
	free(d);
	s->deflate = NULL;
}

void stream_deflate_release(struct stream *s)
{
	if (s->deflate)
		deflate_free(s);
}

void stream_start_deflate(struct stream *s)
{
	struct stream_deflate *d;

	assert(!s->deflate);
	if (s->closed || s->phase != PHASE_OPEN)
		return;
	d = s->deflate = mem_alloc(sizeof(*d));
	buf_init(&d->raw, s->limits.input_max + STREAM_CHUNK);
	buf_init(&d->plain, s->out.max);
	/* A peer that did not wait for the OK compresses already. */
	buf_add(&d->raw, stream_peek(s));
	buf_release(&s->in);
	s->in_head = 0;
	loop_defer(s->loop, &s->turn);
}

/* ---- Input ---- */

static size_t raw_left(const struct stream_deflate *d)
{
	return d->raw.len - d->raw_head;
}

bool stream_deflate_may_fill(const struct stream *s)
{
	return stream_peek(s).len == 0 || s->deflate->hungry;
}

bool stream_deflate_waiting(const struct stream *s)
{
	return s->deflate && raw_left(s->deflate) && stream_deflate_may_fill(s);
}

bool stream_deflate_has_raw(const struct stream *s)
{
	return s->deflate && raw_left(s->deflate);
}

void stream_hungry(struct stream *s)
{
	if (!s->deflate || s->deflate->hungry)
		return;
	s->deflate->hungry = true;
	loop_defer(s->loop, &s->turn);
}

void stream_deflate_add(struct stream *s, const char *at, size_t len)
{
	buf_add(&s->deflate->raw, slice_make(at, len));
}

static bool open_inflater(struct stream_deflate *d)
{
	bool good;

	memset(&d->in, 0, sizeof(d->in));
	if (inflateInit2(&d->in, -PEER_WINDOW_BITS) != Z_OK)
		return false;
	d->in_open = true;
	good = !d->history_len ||
	       inflateSetDictionary(&d->in, (const Bytef *)d->history, d->history_len) == Z_OK;
	free(d->history);
	d->history = NULL;
	d->history_len = 0;
	return good;
}

/* All that came is inflated up to the end of a byte: the window is all there is. */
static void park_inflater(struct stream_deflate *d)
{
	char window[HISTORY_MAX];
	unsigned len = 0;

	if (!d->in_open || raw_left(d) || !d->at_block_end || (d->in.data_type & UNUSED_BITS) ||
	    inflateGetDictionary(&d->in, (Bytef *)window, &len) != Z_OK)
		return;
	close_inflater(d);
	if (len)
		d->history = mem_bytes(window, len);
	d->history_len = len;
}

static void use_raw(struct stream_deflate *d, size_t n)
{
	d->raw_head += n;
	if (d->raw_head == d->raw.len) {
		buf_release(&d->raw);
		d->raw_head = 0;
	}
}

/* One piece, at most to the end of a block. */
static enum io inflate_piece(struct stream *s, char *at, size_t size, size_t *moved)
{
	struct stream_deflate *d = s->deflate;
	int result;

	if (d->over) {
		stream_blame(s, "", "input behind the end of the compressed stream");
		return IO_FAILED;
	}
	if (!d->in_open && !open_inflater(d)) {
		stream_blame(s, "", "no memory to inflate");
		return IO_FAILED;
	}
	d->in.next_in = (Bytef *)d->raw.data + d->raw_head;
	d->in.avail_in = (uInt)raw_left(d);
	d->in.next_out = (Bytef *)at;
	d->in.avail_out = (uInt)size;
	result = inflate(&d->in, Z_BLOCK);
	*moved = size - d->in.avail_out;
	d->at_block_end = d->in.data_type & AT_BLOCK_END;
	use_raw(d, raw_left(d) - d->in.avail_in);
	d->over = result == Z_STREAM_END;
	if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
		return IO_OK;
	stream_blame(s, "", "damaged compressed input");
	return IO_FAILED;
}

enum io stream_deflate_read(struct stream *s, char *at, size_t size, size_t *moved)
{
	struct stream_deflate *d = s->deflate;
	enum io io = IO_OK;

	*moved = 0;
	while (io == IO_OK && !*moved && raw_left(d))
		io = inflate_piece(s, at, size, moved);
	if (*moved)
		d->hungry = false;
	park_inflater(d);
	return io == IO_OK && !*moved ? IO_AGAIN : io;
}

bool stream_deflate_at_end(const struct stream *s)
{
	return s->deflate->at_block_end;
}

/* ---- Output ---- */

struct buf *stream_deflate_plain(struct stream *s)
{
	return &s->deflate->plain;
}

size_t stream_deflate_queued(const struct stream *s)
{
	return s->deflate->plain.len;
}

/* Everything, so that what was written in this turn can be read when it arrives. */
static bool compress_plain(struct stream *s, int flush)
{
	struct buf *plain = &s->deflate->plain;
	z_stream z = { 0 };
	bool good = true;

	if (deflateInit2(&z, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	z.next_in = (Bytef *)plain->data;
	z.avail_in = (uInt)plain->len;
	do {
		good = buf_reserve(&s->out, STREAM_CHUNK);
		if (!good)
			break;
		z.next_out = (Bytef *)s->out.data + s->out.len;
		z.avail_out = STREAM_CHUNK;
		good = deflate(&z, flush) != Z_STREAM_ERROR;
		s->out.len += STREAM_CHUNK - z.avail_out;
	} while (good && z.avail_out == 0);
	deflateEnd(&z);
	return good;
}

static void compress_all(struct stream *s, int flush)
{
	if (!compress_plain(s, flush)) {
		stream_blame(s, "", "no memory to compress");
		stream_fail(s);
	}
	buf_release(&s->deflate->plain);
}

void stream_deflate_flush(struct stream *s)
{
	if (s->deflate->plain.len)
		compress_all(s, Z_SYNC_FLUSH);
}

/* ---- The end ---- */

/* A peer that ended with a flush has an empty block behind its last one: three bits
 * of head, zeros to the end of the byte, and a length of none; and it may close its
 * stream with the shortest block there is. */
static void skip_last_block(struct stream_deflate *d)
{
	static const char empty[] = { 0, 0, 0, '\xff', '\xff' }, final[] = { 3, 0 };
	size_t skip = (d->in.data_type & UNUSED_BITS) >= 3 ? 1 : 0;
	struct slice raw = slice_from(buf_slice(&d->raw), d->raw_head);

	if (d->over || !d->in_open)
		return;
	if (raw.len >= sizeof(empty) - skip &&
	    memcmp(raw.at, empty + skip, sizeof(empty) - skip) == 0)
		raw = slice_from(raw, sizeof(empty) - skip);
	if (raw.len >= sizeof(final) && memcmp(raw.at, final, sizeof(final)) == 0)
		raw = slice_from(raw, sizeof(final));
	d->raw_head = d->raw.len - raw.len;
}

void stream_stop_deflate(struct stream *s)
{
	struct stream_deflate *d = s->deflate;

	if (!d)
		return;
	if (!s->closed && s->phase == PHASE_OPEN) {
		compress_all(s, Z_FINISH);
		skip_last_block(d);
		/* It fits: as much was left out of the buffer. */
		s->in.max += raw_left(d);
		if (raw_left(d))
			buf_add(&s->in, slice_from(buf_slice(&d->raw), d->raw_head));
	}
	deflate_free(s);
	loop_defer(s->loop, &s->turn);
}
