/* What other programs do to a Maildir while we run, and did harm with once. */
#include "store_fixture.h"

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
	const struct spool_commit c = { .folder = "INBOX" };
	struct mailbox *m;

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(empty_directories_removed, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
