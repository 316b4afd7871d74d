#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/store/sql.h"

static sqlite3 *opened(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE t(a UNIQUE)", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	return st;
}

static void runs(void **state)
{
	sqlite3 *db = opened();
	sqlite3_stmt *add = prepared(db, "INSERT INTO t VALUES(?1)"), *count;
	bool ok;

	(void)state;
	sqlite3_bind_int(add, 1, 7);
	assert_true(sql_run(add));
	assert_true(sql_run(add));               /* the binding is gone: NULL */
	sqlite3_bind_int(add, 1, 7);
	assert_false(sql_run(add));
	assert_int_equal(sqlite3_errcode(db) & 0xff, SQLITE_CONSTRAINT);
	assert_false(sql_run(NULL));
	count = prepared(db, "SELECT count(*), count(a) FROM t");
	assert_true(sql_row(count, &ok));
	assert_int_equal(sqlite3_column_int(count, 0), 2);
	assert_int_equal(sqlite3_column_int(count, 1), 1);
	sqlite3_finalize(count);
	sqlite3_finalize(add);
	sqlite3_close(db);
}

static void rows(void **state)
{
	sqlite3 *db = opened();
	sqlite3_stmt *st = prepared(db, "VALUES(1), (2)");
	bool ok = false;

	(void)state;
	for (int again = 0; again < 2; again++) {
		assert_true(sql_row(st, &ok) && sql_row(st, &ok) && ok);
		assert_true(sqlite3_stmt_busy(st));
		assert_false(sql_row(st, &ok));
		assert_true(ok);
		assert_false(sqlite3_stmt_busy(st));
	}
	sqlite3_finalize(st);
	assert_false(sql_row(NULL, &ok));
	assert_false(ok);
	st = prepared(db, "SELECT abs(-9223372036854775808)");
	assert_false(sql_row(st, &ok));
	assert_false(ok);
	assert_int_equal(sqlite3_errcode(db), SQLITE_ERROR);
	sqlite3_finalize(st);
	sqlite3_close(db);
}

static void layouts_and_damage(void **state)
{
	sqlite3 *db = opened();

	(void)state;
	assert_int_equal(sql_layout(db), 0);
	sqlite3_exec(db, "PRAGMA user_version=42", NULL, NULL, NULL);
	assert_int_equal(sql_layout(db), 42);
	sqlite3_close(db);
	assert_true(sql_is_damage(SQLITE_CORRUPT) && sql_is_damage(SQLITE_NOTADB));
	assert_true(sql_is_damage(SQLITE_CORRUPT_INDEX));
	assert_false(sql_is_damage(SQLITE_FULL) || sql_is_damage(SQLITE_BUSY));
	assert_false(sql_is_damage(SQLITE_ERROR) || sql_is_damage(SQLITE_OK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs),
		cmocka_unit_test(rows),
		cmocka_unit_test(layouts_and_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
