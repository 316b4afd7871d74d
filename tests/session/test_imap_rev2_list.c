/* IMAP4rev2: LIST, the examples of RFC 9051 6.3.9.8 that one user without other servers
 * can have.  Ours always tells of children, and never \Marked or \Remote. */
#include "rev2_world.h"

#define OK "a OK LIST completed\r\n"
#define SUB "\\Subscribed \\HasNoChildren"
#define NO_CHILDREN "* LIST (\\HasNoChildren) \"/\" "
#define CHILDREN "* LIST (\\HasChildren) \"/\" "
#define INBOX NO_CHILDREN "INBOX\r\n"

/* 4.5, 6.3.9: the basic form. */
static void basic(void **state)
{
	static const struct exchange talk[] = {
		{ "A101 LIST \"\" \"\"\r\n",
		  "* LIST (\\Noselect) \"/\" \"\"\r\nA101 OK LIST completed\r\n" },
		{ "a LIST \"\" () RETURN ()\r\n", "a BAD LIST: expected a name or pattern\r\n" },
		{ "a LIST \"\" \"\" RETURN ()\r\n", OK },
		{ "a LIST (RECURSIVEMATCH) \"\" *\r\n", "a BAD RECURSIVEMATCH goes with SUBSCRIBED\r\n" },
		{ "a LIST (REMOTE RECURSIVEMATCH) \"\" *\r\n",
		  "a BAD RECURSIVEMATCH goes with SUBSCRIBED\r\n" },
		{ "A202 LIST Mail/ %\r\n",
		  "* LIST (\\NonExistent \\HasChildren) \"/\" Mail/foo\r\n"
		  NO_CHILDREN "Mail/meetings\r\nA202 OK LIST completed\r\n" },
		{ "a LIST \"\" NIL\r\n", "* LIST (\\HasNoChildren) \"/\" \"NIL\"\r\n" OK },
		{ "a LIST \"\" {1+}\r\n\377\r\n", OK },
		{ "a LIST \"\" \"\377\"\r\n", "a BAD LIST: expected UTF-8 in a quoted string\r\n" },
	};
	struct fake_conn *f = rev2(*state);

	say(f, "CREATE Mail/foo/bar\nCREATE Mail/meetings\nCREATE NIL");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* 1 to 6 */
static void fruit(void **state)
{
	static const struct exchange talk[] = {
		{ "a LIST \"\" \"*\"\r\n",
		  INBOX CHILDREN "Fruit\r\n" NO_CHILDREN "Fruit/Apple\r\n" NO_CHILDREN "Fruit/Banana\r\n"
		  NO_CHILDREN "Tofu\r\n" CHILDREN "Vegetable\r\n" NO_CHILDREN "Vegetable/Broccoli\r\n"
		  NO_CHILDREN "Vegetable/Corn\r\n" OK },
		{ "a LIST (SUBSCRIBED) \"\" \"*\"\r\n",
		  "* LIST (" SUB ") \"/\" INBOX\r\n* LIST (" SUB ") \"/\" Fruit/Banana\r\n"
		  "* LIST (\\NonExistent " SUB ") \"/\" Fruit/Peach\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Vegetable\r\n"
		  "* LIST (" SUB ") \"/\" Vegetable/Broccoli\r\n" OK },
		{ "a LIST () \"\" \"%\" RETURN (CHILDREN)\r\n",
		  INBOX CHILDREN "Fruit\r\n" NO_CHILDREN "Tofu\r\n" CHILDREN "Vegetable\r\n" OK },
		{ "a LIST (REMOTE) \"\" \"%\" RETURN (CHILDREN)\r\n",
		  INBOX CHILDREN "Fruit\r\n" NO_CHILDREN "Tofu\r\n" CHILDREN "Vegetable\r\n" OK },
		{ "a LIST (REMOTE SUBSCRIBED) \"\" \"%\"\r\n",
		  "* LIST (" SUB ") \"/\" INBOX\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Vegetable\r\n" OK },
		{ "a LIST (REMOTE) \"\" \"%\" RETURN (SUBSCRIBED)\r\n",
		  "* LIST (" SUB ") \"/\" INBOX\r\n" CHILDREN "Fruit\r\n" NO_CHILDREN "Tofu\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Vegetable\r\n" OK },
	};
	struct fake_conn *f = rev2(*state);

	only_inbox(f);
	say(f, "CREATE Fruit\nCREATE Fruit/Apple\nCREATE Fruit/Banana\nCREATE Tofu\n"
	    "CREATE Vegetable\nCREATE Vegetable/Broccoli\nCREATE Vegetable/Corn\n"
	    "SUBSCRIBE inbox\nSUBSCRIBE Fruit/Banana\nSUBSCRIBE Fruit/Peach\n"
	    "SUBSCRIBE Vegetable\nSUBSCRIBE Vegetable/Broccoli");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

#define RECURSIVE "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"\r\n"
#define CHILDINFO " (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"

/* 7: A, A1, A2, B, C */
static void children_and_childinfo(void **state)
{
	static const struct exchange a[] = {
		{ "a LIST \"\" \"%\" RETURN (CHILDREN)\r\n",
		  INBOX CHILDREN "Foo\r\n" NO_CHILDREN "Moo\r\n" OK },
		{ "a LIST (SUBSCRIBED) \"\" \"*\"\r\n", "* LIST (" SUB ") \"/\" Foo/Baz\r\n" OK },
		{ "a LIST (SUBSCRIBED) \"\" \"%\"\r\n", OK },
		{ RECURSIVE, "* LIST (\\HasChildren) \"/\" Foo" CHILDINFO OK },
	}, a1[] = {
		{ RECURSIVE, "* LIST (\\Subscribed \\HasChildren) \"/\" Foo" CHILDINFO OK },
	}, a2[] = {
		{ RECURSIVE, "* LIST (\\NonExistent \\HasChildren) \"/\" Foo" CHILDINFO OK },
	}, b[] = {
		{ RECURSIVE, OK },
	}, c[] = {
		{ "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\" RETURN (CHILDREN)\r\n",
		  "* LIST (\\Subscribed \\HasChildren) \"/\" Foo\r\n"
		  "* LIST (" SUB ") \"/\" Moo\r\n" OK },
	};
	struct fake_conn *f = rev2(*state);

	only_inbox(f);
	say(f, "CREATE Foo\nCREATE Foo/Bar\nCREATE Foo/Baz\nCREATE Moo\nSUBSCRIBE Foo/Baz");
	CONVERSE(f, a);
	say(f, "SUBSCRIBE Foo");
	CONVERSE(f, a1);
	say(f, "UNSUBSCRIBE Foo\nDELETE Foo");
	CONVERSE(f, a2);
	say(f, "CREATE Foo\nUNSUBSCRIBE Foo/Baz");
	CONVERSE(f, b);
	say(f, "SUBSCRIBE Foo\nSUBSCRIBE Moo");
	CONVERSE(f, c);
	fake_conn_free(f);
}

/* 8 */
static void recursive(void **state)
{
	static const struct exchange talk[] = {
		{ "a LIST (RECURSIVEMATCH SUBSCRIBED) \"\" \"*2\"\r\n",
		  "* LIST (" SUB ") \"/\" baz2/bar2\r\n* LIST (" SUB ") \"/\" baz2/bar22\r\n"
		  "* LIST (" SUB ") \"/\" baz2/bar222\r\n"
		  "* LIST (\\Subscribed \\HasChildren) \"/\" eps2" CHILDINFO
		  "* LIST (\\HasChildren) \"/\" foo2" CHILDINFO
		  "* LIST (" SUB ") \"/\" foo2/bar2\r\n* LIST (" SUB ") \"/\" qux2/bar2\r\n" OK },
	};
	struct fake_conn *f = rev2(*state);

	only_inbox(f);
	say(f, "CREATE foo2\nCREATE foo2/bar1\nCREATE foo2/bar2\nCREATE baz2\nCREATE baz2/bar2\n"
	    "CREATE baz2/bar22\nCREATE baz2/bar222\nCREATE eps2\nCREATE eps2/mamba\n"
	    "CREATE qux2/bar2\nSUBSCRIBE foo2/bar1\nSUBSCRIBE foo2/bar2\nSUBSCRIBE baz2/bar2\n"
	    "SUBSCRIBE baz2/bar22\nSUBSCRIBE baz2/bar222\nSUBSCRIBE eps2\n"
	    "SUBSCRIBE eps2/mamba\nSUBSCRIBE qux2/bar2");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* 9 to 11 */
static void patterns_and_status(void **state)
{
	static const struct exchange talk[] = {
		{ "a LIST \"\" (\"foo\")\r\n", NO_CHILDREN "foo\r\n" OK },
		{ "a LIST (SUBSCRIBED) \"\" \"foo/*\"\r\n",
		  "* LIST (\\NonExistent " SUB ") \"/\" foo/bar\r\n" OK },
		{ "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" foo RETURN (CHILDREN)\r\n",
		  "* LIST (\\HasNoChildren) \"/\" foo" CHILDINFO OK },
		{ "a LIST () \"\" m%\r\n", "* LIST (\\NonExistent \\HasChildren) \"/\" music\r\n" OK },
		{ "a LIST \"\" (m% music/rock)\r\n",
		  "* LIST (\\NonExistent \\HasChildren) \"/\" music\r\n" NO_CHILDREN "music/rock\r\n" OK },
		{ "a LIST \"\" % RETURN (STATUS (MESSAGES UNSEEN))\r\n",
		  INBOX "* STATUS INBOX (MESSAGES 2 UNSEEN 2)\r\n"
		  NO_CHILDREN "foo\r\n* STATUS foo (MESSAGES 0 UNSEEN 0)\r\n"
		  "* LIST (\\NonExistent \\HasChildren) \"/\" music\r\n" OK },
		{ "a LIST (SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (STATUS (MESSAGES))\r\n",
		  "* LIST (" SUB ") \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 2)\r\n"
		  "* LIST (\\HasNoChildren) \"/\" foo" CHILDINFO OK },
	};
	struct fake_conn *f = rev2(*state);

	only_inbox(f);
	say(f, "CREATE foo\nCREATE music/rock\nSUBSCRIBE foo/bar\nSUBSCRIBE INBOX");
	add(f, "INBOX", 2);
	CONVERSE(f, talk);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(basic), WORLD(fruit), WORLD(children_and_childinfo), WORLD(recursive),
		WORLD(patterns_and_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
