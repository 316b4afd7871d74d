/* COPY and MOVE: all or none, with what belongs to a message. */
#include "store_fixture.h"

#include "../support/faults.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

static enum store_status copy(struct fixture *f, struct mailbox *m, uint32_t first, uint32_t last,
			      const char *to, bool move)
{
	struct uid_set uids;

	uid_set_init(&uids);
	uid_set_add(&uids, first, last);
	mailbox_copy(m, &uids, to, move, fixture_copied, f);
	uid_set_release(&uids);
	fixture_wait(f);
	return f->st;
}

static void three_with_keywords(struct fixture *f)
{
	static const char *const words[] = { "Work", "$Forwarded" };
	struct spool_commit c = { .folder = "INBOX", .flags = MESSAGE_SEEN, .keywords = words,
				  .keyword_count = 2, .received = 1234567890, .want_uid = true };

	for (int i = 0; i < 3; i++)
		assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
}

static void check_copy(struct mailbox *m, uint32_t seq)
{
	const struct snapshot *s = mailbox_newest(m);
	struct message_info info = snapshot_message(s, seq);
	const char *const *names;

	assert_int_equal(info.flags, MESSAGE_SEEN);
	assert_int_equal(info.received, 1234567890);
	assert_int_equal(info.size, strlen(MESSAGE) + 3);
	assert_int_equal(snapshot_keywords(s, info.keywords, &names), 2);
}

static void copies_are_links(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m, *to;
	char name[256], *path;
	struct stat st;

	three_with_keywords(f);
	m = fixture_mailbox(f, "INBOX", true);
	to = fixture_mailbox(f, "Archive", true);
	assert_int_equal(copy(f, m, 2, 9, "Archive", false), STORE_OK);
	assert_int_equal(f->copy_count, 2);
	assert_int_equal(f->copy_from[0], 2);
	assert_int_equal(f->copy_to[0], 1);
	assert_int_equal(f->copy_from[1], 3);
	assert_int_equal(f->copy_to[1], 2);
	assert_int_equal(f->copy_validity, snapshot_uid_validity(mailbox_newest(to)));
	assert_int_equal(snapshot_count(mailbox_newest(to)), 2);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 3);
	check_copy(to, 1);
	check_copy(to, 2);
	assert_int_equal(fixture_count(f, ".Archive/cur", name), 2);
	assert_string_equal(strchr(name, ':'), ":2,PSa");
	path = mem_printf("%s/.Archive/cur/%s", f->maildir, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_nlink, 2);
	free(path);
	assert_int_equal(fixture_count(f, ".Archive/tmp", NULL), 0);
	mailbox_release(m);
	mailbox_release(to);
}

static void into_itself(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	three_with_keywords(f);
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(copy(f, m, 1, UINT32_MAX, "INBOX", false), STORE_OK);
	assert_int_equal(f->copy_count, 3);
	assert_int_equal(f->copy_to[2], 6);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 6);
	assert_int_equal(copy(f, m, 1, 2, "inbox", true), STORE_OK);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 6);
	assert_int_equal(snapshot_uid(mailbox_newest(m), 1), 3);
	assert_int_equal(snapshot_uid(mailbox_newest(m), 6), 8);
	mailbox_release(m);
}

static void moved(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m, *to;

	three_with_keywords(f);
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(copy(f, m, 1, 2, "Trash", true), STORE_OK);
	assert_int_equal(f->copy_count, 2);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
	assert_int_equal(fixture_count(f, "cur", NULL), 1);
	assert_int_equal(fixture_count(f, ".Trash/cur", NULL), 2);
	to = fixture_mailbox(f, "Trash", true);
	assert_int_equal(snapshot_count(mailbox_newest(to)), 2);
	check_copy(to, 2);
	mailbox_release(to);
	mailbox_release(m);
	fixture_close(f);
	fixture_open(f);
	fixture_status(f, "Trash");
	assert_int_equal(f->status.messages, 2);
	assert_int_equal(f->status.uid_next, 3);
}

static void all_or_none(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	three_with_keywords(f);
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(copy(f, m, 1, 3, "Nowhere", false), STORE_NO_FOLDER);
	assert_int_equal(copy(f, m, 1, 3, "a//b", true), STORE_NO_FOLDER);
	assert_int_equal(copy(f, m, 7, 9, "Trash", true), STORE_OK);
	assert_int_equal(f->copy_count, 0);
	/* The third of them cannot be linked. */
	fixture_status(f, "Junk");
	faults_set(FAULT_ERROR, FAULT_NAME, 6, EIO);
	assert_int_equal(copy(f, m, 1, 3, "Junk", false), STORE_FAILED);
	faults_off();
	assert_int_equal(fixture_count(f, ".Junk/cur", NULL), 0);
	assert_int_equal(fixture_count(f, "cur", NULL), 3);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 3);
	mailbox_release(m);
}

enum { MANY = 4500 };

/* More than one batch; `f` has room for the pairs of the first few only. */
static void copied_many(void *owner, enum store_status st, const struct copy_result *r)
{
	struct fixture *f = owner;

	for (size_t i = 0; i < r->count; i++)
		assert_int_equal(r->from[i], i + 1);
	f->copy_count = r->count;
	f->st = st;
	f->answered = true;
}

static enum store_status copy_many(struct fixture *f, struct mailbox *m, const char *to, bool move)
{
	struct uid_set all;

	uid_set_init(&all);
	uid_set_add(&all, 1, UINT32_MAX);
	f->answered = false;
	mailbox_copy(m, &all, to, move, copied_many, f);
	uid_set_release(&all);
	fixture_wait(f);
	return f->st;
}

static void in_batches(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	for (int i = 0; i < MANY; i++) {
		char name[40];

		snprintf(name, sizeof(name), "cur/%05d.a,W=25:2,", i);
		fixture_write(f, name, MESSAGE);
	}
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(snapshot_count(mailbox_newest(m)), MANY);
	/* The third batch fails: of the two before it nothing is left. */
	faults_set(FAULT_ERROR, FAULT_NAME, 4200, EIO);
	assert_int_equal(copy_many(f, m, "Sent", false), STORE_FAILED);
	faults_off();
	assert_int_equal(f->copy_count, 0);
	assert_int_equal(fixture_count(f, ".Sent/cur", NULL), 0);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, 0);
	assert_int_equal(copy_many(f, m, "Sent", false), STORE_OK);
	assert_int_equal(f->copy_count, MANY);
	assert_int_equal(fixture_count(f, ".Sent/cur", NULL), MANY);
	/* Into itself it does not go on with what it has made. */
	assert_int_equal(copy_many(f, m, "INBOX", false), STORE_OK);
	assert_int_equal(f->copy_count, MANY);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 2 * MANY);
	/* A move that fails half way leaves each message in one of the two. */
	faults_set(FAULT_ERROR, FAULT_NAME, 4200, EIO);
	assert_int_equal(copy_many(f, m, "Trash", true), STORE_FAILED);
	faults_off();
	assert_int_equal(fixture_count(f, ".Trash/cur", NULL), 4000);
	assert_int_equal(fixture_count(f, "cur", NULL), 2 * MANY - 4000);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 2 * MANY - 4000);
	mailbox_release(m);
}

/* One of the files is gone, one has another name by now. */
static void others_were_faster(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	struct mailbox *to;

	fixture_write(f, "cur/1.a:2,", MESSAGE);
	fixture_write(f, "cur/2.b:2,", MESSAGE);
	fixture_write(f, "cur/3.c:2,", MESSAGE);
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 3);
	fixture_rename(f, "cur/1.a:2,", "cur/1.a:2,F");
	fixture_rename(f, "cur/2.b:2,", "gone");
	assert_int_equal(copy(f, m, 1, 3, "Sent", false), STORE_OK);
	assert_int_equal(f->copy_count, 2);
	assert_int_equal(f->copy_from[1], 3);
	to = fixture_mailbox(f, "Sent", true);
	assert_int_equal(snapshot_count(mailbox_newest(to)), 2);
	assert_int_equal(snapshot_message(mailbox_newest(to), 1).flags, MESSAGE_FLAGGED);
	mailbox_release(to);
	mailbox_release(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies_are_links, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(into_itself, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(moved, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(all_or_none, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(in_batches, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(others_were_faster, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
