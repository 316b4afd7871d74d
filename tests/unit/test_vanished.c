/* What was removed from a folder, and when. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "../../src/store/index.h"

struct answer {
	struct fixture *f;
	char text[4096];
};

static void answered(void *owner, enum store_status st, const struct uid_set *vanished)
{
	struct answer *a = owner;
	struct buf out;

	buf_init(&out, sizeof(a->text) - 1);
	uid_set_print(&out, vanished);
	if (out.len)
		memcpy(a->text, out.data, out.len);
	a->text[out.len] = '\0';
	buf_release(&out);
	fixture_done(a->f, st);
}

/* What vanished after that modseq, of `first` to `last`; 0: of all. */
static const char *gone(struct fixture *f, struct mailbox *m, uint64_t since, uint32_t first,
			uint32_t last)
{
	static struct answer a;
	struct uid_set known;

	uid_set_init(&known);
	if (first)
		uid_set_add(&known, first, last);
	a.f = f;
	mailbox_vanished(m, mailbox_newest(m), since, first ? &known : NULL, answered, &a);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	uid_set_release(&known);
	return a.text;
}

static uint64_t modseq(const struct mailbox *m)
{
	return snapshot_modseq(mailbox_newest(m));
}

static void expunge(struct fixture *f, struct mailbox *m, uint32_t first, uint32_t last)
{
	const struct flag_edit edit = { .change = FLAGS_ADD, .flags = MESSAGE_DELETED };
	struct uid_set uids;

	uid_set_init(&uids);
	uid_set_add(&uids, first, last);
	mailbox_edit_flags(m, &uids, &edit, fixture_flagged, f);
	fixture_wait(f);
	mailbox_expunge(m, &uids, fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	uid_set_release(&uids);
}

static void messages(struct fixture *f, const char *folder, unsigned count)
{
	char path[400];

	for (unsigned i = 0; i < count; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s/cur/%u.x:2,S", f->maildir, folder, 1000 + i);
		file = fopen(path, "w");
		assert_non_null(file);
		fputs("Subject: x\n\nx\n", file);
		fclose(file);
	}
}

static void reopen(struct fixture *f, struct mailbox **m, const char *name)
{
	mailbox_release(*m);
	fixture_close(f);
	fixture_open(f);
	*m = fixture_mailbox(f, name, true);
}

/* Each way out of a folder is a way into its history, and modseqs only grow. */
static void every_way_out(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	uint64_t before, first;
	struct uid_set uids;
	char path[400];

	messages(f, ".Drafts", 10);
	m = fixture_mailbox(f, "Drafts", true);
	first = before = modseq(m);
	assert_string_equal(gone(f, m, first, 0, 0), "");
	expunge(f, m, 3, 5);
	assert_true(modseq(m) > before);
	assert_string_equal(gone(f, m, first, 0, 0), "3:5");
	assert_string_equal(gone(f, m, first, 4, 900), "4:5");
	before = modseq(m);
	assert_string_equal(gone(f, m, before, 0, 0), "");

	uid_set_init(&uids);
	uid_set_add(&uids, 10, 10);
	mailbox_copy(m, &uids, "Trash", true, fixture_copied, f);
	fixture_wait(f);
	assert_true(modseq(m) > before);
	assert_string_equal(gone(f, m, before, 0, 0), "10");
	uid_set_release(&uids);

	before = modseq(m);
	snprintf(path, sizeof(path), "%s/.Drafts/cur/1000.x:2,S", f->maildir);
	assert_int_equal(unlink(path), 0);
	mailbox_refresh(m, fixture_done, f);
	fixture_wait(f);
	assert_true(modseq(m) > before);
	assert_string_equal(gone(f, m, before, 0, 0), "1");
	assert_string_equal(gone(f, m, first, 0, 0), "1,3:5,10");

	/* The store closed, and a program at it meanwhile. */
	before = modseq(m);
	snprintf(path, sizeof(path), "%s/.Drafts/cur/1001.x:2,S", f->maildir);
	assert_int_equal(unlink(path), 0);
	reopen(f, &m, "Drafts");
	assert_true(modseq(m) > before);
	assert_string_equal(gone(f, m, before, 0, 0), "2");
	assert_string_equal(gone(f, m, first, 0, 0), "1:5,10");
	/* It is known whose messages are meant: later ones were not there. */
	assert_string_equal(gone(f, m, 0, 0, 0), "1:5,10");
	/* A modseq from another life: all that is not there. */
	assert_string_equal(gone(f, m, modseq(m) + 1, 1, 7), "1:5");
	mailbox_release(m);
}

/* The last one with the highest modseq takes it along, and it does not come again. */
static void highest_goes(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	uint64_t before;

	messages(f, ".Drafts", 2);
	m = fixture_mailbox(f, "Drafts", true);
	expunge(f, m, 2, 2);
	before = modseq(m);
	reopen(f, &m, "Drafts");
	assert_int_equal(modseq(m), before);
	expunge(f, m, 1, 1);
	assert_true(modseq(m) > before);
	assert_string_equal(gone(f, m, before, 0, 0), "1");
	before = modseq(m);
	reopen(f, &m, "Drafts");
	assert_int_equal(modseq(m), before);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 0);
	mailbox_release(m);
}

/* What a view still has did not vanish for it. */
static void not_what_is_seen(void **state)
{
	struct fixture *f = *state;
	const struct snapshot *view;
	struct answer a = { .f = f };
	struct mailbox *m;

	messages(f, ".Drafts", 4);
	m = fixture_mailbox(f, "Drafts", true);
	expunge(f, m, 1, 1);
	view = snapshot_hold(mailbox_newest(m));
	expunge(f, m, 3, 3);
	mailbox_vanished(m, view, 0, NULL, answered, &a);
	fixture_wait(f);
	assert_string_equal(a.text, "1");
	snapshot_drop(view);
	mailbox_release(m);
}

/* A new folder of an old name knows nothing of what the old one lost. */
static void a_new_life(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	store_create(f->store, "x", fixture_done, f);
	fixture_wait(f);
	messages(f, ".x", 3);
	m = fixture_mailbox(f, "x", true);
	expunge(f, m, 1, 2);
	assert_string_equal(gone(f, m, 2, 0, 0), "1:2");
	mailbox_release(m);
	store_rename(f->store, "x", "y", fixture_done, f);
	fixture_wait(f);
	m = fixture_mailbox(f, "y", true);
	assert_string_equal(gone(f, m, 2, 0, 0), "1:2");
	mailbox_release(m);
	store_delete(f->store, "y", fixture_done, f);
	fixture_wait(f);
	store_create(f->store, "y", fixture_done, f);
	fixture_wait(f);
	m = fixture_mailbox(f, "y", true);
	assert_string_equal(gone(f, m, 1, 0, 0), "");
	mailbox_release(m);
}

/* With Dovecot's UIDs a client brings Dovecot's modseqs. */
static void taken_over(void **state)
{
	struct fixture *f = *state;
	char path[400];
	FILE *list;
	struct mailbox *m;

	messages(f, ".Drafts", 2);
	snprintf(path, sizeof(path), "%s/.Drafts/dovecot-uidlist", f->maildir);
	list = fopen(path, "w");
	assert_non_null(list);
	fputs("3 V1234 N9 G0\n5 :1000.x\n7 :1001.x\n", list);
	fclose(list);
	m = fixture_mailbox(f, "Drafts", true);
	assert_int_equal(snapshot_uid_validity(mailbox_newest(m)), 1234);
	/* Larger than any it can have told, and of what it told nothing is known. */
	assert_true(modseq(m) > UINT32_MAX);
	assert_string_equal(gone(f, m, 4711, 0, 0), "1:4,6,8");
	assert_string_equal(gone(f, m, modseq(m), 0, 0), "");
	mailbox_release(m);
}

/* ---- The ceiling, in the index ---- */

struct rows {
	char dir[200];
	struct index *ix;
};

static void count_range(void *ctx, uint32_t first, uint32_t last)
{
	*(uint64_t *)ctx += last - first + 1;
}

static void ceiling(void **state)
{
	struct fixture *f = *state;
	struct index_history h;
	struct index_folder folder = { .uid_validity = 1, .modseq = 1 };
	char path[300], error[200];
	struct index *ix;
	uint64_t known = 0;

	snprintf(path, sizeof(path), "%s/rows.db", f->root);
	ix = index_open(path, error, sizeof(error));
	assert_non_null(ix);
	assert_true(index_begin(ix));
	assert_true(index_folder_new(ix, ".A", &folder));
	assert_true(index_history_get(ix, folder.id, &h));
	assert_int_equal(h.floor, 1);
	assert_int_equal(h.ranges, 0);
	/* Three of each modseq from 2 to 11. */
	for (uint32_t i = 0; i < 30; i++)
		assert_true(index_vanished_add(ix, folder.id, 2 + i / 3, 1 + 2 * i, 1 + 2 * i));
	h.ranges = 30;
	assert_true(index_vanished_trim(ix, folder.id, 30, &h));
	assert_int_equal(h.ranges, 30);
	/* Those of one modseq go together, or a client would miss one. */
	assert_true(index_vanished_trim(ix, folder.id, 10, &h));
	assert_int_equal(h.ranges, 9);
	assert_int_equal(h.floor, 8);
	assert_true(index_history_put(ix, folder.id, &h));
	assert_true(index_commit(ix));
	index_close(ix);

	ix = index_open(path, error, sizeof(error));
	assert_non_null(ix);
	assert_true(index_history_get(ix, folder.id, &h));
	assert_int_equal(h.floor, 8);
	assert_true(index_vanished_since(ix, folder.id, 8, count_range, &known));
	assert_int_equal(known, 9);
	known = 0;
	assert_true(index_vanished_since(ix, folder.id, 10, count_range, &known));
	assert_int_equal(known, 3);
	assert_true(index_begin(ix));
	assert_true(index_folder_delete(ix, folder.id));
	assert_true(index_vanished_since(ix, folder.id, 0, count_range, &known));
	assert_int_equal(known, 3);
	assert_true(index_history_get(ix, folder.id, &h));
	assert_int_equal(h.ranges, 0);
	assert_true(index_commit(ix));
	index_close(ix);
}

static void sql(struct fixture *f, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->index, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* Behind the floor all that is gone is told, and only that: more than asked for,
 * never less. */
static void behind_the_floor(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	uint64_t first;

	messages(f, ".Drafts", 10);
	m = fixture_mailbox(f, "Drafts", true);
	first = modseq(m);
	expunge(f, m, 2, 2);
	mailbox_release(m);
	fixture_close(f);
	/* As if there had been fifty thousand more. */
	sql(f, "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<50000)"
	       " INSERT OR IGNORE INTO vanished SELECT (SELECT id FROM folder WHERE dir='.Drafts'),"
	       " 1, 100000+2*i, 100000+2*i FROM n;"
	       "UPDATE history SET ranges=50001 WHERE folder="
	       "(SELECT id FROM folder WHERE dir='.Drafts');");
	fixture_open(f);
	m = fixture_mailbox(f, "Drafts", true);
	assert_string_equal(gone(f, m, first, 0, 0), "2");
	expunge(f, m, 4, 4);
	assert_string_equal(gone(f, m, first, 0, 0), "2,4");
	assert_string_equal(gone(f, m, first, 3, 10), "4");
	assert_string_equal(gone(f, m, 0, 3, 10), "4");
	assert_string_equal(gone(f, m, 0, 0, 0), "2,4");
	mailbox_release(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_way_out, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(highest_goes, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(not_what_is_seen, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(a_new_life, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(taken_over, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(ceiling, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(behind_the_floor, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
