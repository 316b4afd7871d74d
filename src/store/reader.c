/*
 * Reading messages, with pread and never mmap: a file that another program cuts
 * short is a short read, not a SIGBUS that ends the process.
 */
#include "store/reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "ahead.h"
#include "finder.h"
#include "mailbox_private.h"
#include "mime/keys.h"
#include "text_view.h"
#include "texts.h"

/* The header block is read up to what the MIME scanner keeps of headers. */
enum { HEADER_MAX = 1024 * 1024, READ_PIECE = 64 * 1024 };

/* A text when it is told: of a header block as above, every byte escaped, and more. */
enum { TEXT_MAX = 8 * 1024 * 1024 };

/* A tree of some hundred parts; there is one for each open mailbox. */
enum { PARTS_KEPT_MAX = 256 * 1024 };

/* Texts are kept in the index up to this size each, and a command brings at most
 * so many bytes of them; the next command that misses one makes it again. */
enum { TEXT_KEPT_MAX = 256 * 1024, TEXTS_KEPT_MAX = 8 * 1024 * 1024 };

/* As many are written down at a time: what a delivery may have to wait for is some
 * ten milliseconds. */
enum { TEXTS_BATCH = 2 * 1024 * 1024 };

struct made {
	struct made *next;
	uint32_t uid;
	struct slice texts[INDEX_TEXTS];         /* behind the struct */
	char bytes[];
};

struct reader {
	struct mailbox *m;
	const struct snapshot *s;
	struct store *store;             /* what any thread may use of it */
	const char *path;
	int64_t folder_id;
	int fd;                          /* -1: none is open */
	uint32_t uid;
	uint64_t size;
	struct known_parts known;        /* of this message or the one before */
	struct stat st;
	const struct mime_part *parts;   /* known's, of this one */
	struct buf header;
	bool has_header;
	char *piece;                     /* the file's beginning, READ_PIECE at most */
	size_t piece_len;
	struct made *made;
	size_t made_bytes;
	struct buf texts[READER_TEXTS];  /* of the message described last */
	uint32_t described;
	struct ahead ahead;
	struct finder finder;
	struct text_view *view;          /* NULL: none */
};

struct reader *reader_new(struct mailbox *m, const struct snapshot *s)
{
	struct reader *r = mem_alloc(sizeof(*r));

	r->m = m;
	m->users++;
	r->s = snapshot_hold(s);
	r->store = m->store;
	r->path = m->path;
	r->folder_id = m->folder_id;
	r->fd = -1;
	buf_init(&r->header, HEADER_MAX);
	for (size_t i = 0; i < READER_TEXTS; i++)
		buf_init(&r->texts[i], TEXT_MAX);
	ahead_init(&r->ahead);
	r->known = m->known;
	m->known = (struct known_parts){ 0 };
	return r;
}

/* ---- Texts on their way to the index ---- */

struct keep_job {
	struct mail_job mail;
	int64_t folder;
	struct made *made;
	store_fn *fn;                    /* NULL: nobody waits */
};

static void run_keep(struct mail_job *mail)
{
	struct keep_job *j = container_of(mail, struct keep_job, mail);
	struct store *s = mail->question.store;
	bool ok = true;

	mail->st = STORE_FAILED;
	if (!store_begin(s))
		return;
	for (const struct made *made = j->made; ok && made; made = made->next)
		ok = index_texts_put(s->index, j->folder, made->uid, made->texts);
	mail->st = store_commit(s, ok);
}

static void free_made(struct made *made)
{
	while (made) {
		struct made *next = made->next;

		free(made);
		made = next;
	}
}

static void finish_keep(struct mail_job *mail)
{
	struct keep_job *j = container_of(mail, struct keep_job, mail);

	free_made(j->made);
	if (j->fn && !mail->question.abandoned)
		j->fn(mail->question.owner, mail->st);
}

/* When the lane is full they are made again another time. */
static void keep(struct reader *r, store_fn *fn, void *owner)
{
	struct keep_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run_keep;
	j->mail.finish = finish_keep;
	j->folder = r->folder_id;
	j->made = r->made;
	j->fn = fn;
	r->made = NULL;
	r->made_bytes = 0;
	store_ask(r->store, &j->mail, owner);
}

void reader_keep(struct reader *r, store_fn *fn, void *owner)
{
	keep(r, fn, owner);
}

bool reader_has_much(const struct reader *r)
{
	return r->made_bytes > TEXTS_BATCH;
}

/* The next reader has what this one knows, if it is no more than a large message's. */
static void give_back(struct reader *r)
{
	struct arena *arena = r->known.arena;

	if (!r->known.root || arena_room(arena) + PARTS_KEPT_MAX <
			      mime_scanner_room(&mime_default_limits)) {
		arena_free(arena);
		return;
	}
	arena_free(r->m->known.arena);
	r->m->known = r->known;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	reader_close(r);
	give_back(r);
	buf_release(&r->header);
	for (size_t i = 0; i < READER_TEXTS; i++)
		buf_release(&r->texts[i]);
	ahead_release(&r->ahead);
	free(r->piece);
	if (r->made)
		keep(r, NULL, NULL);
	finder_release(&r->finder);
	text_view_free(r->view);
	snapshot_drop(r->s);
	mailbox_release(r->m);
	free(r);
}

bool reader_submit(struct reader *r, struct job *job)
{
	return lane_submit(r->store->readers, job);
}

/* ---- The job's ---- */

/* The descriptor, or -1 and *err. */
static int open_file(const struct reader *r, enum place place, const char *name, int *err)
{
	struct path path;
	int fd;

	path_message(&path, r->path, place, name);
	fd = open(path.at, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*err = fd < 0 ? errno : 0;
	return fd;
}

/* Where the snapshot saw it, where the index last did, or wherever it is. */
static int find_file(struct reader *r, const struct record *rec, int *err)
{
	const char *known = snapshot_file(r->s, rec);
	char name[FILE_NAME];
	enum place place;
	int fd = -1;

	*err = ENOENT;
	if (rec->name)
		fd = open_file(r, (enum place)rec->place, known, err);
	if (*err == ENOENT &&
	    index_file(r->store->index, r->folder_id, rec->uid, &place, name))
		fd = open_file(r, place, name, err);
	if (*err != ENOENT || !rec->name)
		return fd;
	place = (enum place)rec->place;
	snprintf(name, sizeof(name), "%s", known);
	if (finder_find(&r->finder, r->path, &place, name))
		fd = open_file(r, place, name, err);
	return fd;
}

enum store_status reader_open(struct reader *r, uint32_t uid)
{
	uint32_t seq = snapshot_seq(r->s, uid);
	struct stat st;
	int fd, err;

	if (r->fd >= 0 && r->uid == uid)
		return STORE_OK;
	reader_close(r);
	if (seq == 0)
		return STORE_GONE;
	fd = find_file(r, snapshot_record(r->s, seq), &err);
	if (err == ENOENT)
		return STORE_GONE;
	if (fd >= 0 && fstat(fd, &st) != 0) {
		err = errno;
		close(fd);
	}
	if (err)
		return maildir_failed("cannot open a message in", r->path, err);
	r->fd = fd;
	r->uid = uid;
	r->size = (uint64_t)st.st_size;
	r->st = st;
	if (r->known.root && r->known.uid == uid && r->known.file == st.st_ino &&
	    r->known.size == r->size && r->known.mtime == stat_mtime_ns(&st))
		r->parts = r->known.root;
	return STORE_OK;
}

void reader_close(struct reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->parts = NULL;
	r->piece_len = 0;
	r->has_header = false;
	buf_clear(&r->header);
	buf_shrink(&r->header);
}

uint64_t reader_size(const struct reader *r)
{
	assert(r->fd >= 0);
	return r->size;
}

ssize_t reader_read(struct reader *r, uint64_t at, void *out, size_t len)
{
	ssize_t n;

	assert(r->fd >= 0);
	if (at < r->piece_len && len <= r->piece_len - at) {
		memcpy(out, r->piece + at, len);
		return (ssize_t)len;
	}
	do {
		n = pread(r->fd, out, len, (off_t)at);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		maildir_failed("cannot read a message in", r->path, errno);
	return n;
}

bool reader_has_parts(const struct reader *r)
{
	return r->parts != NULL;
}

const struct mime_part *reader_parts(struct reader *r)
{
	struct mime_scanner *scanner;
	uint64_t at = 0;
	ssize_t n = 0;

	assert(r->fd >= 0);
	if (r->parts)
		return r->parts;
	if (!r->known.arena)
		r->known.arena = mime_arena_new();
	arena_clear(r->known.arena);
	r->known.root = NULL;
	scanner = mime_scanner_new(r->known.arena, &mime_default_limits);
	if (!r->piece)
		r->piece = mem_array(READ_PIECE, 1);
	r->piece_len = 0;
	/* As long as it was when it was opened: what is added later is no part of it. */
	while (at < r->size && (n = reader_read(r, at, r->piece, READ_PIECE)) > 0) {
		mime_scanner_add(scanner, slice_make(r->piece, (size_t)n));
		at += (uint64_t)n;
	}
	if (at == (uint64_t)n)
		r->piece_len = (size_t)at;
	if (n >= 0)
		r->parts = mime_scanner_end(scanner);
	r->known = (struct known_parts){
		.root = r->parts, .arena = r->known.arena, .uid = r->uid,
		.file = r->st.st_ino, .mtime = stat_mtime_ns(&r->st), .size = r->size,
	};
	return r->parts;
}

struct reader_mark *reader_mark(struct reader *r)
{
	return r->parts ? &r->known.mark : NULL;
}

/* Just behind the empty line that ends the header, looked for from `from`; 0: it
 * is not there. */
static size_t header_end(struct slice s, size_t from)
{
	for (size_t i = from; i < s.len; i++) {
		if (s.at[i] != '\n')
			continue;
		if (i == 0 || (i == 1 && s.at[0] == '\r') || s.at[i - 1] == '\n' ||
		    (i > 1 && s.at[i - 1] == '\r' && s.at[i - 2] == '\n'))
			return i + 1;
	}
	return 0;
}

struct slice reader_header(struct reader *r)
{
	struct buf *h = &r->header;
	size_t end = 0;

	assert(r->fd >= 0);
	while (!r->has_header && end == 0) {
		size_t room = h->max - h->len < 4096 ? h->max - h->len : 4096, before = h->len;
		ssize_t n = 0;

		if (room > 0 && buf_reserve(h, room))
			n = reader_read(r, h->len, h->data + h->len, room);
		if (n <= 0)
			break;
		h->len += (size_t)n;
		end = header_end(buf_slice(h), before);
	}
	if (end > 0)
		h->len = end;
	r->has_header = true;
	return buf_slice(h);
}

static void keep_texts(struct reader *r, uint32_t uid, const struct buf texts[READER_TEXTS])
{
	struct made *made;
	size_t size = 0, at = 0;

	for (size_t i = 0; i < READER_TEXTS; i++)
		size += texts[i].len <= TEXT_KEPT_MAX ? texts[i].len : 0;
	if (r->made_bytes + size > TEXTS_KEPT_MAX)
		return;
	made = mem_alloc(sizeof(*made) + size);
	made->uid = uid;
	for (size_t i = 0; i < READER_TEXTS; i++) {
		if (texts[i].len == 0 || texts[i].len > TEXT_KEPT_MAX)
			continue;
		memcpy(made->bytes + at, texts[i].data, texts[i].len);
		made->texts[i] = slice_make(made->bytes + at, texts[i].len);
		at += texts[i].len;
	}
	made->next = r->made;
	r->made = made;
	r->made_bytes += size;
}

/* Of the message described last (a command asks for a message's texts in a row), else
 * from the index. */
static bool known_text(struct reader *r, uint32_t uid, enum reader_text which, struct buf *out)
{
	struct slice text;

	if (r->described != uid && which == READER_KEYS)
		return index_text(r->store->index, r->folder_id, uid, which, out);
	text = r->described == uid ? buf_slice(&r->texts[which]) :
	       ahead_text(&r->ahead, r->store->index, r->folder_id, uid, which);
	return text.len && buf_add(out, text);
}

bool reader_has_text(struct reader *r, uint32_t uid, enum reader_text which)
{
	struct buf text;
	bool has;

	buf_init(&text, TEXT_MAX);
	has = known_text(r, uid, which, &text);
	buf_release(&text);
	return has;
}

static void clear_text(struct buf *text)
{
	buf_clear(text);
	if (text->cap > READ_PIECE)
		buf_shrink(text);
}

static ssize_t read_part(void *ctx, uint64_t at, void *out, size_t len)
{
	return reader_read(ctx, at, out, len);
}

enum store_status reader_text(struct reader *r, uint32_t uid, enum reader_text which,
			      struct buf *out)
{
	struct buf *texts = r->texts;
	const struct mime_part *root;
	enum store_status st;

	assert(which < READER_TEXTS);
	if (known_text(r, uid, which, out))
		return STORE_OK;
	st = reader_open(r, uid);
	if (st != STORE_OK)
		return st;
	root = reader_parts(r);
	if (!root)
		return STORE_FAILED;
	for (size_t i = 0; i < READER_TEXTS; i++)
		clear_text(&texts[i]);
	texts_make(texts, root, read_part, r);
	/* Its text could not be read; the next time it may. */
	if (which == READER_PREVIEW && !texts[which].len)
		buf_add_text(&texts[which], "\"\"");
	if (r->described != uid)
		keep_texts(r, uid, texts);
	r->described = uid;
	return texts[which].len > 0 && buf_add(out, buf_slice(&texts[which])) ? STORE_OK :
	       STORE_TOO_BIG;
}

enum store_status reader_ids(struct reader *r, uint32_t uid, bool thread,
			     struct object_ids *ids)
{
	enum store_status st;
	struct buf keys;

	if (!index_ids(r->store->index, r->folder_id, uid, ids))
		return STORE_GONE;
	if (!thread || ids->thread)
		return STORE_OK;
	buf_init(&keys, KEYS_MAX);
	st = reader_text(r, uid, READER_KEYS, &keys);
	if (st == STORE_OK)
		ids->thread = index_thread_of(r->store->index, buf_slice(&keys), ids->email);
	buf_release(&keys);
	return st;
}

void reader_keys(struct reader *r, uint32_t from_uid, unsigned most, reader_keys_fn *fn, void *ctx)
{
	index_keys(r->store->index, r->folder_id, from_uid, most, fn, ctx);
}

/* ---- The text index ---- */

bool reader_look_up(struct reader *r)
{
	if (!r->view && r->store->textindex)
		r->view = text_view_new(r->store->textindex, r->folder_id, r->s);
	return r->view != NULL;
}

void reader_forget(struct reader *r)
{
	text_view_free(r->view);
	r->view = NULL;
}

bool reader_knows(const struct reader *r, uint32_t seq)
{
	return text_view_knows(r->view, seq);
}

bool reader_sent(const struct reader *r, uint32_t seq, int64_t *day)
{
	*day = text_view_sent(r->view, seq);
	return *day != TEXT_NO_DAY;
}

bool reader_filter(struct reader *r, struct slice needle, enum reader_where where, uint8_t *maybe)
{
	return text_view_filter(r->view, needle, where, maybe);
}

bool reader_texts(struct reader *r, uint32_t seq, search_piece_fn *fn, void *ctx,
		  const bool *enough)
{
	return text_view_texts(r->view, seq, fn, ctx, enough);
}

bool reader_has_field(struct slice name)
{
	return text_is_kept_field(name);
}

bool reader_fields(struct reader *r, uint32_t seq, search_piece_fn *fn, void *ctx)
{
	return text_view_fields(r->view, seq, fn, ctx);
}
