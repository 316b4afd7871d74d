/*
 * A message on its way into the text index.  Its bytes are hashed first: the same were
 * perhaps taken before under another name (COPY, MOVE, another program's copy), and a
 * hash costs a tenth of what the texts do.  The hash has a secret of the file's and 128
 * bits, so nobody can send two messages that share one.
 */
#include "text_take.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"

enum {
	BEFORE = 16,                     /* the hash of the piece before stands there */
	PIECE = 1024 * 1024,             /* most messages are read at once */
};

bool text_take_init(struct text_take *t, struct textindex *ti, struct index *ix)
{
	*t = (struct text_take){ .ti = ti, .ix = ix, .fd = -1 };
	search_text_init(&t->text);
	t->doc = text_doc_new();
	t->arena = mime_arena_new();
	t->bytes = mem_alloc(BEFORE + PIECE);
	return textindex_secret(ti, t->secret);
}

void text_take_release(struct text_take *t)
{
	search_text_release(&t->text);
	text_doc_free(t->doc);
	arena_free(t->arena);
	finder_release(&t->finder);
	free(t->bytes);
}

static int open_at(const char *folder, enum place place, const char *name, int *err)
{
	struct path path;
	int fd;

	path_message(&path, folder, place, name);
	fd = open(path.at, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*err = fd < 0 ? errno : 0;
	return fd;
}

/* Where the index saw it, where it sees it now, or wherever it is. */
static int open_message(struct text_take *t, const struct text_folder *f, const char *path,
			uint32_t uid, enum place place, const char *name, int *err)
{
	int fd = open_at(path, place, name, err);
	char now[FILE_NAME];

	if (*err != ENOENT)
		return fd;
	if (!index_file(t->ix, f->id, uid, &place, now))
		return -1;
	fd = open_at(path, place, now, err);
	if (*err == ENOENT && finder_find(&t->finder, path, &place, now))
		fd = open_at(path, place, now, err);
	return fd;
}

/* The file's bytes from `at` on are in memory: as many as there is room for. */
static bool load(struct text_take *t, uint64_t at)
{
	ssize_t n = 1;

	t->at = at;
	t->len = 0;
	while (n > 0 && t->len < PIECE) {
		n = pread(t->fd, t->bytes + BEFORE + t->len, PIECE - t->len, (off_t)(at + t->len));
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			t->len += (size_t)n;
	}
	return n >= 0;
}

static bool hash(struct text_take *t, uint8_t key[TEXT_KEY])
{
	uint64_t at = 0;

	memset(key, 0, TEXT_KEY);
	do {
		struct slice piece;
		uint64_t half[2];

		if (!load(t, at))
			return false;
		memcpy(t->bytes, key, BEFORE);
		piece = slice_make((const char *)t->bytes, BEFORE + t->len);
		half[0] = hash_siphash(t->secret, piece);
		half[1] = hash_siphash(t->secret + HASH_KEY, piece);
		memcpy(key, half, TEXT_KEY);
		at += t->len;
	} while (t->len == PIECE);
	return true;
}

/* A search_read_fn. */
static ssize_t read_bytes(void *ctx, uint64_t at, void *out, size_t len)
{
	struct text_take *t = ctx;
	ssize_t n;

	if (at >= t->at && at + len <= t->at + t->len) {
		memcpy(out, t->bytes + BEFORE + (at - t->at), len);
		return (ssize_t)len;
	}
	do {
		n = pread(t->fd, out, len, (off_t)at);
	} while (n < 0 && errno == EINTR);
	return n;
}

static const struct mime_part *scan(struct text_take *t)
{
	struct mime_scanner *scanner;
	uint64_t at = 0;

	arena_clear(t->arena);
	scanner = mime_scanner_new(t->arena, &mime_default_limits);
	do {
		/* One piece is the whole file, and is there from hashing it. */
		if ((at > 0 || t->at > 0) && !load(t, at))
			return NULL;
		mime_scanner_add(scanner, slice_make((const char *)t->bytes + BEFORE, t->len));
		at += t->len;
	} while (t->len == PIECE);
	return mime_scanner_end(scanner);
}

/* The texts into t->doc.  False: they are not to be kept. */
static bool make_doc(struct text_take *t, const struct mime_part *root)
{
	/* What a search reads of such a header is cut elsewhere. */
	if (root->header.len < root->header_len)
		return false;
	text_doc_begin(t->doc);
	search_text_begin(&t->text, root, read_bytes, t, text_doc_add, t->doc);
	while (search_text_step(&t->text) && t->doc->len <= TEXT_DOC_MAX)
		;
	return text_doc_end(t->doc) && !t->text.failed;
}

static int32_t sent_day(const struct mime_part *root)
{
	int64_t day;

	return search_text_sent(root->header, &day) && day > INT32_MIN && day <= INT32_MAX ?
	       (int32_t)day : TEXT_NO_DAY;
}

static enum text_taken take_open(struct text_take *t, struct text_folder *f, uint32_t uid)
{
	struct text_entry e = { .doc = 0, .sent = TEXT_NO_DAY };
	const struct mime_part *root = NULL;
	uint8_t key[TEXT_KEY];

	if (hash(t, key)) {
		if (!textindex_doc_find(t->ti, key, &e.doc))
			return TEXT_FAILED;
		root = scan(t);
	}
	if (root && e.doc == 0 && make_doc(t, root) &&
	    !textindex_doc_add(t->ti, key, t->doc, &e.doc))
		return TEXT_FAILED;
	if (root)
		e.sent = sent_day(root);
	return textindex_entry_put(t->ti, f, uid, &e) ? TEXT_TAKEN : TEXT_FAILED;
}

enum text_taken text_take(struct text_take *t, struct text_folder *f, const char *path,
			  uint32_t uid, enum place place, const char *name)
{
	enum text_taken taken;
	int err;

	t->fd = open_message(t, f, path, uid, place, name, &err);
	if (t->fd < 0)
		return err == EMFILE || err == ENFILE || err == ENOMEM ? TEXT_LATER : TEXT_TAKEN;
	taken = take_open(t, f, uid);
	close(t->fd);
	t->fd = -1;
	return taken;
}
