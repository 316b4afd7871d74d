/* A message on its way in: memory, tmp/, the commit, and nothing left behind. */
#include "store_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char MESSAGE[] = "From: ann@example.org\nSubject: tea\n\nAt four.\n";

static void small_message_lies_in_new(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "inbox", .received = 1234567890 };
	char name[256], want[64], *path;
	struct stat st;

	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
	assert_int_equal(f->committed.uid, 0);
	assert_int_equal(f->committed.size, strlen(MESSAGE));
	/* On its way to the index, behind the answer, files are made in tmp/ for a moment. */
	fixture_status(f, "INBOX");
	assert_int_equal(fixture_count(f, "new", name), 1);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
	snprintf(want, sizeof(want), ",S=%zu,W=%zu", strlen(MESSAGE), strlen(MESSAGE) + 4);
	assert_non_null(strstr(name, want));
	path = mem_printf("%s/new/%s", f->maildir, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, strlen(MESSAGE));
	assert_int_equal(st.st_mtime, 1234567890);
	free(path);
}

static void uids_follow_each_other(void **state)
{
	struct fixture *f = *state;
	uint32_t validity;

	assert_int_equal(fixture_deliver(f, "INBOX", MESSAGE, 0), 1);
	validity = f->committed.uid_validity;
	assert_int_equal(fixture_deliver(f, "INBOX", MESSAGE, MESSAGE_SEEN), 2);
	assert_int_equal(fixture_count(f, "cur", NULL), 1);
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(fixture_deliver(f, "INBOX", MESSAGE, 0), 3);
	assert_int_equal(f->committed.uid_validity, validity);
}

static void no_such_folder(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "Nowhere", "", "a//b", "Sent/x", "\x01" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct spool_commit c = { .folder = names[i] };

		assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_NO_FOLDER);
	}
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
}

/* Adds `size` bytes in pieces, waiting for room where it is asked for. */
struct feeder {
	struct fixture *f;
	struct spool *sp;
	bool room;
	unsigned waits;
};

static void feeder_room(void *owner)
{
	struct feeder *feed = owner;

	feed->room = true;
}

static void feed(struct feeder *feed, size_t size)
{
	char piece[4096];

	memset(piece, 'x', sizeof(piece));
	piece[sizeof(piece) - 1] = '\n';
	while (size > 0) {
		size_t n = size < sizeof(piece) ? size : sizeof(piece);

		size -= n;
		if (spool_add(feed->sp, slice_make(piece, n)))
			continue;
		feed->waits++;
		while (!feed->room)
			loop_turn(feed->f->loop, 1000);
		feed->room = false;
	}
}

static void large_message_goes_to_tmp(void **state)
{
	struct fixture *f = *state;
	struct feeder feeder = { .f = f };
	struct spool_commit c = { .folder = "Sent", .flags = MESSAGE_SEEN, .want_uid = true };

	feeder.sp = spool_new(f->store, feeder_room, &feeder);
	feed(&feeder, 3 * 1024 * 1024 + 17);
	assert_true(feeder.waits > 2);
	assert_int_equal(fixture_count(f, "tmp", NULL), 1);
	spool_commit(feeder.sp, &c, fixture_committed, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	assert_int_equal(f->committed.size, 3 * 1024 * 1024 + 17);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
	assert_int_equal(fixture_count(f, ".Sent/cur", NULL), 1);
}

static void abandoned_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	for (size_t size = 100; size < 4000000; size *= 20) {
		struct feeder feeder = { .f = f };

		feeder.sp = spool_new(f->store, feeder_room, &feeder);
		feed(&feeder, size);
		spool_abandon(feeder.sp);
	}
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
	assert_int_equal(fixture_count(f, "new", NULL), 0);
}

static void too_big(void **state)
{
	struct fixture *f = *state;
	struct feeder feeder = { .f = f };
	struct spool_commit c = { .folder = "INBOX" };

	feeder.sp = spool_new(f->store, feeder_room, &feeder);
	feed(&feeder, f->options.message_max);
	assert_int_equal(spool_failed(feeder.sp), STORE_OK);
	feed(&feeder, 1);
	assert_int_equal(spool_failed(feeder.sp), STORE_TOO_BIG);
	spool_commit(feeder.sp, &c, fixture_committed, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_TOO_BIG);
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
	assert_int_equal(fixture_count(f, "new", NULL), 0);
}

static void over_the_quota(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "INBOX" };

	fixture_close(f);
	f->options.quota = 3 * strlen(MESSAGE);
	fixture_open(f);
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_NO_SPACE);
	/* It is known again after a restart. */
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_NO_SPACE);
	f->options.quota = 0;
}

/* A folder that another program removed takes no room any more. */
static void room_made_by_others(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "Archive" };
	char *path = fixture_path(f, ".Archive");

	fixture_deliver(f, "Archive", MESSAGE, 0);
	fixture_deliver(f, "Archive", MESSAGE, 0);
	fixture_close(f);
	nftw(path, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	f->options.quota = 3 * strlen(MESSAGE);
	fixture_open(f);
	c.folder = "INBOX";
	/* Behind the count. */
	fixture_status(f, "INBOX");
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
	f->options.quota = 0;
	free(path);
}

static void below_the_floor(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "INBOX" };

	fixture_close(f);
	f->options.disk_floor = UINT64_MAX / 2;
	fixture_open(f);
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_NO_SPACE);
	fixture_close(f);
	f->options.disk_floor = 0;
	fixture_open(f);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
}

static void second_name(void **state)
{
	struct fixture *f = *state;
	char *link = mem_printf("%s/queued", f->root);
	struct spool_commit c = { .folder = "INBOX", .link_path = link };
	struct stat st;

	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
	assert_int_equal(stat(link, &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_size, strlen(MESSAGE));
	/* It is there already: the message is not stored. */
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_FAILED);
	assert_int_equal(fixture_count(f, "new", NULL), 1);
	c.folder = "Nowhere";
	unlink(link);
	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_NO_FOLDER);
	assert_int_equal(stat(link, &st), -1);
	free(link);
}

static void keywords_are_letters(void **state)
{
	struct fixture *f = *state;
	static const char *const words[] = { "$Label1", "urgent", "$Forwarded" };
	struct spool_commit c = { .folder = "Drafts", .flags = MESSAGE_DRAFT,
				  .keywords = words, .keyword_count = 3, .want_uid = true };
	char name[256], *path, *text;

	assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
	assert_int_equal(fixture_count(f, ".Drafts/cur", name), 1);
	assert_string_equal(strchr(name, ':'), ":2,DPab");
	path = fixture_path(f, ".Drafts/dovecot-keywords");
	text = mem_alloc(100);
	{
		FILE *file = fopen(path, "r");

		assert_non_null(file);
		assert_true(fread(text, 1, 99, file) > 0);
		fclose(file);
	}
	assert_string_equal(text, "0 $Label1\n1 urgent\n");
	free(path);
	free(text);
}

/* In a child process whose files may not grow: as a full disk answers. */
static void full_disk(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child;

	fixture_close(f);
	child = fork();
	if (child == 0) {
		struct rlimit small = { 200000, 200000 };
		struct spool_commit c = { .folder = "INBOX" };
		struct feeder feeder = { .f = f };
		bool right;

		fixture_open(f);
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &small);
		feeder.sp = spool_new(f->store, feeder_room, &feeder);
		feed(&feeder, 2000000);
		spool_commit(feeder.sp, &c, fixture_committed, f);
		fixture_wait(f);
		right = f->st == STORE_NO_SPACE && fixture_count(f, "tmp", NULL) == 0 &&
			fixture_count(f, "new", NULL) == 0 &&
			fixture_deliver_to(f, MESSAGE, &c) == STORE_OK;
		_exit(right ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	fixture_open(f);
}

/* Killed at any moment: what was answered is there, whole and once; anything
 * else is in tmp/ at most. */
static void killed_while_committing(void **state)
{
	struct fixture *f = *state;
	unsigned told_before = 0;

	fixture_close(f);
	for (unsigned round = 0; round < 5; round++) {
		int told[2], status;
		char byte;
		unsigned count = 0;
		pid_t child;

		assert_int_equal(pipe(told), 0);
		child = fork();
		if (child == 0) {
			struct spool_commit c = { .folder = "INBOX" };

			fixture_open(f);
			for (;;) {
				if (fixture_deliver_to(f, MESSAGE, &c) != STORE_OK ||
				    write(told[1], "x", 1) != 1)
					_exit(1);
			}
		}
		close(told[1]);
		while (count < 5 + round && read(told[0], &byte, 1) == 1)
			count++;
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		while (read(told[0], &byte, 1) == 1)
			count++;
		close(told[0]);
		told_before += count;
		/* One more may have been stored whose answer came too late. */
		assert_in_range(fixture_count(f, "new", NULL), told_before, told_before + round + 1);
		told_before = fixture_count(f, "new", NULL);
	}
	fixture_open(f);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, told_before);
	assert_int_equal(f->status.size, told_before * (strlen(MESSAGE) + 4));
}

static void abandoned_owner_is_not_called(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "INBOX", .want_uid = true };
	struct spool *sp = spool_new(f->store, fixture_room, f);

	spool_add(sp, slice_of(MESSAGE));
	spool_commit(sp, &c, fixture_committed, f);
	store_abandon(f->store, f);
	fixture_close(f);
	assert_false(f->answered);
	fixture_open(f);
	assert_int_equal(fixture_count(f, "new", NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(small_message_lies_in_new, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(uids_follow_each_other, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(no_such_folder, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(large_message_goes_to_tmp, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(abandoned_leaves_nothing, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(too_big, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(over_the_quota, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(room_made_by_others, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(below_the_floor, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(second_name, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(keywords_are_letters, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(full_disk, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(killed_while_committing, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(abandoned_owner_is_not_called, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
