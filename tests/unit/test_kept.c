/* Folders that are kept after their last use, and no longer than they should be. */
#include "store_fixture.h"

#include "../../src/store/folder.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

struct lane_job {
	struct mail_job mail;
	const char *name;
	uint32_t records;                /* to fill it up with */
};

static void run(struct mail_job *j)
{
	struct lane_job *l = container_of(j, struct lane_job, mail);
	struct folder *f;

	assert_int_equal(folder_open(j->question.store, l->name, true, &f), STORE_OK);
	for (uint32_t uid = f->table.records.count; uid < l->records; ) {
		struct record r = { .uid = ++uid };
		char name[32];

		snprintf(name, sizeof(name), "%u.a", uid);
		table_add(&f->table, &r, name, j->question.store->keywords);
	}
}

static void finish(struct mail_job *j)
{
	fixture_done(j->question.owner, j->st);
}

/* As a job that reads the folder and ends; with `records` in its table. */
static void use(struct fixture *f, const char *name, uint32_t records)
{
	struct lane_job *l = mem_alloc(sizeof(*l));

	l->mail.run = run;
	l->mail.finish = finish;
	l->name = name;
	l->records = records;
	store_ask(f->store, &l->mail, f);
	fixture_wait(f);
}

/* The store is at rest between two questions, so the loop may look. */
static unsigned kept(const struct fixture *f)
{
	unsigned count = 0;

	assert_true(list_empty(&f->store->questions));
	list_each(node, after, &f->store->folders) {
		assert_true(container_of(node, struct folder, node)->loaded);
		count++;
	}
	return count;
}

static struct folder *find(const struct fixture *f, const char *dir)
{
	list_each(node, after, &f->store->folders) {
		struct folder *at = container_of(node, struct folder, node);

		if (strcmp(at->dir, dir) == 0)
			return at;
	}
	return NULL;
}

static void the_last_used_are_kept(void **state)
{
	struct fixture *f = *state;
	char name[16];

	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "F%u", i);
		store_create(f->store, name, fixture_done, f);
		fixture_wait(f);
		assert_int_equal(f->st, STORE_OK);
	}
	assert_int_equal(kept(f), 0);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "F%u", i);
		use(f, name, 0);
		use(f, "F0", 0);
	}
	assert_int_equal(kept(f), 8);
	assert_non_null(find(f, ".F0"));
	assert_null(find(f, ".F1"));
	assert_null(find(f, ".F2"));
	assert_non_null(find(f, ".F3"));
	assert_non_null(find(f, ".F9"));
}

static void messages_are_counted(void **state)
{
	struct fixture *f = *state;

	use(f, "Sent", 600000);
	assert_int_equal(kept(f), 1);
	use(f, "Drafts", 350000);
	assert_int_equal(kept(f), 2);
	use(f, "Trash", 250000);
	assert_null(find(f, ".Sent"));
	assert_int_equal(kept(f), 2);
	/* By itself too large: the others need not go for it. */
	use(f, "Junk", 1000001);
	assert_null(find(f, ".Junk"));
	assert_int_equal(kept(f), 2);
}

static void not_for_long(void **state)
{
	struct fixture *f = *state;

	use(f, "Sent", 0);
	use(f, "Drafts", 0);
	assert_int_equal(kept(f), 2);
	assert_true(timer_is_set(&f->store->dropping));
	assert_true(f->store->dropping.due_ms <= clock_mono_ms() + 60000);
	/* Found too young by the timer, it is looked at again. */
	find(f, ".Sent")->used_ms -= 60000;
	timer_set(f->loop, &f->store->dropping, 0);
	loop_turn(f->loop, 0);
	assert_null(find(f, ".Sent"));
	assert_non_null(find(f, ".Drafts"));
	assert_true(timer_is_set(&f->store->dropping));
	find(f, ".Drafts")->used_ms -= 60000;
	timer_set(f->loop, &f->store->dropping, 0);
	loop_turn(f->loop, 0);
	assert_int_equal(kept(f), 0);
	assert_false(timer_is_set(&f->store->dropping));
}

static void not_while_a_job_is_under_way(void **state)
{
	struct fixture *f = *state;

	use(f, "Sent", 0);
	find(f, ".Sent")->used_ms -= 60000;
	store_folder_status(f->store, "Drafts", fixture_folder_status, f);
	timer_set(f->loop, &f->store->dropping, 0);
	f->store->dropping.fire(&f->store->dropping);
	assert_true(timer_is_set(&f->store->dropping));
	fixture_wait(f);
	/* The job itself dropped it. */
	assert_null(find(f, ".Sent"));
}

static void an_open_one_is_kept_once_closed(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;

	fixture_deliver(f, "Sent", MESSAGE, MESSAGE_SEEN);
	m = fixture_mailbox(f, "Sent", true);
	find(f, ".Sent")->used_ms -= 60000;
	use(f, "Drafts", 0);
	assert_non_null(find(f, ".Sent"));
	mailbox_release(m);
	use(f, "Drafts", 0);
	assert_non_null(find(f, ".Sent"));
	assert_false(find(f, ".Sent")->live);
	/* What others did meanwhile is seen. */
	fixture_write(f, ".Sent/cur/1.b:2,", MESSAGE);
	m = fixture_mailbox(f, "Sent", true);
	assert_int_equal(snapshot_count(mailbox_newest(m)), 2);
	mailbox_release(m);
	use(f, "Drafts", 0);
	fixture_write(f, ".Sent/new/1.c", MESSAGE);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, 3);
	assert_int_equal(fixture_deliver(f, "Sent", MESSAGE, 0), 4);
}

static void another_of_the_same_name(void **state)
{
	struct fixture *f = *state;
	char *away;
	uint32_t validity;

	fixture_deliver(f, "Sent", MESSAGE, 0);
	fixture_status(f, "Sent");
	use(f, "Sent", 0);
	validity = f->status.uid_validity;
	assert_int_equal(f->status.messages, 1);
	assert_non_null(find(f, ".Sent"));
	/* Another program takes the folder away, and we make it again. */
	away = mem_printf("%s/away", f->root);
	{
		char *dir = fixture_path(f, ".Sent");

		assert_int_equal(rename(dir, away), 0);
		free(dir);
	}
	free(away);
	store_create(f->store, "Sent", fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, 0);
	assert_true(f->status.uid_validity > validity);
	assert_int_equal(fixture_deliver(f, "Sent", MESSAGE, 0), 1);
	use(f, "Sent", 0);
	store_rename(f->store, "Sent", "Old", fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	fixture_status(f, "Old");
	assert_int_equal(f->status.messages, 1);
	fixture_status(f, "Sent");
	assert_int_equal(f->st, STORE_NO_FOLDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_used_are_kept, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(messages_are_counted, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(not_for_long, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(not_while_a_job_is_under_way, fixture_new,
						fixture_free),
		cmocka_unit_test_setup_teardown(an_open_one_is_kept_once_closed, fixture_new,
						fixture_free),
		cmocka_unit_test_setup_teardown(another_of_the_same_name, fixture_new,
						fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
