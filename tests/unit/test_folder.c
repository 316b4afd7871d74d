/* The mail lane's folders, called as its jobs call them. */
#include "store_fixture.h"

#include "../../src/store/folder.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

struct lane_job {
	struct mail_job mail;
	struct fixture *f;
	void (*test)(struct fixture *f, struct store *s);
};

static void run(struct mail_job *j)
{
	struct lane_job *mine = container_of(j, struct lane_job, mail);

	mine->test(mine->f, j->question.store);
}

static void finish(struct mail_job *j)
{
	container_of(j, struct lane_job, mail)->f->answered = true;
}

static void on_the_lane(struct fixture *f, void (*test)(struct fixture *, struct store *))
{
	struct lane_job *j = mem_alloc(sizeof(*j));

	j->mail.run = run;
	j->mail.finish = finish;
	j->f = f;
	j->test = test;
	store_ask(f->store, &j->mail, f);
	fixture_wait(f);
}

static bool add(struct folder *f, const char *name, uint32_t uid, uint32_t *got)
{
	struct arrival a = { .name = name, .place = PLACE_CUR, .size = 10, .uid = uid };

	return folder_add(f, &a, got);
}

static void adds(struct fixture *fx, struct store *s)
{
	uint32_t uid;
	struct folder *f, *again;

	assert_int_equal(folder_open(s, "Sent", true, &f), STORE_OK);
	assert_int_equal(folder_open(s, "Sent", false, &again), STORE_OK);
	assert_ptr_equal(f, again);
	assert_true(store_begin(s));
	assert_true(add(f, "1.a:2,S", 0, &uid));
	assert_int_equal(uid, 1);
	assert_true(add(f, "2.b:2,", 10, &uid));
	assert_int_equal(uid, 10);
	/* Known already, by its base; a UID that goes back is not taken. */
	assert_true(add(f, "1.a:2,FS", 0, &uid));
	assert_int_equal(uid, 1);
	assert_true(add(f, "3.c", 5, &uid));
	assert_int_equal(uid, 11);
	assert_int_equal(store_commit(s, true), STORE_OK);
	assert_int_equal(f->head.messages, 3);
	assert_int_equal(f->head.unseen, 2);
	assert_int_equal(f->head.bytes, 30);
	assert_int_equal(f->head.uid_next, 12);
	(void)fx;
}

static void forgets_what_was_not_committed(struct fixture *fx, struct store *s)
{
	uint32_t uid;
	struct folder *f;

	assert_int_equal(folder_open(s, "Sent", true, &f), STORE_OK);
	assert_true(store_begin(s));
	assert_true(add(f, "9.z", 0, &uid));
	assert_int_not_equal(store_commit(s, false), STORE_OK);
	assert_true(f->broken);
	assert_int_equal(folder_open(s, "Sent", true, &f), STORE_OK);
	assert_false(f->broken);
	assert_null(table_file(&f->table, "9.z", 3));
	assert_int_equal(f->table.records.count, 3);
	assert_int_equal(f->head.messages, 3);
	(void)fx;
}

static void adding(void **state)
{
	on_the_lane(*state, adds);
	on_the_lane(*state, forgets_what_was_not_committed);
}

static void moves(struct fixture *fx, struct store *s)
{
	struct folder *f;
	struct record *r;
	uint64_t modseq;

	assert_int_equal(folder_open(s, "INBOX", true, &f), STORE_OK);
	assert_true(store_begin(s));
	assert_non_null(table_uid(&f->table, 1));
	r = table_own(&f->table, table_uid(&f->table, 1));
	modseq = r->modseq;
	assert_true(folder_file_moved(f, r, PLACE_CUR, "1.a:2,"));
	assert_int_equal(r->modseq, modseq);
	assert_true(folder_file_moved(f, r, PLACE_CUR, "1.a:2,PS"));
	assert_true(r->modseq > modseq);
	assert_int_equal(r->flags, MESSAGE_SEEN);
	assert_int_not_equal(r->keywords, 0);
	assert_int_equal(f->head.unseen, 0);
	assert_true(folder_remove(f, r));
	table_sweep(&f->table);
	assert_int_equal(f->head.messages, 0);
	assert_int_equal(store_commit(s, true), STORE_OK);
	(void)fx;
}

static void moving(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "new/1.a", MESSAGE);
	fixture_status(f, "INBOX");
	on_the_lane(f, moves);
}

static void resolves(struct fixture *fx, struct store *s)
{
	struct folder_dir dir;
	struct folder *f;

	assert_true(folder_resolve(s->root, "inbox", &dir));
	assert_string_equal(dir.at, "");
	assert_true(folder_resolve(s->root, "Sent", &dir));
	assert_string_equal(dir.at, ".Sent");
	assert_false(folder_resolve(s->root, "Sent/", &dir));
	assert_false(folder_resolve(s->root, "nothing", &dir));
	assert_int_equal(folder_open(s, "nothing", false, &f), STORE_NO_FOLDER);
	assert_null(f);
	assert_null(folder_by_name(s, "Sent"));
	assert_int_equal(folder_open(s, "Sent", false, &f), STORE_OK);
	assert_ptr_equal(folder_by_name(s, "Sent"), f);
	(void)fx;
}

static void resolving(void **state)
{
	on_the_lane(*state, resolves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adding, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(moving, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(resolving, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
