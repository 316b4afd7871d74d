/* Failures that once did damage, each with the call that fails. */
#include "store_fixture.h"

#include "../../src/store/mailbox_private.h"
#include "../support/faults.h"
#include "base/buf.h"

static void fail_at(const char *path, unsigned kinds)
{
	faults_set(FAULT_ERROR, kinds, 1, EMFILE);
	faults.until = 1 << 30;
	faults.path = path;
	atomic_store(&faults.count, 0);
}

static void holds(struct fixture *f, const char *rest, const char *text)
{
	char *path = fixture_path(f, rest), found[500] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	assert_string_equal(found, text);
	fclose(file);
	free(path);
}

/* A list that is cut short tells a client that its folders were removed. */
static void no_short_list(void **state)
{
	struct fixture *f = *state;

	fail_at("/Maildir", FAULT_LIST);
	fixture_list(f);
	faults_off();
	assert_int_equal(f->st, STORE_FAILED);
	fail_at("/subscriptions", FAULT_READ);
	fixture_list(f);
	faults_off();
	assert_int_equal(f->st, STORE_FAILED);
	fixture_list(f);
	assert_int_equal(f->st, STORE_OK);
}

static void subscriptions_are_kept(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "subscriptions", "V\t2\n\nSent\nTrash\n");
	fail_at("/subscriptions", FAULT_READ);
	store_subscribe(f->store, "Work", true, fixture_done, f);
	fixture_wait(f);
	faults_off();
	assert_int_equal(f->st, STORE_FAILED);
	holds(f, "subscriptions", "V\t2\n\nSent\nTrash\n");
}

static void letters_are_kept(void **state)
{
	struct fixture *f = *state;
	const char *const words[] = { "urgent" };
	const struct flag_edit edit = { .change = FLAGS_ADD, .keywords = words,
					.keyword_count = 1 };
	struct mailbox *m;
	struct uid_set all;

	fixture_write(f, "dovecot-keywords", "0 Home\n1 Garden\n");
	fixture_write(f, "cur/1.a.b:2,Sb", "Subject: one\n\nx\n");
	m = fixture_mailbox(f, "INBOX", true);
	fixture_write(f, "dovecot-keywords", "0 Home\n1 Garden\n2 Roof\n");
	uid_set_init(&all);
	uid_set_add(&all, 1, 1);
	fail_at("/dovecot-keywords", FAULT_READ);
	mailbox_edit_flags(m, &all, &edit, fixture_flagged, f);
	fixture_wait(f);
	faults_off();
	holds(f, "dovecot-keywords", "0 Home\n1 Garden\n2 Roof\n");
	uid_set_release(&all);
	mailbox_release(m);
}

/* A Dovecot's UIDs are taken at the first look or never. */
static void uids_are_waited_for(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "dovecot-uidlist", "3 V7 N30\n21 :1.a.b\n");
	fixture_write(f, "cur/1.a.b:2,S", "Subject: one\n\nx\n");
	fail_at("/dovecot-uidlist", FAULT_READ);
	fixture_status(f, "INBOX");
	faults_off();
	assert_int_equal(f->st, STORE_FAILED);
	fixture_status(f, "INBOX");
	assert_int_equal(f->st, STORE_OK);
	assert_int_equal(f->status.uid_validity, 7);
	assert_int_equal(f->status.uid_next, 30);
}

/* Put back by root, for example: said, and seen when that was put right, which does
 * not change the directory's time. */
static void unreadable_message(void **state)
{
	const struct timespec then[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	struct fixture *f = *state;
	char *cur = fixture_path(f, "cur"), *new = fixture_path(f, "new");

	fixture_write(f, "cur/1.a.b:2,S", "Subject: one\n\nx\n");
	assert_int_equal(utimensat(AT_FDCWD, cur, then, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, new, then, 0), 0);
	fail_at("cur/1.a.b", FAULT_READ);
	fixture_status(f, "INBOX");
	assert_true(faults_off() > 0);
	assert_int_equal(f->status.messages, 0);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 1);
	free(cur);
	free(new);
}

static void write_many(struct fixture *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char *name = mem_printf("cur/%u.a.b,W=20:2,ST", 1000 + i);

		fixture_write(f, name, "Subject: many\n\nx\n");
		free(name);
	}
}

static void remove_many(struct fixture *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char *name = mem_printf("cur/%u.a.b,W=20:2,ST", 1000 + i), *path = fixture_path(f, name);

		assert_int_equal(unlink(path), 0);
		free(path);
		free(name);
	}
}

/* What another program removed in bulk is not looked for one by one. */
static void many_that_vanished(void **state)
{
	const struct flag_edit edit = { .change = FLAGS_ADD, .flags = MESSAGE_FLAGGED };
	struct fixture *f = *state;
	struct mailbox *m;
	struct uid_set all;

	write_many(f, 300);
	m = fixture_mailbox(f, "INBOX", true);
	uid_set_init(&all);
	uid_set_add(&all, 1, 300);
	remove_many(f, 200);
	faults_set(FAULT_COUNT, FAULT_LIST, 0, 0);
	mailbox_edit_flags(m, &all, &edit, fixture_flagged, f);
	fixture_wait(f);
	assert_true(faults_off() < 20);
	fixture_refresh(f, m);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 100);
	uid_set_release(&all);
	mailbox_release(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_short_list, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(subscriptions_are_kept, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(letters_are_kept, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(uids_are_waited_for, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(unreadable_message, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(many_that_vanished, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
