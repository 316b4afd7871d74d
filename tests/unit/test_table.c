/* A folder's table: by UID and by file, with much coming and going. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/store/table.h"

static void add(struct table *t, const struct keywords *k, uint32_t uid)
{
	struct record r = { .uid = uid };
	char name[40];

	snprintf(name, sizeof(name), "%u.base:2,", uid);
	table_add(t, &r, name, k);
}

static const struct record *by_file(struct table *t, uint32_t uid)
{
	char name[40];

	snprintf(name, sizeof(name), "%u.base", uid);
	return table_file(t, name, strlen(name));
}

static void found_by_uid_and_file(void **state)
{
	struct keywords *k = keywords_new();
	struct table t;

	(void)state;
	table_init(&t);
	for (uint32_t uid = 1; uid <= 1000; uid++)
		add(&t, k, uid * 2);
	for (uint32_t uid = 1; uid <= 2001; uid++) {
		assert_int_equal(table_uid(&t, uid) != NULL, uid % 2 == 0 && uid <= 2000);
		assert_ptr_equal(by_file(&t, uid), table_uid(&t, uid));
	}
	for (uint32_t uid = 4; uid <= 2000; uid += 4)
		table_remove(&t, table_uid(&t, uid));
	assert_null(by_file(&t, 8));
	table_sweep(&t);
	assert_int_equal(t.records.count, 500);
	assert_non_null(by_file(&t, 2));
	for (uint32_t uid = 2; uid <= 2000; uid += 2)
		assert_int_equal(by_file(&t, uid) != NULL, uid % 4 != 0);
	table_release(&t);
	keywords_free(k);
}

static void comes_and_goes(void **state)
{
	struct keywords *k = keywords_new();
	struct table t;

	(void)state;
	table_init(&t);
	for (uint32_t uid = 1; uid <= 20000; uid++) {
		add(&t, k, uid);
		if (uid > 10) {
			table_remove(&t, by_file(&t, uid - 10));
			table_sweep(&t);
		}
	}
	assert_int_equal(t.records.count, 10);
	assert_true(t.slots <= 256);
	assert_non_null(by_file(&t, 20000));
	assert_null(by_file(&t, 1));
	table_release(&t);
	keywords_free(k);
}

static void renamed(void **state)
{
	struct keywords *k = keywords_new();
	const struct snapshot *old;
	const char *const *all;
	struct table t;
	unsigned set;

	(void)state;
	table_init(&t);
	add(&t, k, 1);
	add(&t, k, 2);
	assert_true(keywords_parse(k, SLICE("Work Play"), &set));
	table_note_keywords(&t, k, set);
	table_note_keywords(&t, k, set);
	old = table_snapshot(&t, k);
	/* Until the names are packed anew. */
	for (int i = 0; i < 60000; i++)
		table_rename(&t, table_own(&t, table_uid(&t, 1)), i & 1 ? "1.base:2,S" : "1.base:2,FS");
	assert_string_equal(table_name(&t, by_file(&t, 1)), "1.base:2,S");
	snapshot_drop(table_snapshot(&t, k));
	assert_true(names_bytes(t.names) < 100000);
	assert_string_equal(table_name(&t, by_file(&t, 1)), "1.base:2,S");
	assert_string_equal(table_name(&t, by_file(&t, 2)), "2.base:2,");
	assert_int_equal(t.all_count, 2);
	table_release(&t);
	assert_string_equal(snapshot_file(old, snapshot_record(old, 1)), "1.base:2,");
	assert_int_equal(snapshot_all_keywords(old, &all), 2);
	assert_string_equal(all[0], "Work");
	snapshot_drop(old);
	keywords_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_uid_and_file),
		cmocka_unit_test(comes_and_goes),
		cmocka_unit_test(renamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
