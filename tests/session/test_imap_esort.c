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

int main(void)
{
#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD(examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
