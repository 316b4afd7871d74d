/* What other programs do to a Maildir while we run, and did harm with once. */
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "../../src/store/mailbox_private.h"

#define MESSAGE "Subject: hello\n\nx\n"

static void remove_dir(struct fixture *f, const char *rest)
{
	char *path = fixture_path(f, rest);

	assert_int_equal(rmdir(path), 0);
	free(path);
}


static void copy_all(struct fixture *f, struct mailbox *m, const char *to, bool move)
{
	struct uid_set all;

	uid_set_init(&all);
	uid_set_add(&all, 1, UINT32_MAX - 1);
	mailbox_copy(m, &all, to, move, fixture_copied, f);
	fixture_wait(f);
	uid_set_release(&all);
}

/* "find -type d -empty -delete", or a backup that keeps no empty folders. */
static void empty_directories_removed(void **state)
{
	struct fixture *f = *state;
	const struct spool_commit c = { .folder = "INBOX", .want_uid = true };
	struct mailbox *m;

	fixture_status(f, "INBOX");
	fixture_status(f, "Archive");
	remove_dir(f, "tmp");
	remove_dir(f, "new");
	remove_dir(f, ".Archive/tmp");
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
	remove_dir(f, "tmp");
	store_subscribe(f->store, "Work", true, fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	remove_dir(f, "tmp");
	store_create(f->store, "Work", fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	m = fixture_mailbox(f, "INBOX", true);
	copy_all(f, m, "Archive", false);
	assert_int_equal(f->st, STORE_OK);
	assert_int_equal(f->copy_count, 1);
	assert_int_equal(fixture_count(f, ".Archive/cur", NULL), 1);
	mailbox_release(m);
}

/* The folder that is open is renamed, and another takes its name. */
static void another_in_its_place(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	fixture_deliver(f, "Archive", MESSAGE, MESSAGE_SEEN);
	store_create(f->store, "Other", fixture_done, f);
	fixture_wait(f);
	m = fixture_mailbox(f, "Archive", true);
	fixture_rename(f, ".Archive", ".Old");
	fixture_rename(f, ".Other", ".Archive");
	fixture_write(f, ".Archive/cur/1.a.b:2,S", MESSAGE MESSAGE);
	fixture_refresh(f, m);
	assert_true(mailbox_is_gone(m));
	mailbox_release(m);
	m = fixture_mailbox(f, "Archive", true);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
	assert_int_equal(snapshot_message(mailbox_newest(m), 1).size, 2 * (sizeof(MESSAGE) - 1 + 3));
	assert_int_not_equal(snapshot_uid(mailbox_newest(m), 1), 1);
	mailbox_release(m);
}

/* cp into cur/, as somebody does who puts a backup back. */
static void written_where_it_stays(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);
	char *path = fixture_path(f, "cur/1.a.b:2,S");
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	fixture_refresh(f, m);
	assert_int_equal(write(fd, "Subject: x\n", 11), 11);
	fixture_refresh(f, m);
	/* A hard link makes it seen while it is half. */
	fixture_rename(f, "cur/1.a.b:2,S", "cur/1.a.b:2,");
	fixture_refresh(f, m);
	assert_int_equal(write(fd, "\nbody\n", 6), 6);
	close(fd);
	fixture_refresh(f, m);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
	assert_int_equal(snapshot_message(mailbox_newest(m), 1).size, 20);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 1);
	assert_int_equal(f->status.size, 20);
	free(path);
	mailbox_release(m);
}

/* A script that sorts new mail away the moment it comes. */
static void sorted_away_at_once(void **state)
{
	struct fixture *f = *state;
	const struct spool_commit c = { .folder = "INBOX" };
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);

	for (unsigned i = 0; i < 20; i++) {
		struct spool *sp = spool_new(f->store, fixture_room, f);
		char name[256], *from, *to;

		spool_add(sp, slice_of(MESSAGE));
		spool_commit(sp, &c, fixture_committed, f);
		/* The lane goes on by itself. */
		while (fixture_count(f, "new", name) == 0)
			continue;
		from = mem_printf("new/%s", name);
		to = mem_printf(".Junk/cur/%s:2,", name);
		fixture_rename(f, from, to);
		free(from);
		free(to);
		fixture_wait(f);
		assert_int_equal(f->st, STORE_OK);
	}
	fixture_refresh(f, m);
	fixture_refresh(f, m);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 0);
	mailbox_release(m);
}

enum { RENAMED = 1000 };

struct renamer {
	struct fixture *f;
	atomic_bool stop;
};

static void *rename_all(void *arg)
{
	struct renamer *r = arg;

	for (bool seen = false; !atomic_load(&r->stop); seen = !seen) {
		for (unsigned i = 0; i < RENAMED; i++) {
			char *from = mem_printf("cur/%u.a.b,W=20:2,%s", 1000 + i, seen ? "S" : "");
			char *to = mem_printf("cur/%u.a.b,W=20:2,%s", 1000 + i, seen ? "" : "S");

			fixture_rename(r->f, from, to);
			free(from);
			free(to);
		}
	}
	return NULL;
}

/* readdir(3) passes over what is renamed meanwhile, and a UID is lost with it. */
static void renamed_while_we_look(void **state)
{
	struct fixture *f = *state;
	struct renamer r = { .f = f };
	struct mailbox *m;
	pthread_t thread;

	for (unsigned i = 0; i < RENAMED; i++) {
		char *name = mem_printf("cur/%u.a.b,W=20:2,", 1000 + i);

		fixture_write(f, name, MESSAGE);
		free(name);
	}
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(pthread_create(&thread, NULL, rename_all, &r), 0);
	for (unsigned i = 0; i < 100; i++) {
		m->scan_wanted = true;
		fixture_refresh(f, m);
	}
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(snapshot_count(mailbox_newest(m)), RENAMED);
	assert_int_equal(snapshot_uid_next(mailbox_newest(m)), RENAMED + 1);
	mailbox_release(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(empty_directories_removed, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(another_in_its_place, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(written_where_it_stays, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(sorted_away_at_once, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(renamed_while_we_look, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
