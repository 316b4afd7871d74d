/* A comparison that gives the mail lane away: what others do and see meanwhile. */
#include "store_fixture.h"

#include <utime.h>

#include "../../src/store/found.h"
#include "../../src/store/mailbox_private.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

enum { FOREIGN = 60 };

static void write_foreign(struct fixture *f, const char *folder)
{
	for (int i = 0; i < FOREIGN; i++) {
		struct utimbuf t = { 1000 + i, 1000 + i };
		char *name = mem_printf("%s/%s/%d.a:2,", folder, i % 3 ? "cur" : "new", 1000 + i);
		char *path = fixture_path(f, name);

		fixture_write(f, name, MESSAGE);
		assert_int_equal(utime(path, &t), 0);
		free(path);
		free(name);
	}
}

/* ---- Who is answered when ---- */

struct answers {
	struct fixture *f;
	int count, opened, delivered;    /* the how manyeth each was; 0: not yet */
	uint32_t uid;
	struct mailbox *m;
};

static void opened(void *owner, enum store_status st, struct mailbox *m)
{
	struct answers *a = owner;

	assert_int_equal(st, STORE_OK);
	a->m = m;
	a->opened = ++a->count;
}

static void delivered(void *owner, enum store_status st, const struct spool_result *r)
{
	struct answers *a = owner;

	assert_int_equal(st, STORE_OK);
	a->uid = r->uid;
	a->delivered = ++a->count;
}

static void room(void *owner)
{
	(void)owner;
}

static void open_and_deliver(struct answers *a, const char *open, const char *deliver)
{
	struct fixture *f = a->f;
	struct spool *sp = spool_new(f->store, room, f);
	const struct spool_commit c = { .folder = deliver, .want_uid = true };
	uint64_t until = clock_mono_ms() + 30000;

	mailbox_open(f->store, open, true, opened, a);
	spool_add(sp, slice_of(MESSAGE));
	spool_commit(sp, &c, delivered, a);
	while (a->count < 2 && clock_mono_ms() < until)
		loop_turn(f->loop, 100);
	assert_int_equal(a->count, 2);
}

static void other_folders_do_not_wait(void **state)
{
	struct answers a = { .f = *state };

	write_foreign(a.f, ".Sent");
	open_and_deliver(&a, "Sent", "INBOX");
	assert_int_equal(a.delivered, 1);
	assert_int_equal(a.uid, 1);
	assert_int_equal(snapshot_count(mailbox_newest(a.m)), FOREIGN);
	mailbox_release(a.m);
}

/* All that was there, in its order, then what came while it was looked at. */
static void the_folder_itself_waits(void **state)
{
	struct answers a = { .f = *state };
	const struct snapshot *s;

	write_foreign(a.f, ".Sent");
	open_and_deliver(&a, "Sent", "Sent");
	fixture_refresh(a.f, a.m);
	s = mailbox_newest(a.m);
	assert_int_equal(snapshot_count(s), FOREIGN + 1);
	for (uint32_t seq = 1; seq <= FOREIGN; seq++) {
		assert_int_equal(snapshot_uid(s, seq), seq);
		assert_int_equal(snapshot_file(s, snapshot_record(s, seq))[0], '1');
	}
	assert_int_equal(a.uid, FOREIGN + 1);
	mailbox_release(a.m);
}

static void recent_are_all_of_new(void **state)
{
	struct fixture *f = *state;
	struct uid_set recent;
	struct mailbox *m;

	write_foreign(f, ".Sent");
	m = fixture_mailbox(f, "Sent", true);
	uid_set_init(&recent);
	mailbox_recent(m, true, &recent);
	assert_int_equal(uid_set_size(&recent), FOREIGN / 3);
	uid_set_release(&recent);
	assert_int_equal(fixture_count(f, ".Sent/new", NULL), 0);
	assert_int_equal(fixture_count(f, ".Sent/cur", NULL), FOREIGN);
	mailbox_release(m);
}

/* ---- Sessions change what is being compared ---- */

static void others(void *owner, enum store_status st, const struct uid_set *refused)
{
	(void)refused;
	fixture_done(owner, st);
}

static void flag(struct fixture *f, struct mailbox *m, uint32_t first, uint32_t last,
		 unsigned flags)
{
	const struct flag_edit edit = { .change = FLAGS_ADD, .flags = flags };
	struct uid_set uids;

	uid_set_init(&uids);
	uid_set_add(&uids, first, last);
	mailbox_edit_flags(m, &uids, &edit, others, f);
	uid_set_release(&uids);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
}

static void sessions_go_on(void **state)
{
	struct fixture *f = *state;
	const struct snapshot *s;
	struct mailbox *m;

	write_foreign(f, ".Sent");
	m = fixture_mailbox(f, "Sent", true);
	fixture_write(f, ".Sent/cur/2000.late:2,", MESSAGE);
	/* Events were lost. */
	mailbox_take_events(m, NULL, true);
	for (uint32_t uid = 1; uid <= FOREIGN / 2; uid++)
		flag(f, m, uid, uid, uid % 2 ? MESSAGE_DELETED : MESSAGE_SEEN);
	mailbox_expunge(m, NULL, fixture_done, f);
	fixture_wait(f);
	fixture_refresh(f, m);
	s = mailbox_newest(m);
	assert_int_equal(snapshot_count(s), FOREIGN - FOREIGN / 4 + 1);
	for (uint32_t seq = 1; seq <= snapshot_count(s); seq++) {
		struct message_info i = snapshot_message(s, seq);
		uint32_t uid = snapshot_uid(s, seq);

		assert_int_equal(i.flags, uid <= FOREIGN / 2 ? MESSAGE_SEEN : 0);
		assert_true(uid % 2 == 0 || uid > FOREIGN / 2);
	}
	assert_int_equal(snapshot_uid(s, snapshot_count(s)), FOREIGN + 1);
	mailbox_release(m);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, FOREIGN - FOREIGN / 4 + 1);
	assert_int_equal(f->status.deleted, 0);
}

/* ---- Many to be sorted ---- */

static void sorted_in_runs(void **state)
{
	enum { MANY = 30000 };
	struct finds l = { .first = true };
	struct budget b = { .until = 0, .every = 1 };
	int slices = 1;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t n = i * 7919 % MANY;
		char name[16];

		snprintf(name, sizeof(name), "%05u", n);
		finds_add(&l, n % 2 ? PLACE_NEW : PLACE_CUR, name);
		l.all[i].mtime_ns = n / 4;
		l.all[i].uid = n < 100 ? 100 - n : UINT32_MAX;
	}
	for (; !finds_sort(&l, &b); slices++)
		;
	assert_true(slices > 10);
	assert_int_equal(l.count, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t rest = i - 100, half = (MANY - 100) / 2;
		uint32_t n = i < 100 ? 99 - i :
			     rest < half ? 100 + 2 * rest : 101 + 2 * (rest - half);

		assert_int_equal(strtoul(l.all[i].name, NULL, 10), n);
	}
	finds_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(other_folders_do_not_wait, fixture_new_sliced,
						fixture_free),
		cmocka_unit_test_setup_teardown(the_folder_itself_waits, fixture_new_sliced,
						fixture_free),
		cmocka_unit_test_setup_teardown(recent_are_all_of_new, fixture_new_sliced,
						fixture_free),
		cmocka_unit_test_setup_teardown(sessions_go_on, fixture_new_sliced, fixture_free),
		cmocka_unit_test(sorted_in_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
