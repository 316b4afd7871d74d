/* Comparing a folder with what other programs made of it. */
#include "store_fixture.h"

#include <sys/time.h>
#include <utime.h>

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

static void set_time(struct fixture *f, const char *rest, time_t when)
{
	struct utimbuf t = { when, when };
	char *path = fixture_path(f, rest);

	assert_int_equal(utime(path, &t), 0);
	free(path);
}

static void by_time_then_name(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	const struct snapshot *s;

	fixture_write(f, "cur/3.c:2,F", MESSAGE);
	fixture_write(f, "cur/2.b:2,S", MESSAGE);
	fixture_write(f, "cur/strange", "x\n");
	fixture_write(f, "new/1.a", MESSAGE);
	fixture_write(f, "new/.hidden", MESSAGE);
	set_time(f, "cur/3.c:2,F", 1000);
	set_time(f, "cur/2.b:2,S", 2000);
	set_time(f, "cur/strange", 2000);
	set_time(f, "new/1.a", 500);
	m = fixture_mailbox(f, "INBOX", false);
	s = mailbox_newest(m);
	assert_int_equal(snapshot_count(s), 4);
	assert_int_equal(snapshot_message(s, 1).flags, MESSAGE_FLAGGED);
	assert_int_equal(snapshot_message(s, 2).flags, MESSAGE_SEEN);
	assert_int_equal(snapshot_message(s, 3).size, 3);
	/* What lies in new/ at the first look is behind the rest, and recent. */
	assert_int_equal(snapshot_message(s, 4).received, 500);
	mailbox_release(m);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.recent, 1);
	assert_int_equal(f->status.unseen, 3);
}

static void size_from_the_name(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	fixture_write(f, "cur/1.a,S=23,W=26:2,", MESSAGE);
	fixture_write(f, "cur/2.b,W=x,S=1:2,", MESSAGE);
	fixture_write(f, "cur/3.c,S=1:2,", MESSAGE);
	m = fixture_mailbox(f, "INBOX", true);
	for (uint32_t seq = 1; seq <= 3; seq++)
		assert_int_equal(snapshot_message(mailbox_newest(m), seq).size, 26);
	mailbox_release(m);
}

static void closed_folder_is_compared_by_status(void **state)
{
	struct fixture *f = *state;
	char name[256], *path;

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 1);
	fixture_write(f, "new/2.b", MESSAGE);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 2);
	assert_int_equal(f->status.uid_next, 3);
	assert_int_equal(f->status.unseen, 2);
	fixture_rename(f, "new/2.b", "cur/2.b:2,S");
	fixture_count(f, "new", name);
	path = mem_printf("%s/new/%s", f->maildir, name);
	unlink(path);
	free(path);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 1);
	assert_int_equal(f->status.unseen, 0);
	assert_int_equal(f->status.uid_next, 3);
	assert_int_equal(f->status.size, strlen(MESSAGE) + 3);
}

static void same_base_twice(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	fixture_write(f, "cur/1.a:2,S", MESSAGE);
	fixture_write(f, "cur/1.a:2,F", MESSAGE);
	fixture_write(f, "new/1.a", MESSAGE);
	for (int i = 0; i < 3; i++) {
		m = fixture_mailbox(f, "INBOX", true);
		assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
		assert_int_equal(snapshot_uid(mailbox_newest(m), 1), 1);
		mailbox_release(m);
	}
}

static void missing_directories_are_made(void **state)
{
	struct fixture *f = *state;
	char *new = fixture_path(f, ".Sent/new"), *tmp = fixture_path(f, ".Sent/tmp");

	rmdir(new);
	rmdir(tmp);
	fixture_deliver(f, "Sent", MESSAGE, MESSAGE_SEEN);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, 1);
	assert_int_equal(fixture_count(f, ".Sent/new", NULL), 0);
	assert_int_equal(fixture_count(f, ".Sent/tmp", NULL), 0);
	free(new);
	free(tmp);
}

static void moving_from_dovecot(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	const struct snapshot *s;
	uint32_t validity;
	const char *const *names;

	fixture_write(f, "dovecot-uidlist",
		      "3 V1111111111 N50 G0123456789\n"
		      "7 :2.b\n10 W26 S23 :1.a,S=23,W=26\n12 :gone\n12 :3.c\nnonsense\n0 :4.d\n"
		      "4294967295 :4.d\n");
	fixture_write(f, "dovecot-keywords", "0 $Label1\n2 Work\nx y\n99 z\n");
	fixture_write(f, "cur/1.a,S=23,W=26:2,Sa", MESSAGE);
	fixture_write(f, "cur/2.b:2,c", MESSAGE);
	fixture_write(f, "cur/3.c:2,", MESSAGE);
	fixture_write(f, "new/4.d", MESSAGE);
	m = fixture_mailbox(f, "INBOX", true);
	s = mailbox_newest(m);
	assert_int_equal(snapshot_uid_validity(s), 1111111111);
	assert_int_equal(snapshot_count(s), 4);
	assert_int_equal(snapshot_uid(s, 1), 7);
	assert_int_equal(snapshot_uid(s, 2), 10);
	assert_int_equal(snapshot_uid(s, 3), 12);
	assert_int_equal(snapshot_uid(s, 4), 50);
	assert_int_equal(snapshot_uid_next(s), 51);
	assert_int_equal(snapshot_keywords(s, snapshot_message(s, 2).keywords, &names), 1);
	assert_string_equal(names[0], "$Label1");
	mailbox_release(m);
	/* A lost index may not take them again: 50 is not in the file. */
	fixture_close(f);
	unlink(f->index);
	fixture_open(f);
	m = fixture_mailbox(f, "INBOX", true);
	validity = snapshot_uid_validity(mailbox_newest(m));
	assert_true(validity > 1111111111);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 4);
	mailbox_release(m);
}

static void delivery_before_the_first_look_keeps_dovecots_uids(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "dovecot-uidlist", "3 V1111111111 N50\n7 :2.b\n");
	fixture_write(f, "cur/2.b:2,", MESSAGE);
	assert_true(fixture_deliver(f, "INBOX", MESSAGE, 0) >= 50);
	assert_int_equal(f->committed.uid_validity, 1111111111);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 2);
}

static void flags_follow_while_closed(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	uint64_t modseq;

	fixture_write(f, "cur/1.a:2,", MESSAGE);
	m = fixture_mailbox(f, "INBOX", true);
	modseq = snapshot_modseq(mailbox_newest(m));
	mailbox_release(m);
	fixture_rename(f, "cur/1.a:2,", "cur/1.a:2,FPS");
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(snapshot_message(mailbox_newest(m), 1).flags,
			 MESSAGE_FLAGGED | MESSAGE_SEEN);
	assert_int_not_equal(snapshot_message(mailbox_newest(m), 1).keywords, 0);
	assert_true(snapshot_message(mailbox_newest(m), 1).modseq > modseq);
	mailbox_release(m);
}

static void settle(struct fixture *f)
{
	set_time(f, "cur", 1000000);
	set_time(f, "new", 1000001);
}

static uint32_t messages(struct fixture *f)
{
	fixture_status(f, "INBOX");
	assert_int_equal(f->st, STORE_OK);
	return f->status.messages;
}

static void remove_one(struct fixture *f, const char *rest)
{
	char *path = fixture_path(f, rest);

	assert_int_equal(unlink(path), 0);
	free(path);
}

static void only_what_changed_is_read(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "cur/1.a:2,S", MESSAGE);
	settle(f);
	assert_int_equal(messages(f), 1);
	/* With its time put back nobody can know of it. */
	fixture_write(f, "cur/2.b:2,S", MESSAGE);
	fixture_write(f, "new/3.c", MESSAGE);
	set_time(f, "cur", 1000000);
	assert_int_equal(messages(f), 2);
	/* One is missing: then everything is looked at before it is called gone. */
	remove_one(f, "new/3.c");
	set_time(f, "cur", 1000000);
	assert_int_equal(messages(f), 2);
	assert_int_equal(f->status.uid_next, 4);
}

static void a_base_in_both_directories(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "cur/1.a:2,S", MESSAGE);
	settle(f);
	assert_int_equal(messages(f), 1);
	fixture_write(f, "new/1.a", MESSAGE);
	assert_int_equal(messages(f), 1);
	remove_one(f, "new/1.a");
	assert_int_equal(messages(f), 1);
	assert_int_equal(f->status.uid_next, 2);
	assert_int_equal(f->status.unseen, 0);
	remove_one(f, "cur/1.a:2,S");
	assert_int_equal(messages(f), 0);
}

/* At once, and in slices. */
#define BOTH(test) \
	cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free), \
	cmocka_unit_test_setup_teardown(test, fixture_new_sliced, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(by_time_then_name),
		BOTH(size_from_the_name),
		BOTH(closed_folder_is_compared_by_status),
		BOTH(same_base_twice),
		BOTH(missing_directories_are_made),
		BOTH(moving_from_dovecot),
		BOTH(delivery_before_the_first_look_keeps_dovecots_uids),
		BOTH(flags_follow_while_closed),
		BOTH(only_what_changed_is_read),
		BOTH(a_base_in_both_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
