/* Reading messages while others rename and remove them. */
#include <semaphore.h>

#include "store_fixture.h"

static const char MESSAGE[] =
	"From: ann@example.org\nSubject: tea\nContent-Type: text/plain; charset=utf-8\n\nAt four.\n";

struct text_job {
	struct job job;
	struct fixture *f;
	struct reader *r;
	uint32_t uid;
	enum reader_text which;
	struct buf out;
};

static void work_text(struct job *job)
{
	struct text_job *j = container_of(job, struct text_job, job);

	j->f->st = reader_text(j->r, j->uid, j->which, &j->out);
}

static void done_text(struct job *job)
{
	container_of(job, struct text_job, job)->f->answered = true;
}

static void get_text(struct fixture *f, struct reader *r, uint32_t uid, enum reader_text which,
		     struct text_job *j)
{
	*j = (struct text_job){ .job = { .work = work_text, .done = done_text },
				.f = f, .r = r, .uid = uid, .which = which };
	buf_init(&j->out, 100000);
	assert_true(reader_submit(r, &j->job));
	fixture_wait(f);
}

static void texts_are_the_same_from_index_and_file(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	struct reader *r;
	struct text_job j;
	struct buf texts[READER_TEXTS];

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	m = fixture_mailbox(f, "INBOX", true);
	r = reader_new(m, mailbox_newest(m));
	for (int i = 0; i < READER_TEXTS; i++) {
		get_text(f, r, 1, (enum reader_text)i, &j);
		assert_int_equal(f->st, STORE_OK);
		texts[i] = j.out;
	}
	assert_non_null(memmem(texts[READER_ENVELOPE].data, texts[READER_ENVELOPE].len, "\"tea\"", 5));
	reader_free(r);
	mailbox_release(m);
	/* Without an index they are made from the file. */
	fixture_close(f);
	unlink(f->index);
	fixture_open(f);
	m = fixture_mailbox(f, "INBOX", true);
	r = reader_new(m, mailbox_newest(m));
	for (int i = READER_TEXTS; i-- > 0; ) {
		get_text(f, r, 1, (enum reader_text)i, &j);
		assert_int_equal(f->st, STORE_OK);
		assert_int_equal(j.out.len, texts[i].len);
		assert_memory_equal(j.out.data, texts[i].data, j.out.len);
		buf_release(&j.out);
	}
	reader_free(r);
	mailbox_release(m);
	for (int i = 0; i < READER_TEXTS; i++)
		buf_release(&texts[i]);
}

/* Keeps the mail lane from seeing what happens on the disk meanwhile. */
struct gate {
	struct job job;
	sem_t open;
	bool done;
};

static void gate_wait(struct job *job)
{
	sem_wait(&container_of(job, struct gate, job)->open);
}

static void gate_done(struct job *job)
{
	container_of(job, struct gate, job)->done = true;
}

static void kept_texts_need_no_file(void **state)
{
	struct fixture *f = *state;
	struct gate gate = { .job = { .work = gate_wait, .done = gate_done } };
	struct mailbox *m;
	struct reader *r;
	struct text_job j;
	char *path;

	fixture_write(f, "cur/1.a:2,", MESSAGE);
	m = fixture_mailbox(f, "INBOX", true);
	r = reader_new(m, mailbox_newest(m));
	get_text(f, r, 1, READER_ENVELOPE, &j);
	assert_int_equal(f->st, STORE_OK);
	buf_release(&j.out);
	reader_free(r);
	fixture_refresh(f, m);
	r = reader_new(m, mailbox_newest(m));
	path = fixture_path(f, "cur/1.a:2,");
	sem_init(&gate.open, 0, 0);
	assert_true(lane_submit(f->mail, &gate.job));
	unlink(path);
	free(path);
	get_text(f, r, 1, READER_BODYSTRUCTURE, &j);
	sem_post(&gate.open);
	while (!gate.done)
		loop_turn(f->loop, 100);
	sem_destroy(&gate.open);
	assert_int_equal(f->st, STORE_OK);
	buf_release(&j.out);
	assert_int_equal(reader_open(r, 1), STORE_GONE);
	reader_free(r);
	mailbox_release(m);
}

static void bytes_and_parts(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	struct reader *r;
	char out[200];
	struct slice header;

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	fixture_deliver(f, "INBOX", "\nno header", 0);
	fixture_deliver(f, "INBOX", "A: b", 0);
	m = fixture_mailbox(f, "INBOX", true);
	r = reader_new(m, mailbox_newest(m));
	assert_int_equal(reader_open(r, 9), STORE_GONE);
	assert_int_equal(reader_open(r, 1), STORE_OK);
	assert_int_equal(reader_size(r), strlen(MESSAGE));
	assert_int_equal(reader_read(r, 6, out, 3), 3);
	assert_memory_equal(out, "ann", 3);
	assert_int_equal(reader_read(r, strlen(MESSAGE), out, 3), 0);
	header = reader_header(r);
	assert_int_equal(header.len, strlen(MESSAGE) - strlen("At four.\n"));
	assert_memory_equal(header.at, MESSAGE, header.len);
	assert_ptr_equal(reader_parts(r), reader_parts(r));
	assert_int_equal(reader_parts(r)->body_len, strlen("At four.\n"));
	assert_int_equal(reader_open(r, 2), STORE_OK);
	assert_int_equal(reader_header(r).len, 1);
	assert_int_equal(reader_open(r, 3), STORE_OK);
	assert_int_equal(reader_header(r).len, 4);
	reader_free(r);
	mailbox_release(m);
}

/* The next command finds the parts where the last one left them, of the same file. */
static void parts_are_remembered(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m;
	struct reader *r;

	fixture_write(f, "cur/1.a:2,", MESSAGE);
	fixture_write(f, "cur/2.b:2,", MESSAGE);
	m = fixture_mailbox(f, "INBOX", true);
	for (int i = 0; i < 3; i++) {
		r = reader_new(m, mailbox_newest(m));
		assert_int_equal(reader_open(r, 2), STORE_OK);
		assert_false(reader_has_parts(r));
		assert_int_equal(reader_open(r, 1), STORE_OK);
		assert_int_equal(reader_has_parts(r), i > 0);
		assert_int_equal(reader_parts(r)->body_len, strlen("At four.\n"));
		reader_free(r);
	}
	fixture_write(f, "cur/1.a:2,", "Subject: other\n\nx\n");
	r = reader_new(m, mailbox_newest(m));
	assert_int_equal(reader_open(r, 1), STORE_OK);
	assert_false(reader_has_parts(r));
	reader_free(r);
	mailbox_release(m);
}

/* The snapshot is older than two renames, one of them by another program. */
static void found_under_another_name(void **state)
{
	struct fixture *f = *state;
	struct flag_edit e = { .change = FLAGS_ADD, .flags = MESSAGE_SEEN };
	struct mailbox *m;
	struct reader *r;
	struct uid_set uids;

	fixture_write(f, "cur/1.a:2,", MESSAGE);
	fixture_write(f, "cur/2.b:2,", MESSAGE);
	uid_set_init(&uids);
	uid_set_add(&uids, 1, 1);
	m = fixture_mailbox(f, "INBOX", true);
	r = reader_new(m, mailbox_newest(m));
	mailbox_edit_flags(m, &uids, &e, fixture_flagged, f);
	fixture_wait(f);
	fixture_rename(f, "cur/2.b:2,", "cur/2.b:2,R");
	assert_int_equal(reader_open(r, 1), STORE_OK);
	assert_int_equal(reader_open(r, 2), STORE_OK);
	fixture_rename(f, "cur/2.b:2,R", "elsewhere");
	reader_close(r);
	assert_int_equal(reader_open(r, 2), STORE_GONE);
	reader_free(r);
	mailbox_release(m);
	uid_set_release(&uids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(texts_are_the_same_from_index_and_file, fixture_new,
						fixture_free),
		cmocka_unit_test_setup_teardown(kept_texts_need_no_file, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(bytes_and_parts, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(parts_are_remembered, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(found_under_another_name, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
