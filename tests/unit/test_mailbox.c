/* Open folders: what sessions see, and when they are told. */
#include "store_fixture.h"

static const char MESSAGE[] = "From: ann@example.org\nSubject: tea\n\nAt four.\n";

struct listener {
	struct mailbox_watcher watcher;
	unsigned told;
};

static void told(struct mailbox_watcher *w)
{
	container_of(w, struct listener, watcher)->told++;
}

static void listen_to(struct listener *l, struct mailbox *m)
{
	memset(l, 0, sizeof(*l));
	l->watcher.changed = told;
	mailbox_watch(m, &l->watcher);
}

static void wait_told(struct fixture *f, struct listener *l, unsigned times)
{
	uint64_t until = clock_mono_ms() + 10000;

	while (l->told < times && clock_mono_ms() < until)
		loop_turn(f->loop, 100);
	assert_true(l->told >= times);
}

static void empty_folder(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "inbox", true);
	const struct snapshot *s = mailbox_newest(m);

	assert_string_equal(mailbox_name(m), "INBOX");
	assert_non_null(s);
	assert_int_equal(snapshot_count(s), 0);
	assert_int_equal(snapshot_uid_next(s), 1);
	assert_int_not_equal(snapshot_uid_validity(s), 0);
	assert_false(mailbox_is_gone(m));
	mailbox_release(m);
}

static void no_such_folder(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "Nowhere", "", "//", "Sent/", "\xff" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		mailbox_open(f->store, names[i], true, fixture_opened, f);
		assert_false(f->answered);
		fixture_wait(f);
		assert_int_equal(f->st, STORE_NO_FOLDER);
		assert_null(f->opened);
	}
}

static void sessions_share_and_are_told(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);
	struct mailbox *again = fixture_mailbox(f, "Inbox", false);
	struct listener a, b;
	const struct snapshot *old = snapshot_hold(mailbox_newest(m));

	assert_ptr_equal(m, again);
	listen_to(&a, m);
	listen_to(&b, m);
	assert_int_equal(fixture_deliver(f, "INBOX", MESSAGE, 0), 1);
	wait_told(f, &a, 1);
	wait_told(f, &b, 1);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
	assert_int_equal(snapshot_count(old), 0);
	snapshot_drop(old);
	mailbox_unwatch(&a.watcher);
	mailbox_unwatch(&a.watcher);
	a.told = 0;
	fixture_deliver(f, "INBOX", MESSAGE, 0);
	wait_told(f, &b, 2);
	assert_int_equal(a.told, 0);
	mailbox_unwatch(&b.watcher);
	mailbox_release(m);
	mailbox_release(again);
}

static void message_is_described(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "INBOX", true);
	struct message_info info;

	clock_set(1700000000);
	fixture_deliver(f, "INBOX", MESSAGE, MESSAGE_SEEN | MESSAGE_FLAGGED);
	clock_set(-1);
	info = snapshot_message(mailbox_newest(m), 1);
	assert_int_equal(info.uid, 1);
	assert_int_equal(info.flags, MESSAGE_SEEN | MESSAGE_FLAGGED);
	assert_int_equal(info.size, strlen(MESSAGE) + 4);
	assert_int_equal(info.received, 1700000000);
	assert_int_equal(info.saved, 1700000000);
	assert_true(info.modseq > 0);
	mailbox_release(m);
}

static void claiming_empties_new(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	m = fixture_mailbox(f, "INBOX", false);
	assert_int_equal(fixture_count(f, "new", NULL), 1);
	mailbox_release(m);
	m = fixture_mailbox(f, "INBOX", true);
	assert_int_equal(fixture_count(f, "new", NULL), 0);
	assert_int_equal(fixture_count(f, "cur", NULL), 1);
	assert_int_equal(snapshot_uid(mailbox_newest(m), 1), 1);
	fixture_refresh(f, m);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 1);
	mailbox_release(m);
}

static void recent_is_told_once(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	struct uid_set set;

	uid_set_init(&set);
	fixture_deliver(f, "INBOX", MESSAGE, 0);
	fixture_deliver(f, "INBOX", MESSAGE, 0);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.recent, 2);
	m = fixture_mailbox(f, "INBOX", true);
	mailbox_recent(m, false, &set);
	assert_int_equal(uid_set_size(&set), 2);
	uid_set_release(&set);
	mailbox_recent(m, true, &set);
	assert_int_equal(uid_set_size(&set), 2);
	uid_set_release(&set);
	mailbox_recent(m, true, &set);
	assert_int_equal(uid_set_size(&set), 0);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.recent, 0);
	mailbox_release(m);
	fixture_close(f);
	fixture_open(f);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.recent, 0);
	uid_set_release(&set);
}

static void deleted_and_renamed_away(void **state)
{
	struct fixture *f = *state;
	struct mailbox *trash = fixture_mailbox(f, "Trash", true);
	struct mailbox *junk = fixture_mailbox(f, "Junk", true);
	struct listener a, b;

	fixture_deliver(f, "Trash", MESSAGE, 0);
	listen_to(&a, trash);
	listen_to(&b, junk);
	store_delete(f->store, "Trash", fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	assert_true(mailbox_is_gone(trash));
	wait_told(f, &a, 1);
	store_rename(f->store, "Junk", "Rubbish/2026", fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	assert_true(mailbox_is_gone(junk));
	wait_told(f, &b, 1);
	/* What is left of it can be looked at and released. */
	assert_int_equal(snapshot_count(mailbox_newest(trash)), 1);
	fixture_refresh(f, trash);
	assert_int_equal(f->st, STORE_NO_FOLDER);
	mailbox_unwatch(&a.watcher);
	mailbox_unwatch(&b.watcher);
	mailbox_release(trash);
	mailbox_release(junk);
	junk = fixture_mailbox(f, "Rubbish/2026", true);
	mailbox_release(junk);
}

static void new_folder_of_an_old_name(void **state)
{
	struct fixture *f = *state;
	uint32_t before, uid;

	uid = fixture_deliver(f, "Trash", MESSAGE, 0);
	before = f->committed.uid_validity;
	store_delete(f->store, "Trash", fixture_done, f);
	fixture_wait(f);
	store_create(f->store, "Trash", fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	assert_int_equal(fixture_deliver(f, "Trash", MESSAGE, 0), uid);
	assert_true(f->committed.uid_validity > before);
}

static void lost_index(void **state)
{
	struct fixture *f = *state;
	uint32_t before;
	struct mailbox *m;
	int fd;

	fixture_deliver(f, "INBOX", MESSAGE, MESSAGE_SEEN);
	fixture_deliver(f, "INBOX", MESSAGE, 0);
	before = f->committed.uid_validity;
	for (unsigned round = 0; round < 2; round++) {
		fixture_close(f);
		if (round == 0) {
			unlink(f->index);
		} else {
			fd = open(f->index, O_WRONLY | O_TRUNC);
			assert_true(write(fd, "this is no database, is it", 26) == 26);
			close(fd);
		}
		fixture_open(f);
		m = fixture_mailbox(f, "INBOX", true);
		assert_int_equal(snapshot_count(mailbox_newest(m)), 2);
		assert_true(snapshot_uid_validity(mailbox_newest(m)) > before);
		before = snapshot_uid_validity(mailbox_newest(m));
		mailbox_release(m);
	}
}

static void released_at_once_and_opened_again(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 20; i++) {
		struct mailbox *m = fixture_mailbox(f, "INBOX", i & 1);

		fixture_deliver(f, "INBOX", MESSAGE, 0);
		mailbox_release(m);
	}
	mailbox_open(f->store, "INBOX", true, fixture_opened, f);
	store_abandon(f->store, f);
	fixture_close(f);
	assert_false(f->answered);
	fixture_open(f);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 20);
	assert_int_equal(f->status.uid_next, 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(empty_folder, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(no_such_folder, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(sessions_share_and_are_told, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(message_is_described, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(claiming_empties_new, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(recent_is_told_once, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(deleted_and_renamed_away, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(new_folder_of_an_old_name, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(lost_index, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(released_at_once_and_opened_again, fixture_new,
						fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
