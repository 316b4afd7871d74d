/*
 * A statement is kept from use to use, so it is reset at once when it has no more rows:
 * one that is not holds a snapshot of the file, and the WAL grows behind it.
 */
#include "sql.h"

#include <stddef.h>

bool sql_is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

int64_t sql_layout(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int64_t layout = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		layout = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return layout;
}

bool sql_run(sqlite3_stmt *st)
{
	bool ok = st && sqlite3_step(st) == SQLITE_DONE;

	if (st) {
		sqlite3_reset(st);
		sqlite3_clear_bindings(st);
	}
	return ok;
}

bool sql_row(sqlite3_stmt *st, bool *ok)
{
	int code = st ? sqlite3_step(st) : SQLITE_ERROR;

	*ok = code == SQLITE_ROW || code == SQLITE_DONE;
	if (code == SQLITE_ROW)
		return true;
	if (st)
		sqlite3_reset(st);
	return false;
}
