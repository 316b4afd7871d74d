/* What a message is known by and when it came: OBJECTID (RFC 8474), SAVEDATE (RFC 8514). */
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

/* The value of an item in a FETCH response of that message. */
static char *item_of(const char *said, unsigned seq, const char *item)
{
	char *head = mem_printf("* %u FETCH (", seq), *name = mem_printf("%s (", item), *value;
	const char *at = strstr(said, head);

	if (!at || !(at = strstr(at, name)))
		fail_msg("no %s of %u in %s", item, seq, said);
	at += strlen(name);
	value = mem_bytes(at, strcspn(at, ")"));
	if (strlen(value) != 17 || value[0] != (item[0] == 'E' ? 'M' : 'T'))
		fail_msg("%s", said);
	free(head);
	free(name);
	return value;
}

static void finds(struct fake_conn *f, const char *key, const char *id, const char *numbers)
{
	char *line = mem_printf("27 SEARCH %s %s\r\n", key, id);
	char *want = mem_printf("* SEARCH%s\r\n", numbers);

	has(expect(f, line, "27 OK"), want);
	free(line);
	free(want);
}

/* The examples of RFC 8474 5.3 and 6. */
static void object_ids(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *email[4], *thread[4], *other;
	const char *said;

	append(f, "INBOX", "Subject: Message A\r\nMessage-ID: <fake.1521475657.54797@example.com>\r\n\r\n");
	append(f, "INBOX", "Subject: Re: Message A\r\nMessage-ID: <fake.1521475657.21213@example.org>\r\n"
			   "References: <fake.1521475657.54797@example.com>\r\n\r\n");
	append(f, "INBOX", "Subject: Message C\r\nMessage-ID: <fake.1521475657.60280@example.com>\r\n\r\n");
	expect(f, "c CREATE foo\r\n", "c OK");
	expect(f, "s SELECT INBOX\r\n", "s OK");
	said = expect(f, "22 FETCH 1:* (EMAILID THREADID)\r\n", "22 OK");
	for (unsigned i = 1; i <= 3; i++) {
		email[i] = item_of(said, i, "EMAILID");
		thread[i] = item_of(said, i, "THREADID");
	}
	assert_string_equal(thread[1], thread[2]);
	assert_string_not_equal(thread[1], thread[3]);
	assert_string_not_equal(email[1], email[2]);
	finds(f, "EMAILID", email[1], " 1");
	finds(f, "THREADID", thread[1], " 1 2");
	finds(f, "NOT EMAILID", email[1], " 2 3");
	finds(f, "EMAILID", thread[1], "");
	finds(f, "THREADID", "nobody_s-1", "");
	finds(f, "NOT THREADID", "NIL", " 1 2 3");
	expect(f, "a SEARCH EMAILID\r\n", "a BAD");
	expect(f, "a SEARCH EMAILID a.b\r\n", "a BAD");
	expect(f, "a SEARCH THREADID (T1)\r\n", "a BAD");
	/* MOVE and COPY take them along. */
	expect(f, "23 MOVE 2 foo\r\n", "23 OK");
	expect(f, "a COPY 1 foo\r\n", "a OK");
	said = expect(f, "24 FETCH 1:* (EMAILID THREADID)\r\n", "24 OK");
	other = item_of(said, 2, "EMAILID");
	assert_string_equal(other, email[3]);
	free(other);
	expect(f, "25 SELECT foo\r\n", "25 OK");
	said = expect(f, "26 UID FETCH 1:* (EMAILID THREADID)\r\n", "26 OK");
	for (unsigned i = 1; i <= 2; i++) {
		other = item_of(said, i, "EMAILID");
		assert_string_equal(other, email[3 - i]);
		free(other);
		other = item_of(said, i, "THREADID");
		assert_string_equal(other, thread[1]);
		free(other);
	}
	/* A copy of a copy, and a folder that has another name. */
	expect(f, "a COPY 1 INBOX\r\n", "a OK");
	expect(f, "a UNSELECT\r\n", "a OK");
	expect(f, "a RENAME foo bar\r\n", "a OK");
	expect(f, "a SELECT bar\r\n", "a OK");
	finds(f, "EMAILID", email[2], " 1");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	finds(f, "EMAILID", email[2], " 3");
	finds(f, "THREADID", thread[1], " 1 3");
	for (unsigned i = 1; i <= 3; i++) {
		free(email[i]);
		free(thread[i]);
	}
	fake_conn_free(f);
}

/* What another program put there has its ids when they are first asked for; those
 * stay, though a message comes that would have joined it to another thread. */
static void ids_of_found_messages(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);
	char *thread, *again, *copied, *late;
	const char *said;

	for (int i = 1; i <= 2; i++) {
		char *path = mem_printf("%s/Maildir/cur/%d.a:2,S", w->dir, i);
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fprintf(file, "Subject: s\nMessage-ID: <%d@x>\nReferences: <r%d@x>\n\n", i, i);
		fclose(file);
		free(path);
	}
	expect(f, "c CREATE foo\r\n", "c OK");
	expect(f, "s SELECT INBOX\r\n", "s OK");
	/* Copied before anybody knew. */
	expect(f, "a COPY 1 foo\r\n", "a OK");
	said = expect(f, "a FETCH 1 (EMAILID)\r\n", "a OK");
	thread = item_of(said, 1, "EMAILID");
	expect(f, "s SELECT foo\r\n", "s OK");
	copied = item_of(expect(f, "a FETCH 1 (EMAILID)\r\n", "a OK"), 1, "EMAILID");
	assert_string_equal(thread, copied);
	free(thread);
	free(copied);
	copied = item_of(expect(f, "a FETCH 1 (THREADID)\r\n", "a OK"), 1, "THREADID");
	expect(f, "s SELECT INBOX\r\n", "s OK");
	said = expect(f, "a FETCH 1:2 (THREADID)\r\n", "a OK");
	thread = item_of(said, 1, "THREADID");
	assert_string_equal(thread, copied);
	late = item_of(said, 2, "THREADID");
	assert_string_not_equal(thread, late);
	append(f, "INBOX", "Subject: s\r\nMessage-ID: <3@x>\r\nReferences: <r1@x> <r2@x> <2@x>\r\n\r\n");
	expect(f, "a NOOP\r\n", "a OK");
	said = expect(f, "a FETCH 1:3 (THREADID)\r\n", "a OK");
	again = item_of(said, 1, "THREADID");
	assert_string_equal(thread, again);
	free(again);
	again = item_of(said, 3, "THREADID");
	assert_string_equal(late, again);
	free(again);
	again = item_of(said, 2, "THREADID");
	assert_string_equal(late, again);
	finds(f, "THREADID", late, " 2 3");
	free(again);
	free(thread);
	free(copied);
	free(late);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(save_dates),
		WORLD(object_ids),
		WORLD(ids_of_found_messages),
		WORLD(older_than_the_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
