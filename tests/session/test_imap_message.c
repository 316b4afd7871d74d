/* One session and its messages: APPEND, STORE, COPY, MOVE, EXPUNGE. */
#include "imap_world.h"

static const char message[] = "Subject: a\r\n\r\nbody\r\n";      /* 20 bytes */

/* A message in `folder`, flags as given ("" or "(\\Seen) "). */
static void append(struct fake_conn *f, const char *folder, const char *flags)
{
	char *command = mem_printf("ap APPEND %s %s{%zu+}\r\n%s\r\n", folder, flags,
				   strlen(message), message);

	expect(f, command, "ap OK [APPENDUID ");
	free(command);
}

/* A fresh folder of that name, selected, with `count` messages. */
static struct fake_conn *in_folder(struct world *w, const char *name, unsigned count)
{
	struct fake_conn *f = logged_in(w);
	char *command = mem_printf("x CREATE %s\r\n", name);

	expect(f, command, "x OK");
	free(command);
	for (unsigned i = 0; i < count; i++)
		append(f, name, "");
	command = mem_printf("x SELECT %s\r\n", name);
	expect(f, command, "x OK");
	free(command);
	return f;
}

/* RFC 3501 6.3.11's example, and what is there afterwards. */
static void appending(void **state)
{
	static const char mail[] =
		"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n"
		"From: Fred Foobar <foobar@Blurdybloop.COM>\r\n"
		"Subject: afternoon meeting\r\n"
		"To: mooch@owatagu.siam.edu\r\n"
		"Message-Id: <B27397-0100000@Blurdybloop.COM>\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
		"\r\n"
		"Hello Joe, do you think we can meet at 3:30 tomorrow?\r\n";
	struct fake_conn *f = logged_in(*state);
	const char *said;

	expect(f, "a CREATE saved-messages\r\n", "a OK");
	assert_string_equal(fake_conn_say(f, "A003 APPEND saved-messages (\\Seen) {310}\r\n"),
			    "+ Send the message\r\n");
	assert_int_equal(strlen(mail), 310);
	assert_string_equal(fake_conn_say(f, mail), "");
	expect(f, "\r\n", "A003 OK [APPENDUID ");
	expect(f, "a APPEND saved-messages ($Label1 \\Flagged) \"17-Jul-1996 02:44:25 -0700\" {5+}\r\n"
		  "a\rb\nc\r\n", "a OK [APPENDUID ");
	said = expect(f, "b SELECT saved-messages\r\n", "b OK");
	has(said, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label1)\r\n");
	has(said, "* 2 EXISTS\r\n");
	has(said, "* OK [UNSEEN 2]");
	said = expect(f, "c FETCH 1:2 (FLAGS RFC822.SIZE INTERNALDATE)\r\n", "c OK");
	has(said, "* 1 FETCH (FLAGS (\\Seen");
	has(said, "RFC822.SIZE 310");
	has(said, "* 2 FETCH (FLAGS (\\Flagged");
	has(said, "$Label1");
	has(said, "RFC822.SIZE 6");
	has(said, "INTERNALDATE \"17-Jul-1996 ");
	said = expect(f, "d FETCH 1 BODY.PEEK[]\r\n", "d OK");
	has(said, mail);
	fake_conn_free(f);
}

static void append_refused(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		{ "a APPEND nothing {5}\r\n", "a NO [TRYCREATE] There is no such mailbox\r\n" },
		{ "a APPEND nothing {5+}\r\nabcde\r\n", "a NO [TRYCREATE] There is no such mailbox\r\n" },
		{ "a APPEND nothing {3+}\r\nabc {3+}\r\nabc\r\n",
		  "a NO [TRYCREATE] There is no such mailbox\r\n" },
		{ "a APPEND INBOX {1048577}\r\n", "a NO [TOOBIG] The message is too large\r\n" },
		{ "a APPEND INBOX {0+}\r\n\r\n", "a NO [CANNOT] An empty message is none\r\n" },
		{ "a APPEND INBOX (\\Recent) {5}\r\n", "a BAD APPEND: expected \\Answered, \\Flagged, "
		  "\\Deleted, \\Seen, \\Draft or a keyword\r\n" },
		{ "a APPEND INBOX (\\Seen {5+}\r\nabcde\r\n", "a BAD APPEND: expected a flag\r\n" },
		{ "a APPEND INBOX hello\r\n", "a BAD APPEND: expected a message as a literal\r\n" },
		{ "a APPEND INBOX\r\n", "a BAD APPEND: expected a space\r\n" },
		{ "a APPEND INBOX \"1-Foo-2000 00:00:00 +0000\" {3}\r\n",
		  "a BAD APPEND: expected a date and time like \" 7-Feb-1994 21:52:25 -0800\"\r\n" },
		{ "a APPEND INBOX {3+}\r\nabcd\r\n", "a BAD APPEND: expected a space\r\n" },
		/* What is in a literal is no literal's head. */
		{ "a APPEND {5+}\r\nx {3}\r\n", "a BAD APPEND: expected a space\r\n" },
		{ "a SUBSCRIBE {6+}\r\nx {3+}\r\n", "a OK SUBSCRIBE completed\r\n" },
		{ "a UNSUBSCRIBE \"x {3+}\"\r\n", "a OK UNSUBSCRIBE completed\r\n" },
	};
	struct fake_conn *f = logged_in(*state);
	char *large = mem_alloc((1 << 20) + 2), *command;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(fake_conn_say(f, cases[i].command), cases[i].answer);
		assert_string_equal(fake_conn_say(f, "b NOOP\r\n"), "b OK NOOP completed\r\n");
	}
	has(fake_conn_say(f, "c STATUS INBOX (MESSAGES)\r\n"), "(MESSAGES 0)");
	memset(large, 'x', (1 << 20) + 1);
	command = mem_printf("a APPEND INBOX {%d+}\r\n%s\r\nb NOOP\r\n", (1 << 20) + 1, large);
	assert_string_equal(fake_conn_say(f, command),
			    "a NO [TOOBIG] The message is too large\r\nb OK NOOP completed\r\n");
	free(command);
	free(large);
	fake_conn_free(f);
}

/* A megabyte goes through the spool, and comes back as it was. */
static void large_append(void **state)
{
	struct fake_conn *f = logged_in(*state);
	struct buf text;

	buf_init(&text, 2 << 20);
	buf_add_text(&text, "a APPEND Archive {1000000+}\r\n");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "%08d\r\n", i);
	buf_add_text(&text, "\r\n");
	fake_conn_feed(f, buf_slice(&text));
	assert_true(fake_conn_settle(f));
	has(fake_conn_take(f), "a OK [APPENDUID ");
	expect(f, "b SELECT Archive\r\n", "b OK");
	has(fake_conn_say(f, "c FETCH 1 (RFC822.SIZE)\r\n"), "RFC822.SIZE 1000000)");
	has(fake_conn_say(f, "c FETCH 1 (BODY.PEEK[]<999990.10>)\r\n"), "{10}\r\n00099999\r\n)");
	expect(f, "d STORE 1 +FLAGS.SILENT \\Deleted\r\n", "d OK");
	expect(f, "e CLOSE\r\n", "e OK");
	buf_release(&text);
	fake_conn_free(f);
}

static void storing(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		/* RFC 3501 6.4.6 */
		{ "a STORE 2:4 +FLAGS (\\Deleted)\r\n",
		  "* 2 FETCH (FLAGS (\\Deleted \\Recent))\r\n* 3 FETCH (FLAGS (\\Deleted \\Recent))\r\n"
		  "* 4 FETCH (FLAGS (\\Deleted \\Recent))\r\na OK STORE completed\r\n" },
		/* told though nothing changes */
		{ "a STORE 2 +FLAGS \\Deleted\r\n",
		  "* 2 FETCH (FLAGS (\\Deleted \\Recent))\r\na OK STORE completed\r\n" },
		{ "a STORE 2 FLAGS.SILENT \\Seen\r\n", "a OK STORE completed\r\n" },
		{ "a STORE 2:3 -flags (\\Deleted \\Seen)\r\n",
		  "* 2 FETCH (FLAGS (\\Recent))\r\n* 3 FETCH (FLAGS (\\Recent))\r\na OK STORE completed\r\n" },
		{ "a UID STORE * FLAGS \\Flagged\r\n",
		  "* 4 FETCH (UID 4 FLAGS (\\Flagged \\Recent))\r\na OK UID STORE completed\r\n" },
		{ "a UID STORE 77 FLAGS \\Flagged\r\n", "a OK UID STORE completed\r\n" },
		/* RFC 3501 9: "*" is the last one, even where that is below 100. */
		{ "a UID STORE 100:* FLAGS ()\r\n",
		  "* 4 FETCH (UID 4 FLAGS (\\Recent))\r\na OK UID STORE completed\r\n" },
		{ "a STORE 3:2,*,4,3:3 FLAGS ()\r\n",
		  "* 2 FETCH (FLAGS (\\Recent))\r\n* 3 FETCH (FLAGS (\\Recent))\r\n"
		  "* 4 FETCH (FLAGS (\\Recent))\r\na OK STORE completed\r\n" },
		{ "a STORE 1 FLAGS ()\r\n", "* 1 FETCH (FLAGS (\\Recent))\r\na OK STORE completed\r\n" },
		{ "a STORE 5 FLAGS ()\r\n", "a BAD No such message number\r\n" },
		{ "a STORE 0 FLAGS ()\r\n", "a BAD STORE: expected a sequence set\r\n" },
		{ "a STORE 1 FLAG ()\r\n", "a BAD STORE: expected FLAGS, +FLAGS or -FLAGS\r\n" },
		{ "a STORE 1 FLAGS\r\n", "a BAD STORE: expected a space\r\n" },
		{ "a STORE 1 FLAGS (\\Recent)\r\n", "a BAD STORE: expected \\Answered, \\Flagged, "
		  "\\Deleted, \\Seen, \\Draft or a keyword\r\n" },
		{ "a STORE 1 +FLAGS (\\Answered $MDNSent)\r\n",
		  "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $MDNSent)\r\n"
		  "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $MDNSent \\*)]"
		  " Flags permitted\r\n"
		  "* 1 FETCH (FLAGS (\\Answered \\Recent $MDNSent))\r\na OK STORE completed\r\n" },
		{ "a STORE 1 -FLAGS.SILENT $MDNSent\r\n", "a OK STORE completed\r\n" },
	};
	struct fake_conn *f = in_folder(*state, "storing", 4);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(fake_conn_say(f, cases[i].command), cases[i].answer);
	expect(f, "a EXAMINE storing\r\n", "a OK");
	expect(f, "a STORE 1 FLAGS ()\r\n", "a NO [CANNOT]");
	/* Nothing there: "*" is no message number, but a UID is only not found. */
	expect(f, "a SELECT Drafts\r\n", "a OK");
	expect(f, "a STORE * FLAGS ()\r\n", "a BAD No such message number");
	expect(f, "a UID STORE 1:* FLAGS ()\r\n", "a OK");
	fake_conn_free(f);
}

/* RFC 3501 6.4.3's example; RFC 4315 2.1's. */
static void expunging(void **state)
{
	struct fake_conn *f = in_folder(*state, "expunging", 11);

	expect(f, "a SELECT expunging\r\n", "a OK");     /* not \Recent any more */
	expect(f, "a STORE 3,4,7,11 +FLAGS.SILENT (\\Deleted)\r\n", "a OK");
	assert_string_equal(fake_conn_say(f, "A202 EXPUNGE\r\n"),
		"* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* 5 EXPUNGE\r\n* 8 EXPUNGE\r\n"
		"A202 OK EXPUNGE completed\r\n");
	assert_string_equal(fake_conn_say(f, "a EXPUNGE\r\n"), "a OK EXPUNGE completed\r\n");
	expect(f, "a STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n", "a OK");
	assert_string_equal(fake_conn_say(f, "A003 UID EXPUNGE 5:8\r\n"),
		"* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* 3 EXPUNGE\r\nA003 OK UID EXPUNGE completed\r\n");
	expect(f, "a UID EXPUNGE x\r\n", "a BAD");
	/* CLOSE says nothing of it. */
	assert_string_equal(fake_conn_say(f, "a CLOSE\r\n"), "a OK CLOSE completed\r\n");
	has(fake_conn_say(f, "a STATUS expunging (MESSAGES UIDNEXT)\r\n"), "(MESSAGES 0 UIDNEXT 12)");
	fake_conn_free(f);
}

static void copying(void **state)
{
	struct fake_conn *f = in_folder(*state, "copying", 4);
	char *said;

	expect(f, "a CREATE target\r\n", "a OK");
	said = mem_string(fake_conn_say(f, "A003 COPY 2:4 target\r\n"));
	blur(said);
	assert_string_equal(said, "A003 OK [COPYUID 0 2:4 1:3] Copied\r\n");
	free(said);
	expect(f, "a COPY 2:4 MEETING\r\n", "a NO [TRYCREATE]");
	expect(f, "a COPY 5 target\r\n", "a BAD No such message number");
	assert_string_equal(fake_conn_say(f, "a UID COPY 77 target\r\n"), "a OK UID COPY completed\r\n");
	said = mem_string(fake_conn_say(f, "a UID COPY 1,3:4 target\r\n"));
	blur(said);
	assert_string_equal(said, "a OK [COPYUID 0 1,3:4 4:6] Copied\r\n");
	free(said);
	/* Into the selected mailbox itself. */
	said = mem_string(fake_conn_say(f, "a COPY 1 copying\r\n"));
	has(said, "* 5 EXISTS\r\n");
	free(said);
	has(fake_conn_say(f, "a STATUS target (MESSAGES)\r\n"), "(MESSAGES 6)");
	expect(f, "a COPY 1\r\n", "a BAD");
	fake_conn_free(f);
}

/* RFC 6851 3.3: COPYUID before the EXPUNGEs. */
static void moving(void **state)
{
	struct fake_conn *f = in_folder(*state, "moving", 4);
	char *said;

	expect(f, "a SELECT moving\r\n", "a OK");
	expect(f, "a CREATE moved\r\n", "a OK");
	said = mem_string(fake_conn_say(f, "a UID MOVE 2:3 moved\r\n"));
	blur(said);
	assert_string_equal(said, "* OK [COPYUID 0 2:3 1:2] Moved\r\n* 2 EXPUNGE\r\n* 2 EXPUNGE\r\n"
				  "a OK UID MOVE completed\r\n");
	free(said);
	expect(f, "a MOVE 1 MEETING\r\n", "a NO [TRYCREATE]");
	said = mem_string(fake_conn_say(f, "a MOVE * moved\r\n"));
	blur(said);
	assert_string_equal(said, "* OK [COPYUID 0 4 3] Moved\r\n* 2 EXPUNGE\r\na OK MOVE completed\r\n");
	free(said);
	expect(f, "a EXAMINE moving\r\n", "a OK");
	expect(f, "a MOVE 1 moved\r\n", "a NO [CANNOT]");
	fake_conn_free(f);
}

/* Commands that the client does not wait for. */
static void pipelined(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *said = mem_string(fake_conn_say(f,
		"a CREATE pipe\r\nb APPEND pipe {3+}\r\nabc\r\nc SELECT pipe\r\n"
		"d STORE 1 +FLAGS.SILENT \\Deleted\r\ne EXPUNGE\r\nf CLOSE\r\ng DELETE pipe\r\n"));

	blur(said);
	assert_string_equal(said,
		"a OK [MAILBOXID (F0)] CREATE completed\r\nb OK [APPENDUID 0 1] APPEND completed\r\n"
		"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
		"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags permitted\r\n"
		"* 1 EXISTS\r\n* 1 RECENT\r\n* OK [UNSEEN 1] First unseen\r\n"
		"* OK [UIDVALIDITY 0] UIDs valid\r\n* OK [UIDNEXT 2] Predicted next UID\r\n"
		"* OK [MAILBOXID (F0)] Its identity\r\n"
	"* OK [HIGHESTMODSEQ 2] Highest\r\n"
		"c OK [READ-WRITE] SELECT completed\r\nd OK STORE completed\r\n"
		"* 1 EXPUNGE\r\n* 0 RECENT\r\ne OK EXPUNGE completed\r\nf OK CLOSE completed\r\ng OK DELETE completed\r\n");
	free(said);
	fake_conn_free(f);
}

static const char split_script[] =
	"a CREATE split\r\nb SELECT split\r\n"
	"c APPEND {5}\r\nsplit (\\Seen) {6}\r\na\r\n\rb\n\r\n"
	"d STORE 1 +FLAGS (\\Deleted)\r\ne COPY 1 split\r\nf EXPUNGE\r\n"
	"g CLOSE\r\nh DELETE split\r\n";

static const char split_answer[] =
	"a OK [MAILBOXID (F0)] CREATE completed\r\n"
	"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
	"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags permitted\r\n"
	"* 0 EXISTS\r\n* 0 RECENT\r\n"
	"* OK [UIDVALIDITY 0] UIDs valid\r\n* OK [UIDNEXT 1] Predicted next UID\r\n"
	"* OK [MAILBOXID (F0)] Its identity\r\n"
	"* OK [HIGHESTMODSEQ 1] Highest\r\n"
	"b OK [READ-WRITE] SELECT completed\r\n"
	"+ OK\r\n+ Send the message\r\n* 1 EXISTS\r\n* 1 RECENT\r\n"
	"c OK [APPENDUID 0 1] APPEND completed\r\n"
	"* 1 FETCH (FLAGS (\\Deleted \\Seen \\Recent))\r\nd OK STORE completed\r\n"
	"* 2 EXISTS\r\n* 2 RECENT\r\ne OK [COPYUID 0 1 2] Copied\r\n"
	"* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 0 RECENT\r\nf OK EXPUNGE completed\r\n"
	"g OK CLOSE completed\r\nh OK DELETE completed\r\n";

static void every_split(void **state)
{
	says_in_every_split(*state, split_script, split_answer);
}

/* As many keywords as the store keeps, nearly: half a megabyte in each list. */
static void all_the_keywords(void **state)
{
	enum { LISTS = 8, IN_LIST = 490 };
	struct fake_conn *f = in_folder(*state, "keywords", 1);
	const char *said;

	for (unsigned list = 0; list < LISTS; list++) {
		struct buf command;

		buf_init(&command, 1 << 20);
		buf_add_text(&command, "a STORE 1 +FLAGS.SILENT (\\Seen");
		for (unsigned i = 0; i < IN_LIST; i++)
			buf_printf(&command, " %0124u", list * IN_LIST + i);
		buf_add_text(&command, ")\r\n");
		buf_add_byte(&command, '\0');
		expect(f, command.data, "a OK STORE completed");
		buf_release(&command);
	}
	assert_non_null(strstr(fake_conn_say(f, "b FETCH 1 FLAGS\r\n"), "0003919))\r\nb OK"));
	assert_non_null(strstr(fake_conn_say(f, "c STORE 1 +FLAGS \\Draft\r\n"), "0003919))\r\nc OK"));
	said = fake_conn_say(f, "d SELECT keywords\r\n");
	assert_non_null(strstr(said, "0003919)\r\n* OK [PERMANENTFLAGS ("));
	assert_non_null(strstr(said, "0003919 \\*)] Flags permitted\r\n"));
	fake_conn_free(f);
}

/* Fifty megabytes of changes in one answer: the connection ends instead. */
static void too_much_to_tell(void **state)
{
	struct fake_conn *f = in_folder(*state, "told", 110);

	for (unsigned list = 0; list < 8 && !f->finished; list++) {
		struct buf command;

		buf_init(&command, 1 << 20);
		buf_add_text(&command, "a STORE 1:* +FLAGS.SILENT (\\Seen");
		for (unsigned i = 0; i < 490; i++)
			buf_printf(&command, " %0124u", list * 490 + i);
		buf_add_text(&command, ")\r\n");
		buf_add_byte(&command, '\0');
		assert_true(strlen(fake_conn_say(f, command.data)) < 50 << 20);
		buf_release(&command);
	}
	assert_true(f->finished);
	buf_add_byte(&f->output, '\0');
	has(f->output.data + f->output.len - 100, "* BYE There are too many changes to tell\r\n");
	fake_conn_free(f);
}

/* Loops over keywords times keywords are short. */
static void too_many_keywords(void **state)
{
	struct fake_conn *f = in_folder(*state, "many", 1);
	struct buf command;

	buf_init(&command, 1 << 20);
	buf_add_text(&command, "a STORE 1 FLAGS (a");
	for (unsigned i = 0; i < 499; i++)
		buf_add_text(&command, " a");
	buf_add_text(&command, ")\r\n");
	buf_add_byte(&command, '\0');
	has(expect(f, command.data, "a OK"), "* 1 FETCH (FLAGS (\\Recent a))\r\n");
	command.len -= 4;
	buf_add_text(&command, " a)\r\n");
	buf_add_byte(&command, '\0');
	expect(f, command.data, "a NO [LIMIT] STORE: expected at most 500 keywords");
	buf_release(&command);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(append_refused),
		cmocka_unit_test(appending),
		cmocka_unit_test(large_append),
		cmocka_unit_test(storing),
		cmocka_unit_test(expunging),
		cmocka_unit_test(copying),
		cmocka_unit_test(moving),
		cmocka_unit_test(pipelined),
		cmocka_unit_test(every_split),
		cmocka_unit_test(all_the_keywords),
		cmocka_unit_test(too_much_to_tell),
		cmocka_unit_test(too_many_keywords),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
