/* UIDONLY (RFC 9586): no message number goes either way. */
#include "sync_world.h"

static struct fake_conn *uid_only(struct world *w, const char *folder, unsigned count)
{
	struct fake_conn *f = with_messages(w, folder, count);

	/* Numbers that are not the UIDs. */
	say(f, "s OK", "s SELECT %s\r\n", folder);
	expect(f, "s STORE 1 +FLAGS.SILENT \\Deleted\r\n", "s OK");
	expect(f, "s CLOSE\r\n", "s OK");
	assert_string_equal(fake_conn_say(f, "e ENABLE UIDONLY\r\n"),
			    "* ENABLED UIDONLY\r\ne OK ENABLE completed\r\n");
	return f;
}

static void refused(void **state)
{
	static const char *const lines[] = {
		"a FETCH 1 FLAGS\r\n", "a STORE 1 +FLAGS (\\Seen)\r\n", "a COPY 1 Archive\r\n",
		"a MOVE 1 Archive\r\n", "a SEARCH ALL\r\n", "a FETCH * FLAGS\r\n",
		"a UID SEARCH 1\r\n", "a UID SEARCH UID 1 OR 2 NOT 3\r\n", "a UID SEARCH *\r\n",
	};
	struct world *w = *state;
	struct fake_conn *f = uid_only(w, "refused", 3);
	const char *said = expect(f, "a SELECT refused\r\n", "a OK");

	/* The first unseen one is told by its number. */
	has_not(said, "[UNSEEN ");
	has(said, "* 2 EXISTS\r\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(f, lines[i], "a BAD [UIDREQUIRED] ");
	/* RFC 7162 3.2.5.2. */
	expect(f, "a ENABLE QRESYNC\r\n", "a OK");
	expect(f, "a SELECT refused (QRESYNC (1 1 1:3 (1:2 2:3)))\r\n", "a BAD [UIDREQUIRED] ");
	expect(f, "a SELECT refused (QRESYNC (1 1 1:3))\r\n", "a OK");
	fake_conn_free(f);
}

static void told_by_uid(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = uid_only(w, "told", 8), *other;

	expect(f, "s SELECT told\r\n", "s OK");
	assert_string_equal(fake_conn_say(f, "10 UID FETCH 2:3 (FLAGS)\r\n"),
		"* 2 UIDFETCH (FLAGS ())\r\n* 3 UIDFETCH (FLAGS ())\r\n10 OK UID FETCH completed\r\n");
	/* Asked for, it is told. */
	assert_string_equal(fake_conn_say(f, "11 UID FETCH * (UID RFC822.SIZE)\r\n"),
		"* 8 UIDFETCH (UID 8 RFC822.SIZE 18)\r\n11 OK UID FETCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "12 UID STORE 3 +FLAGS (\\Answered)\r\n"),
		"* 3 UIDFETCH (FLAGS (\\Answered))\r\n12 OK UID STORE completed\r\n");
	assert_string_equal(fake_conn_say(f, "13 UID STORE 3 +FLAGS.SILENT (\\Seen)\r\n"),
		"13 OK UID STORE completed\r\n");
	assert_string_equal(fake_conn_say(f, "14 UID FETCH 4 (BODY[TEXT])\r\n"),
		"* 4 UIDFETCH (BODY[TEXT] {3}\r\nx\r\n FLAGS (\\Seen))\r\n14 OK UID FETCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "15 UID SEARCH UID 3:4 SEEN\r\n"),
		"* SEARCH 3 4\r\n15 OK UID SEARCH completed\r\n");
	has(fake_conn_say(f, "16 UID COPY 3 Archive\r\n"), "[COPYUID ");

	other = joined(w, "told", NULL);
	expect(other, "b UID STORE 7 +FLAGS (\\Flagged)\r\n", "b OK");
	assert_string_equal(fake_conn_say(f, "n NOOP\r\n"),
			    "* 7 UIDFETCH (FLAGS (\\Flagged))\r\nn OK NOOP completed\r\n");
	/* VANISHED, whoever it was and without QRESYNC; HIGHESTMODSEQ was not asked for. */
	expect(f, "x UID STORE 2,5 +FLAGS.SILENT (\\Deleted)\r\n", "x OK");
	assert_string_equal(fake_conn_say(f, "x EXPUNGE\r\n"),
			    "* VANISHED 2,5\r\nx OK EXPUNGE completed\r\n");
	expect(other, "b UID STORE 6 +FLAGS (\\Deleted)\r\n", "b OK");
	expect(other, "b EXPUNGE\r\n", "b OK");
	assert_string_equal(fake_conn_say(f, "n NOOP\r\n"), "* VANISHED 6\r\nn OK NOOP completed\r\n");
	has(fake_conn_say(f, "x UID MOVE 4 Archive\r\n"), "Moved\r\n* VANISHED 4\r\nx OK");

	/* With CONDSTORE MODSEQ, and the UID not twice. */
	expect(f, "e ENABLE CONDSTORE\r\n", "e OK");
	SAYS(f, "x UID STORE 3 FLAGS.SILENT (\\Flagged)\r\n",
	     "* 3 UIDFETCH (MODSEQ (N))\r\nx OK UID STORE completed\r\n");
	expect(other, "b UID STORE 7 FLAGS ()\r\n", "b OK");
	SAYS(f, "n NOOP\r\n", "* 7 UIDFETCH (FLAGS () MODSEQ (N))\r\nn OK NOOP completed\r\n");
	SAYS(f, "x UID FETCH 7 (FLAGS) (CHANGEDSINCE 1)\r\n",
	     "* 7 UIDFETCH (FLAGS () MODSEQ (N))\r\nx OK UID FETCH completed\r\n");
	SAYS(f, "x UID FETCH 7 BODY[TEXT]\r\n",
	     "* 7 UIDFETCH (BODY[TEXT] {3}\r\nx\r\n FLAGS (\\Seen) MODSEQ (N))\r\n"
	     "x OK UID FETCH completed\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* With both: what changed since comes by UID as well. */
static void resynced(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = uid_only(w, "resynced", 6), *other;
	unsigned long long validity, modseq;
	const char *said;

	expect(f, "e ENABLE QRESYNC\r\n", "e OK");
	said = expect(f, "s SELECT resynced\r\n", "s OK");
	validity = number_after(said, "[UIDVALIDITY ");
	modseq = number_after(said, "[HIGHESTMODSEQ ");
	other = joined(w, "resynced", NULL);
	expect(other, "b UID STORE 3 +FLAGS (\\Deleted)\r\n", "b OK");
	expect(other, "b EXPUNGE\r\n", "b OK");
	expect(other, "b UID STORE 5 +FLAGS (\\Seen)\r\n", "b OK");
	has(plain(say(f, "s OK", "s SELECT resynced (QRESYNC (%llu %llu))\r\n", validity, modseq)),
	    "* VANISHED (EARLIER) 3\r\n* 5 UIDFETCH (FLAGS (\\Seen) MODSEQ (N))\r\ns OK");
	has(plain(say(f, "s OK", "s UID FETCH 1:* FLAGS (CHANGEDSINCE %llu VANISHED)\r\n", modseq)),
	    "* VANISHED (EARLIER) 3\r\n* 5 UIDFETCH (FLAGS (\\Seen) MODSEQ (N))\r\ns OK");
	fake_conn_free(other);
	fake_conn_free(f);
}

static void off(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_messages(w, "off", 1);

	has(fake_conn_say(f, "c CAPABILITY\r\n"), " UIDONLY ");
	turn_off(w, "UIDONLY");
	has(fake_conn_say(f, "e ENABLE UIDONLY\r\n"), "* ENABLED\r\n");
	expect(f, "s SELECT off\r\n", "s OK");
	has(fake_conn_say(f, "a FETCH 1 FLAGS\r\n"), "* 1 FETCH (FLAGS ())\r\n");
	turn_all_on(w);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused), cmocka_unit_test(told_by_uid),
		cmocka_unit_test(resynced), cmocka_unit_test(off),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
