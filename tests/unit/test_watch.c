/* Other programs at the Maildir while a mailbox is open: inotify, no refresh. */
#include "store_fixture.h"

#include <sys/time.h>

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

struct seen {
	struct mailbox_watcher watcher;
	unsigned told;
};

static void told(struct mailbox_watcher *w)
{
	container_of(w, struct seen, watcher)->told++;
}

/* Until the newest snapshot has that many messages; the time it took in ms. */
static uint64_t wait_count(struct fixture *f, struct mailbox *m, uint32_t count)
{
	uint64_t from = clock_mono_ms();

	while (snapshot_count(mailbox_newest(m)) != count && clock_mono_ms() < from + 10000)
		loop_turn(f->loop, 20);
	assert_int_equal(snapshot_count(mailbox_newest(m)), count);
	return clock_mono_ms() - from;
}

static void wait_flags(struct fixture *f, struct mailbox *m, unsigned flags)
{
	uint64_t until = clock_mono_ms() + 10000;

	while (snapshot_message(mailbox_newest(m), 1).flags != flags && clock_mono_ms() < until)
		loop_turn(f->loop, 20);
	assert_int_equal(snapshot_message(mailbox_newest(m), 1).flags, flags);
}

static void foreign_delivery_is_pushed(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);
	struct seen seen = { .watcher.changed = told };

	mailbox_watch(m, &seen.watcher);
	fixture_write(f, "tmp/1700000000.1.host", MESSAGE);
	fixture_rename(f, "tmp/1700000000.1.host", "new/1700000000.1.host");
	assert_true(wait_count(f, m, 1) < 1000);
	assert_int_equal(snapshot_message(mailbox_newest(m), 1).size, strlen(MESSAGE) + 3);
	while (!seen.told)
		loop_turn(f->loop, 100);
	/* One that delivers with link and unlink, and one that writes in place. */
	fixture_write(f, "cur/1700000000.2.host:2,S", MESSAGE);
	wait_count(f, m, 2);
	assert_int_equal(snapshot_message(mailbox_newest(m), 2).flags, MESSAGE_SEEN);
	mailbox_unwatch(&seen.watcher);
	mailbox_release(m);
}

static void foreign_flags_and_removal(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	char *path;

	fixture_write(f, "cur/1.a.host:2,", MESSAGE);
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
	fixture_rename(f, "cur/1.a.host:2,", "cur/1.a.host:2,FS");
	wait_flags(f, m, MESSAGE_FLAGGED | MESSAGE_SEEN);
	fixture_rename(f, "cur/1.a.host:2,FS", "cur/1.a.host:2,T");
	wait_flags(f, m, MESSAGE_DELETED);
	assert_int_equal(snapshot_uid(mailbox_newest(m), 1), 1);
	path = fixture_path(f, "cur/1.a.host:2,T");
	unlink(path);
	free(path);
	wait_count(f, m, 0);
	mailbox_release(m);
}

static void many_at_once(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);

	for (int i = 0; i < 300; i++) {
		char tmp[64], new[64];

		snprintf(tmp, sizeof(tmp), "tmp/17.%d.host", i);
		snprintf(new, sizeof(new), "new/17.%d.host", i);
		fixture_write(f, tmp, MESSAGE);
		fixture_rename(f, tmp, new);
	}
	wait_count(f, m, 300);
	assert_int_equal(snapshot_uid_next(mailbox_newest(m)), 301);
	mailbox_release(m);
}

/* Our own renames come back as events and change nothing. */
static void our_own_are_quiet(void **state)
{
	struct fixture *f = *state;
	struct flag_edit e = { .change = FLAGS_ADD, .flags = MESSAGE_SEEN };
	struct mailbox *m;
	struct uid_set uids;
	const struct snapshot *after;

	uid_set_init(&uids);
	uid_set_add(&uids, 1, 10);
	for (int i = 0; i < 10; i++)
		fixture_deliver(f, "INBOX", MESSAGE, 0);
	m = fixture_mailbox(f, "INBOX", true);
	mailbox_edit_flags(m, &uids, &e, fixture_flagged, f);
	fixture_wait(f);
	after = snapshot_hold(mailbox_newest(m));
	fixture_refresh(f, m);
	fixture_refresh(f, m);
	assert_ptr_equal(mailbox_newest(m), after);
	snapshot_drop(after);
	uid_set_release(&uids);
	mailbox_release(m);
}

static void folder_taken_away(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "Junk", true);

	fixture_rename(f, ".Junk", ".Elsewhere");
	fixture_refresh(f, m);
	assert_true(mailbox_is_gone(m));
	mailbox_release(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(foreign_delivery_is_pushed, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(foreign_flags_and_removal, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(many_at_once, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(our_own_are_quiet, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(folder_taken_away, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
