/* SORT with RETURN (ESORT, RFC 5267 3). */
#include "search_world.h"

static void examples(void **state)
{
	static const struct { const char *command, *answer; } rows[] = {
		/* 3.3: what goes down is no range, what goes up is one. */
		{ "E01 UID SORT RETURN () (REVERSE DATE) UTF-8 UNDELETED UNKEYWORD $Junk\r\n",
		  "* ESEARCH (TAG \"E01\") UID ALL 3,6,2,4:5,7\r\nE01 OK UID SORT completed\r\n" },
		{ "a SORT RETURN (ALL) (REVERSE SUBJECT) UTF-8 1:5\r\n",
		  "* ESEARCH (TAG \"a\") ALL 5,4,3,2,1\r\na OK SORT completed\r\n" },
		/* 3.1: the lowest and the highest in that order. */
		{ "a SORT RETURN (MIN MAX COUNT) (REVERSE DATE) UTF-8 UNDELETED\r\n",
		  "* ESEARCH (TAG \"a\") MIN 2 MAX 6 COUNT 6\r\na OK SORT completed\r\n" },
		{ "a UID SORT RETURN (MIN COUNT) (DATE) UTF-8 DRAFT\r\n",
		  "* ESEARCH (TAG \"a\") UID COUNT 0\r\na OK UID SORT completed\r\n" },
		/* RFC 5182 1, 2.4: saved is what was found, in the order of the mailbox. */
		{ "a SORT RETURN (SAVE) (REVERSE SUBJECT) UTF-8 3:5\r\n", "a OK SORT completed\r\n" },
		{ "a SEARCH RETURN () $\r\n", "* ESEARCH (TAG \"a\") ALL 3:5\r\na OK SEARCH completed\r\n" },
		{ "a SORT RETURN (SAVE MIN MAX) (REVERSE SUBJECT) UTF-8 $\r\n",
		  "* ESEARCH (TAG \"a\") MIN 5 MAX 3\r\na OK SORT completed\r\n" },
		{ "a SORT (REVERSE SUBJECT) UTF-8 $\r\n", "* SORT 5 3\r\na OK SORT completed\r\n" },
	};
	static const char *const bad[] = {
		"RETURN (NONSENSE) (DATE) UTF-8 ALL", "RETURN () UTF-8 ALL", "(DATE) RETURN () UTF-8 ALL",
		"RETURN (SAVE) (DATE) UTF-8 NONSENSE",
	};
	struct fake_conn *f = with_21(*state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		says(f, rows[i].command, rows[i].answer);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *command = mem_printf("a SORT %s\r\n", bad[i]);

		expect(f, command, "a BAD");
		free(command);
	}
	says(f, "a SEARCH $\r\n", "* SEARCH 3 5\r\na OK SEARCH completed\r\n");
	expect(f, "a SORT RETURN (SAVE) (DATE) KLINGON ALL\r\n", "a NO [BADCHARSET");
	says(f, "a SEARCH $\r\n", "* SEARCH\r\na OK SEARCH completed\r\n");
	fake_conn_free(f);
}

/* 4.3 and 4.4: the places in that order. */
static void followed(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w), *other = logged_in(w);

	says(f, "C UID SORT RETURN (UPDATE ALL) (REVERSE SUBJECT) UTF-8 UNDELETED\r\n",
	     "* ESEARCH (TAG \"C\") UID ALL 7,6,5,4,3,2\r\nC OK UID SORT completed\r\n");
	expect(f, "C SORT RETURN (UPDATE) (DATE) UTF-8 ALL\r\n", "C BAD");
	expect(f, "C UID SEARCH RETURN (UPDATE) ALL\r\n", "C BAD");
	/* letter 5 and 4, at the second place; letter 1 at what is the fourth then. */
	fake_conn_feed(f, SLICE("a UID STORE 6,5,2 +FLAGS (\\Deleted)\r\n"));
	await(w, f, "* ESEARCH (TAG \"C\") UID REMOVEFROM (2 6,5 4 2)\r\n");
	/* 6 3 2; then letter 9, 4 and 15: 9 6 4 3 2 15. */
	fake_conn_feed(f, SLICE("a UID STORE 10,5,16 -FLAGS (\\Deleted)\r\n"));
	await(w, f, "* ESEARCH (TAG \"C\") UID ADDTO (1 10 3 5 6 16)\r\n");
	fake_conn_feed(f, SLICE("a UID STORE 14,15 -FLAGS (\\Deleted)\r\n"));
	await(w, f, "* ESEARCH (TAG \"C\") UID ADDTO (7 15,14)\r\n");
	/* Expunged by another: told at once, with the place. */
	expect(other, "o SELECT INBOX\r\n", "o OK");
	expect(other, "o UID STORE 5 +FLAGS.SILENT (\\Deleted)\r\n", "o OK");
	await(w, f, "* ESEARCH (TAG \"C\") UID REMOVEFROM (3 5)\r\n");
	expect(other, "o UID EXPUNGE 5\r\n", "o OK");
	has(expect(f, "D SORT RETURN (UPDATE PARTIAL 1:3) (REVERSE SUBJECT) UTF-8 UNDELETED\r\n",
		   "D OK"), "PARTIAL (1:3 9,6,3)\r\n");
	expect(f, "a NOOP\r\n", "a OK");
	/* 9 is 8 by now; a new one comes between. */
	fake_conn_feed(f, SLICE("a APPEND INBOX {24+}\r\nSubject: letter 50\r\n\r\nx\r\n\r\n"));
	await(w, f, ") ADDTO (3 21)\r\n");
	fake_conn_feed(f, SLICE("a STORE 8 +FLAGS (\\Deleted)\r\n"));
	await(w, f, "* ESEARCH (TAG \"D\") REMOVEFROM (1 8)\r\n");
	expect(f, "a CANCELUPDATE \"C\" \"D\"\r\n", "a OK");
	fake_conn_free(other);
	fake_conn_free(f);
}

static void disturbed(void **state)
{
	struct world *w = *state;

	fake_conn_free(with_21(w));
	for (unsigned turns = 0; turns < 10; turns++) {
		struct fake_conn *f = logged_in(w);

		expect(f, "a SELECT INBOX\r\n", "a OK");
		expect(f, "a STORE 1:* -FLAGS.SILENT ($x)\r\n", "a OK");
		expect(f, "t SORT RETURN (UPDATE) (SUBJECT) UTF-8 KEYWORD $x\r\n", "t OK");
		fake_conn_feed(f, SLICE("a STORE 1:* +FLAGS.SILENT ($x)\r\n"));
		for (unsigned i = 0; i < turns; i++)
			loop_turn(w->loop, 1);
		if (turns % 2)
			fake_conn_break(f);
		fake_conn_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(examples),
		WORLD(followed),
		WORLD(disturbed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
