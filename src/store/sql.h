#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* What is asked of SQLite in the same way for the index and for the text index.  Whose
 * thread the connection is.  After a failure its error can still be asked for. */

bool sql_is_damage(int code);            /* the file itself is broken, or none of SQLite's */
int64_t sql_layout(sqlite3 *db);         /* PRAGMA user_version; -1: it cannot be read */

/* Once, without rows; bindings are gone then.  NULL: false. */
bool sql_run(sqlite3_stmt *st);
/* The next row.  False: the statement is reset; *ok: because there is none.  NULL: not ok. */
bool sql_row(sqlite3_stmt *st, bool *ok);

#endif
