/* What a message is known by and when it came: SAVEDATE (RFC 8514). */
#include "imap_world.h"

static void append(struct fake_conn *f, const char *folder, const char *text)
{
	char *line = mem_printf("ap APPEND %s \"20-Mar-2011 03:07:37 +0000\" {%zu+}\r\n%s\r\n",
				folder, strlen(text), text);

	expect(f, line, "ap OK");
	free(line);
}

enum { DEC_28 = 1419768000, DEC_29 = DEC_28 + 86400, JAN_1 = DEC_28 + 4 * 86400 };

/* The examples of RFC 8514 4.2 and 4.3, with three days for a thousand messages. */
static void save_dates(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);
	const char *said;

	setenv("TZ", "UTC", 1);
	tzset();
	expect(f, "c CREATE Other\r\n", "c OK");
	/* The first in a folder may be found there before its delivery is noted. */
	append(f, "INBOX", "Subject: zero\r\n\r\n");
	expect(f, "s SELECT INBOX\r\n", "s OK");
	expect(f, "s STORE 1 FLAGS \\Deleted\r\n", "s OK");
	expect(f, "s EXPUNGE\r\n", "s OK");
	clock_set(DEC_28);
	append(f, "INBOX", "Subject: one\r\n\r\n");
	append(f, "INBOX", "Subject: two\r\n\r\n");
	clock_set(DEC_29);
	append(f, "INBOX", "Subject: three\r\n\r\n");
	clock_set(JAN_1);
	append(f, "INBOX", "Subject: four\r\n\r\n");
	said = expect(f, "s SELECT INBOX\r\n", "s OK");
	said = expect(f, "A101 FETCH 4 (SAVEDATE)\r\n", "A101 OK");
	has(said, "* 4 FETCH (SAVEDATE \" 1-Jan-2015 12:00:00 +0000\")\r\n");
	has(expect(f, "A102 SEARCH SAVEDON 28-Dec-2014\r\n", "A102 OK"), "* SEARCH 1 2\r\n");
	has(expect(f, "A103 SEARCH SAVEDSINCE 29-Dec-2014\r\n", "A103 OK"), "* SEARCH 3 4\r\n");
	has(expect(f, "a SEARCH SAVEDBEFORE 29-Dec-2014\r\n", "a OK"), "* SEARCH 1 2\r\n");
	has(expect(f, "a SEARCH SAVEDATESUPPORTED NOT 2\r\n", "a OK"), "* SEARCH 1 3 4\r\n");
	has(expect(f, "a SEARCH NOT SAVEDON 28-Dec-2014 UID 1:4\r\n", "a OK"), "* SEARCH 3\r\n");
	expect(f, "a SEARCH SAVEDON\r\n", "a BAD");
	expect(f, "a SEARCH SAVEDON yesterday\r\n", "a BAD");
	/* 3: INTERNALDATE is kept by COPY and MOVE, the save date is made anew. */
	expect(f, "a COPY 1 Other\r\n", "a OK");
	expect(f, "a MOVE 3 Other\r\n", "a OK");
	has(expect(f, "a FETCH 1 (SAVEDATE)\r\n", "a OK"), "SAVEDATE \"28-Dec-2014 12:00:00 +0000\"");
	expect(f, "s SELECT Other\r\n", "s OK");
	said = expect(f, "a UID FETCH 1:* (SAVEDATE INTERNALDATE)\r\n", "a OK");
	has(said, "1 FETCH (SAVEDATE \" 1-Jan-2015 12:00:00 +0000\" "
		  "INTERNALDATE \"20-Mar-2011 03:07:37 +0000\" UID 1)\r\n");
	has(said, "2 FETCH (SAVEDATE \" 1-Jan-2015 12:00:00 +0000\" ");
	clock_set(-1);
	fake_conn_free(f);
}

/* There before the index was: from when its file has had its name. */
static void older_than_the_index(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);
	char *path = mem_printf("%s/Maildir/cur/1.a:2,S", w->dir);
	FILE *file = fopen(path, "w");
	const char *said;

	assert_non_null(file);
	fputs("Subject: old\n\n", file);
	fclose(file);
	free(path);
	expect(f, "s SELECT INBOX\r\n", "s OK");
	said = expect(f, "a FETCH 1 SAVEDATE\r\n", "a OK");
	has(said, "* 1 FETCH (SAVEDATE \"");
	has_not(said, "1970");
	has(expect(f, "a SEARCH SAVEDSINCE 1-Jan-2020\r\n", "a OK"), "* SEARCH 1\r\n");
	has(expect(f, "a SEARCH SAVEDBEFORE 1-Jan-2020\r\n", "a OK"), "* SEARCH\r\n");
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(save_dates, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(older_than_the_index, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
