/* CONDSTORE (RFC 7162 3.1): its examples, in our data, and its errors. */
#include "sync_world.h"

/* 3.1: each of these tells HIGHESTMODSEQ the first time, and from then on every FETCH
 * that nobody asked for has UID and MODSEQ (3.2.4). */
static void enabling(void **state)
{
	static const char *const commands[] = {
		"a ENABLE CONDSTORE\r\n",
		"a FETCH 1 (MODSEQ)\r\n",
		"a UID FETCH 1 (FLAGS MODSEQ)\r\n",
		"a FETCH 1:* (FLAGS) (CHANGEDSINCE 1)\r\n",
		"a STORE 1 (UNCHANGEDSINCE 1) FLAGS (\\Seen)\r\n",
		"a SEARCH MODSEQ 1\r\n",
		"a STATUS Archive (HIGHESTMODSEQ)\r\n",
		"a UID SEARCH NOT MODSEQ 12345\r\n",
	};
	struct world *w = *state;
	struct fake_conn *other = with_messages(w, "enabling", 2), *f;

	expect(other, "s SELECT enabling\r\n", "s OK");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		f = joined(w, "enabling", NULL);
		expect(other, "b STORE 2 -FLAGS \\Flagged\r\n", "b OK");
		expect(f, "n NOOP\r\n", "n OK");
		expect(other, "b STORE 2 +FLAGS \\Flagged\r\n", "b OK");
		SAYS(f, "n NOOP\r\n", "* 2 FETCH (FLAGS (\\Flagged))\r\nn OK NOOP completed\r\n");
		has(expect(f, commands[i], "a OK"), "* OK [HIGHESTMODSEQ ");
		has_not(expect(f, commands[i], "a OK"), "[HIGHESTMODSEQ ");
		expect(other, "b STORE 2 -FLAGS \\Flagged\r\n", "b OK");
		SAYS(f, "n NOOP\r\n", "* 2 FETCH (UID 2 FLAGS () MODSEQ (N))\r\nn OK NOOP completed\r\n");
		fake_conn_free(f);
	}
	/* 3.1.8, example 18. */
	f = logged_in(w);
	has(expect(f, "a SELECT enabling (CONDSTORE)\r\n", "a OK"), "* OK [HIGHESTMODSEQ ");
	expect(other, "b STORE 2 +FLAGS \\Flagged\r\n", "b OK");
	has(plain(fake_conn_say(f, "n NOOP\r\n")), "* 2 FETCH (UID 2 FLAGS (\\Flagged) MODSEQ (N))");
	fake_conn_free(f);
	fake_conn_free(other);
}

/* Example 1, and that modseqs are the folder's. */
static void select_tells(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "telling", 3);
	uint64_t modseq = number_after(expect(f, "a SELECT telling\r\n", "a OK"), "[HIGHESTMODSEQ ");

	assert_int_equal(modseq, number_after(expect(f, "a EXAMINE telling\r\n", "a OK"),
					      "[HIGHESTMODSEQ "));
	assert_int_equal(modseq, number_after(expect(f, "a FETCH * MODSEQ\r\n", "a OK"), "MODSEQ ("));
	expect(f, "a SELECT telling\r\n", "a OK");
	expect(f, "a STORE 1 +FLAGS \\Seen\r\n", "a OK");
	assert_true(number_after(expect(f, "a SELECT telling\r\n", "a OK"), "[HIGHESTMODSEQ ") > modseq);
	fake_conn_free(f);
}

/* Examples 3 to 6. */
static void conditional_store(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "storing", 9), *other;
	uint64_t modseq = number_after(expect(f, "a SELECT storing\r\n", "a OK"), "[HIGHESTMODSEQ ");

	say(f, "c101 OK", "c101 STORE 9 (UNCHANGEDSINCE %llu) -FLAGS.SILENT (\\Deleted)\r\n",
	    (unsigned long long)modseq);
	assert_string_equal(plain(say(f, "a103 OK",
		"a103 UID STORE 6,4,8 (UNCHANGEDSINCE %llu) +FLAGS.SILENT (\\Deleted)\r\n",
		(unsigned long long)modseq)),
		"* 4 FETCH (UID 4 MODSEQ (N))\r\n* 6 FETCH (UID 6 MODSEQ (N))\r\n"
		"* 8 FETCH (UID 8 MODSEQ (N))\r\na103 OK UID STORE completed\r\n");
	/* 3.1.11: what changes nothing changes no modseq, and MODSEQ is told all the same. */
	modseq = number_after(expect(f, "a FETCH 4 MODSEQ\r\n", "a OK"), "MODSEQ (");
	assert_int_equal(modseq, number_after(say(f, "a104 OK",
		"a104 STORE 4 (UNCHANGEDSINCE %llu) +FLAGS.SILENT (\\Deleted)\r\n",
		(unsigned long long)modseq), "MODSEQ ("));
	assert_string_equal(plain(say(f, "a104 OK",
		"a104 STORE * (UNCHANGEDSINCE %llu) +FLAGS.SILENT (\\Deleted $Processed)\r\n",
		(unsigned long long)modseq)),
		"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Processed)\r\n"
		"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Processed \\*)] "
		"Flags permitted\r\n"
		"* 9 FETCH (UID 9 MODSEQ (N))\r\na104 OK STORE completed\r\n");

	/* Example 6: others have changed 7 and 9, and what they made of them is told. */
	modseq = number_after(expect(f, "a SELECT storing\r\n", "a OK"), "[HIGHESTMODSEQ ");
	other = joined(w, "storing", NULL);
	expect(other, "b STORE 7,9 FLAGS (\\Answered)\r\n", "b OK");
	assert_string_equal(plain(say(f, "d105 OK",
		"d105 STORE 7,5,9 (UNCHANGEDSINCE %llu) +FLAGS.SILENT (\\Deleted)\r\n",
		(unsigned long long)modseq)),
		"* 7 FETCH (UID 7 FLAGS (\\Answered) MODSEQ (N))\r\n"
		"* 9 FETCH (UID 9 FLAGS (\\Answered) MODSEQ (N))\r\n"
		"* 5 FETCH (UID 5 MODSEQ (N))\r\n"
		"d105 OK [MODIFIED 7,9] Some were changed by others\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* Examples 7, 8 and 11, UIDs in MODIFIED, and a message named twice. */
static void refused_store(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "refusing", 9), *other;
	uint64_t modseq;

	expect(f, "a SELECT refusing (CONDSTORE)\r\n", "a OK");
	assert_string_equal(fake_conn_say(f,
		"a102 STORE 7 (UNCHANGEDSINCE 0) +FLAGS.SILENT ($MDNSent)\r\n"),
		"a102 OK [MODIFIED 7] Some were changed by others\r\n");
	expect(f, "a STORE 1 +FLAGS.SILENT \\Deleted\r\n", "a OK");
	expect(f, "a EXPUNGE\r\n", "a OK");
	has(fake_conn_say(f, "a UID STORE 2:4,6 (UNCHANGEDSINCE 1) FLAGS ()\r\n"),
	    "a OK [MODIFIED 2:4,6] ");
	has(fake_conn_say(f, "a STORE 2:4,6 (UNCHANGEDSINCE 1) FLAGS ()\r\n"),
	    "a OK [MODIFIED 2:4,6] ");
	modseq = number_after(expect(f, "a SELECT refusing\r\n", "a OK"), "[HIGHESTMODSEQ ");
	has_not(say(f, "e105 OK", "e105 STORE 7,3:8 (UNCHANGEDSINCE %llu) +FLAGS.SILENT (\\Draft)\r\n",
		    (unsigned long long)modseq), "MODIFIED");

	/* Example 11: some are gone and one was changed. */
	modseq = number_after(expect(f, "a SELECT refusing\r\n", "a OK"), "[HIGHESTMODSEQ ");
	other = joined(w, "refusing", NULL);
	expect(other, "b STORE 4:7 +FLAGS \\Deleted\r\n", "b OK");
	expect(other, "b EXPUNGE\r\n", "b OK");
	expect(other, "b STORE 2 +FLAGS \\Answered\r\n", "b OK");
	assert_string_equal(plain(say(f, "B001 NO",
		"B001 STORE 1:7 (UNCHANGEDSINCE %llu) +FLAGS (\\Seen)\r\n", (unsigned long long)modseq)),
		"* 2 FETCH (UID 3 FLAGS (\\Answered) MODSEQ (N))\r\n"
		"* 1 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (N))\r\n"
		"* 3 FETCH (UID 4 FLAGS (\\Seen \\Draft) MODSEQ (N))\r\n"
		"* OK [HIGHESTMODSEQ N] Highest\r\n"
		"B001 NO [MODIFIED 2] Some of the messages are gone\r\n");
	SAYS(f, "B002 NOOP\r\n",
	     "* 4 EXPUNGE\r\n* 4 EXPUNGE\r\n* 4 EXPUNGE\r\n* 4 EXPUNGE\r\n"
	     "* OK [HIGHESTMODSEQ N] Highest\r\nB002 OK NOOP completed\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* Section 6: as long as an expunge is held back no modseq after it counts. */
static void held_back(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "holding", 5), *other;
	uint64_t before = number_after(expect(f, "a SELECT holding (CONDSTORE)\r\n", "a OK"),
				       "[HIGHESTMODSEQ ");
	const char *said;

	other = joined(w, "holding", NULL);
	expect(other, "b STORE 5 +FLAGS \\Deleted\r\n", "b OK");
	expect(other, "b EXPUNGE\r\n", "b OK");
	said = expect(f, "A150 STORE 1:2 +FLAGS.SILENT \\Seen\r\n", "A150 OK");
	assert_int_equal(number_after(said, "* OK [HIGHESTMODSEQ "), before);
	assert_true(number_after(said, " MODSEQ (") > before);
	assert_int_equal(number_after(expect(f, "a FETCH 1 (FLAGS MODSEQ)\r\n", "a OK"),
				      "* OK [HIGHESTMODSEQ "), before);
	said = expect(f, "a NOOP\r\n", "a OK");
	has(said, "* 5 EXPUNGE\r\n* OK [HIGHESTMODSEQ ");
	assert_true(number_after(said, "[HIGHESTMODSEQ ") > before);
	has_not(expect(f, "a FETCH 1 (FLAGS MODSEQ)\r\n", "a OK"), "HIGHEST");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* Examples 12 and 13. */
static void fetching(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "fetching", 6);
	uint64_t modseq = number_after(expect(f, "a SELECT fetching\r\n", "a OK"), "[HIGHESTMODSEQ ");

	SAYS(f, "a FETCH 1:3 (MODSEQ)\r\n",
	     "* OK [HIGHESTMODSEQ N] Highest\r\n* 1 FETCH (MODSEQ (N))\r\n* 2 FETCH (MODSEQ (N))\r\n"
	     "* 3 FETCH (MODSEQ (N))\r\na OK FETCH completed\r\n");
	expect(f, "a STORE 2,4 +FLAGS \\Seen\r\n", "a OK");
	assert_string_equal(plain(say(f, "s100 OK", "s100 UID FETCH 1:* (FLAGS) (CHANGEDSINCE %llu)\r\n",
				      (unsigned long long)modseq)),
		"* 2 FETCH (FLAGS (\\Seen) UID 2 MODSEQ (N))\r\n"
		"* 4 FETCH (FLAGS (\\Seen) UID 4 MODSEQ (N))\r\ns100 OK UID FETCH completed\r\n");
	/* Only of those that were asked for; MODSEQ is told once. */
	assert_string_equal(plain(say(f, "s OK", "s FETCH 3:6 (MODSEQ) (CHANGEDSINCE %llu)\r\n",
				      (unsigned long long)modseq)),
		"* 4 FETCH (MODSEQ (N))\r\ns OK FETCH completed\r\n");
	/* 3.2.4: \Seen comes along unasked, and so UID and MODSEQ. */
	has(plain(fake_conn_say(f, "s FETCH 1 BODY[TEXT]\r\n")),
	    "* 1 FETCH (BODY[TEXT] {3}\r\nx\r\n FLAGS (\\Seen) UID 1 MODSEQ (N))\r\ns OK");
	has(plain(fake_conn_say(f, "s FETCH 1 BODY[TEXT]\r\n")), "* 1 FETCH (BODY[TEXT] {3}\r\nx\r\n)\r\ns OK");
	/* Of what did not change nothing is read, and nothing gets \Seen. */
	modseq = number_after(expect(f, "a SELECT fetching\r\n", "a OK"), "[HIGHESTMODSEQ ");
	assert_string_equal(plain(say(f, "s OK", "s FETCH 1:* (BODY[]) (CHANGEDSINCE %llu)\r\n",
				      (unsigned long long)modseq)), "s OK FETCH completed\r\n");
	has(fake_conn_say(f, "s FETCH 6 FLAGS\r\n"), "(FLAGS ())");
	fake_conn_free(f);
}

/* Example 14, of which sessions of one user are two. */
static void two_sessions(void **state)
{
	struct world *w = *state;
	struct fake_conn *a = with_messages(w, "two", 7), *b;

	expect(a, "s SELECT two (CONDSTORE)\r\n", "s OK");
	b = joined(w, "two", "CONDSTORE");
	SAYS(a, "A160 STORE 7 +FLAGS.SILENT (\\Deleted)\r\n",
	     "* 7 FETCH (UID 7 MODSEQ (N))\r\nA160 OK STORE completed\r\n");
	SAYS(b, "C180 NOOP\r\n",
	     "* 7 FETCH (UID 7 FLAGS (\\Deleted) MODSEQ (N))\r\nC180 OK NOOP completed\r\n");
	SAYS(a, "A240 STORE 7 +FLAGS.SILENT (\\Seen)\r\n",
	     "* 7 FETCH (UID 7 MODSEQ (N))\r\nA240 OK STORE completed\r\n");
	SAYS(b, "C270 NOOP\r\n",
	     "* 7 FETCH (UID 7 FLAGS (\\Deleted \\Seen) MODSEQ (N))\r\nC270 OK NOOP completed\r\n");
	SAYS(a, "A330 STORE 7 -FLAGS.SILENT (\\Answered \\Seen)\r\n",
	     "* 7 FETCH (UID 7 MODSEQ (N))\r\nA330 OK STORE completed\r\n");
	SAYS(b, "C360 NOOP\r\n",
	     "* 7 FETCH (UID 7 FLAGS (\\Deleted) MODSEQ (N))\r\nC360 OK NOOP completed\r\n");
	SAYS(a, "A STORE 7 +FLAGS (\\Seen)\r\n",
	     "* 7 FETCH (UID 7 FLAGS (\\Deleted \\Seen) MODSEQ (N))\r\nA OK STORE completed\r\n");
	fake_conn_free(a);
	fake_conn_free(b);
}

/* Examples 15, 16 and 19. */
static void searching(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "seeking", 5);
	uint64_t modseq;
	const char *said;

	expect(f, "a SELECT seeking (CONDSTORE)\r\n", "a OK");
	modseq = number_after(expect(f, "a STORE 2 +FLAGS \\Draft\r\n", "a OK"), "MODSEQ (");
	expect(f, "a STORE 4 +FLAGS \\Draft\r\n", "a OK");
	said = say(f, "a OK", "a SEARCH MODSEQ \"/flags/\\\\draft\" all %llu\r\n", (unsigned long long)modseq);
	assert_int_equal(number_after(said, "* SEARCH 2 4 (MODSEQ "), modseq + 1);
	has(say(f, "a OK", "a SEARCH MODSEQ %llu\r\n", (unsigned long long)modseq + 1), "* SEARCH 4 (MODSEQ ");
	has(plain(say(f, "a OK", "a UID SEARCH MODSEQ \"/flags/$x\" shared %llu 1:3\r\n",
		      (unsigned long long)modseq)), "* SEARCH 2 (MODSEQ N)\r\n");
	expect(f, "a SEARCH MODSEQ \"/FLAGS/\\\\Seen\" priv 1\r\n", "a OK");
	assert_string_equal(say(f, "t OK", "t SEARCH OR NOT MODSEQ 1 LARGER 50000\r\n"),
			    "* SEARCH\r\nt OK SEARCH completed\r\n");
	has(plain(say(f, "a OK", "a SEARCH RETURN (ALL) MODSEQ %llu\r\n", (unsigned long long)modseq)),
	    "* ESEARCH (TAG \"a\") ALL 2,4 MODSEQ N\r\n");
	has(fake_conn_say(f, "a SEARCH NOT MODSEQ 0\r\n"), "* SEARCH\r\n");
	fake_conn_free(f);
}

static void errors(void **state)
{
	static const char *const lines[] = {
		"a SELECT erring (CONDSTORE\r\n",
		"a SELECT erring ()\r\n",
		"a SELECT erring (CONDSTORE) \r\n",
		"a SELECT erring (NOTHING)\r\n",
		"a STORE 1 (UNCHANGEDSINCE) FLAGS ()\r\n",
		"a STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS ()\r\n",
		"a STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS ()\r\n",
		"a STORE 1 (UNCHANGEDSINCE -1) FLAGS ()\r\n",
		"a STORE 1 (CHANGEDSINCE 1) FLAGS ()\r\n",
		"a STORE 1 () FLAGS ()\r\n",
		"a FETCH 1 FLAGS (CHANGEDSINCE)\r\n",
		"a FETCH 1 FLAGS (CHANGEDSINCE x)\r\n",
		"a FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 1)\r\n",
		"a FETCH 1 FLAGS ()\r\n",
		"a FETCH 1 FLAGS (OTHER 1)\r\n",
		"a FETCH 1 FLAGS (CHANGEDSINCE 1) x\r\n",
		"a FETCH 1 FLAGS CHANGEDSINCE 1\r\n",
		"a UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n",
		"a SEARCH MODSEQ\r\n",
		"a SEARCH MODSEQ x\r\n",
		"a SEARCH MODSEQ \"/flags/\\\\seen\" 1\r\n",
		"a SEARCH MODSEQ \"/flags/\\\\seen\" some 1\r\n",
		"a SEARCH MODSEQ \"/other/\\\\seen\" all 1\r\n",
		"a SEARCH MODSEQ \"/flags/\" all 1\r\n",
		"a SELECT erring (QRESYNC (1 1))\r\n",
	};
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "erring", 1);

	expect(f, "a SELECT erring\r\n", "a OK");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		expect(f, lines[i], "a BAD");
		/* Nothing was enabled by it, and the mailbox is still there. */
		SAYS(f, "n STORE 1 FLAGS (\\Seen)\r\n",
		     "* 1 FETCH (FLAGS (\\Seen))\r\nn OK STORE completed\r\n");
	}
	fake_conn_free(f);
}

/* Switched off there is none of it. */
static void switched_off(void **state)
{
	static const char *const lines[] = {
		"a SELECT off (CONDSTORE)\r\n",
		"a STORE 1 (UNCHANGEDSINCE 1) FLAGS ()\r\n",
		"a FETCH 1 FLAGS (CHANGEDSINCE 1)\r\n",
		"a FETCH 1 MODSEQ\r\n",
		"a SEARCH MODSEQ 1\r\n",
		"a SELECT off (QRESYNC (1 1))\r\n",
	};
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "off", 1);

	has(fake_conn_say(f, "c CAPABILITY\r\n"), " CONDSTORE QRESYNC ");
	turn_off(w, "CONDSTORE");
	has_not(fake_conn_say(f, "c CAPABILITY\r\n"), "CONDSTORE");
	has_not(fake_conn_say(f, "c CAPABILITY\r\n"), "QRESYNC");
	has(fake_conn_say(f, "e ENABLE CONDSTORE QRESYNC\r\n"), "* ENABLED\r\n");
	has_not(expect(f, "s SELECT off\r\n", "s OK"), "HIGHESTMODSEQ");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(f, lines[i], "a BAD");
	has_not(expect(f, "s SELECT off\r\n", "s OK"), "CLOSED");
	turn_all_on(w);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enabling), cmocka_unit_test(select_tells),
		cmocka_unit_test(conditional_store), cmocka_unit_test(refused_store),
		cmocka_unit_test(held_back), cmocka_unit_test(fetching),
		cmocka_unit_test(two_sessions), cmocka_unit_test(searching),
		cmocka_unit_test(errors), cmocka_unit_test(switched_off),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
