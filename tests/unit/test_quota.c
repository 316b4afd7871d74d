/* What GETQUOTA tells, and what is refused when it is used up. */
#include "store_fixture.h"

static uint64_t used, limit;

static void got(void *owner, enum store_status st, uint64_t u, uint64_t l)
{
	used = u;
	limit = l;
	fixture_done(owner, st);
}

static void ask(struct fixture *f)
{
	store_quota(f->store, got, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
}

static void the_disk(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	ask(f);
	assert_int_equal(used, 0);
	before = limit;
	assert_true(before > 0);
	fixture_deliver(f, "INBOX", "a\nb\n", 0);
	ask(f);
	assert_int_equal(used, 6);
	/* Less than is free is left free. */
	fixture_close(f);
	f->options.disk_floor = UINT64_MAX;
	fixture_open(f);
	ask(f);
	assert_int_equal(limit, used);
	f->options.disk_floor = 0;
}

/* A copy counts, a move does not (RFC 9208 4.3.1: APPEND, COPY and MOVE). */
static void a_quota(void **state)
{
	struct fixture *f = *state;
	struct spool_commit c = { .folder = "INBOX", .want_uid = true };
	struct mailbox *m;
	struct uid_set all;

	fixture_close(f);
	f->options.quota = 20;
	fixture_open(f);
	fixture_deliver(f, "INBOX", "123456789\n", 0);
	ask(f);
	assert_int_equal(used, 11);
	assert_int_equal(limit, 20);
	m = fixture_mailbox(f, "INBOX", true);
	uid_set_init(&all);
	uid_set_add(&all, 1, UINT32_MAX);
	mailbox_copy(m, &all, "Sent", false, fixture_copied, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_NO_SPACE);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, 0);
	mailbox_copy(m, &all, "Sent", true, fixture_copied, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	assert_int_equal(fixture_deliver_to(f, "123456789\n", &c), STORE_NO_SPACE);
	assert_int_equal(fixture_deliver_to(f, "1234\n", &c), STORE_OK);
	uid_set_release(&all);
	mailbox_release(m);
	f->options.quota = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_disk, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(a_quota, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
