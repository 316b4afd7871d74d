/* METADATA and METADATA-SERVER (RFC 5464), LIST-METADATA (RFC 9590), special uses as
 * metadata and in CREATE (RFC 6154). */
#include "talk.h"

#define GOT "a OK GETMETADATA completed\r\n"
#define SET "a OK SETMETADATA completed\r\n"

/* RFC 5464 4.2 to 4.4. */
static void examples(void **state)
{
	static const struct exchange talk[] = {
		{ "SETMETADATA \"\" (/shared/comment \"Shared comment\")", SET },
		{ "GETMETADATA \"\" /shared/comment",
		  "* METADATA \"\" (/shared/comment \"Shared comment\")\r\n" GOT },
		{ "SETMETADATA INBOX (/private/comment \"My own comment\")", SET },
		{ "GETMETADATA \"INBOX\" /private/comment",
		  "* METADATA INBOX (/private/comment \"My own comment\")\r\n" GOT },
		{ "GETMETADATA \"INBOX\" (/shared/comment /private/comment)",
		  "* METADATA INBOX (/private/comment \"My own comment\" /shared/comment NIL)\r\n" GOT },
		{ "SETMETADATA INBOX (/private/comment \"My new comment\" "
		  "/shared/comment \"This one is for you!\")", SET },
		{ "GETMETADATA \"INBOX\" /private/comment /shared/comment",
		  "* METADATA INBOX (/private/comment \"My new comment\" "
		  "/shared/comment \"This one is for you!\")\r\n" GOT },
		/* 4.2.1 */
		{ "GETMETADATA \"INBOX\" (MAXSIZE 14) (/shared/comment /private/comment)",
		  "* METADATA INBOX (/private/comment \"My new comment\")\r\n"
		  "a OK [METADATA LONGENTRIES 20] GETMETADATA completed\r\n" },
		{ "GETMETADATA (MAXSIZE 14) \"INBOX\" (/shared/comment /private/comment)",
		  "* METADATA INBOX (/private/comment \"My new comment\")\r\n"
		  "a OK [METADATA LONGENTRIES 20] GETMETADATA completed\r\n" },
		/* 4.2.2 */
		{ "SETMETADATA INBOX (/private/filters/values/small \"SMALLER 5000\" "
		  "/private/filters/values/boss \"FROM \\\"boss@example.com\\\"\" "
		  "/private/filters/values/boss/deep x)", "a BAD SETMETADATA: expected a string or NIL\r\n" },
		{ "SETMETADATA INBOX (/private/filters/values/small \"SMALLER 5000\" "
		  "/private/filters/values/boss \"FROM \\\"boss@example.com\\\"\" "
		  "/private/filters/values/boss/deep \"x\")", SET },
		{ "GETMETADATA \"INBOX\" (DEPTH 1) (/private/filters/values)",
		  "* METADATA INBOX (/private/filters/values/boss \"FROM \\\"boss@example.com\\\"\" "
		  "/private/filters/values/small \"SMALLER 5000\")\r\n" GOT },
		{ "GETMETADATA INBOX (DEPTH infinity MAXSIZE 2) (/private/filters)",
		  "* METADATA INBOX (/private/filters/values/boss/deep \"x\")\r\n"
		  "a OK [METADATA LONGENTRIES 23] GETMETADATA completed\r\n" },
		{ "GETMETADATA INBOX (DEPTH 0) (/private/filters)",
		  "* METADATA INBOX (/private/filters NIL)\r\n" GOT },
		{ "GETMETADATA INBOX (DEPTH 1) (/private/filter)", GOT },
		/* 4.3: a value of two lines, and none. */
		{ "SETMETADATA INBOX (/private/comment {33+}\r\nMy new comment across\r\ntwo lines.)",
		  SET },
		{ "GETMETADATA INBOX /private/comment",
		  "* METADATA INBOX (/private/comment {33}\r\nMy new comment across\r\ntwo lines.)\r\n"
		  GOT },
		{ "SETMETADATA INBOX (/private/comment NIL)", SET },
		{ "GETMETADATA INBOX /private/comment", "* METADATA INBOX (/private/comment NIL)\r\n" GOT },
		/* An empty value is one. */
		{ "SETMETADATA INBOX (/private/comment \"\")", SET },
		{ "GETMETADATA INBOX /private/comment",
		  "* METADATA INBOX (/private/comment \"\")\r\n" GOT },
	};
	struct fake_conn *f = logged_in(*state);

	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* 3.2: names; 3.2.1.1: the server's own; 3.3. */
static void names(void **state)
{
	static const struct exchange talk[] = {
		{ "SETMETADATA INBOX (/Shared/COMMENT \"a\")", SET },
		{ "GETMETADATA INBOX /SHARED/comment", "* METADATA INBOX (/shared/comment \"a\")\r\n" GOT },
		{ "GETMETADATA \"\" /shared/admin",
		  "* METADATA \"\" (/shared/admin \"mailto:postmaster@example.org\")\r\n" GOT },
		{ "SETMETADATA \"\" (/shared/admin \"x\" /shared/comment \"y\")",
		  "a NO [NOPERM] /shared/admin cannot be changed\r\n" },
		{ "GETMETADATA \"\" /shared/comment", "* METADATA \"\" (/shared/comment NIL)\r\n" GOT },
		{ "SETMETADATA INBOX (/private/vendor/acme \"x\")",
		  "a BAD SETMETADATA: expected the whole name of an entry\r\n" },
		{ "SETMETADATA INBOX (/private/vendor/acme/c \"x\")", SET },
		{ "SETMETADATA INBOX (/private \"x\")",
		  "a BAD SETMETADATA: expected the whole name of an entry\r\n" },
		{ "SETMETADATA INBOX (/other/x \"x\")",
		  "a BAD SETMETADATA: expected an entry below /private or /shared\r\n" },
		{ "SETMETADATA INBOX (/private//x \"x\")",
		  "a BAD SETMETADATA: expected an entry without empty levels\r\n" },
		{ "GETMETADATA INBOX /private/x/",
		  "a BAD GETMETADATA: expected an entry without empty levels\r\n" },
		{ "GETMETADATA INBOX \"/private/x*\"",
		  "a BAD GETMETADATA: expected an entry without wildcards and in ASCII\r\n" },
		{ "GETMETADATA INBOX \"/private/\303\244\"",
		  "a BAD GETMETADATA: expected an entry without wildcards and in ASCII\r\n" },
		/* A space is no wildcard. */
		{ "SETMETADATA INBOX (\"/private/a b 3\" \"x\" \"/private/\\\"\" \"y\")", SET },
		{ "GETMETADATA INBOX (\"/private/a b 3\" /private/a \"/private/\\\"\")",
		  "* METADATA INBOX (\"/private/\\\"\" \"y\" \"/private/a b 3\" \"x\""
		  " /private/a NIL)\r\n" GOT },
		{ "GETMETADATA nothing /private/comment",
		  "a NO [NONEXISTENT] There is no such mailbox\r\n" },
		{ "SETMETADATA nothing (/private/comment \"x\")",
		  "a NO [NONEXISTENT] There is no such mailbox\r\n" },
		{ "SETMETADATA R&D (/private/comment \"x\")",
		  "a NO [NONEXISTENT] There is no such mailbox\r\n" },
		{ "GETMETADATA INBOX (DEPTH 2) /private/x", "a BAD GETMETADATA: expected infinity\r\n" },
		{ "GETMETADATA INBOX", "a BAD GETMETADATA: expected a space\r\n" },
		{ "GETMETADATA INBOX ()", "a BAD GETMETADATA: expected the name of an entry\r\n" },
		{ "SETMETADATA INBOX ()", "a BAD SETMETADATA: expected the name of an entry\r\n" },
		{ "SETMETADATA INBOX (/private/x)", "a BAD SETMETADATA: expected a space\r\n" },
	};
	struct fake_conn *f = logged_in(*state);

	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* literal8: a value of any bytes, and only there. */
static void any_bytes(void **state)
{
	static const char set[] = "a SETMETADATA INBOX (/private/x ~{3+}\r\n\0a\n)\r\n";
	static const char other[] = "a SETMETADATA INBOX (/private/x {3+}\r\n\0a\n)\r\n";
	static const char got[] = "* METADATA INBOX (/private/x ~{3}\r\n\0a\n)\r\n" GOT;
	struct fake_conn *f = logged_in(*state);

	fake_conn_feed(f, slice_make(set, sizeof(set) - 1));
	fake_conn_settle(f);
	assert_string_equal(fake_conn_take(f), SET);
	fake_conn_feed(f, slice_make(other, sizeof(other) - 1));
	fake_conn_settle(f);
	assert_string_equal(fake_conn_take(f), "a BAD There is a NUL in that line\r\n");
	fake_conn_feed(f, SLICE("a GETMETADATA INBOX /private/x\r\n"));
	fake_conn_settle(f);
	assert_memory_equal(fake_conn_take(f), got, sizeof(got) - 1);
	fake_conn_free(f);
}

/* 4.1, 4.3: too large, too many; nothing of a command that fails. */
static void ceilings(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *large = mem_alloc(16386), *line;

	memset(large, 'x', 16385);
	line = mem_printf("a SETMETADATA Sent (/private/a \"a\" /private/b {16385+}\r\n%s)\r\n", large);
	assert_string_equal(fake_conn_say(f, line),
			    "a NO [METADATA MAXSIZE 16384] A value is too long\r\n");
	free(line);
	line = mem_printf("a SETMETADATA Sent (/private/b {16384+}\r\n%s)\r\n", large + 1);
	assert_string_equal(fake_conn_say(f, line), SET);
	free(line);
	free(large);
	has(fake_conn_say(f, "a GETMETADATA Sent /private/a\r\n"), "(/private/a NIL)");
	for (int i = 0; i < 49; i++) {
		line = mem_printf("a SETMETADATA Sent (/private/n%d \"x\")\r\n", i);
		assert_string_equal(fake_conn_say(f, line), SET);
		free(line);
	}
	expect(f, "a SETMETADATA Sent (/private/n1 \"y\" /private/more \"x\")\r\n",
	       "a NO [METADATA TOOMANY]");
	has(fake_conn_say(f, "a GETMETADATA Sent /private/n1\r\n"), "(/private/n1 \"x\")");
	/* A special use is not one of those. */
	has(fake_conn_say(f, "a GETMETADATA Sent /private/specialuse\r\n"),
	    "(/private/specialuse \"\\\\Sent\")");
	/* One goes, one comes. */
	expect(f, "a SETMETADATA Sent (/private/n1 NIL /private/more \"x\")\r\n", "a OK");
	fake_conn_free(f);
}

/* The server has no special use, and there the entry is as any that a client makes up;
 * it counts for nothing, wherever it stands among the others. */
static void ceiling_of_the_server(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *line;

	for (int i = 0; i < 50; i++) {
		line = mem_printf("a SETMETADATA \"\" (/shared/n%d \"x\")\r\n", i);
		assert_string_equal(fake_conn_say(f, line), SET);
		free(line);
	}
	expect(f, "a SETMETADATA \"\" (/private/specialuse \"x\")\r\n", "a OK");
	for (int i = 0; i < 3; i++) {
		line = mem_printf("a SETMETADATA \"\" (/shared/more%d \"x\")\r\n", i);
		expect(f, line, "a NO [METADATA TOOMANY]");
		free(line);
	}
	expect(f, "a SETMETADATA \"\" (/shared/n1 NIL /shared/more \"x\")\r\n", "a OK");
	has(fake_conn_say(f, "a GETMETADATA \"\" (/shared/more /private/specialuse)\r\n"),
	    "(/private/specialuse \"x\" /shared/more \"x\")\r\na OK");
	fake_conn_free(f);
}

/* 4.1: they move and go with the mailbox; INBOX keeps its own. */
static void moving(void **state)
{
	static const struct exchange talk[] = {
		{ "SETMETADATA here (/private/comment \"x\")", SET },
		{ "RENAME here there", "a OK RENAME completed\r\n" },
		{ "GETMETADATA there /private/comment", "* METADATA there (/private/comment \"x\")\r\n" GOT },
		{ "DELETE there", "a OK DELETE completed\r\n" },
		{ "SETMETADATA INBOX (/private/comment \"in\")", SET },
		{ "RENAME INBOX old", "a OK RENAME completed\r\n" },
		{ "GETMETADATA old /private/comment", "* METADATA old (/private/comment \"in\")\r\n" GOT },
		{ "GETMETADATA INBOX /private/comment",
		  "* METADATA INBOX (/private/comment \"in\")\r\n" GOT },
		{ "GETMETADATA \"\" /private/comment", "* METADATA \"\" (/private/comment NIL)\r\n" GOT },
	};
	struct fake_conn *f = logged_in(*state);

	expect(f, "a CREATE here\r\n", "a OK");
	CONVERSE(f, talk);
	expect(f, "a CREATE there\r\n", "a OK");
	has(fake_conn_say(f, "a GETMETADATA there /private/comment\r\n"), "NIL");
	fake_conn_free(f);
}

/* 4.4: only who asked by ENABLE hears of it, and not of its own changes. */
static void unsolicited(void **state)
{
	struct world *w = *state;
	struct fake_conn *a = logged_in(w), *b = logged_in(w), *c = logged_in(w);

	assert_string_equal(fake_conn_say(a, "a ENABLE METADATA\r\n"),
			    "* ENABLED METADATA\r\na OK ENABLE completed\r\n");
	expect(b, "b SETMETADATA \"\" (/shared/comment \"x\")\r\n", "b OK");
	expect(b, "b SETMETADATA \"\" (/shared/comment \"y\")\r\n", "b OK");
	expect(b, "b SETMETADATA INBOX (/shared/comment \"x\" /private/comment \"x\")\r\n", "b OK");
	assert_string_equal(fake_conn_say(a, "a NOOP\r\n"),
			    "* METADATA \"\" /shared/comment\r\n* METADATA INBOX /shared/comment\r\n"
			    "* METADATA INBOX /private/comment\r\na OK NOOP completed\r\n");
	assert_string_equal(fake_conn_say(a, "a NOOP\r\n"), "a OK NOOP completed\r\n");
	assert_string_equal(fake_conn_say(c, "a NOOP\r\n"), "a OK NOOP completed\r\n");
	assert_string_equal(fake_conn_say(a, "a SETMETADATA INBOX (/private/comment NIL)\r\n"), SET);
	fake_conn_say(a, "a IDLE\r\n");
	expect(b, "b SETMETADATA INBOX (/shared/comment NIL)\r\n", "b OK");
	await(w, a, "* METADATA INBOX /shared/comment\r\n");
	/* A change that failed is none. */
	expect(b, "b SETMETADATA nothing (/shared/comment NIL)\r\n", "b NO");
	assert_string_equal(fake_conn_say(a, "DONE\r\n"), "a OK IDLE terminated\r\n");
	fake_conn_free(a);
	expect(b, "b SETMETADATA INBOX (/shared/comment \"z\")\r\n", "b OK");
	fake_conn_free(b);
	fake_conn_free(c);
}

/* RFC 9590 4 */
static void in_lists(void **state)
{
	static const struct exchange talk[] = {
		{ "LIST \"\" (INBOX bar foo) RETURN (METADATA (/shared/vendor/acme/color))",
		  "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
		  "* METADATA INBOX (/shared/vendor/acme/color \"#b71c1c\")\r\n"
		  "* LIST (\\NonExistent \\HasChildren) \"/\" bar\r\n"
		  "* LIST (\\HasChildren) \"/\" foo\r\n"
		  "* METADATA foo (/shared/vendor/acme/color NIL)\r\na OK LIST completed\r\n" },
		{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (INBOX foo) RETURN "
		  "(METADATA (/shared/vendor/acme/color))",
		  "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\r\n"
		  "* METADATA INBOX (/shared/vendor/acme/color \"#b71c1c\")\r\n"
		  "* LIST (\\HasChildren) \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
		  "a OK LIST completed\r\n" },
		{ "LIST \"\" foo RETURN (METADATA (/shared/comment) STATUS (MESSAGES))",
		  "* LIST (\\HasChildren) \"/\" foo\r\n* STATUS foo (MESSAGES 0)\r\n"
		  "* METADATA foo (/shared/comment NIL)\r\na OK LIST completed\r\n" },
		{ "LIST \"\" foo RETURN (METADATA)", "a BAD LIST: expected a space\r\n" },
		{ "LIST \"\" foo RETURN (METADATA ())", "a BAD LIST: expected the name of an entry\r\n" },
	};
	struct fake_conn *f = logged_in(*state);

	expect(f, "a CREATE foo\r\n", "a OK");
	expect(f, "a CREATE foo/x\r\n", "a OK");
	expect(f, "a CREATE bar/x\r\n", "a OK");
	expect(f, "a SUBSCRIBE foo/x\r\n", "a OK");
	expect(f, "a SETMETADATA INBOX (/shared/vendor/acme/color \"#b71c1c\")\r\n", "a OK");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* RFC 6154 5.3, and what a name alone gives. */
static void created_for(void **state)
{
	static const struct exchange talk[] = {
		{ "LIST (SPECIAL-USE) \"\" *",
		  "* LIST (\\Archive \\HasNoChildren) \"/\" Archive\r\n"
		  "* LIST (\\Junk \\HasNoChildren) \"/\" Junk\r\n"
		  "* LIST (\\Drafts \\Sent \\HasNoChildren) \"/\" MySpecial\r\n"
		  "* LIST (\\Trash \\HasNoChildren) \"/\" Trash\r\na OK LIST completed\r\n" },
		{ "CREATE Everything (USE (\\All))",
		  "a NO [USEATTR] Not a special use that this mailbox can have\r\n" },
		{ "CREATE Everything (USE (\\Drafts \\Flagged))",
		  "a NO [USEATTR] Not a special use that this mailbox can have\r\n" },
		{ "CREATE Everything (USE (\\Unheard))",
		  "a NO [USEATTR] Not a special use that this mailbox can have\r\n" },
		{ "LIST \"\" Everything", "a OK LIST completed\r\n" },
		{ "CREATE Everything (USE \\Drafts)", "a BAD CREATE: expected \"(\"\r\n" },
		{ "CREATE Everything (FOO (\\Drafts))", "a BAD CREATE: expected USE\r\n" },
		{ "CREATE Everything (USE (Drafts))", "a BAD CREATE: expected a special use\r\n" },
		/* It goes along, also where the name was all there was. */
		{ "RENAME MySpecial Mine", "a OK RENAME completed\r\n" },
		{ "RENAME Trash Bin", "a OK RENAME completed\r\n" },
		{ "LIST (SPECIAL-USE) \"\" *",
		  "* LIST (\\Archive \\HasNoChildren) \"/\" Archive\r\n"
		  "* LIST (\\Trash \\HasNoChildren) \"/\" Bin\r\n"
		  "* LIST (\\Junk \\HasNoChildren) \"/\" Junk\r\n"
		  "* LIST (\\Drafts \\Sent \\HasNoChildren) \"/\" Mine\r\na OK LIST completed\r\n" },
		/* And with it: the names have their uses again. */
		{ "DELETE Mine", "a OK DELETE completed\r\n" },
		{ "LIST (SPECIAL-USE) \"\" (Drafts Sent)",
		  "* LIST (\\Drafts \\HasNoChildren) \"/\" Drafts\r\n"
		  "* LIST (\\Sent \\HasNoChildren) \"/\" Sent\r\na OK LIST completed\r\n" },
	};
	struct fake_conn *f = logged_in(*state);

	expect(f, "a CREATE MySpecial (USE (\\drafts \\SENT))\r\n", "a OK");
	CONVERSE(f, talk);
	expect(f, "a CREATE Plain (USE ())\r\n", "a OK");
	fake_conn_free(f);
}

/* RFC 6154 5.4 */
static void uses_as_metadata(void **state)
{
	static const struct exchange talk[] = {
		{ "GETMETADATA MyDrafts /private/specialuse",
		  "* METADATA MyDrafts (/private/specialuse \"\\\\Drafts\")\r\n" GOT },
		/* The one that loses it is told of, as an entry's name alone (RFC 5464 4.4). */
		{ "SETMETADATA SavedDrafts (/private/specialuse \"\\\\Drafts\")",
		  "* METADATA MyDrafts /private/specialuse\r\n" SET },
		{ "SETMETADATA Sent (/private/specialuse NIL)", SET },
		{ "LIST \"\" (Sent MyDrafts SavedDrafts Trash) RETURN (SPECIAL-USE)",
		  "* LIST (\\HasNoChildren) \"/\" MyDrafts\r\n"
		  "* LIST (\\Drafts \\HasNoChildren) \"/\" SavedDrafts\r\n"
		  "* LIST (\\HasNoChildren) \"/\" Sent\r\n"
		  "* LIST (\\Trash \\HasNoChildren) \"/\" Trash\r\na OK LIST completed\r\n" },
		{ "GETMETADATA MyDrafts /private/specialuse",
		  "* METADATA MyDrafts (/private/specialuse NIL)\r\n" GOT },
		{ "SETMETADATA Trash (/private/comment \"x\" /private/specialuse \"\\\\All\")",
		  "a NO [USEATTR] Not a special use that this mailbox can have\r\n" },
		{ "GETMETADATA Trash (/private/comment /private/specialuse)",
		  "* METADATA Trash (/private/specialuse \"\\\\Trash\" /private/comment NIL)\r\n" GOT },
		{ "SETMETADATA INBOX (/private/specialuse \"\\\\Archive\")",
		  "a NO [USEATTR] Not a special use that this mailbox can have\r\n" },
	};
	struct fake_conn *f = logged_in(*state);

	expect(f, "a ENABLE METADATA\r\n", "a OK");
	has(expect(f, "a CREATE MyDrafts (USE (\\Drafts))\r\n", "a OK"),
	    "* METADATA Drafts /private/specialuse\r\n");
	expect(f, "a CREATE SavedDrafts\r\n", "a OK");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

/* RFC 9208 4.1, 4.2; MAIL_QUOTA is test_quota's. */
static void quota(void **state)
{
	static const struct exchange talk[] = {
		{ "GETQUOTA \"other\"", "a NO [NONEXISTENT] There is no such quota root\r\n" },
		{ "GETQUOTA", "a BAD GETQUOTA: expected a space\r\n" },
		{ "SETQUOTA \"\" (STORAGE 510)",
		  "a NO [NOPERM] The quota is set where the server runs\r\n" },
		{ "SETQUOTA \"\" (STORAGE)", "a BAD SETQUOTA: expected a space\r\n" },
		{ "STATUS INBOX (MESSAGES DELETED DELETED-STORAGE)",
		  "* STATUS INBOX (MESSAGES 2 DELETED 1 DELETED-STORAGE 5)\r\na OK STATUS completed\r\n" },
	};
	struct fake_conn *f = logged_in(*state);

	expect(f, "a APPEND INBOX (\\Deleted) {5+}\r\nabcde\r\n", "a OK");
	expect(f, "a APPEND INBOX {3+}\r\nabc\r\n", "a OK");
	has(expect(f, "a GETQUOTA \"\"\r\n", "a OK"), "* QUOTA \"\" (STORAGE 1 ");
	has(expect(f, "a GETQUOTAROOT INBOX\r\n", "a OK"), "* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 1 ");
	has(expect(f, "a GETQUOTAROOT not/yet\r\n", "a OK"), "* QUOTAROOT not/yet \"\"\r\n");
	CONVERSE(f, talk);
	fake_conn_free(f);
}

static void switched_off(void **state)
{
	static const struct { const char *name, *command, *answer; } cases[] = {
		{ "METADATA", "a GETMETADATA INBOX /private/x\r\n", "a NO [CANNOT]" },
		{ "METADATA-SERVER", "a GETMETADATA \"\" /private/x\r\n", "a BAD Unknown" },
		{ "LIST-METADATA", "a LIST \"\" * RETURN (METADATA (/private/x))\r\n", "a BAD" },
		{ "CREATE-SPECIAL-USE", "a CREATE x (USE ())\r\n", "a BAD" },
		{ "QUOTA", "a GETQUOTA \"\"\r\n", "a BAD Unknown" },
		{ "QUOTA=RES-STORAGE", "a STATUS INBOX (DELETED-STORAGE)\r\n", "a BAD" },
	};
	struct fake_conn *f = logged_in(*state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *word = mem_printf(" %s ", cases[i].name);

		turn_all_on(*state);
		expect(f, cases[i].command, "a OK");
		has(fake_conn_say(f, "a CAPABILITY\r\n"), word);
		turn_off(*state, cases[i].name);
		expect(f, cases[i].command, cases[i].answer);
		has_not(fake_conn_say(f, "a CAPABILITY\r\n"), word);
		free(word);
	}
	turn_all_on(*state);
	fake_conn_free(f);
}

static const char split_script[] =
	"a SETMETADATA INBOX (/private/comment {4}\r\na\r\nb /shared/comment ~{2+}\r\nc\n"
	" /private/y NIL)\r\n"
	"b GETMETADATA (DEPTH 1) {5+}\r\ninbox (/private/comment {15}\r\n/shared/comment)\r\n";

static const char split_answer[] =
	"+ OK\r\na OK SETMETADATA completed\r\n+ OK\r\n"
	"* METADATA INBOX (/private/comment {4}\r\na\r\nb /shared/comment {2}\r\nc\n)\r\n"
	"b OK GETMETADATA completed\r\n";

static void every_split(void **state)
{
	says_in_every_split(*state, split_script, split_answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(examples),
		WORLD(names),
		WORLD(any_bytes),
		WORLD(ceilings),
		WORLD(ceiling_of_the_server),
		WORLD(moving),
		WORLD(unsolicited),
		WORLD(in_lists),
		WORLD(created_for),
		WORLD(uses_as_metadata),
		WORLD(quota),
		WORLD(switched_off),
		WORLD(every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
