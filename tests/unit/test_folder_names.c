/* CREATE, DELETE, RENAME, SUBSCRIBE as the disk and other sessions see them. */
#include "store_fixture.h"

static const char MESSAGE[] = "Subject: tea\n\nAt four.\n";

static enum store_status create(struct fixture *f, const char *name)
{
	store_create(f->store, name, fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static enum store_status delete(struct fixture *f, const char *name)
{
	store_delete(f->store, name, fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static enum store_status rename_folder(struct fixture *f, const char *from, const char *to)
{
	store_rename(f->store, from, to, fixture_done, f);
	fixture_wait(f);
	return f->st;
}

static bool is_dir(struct fixture *f, const char *rest)
{
	char *path = fixture_path(f, rest);
	struct stat st;
	bool is = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	free(path);
	return is;
}

static void created(void **state)
{
	struct fixture *f = *state;
	static const struct { const char *name; enum store_status st; const char *dir; } cases[] = {
		{ "Work", STORE_OK, ".Work/new" },
		{ "Work", STORE_EXISTS, NULL },
		{ "work", STORE_OK, ".work/cur" },
		{ "A/B/C/", STORE_OK, ".A.B.C/tmp" },
		{ "A/B", STORE_OK, ".A.B/cur" },
		{ "Entw\xc3\xbcrfe", STORE_OK, ".Entw&APw-rfe/cur" },
		{ "v1.2", STORE_OK, ".v1&AC4-2/cur" },
		{ "inbox", STORE_EXISTS, NULL },
		{ "inbox/x", STORE_OK, ".INBOX.x/cur" },
		{ "", STORE_BAD_NAME, NULL },
		{ "/", STORE_BAD_NAME, NULL },
		{ "/a", STORE_BAD_NAME, NULL },
		{ "a//b", STORE_BAD_NAME, NULL },
		{ "a\nb", STORE_BAD_NAME, NULL },
		{ "..", STORE_OK, ".&AC4ALg-/cur" },
		{ "../../etc", STORE_OK, ".&AC4ALg-.&AC4ALg-.etc/cur" },
		{ "\xff", STORE_BAD_NAME, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(create(f, cases[i].name), cases[i].st);
		if (cases[i].dir)
			assert_true(is_dir(f, cases[i].dir));
	}
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
}

static void deleted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(create(f, "A/B"), STORE_OK);
	assert_int_equal(delete(f, "A"), STORE_HAS_CHILDREN);
	assert_int_equal(create(f, "A"), STORE_OK);
	fixture_deliver(f, "A", MESSAGE, 0);
	assert_int_equal(delete(f, "A"), STORE_OK);
	assert_false(is_dir(f, ".A"));
	assert_true(is_dir(f, ".A.B"));
	assert_int_equal(delete(f, "A/B"), STORE_OK);
	assert_int_equal(delete(f, "A/B"), STORE_NO_FOLDER);
	assert_int_equal(delete(f, "A"), STORE_NO_FOLDER);
	assert_int_equal(delete(f, "Inbox"), STORE_NOT_ALLOWED);
	assert_int_equal(delete(f, "a//b"), STORE_NO_FOLDER);
	assert_int_equal(fixture_count(f, "tmp", NULL), 0);
}

static void renamed_with_children(void **state)
{
	struct fixture *f = *state;
	uint32_t validity;

	assert_int_equal(create(f, "A"), STORE_OK);
	assert_int_equal(create(f, "A/B"), STORE_OK);
	assert_int_equal(create(f, "AB"), STORE_OK);
	fixture_deliver(f, "A/B", MESSAGE, 0);
	validity = f->committed.uid_validity;
	assert_int_equal(rename_folder(f, "A", "AB"), STORE_EXISTS);
	assert_int_equal(rename_folder(f, "A", "A/C"), STORE_BAD_NAME);
	assert_int_equal(rename_folder(f, "No", "Yes"), STORE_NO_FOLDER);
	assert_int_equal(rename_folder(f, "A", "x//y"), STORE_BAD_NAME);
	assert_int_equal(rename_folder(f, "A", "Old/A"), STORE_OK);
	assert_false(is_dir(f, ".A"));
	assert_true(is_dir(f, ".Old.A"));
	assert_true(is_dir(f, ".AB"));
	fixture_status(f, "Old/A/B");
	assert_int_equal(f->st, STORE_OK);
	assert_int_equal(f->status.messages, 1);
	assert_int_equal(f->status.uid_validity, validity);
	fixture_status(f, "A/B");
	assert_int_equal(f->st, STORE_NO_FOLDER);
}

static void inbox_renamed(void **state)
{
	struct fixture *f = *state;

	fixture_deliver(f, "INBOX", MESSAGE, 0);
	fixture_deliver(f, "INBOX", MESSAGE, MESSAGE_SEEN);
	assert_int_equal(rename_folder(f, "inbox", "Old mail"), STORE_OK);
	fixture_status(f, "INBOX");
	assert_int_equal(f->status.messages, 0);
	assert_int_equal(f->status.uid_next, 3);
	fixture_status(f, "Old mail");
	assert_int_equal(f->status.messages, 2);
	assert_int_equal(f->status.unseen, 1);
}

static void subscribed(void **state)
{
	struct fixture *f = *state;

	store_subscribe(f->store, "Sent", false, fixture_done, f);
	fixture_wait(f);
	store_subscribe(f->store, "Not/there", true, fixture_done, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	assert_int_equal(create(f, "Lists/c"), STORE_OK);
	assert_string_equal(fixture_list(f),
			    "INBOX:1 Archive:81 Drafts:9 Junk:41 Lists:6 Lists/c:0 Not:102 Not/there:103"
			    " Sent:10 Trash:21");
}

static void listed_in_order(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "a", "a/b", "a-b", "a/b/c", "a b" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(create(f, names[i]), STORE_OK);
	/* Directories that are no folders of ours. */
	fixture_write(f, ".file", "");
	{
		char *path = fixture_path(f, ".&Jjo");

		assert_int_equal(mkdir(path, 0700), 0);
		free(path);
	}
	assert_non_null(strstr(fixture_list(f), " a:4 a/b:4 a/b/c:0 a b:0 a-b:0"));
	assert_null(strstr(f->folders, "Jjo"));
	assert_null(strstr(f->folders, "file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(created, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(deleted, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(renamed_with_children, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(inbox_renamed, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(subscribed, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(listed_in_order, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
