/*
 * Folders that nobody has open, kept with their tables for a while.
 *
 * A client that files its mail one by one names the same folder again and again
 * and never opens it: each APPEND, STATUS and COPY would read the whole folder
 * from the index and forget it.  Kept is what the index said and nothing that the
 * disk must be asked for: every use compares the directories' times as if the
 * folder had just been read.
 *
 * The store is at rest when it has no question: then no job of the mail lane is
 * on its way, and the loop may drop what was kept for long enough.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "folder.h"
#include "image.h"
#include "watch.h"

/* As many as a client goes through in turn; memory for the messages of all (about
 * 120 bytes each); an idle daemon has nothing left of them after a minute. */
enum { KEPT_MAX = 8, KEPT_MESSAGES_MAX = 1000000, KEPT_MS = 60000 };

/* Fewer are read from the index in some milliseconds.  What a delivery waits at most
 * while an image is written. */
enum { IMAGE_MIN = 2000, IMAGE_SLICE_MS = 20 };

/* While the store was not at rest. */
enum { AGAIN_MS = 1000 };

void kept_use(struct folder *f)
{
	f->used = true;
	list_remove(&f->node);
	list_append(&f->store->folders, &f->node);
}

/* With its names half wasted a table is larger than the same read again. */
static bool may_be_kept(const struct folder *f, uint64_t now)
{
	return f->loaded && !f->broken && !f->gone && now - f->used_ms < KEPT_MS &&
	       !table_is_wasteful(&f->table);
}

struct image_job {
	struct mail_job mail;
	struct image_job *next;
	struct image_writer *writer;
};

static char *image_path(const struct store *s, int64_t folder)
{
	return mem_printf("%s%lld", s->images, (long long)folder);
}

static struct image_stamp stamp_of(const struct folder *f)
{
	return (struct image_stamp){
		.folder = f->head.id, .stamp = f->head.stamp,
		.uid_validity = f->head.uid_validity, .count = (uint32_t)f->head.messages,
	};
}

/* The end of a folder in memory; a large one that is not written down as it is now
 * leaves its table to be so. */
static void leave(struct folder *f)
{
	struct image_stamp stamp = stamp_of(f);
	struct store *s = f->store;
	struct image_job *j;
	char *path;

	if (f->loaded && !f->broken && !f->gone && f->head.stamp != f->image &&
	    stamp.count >= IMAGE_MIN && stamp.count == f->table.records.count) {
		path = image_path(s, f->head.id);
		j = mem_alloc(sizeof(*j));
		j->writer = image_begin(path, &stamp, &f->table, s->keywords);
		j->next = s->leaving;
		s->leaving = j;
		f->loaded = false;
		free(path);
	}
	folder_free(f);
}

bool kept_read(struct folder *f)
{
	struct image_stamp stamp = stamp_of(f);
	char *path;
	bool ok;

	if (f->head.messages < IMAGE_MIN || !f->head.stamp)
		return false;
	path = image_path(f->store, f->head.id);
	ok = image_read(path, &stamp, &f->table, f->store->keywords);
	free(path);
	if (ok)
		f->image = f->head.stamp;
	return ok;
}

uint64_t kept_settle(struct store *s, uint64_t now)
{
	uint64_t messages = 0, rest = 0;
	unsigned kept = 0;
	struct list *before;

	for (struct list *node = s->folders.prev; node != &s->folders; node = before) {
		struct folder *f = container_of(node, struct folder, node);

		before = node->prev;
		if (f->used)
			f->used_ms = now;
		f->used = false;
		if ((f->mailbox || (f->scan && !f->broken && now - f->used_ms < KEPT_MS)) && !f->gone)
			continue;
		if (!may_be_kept(f, now) || kept == KEPT_MAX ||
		    messages + f->table.records.count > KEPT_MESSAGES_MAX) {
			leave(f);
			continue;
		}
		/* Nobody reads its events any more, but to watch it again the kernel
		 * would go through all names that it has in memory. */
		f->live = false;
		kept++;
		messages += f->table.records.count;
		rest = f->used_ms + KEPT_MS - now;
	}
	return rest;
}

static void drop_kept(struct timer *t)
{
	struct store *s = container_of(t, struct store, dropping);
	struct image_job *leaving;

	if (!list_empty(&s->questions)) {
		kept_again(s, AGAIN_MS);
		return;
	}
	kept_again(s, kept_settle(s, clock_mono_ms()));
	leaving = s->leaving;
	s->leaving = NULL;
	kept_write(s, leaving);
}

void kept_again(struct store *s, uint64_t rest)
{
	s->dropping.fire = drop_kept;
	if (rest && !timer_is_set(&s->dropping))
		timer_set(s->loop, &s->dropping, rest);
}

static void run_image(struct mail_job *mail)
{
	struct image_job *j = container_of(mail, struct image_job, mail);

	mail->again = image_go_on(j->writer, clock_mono_ms() + IMAGE_SLICE_MS);
}

static void finish_image(struct mail_job *mail)
{
	image_end(container_of(mail, struct image_job, mail)->writer);
}

void kept_write(struct store *s, struct image_job *leaving)
{
	while (leaving) {
		struct image_job *j = leaving;

		leaving = j->next;
		j->mail.run = run_image;
		j->mail.finish = finish_image;
		store_ask_always(s, &j->mail, NULL);
	}
}

void kept_end(struct store *s)
{
	list_each(node, after, &s->folders)
		leave(container_of(node, struct folder, node));
	while (s->leaving) {
		struct image_job *j = s->leaving;

		s->leaving = j->next;
		(void)image_go_on(j->writer, 0);
		image_end(j->writer);
		free(j);
	}
}

/* Also one that was not finished. */
static bool is_left_over(struct store *s, struct slice number)
{
	uint64_t id;
	bool exists;

	return !text_number(number, INT64_MAX, &id) ||
	       (index_folder_exists(s->index, (int64_t)id, &exists) && !exists);
}

void kept_clean(struct store *s)
{
	const char *slash = strrchr(s->images, '/'), *prefix = slash ? slash + 1 : s->images;
	char *folder = slash ? mem_bytes(s->images, (size_t)(slash - s->images)) : mem_string(".");
	DIR *dir = opendir(*folder ? folder : "/");
	size_t len = strlen(prefix);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, prefix, len) == 0 &&
		    is_left_over(s, slice_of(e->d_name + len)))
			unlinkat(dirfd(dir), e->d_name, 0);
	}
	if (dir)
		closedir(dir);
	free(folder);
}
