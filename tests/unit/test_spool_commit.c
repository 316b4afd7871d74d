/* The commit on a real small disk, and what it leaves when that is full. */
#include "store_fixture.h"

#include <sys/mount.h>

static bool has_file(struct fixture *f, const char *rest)
{
	return fixture_count(f, rest, NULL) > 0;
}

static void flags_decide_the_place(void **state)
{
	static const struct { unsigned flags; const char *info; } cases[] = {
		{ 0, NULL },
		{ MESSAGE_SEEN, ":2,S" },
		{ MESSAGE_SEEN | MESSAGE_DRAFT | MESSAGE_ANSWERED, ":2,DRS" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[256], *path;

		fixture_deliver(f, "INBOX", "a\n", cases[i].flags);
		fixture_count(f, cases[i].info ? "cur" : "new", name);
		if (cases[i].info)
			assert_string_equal(strchr(name, ':'), cases[i].info);
		else
			assert_null(strchr(name, ':'));
		path = mem_printf("%s/%s/%s", f->maildir, cases[i].info ? "cur" : "new", name);
		unlink(path);
		free(path);
	}
}

static void odd_bytes_are_stored(void **state)
{
	static const struct { const char *bytes; size_t len, crlf; } cases[] = {
		{ "", 0, 0 }, { "\n", 1, 2 }, { "\0\0\n", 3, 4 }, { "no end", 6, 6 },
		{ "a\r\nb\n", 5, 6 }, { "\xff\xfe: \x80\n\n", 7, 9 },
	};
	struct fixture *f = *state;
	struct mailbox *m = fixture_mailbox(f, "Sent", true);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spool_commit c = { .folder = "Sent", .want_uid = true };
		struct spool *sp = spool_new(f->store, fixture_room, f);
		struct reader *r;
		char out[10];

		spool_add(sp, slice_make(cases[i].bytes, cases[i].len));
		spool_commit(sp, &c, fixture_committed, f);
		fixture_wait(f);
		assert_int_equal(f->st, STORE_OK);
		assert_int_equal(f->committed.size, cases[i].len);
		assert_int_equal(snapshot_message(mailbox_newest(m), (uint32_t)i + 1).size,
				 cases[i].crlf);
		r = reader_new(m, mailbox_newest(m));
		assert_int_equal(reader_open(r, f->committed.uid), STORE_OK);
		assert_int_equal(reader_read(r, 0, out, sizeof(out)), cases[i].len);
		assert_memory_equal(out, cases[i].bytes, cases[i].len);
		reader_free(r);
	}
	mailbox_release(m);
}

/* Needs the right to mount; where that is not given, RLIMIT_FSIZE in test_spool
 * has to do. */
static void small_disk_fills_up(void **state)
{
	struct fixture *f = *state;
	char link_path[400], *text;
	struct spool_commit c = { .folder = "INBOX", .link_path = link_path };
	unsigned stored = 0;

	fixture_close(f);
	if (mount("tmpfs", f->maildir, "tmpfs", 0, "size=1m,nr_inodes=200") != 0) {
		fixture_open(f);
		skip();
	}
	fixture_open(f);
	fixture_status(f, "INBOX");
	text = mem_alloc(60001);
	memset(text, 'x', 60000);
	snprintf(link_path, sizeof(link_path), "%s/queued", f->maildir);
	while (fixture_deliver_to(f, text, &c) == STORE_OK) {
		stored++;
		assert_true(stored < 40);
		unlink(link_path);
	}
	assert_int_equal(f->st, STORE_NO_SPACE);
	assert_true(stored > 5);
	assert_int_equal(fixture_count(f, "new", NULL), stored);
	assert_false(has_file(f, "tmp"));
	assert_int_not_equal(access(link_path, F_OK), 0);
	/* A small one still fits, and the link's place on another disk is a copy. */
	snprintf(link_path, sizeof(link_path), "%s/queued", f->root);
	assert_int_equal(fixture_deliver_to(f, "a\n", &c), STORE_OK);
	assert_int_equal(access(link_path, F_OK), 0);
	free(text);
	fixture_close(f);
	assert_int_equal(umount(f->maildir), 0);
	fixture_open(f);
}

#define LIST "letterplate-append.1"

/* What a group writes down before its messages appear is left alone while the program
 * that wrote it runs, and brought to its end by the next; a list that leads nowhere is
 * thrown away. */
static void lists_are_finished_once(void **state)
{
	static const char *const hostile[] = {
		"one/../cur/a\n", "one/.Gone/new/a\n", "one/.Hollow/new/a\n", "one//tmp/a\n",
		"one//new/.a\n", "../x//new/a\n", "/\n", "\n\n", "one", "one//new", "none//new/a\n",
	};
	struct fixture *f = *state;
	char error[256] = "", *hollow = fixture_path(f, ".Hollow");

	fixture_write(f, "tmp/one", "a\n");
	fixture_write(f, "tmp/two", "b\n");
	fixture_write(f, LIST, "one//new/a,S=2,W=3\ntwo/.Sent/cur/b,S=2,W=3:2,S\n");
	assert_null(store_open(&f->options, error, sizeof(error)));
	assert_non_null(strstr(error, "Another letterplate"));
	assert_true(has_file(f, "tmp"));
	assert_false(has_file(f, "new"));
	fixture_close(f);
	fixture_open(f);
	assert_false(has_file(f, "tmp"));
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 1);
	fixture_status(f, "Sent");
	assert_int_equal(f->status.messages, 1);
	assert_int_equal(f->status.unseen, 0);
	assert_int_equal(mkdir(hollow, 0700), 0);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char *list = fixture_path(f, LIST);

		fixture_close(f);
		fixture_write(f, "tmp/one", "a\n");
		fixture_write(f, LIST, hostile[i]);
		fixture_open(f);
		assert_int_equal(fixture_count(f, "tmp", NULL), 1);
		assert_int_not_equal(access(list, F_OK), 0);
		free(list);
	}
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 1);
	free(hollow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(flags_decide_the_place, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(odd_bytes_are_stored, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(lists_are_finished_once, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(small_disk_fills_up, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
