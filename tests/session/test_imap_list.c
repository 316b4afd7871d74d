/* LIST-EXTENDED (RFC 5258), LIST-STATUS (RFC 5819), STATUS's items. */
#include "talk.h"

#include "../../src/imap/session.h"

#define OK "a OK LIST completed\r\n"

/* Nothing but INBOX, which is subscribed as it is from the start. */
static struct fake_conn *empty_world(struct world *w)
{
	struct fake_conn *f = logged_in(w);

	say(f, "DELETE Sent\nDELETE Drafts\nDELETE Trash\nDELETE Junk\nDELETE Archive\n"
	    "UNSUBSCRIBE Sent\nUNSUBSCRIBE Drafts\nUNSUBSCRIBE Trash\nUNSUBSCRIBE Junk\n"
	    "UNSUBSCRIBE Archive");
	return f;
}

/* RFC 5258 5, examples 1 to 6.  Ours always tells the children, never \Marked, and has
 * no remote mailboxes. */
static void fruit(void **state)
{
	static const struct exchange talk[] = {
		{ "LIST \"\" \"*\"",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\HasChildren) \"/\" Fruit\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Fruit/Apple\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Fruit/Banana\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Tofu\r\n"
		  "* LIST (\\HasChildren) \"/\" Vegetable\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Vegetable/Broccoli\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Vegetable/Corn\r\n" OK },
		{ "LIST (SUBSCRIBED) \"\" \"*\"",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" Fruit/Banana\r\n"
		  "* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" Fruit/Peach\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Vegetable\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" Vegetable/Broccoli\r\n" OK },
		{ "LIST () \"\" \"%\" RETURN (CHILDREN)",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\HasChildren) \"/\" Fruit\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Tofu\r\n"
		  "* LIST (\\HasChildren) \"/\" Vegetable\r\n" OK },
		{ "LIST (REMOTE) \"\" \"%\" RETURN (CHILDREN)",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\HasChildren) \"/\" Fruit\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Tofu\r\n"
		  "* LIST (\\HasChildren) \"/\" Vegetable\r\n" OK },
		{ "LIST (REMOTE SUBSCRIBED) \"\" \"*\"",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" Fruit/Banana\r\n"
		  "* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" Fruit/Peach\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Vegetable\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" Vegetable/Broccoli\r\n" OK },
		{ "LIST (REMOTE) \"\" \"*\" RETURN (SUBSCRIBED)",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\HasChildren) \"/\" Fruit\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Fruit/Apple\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" Fruit/Banana\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Tofu\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Vegetable\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" Vegetable/Broccoli\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Vegetable/Corn\r\n" OK },
		/* LSUB is not the same thing (3.1). */
		{ "LSUB \"\" \"%\"",
		  "* LSUB () \"/\" INBOX\r\n* LSUB (\\Noselect) \"/\" Fruit\r\n"
		  "* LSUB () \"/\" Vegetable\r\na OK LSUB completed\r\n" },
	};
	struct fake_conn *f = empty_world(*state);

	say(f, "CREATE Fruit\nCREATE Fruit/Apple\nCREATE Fruit/Banana\nCREATE Tofu\n"
	    "CREATE Vegetable\nCREATE Vegetable/Broccoli\nCREATE Vegetable/Corn\n"
	    "SUBSCRIBE Fruit/Banana\nSUBSCRIBE Fruit/Peach\nSUBSCRIBE Vegetable\n"
	    "SUBSCRIBE Vegetable/Broccoli");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* Example 7: several patterns; a name that matches two of them is told once, an empty
 * one matches nothing and asks for nothing (3). */
static void patterns(void **state)
{
	static const struct exchange talk[] = {
		{ "LIST \"\" (\"INBOX\" \"Drafts\" \"Sent/%\")",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\Drafts \\HasNoChildren) \"/\" Drafts\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Sent/August2004\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Sent/December2003\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Sent/March2004\r\n" OK },
		{ "LIST \"\" (inbox In*)", "* LIST (\\HasNoChildren) \"/\" INBOX\r\n" OK },
		{ "LIST \"\" (\"\" inbox)", "* LIST (\\HasNoChildren) \"/\" INBOX\r\n" OK },
		{ "LIST \"\" (\"\")", OK },
		{ "LIST () \"\" \"\"", OK },
		{ "LIST \"\" \"\" RETURN ()", OK },
		{ "LIST \"\" \"\"", "* LIST (\\Noselect) \"/\" \"\"\r\n" OK },
		{ "LIST Sent/ (M% D%)",
		  "* LIST (\\HasNoChildren) \"/\" Sent/December2003\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Sent/March2004\r\n" OK },
		{ "LIST \"\" ()", "a BAD LIST: expected a name or pattern\r\n" },
		{ "LIST \"\" (a", "a BAD LIST: expected \")\"\r\n" },
		{ "LIST \"\" (a )", "a BAD LIST: expected a name or pattern\r\n" },
		{ "LSUB \"\" (a b)", "a BAD LSUB: expected a name or pattern\r\n" },
	};
	struct fake_conn *f = logged_in(*state);
	struct buf many;

	say(f, "CREATE Sent/March2004\nCREATE Sent/December2003\nCREATE Sent/August2004");
	CONVERSE(f, talk);
	buf_init(&many, 1000);
	buf_add_text(&many, "a LIST \"\" (a");
	for (int i = 1; i < 101; i++)
		buf_add_text(&many, " a");
	buf_add_text(&many, ")\r\n");
	buf_add_byte(&many, '\0');
	assert_string_equal(fake_conn_say(f, many.data),
			    "a NO [LIMIT] LIST: expected at most 100 patterns\r\n");
	buf_release(&many);
	fake_conn_free(f);
}

/* Example 8: what \HasChildren says, and what CHILDINFO. */
static void childinfo(void **state)
{
	static const struct exchange only_baz[] = {
		{ "LIST \"\" \"%\" RETURN (CHILDREN)",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\HasChildren) \"/\" Foo\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Moo\r\n" OK },
		{ "LIST (SUBSCRIBED) \"\" \"*\"",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" Foo/Baz\r\n" OK },
		{ "LIST (SUBSCRIBED) \"\" \"%\"", OK },
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"",
		  "* LIST (\\HasChildren) \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n" OK },
	};
	static const struct exchange and_foo[] = {
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"",
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
		  OK },
	};
	static const struct exchange no_foo[] = {
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"",
		  "* LIST (\\NonExistent \\HasChildren) \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
		  OK },
		/* A basic LIST knows no such word. */
		{ "LIST \"\" F%", "* LIST (\\Noselect \\HasChildren) \"/\" Foo\r\n" OK },
	};
	static const struct exchange none_at_all[] = {
		/* Neither the parent nor the child is there. */
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"",
		  "* LIST (\\NonExistent \\HasNoChildren) \"/\" Foo"
		  " (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n" OK },
		{ "LIST () \"\" \"%\"",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Moo\r\n" OK },
	};
	static const struct exchange nothing[] = {
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"", OK },
	};
	static const struct exchange foo_and_moo[] = {
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\" RETURN (CHILDREN)",
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Foo\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" Moo\r\n" OK },
	};
	struct fake_conn *f = empty_world(*state);

	say(f, "UNSUBSCRIBE INBOX\nCREATE Foo\nCREATE Foo/Bar\nCREATE Foo/Baz\nCREATE Moo\n"
	    "SUBSCRIBE Foo/Baz");
	CONVERSE(f, only_baz);
	say(f, "SUBSCRIBE Foo");
	CONVERSE(f, and_foo);
	say(f, "UNSUBSCRIBE Foo/Baz\nUNSUBSCRIBE Foo");
	CONVERSE(f, nothing);
	say(f, "SUBSCRIBE Foo\nSUBSCRIBE Moo");
	CONVERSE(f, foo_and_moo);
	say(f, "UNSUBSCRIBE Foo\nUNSUBSCRIBE Moo\nSUBSCRIBE Foo/Baz\nDELETE Foo");
	CONVERSE(f, no_foo);
	say(f, "DELETE Foo/Bar\nDELETE Foo/Baz");
	CONVERSE(f, none_at_all);
	fake_conn_free(f);
}

/* Example 9.  For the pattern "*" the RFC's text shows parents whose CHILDINFO says
 * nothing that is not listed, but 3.3 has no reason to list those and 3.5 asks to
 * leave them out, as its own example for "*2" does. */
static void recursive(void **state)
{
	static const struct exchange talk[] = {
		{ "LIST (RECURSIVEMATCH SUBSCRIBED) \"\" \"*2\"",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" baz2/bar2\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" baz2/bar22\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" baz2/bar222\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" eps2 (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
		  "* LIST (\\HasChildren) \"/\" foo2 (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" foo2/bar2\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" qux2/bar2\r\n" OK },
		{ "LIST (RECURSIVEMATCH SUBSCRIBED) \"\" \"*\"",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" baz2/bar2\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" baz2/bar22\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" baz2/bar222\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" eps2 (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" eps2/mamba\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" foo2/bar1\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" foo2/bar2\r\n"
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" qux2/bar2\r\n" OK },
		/* Below INBOX, which stands before everything. */
		{ "LIST (RECURSIVEMATCH SUBSCRIBED) \"\" inbox",
		  "* LIST (\\HasChildren) \"/\" INBOX (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n" OK },
	};
	struct fake_conn *f = empty_world(*state);

	say(f, "UNSUBSCRIBE INBOX\nCREATE foo2\nCREATE foo2/bar1\nCREATE foo2/bar2\nCREATE baz2\n"
	    "CREATE baz2/bar2\nCREATE baz2/bar22\nCREATE baz2/bar222\nCREATE eps2\n"
	    "CREATE eps2/mamba\nCREATE qux2/bar2\nSUBSCRIBE foo2/bar1\nSUBSCRIBE foo2/bar2\n"
	    "SUBSCRIBE baz2/bar2\nSUBSCRIBE baz2/bar22\nSUBSCRIBE baz2/bar222\nSUBSCRIBE eps2\n"
	    "SUBSCRIBE eps2/mamba\nSUBSCRIBE qux2/bar2");
	converse(f, talk, 2);
	say(f, "CREATE INBOX/z\nSUBSCRIBE INBOX/z");
	converse(f, talk + 2, 1);
	fake_conn_free(f);
}

/* Examples 10 and 11. */
static void missing_levels(void **state)
{
	static const struct exchange talk[] = {
		{ "LIST \"\" (\"foo\" \"foo/*\")", "* LIST (\\HasNoChildren) \"/\" foo\r\n" OK },
		{ "LIST (SUBSCRIBED) \"\" \"foo/*\"",
		  "* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" foo/bar\r\n" OK },
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" foo RETURN (CHILDREN)",
		  "* LIST (\\HasNoChildren) \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n" OK },
		{ "LIST () \"\" m%", "* LIST (\\NonExistent \\HasChildren) \"/\" music\r\n" OK },
		{ "LIST (REMOTE) \"\" m*",
		  "* LIST (\\NonExistent \\HasChildren) \"/\" music\r\n"
		  "* LIST (\\HasNoChildren) \"/\" music/rock\r\n" OK },
		{ "LIST \"\" (m% music/rock)",
		  "* LIST (\\NonExistent \\HasChildren) \"/\" music\r\n"
		  "* LIST (\\HasNoChildren) \"/\" music/rock\r\n" OK },
	};
	struct fake_conn *f = empty_world(*state);

	say(f, "CREATE foo\nSUBSCRIBE foo/bar\nCREATE music/rock");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* RFC 5258 3, 3.1 and 6. */
static void options(void **state)
{
	static const struct exchange talk[] = {
		{ "LIST (RECURSIVEMATCH) \"\" *", "a BAD RECURSIVEMATCH goes with SUBSCRIBED\r\n" },
		{ "LIST (REMOTE RECURSIVEMATCH) \"\" *",
		  "a BAD RECURSIVEMATCH goes with SUBSCRIBED\r\n" },
		{ "LIST (SPECIAL-USE RECURSIVEMATCH) \"\" *",
		  "a BAD RECURSIVEMATCH goes with SUBSCRIBED\r\n" },
		{ "LIST (FOO) \"\" *",
		  "a BAD LIST: expected SUBSCRIBED, REMOTE, RECURSIVEMATCH or SPECIAL-USE\r\n" },
		{ "LIST (CHILDREN) \"\" *",
		  "a BAD LIST: expected SUBSCRIBED, REMOTE, RECURSIVEMATCH or SPECIAL-USE\r\n" },
		{ "LIST \"\" * RETURN (REMOTE)",
		  "a BAD LIST: expected SUBSCRIBED, CHILDREN, SPECIAL-USE, STATUS (...) or METADATA (...)\r\n" },
		{ "LIST \"\" * RETURN", "a BAD LIST: expected a space\r\n" },
		{ "LIST \"\" * RETURN ( CHILDREN)", "a BAD LIST: expected an atom\r\n" },
		{ "LIST \"\" * RETURN (CHILDREN ", "a BAD LIST: expected an atom\r\n" },
		{ "LIST (SUBSCRIBED SUBSCRIBED subscribed) \"\" inbox RETURN (children CHILDREN)",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n" OK },
		{ "LIST (SPECIAL-USE SUBSCRIBED) \"\" *",
		  "* LIST (\\Drafts \\Subscribed \\HasNoChildren) \"/\" Drafts\r\n" OK },
		{ "LIST (RECURSIVEMATCH SPECIAL-USE SUBSCRIBED) \"\" *",
		  "* LIST (\\Drafts \\Subscribed \\HasNoChildren) \"/\" Drafts\r\n" OK },
	};
	struct fake_conn *f = empty_world(*state);

	say(f, "CREATE Drafts\nSUBSCRIBE Drafts\nCREATE Sent");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* RFC 5819 3, and RFC 8438 3. */
static void with_status(void **state)
{
	static const struct exchange talk[] = {
		{ "LIST \"\" % RETURN (STATUS (MESSAGES UNSEEN))",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 2 UNSEEN 1)\r\n"
		  "* LIST (\\NonExistent \\HasChildren) \"/\" bar\r\n"
		  "* LIST (\\HasChildren) \"/\" foo\r\n* STATUS foo (MESSAGES 1 UNSEEN 1)\r\n" OK },
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (STATUS (MESSAGES))",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 2)\r\n"
		  "* LIST (\\HasChildren) \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n" OK },
		{ "STATUS foo (MESSAGES SIZE UIDNEXT)",
		  "* STATUS foo (MESSAGES 1 UIDNEXT 2 SIZE 3)\r\na OK STATUS completed\r\n" },
		{ "LIST \"\" (inbox f%) RETURN (STATUS (MESSAGES SIZE))",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 2 SIZE 8)\r\n"
		  "* LIST (\\HasChildren) \"/\" foo\r\n* STATUS foo (MESSAGES 1 SIZE 3)\r\n" OK },
		/* Twice is once, and all that was asked for. */
		{ "LIST \"\" foo RETURN (STATUS (MESSAGES) CHILDREN STATUS (UIDNEXT MESSAGES))",
		  "* LIST (\\HasChildren) \"/\" foo\r\n* STATUS foo (MESSAGES 1 UIDNEXT 2)\r\n" OK },
		{ "LIST \"\" * RETURN (STATUS ())", "a BAD LIST: expected an atom\r\n" },
		{ "LIST \"\" * RETURN (STATUS)", "a BAD LIST: expected a space\r\n" },
	};
	struct fake_conn *f = empty_world(*state);

	say(f, "CREATE foo\nCREATE bar/below\nCREATE foo/deep\nSUBSCRIBE foo/deep");
	expect(f, "a APPEND INBOX (\\Seen) {3+}\r\nabc\r\n", "a OK");
	expect(f, "a APPEND INBOX (\\Deleted) {5+}\r\nabcde\r\n", "a OK");
	expect(f, "a APPEND foo {3+}\r\nabc\r\n", "a OK");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

static void items(void **state)
{
	static const struct exchange talk[] = {
		{ "STATUS INBOX (DELETED)",
		  "* STATUS INBOX (DELETED 1)\r\na OK STATUS completed\r\n" },
		{ "STATUS inbox (messages MESSAGES Messages)",
		  "* STATUS INBOX (MESSAGES 1)\r\na OK STATUS completed\r\n" },
		{ "SELECT INBOX", NULL },
		{ "STORE 1 -FLAGS.SILENT (\\Deleted)", "a OK STORE completed\r\n" },
		{ "STATUS INBOX (DELETED)",
		  "* STATUS INBOX (DELETED 0)\r\na OK STATUS completed\r\n" },
		{ "STORE 1 +FLAGS.SILENT (\\Deleted)", "a OK STORE completed\r\n" },
		{ "STATUS INBOX (MESSAGES DELETED)",
		  "* STATUS INBOX (MESSAGES 1 DELETED 1)\r\na OK STATUS completed\r\n" },
		{ "EXPUNGE", "* 1 EXPUNGE\r\na OK EXPUNGE completed\r\n" },
		{ "STATUS INBOX (MESSAGES DELETED SIZE)",
		  "* STATUS INBOX (MESSAGES 0 DELETED 0 SIZE 0)\r\n"
		  "a OK STATUS completed\r\n" },
	};
	struct fake_conn *f = empty_world(*state);

	expect(f, "a APPEND INBOX (\\Deleted) {5+}\r\nabcde\r\n", "a OK");
	for (size_t i = 0; i < sizeof(talk) / sizeof(talk[0]); i++)
		if (talk[i].answer)
			converse(f, &talk[i], 1);
		else
			say(f, talk[i].command);
	expect(f, "a STATUS INBOX (MESSAGES FOO)\r\n", "a BAD STATUS: expected MESSAGES, UIDNEXT");
	fake_conn_free(f);
}

/* More names than one question of the store takes; every line whole and in its place. */
static void many(void **state)
{
	enum { NAMES = 200 };
	struct fake_conn *f = empty_world(*state);
	const char *p;

	for (int i = 0; i < NAMES; i++) {
		char *line = mem_printf("a CREATE many%03d\r\n", i);

		expect(f, line, "a OK");
		free(line);
	}
	p = expect(f, "a LIST \"\" many* RETURN (STATUS (MESSAGES))\r\n", "a OK LIST");
	for (int i = 0; i < NAMES; i++) {
		char *lines = mem_printf("* LIST (\\HasNoChildren) \"/\" many%03d\r\n"
					 "* STATUS many%03d (MESSAGES 0)\r\n", i, i);

		assert_int_equal(strncmp(p, lines, strlen(lines)), 0);
		p += strlen(lines);
		free(lines);
	}
	assert_string_equal(p, OK);
	/* A client that goes away meanwhile. */
	fake_conn_feed(f, slice_of("a LIST \"\" many* RETURN (STATUS (MESSAGES))\r\n"));
	fake_conn_break(f);
	fake_conn_free(f);
}

/* RFC 9051 6.3.2 to 6.3.6 and 6.3.9.7: a name in another spelling than its own.  An e
 * with an acute accent is one letter here, or two. */
static void other_spellings(void **state)
{
	static const struct exchange talk[] = {
		{ "DELETE \"Cafe\314\201\"",
		  "* LIST (\\NonExistent \\HasNoChildren) \"/\" \"Caf\303\251\""
		  " (\"OLDNAME\" (\"Cafe\314\201\"))\r\na OK DELETE completed\r\n" },
		{ "RENAME \"Caf\303\251\" Tea",
		  "* LIST (\\HasNoChildren) \"/\" Tea (\"OLDNAME\" (\"Caf\303\251\"))\r\na OK RENAME completed\r\n" },
		{ "LIST \"\" %/x", OK },
	};
	struct fake_conn *f = empty_world(*state);
	struct imap_session *s = (struct imap_session *)(void *)f->session;

	s->enabled |= IMAP_REV2 | IMAP_UTF8;
	has_not(expect(f, "a CREATE \"Caf\303\251\"\r\n", "a OK"), "* LIST");
	converse(f, talk, 1);
	has(expect(f, "a CREATE \"Cafe\314\201\"\r\n", "a OK"),
	    "* LIST (\\HasNoChildren) \"/\" \"Caf\303\251\" (\"OLDNAME\" (\"Cafe\314\201\"))\r\n");
	converse(f, talk + 1, 2);
	has_not(expect(f, "a CREATE owatagusiam/\r\n", "a OK"), "* LIST");
	has(fake_conn_say(f, "a SELECT inbox\r\n"),
	    "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX (\"OLDNAME\" (\"inbox\"))\r\n");
	has(fake_conn_say(f, "a SELECT Tea\r\n"), "* LIST (\\HasNoChildren) \"/\" Tea\r\n");
	expect(f, "a CREATE deep/er\r\n", "a OK");
	has(fake_conn_say(f, "a LIST \"\" deep\r\n"),
	    "* LIST (\\NonExistent \\HasChildren) \"/\" deep\r\n");
	/* Nobody else hears such things. */
	s->enabled = 0;
	assert_string_equal(fake_conn_say(f, "a RENAME Tea Coffee\r\n"),
			    "a OK RENAME completed\r\n");
	fake_conn_free(f);
}

/* RFC 8474 4.1 to 4.3: what CREATE says, SELECT and STATUS say too, whatever the name. */
static void mailbox_ids(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *id, *text;

	has(fake_conn_say(f, "a CAPABILITY\r\n"), " OBJECTID ");
	id = mem_string(expect(f, "a CREATE foo\r\n", "a OK [MAILBOXID (F"));
	*strchr(id, ')') = '\0';
	memmove(id, strchr(id, '(') + 1, strlen(strchr(id, '(')));
	expect(f, "a CREATE bar\r\n", "a OK [MAILBOXID (F");
	expect(f, "a CREATE foo\r\n", "a NO");
	text = mem_printf("* OK [MAILBOXID (%s)] ", id);
	has(expect(f, "a SELECT foo\r\n", "a OK"), text);
	has(expect(f, "a EXAMINE foo\r\n", "a OK"), text);
	has_not(expect(f, "a EXAMINE bar\r\n", "a OK"), text);
	free(text);
	text = mem_printf("* STATUS foo (MAILBOXID (%s))\r\n", id);
	has(expect(f, "a STATUS foo (mailboxid)\r\n", "a OK"), text);
	has(expect(f, "a LIST \"\" * RETURN (STATUS (mailboxid))\r\n", "a OK"), text);
	free(text);
	expect(f, "a RENAME foo renamed\r\n", "a OK");
	text = mem_printf("* STATUS renamed (MAILBOXID (%s))\r\n", id);
	has(expect(f, "a STATUS renamed (MAILBOXID)\r\n", "a OK"), text);
	free(text);
	expect(f, "a DELETE renamed\r\n", "a OK");
	has_not(expect(f, "a CREATE renamed\r\n", "a OK"), id);
	free(id);
	fake_conn_free(f);
}

static void switched_off(void **state)
{
	static const struct { const char *name, *command; } cases[] = {
		{ "LIST-EXTENDED", "a LIST (SUBSCRIBED) \"\" *\r\n" },
		{ "LIST-EXTENDED", "a LIST \"\" (* %)\r\n" },
		{ "LIST-EXTENDED", "a LIST \"\" * RETURN (SUBSCRIBED)\r\n" },
		{ "LIST-EXTENDED", "a LIST \"\" * RETURN (STATUS (MESSAGES))\r\n" },
		{ "LIST-STATUS", "a LIST \"\" * RETURN (STATUS (MESSAGES))\r\n" },
		{ "STATUS=SIZE", "a STATUS INBOX (SIZE)\r\n" },
		{ "APPENDLIMIT", "a STATUS INBOX (APPENDLIMIT)\r\n" },
		{ "OBJECTID", "a STATUS INBOX (MAILBOXID)\r\n" },
	};
	struct fake_conn *f = logged_in(*state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		turn_all_on(*state);
		expect(f, cases[i].command, "a OK");
		has(fake_conn_say(f, "a CAPABILITY\r\n"), cases[i].name);
		turn_off(*state, cases[i].name);
		expect(f, cases[i].command, "a BAD");
		has_not(fake_conn_say(f, "a CAPABILITY\r\n"), cases[i].name);
	}
	turn_all_on(*state);
	fake_conn_free(f);
}

static const char split_script[] =
	"a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"I*\" {1+}\r\n% ) RETURN (CHILDREN)\r\n"
	"b LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"INB*\" {2+}\r\nx%) RETURN (STATUS (MESSAGES))\r\n";

static const char split_answer[] =
	"a BAD LIST: expected a name or pattern\r\n"
	"* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 0)\r\n"
	"b OK LIST completed\r\n";

static void every_split(void **state)
{
	says_in_every_split(*state, split_script, split_answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(fruit),
		WORLD(patterns),
		WORLD(childinfo),
		WORLD(recursive),
		WORLD(missing_levels),
		WORLD(options),
		WORLD(with_status),
		WORLD(items),
		WORLD(many),
		WORLD(mailbox_ids),
		WORLD(other_spellings),
		WORLD(switched_off),
		WORLD(every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
