/* Opening a store, and the way of questions through it. */
#include "store_fixture.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

static void bad_places(void **state)
{
	struct fixture *f = *state;
	static const char *const maildirs[] = { "/dev/null/Maildir", "/proc/no/Maildir" };
	struct store_options o = f->options;
	char error[200], *long_path = mem_alloc(5000);
	char other[300];

	memset(long_path, 'x', 4999);
	for (size_t i = 0; i < sizeof(maildirs) / sizeof(maildirs[0]); i++) {
		o.maildir = maildirs[i];
		error[0] = '\0';
		assert_null(store_open(&o, error, sizeof(error)));
		assert_non_null(strstr(error, maildirs[i]));
	}
	o.maildir = long_path;
	assert_null(store_open(&o, error, sizeof(error)));
	o = f->options;
	o.index_path = "/dev/null/index.db";
	assert_null(store_open(&o, error, sizeof(error)));
	assert_non_null(strstr(error, "Another letterplate"));
	snprintf(other, sizeof(other), "%s/other", f->root);
	o.maildir = other;
	assert_null(store_open(&o, error, sizeof(error)));
	assert_non_null(strstr(error, "/dev/null/index.db"));
	store_close(NULL);
	free(long_path);
}

static void folders_above_are_made(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	snprintf(f->maildir, sizeof(f->maildir), "%s/a/b/Maildir/", f->root);
	snprintf(f->index, sizeof(f->index), "%s/c/d/index.db", f->root);
	fixture_open(f);
	fixture_deliver(f, "INBOX", MESSAGE, 0);
	assert_int_equal(fixture_count(f, "new", NULL), 1);
}

/* The special folders are made once: who removes one has removed it. */
static void first_start_only(void **state)
{
	struct fixture *f = *state;

	store_delete(f->store, "Junk", fixture_done, f);
	fixture_wait(f);
	store_subscribe(f->store, "Junk", false, fixture_done, f);
	fixture_wait(f);
	fixture_close(f);
	fixture_open(f);
	assert_null(strstr(fixture_list(f), "Junk"));
}

struct other { unsigned answers; };

static void count_answer(void *owner, enum store_status st)
{
	(void)st;
	((struct other *)owner)->answers++;
}

static void abandoned_by_owner(void **state)
{
	struct fixture *f = *state;
	struct other a = { 0 }, b = { 0 };

	for (int i = 0; i < 5; i++) {
		store_create(f->store, "x", count_answer, &a);
		store_create(f->store, "", count_answer, &a);
		store_create(f->store, "y", count_answer, &b);
		store_create(f->store, "a//b", count_answer, &b);
	}
	/* Nobody is answered before the call returns. */
	assert_int_equal(a.answers + b.answers, 0);
	store_abandon(f->store, &a);
	while (b.answers < 10)
		loop_turn(f->loop, 100);
	assert_int_equal(a.answers, 0);
	assert_non_null(strstr(fixture_list(f), " x:0 y:0"));
}

static void full_queue_is_busy(void **state)
{
	struct fixture *f = *state;
	struct other a = { 0 };
	unsigned asked = 0;

	while (lane_load(f->mail) < 1001) {
		store_create(f->store, "x", count_answer, &a);
		asked++;
	}
	store_create(f->store, "x", fixture_done, f);
	assert_false(f->answered);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_BUSY);
	while (a.answers < asked)
		loop_turn(f->loop, 100);
}

/* The index breaks while mailboxes are open: they are gone, mail is not. */
static void index_damaged_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	uint32_t validity;
	FILE *file;

	fixture_deliver(f, "INBOX", MESSAGE, MESSAGE_SEEN);
	validity = f->committed.uid_validity;
	fixture_close(f);
	file = fopen(f->index, "r+");
	assert_non_null(file);
	/* Everything behind the first page, which holds the layout. */
	assert_int_equal(fseek(file, 4096, SEEK_SET), 0);
	for (int i = 0; i < 64 * 1024; i++)
		fputc(0x55, file);
	fclose(file);
	fixture_open(f);
	for (int tries = 0; tries < 3; tries++) {
		mailbox_open(f->store, "INBOX", true, fixture_opened, f);
		fixture_wait(f);
		if (f->st == STORE_OK)
			break;
	}
	assert_int_equal(f->st, STORE_OK);
	m = f->opened;
	assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
	assert_true(snapshot_uid_validity(mailbox_newest(m)) > validity);
	mailbox_release(m);
}

static void quota_counts_what_others_brought(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "INBOX" };

	fixture_close(f);
	unlink(f->index);
	fixture_write(f, ".Archive/cur/1.a:2,", MESSAGE);
	f->options.quota = strlen(MESSAGE) + 10;
	fixture_open(f);
	/* Behind the count on the lane. */
	fixture_status(f, "Sent");
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_NO_SPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bad_places, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(folders_above_are_made, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(first_start_only, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(abandoned_by_owner, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(full_queue_is_busy, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(index_damaged_meanwhile, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(quota_counts_what_others_brought, fixture_new,
						fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
