#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

/* A store in a temporary folder with a real loop and real lanes. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/store/store_private.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/lane.h"
#include "net/loop.h"
#include "store/mailbox.h"
#include "store/reader.h"
#include "store/spool.h"
#include "store/store.h"

struct fixture {
	char root[256], maildir[300], index[300];
	struct loop *loop;
	struct lane *mail, *writers, *readers;
	struct lane *text;               /* only with options.text_path */
	struct store *store;
	struct store_options options;
	bool slices;                     /* a comparison gives the lane away after each file */
	/* The last answer. */
	bool answered;
	enum store_status st;
	struct mailbox *opened;
	struct spool_result committed;
	struct folder_status status;
	struct uid_set refused;
	uint32_t copy_validity, copy_from[64], copy_to[64];
	size_t copy_count;
	char folders[8192];
};

static inline void fixture_open(struct fixture *f)
{
	char error[256] = "";

	f->loop = loop_new();
	f->mail = lane_new(f->loop, "mail", 1, 1000);
	f->writers = lane_new(f->loop, "writers", 4, 1000);
	f->readers = lane_new(f->loop, "readers", 2, 1000);
	f->text = f->options.text_path ? lane_new(f->loop, "text", 1, 1000) : NULL;
	f->options.text = f->text;
	f->options.loop = f->loop;
	f->options.mail = f->mail;
	f->options.writers = f->writers;
	f->options.readers = f->readers;
	f->options.maildir = f->maildir;
	f->options.index_path = f->index;
	f->store = store_open(&f->options, error, sizeof(error));
	if (!f->store)
		fail_msg("%s", error);
	if (f->slices)
		f->store->slice_ms = 0;
	if (f->slices)
		f->store->slice_files = 1;
}

static inline void fixture_close(struct fixture *f)
{
	lane_free(f->readers);
	lane_free(f->text);
	lane_free(f->writers);
	lane_free(f->mail);
	/* What was answered late waits in the loop. */
	for (int i = 0; i < 3; i++)
		loop_turn(f->loop, 0);
	store_close(f->store);
	loop_free(f->loop);
	f->store = NULL;
}

static inline int fixture_new(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	snprintf(f->root, sizeof(f->root), "%s/store-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->root));
	snprintf(f->maildir, sizeof(f->maildir), "%s/Maildir", f->root);
	snprintf(f->index, sizeof(f->index), "%s/index.db", f->root);
	f->options.message_max = 10 * 1024 * 1024;
	uid_set_init(&f->refused);
	fixture_open(f);
	*state = f;
	return 0;
}

static inline int fixture_new_sliced(void **state)
{
	struct fixture *f;

	fixture_new(state);
	f = *state;
	f->slices = true;
	f->store->slice_ms = 0;
	f->store->slice_files = 1;
	return 0;
}

static inline int fixture_remove(const char *path, const struct stat *st, int type,
				 struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int fixture_free(void **state)
{
	struct fixture *f = *state;

	if (f->store)
		fixture_close(f);
	uid_set_release(&f->refused);
	nftw(f->root, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static inline void fixture_wait(struct fixture *f)
{
	uint64_t until = clock_mono_ms() + 30000;

	while (!f->answered && clock_mono_ms() < until)
		loop_turn(f->loop, 100);
	assert_true(f->answered);
	f->answered = false;
}

static inline void fixture_done(void *owner, enum store_status st)
{
	struct fixture *f = owner;

	f->st = st;
	f->answered = true;
}

static inline void fixture_opened(void *owner, enum store_status st, struct mailbox *m)
{
	struct fixture *f = owner;

	f->opened = m;
	fixture_done(f, st);
}

static inline struct mailbox *fixture_mailbox(struct fixture *f, const char *name, bool claim)
{
	mailbox_open(f->store, name, claim, fixture_opened, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	assert_non_null(f->opened);
	return f->opened;
}

static inline void fixture_committed(void *owner, enum store_status st,
				     const struct spool_result *r)
{
	struct fixture *f = owner;

	if (r)
		f->committed = *r;
	fixture_done(f, st);
}

static inline void fixture_room(void *owner)
{
	(void)owner;
}

static inline enum store_status fixture_deliver_to(struct fixture *f, const char *text,
						   const struct spool_commit *c)
{
	struct spool *sp = spool_new(f->store, fixture_room, f);

	spool_add(sp, slice_of(text));
	spool_commit(sp, c, fixture_committed, f);
	fixture_wait(f);
	return f->st;
}

/* Into INBOX or another folder, with its UID in f->committed. */
static inline uint32_t fixture_deliver(struct fixture *f, const char *folder, const char *text,
				       unsigned flags)
{
	struct spool_commit c = { .folder = folder, .flags = flags, .want_uid = true };

	assert_int_equal(fixture_deliver_to(f, text, &c), STORE_OK);
	assert_int_not_equal(f->committed.uid, 0);
	return f->committed.uid;
}

static inline void fixture_refresh(struct fixture *f, struct mailbox *m)
{
	mailbox_refresh(m, fixture_done, f);
	fixture_wait(f);
}

static inline void fixture_folder_status(void *owner, enum store_status st,
					 const struct folder_status *status)
{
	struct fixture *f = owner;

	f->status = *status;
	fixture_done(f, st);
}

static inline void fixture_status(struct fixture *f, const char *folder)
{
	store_folder_status(f->store, folder, fixture_folder_status, f);
	fixture_wait(f);
}

static inline void fixture_flagged(void *owner, enum store_status st, const struct uid_set *refused)
{
	struct fixture *f = owner;

	uid_set_copy(&f->refused, refused);
	fixture_done(f, st);
}

static inline void fixture_copied(void *owner, enum store_status st, const struct copy_result *r)
{
	struct fixture *f = owner;

	f->copy_validity = r->uid_validity;
	f->copy_count = r->count;
	for (size_t i = 0; i < r->count && i < 64; i++) {
		f->copy_from[i] = r->from[i];
		f->copy_to[i] = r->to[i];
	}
	fixture_done(f, st);
}

static inline void fixture_folders(void *owner, enum store_status st,
				   const struct folder_entry *folders, size_t count)
{
	struct fixture *f = owner;
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(f->folders + len, sizeof(f->folders) - len, "%s%s:%x",
					i ? " " : "", folders[i].name, folders[i].flags);
	fixture_done(f, st);
}

static inline const char *fixture_list(struct fixture *f)
{
	f->folders[0] = '\0';
	store_folders(f->store, fixture_folders, f);
	fixture_wait(f);
	return f->folders;
}

static inline char *fixture_path(const struct fixture *f, const char *rest)
{
	return mem_printf("%s/%s", f->maildir, rest);
}

/* Files in a directory of the Maildir; the first one's name when asked for. */
static inline unsigned fixture_count(const struct fixture *f, const char *rest, char *first)
{
	char *path = fixture_path(f, rest);
	DIR *dir = opendir(path);
	unsigned count = 0;
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		if (count++ == 0 && first)
			snprintf(first, 256, "%s", e->d_name);
	}
	closedir(dir);
	free(path);
	return count;
}

/* As another program would. */
static inline void fixture_write(const struct fixture *f, const char *rest, const char *text)
{
	char *path = fixture_path(f, rest);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

static inline void fixture_rename(const struct fixture *f, const char *from, const char *to)
{
	char *a = fixture_path(f, from), *b = fixture_path(f, to);

	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

#endif
