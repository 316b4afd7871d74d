#ifndef TEXT_FIXTURE_H
#define TEXT_FIXTURE_H

#include "store_fixture.h"

#include <sqlite3.h>

#include "../../src/imap/search_job.h"

/* ---- A store with a text index ---- */

static char text_path[300];

static inline int setup(void **state)
{
	struct fixture *f;

	fixture_new(state);
	f = *state;
	fixture_close(f);
	snprintf(text_path, sizeof(text_path), "%s/text.db", f->root);
	f->options.text_path = text_path;
	fixture_open(f);
	return 0;
}

static inline void flip_done(struct job *job)
{
	*(bool *)job->owner = true;
}

static inline void on_readers(struct fixture *f, struct reader *r, struct job *job)
{
	bool flipped = false;

	job->done = flip_done;
	job->owner = &flipped;
	assert_true(reader_submit(r, job));
	while (!flipped)
		loop_turn(f->loop, 1000);
}

struct ask_known {
	struct job job;
	struct reader *r;
	uint32_t count, known;
};

static inline void count_known(struct job *job)
{
	struct ask_known *a = (struct ask_known *)job;

	if (!reader_look_up(a->r))
		return;
	for (uint32_t seq = 1; seq <= a->count; seq++)
		a->known += reader_knows(a->r, seq);
	reader_forget(a->r);
}

static inline uint32_t known_in(struct fixture *f, struct mailbox *m)
{
	struct ask_known a = { .job.work = count_known, .count = snapshot_count(mailbox_newest(m)) };

	a.r = reader_new(m, mailbox_newest(m));
	on_readers(f, a.r, &a.job);
	reader_free(a.r);
	return a.known;
}

/* Until so many of its messages are known. */
static inline void await_known(struct fixture *f, struct mailbox *m, uint32_t count)
{
	uint64_t until = clock_mono_ms() + 60000;

	while (known_in(f, m) != count && clock_mono_ms() < until)
		loop_turn(f->loop, 20);
	assert_int_equal(known_in(f, m), count);
}

static inline int64_t ask_file(const char *sql)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	int64_t n;

	assert_int_equal(sqlite3_open(text_path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static inline void await_file(struct fixture *f, const char *sql, int64_t want)
{
	uint64_t until = clock_mono_ms() + 30000;

	while (ask_file(sql) != want && clock_mono_ms() < until)
		loop_turn(f->loop, 20);
	assert_int_equal(ask_file(sql), want);
}

/* Message numbers, "1 2 3"; `read`: as if there were no text index. */
static inline char *search(struct fixture *f, struct mailbox *m, const char *keys, bool read)
{
	struct search_job *j = search_job_new();
	struct imap_args a = { .rest = slice_of(keys), .arena = j->keep };
	struct uid_set none;
	struct buf found;

	if (search_plan_parse(&j->plan, &a, j->keep, false) != SEARCH_PARSED)
		fail_msg("%s: %s", keys, a.wanted);
	uid_set_init(&none);
	search_job_begin(j, m, mailbox_newest(m), &none);
	j->ready = read;
	while (!j->finished)
		on_readers(f, j->reader, &j->job);
	buf_init(&found, 10000000);
	for (size_t i = 0; i < j->found_count; i++)
		buf_printf(&found, "%s%u", i ? " " : "", j->found[i]);
	search_job_free(j);
	return buf_take_string(&found);
}

static inline void same(struct fixture *f, struct mailbox *m, const char *keys)
{
	char *with = search(f, m, keys, false), *without = search(f, m, keys, true);

	if (strcmp(with, without) != 0)
		fail_msg("%s\nindex: %s\nfiles: %s", keys, with, without);
	free(with);
	free(without);
}

static inline void gives(struct fixture *f, struct mailbox *m, const char *keys, const char *want)
{
	char *with = search(f, m, keys, false);

	if (strcmp(with, want) != 0)
		fail_msg("%s gave \"%s\"", keys, with);
	free(with);
	same(f, m, keys);
}

static inline void expunge(struct fixture *f, struct mailbox *m, uint32_t first, uint32_t last)
{
	struct flag_edit edit = { .change = FLAGS_ADD, .flags = MESSAGE_DELETED };
	struct uid_set uids;

	uid_set_init(&uids);
	uid_set_add(&uids, first, last);
	mailbox_edit_flags(m, &uids, &edit, fixture_flagged, f);
	fixture_wait(f);
	mailbox_expunge(m, &uids, fixture_done, f);
	fixture_wait(f);
	uid_set_release(&uids);
}

#endif
