/* Folders by name: CREATE to STATUS, LIST and LSUB, SELECT and what follows. */
#include "imap_world.h"

static const char all_folders[] =
	"* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
	"* LIST (\\Archive \\HasNoChildren) \"/\" Archive\r\n"
	"* LIST (\\Drafts \\HasNoChildren) \"/\" Drafts\r\n"
	"* LIST (\\Junk \\HasNoChildren) \"/\" Junk\r\n"
	"* LIST (\\Sent \\HasNoChildren) \"/\" Sent\r\n"
	"* LIST (\\Trash \\HasNoChildren) \"/\" Trash\r\n";

/* Both texts have the same lines, in any order. */
static void same_lines(const char *a, const char *b)
{
	char line[1000];

	assert_int_equal(strlen(a), strlen(b));
	for (const char *p = a; *p;) {
		size_t n = strcspn(p, "\n") + 1;

		assert_true(n < sizeof(line));
		memcpy(line, p, n);
		line[n] = '\0';
		has(b, line);
		p += n;
	}
}

static void listing(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		/* RFC 3501 6.3.8 */
		{ "a LIST \"\" \"\"\r\n", "* LIST (\\Noselect) \"/\" \"\"\r\na OK LIST completed\r\n" },
		{ "a LIST foo \"\"\r\n", "* LIST (\\Noselect) \"/\" \"\"\r\na OK LIST completed\r\n" },
		{ "a LSUB \"\" \"\"\r\n", "* LSUB (\\Noselect) \"/\" \"\"\r\na OK LSUB completed\r\n" },
		{ "a LIST \"\" inbox\r\n",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\na OK LIST completed\r\n" },
		{ "a LIST \"\" S*t\r\n",
		  "* LIST (\\Sent \\HasNoChildren) \"/\" Sent\r\na OK LIST completed\r\n" },
		{ "a LIST S en%\r\n",
		  "* LIST (\\Sent \\HasNoChildren) \"/\" Sent\r\na OK LIST completed\r\n" },
		{ "a LIST \"\" nothing\r\n", "a OK LIST completed\r\n" },
		{ "a LSUB \"\" Tr%\r\n", "* LSUB () \"/\" Trash\r\na OK LSUB completed\r\n" },
		/* RFC 6154 5.2 */
		{ "a LIST (SPECIAL-USE) \"\" \"T*\"\r\n",
		  "* LIST (\\Trash \\HasNoChildren) \"/\" Trash\r\na OK LIST completed\r\n" },
		{ "a LIST (SPECIAL-USE) \"\" INBOX\r\n", "a OK LIST completed\r\n" },
		{ "a LIST \"\" Junk RETURN (SPECIAL-USE)\r\n",
		  "* LIST (\\Junk \\HasNoChildren) \"/\" Junk\r\na OK LIST completed\r\n" },
		{ "a LIST \"\" Junk RETURN (CHILDREN SPECIAL-USE)\r\n",
		  "* LIST (\\Junk \\HasNoChildren) \"/\" Junk\r\na OK LIST completed\r\n" },
		{ "a LIST () \"\" nothing RETURN ()\r\n", "a OK LIST completed\r\n" },
		{ "a LIST (FOO) \"\" *\r\n", "a BAD LIST: expected SUBSCRIBED, REMOTE, RECURSIVEMATCH or SPECIAL-USE\r\n" },
		{ "a LIST \"\" * RETURN (FOO)\r\n", "a BAD LIST: expected SUBSCRIBED, CHILDREN, SPECIAL-USE, STATUS (...) or METADATA (...)\r\n" },
		{ "a LIST \"\"\r\n", "a BAD LIST: expected a space\r\n" },
		{ "a LIST \"\" (\r\n", "a BAD LIST: expected a name or pattern\r\n" },
		{ "a LSUB \"\" * RETURN ()\r\n", "a BAD LSUB: expected nothing more\r\n" },
	};
	struct fake_conn *f = logged_in(*state);
	struct buf all;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(fake_conn_say(f, cases[i].command), cases[i].answer);
	buf_init(&all, 10000);
	buf_add_text(&all, all_folders);
	buf_add_text(&all, "a OK LIST completed\r\n");
	buf_add_byte(&all, '\0');
	same_lines(fake_conn_say(f, "a LIST \"\" *\r\n"), all.data);
	same_lines(fake_conn_say(f, "a LIST \"\" %\r\n"), all.data);
	buf_release(&all);
	fake_conn_free(f);
}

static void making_and_unmaking(void **state)
{
	struct fake_conn *f = logged_in(*state);

	expect(f, "A003 CREATE owatagusiam/\r\n", "A003 OK");
	expect(f, "A004 CREATE owatagusiam/blurdybloop\r\n", "A004 OK");
	has(fake_conn_say(f, "a LIST \"\" owa%\r\n"), "* LIST (\\HasChildren) \"/\" owatagusiam\r\n");
	expect(f, "a CREATE owatagusiam\r\n", "a NO [ALREADYEXISTS]");
	expect(f, "a CREATE inbox\r\n", "a NO [ALREADYEXISTS]");
	expect(f, "a CREATE \"a//b\"\r\n", "a NO [CANNOT]");
	expect(f, "a CREATE R&D\r\n", "a NO [CANNOT]");
	expect(f, "a CREATE \"\"\r\n", "a NO [CANNOT]");
	expect(f, "a DELETE nothing\r\n", "a NO [NONEXISTENT]");
	expect(f, "a DELETE INBOX\r\n", "a NO [CANNOT]");
	expect(f, "a RENAME owatagusiam/blurdybloop sarasoon\r\n", "a OK");
	expect(f, "a RENAME nothing more\r\n", "a NO [NONEXISTENT]");
	expect(f, "a RENAME sarasoon Sent\r\n", "a NO [ALREADYEXISTS]");
	assert_string_equal(fake_conn_say(f, "a LIST \"\" sara*\r\n"),
		"* LIST (\\HasNoChildren) \"/\" sarasoon\r\na OK LIST completed\r\n");
	expect(f, "a DELETE owatagusiam\r\n", "a OK");
	expect(f, "a DELETE sarasoon\r\n", "a OK");
	expect(f, "a CREATE\r\n", "a BAD");
	expect(f, "a RENAME a\r\n", "a BAD");

	/* Names that are not ASCII, and such that want quotes. */
	expect(f, "a CREATE \"Entw&APw-rfe &- mehr\"\r\n", "a OK");
	has(fake_conn_say(f, "a LIST \"\" E*\r\n"), " \"/\" \"Entw&APw-rfe &- mehr\"\r\n");
	expect(f, "a STATUS \"Entw&APw-rfe &- mehr\" (MESSAGES)\r\n", "a OK");
	expect(f, "a DELETE \"Entw&APw-rfe &- mehr\"\r\n", "a OK");
	fake_conn_free(f);
}

/* RFC 3501 6.3.9: the level at which "%" stops. */
static void subscriptions(void **state)
{
	struct fake_conn *f = logged_in(*state);

	expect(f, "a CREATE foo/bar\r\n", "a OK");
	expect(f, "a CREATE foo/baz\r\n", "a OK");
	assert_string_equal(fake_conn_say(f, "a LIST \"\" fo%\r\n"),
		"* LIST (\\Noselect \\HasChildren) \"/\" foo\r\na OK LIST completed\r\n");
	expect(f, "a SELECT foo\r\n", "a NO [NONEXISTENT]");
	expect(f, "a SUBSCRIBE foo/bar\r\n", "a OK");
	expect(f, "a SUBSCRIBE foo/baz\r\n", "a OK");
	assert_string_equal(fake_conn_say(f, "a LSUB \"\" f%\r\n"),
			    "* LSUB (\\Noselect) \"/\" foo\r\na OK LSUB completed\r\n");
	same_lines(fake_conn_say(f, "a LSUB \"\" foo*\r\n"),
		   "* LSUB () \"/\" foo/bar\r\n* LSUB () \"/\" foo/baz\r\na OK LSUB completed\r\n");
	expect(f, "a UNSUBSCRIBE foo/baz\r\n", "a OK");
	expect(f, "a DELETE foo/bar\r\n", "a OK");
	/* A name stays subscribed when its mailbox is gone. */
	has(fake_conn_say(f, "a LSUB \"\" foo/*\r\n"), "* LSUB (\\Noselect) \"/\" foo/bar\r\n");
	has_not(fake_conn_say(f, "a LIST \"\" *\r\n"), "foo/bar");
	expect(f, "a UNSUBSCRIBE foo/bar\r\n", "a OK");
	expect(f, "a DELETE foo/baz\r\n", "a OK");
	fake_conn_free(f);
}

static void selecting(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *said;

	expect(f, "a FETCH 1 FLAGS\r\n", "a BAD Select a mailbox first");
	said = mem_string(expect(f, "A142 SELECT INBOX\r\n", "A142 OK [READ-WRITE] SELECT completed"));
	blur(said);
	assert_string_equal(said,
		"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
		"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags permitted\r\n"
		"* 0 EXISTS\r\n* 0 RECENT\r\n"
		"* OK [UIDVALIDITY 0] UIDs valid\r\n* OK [UIDNEXT 1] Predicted next UID\r\n"
		"* OK [MAILBOXID (F0)] Its identity\r\n* OK [HIGHESTMODSEQ 1] Highest\r\n"
		"A142 OK [READ-WRITE] SELECT completed\r\n");
	free(said);
	said = mem_string(expect(f, "a EXAMINE Sent\r\n", "a OK [READ-ONLY] EXAMINE completed"));
	has(said, "* OK [PERMANENTFLAGS ()] Read-only\r\n");
	free(said);
	expect(f, "a CHECK\r\n", "a OK");
	expect(f, "a NOOP\r\n", "a OK");
	expect(f, "a EXPUNGE\r\n", "a NO [CANNOT]");
	expect(f, "a CLOSE\r\n", "a OK");
	expect(f, "a CLOSE\r\n", "a BAD Select a mailbox first");
	expect(f, "a SELECT Sent\r\n", "a OK");
	expect(f, "a UNSELECT\r\n", "a OK");
	/* RFC 3501 6.3.1: one that fails leaves nothing selected. */
	expect(f, "a SELECT Sent\r\n", "a OK");
	expect(f, "a SELECT nothing\r\n", "a NO [NONEXISTENT]");
	expect(f, "a CHECK\r\n", "a BAD Select a mailbox first");
	expect(f, "a SELECT\r\n", "a BAD");
	expect(f, "a SELECT Sent x\r\n", "a BAD");
	fake_conn_free(f);
}

static void status(void **state)
{
	struct fake_conn *f = logged_in(*state);

	assert_string_equal(fake_conn_say(f, "A042 STATUS Drafts (UIDNEXT MESSAGES unseen RECENT)\r\n"),
		"* STATUS Drafts (MESSAGES 0 RECENT 0 UIDNEXT 1 UNSEEN 0)\r\nA042 OK STATUS completed\r\n");
	assert_string_equal(fake_conn_say(f, "a STATUS inbox (APPENDLIMIT)\r\n"),
		"* STATUS INBOX (APPENDLIMIT 1048576)\r\na OK STATUS completed\r\n");
	has(fake_conn_say(f, "a STATUS Drafts (UIDVALIDITY)\r\n"), "* STATUS Drafts (UIDVALIDITY ");
	expect(f, "a STATUS nothing (MESSAGES)\r\n", "a NO [NONEXISTENT]");
	expect(f, "a STATUS Drafts ()\r\n", "a BAD");
	expect(f, "a STATUS Drafts (FOO)\r\n", "a BAD STATUS: expected MESSAGES");
	expect(f, "a STATUS Drafts MESSAGES\r\n", "a BAD");
	fake_conn_free(f);
}

/* One's own selected mailbox: no BYE, but nothing is selected any more. */
static void deleting_what_is_open(void **state)
{
	struct fake_conn *f = logged_in(*state);

	expect(f, "a CREATE here\r\n", "a OK");
	expect(f, "a SELECT here\r\n", "a OK");
	expect(f, "a DELETE here\r\n", "a OK DELETE completed");
	expect(f, "a CHECK\r\n", "a BAD Select a mailbox first");
	expect(f, "a CREATE here/below\r\n", "a OK");
	expect(f, "a SELECT here/below\r\n", "a OK");
	expect(f, "a RENAME here there\r\n", "a OK RENAME completed");
	expect(f, "a CHECK\r\n", "a BAD Select a mailbox first");
	expect(f, "a DELETE there/below\r\n", "a OK");
	assert_false(f->finished);
	fake_conn_free(f);
}

static const char split_script[] =
	"a CREATE {5}\r\nsplit\r\nb SUBSCRIBE split\r\nc LIST \"\" {3+}\r\nspl*\r\n"
	"d LIST \"\" \"spl*\"\r\ne LSUB {0}\r\n {5+}\r\nspli%\r\n"
	"f STATUS split (MESSAGES)\r\ng EXAMINE split\r\nh UNSELECT\r\n"
	"i UNSUBSCRIBE split\r\nj DELETE split\r\n";

static const char split_answer[] =
	"+ OK\r\na OK [MAILBOXID (F0)] CREATE completed\r\nb OK SUBSCRIBE completed\r\n"
	"c BAD LIST: expected nothing more\r\n"
	"* LIST (\\HasNoChildren) \"/\" split\r\nd OK LIST completed\r\n"
	"+ OK\r\n* LSUB () \"/\" split\r\ne OK LSUB completed\r\n"
	"* STATUS split (MESSAGES 0)\r\nf OK STATUS completed\r\n"
	"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
	"* OK [PERMANENTFLAGS ()] Read-only\r\n"
	"* 0 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 0] UIDs valid\r\n"
	"* OK [UIDNEXT 1] Predicted next UID\r\n"
	"* OK [MAILBOXID (F0)] Its identity\r\n* OK [HIGHESTMODSEQ 1] Highest\r\ng OK [READ-ONLY] EXAMINE completed\r\n"
	"h OK UNSELECT completed\r\ni OK UNSUBSCRIBE completed\r\nj OK DELETE completed\r\n";

/* The same letter composed and not: Apple sends the latter. */
static void other_spellings(void **state)
{
	struct fake_conn *f = logged_in(*state);

	expect(f, "a CREATE caf&AOk-\r\n", "a OK");
	expect(f, "a SELECT caf&AOk-\r\n", "a OK");
	has(expect(f, "a APPEND cafe&AwE- {3+}\r\nabc\r\n", "a OK"), "* 1 EXISTS\r\n");
	expect(f, "a DELETE cafe&AwE-\r\n", "a OK DELETE completed");
	expect(f, "a NOOP\r\n", "a OK");
	expect(f, "a CHECK\r\n", "a BAD Select a mailbox first");
	fake_conn_free(f);
}

/* As many names as there can be, and all the levels above them: whole lines, if
 * not all. */
static void a_long_list(void **state)
{
	enum { NAMES = 9000 };
	struct world *w = *state;
	char *path = mem_printf("%s/Maildir/subscriptions", w->dir);
	FILE *file = fopen(path, "w");
	struct fake_conn *f;
	const char *said;
	unsigned lines = 0;

	assert_non_null(file);
	for (unsigned i = 0; i < NAMES; i++) {
		fprintf(file, "%05u", i);
		for (unsigned k = 0; k < 14; k++)
			fputs(".aaaaaaaaaaa", file);
		fputs(".b\n", file);
	}
	assert_int_equal(fclose(file), 0);
	f = logged_in(w);
	said = expect(f, "a LSUB \"\" *a%\r\n", "a OK");
	for (const char *p = said; strncmp(p, "* LSUB ", 7) == 0; lines++) {
		const char *end = strchr(p, '\r');

		assert_true(end && end - p >= 40 && end[-1] == 'a' && end[1] == '\n');
		p = end + 2;
	}
	assert_true(lines > NAMES);
	assert_int_equal(remove(path), 0);
	free(path);
	fake_conn_free(f);
}

static void every_split(void **state)
{
	says_in_every_split(*state, split_script, split_answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listing),
		cmocka_unit_test(making_and_unmaking),
		cmocka_unit_test(subscriptions),
		cmocka_unit_test(selecting),
		cmocka_unit_test(status),
		cmocka_unit_test(deleting_what_is_open),
		cmocka_unit_test(other_spellings),
		cmocka_unit_test(a_long_list),
		cmocka_unit_test(every_split),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
