/*
 * A folder that was Dovecot's keeps its UIDs, whatever call is the last one before the
 * process that takes them over is killed.
 */
#include "store_fixture.h"

#include <sys/wait.h>

#include "../support/faults.h"

static char place[200];

static void use(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->maildir, sizeof(f->maildir), "%s/Maildir", place);
	snprintf(f->index, sizeof(f->index), "%s/index.db", place);
	f->options.message_max = 10 * 1024 * 1024;
	f->slices = true;
	uid_set_init(&f->refused);
	fixture_open(f);
}

static void leave(struct fixture *f)
{
	uid_set_release(&f->refused);
	fixture_close(f);
}

/* A folder that was Dovecot's, and is compared message by message. */
static void make_dovecots(void)
{
	static const char *const names[] = { "1.a", "2.b", "3.c", "4.d", "5.new" };
	struct fixture f;

	nftw(place, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(place, 0700), 0);
	use(&f);
	store_create(f.store, "Dove", fixture_done, &f);
	fixture_wait(&f);
	fixture_write(&f, ".Dove/dovecot-uidlist", "3 V1111111111 N50 G0123456789\n"
		      "7 :2.b\n10 :1.a\n12 :4.d\n20 :3.c\n");
	for (size_t i = 0; i < 5; i++) {
		char *name = mem_printf(".Dove/%s/%s", i == 4 ? "new" : "cur", names[i]);
		char *text = mem_printf("Subject: %s\n\nx\n", names[i]);

		fixture_write(&f, name, text);
		free(name);
		free(text);
	}
	leave(&f);
}

static void take_over(int at)
{
	struct fixture f;

	alarm(120);
	use(&f);
	faults_set(at ? FAULT_CRASH : FAULT_COUNT, FAULT_CHANGES, at, 0);
	fixture_status(&f, "Dove");
	faults_off();
	leave(&f);
	_exit(f.st == STORE_OK ? 0 : 1);
}

/* Whatever ended the first comparison, the next goes on with Dovecot's UIDs. */
static void test_take_over(void **state)
{
	static const uint32_t uids[] = { 7, 10, 12, 20, 50 };
	int status = 99 << 8, at = 0;

	(void)state;
	while (WEXITSTATUS(status) != 0) {
		struct fixture f;
		struct mailbox *m;
		pid_t child;

		assert_true(++at < 250);
		make_dovecots();
		child = fork();
		if (child == 0)
			take_over(at);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
		use(&f);
		m = fixture_mailbox(&f, "Dove", false);
		assert_int_equal(snapshot_uid_validity(mailbox_newest(m)), 1111111111);
		assert_int_equal(snapshot_count(mailbox_newest(m)), 5);
		for (uint32_t seq = 1; seq <= 5; seq++)
			assert_int_equal(snapshot_uid(mailbox_newest(m), seq), uids[seq - 1]);
		assert_int_equal(snapshot_uid_next(mailbox_newest(m)), 51);
		mailbox_release(m);
		leave(&f);
	}
	assert_true(at > 20);
	print_message("take over: killed at %d calls\n", at - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_take_over) };
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	int failed;

	snprintf(place, sizeof(place), "%s/store-take-XXXXXX", tmp);
	if (!mkdtemp(place))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	nftw(place, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	return failed;
}
