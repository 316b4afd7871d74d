#ifndef GREYLIST_DB_H
#define GREYLIST_DB_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The records, in SQLite.  For one thread at a time.  Nothing here fails: without
 * a database every visit passes, and the log has said why.
 */
struct greylist_db;

struct greylist_db_options {
	const char *path;
	int64_t delay_s, expiry_s;
	int64_t max_rows;                /* 0: GREYLIST_ROWS_MAX */
};

enum {
	GREYLIST_KEPT_S = 40 * 24 * 3600,    /* past a record's last use: monthly mail is known */
	/* About 150 MB.  A record that never came back lives 36 hours, so this is seven
	 * new senders a second: no household, but any botnet. */
	GREYLIST_ROWS_MAX = 1000000,
};

/* Opens nothing yet. */
struct greylist_db *greylist_db_new(const struct greylist_db_options *o);
void greylist_db_free(struct greylist_db *db);   /* NULL is fine */

struct greylist_visit {
	bool pass;
	bool known;                      /* passes because it came back before */
	int64_t wait_s;                  /* when it does not pass */
};

struct greylist_visit greylist_db_visit(struct greylist_db *db, const char *network,
					const char *sender, int64_t now);

/* Removes what has expired. */
void greylist_db_expire(struct greylist_db *db, int64_t now);

/* Records there are; -1: no database. */
int64_t greylist_db_rows(const struct greylist_db *db);

#endif
