/* IMAP4rev2: the examples of RFC 9051 6.1 to 6.3, and what ENABLE IMAP4rev2 changes. */
#include "rev2_world.h"

/* 6.1.1, 6.3.1, 6.1.3 */
static void enabling(void **state)
{
	struct fake_conn *f = client(*state, true);
	char *before;

	has(fake_conn_say(f, "abcd CAPABILITY\r\n"), "* CAPABILITY IMAP4rev1 IMAP4rev2 ");
	expect(f, "a ENABLE IMAP4rev2\r\n", "a BAD Log in first");
	has(fake_conn_say(f, "a LOGIN admin secret\r\n"), "[CAPABILITY IMAP4rev1 IMAP4rev2 ");
	before = mem_string(fake_conn_say(f, "t1 CAPABILITY\r\n"));
	says(f, "t2 ENABLE X-GOOD-IDEA imap4REV2 IDLE\r\n",
	     "* ENABLED imap4REV2\r\nt2 OK ENABLE completed\r\n");
	says(f, "t1 CAPABILITY\r\n", before);
	/* Additive, and each response has only its own. */
	says(f, "t3 ENABLE IMAP4rev2\r\n", "* ENABLED\r\nt3 OK ENABLE completed\r\n");
	says(f, "t3 ENABLE UTF8=ACCEPT\r\n", "* ENABLED UTF8=ACCEPT\r\nt3 OK ENABLE completed\r\n");
	free(before);
	says(f, "A023 LOGOUT\r\n", "* BYE Goodbye\r\nA023 OK LOGOUT completed\r\n");
	fake_conn_free(f);
}

/* What was folded in is there whatever is switched off, and told of as before. */
static void folded_in(void **state)
{
	static const char *const names[] = {
		"IDLE", "NAMESPACE", "UIDPLUS", "UNSELECT", "MOVE", "CHILDREN", "LIST-EXTENDED",
		"LIST-STATUS", "STATUS=SIZE", "ESEARCH", "SEARCHRES", "BINARY", "LITERAL+",
		"LITERAL-", "SPECIAL-USE",
	};
	static const char *const commands[] = {
		"NAMESPACE", "STATUS INBOX (SIZE DELETED)", "SELECT {5+}\r\nINBOX",
		"SEARCH RETURN (SAVE MIN) ALL", "FETCH $ BINARY.SIZE[1]", "UID EXPUNGE $",
		"LIST (SUBSCRIBED) \"\" (%) RETURN (CHILDREN STATUS (SIZE))", "MOVE $ Archive",
		"UNSELECT",
	};
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);
	char *before;

	add(f, "INBOX", 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		turn_off(w, names[i]);
	before = mem_string(fake_conn_say(f, "t1 CAPABILITY\r\n"));
	has_not(before, " MOVE");
	expect(f, "a NAMESPACE\r\n", "a BAD Unknown command");
	expect(f, "a STATUS INBOX (SIZE)\r\n", "a BAD");
	enable_rev2(f);
	says(f, "t1 CAPABILITY\r\n", before);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char *line = mem_printf("a %s\r\n", commands[i]);

		expect(f, line, "a OK");
		free(line);
	}
	says(f, "a IDLE\r\n", "+ idling\r\n");
	expect(f, "DONE\r\n", "a OK");
	has(fake_conn_say(f, "a APPEND INBOX {13+}\r\nSubject: x\r\n\n\r\n"), "[APPENDUID ");
	/* B: APPEND's part of BINARY is not in it. */
	expect(f, "a APPEND INBOX ~{2}\r\n", "a BAD");
	/* Extensions of an extension stay off with it. */
	expect(f, "a SELECT INBOX\r\n", "a OK");
	expect(f, "a UID SEARCH RETURN (PARTIAL 1:2) ALL\r\n", "a BAD");
	free(before);
	turn_all_on(w);
	turn_off(w, "IMAP4rev2");
	has_not(fake_conn_say(f, "t1 CAPABILITY\r\n"), "IMAP4rev2");
	fake_conn_free(f);
	f = logged_in(w);
	says(f, "t2 ENABLE IMAP4rev2\r\n", "* ENABLED\r\nt2 OK ENABLE completed\r\n");
	turn_all_on(w);
	/* Without ENABLE nobody can have it. */
	turn_off(w, "ENABLE");
	has_not(fake_conn_say(f, "t1 CAPABILITY\r\n"), "IMAP4rev2");
	turn_all_on(w);
	fake_conn_free(f);
}

/* 6.3.2, 6.3.3: the examples. */
static void select_and_examine(void **state)
{
	static const char *const told[] = {
		"* 2 EXISTS\r\n", "* OK [UIDVALIDITY ", "* OK [UIDNEXT 3]",
		"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n",
		"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)]",
		"* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n",
	};
	struct fake_conn *f = rev2(*state);
	const char *said;

	add(f, "INBOX", 2);
	add(f, "Drafts", 1);
	said = expect(f, "A142 SELECT INBOX\r\n", "A142 OK [READ-WRITE] SELECT completed");
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		has(said, told[i]);
	has_not(said, "RECENT");
	has_not(said, "UNSEEN");
	has_not(said, "CLOSED");
	said = expect(f, "A143 SELECT Drafts\r\n", "A143 OK [READ-WRITE] SELECT completed");
	assert_int_equal(strncmp(said, "* OK [CLOSED] ", 14), 0);
	has(said, "* 1 EXISTS\r\n");
	has(said, "* LIST (\\Drafts \\Subscribed \\HasNoChildren) \"/\" Drafts\r\n");
	expect(f, "a CREATE blurdybloop/x\r\n", "a OK");
	expect(f, "a CREATE blurdybloop\r\n", "a OK");
	said = expect(f, "A932 EXAMINE blurdybloop\r\n", "A932 OK [READ-ONLY] EXAMINE completed");
	has(said, "* LIST (\\HasChildren) \"/\" blurdybloop\r\n");
	has(said, "* OK [PERMANENTFLAGS ()]");
	/* 6.3.2: then no mailbox is selected. */
	has(expect(f, "a SELECT nowhere\r\n", "a NO [NONEXISTENT]"), "* OK [CLOSED] ");
	expect(f, "a CLOSE\r\n", "a BAD Select a mailbox first");
	/* 8: the case of INBOX is another spelling, of its first level too. */
	has(expect(f, "a002 select inbox\r\n", "a002 OK"),
	    "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX (\"OLDNAME\" (\"inbox\"))\r\n");
	expect(f, "a CREATE Inbox/of/mine\r\n", "a OK");
	has(expect(f, "a EXAMINE iNBOX/of/mine\r\n", "a OK"),
	    "* LIST (\\HasNoChildren) \"/\" INBOX/of/mine (\"OLDNAME\" (\"iNBOX/of/mine\"))\r\n");
	has(expect(f, "a SELECT INBOX\r\n", "a OK"),
	    "* LIST (\\Subscribed \\HasChildren) \"/\" INBOX\r\n");
	/* A client of IMAP4rev1 hears none of it. */
	fake_conn_free(f);
	f = logged_in(*state);
	said = expect(f, "a SELECT inbox\r\n", "a OK");
	has_not(said, "LIST");
	/* The first session that was told of them was one of IMAP4rev2. */
	has(said, "* 0 RECENT\r\n");
	has(said, "* OK [UNSEEN 1]");
	fake_conn_free(f);
}

#define CAFE "\"Caf\303\251\""            /* NFC */
#define CAFE2 "\"Cafe\314\201\""          /* NFD */

/* 6.3.4 to 6.3.6, 6.3.12, 5.1: a name in two spellings. */
static void spellings(void **state)
{
	static const struct exchange talk[] = {
		{ "A003 CREATE owatagusiam/\r\n", "A003 OK CREATE completed\r\n" },
		{ "A004 CREATE owatagusiam/blurdybloop\r\n", "A004 OK CREATE completed\r\n" },
		{ "A005 CREATE " CAFE2 "\r\n",
		  "* LIST (\\HasNoChildren) \"/\" " CAFE " (\"OLDNAME\" (" CAFE2 "))\r\n"
		  "A005 OK CREATE completed\r\n" },
		{ "a CREATE " CAFE "\r\n", "a NO [ALREADYEXISTS] There is a mailbox of that name\r\n" },
		{ "a SUBSCRIBE " CAFE2 "\r\n", "a OK SUBSCRIBE completed\r\n" },
		{ "a LIST \"\" " CAFE2 " RETURN (SUBSCRIBED)\r\n",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" " CAFE "\r\na OK LIST completed\r\n" },
		{ "a LIST \"Cafe\314\201\" (%)\r\n",
		  "* LIST (\\HasNoChildren) \"/\" " CAFE "\r\na OK LIST completed\r\n" },
		{ "a APPEND " CAFE2 " {13+}\r\nSubject: x\r\n\n\r\n",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" " CAFE " (\"OLDNAME\" (" CAFE2 "))\r\n"
		  "a OK [APPENDUID 0 1] APPEND completed\r\n" },
		{ "a STATUS {6+}\r\nCafe\314\201 (MESSAGES)\r\n",
		  "* STATUS " CAFE2 " (MESSAGES 1)\r\na OK STATUS completed\r\n" },
		{ "a RENAME " CAFE2 " Th\303\251\r\n", "a BAD RENAME: expected nothing more\r\n" },
		{ "a RENAME " CAFE2 " \"The\314\201/\"\r\n",
		  "* LIST (\\HasNoChildren) \"/\" \"Th\303\251\" (\"OLDNAME\" (" CAFE2 "))\r\n"
		  "a OK RENAME completed\r\n" },
		{ "a DELETE \"The\314\201\"\r\n",
		  "* LIST (\\NonExistent \\HasNoChildren) \"/\" \"Th\303\251\""
		  " (\"OLDNAME\" (\"The\314\201\"))\r\na OK DELETE completed\r\n" },
		/* Never modified UTF-7: that is a name with a "&" in it. */
		{ "a CREATE Caf&AOk-\r\n", "a OK CREATE completed\r\n" },
		{ "a LIST \"\" Caf*\r\n",
		  "* LIST (\\HasNoChildren) \"/\" Caf&AOk-\r\na OK LIST completed\r\n" },
		/* RFC 5198 2, RFC 6855 3: what is no Net-Unicode, and what no UTF-8. */
		{ "a CREATE \"a\302\205\"\r\n", "a NO [CANNOT] That cannot be the name of a mailbox\r\n" },
		{ "a CREATE \"a\342\200\250b\"\r\n", "a NO [CANNOT] That cannot be the name of a mailbox\r\n" },
		{ "a CREATE \"a\tb\"\r\n", "a NO [CANNOT] That cannot be the name of a mailbox\r\n" },
		{ "a CREATE \"a\377b\"\r\n", "a BAD CREATE: expected a mailbox name\r\n" },
		{ "a CREATE \"\355\240\200\"\r\n",
		  "a BAD CREATE: expected a mailbox name\r\n" },
		{ "a CREATE {3+}\r\n\355\240\200\r\n",
		  "a NO [CANNOT] That cannot be the name of a mailbox\r\n" },
		{ "l create \"///////\"\r\n", "l NO [CANNOT] That cannot be the name of a mailbox\r\n" },
	};
	struct world *w = *state;
	struct fake_conn *f, *old;

	turn_off(w, "OBJECTID");
	f = rev2(w);
	old = logged_in(w);
	CONVERSE(f, talk);
	/* The same folder, as IMAP4rev1 has it. */
	expect(f, "a CREATE " CAFE "\r\n", "a OK");
	has(fake_conn_say(old, "a LIST \"\" Caf*\r\n"), "\"/\" Caf&AOk-\r\n");
	has(fake_conn_say(old, "a LIST \"\" Caf*\r\n"), "\"/\" Caf&-AOk-\r\n");
	/* RFC 6855 3: it may use UTF-8 as well, and hears the old form. */
	expect(old, "a SELECT " CAFE2 "\r\n", "a OK");
	has(fake_conn_say(old, "a STATUS " CAFE " (MESSAGES)\r\n"), "* STATUS Caf&AOk- (MESSAGES 0)\r\n");
	expect(old, "a SELECT \"Caf\351\"\r\n", "a NO [NONEXISTENT]");
	turn_off(w, "UTF8=ACCEPT");
	expect(old, "a SELECT " CAFE "\r\n", "a NO [NONEXISTENT]");
	turn_all_on(w);
	fake_conn_free(old);
	fake_conn_free(f);
}

/* 6.3.5: the examples; here, too, what lies below stays.  7.1: HASCHILDREN. */
static void delete(void **state)
{
	static const struct exchange talk[] = {
		{ "A682 LIST \"\" *\r\n",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\HasNoChildren) \"/\" blurdybloop\r\n"
		  "* LIST (\\NonExistent \\HasChildren) \"/\" foo\r\n"
		  "* LIST (\\HasNoChildren) \"/\" foo/bar\r\nA682 OK LIST completed\r\n" },
		{ "A683 DELETE blurdybloop\r\n", "A683 OK DELETE completed\r\n" },
		{ "A684 DELETE foo\r\n", "A684 NO [HASCHILDREN] There are mailboxes below that one\r\n" },
		{ "A685 DELETE foo/bar\r\n", "A685 OK DELETE completed\r\n" },
		{ "A686 LIST \"\" *\r\n",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\nA686 OK LIST completed\r\n" },
		{ "A687 DELETE foo\r\n", "A687 NO [NONEXISTENT] There is no such mailbox\r\n" },
		{ "a DELETE inbox\r\n", "a NO [CANNOT] That cannot be done to this mailbox\r\n" },
		/* The second. */
		{ "A80 CREATE foo\r\n", "A80 OK CREATE completed\r\n" },
		{ "A81 CREATE foo/bar\r\n", "A81 OK CREATE completed\r\n" },
		{ "A84 DELETE foo\r\n", "A84 OK DELETE completed\r\n" },
		{ "A86 LIST \"\" %\r\n",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\NonExistent \\HasChildren) \"/\" foo\r\nA86 OK LIST completed\r\n" },
	};
	struct world *w = *state;
	struct fake_conn *f;

	turn_off(w, "OBJECTID");
	f = rev2(w);
	only_inbox(f);
	say(f, "CREATE blurdybloop\nCREATE foo/bar");
	CONVERSE(f, talk);
	turn_all_on(w);
	fake_conn_free(f);
}

/* 6.3.6: the examples. */
static void rename_examples(void **state)
{
	static const struct exchange talk[] = {
		{ "A683 RENAME blurdybloop sarasoop\r\n",
		  "* LIST (\\HasNoChildren) \"/\" sarasoop (\"OLDNAME\" (\"blurdybloop\"))\r\n"
		  "A683 OK RENAME completed\r\n" },
		{ "A684 RENAME foo zowie\r\n",
		  "* LIST (\\NonExistent \\HasChildren) \"/\" zowie (\"OLDNAME\" (\"foo\"))\r\n"
		  "A684 OK RENAME completed\r\n" },
		{ "A685 LIST \"\" *\r\n",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\HasNoChildren) \"/\" sarasoop\r\n"
		  "* LIST (\\NonExistent \\HasChildren) \"/\" zowie\r\n"
		  "* LIST (\\HasNoChildren) \"/\" zowie/bar\r\nA685 OK LIST completed\r\n" },
		{ "Z432 CREATE INBOX/bar\r\n", "Z432 OK CREATE completed\r\n" },
		{ "Z433 RENAME INBOX old-mail\r\n", "Z433 OK RENAME completed\r\n" },
		{ "Z434 LIST \"\" (INBOX* old*)\r\n",
		  "* LIST (\\HasChildren) \"/\" INBOX\r\n* LIST (\\HasNoChildren) \"/\" INBOX/bar\r\n"
		  "* LIST (\\HasNoChildren) \"/\" old-mail\r\nZ434 OK LIST completed\r\n" },
		{ "o356 RENAME sarasoop old-mail\r\n",
		  "o356 NO [ALREADYEXISTS] There is a mailbox of that name\r\n" },
		{ "p RENAME this that\r\n", "p NO [NONEXISTENT] There is no such mailbox\r\n" },
		{ "p RENAME sarasoop INBOX\r\n",
		  "p NO [ALREADYEXISTS] There is a mailbox of that name\r\n" },
		{ "a SUBSCRIBE X\r\n", "a OK SUBSCRIBE completed\r\n" },
		{ "1001 RENAME sarasoop X\r\n",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" X (\"OLDNAME\" (\"sarasoop\"))\r\n"
		  "1001 OK RENAME completed\r\n" },
		{ "1003 UNSUBSCRIBE X\r\n", "1003 OK UNSUBSCRIBE completed\r\n" },
		{ "A002 SUBSCRIBE #news.comp.mail.mime\r\n", "A002 OK SUBSCRIBE completed\r\n" },
		{ "A002 UNSUBSCRIBE #news.comp.mail.mime\r\n", "A002 OK UNSUBSCRIBE completed\r\n" },
	};
	struct world *w = *state;
	struct fake_conn *f;

	turn_off(w, "OBJECTID");
	f = rev2(w);
	only_inbox(f);
	say(f, "CREATE blurdybloop\nCREATE foo/bar");
	CONVERSE(f, talk);
	turn_all_on(w);
	fake_conn_free(f);
}

/* 6.3.10, 6.3.11; 7.3.3 */
static void namespace_and_status(void **state)
{
	static const struct exchange talk[] = {
		{ "A001 NAMESPACE\r\n",
		  "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nA001 OK NAMESPACE completed\r\n" },
		{ "A042 STATUS blurdybloop (UIDNEXT MESSAGES)\r\n",
		  "* STATUS blurdybloop (MESSAGES 3 UIDNEXT 4)\r\nA042 OK STATUS completed\r\n" },
		{ "A042 STATUS blurdybloop (UNSEEN DELETED SIZE)\r\n",
		  "* STATUS blurdybloop (UNSEEN 3 DELETED 1 SIZE 42)\r\nA042 OK STATUS completed\r\n" },
		/* Deprecated (E 12), and nothing of this session's. */
		{ "A042 STATUS blurdybloop (RECENT)\r\n",
		  "* STATUS blurdybloop (RECENT 0)\r\nA042 OK STATUS completed\r\n" },
		{ "a STATUS nowhere (MESSAGES)\r\n", "a NO [NONEXISTENT] There is no such mailbox\r\n" },
		{ "a STATUS blurdybloop ()\r\n", "a BAD STATUS: expected an atom\r\n" },
	};
	struct fake_conn *f = rev2(*state);

	expect(f, "a CREATE blurdybloop\r\n", "a OK");
	add(f, "blurdybloop", 3);
	say(f, "SELECT blurdybloop\nSTORE 2 +FLAGS.SILENT (\\Deleted)\nUNSELECT");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* 6.3.12 with 6.4.7: the examples; 4.3: {n+} up to 4096 bytes, here any. */
static void append(void **state)
{
	static const char letter[] =
		"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n"
		"From: Fred Foobar <foobar@blurdybloop.example>\r\n"
		"Subject: afternoon meeting\r\n\r\n"
		"Hello Joe, do you think we can meet at 3:30 tomorrow?\r\n";
	struct fake_conn *f = rev2(*state);
	char *head = mem_printf("A003 APPEND saved-messages (\\Seen) {%zu", strlen(letter));
	char *line = mem_printf("%s+}\r\n%s\r\n", head, letter), *said;

	expect(f, line, "A003 NO [TRYCREATE]");
	say(f, "CREATE saved-messages\nCREATE meeting\nCREATE funny");
	fake_conn_feed(f, slice_of(head));
	says(f, "}\r\n", "+ Send the message\r\n");
	fake_conn_feed(f, slice_of(letter));
	said = mem_string(fake_conn_say(f, "\r\n"));
	blur(said);
	assert_string_equal(said, "A003 OK [APPENDUID 0 1] APPEND completed\r\n");
	free(said);
	for (int i = 0; i < 3; i++)
		expect(f, line, "A003 OK [APPENDUID ");
	expect(f, "a SELECT saved-messages\r\n", "a OK");
	said = mem_string(fake_conn_say(f, "A004 COPY 2:4 meeting\r\n"));
	blur(said);
	assert_string_equal(said, "A004 OK [COPYUID 0 2:4 1:3] Copied\r\n");
	free(said);
	says(f, "A005 UID COPY 305:310 meeting\r\n", "A005 OK UID COPY completed\r\n");
	expect(f, "A006 COPY 2 funny\r\n", "A006 OK [COPYUID ");
	expect(f, "A006 COPY 2 nowhere\r\n", "A006 NO [TRYCREATE]");
	expect(f, "A006 MOVE 2 nowhere\r\n", "A006 NO [TRYCREATE]");
	has(expect(f, "A007 SELECT funny\r\n", "A007 OK [READ-WRITE]"), "* 1 EXISTS\r\n");
	/* 2.3.1.1, 6.3.12: to the selected mailbox, without RECENT. */
	free(line);
	line = mem_printf("a APPEND funny {13+}\r\nSubject: x\r\n\n\r\n");
	said = mem_string(fake_conn_say(f, line));
	blur(said);
	assert_string_equal(said, "* 2 EXISTS\r\na OK [APPENDUID 0 2] APPEND completed\r\n");
	free(said);
	free(line);
	free(head);
	fake_conn_free(f);
}

/* I18N-HDRS (4.3.1, 6.3.12): such a header is mail, and comes back as it is. */
static void utf8_headers(void **state)
{
	static const char letter[] = "Subject: \320\277\321\200\320\270\320\262\320\265\321\202\r\n\r\nx\r\n";
	struct fake_conn *f = rev2(*state);
	char *line = mem_printf("a APPEND INBOX {%zu+}\r\n%s\r\n", strlen(letter), letter);

	expect(f, line, "a OK [APPENDUID ");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	has(expect(f, "a FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]\r\n", "a OK"),
	    "Subject: \320\277\321\200\320\270\320\262\320\265\321\202\r\n");
	/* 4.3: quoted strings are UTF-8 without a word about it. */
	says(f, "a SEARCH SUBJECT \"\320\237\320\240\320\230\"\r\n",
	     "* ESEARCH (TAG \"a\") ALL 1\r\na OK SEARCH completed\r\n");
	free(line);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(enabling), WORLD(folded_in), WORLD(select_and_examine), WORLD(spellings),
		WORLD(delete), WORLD(rename_examples), WORLD(namespace_and_status), WORLD(append),
		WORLD(utf8_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
