/* STATUS: counts that stay right through everything that changes them. */
#include "store_fixture.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";
enum { MESSAGE_CRLF = sizeof(MESSAGE) - 1 + 3 };

static void counts(void **state)
{
	struct fixture *f = *state;
	struct flag_edit e = { .change = FLAGS_ADD, .flags = MESSAGE_SEEN | MESSAGE_DELETED };
	struct mailbox *m;
	struct uid_set uids;
	uint64_t modseq;

	fixture_status(f, "Sent");
	assert_int_equal(f->st, STORE_OK);
	assert_int_equal(f->status.messages, 0);
	assert_int_equal(f->status.uid_next, 1);
	for (int i = 0; i < 5; i++)
		fixture_deliver(f, "Sent", MESSAGE, i == 4 ? MESSAGE_SEEN : 0);
	fixture_status(f, "sent");
	assert_int_equal(f->st, STORE_NO_FOLDER);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, 5);
	assert_int_equal(f->status.unseen, 4);
	assert_int_equal(f->status.recent, 5);
	assert_int_equal(f->status.size, 5 * MESSAGE_CRLF);
	modseq = f->status.highest_modseq;
	uid_set_init(&uids);
	uid_set_add(&uids, 2, 3);
	m = fixture_mailbox(f, "Sent", true);
	mailbox_edit_flags(m, &uids, &e, fixture_flagged, f);
	fixture_wait(f);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.unseen, 2);
	assert_true(f->status.highest_modseq > modseq);
	mailbox_expunge(m, NULL, fixture_done, f);
	fixture_wait(f);
	mailbox_release(m);
	uid_set_release(&uids);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, 3);
	assert_int_equal(f->status.unseen, 2);
	assert_int_equal(f->status.size, 3 * MESSAGE_CRLF);
	assert_int_equal(f->status.uid_next, 6);
}

/* Not waited for, and yet seen: the file is the commit. */
static void unindexed_delivery_counts(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "INBOX" };

	for (uint32_t i = 1; i <= 20; i++) {
		assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
		fixture_status(f, "INBOX");
		assert_int_equal(f->status.messages, i);
		assert_int_equal(f->status.uid_next, i + 1);
	}
}

static void no_folder(void **state)
{
	static const char *const names[] = { "Nowhere", "", "a//b" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fixture_status(f, names[i]);
		assert_int_equal(f->st, STORE_NO_FOLDER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(unindexed_delivery_counts, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(no_folder, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
