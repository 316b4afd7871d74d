/* The index's file: opened, damaged, foreign, in the way. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "../../src/store/index.h"

struct place_of {
	char dir[200], path[256];
};

static int begin(void **state)
{
	struct place_of *p = mem_alloc(sizeof(*p));
	const char *tmp = getenv("TMPDIR");

	snprintf(p->dir, sizeof(p->dir), "%s/index-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/index.db", p->dir);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct place_of *p = *state;

	nftw(p->dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

static struct index *open_index(const char *path)
{
	char error[200];

	return index_open(path, error, sizeof(error));
}

/* Makes a folder in it; its id. */
static int64_t add_folder(struct index *ix)
{
	struct index_folder f = { .uid_validity = 7, .uid_next = 3, .modseq = 9 };

	assert_true(index_begin(ix));
	assert_true(index_folder_new(ix, ".A", &f));
	assert_true(index_commit(ix));
	return f.id;
}

static bool has_folder(struct index *ix)
{
	struct index_folder f;

	assert_true(index_folder_get(ix, ".A", &f));
	return f.id != 0;
}

static void kept(void **state)
{
	struct place_of *p = *state;
	struct index *ix = open_index(p->path);
	struct index_folder f;

	assert_non_null(ix);
	assert_false(has_folder(ix));
	add_folder(ix);
	index_close(ix);
	ix = open_index(p->path);
	assert_true(index_folder_get(ix, ".A", &f));
	assert_int_equal(f.uid_validity, 7);
	assert_int_equal(f.uid_next, 3);
	assert_int_equal(f.modseq, 9);
	assert_int_equal(index_largest_validity(ix), 7);
	index_close(ix);
	index_close(NULL);
}

static void rolled_back(void **state)
{
	struct place_of *p = *state;
	struct index *ix = open_index(p->path);
	struct index_folder f = { .uid_validity = 7 };

	index_rollback(ix);
	assert_true(index_begin(ix));
	assert_true(index_folder_new(ix, ".A", &f));
	index_rollback(ix);
	assert_false(has_folder(ix));
	/* The same name twice fails, and the index goes on. */
	add_folder(ix);
	assert_true(index_begin(ix));
	assert_false(index_folder_new(ix, ".A", &f));
	index_rollback(ix);
	assert_int_equal(index_failure(ix), STORE_FAILED);
	assert_false(index_is_damaged(ix));
	assert_true(has_folder(ix));
	index_close(ix);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void damaged_is_moved_aside(void **state)
{
	struct place_of *p = *state;
	struct index *ix;
	char *aside = mem_printf("%s.damaged", p->path);

	write_file(p->path, "this is not a database, and it is long enough to be read as one");
	ix = open_index(p->path);
	assert_non_null(ix);
	assert_false(has_folder(ix));
	assert_int_equal(access(aside, F_OK), 0);
	index_close(ix);
	free(aside);
}

static void foreign_is_moved_aside(void **state)
{
	static const char *const layouts[] = {
		"CREATE TABLE folder(x); PRAGMA user_version=1;",
		"CREATE TABLE folder(x);",
		"PRAGMA user_version=99;",
	};
	struct place_of *p = *state;

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct index *ix;
		sqlite3 *db;

		assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, layouts[i], NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		ix = open_index(p->path);
		assert_non_null(ix);
		add_folder(ix);
		assert_true(has_folder(ix));
		index_close(ix);
		unlink(p->path);
	}
}

/* The first layout that there was. */
static void brought_up_to_date(void **state)
{
	static const char first[] =
		"CREATE TABLE folder(id INTEGER PRIMARY KEY AUTOINCREMENT, dir TEXT UNIQUE NOT NULL,"
		" uid_validity INTEGER, uid_next INTEGER, first_recent INTEGER, modseq INTEGER,"
		" new_mtime INTEGER, cur_mtime INTEGER,"
		" messages INTEGER, unseen INTEGER, bytes INTEGER);"
		"CREATE TABLE message(folder INTEGER, uid INTEGER, base TEXT NOT NULL,"
		" info TEXT NOT NULL, place INTEGER, keywords TEXT, modseq INTEGER, size INTEGER,"
		" received INTEGER, saved INTEGER, PRIMARY KEY(folder, uid)) WITHOUT ROWID;"
		"CREATE UNIQUE INDEX message_base ON message(folder, base);"
		"CREATE TABLE text(folder INTEGER, uid INTEGER, envelope BLOB, body BLOB,"
		" bodystructure BLOB, PRIMARY KEY(folder, uid)) WITHOUT ROWID;"
		"INSERT INTO folder VALUES(7, '.Old', 5, 4, 1, 9, 1, 1, 3, 2, 60);"
		"INSERT INTO message VALUES(7, 1, 'a', ':2,ST', 1, NULL, 1, 10, 1, 1),"
		" (7, 2, 'b', ':2,t', 1, NULL, 1, 20, 1, 1), (7, 3, 'c', ':2,T', 1, NULL, 1, 30, 1, 1);"
		"PRAGMA user_version=1;";
	struct place_of *p = *state;
	struct index_folder f;
	struct index *ix;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, first, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ix = open_index(p->path);
	assert_non_null(ix);
	assert_true(index_folder_get(ix, ".Old", &f));
	assert_int_equal(f.id, 7);
	assert_int_equal(f.deleted, 2);
	assert_int_equal(f.deleted_bytes, 40);
	index_close(ix);
}

/* What cannot be opened is said, and stays where it is. */
static void in_the_way(void **state)
{
	struct place_of *p = *state;
	char error[200] = "";

	assert_int_equal(mkdir(p->path, 0700), 0);
	assert_null(index_open(p->path, error, sizeof(error)));
	assert_non_null(strstr(error, p->path));
	assert_int_equal(rmdir(p->path), 0);
	assert_null(index_open("/no/such/folder/index.db", error, sizeof(error)));
}

static void renewed(void **state)
{
	struct place_of *p = *state;
	struct index *ix = open_index(p->path);
	struct buf out;
	int64_t first;

	first = add_folder(ix);
	assert_true(index_renew(ix));
	assert_false(has_folder(ix));
	/* A reader that goes on with the old number gets nothing by it. */
	assert_int_not_equal(add_folder(ix), first);
	assert_true(has_folder(ix));
	buf_init(&out, 100);
	assert_false(index_text(ix, 1, 1, 0, &out));
	buf_release(&out);
	index_close(ix);
}

static void one_at_a_time(void **state)
{
	struct place_of *p = *state;
	struct index *ix = open_index(p->path);
	char error[256] = "";

	assert_non_null(ix);
	assert_null(index_open(p->path, error, sizeof(error)));
	assert_non_null(strstr(error, "Another letterplate"));
	index_close(ix);
	ix = open_index(p->path);
	assert_non_null(ix);
	index_close(ix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_at_a_time, begin, end),
		cmocka_unit_test_setup_teardown(kept, begin, end),
		cmocka_unit_test_setup_teardown(rolled_back, begin, end),
		cmocka_unit_test_setup_teardown(damaged_is_moved_aside, begin, end),
		cmocka_unit_test_setup_teardown(foreign_is_moved_aside, begin, end),
		cmocka_unit_test_setup_teardown(brought_up_to_date, begin, end),
		cmocka_unit_test_setup_teardown(in_the_way, begin, end),
		cmocka_unit_test_setup_teardown(renewed, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
