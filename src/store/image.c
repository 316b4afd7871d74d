/*
 * Reading a million rows takes SQLite almost two seconds.  The table that they make
 * is two arrays, records and names, and reading those from the page cache takes a
 * tenth of one; so a large table that leaves memory is written down as it is.
 *
 * When is such a file right?  It bears the stamp that the folder's row in the index
 * has, a random number that is drawn anew in every transaction that changes a row
 * of one of its messages.  So a crash, an index restored from yesterday or a file
 * of some other folder leave an image whose stamp nobody has.  It is not synced:
 * torn, its sum is wrong.
 */
#include "image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

/* Its bytes in another order, or another number at the end: another program's. */
static const uint64_t MAGIC = UINT64_C(0x4c50746162313000);

/* More sets of keywords in one folder than anybody has; of their texts. */
enum { SETS_MAX = 1 << 16, SETS_TEXT_MAX = 16 * 1024 * 1024 };

struct header {
	uint64_t magic, sum;
	int64_t folder;
	uint64_t stamp;
	uint32_t uid_validity, count;
	uint32_t record_size, block_size;
	uint32_t blocks, used;           /* of names */
	uint32_t sets, sets_text;        /* keyword sets, and the length of their texts */
	uint64_t size;                   /* of the whole file */
};

/* Not against an enemy, who could as well write the index. */
struct sum { uint64_t a, b; };

static void sum_add(struct sum *s, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);

	for (; len >= 16; at += 16, len -= 16) {
		uint64_t x, y;

		memcpy(&x, at, 8);
		memcpy(&y, at + 8, 8);
		s->a = (s->a ^ x) * odd;
		s->a ^= s->a >> 32;
		s->b = (s->b ^ y) * odd;
		s->b ^= s->b >> 29;
	}
	for (; len > 0; at++, len--)
		s->a = (s->a ^ *at) * odd;
}

/* The header's own part of it: with no sum in it. */
static uint64_t sum_of(const struct header *h, struct sum s)
{
	struct header bare = *h;

	bare.sum = 0;
	sum_add(&s, &bare, sizeof(bare));
	return s.a ^ (s.b << 1 | s.b >> 63);
}

/* ---- Reading ---- */

struct image_reader {
	int fd;
	struct header h;
	struct sum sum;
	unsigned *set;                   /* ours, by the image's number */
	bool renumber;
};

static bool read_all(struct image_reader *r, void *out, size_t len)
{
	char *at = out;
	size_t rest = len;

	while (rest > 0) {
		ssize_t n = read(r->fd, at, rest);

		if (n <= 0)
			return false;
		at += n;
		rest -= (size_t)n;
	}
	sum_add(&r->sum, out, len);
	return true;
}

static bool is_ours(const struct header *h, const struct image_stamp *want, uint64_t size)
{
	return h->magic == MAGIC && h->folder == want->folder && h->stamp == want->stamp &&
	       h->uid_validity == want->uid_validity && h->count == want->count &&
	       h->record_size == sizeof(struct record) && h->block_size == NAMES_BLOCK &&
	       h->sets <= SETS_MAX && h->sets_text <= SETS_TEXT_MAX && h->size == size &&
	       size == sizeof(*h) + (uint64_t)h->blocks * NAMES_BLOCK + h->sets_text +
		       (uint64_t)h->count * sizeof(struct record) &&
	       h->blocks > 0 && h->used > 0 && h->used <= NAMES_BLOCK;
}

/* Every name ends in its block, whatever the bytes are. */
static bool read_names(struct image_reader *r, struct names *names)
{
	for (uint32_t i = 0; i < r->h.blocks; i++) {
		char *block = names_block(names, i);

		if (!read_all(r, block, NAMES_BLOCK) || block[NAMES_BLOCK - 1] != '\0')
			return false;
	}
	return true;
}

static bool read_sets(struct image_reader *r, struct table *t, struct keywords *k)
{
	char *text = mem_alloc(r->h.sets_text + (size_t)1), *at = text;
	bool ok = read_all(r, text, r->h.sets_text);

	r->set = mem_array(r->h.sets + (size_t)1, sizeof(*r->set));
	for (uint32_t i = 1; ok && i <= r->h.sets; i++) {
		size_t len = strlen(at);

		ok = at + len < text + r->h.sets_text &&
		     keywords_parse(k, slice_make(at, len), &r->set[i]);
		table_note_keywords(t, k, ok ? r->set[i] : 0);
		r->renumber = r->renumber || r->set[i] != i;
		at += len + 1;
	}
	free(text);
	return ok;
}

static bool read_records(struct image_reader *r, struct records *all)
{
	uint64_t names = (uint64_t)r->h.blocks * NAMES_BLOCK;
	uint32_t last = 0;

	while (all->count < r->h.count) {
		uint32_t rest = r->h.count - all->count, count = rest < CHUNK ? rest : CHUNK;
		struct record *at = records_room(all, count);

		if (!read_all(r, at, count * sizeof(*at)))
			return false;
		for (uint32_t i = 0; i < count; i++) {
			if (at[i].uid <= last || !at[i].name || at[i].name >= names ||
			    at[i].keywords > r->h.sets)
				return false;
			last = at[i].uid;
			if (r->renumber)
				at[i].keywords = r->set[at[i].keywords];
		}
		records_filled(all);
	}
	return true;
}

bool image_read(const char *path, const struct image_stamp *stamp, struct table *t,
		struct keywords *k)
{
	struct image_reader r = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	struct table fresh;
	struct stat st;
	bool ok;

	if (r.fd < 0)
		return false;
	ok = fstat(r.fd, &st) == 0 && read_all(&r, &r.h, sizeof(r.h)) &&
	     is_ours(&r.h, stamp, (uint64_t)st.st_size);
	if (ok) {
		r.sum = (struct sum){ 0, 0 };
		table_init_names(&fresh, names_of_blocks(r.h.blocks, r.h.used));
		ok = read_names(&r, fresh.names) && read_sets(&r, &fresh, k) &&
		     read_records(&r, &fresh.records) && sum_of(&r.h, r.sum) == r.h.sum;
		if (ok) {
			table_release(t);
			*t = fresh;
		} else {
			table_release(&fresh);
		}
	}
	free(r.set);
	close(r.fd);
	return ok;
}

/* ---- Writing ---- */

struct image_writer {
	struct table table;
	char *path, *fresh;
	int fd;
	struct header h;
	struct sum sum;
	unsigned *number;                /* the image's, by our set */
	size_t numbers;
	struct buf sets;
	uint32_t next_block, next_record;
	bool failed, sets_written;
};

/* Numbers the sets in the order that they are met. */
static unsigned number_of(struct image_writer *w, const struct keywords *k, unsigned set)
{
	char *text;

	if (set == 0)
		return 0;
	if (set >= w->numbers) {
		size_t more = set + (size_t)64;

		w->number = mem_grow(w->number, more, sizeof(*w->number));
		memset(w->number + w->numbers, 0, (more - w->numbers) * sizeof(*w->number));
		w->numbers = more;
	}
	if (!w->number[set] && w->h.sets < SETS_MAX) {
		text = keywords_print(k, set);
		w->failed = !buf_add(&w->sets, slice_make(text, strlen(text) + 1)) || w->failed;
		w->number[set] = ++w->h.sets;
		free(text);
	}
	w->failed = w->failed || !w->number[set];
	return w->number[set];
}

struct image_writer *image_begin(const char *path, const struct image_stamp *stamp,
				 struct table *t, const struct keywords *k)
{
	struct image_writer *w = mem_alloc(sizeof(*w));

	w->table = *t;
	memset(t, 0, sizeof(*t));
	w->path = mem_string(path);
	w->fresh = mem_printf("%s.new", path);
	buf_init(&w->sets, SETS_TEXT_MAX);
	for (uint32_t i = 0; i < w->table.records.count; i++)
		number_of(w, k, records_at(&w->table.records, i)->keywords);
	w->h = (struct header){
		.magic = MAGIC, .folder = stamp->folder, .stamp = stamp->stamp,
		.uid_validity = stamp->uid_validity, .count = stamp->count,
		.record_size = sizeof(struct record), .block_size = NAMES_BLOCK,
		.blocks = names_blocks(w->table.names), .used = names_used(w->table.names),
		.sets = w->h.sets, .sets_text = (uint32_t)w->sets.len,
	};
	w->h.size = sizeof(w->h) + (uint64_t)w->h.blocks * NAMES_BLOCK + w->h.sets_text +
		    (uint64_t)w->h.count * sizeof(struct record);
	w->fd = open(w->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	w->failed = w->failed || w->fd < 0 || stamp->count != w->table.records.count ||
		    lseek(w->fd, sizeof(w->h), SEEK_SET) < 0;
	return w;
}

static void put(struct image_writer *w, const void *bytes, size_t len)
{
	sum_add(&w->sum, bytes, len);
	w->failed = w->failed || !file_write(w->fd, slice_make(bytes, len));
}

/* A run of records, with the image's numbers of their keywords. */
static void put_records(struct image_writer *w)
{
	const struct record *first;
	uint32_t count = records_run(&w->table.records, w->next_record, &first);
	struct record *mine = NULL;

	if (w->h.sets > 0) {
		mine = mem_grow(NULL, count, sizeof(*mine));
		memcpy(mine, first, count * sizeof(*mine));
		for (uint32_t i = 0; i < count; i++)
			mine[i].keywords = mine[i].keywords ? w->number[mine[i].keywords] : 0;
	}
	put(w, mine ? mine : first, count * sizeof(*first));
	free(mine);
	w->next_record += count;
}

static void finish(struct image_writer *w)
{
	w->h.sum = sum_of(&w->h, w->sum);
	if (pwrite(w->fd, &w->h, sizeof(w->h), 0) != (ssize_t)sizeof(w->h) ||
	    rename(w->fresh, w->path) != 0)
		w->failed = true;
}

bool image_go_on(struct image_writer *w, uint64_t until)
{
	while (!w->failed && (!until || clock_mono_ms() < until)) {
		if (w->next_block < w->h.blocks) {
			put(w, names_block(w->table.names, w->next_block++), NAMES_BLOCK);
		} else if (!w->sets_written) {
			put(w, w->sets.data, w->sets.len);
			w->sets_written = true;
		} else if (w->next_record < w->h.count) {
			put_records(w);
		} else {
			finish(w);
			return false;
		}
	}
	return !w->failed;
}

void image_end(struct image_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	/* There is none then; the old one is not ours any more. */
	if (w->failed) {
		unlink(w->fresh);
		unlink(w->path);
	}
	table_release(&w->table);
	buf_release(&w->sets);
	free(w->number);
	free(w->path);
	free(w->fresh);
	free(w);
}
