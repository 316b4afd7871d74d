/* What is done to a Maildir on disk. */
#include "store_fixture.h"

#include <errno.h>
#include <utime.h>

#include "../../src/store/maildir.h"

static void old_leftovers_go(void **state)
{
	struct fixture *f = *state;
	struct utimbuf old = { 1000, 1000 };
	char *path = fixture_path(f, "tmp/old"), *dir = fixture_path(f, "tmp/letterplate-removed.1");

	fixture_write(f, "tmp/old", "x");
	fixture_write(f, "tmp/fresh", "x");
	assert_int_equal(mkdir(dir, 0700), 0);
	fixture_write(f, "tmp/letterplate-removed.1/m", "x");
	utime(path, &old);
	/* Its name was changed a moment ago, so somebody is at it. */
	maildir_clean_tmp(f->maildir);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_not_equal(access(dir, F_OK), 0);
	clock_set(clock_wall() + 37 * 3600);
	maildir_clean_tmp(f->maildir);
	clock_set(-1);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
	free(path);
	free(dir);
}

static void made_and_removed(void **state)
{
	struct fixture *f = *state;
	char *path = fixture_path(f, ".New");

	assert_false(maildir_is_folder(path));
	assert_int_equal(maildir_make(f->maildir, ".New"), STORE_OK);
	assert_true(maildir_is_folder(path));
	assert_int_equal(fixture_count(f, ".New", NULL), 4);
	assert_int_equal(maildir_make(f->maildir, ".New"), STORE_EXISTS);
	assert_int_equal(maildir_remove(f->maildir, ".New"), STORE_OK);
	assert_false(maildir_is_folder(path));
	assert_int_equal(maildir_remove(f->maildir, ".New"), STORE_NO_FOLDER);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
	free(path);
}

static void replaced_whole(void **state)
{
	struct fixture *f = *state;
	char *no = fixture_path(f, "no/such/place");
	struct buf text;

	assert_int_equal(maildir_replace(f->maildir, "some-file", SLICE("one")), STORE_OK);
	assert_int_equal(maildir_replace(f->maildir, "some-file", SLICE("three")), STORE_OK);
	buf_init(&text, 5);
	assert_true(maildir_read(f->maildir, "some-file", &text));
	assert_true(slice_is(buf_slice(&text), "three"));
	buf_release(&text);
	buf_init(&text, 2);
	assert_false(maildir_read(f->maildir, "some-file", &text));
	assert_true(maildir_read(f->maildir, "no-file", &text));
	assert_false(maildir_read(f->maildir, "cur", &text));
	buf_release(&text);
	assert_int_equal(maildir_replace(no, "file", SLICE("x")), STORE_FAILED);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
	free(no);
}

static void copied(void **state)
{
	struct fixture *f = *state;
	char *from = fixture_path(f, "tmp/a"), *to = fixture_path(f, "tmp/b");
	struct utimbuf then = { 1000, 1000 };
	struct stat st;
	uint64_t size;

	fixture_write(f, "tmp/a", "one\ntwo\r\nthree");
	utime(from, &then);
	assert_int_equal(file_copy(from, to), 0);
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_size, 14);
	assert_int_equal(st.st_mtime, 1000);
	assert_int_equal(file_copy(from, to), EEXIST);
	assert_true(file_crlf_size(to, &size));
	assert_int_equal(size, 15);
	unlink(from);
	assert_int_equal(file_copy(from, to), ENOENT);
	assert_false(file_crlf_size(from, &size));
	free(from);
	free(to);
}

static void found_by_base(void **state)
{
	struct fixture *f = *state;
	char name[FILE_NAME];
	enum place place;

	fixture_write(f, "new/1.a", "x");
	fixture_write(f, "cur/2.b:2,S", "x");
	fixture_write(f, "cur/2.bb:2,S", "x");
	assert_true(maildir_find(f->maildir, "1.a", 3, &place, name));
	assert_int_equal(place, PLACE_NEW);
	assert_true(maildir_find(f->maildir, "2.b", 3, &place, name));
	assert_int_equal(place, PLACE_CUR);
	assert_string_equal(name, "2.b:2,S");
	assert_false(maildir_find(f->maildir, "2", 1, &place, name));
	assert_false(maildir_find("/no/such", "2", 1, &place, name));
	assert_true(maildir_has(f->maildir, PLACE_NEW, "1.a"));
	assert_false(maildir_has(f->maildir, PLACE_CUR, "1.a"));
	assert_false(maildir_has(f->maildir, PLACE_CUR, "2.b"));
}

static void what_errors_mean(void **state)
{
	static const struct { int err; enum store_status st; } cases[] = {
		{ ENOSPC, STORE_NO_SPACE }, { EDQUOT, STORE_NO_SPACE }, { EROFS, STORE_NO_SPACE },
		{ EMFILE, STORE_NO_SPACE }, { EIO, STORE_FAILED }, { EACCES, STORE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(maildir_failed("a test", "/path", cases[i].err), cases[i].st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(old_leftovers_go, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(made_and_removed, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(replaced_whole, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(copied, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(found_by_base, fixture_new, fixture_free),
		cmocka_unit_test(what_errors_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
