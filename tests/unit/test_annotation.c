/* Annotations on disk: whole or not at all, and with their folder. */
#include "store_fixture.h"

#include "store/annotation.h"

static char heard[2000];

static void got(void *owner, enum store_status st, const struct annotation *all, size_t count)
{
	struct fixture *f = owner;
	size_t len = 0;

	heard[0] = '\0';
	for (size_t i = 0; i < count && len < sizeof(heard); i++)
		len += (size_t)snprintf(heard + len, sizeof(heard) - len, "%s=%.*s;", all[i].name,
					(int)all[i].value.len, all[i].value.at);
	fixture_done(f, st);
}

static const char *annotations(struct fixture *f, const char *folder)
{
	store_annotations(f->store, folder, got, f);
	fixture_wait(f);
	return heard;
}

static enum store_status annotate(struct fixture *f, const char *folder, const char *name,
				  const char *value)
{
	struct annotation a = { name, slice_of(value) };

	store_annotate(f->store, folder, &a, 1, fixture_done, f);
	fixture_wait(f);
	return f->st;
}

/* The index is nothing to them, and neither is a start. */
static void kept(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(annotate(f, "", "/shared/comment", "server"), STORE_OK);
	assert_int_equal(annotate(f, "INBOX", "/shared/comment", "a\nb 3\n"), STORE_OK);
	assert_int_equal(annotate(f, "Sent", "/private/b", ""), STORE_OK);
	assert_int_equal(annotate(f, "Sent", "/private/a", "1"), STORE_OK);
	fixture_close(f);
	assert_int_equal(unlink(f->index), 0);
	fixture_open(f);
	assert_string_equal(annotations(f, ""), "/shared/comment=server;");
	assert_string_equal(annotations(f, "INBOX"), "/shared/comment=a\nb 3\n;");
	assert_string_equal(annotations(f, "Sent"),
			    "/private/a=1;/private/b=;/private/specialuse=\\Sent;");
	assert_int_equal(annotate(f, "Sent", "/private/a", NULL), STORE_OK);
	assert_string_equal(annotations(f, "Sent"), "/private/b=;/private/specialuse=\\Sent;");
	assert_int_equal(fixture_count(f, ".Sent/tmp", NULL), 0);
	annotations(f, "Gone");
	assert_int_equal(f->st, STORE_NO_FOLDER);
}

/* What cannot be understood is not written over. */
static void foreign_files(void **state)
{
	static const char *const files[] = {
		"something else\n",
		"letterplate metadata 1\n/private/a\n",
		"letterplate metadata 1\n/private/a 5\nabc\n",
		"letterplate metadata 1\n/private/a 3\nabcd\n",
		"letterplate metadata 1\n/private/a 99999\nabc\n",
		"letterplate metadata 1\n/private/a 99999999999999999999999\nabc\n",
		"letterplate metadata 1\n 3\nabc\n",
	};
	struct fixture *f = *state;
	char *path = fixture_path(f, ".Sent/letterplate-metadata");

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char text[200] = "";
		FILE *file;

		fixture_write(f, ".Sent/letterplate-metadata", files[i]);
		annotations(f, "Sent");
		assert_int_equal(f->st, STORE_FAILED);
		assert_int_equal(annotate(f, "Sent", "/private/x", "x"), STORE_FAILED);
		file = fopen(path, "r");
		assert_non_null(file);
		assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
		fclose(file);
		assert_string_equal(text, files[i]);
	}
	free(path);
}

/* One folder for each use; a name is as good while nobody was told. */
static void uses(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(annotate(f, "Archive", ANNOTATION_USE, "\\sent \\Archive"), STORE_OK);
	assert_string_equal(fixture_list(f), "INBOX:1 Archive:91 Drafts:9 Junk:41 Sent:1 Trash:21");
	assert_string_equal(annotations(f, "Sent"), "");
	assert_int_equal(annotate(f, "Junk", ANNOTATION_USE, "\\Sent"), STORE_OK);
	assert_string_equal(fixture_list(f), "INBOX:1 Archive:81 Drafts:9 Junk:11 Sent:1 Trash:21");
	/* "None" is said too: the name does not bring it back. */
	assert_int_equal(annotate(f, "Junk", ANNOTATION_USE, NULL), STORE_OK);
	assert_string_equal(fixture_list(f), "INBOX:1 Archive:81 Drafts:9 Junk:1 Sent:11 Trash:21");
	assert_int_equal(annotate(f, "Junk", ANNOTATION_USE, "\\Spam"), STORE_BAD_USE);
	assert_int_equal(annotate(f, "INBOX", ANNOTATION_USE, "\\Junk"), STORE_BAD_USE);
	/* What stands in the file is somebody's mistake: as if there were none. */
	fixture_write(f, ".Junk/letterplate-specialuse", "\\Sent \\Nonsense\n");
	assert_string_equal(fixture_list(f), "INBOX:1 Archive:81 Drafts:9 Junk:1 Sent:11 Trash:21");
}

/* RFC 8474 4: an id stays with its folder, and goes with it. */
static void ids(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	store_create_for(f->store, "a", 0, fixture_folder_status, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_OK);
	id = f->status.id;
	assert_true(id > 0);
	fixture_status(f, "a");
	assert_true(f->status.id == id);
	store_rename(f->store, "a", "b", fixture_done, f);
	fixture_wait(f);
	fixture_close(f);
	fixture_open(f);
	fixture_status(f, "b");
	assert_true(f->status.id == id);
	store_create_for(f->store, "a", 0, fixture_folder_status, f);
	fixture_wait(f);
	assert_true(f->status.id != id);
	store_delete(f->store, "b", fixture_done, f);
	fixture_wait(f);
	store_create_for(f->store, "b", FOLDER_JUNK, fixture_folder_status, f);
	fixture_wait(f);
	assert_true(f->status.id != id);
	/* The new folder was not made, because it is there. */
	store_create_for(f->store, "b", FOLDER_SENT, fixture_folder_status, f);
	fixture_wait(f);
	assert_int_equal(f->st, STORE_EXISTS);
	assert_non_null(strstr(fixture_list(f), "b:40"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kept, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(foreign_files, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(uses, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(ids, fixture_new, fixture_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
