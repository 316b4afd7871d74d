/* Delivered messages on their way to the index. */
#include "store_fixture.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

struct many {
	unsigned answers;
	uint32_t uids[100];
};

static void collect(void *owner, enum store_status st, const struct spool_result *r)
{
	struct many *many = owner;

	assert_int_equal(st, STORE_OK);
	many->uids[many->answers++] = r->uid;
}

/* A hundred at the same moment: every one has a UID of its own. */
static void burst(void **state)
{
	struct fixture *f = *state;
	struct many many = { 0 };
	bool seen[102] = { false };

	for (unsigned i = 0; i < 100; i++) {
		struct spool_commit c = { .folder = "INBOX", .want_uid = true };
		struct spool *sp = spool_new(f->store, fixture_room, f);

		spool_add(sp, slice_of(MESSAGE));
		spool_commit(sp, &c, collect, &many);
	}
	while (many.answers < 100)
		loop_turn(f->loop, 100);
	for (unsigned i = 0; i < 100; i++) {
		assert_in_range(many.uids[i], 1, 100);
		assert_false(seen[many.uids[i]]);
		seen[many.uids[i]] = true;
	}
}

static void in_order_of_arrival(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);

	for (int i = 0; i < 20; i++) {
		struct spool_commit c = { .folder = "INBOX", .received = 2000000000 - i };

		assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
	}
	fixture_deliver(f, "INBOX", MESSAGE, 0);
	for (uint32_t seq = 1; seq <= 20; seq++)
		assert_int_equal(snapshot_message(mailbox_newest(m), seq).received,
				 2000000001 - seq);
	mailbox_release(m);
}

/* Found by inotify before its own note comes: one message, with its keywords. */
static void keywords_of_an_open_folder(void **state)
{
	static const char *const words[] = { "Work", "$Forwarded" };
	struct spool_commit c = { .folder = "Drafts", .flags = MESSAGE_DRAFT, .keywords = words,
				  .keyword_count = 2, .want_uid = true };
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "Drafts", true);
	const char *const *names;

	for (uint32_t i = 1; i <= 20; i++) {
		const struct snapshot *s;

		assert_int_equal(fixture_deliver_to(f, MESSAGE, &c), STORE_OK);
		assert_int_equal(f->committed.uid, i);
		s = mailbox_newest(m);
		assert_int_equal(snapshot_count(s), i);
		assert_int_equal(snapshot_keywords(s, snapshot_message(s, i).keywords, &names), 2);
		assert_int_equal(snapshot_message(s, i).flags, MESSAGE_DRAFT);
	}
	mailbox_release(m);
}

/* The folder goes while the message is on its way into it. */
static void folder_gone_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "Junk", .want_uid = true };
	struct spool *sp = spool_new(f->store, fixture_room, f);
	struct fixture other = { .answered = false };

	spool_add(sp, slice_of(MESSAGE));
	store_delete(f->store, "Junk", fixture_done, &other);
	spool_commit(sp, &c, fixture_committed, f);
	fixture_wait(f);
	while (!other.answered)
		loop_turn(f->loop, 100);
	assert_true(f->st == STORE_OK || f->st == STORE_NO_FOLDER || f->st == STORE_FAILED);
	assert_int_equal(other.st, STORE_OK);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(burst, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(in_order_of_arrival, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(keywords_of_an_open_folder, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(folder_gone_meanwhile, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
