#ifndef FAKE_MESSAGES_H
#define FAKE_MESSAGES_H

/*
 * Messages in memory behind the faces of store/snapshot.h and store/reader.h, for
 * tests of what reads messages.  Defined here and not in an archive: included by
 * one file of a test program, they take the place of the real ones.
 */
#include <string.h>

#include "base/lines.h"
#include "base/mem.h"
#include "mime/describe.h"
#include "mime/header.h"
#include "mime/keys.h"
#include "store/reader.h"
#include "store/snapshot.h"

enum { FAKES_MAX = 3000 };

struct fake_message {
	struct message_info info;        /* size is filled in when it is 0 */
	struct slice bytes;
	bool gone;                       /* open answers STORE_GONE */
	bool no_text;                    /* reader_text answers STORE_GONE */
	bool known;                      /* to the text index */
	uint64_t torn_at;                /* reads from here on fail; 0: none do */
};

struct snapshot {
	struct fake_message at[FAKES_MAX];
	uint32_t count;
	unsigned opened, read, described, unpacked;      /* how often */
	bool has_index;                  /* reader_look_up answers true */
	bool index_fails;                /* and then the filter does not */
	struct reader_mark mark;         /* there is one for all */
};

struct reader {
	struct snapshot *s;
	struct fake_message *open;
	struct arena *arena;
	const struct mime_part *parts;
};

/* The one there is. */
static struct snapshot fakes;

static inline void fake_add(uint32_t uid, struct slice bytes)
{
	struct crlf_form form = { false };
	struct fake_message *m = &fakes.at[fakes.count++];

	*m = (struct fake_message){ .bytes = bytes };
	m->info.uid = uid;
	m->info.size = crlf_form_count(&form, bytes);
}

const struct snapshot *snapshot_hold(const struct snapshot *s)
{
	return s;
}

void snapshot_drop(const struct snapshot *s)
{
	(void)s;
}

uint32_t snapshot_count(const struct snapshot *s)
{
	return s->count;
}

uint32_t snapshot_uid(const struct snapshot *s, uint32_t seq)
{
	return s->at[seq - 1].info.uid;
}

struct message_info snapshot_message(const struct snapshot *s, uint32_t seq)
{
	return s->at[seq - 1].info;
}

uint32_t snapshot_seq_from(const struct snapshot *s, uint32_t uid)
{
	uint32_t seq = 1;

	while (seq <= s->count && s->at[seq - 1].info.uid < uid)
		seq++;
	return seq;
}

uint32_t snapshot_seq(const struct snapshot *s, uint32_t uid)
{
	uint32_t seq = snapshot_seq_from(s, uid);

	return seq <= s->count && s->at[seq - 1].info.uid == uid ? seq : 0;
}

/* Set 1 has two names. */
size_t snapshot_keywords(const struct snapshot *s, unsigned keywords, const char *const **names)
{
	static const char *const both[] = { "$Work", "later" };

	(void)s;
	*names = both;
	return keywords ? 2 : 0;
}

size_t snapshot_all_keywords(const struct snapshot *s, const char *const **names)
{
	return snapshot_keywords(s, 1, names);
}

struct reader *reader_new(struct mailbox *m, const struct snapshot *s)
{
	struct reader *r = mem_alloc(sizeof(*r));

	(void)m;
	(void)s;
	r->s = &fakes;
	return r;
}

void reader_close(struct reader *r)
{
	arena_free(r->arena);
	r->arena = NULL;
	r->parts = NULL;
	r->open = NULL;
}

void reader_free(struct reader *r)
{
	reader_close(r);
	free(r);
}

enum store_status reader_open(struct reader *r, uint32_t uid)
{
	struct fake_message *m = &r->s->at[snapshot_seq(r->s, uid) - 1];

	if (r->open == m)
		return STORE_OK;
	reader_close(r);
	r->s->opened++;
	if (m->gone)
		return STORE_GONE;
	r->open = m;
	return STORE_OK;
}

uint64_t reader_size(const struct reader *r)
{
	return r->open->bytes.len;
}

ssize_t reader_read(struct reader *r, uint64_t at, void *out, size_t len)
{
	struct slice piece = slice_head(slice_from(r->open->bytes, at), len);

	r->s->read++;
	if (r->open->torn_at && at + piece.len > r->open->torn_at)
		return -1;
	if (piece.len)
		memcpy(out, piece.at, piece.len);
	return (ssize_t)piece.len;
}

const struct mime_part *reader_parts(struct reader *r)
{
	if (!r->parts) {
		r->arena = mime_arena_new();
		r->parts = mime_scan(r->arena, r->open->bytes, &mime_default_limits);
	}
	return r->parts;
}

struct reader_mark *reader_mark(struct reader *r)
{
	return r->parts ? &r->s->mark : NULL;
}

bool reader_has_parts(const struct reader *r)
{
	return r->parts != NULL;
}

bool reader_has_text(struct reader *r, uint32_t uid, enum reader_text which)
{
	(void)r;
	(void)uid;
	(void)which;
	return true;
}

struct slice reader_header(struct reader *r)
{
	return slice_head(r->open->bytes, header_length(r->open->bytes));
}

enum store_status reader_text(struct reader *r, uint32_t uid, enum reader_text which,
			      struct buf *out)
{
	struct fake_message *m = &r->s->at[snapshot_seq(r->s, uid) - 1];

	r->s->described++;
	if (m->no_text || reader_open(r, uid) != STORE_OK)
		return STORE_GONE;
	if (which == READER_ENVELOPE)
		mime_envelope(out, reader_header(r));
	else if (which == READER_BODY)
		mime_body(out, reader_parts(r));
	else if (which == READER_KEYS)
		mime_keys_write(out, reader_header(r));
	else
		mime_bodystructure(out, reader_parts(r));
	return STORE_OK;
}

/* Made up from the UID. */
enum store_status reader_ids(struct reader *r, uint32_t uid, bool thread,
			     struct object_ids *ids)
{
	(void)thread;
	if (r->s->at[snapshot_seq(r->s, uid) - 1].gone)
		return STORE_GONE;
	*ids = (struct object_ids){ .email = 0x1000 + uid, .thread = uid % 2 };
	return STORE_OK;
}

void reader_keys(struct reader *r, uint32_t from_uid, unsigned most, reader_keys_fn *fn, void *ctx)
{
	(void)r;
	(void)from_uid;
	(void)most;
	(void)fn;
	(void)ctx;
}

bool reader_has_much(const struct reader *r)
{
	(void)r;
	return false;
}

/* ---- The text index: what is known is what the message gives ---- */

bool reader_look_up(struct reader *r)
{
	return r->s->has_index;
}

void reader_forget(struct reader *r)
{
	(void)r;
}

bool reader_knows(const struct reader *r, uint32_t seq)
{
	return r->s->at[seq - 1].known;
}

static inline ssize_t fake_read(void *bytes, uint64_t at, void *out, size_t len)
{
	struct slice piece = slice_head(slice_from(*(struct slice *)bytes, at), len);

	if (piece.len)
		memcpy(out, piece.at, piece.len);
	return (ssize_t)piece.len;
}

static inline void fake_texts(struct slice bytes, search_piece_fn *fn, void *ctx)
{
	struct arena *arena = mime_arena_new();
	struct search_text x;

	search_text_init(&x);
	search_text_begin(&x, mime_scan(arena, bytes, &mime_default_limits), fake_read, &bytes,
			  fn, ctx);
	while (search_text_step(&x))
		;
	search_text_release(&x);
	arena_free(arena);
}

bool reader_sent(const struct reader *r, uint32_t seq, int64_t *day)
{
	struct slice bytes = r->s->at[seq - 1].bytes;

	return search_text_sent(slice_head(bytes, header_length(bytes)), day);
}

struct fake_needle {
	struct slice needle;
	enum reader_where where;
	bool found;
};

static inline void fake_look(void *ctx, const struct search_piece *piece)
{
	struct fake_needle *n = ctx;

	if (n->where != READER_ANYWHERE && piece->body != (n->where == READER_IN_BODY))
		return;
	n->found = n->found ||
		   memmem(piece->text.at, piece->text.len, n->needle.at, n->needle.len);
}

bool reader_filter(struct reader *r, struct slice needle, enum reader_where where, uint8_t *maybe)
{
	for (uint32_t seq = 1; seq <= r->s->count; seq++) {
		struct fake_needle n = { .needle = needle, .where = where };

		if (!r->s->at[seq - 1].known || needle.len < 3)
			continue;
		fake_texts(r->s->at[seq - 1].bytes, fake_look, &n);
		if (!n.found)
			maybe[seq >> 3] = (uint8_t)(maybe[seq >> 3] & ~(1 << (seq & 7)));
	}
	return !r->s->index_fails;
}

bool reader_texts(struct reader *r, uint32_t seq, search_piece_fn *fn, void *ctx,
		  const bool *enough)
{
	(void)enough;
	r->s->unpacked++;
	fake_texts(r->s->at[seq - 1].bytes, fn, ctx);
	return true;
}

bool reader_has_field(struct slice name)
{
	return slice_is_nocase(name, "Subject");
}

struct fake_fields {
	search_piece_fn *fn;
	void *ctx;
};

static inline void fake_field(void *ctx, const struct search_piece *piece)
{
	struct fake_fields *f = ctx;

	if (slice_is(piece->name, "subject"))
		f->fn(f->ctx, piece);
}

bool reader_fields(struct reader *r, uint32_t seq, search_piece_fn *fn, void *ctx)
{
	struct fake_fields f = { fn, ctx };

	fake_texts(r->s->at[seq - 1].bytes, fake_field, &f);
	return true;
}

#endif
