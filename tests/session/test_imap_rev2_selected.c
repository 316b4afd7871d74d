/* IMAP4rev2 with a mailbox selected: the examples of RFC 9051 6.1.2, 6.3.13, 6.4 and 7. */
#include "rev2_world.h"

/* Of `count` messages, in a session of IMAP4rev2. */
static struct fake_conn *with(struct world *w, int count)
{
	struct fake_conn *f = rev2(w);

	add(f, "INBOX", count);
	expect(f, "a SELECT INBOX\r\n", "a OK");
	return f;
}

static struct fake_conn *another(struct world *w)
{
	struct fake_conn *f = logged_in(w);

	expect(f, "a SELECT INBOX\r\n", "a OK");
	return f;
}

/* 6.1.2, 7.5.2: what nobody asked for has the UID. */
static void noop(void **state)
{
	struct fake_conn *f = with(*state, 22), *other = another(*state);

	says(f, "a002 NOOP\r\n", "a002 OK NOOP completed\r\n");
	say(other, "STORE 22 +FLAGS (\\Deleted)\nEXPUNGE\nSTORE 14 +FLAGS (\\Seen \\Deleted)");
	add(other, "INBOX", 2);
	says(f, "a047 NOOP\r\n",
	     "* 22 EXPUNGE\r\n* 23 EXISTS\r\n* 14 FETCH (UID 14 FLAGS (\\Deleted \\Seen))\r\n"
	     "a047 OK NOOP completed\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* 6.3.13 */
static void idle(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with(w, 3), *other = another(w);

	says(f, "A002 IDLE\r\n", "+ idling\r\n");
	add(other, "INBOX", 1);
	await(w, f, "* 4 EXISTS\r\n");
	says(f, "DONE\r\n", "A002 OK IDLE terminated\r\n");
	say(other, "STORE 2 +FLAGS (\\Deleted)\nEXPUNGE");
	/* FETCH by number tells flags, with the UID, and no EXPUNGE. */
	says(f, "A003 FETCH 4 FLAGS\r\n", "* 4 FETCH (FLAGS ())\r\nA003 OK FETCH completed\r\n");
	says(f, "A004 IDLE\r\n", "* 2 EXPUNGE\r\n+ idling\r\n");
	say(other, "STORE 3 +FLAGS (\\Deleted)\nEXPUNGE");
	await(w, f, "* 3 EXPUNGE\r\n");
	say(other, "STORE 1 +FLAGS ($Forwarded)");
	await(w, f, "* 1 FETCH (UID 1 FLAGS ($Forwarded))\r\n");
	add(other, "INBOX", 1);
	await(w, f, "* 3 EXISTS\r\n");
	says(f, "DONE\r\n", "A004 OK IDLE terminated\r\n");
	says(f, "A005 FETCH 3 (UID)\r\n", "* 3 FETCH (UID 5)\r\nA005 OK FETCH completed\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* 6.4.1 to 6.4.3, 6.4.9 */
static void ends(void **state)
{
	static const struct exchange talk[] = {
		{ "a STORE 3,4,7,11 +FLAGS.SILENT (\\Deleted)\r\n", "a OK STORE completed\r\n" },
		{ "A202 EXPUNGE\r\n",
		  "* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* 5 EXPUNGE\r\n* 8 EXPUNGE\r\n"
		  "A202 OK EXPUNGE completed\r\n" },
		{ "a STORE 3:6 +FLAGS.SILENT (\\Deleted)\r\n", "a OK STORE completed\r\n" },
		{ "A003 UID EXPUNGE 5:8\r\n",
		  "* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* 3 EXPUNGE\r\nA003 OK UID EXPUNGE completed\r\n" },
		{ "A342 UNSELECT\r\n", "A342 OK UNSELECT completed\r\n" },
		{ "a STATUS INBOX (MESSAGES DELETED)\r\n",
		  "* STATUS INBOX (MESSAGES 5 DELETED 1)\r\na OK STATUS completed\r\n" },
	};
	struct fake_conn *f = with(*state, 12);

	CONVERSE(f, talk);
	expect(f, "a EXAMINE INBOX\r\n", "a OK");
	says(f, "A341 CLOSE\r\n", "A341 OK CLOSE completed\r\n");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	says(f, "A341 CLOSE\r\n", "A341 OK CLOSE completed\r\n");
	says(f, "a STATUS INBOX (MESSAGES)\r\n",
	     "* STATUS INBOX (MESSAGES 4)\r\na OK STATUS completed\r\n");
	fake_conn_free(f);
}

/* 6.4.5 to 6.4.9.  8: STORE tells flags, here with the UID always. */
static void messages(void **state)
{
	static const struct exchange talk[] = {
		{ "A654 FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM SUBJECT)])\r\n",
		  "* 2 FETCH (FLAGS (\\Seen) BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {14}\r\n"
		  "Subject: x\r\n\r\n)\r\n"
		  "* 3 FETCH (FLAGS (\\Seen) BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {14}\r\n"
		  "Subject: x\r\n\r\n)\r\n"
		  "* 4 FETCH (FLAGS (\\Seen) BODY[HEADER.FIELDS (DATE FROM SUBJECT)] {14}\r\n"
		  "Subject: x\r\n\r\n)\r\nA654 OK FETCH completed\r\n" },
		{ "A003 STORE 2:4 +FLAGS (\\Deleted)\r\n",
		  "* 2 FETCH (UID 2 FLAGS (\\Deleted \\Seen))\r\n"
		  "* 3 FETCH (UID 3 FLAGS (\\Deleted \\Seen))\r\n"
		  "* 4 FETCH (UID 4 FLAGS (\\Deleted \\Seen))\r\nA003 OK STORE completed\r\n" },
		{ "A003 STORE 2:4 -FLAGS.SILENT (\\Deleted)\r\n", "A003 OK STORE completed\r\n" },
		{ "A003 COPY 2:4 MEETING\r\n", "A003 OK [COPYUID 0 2:4 1:3] Copied\r\n" },
		{ "a UID MOVE 4:5 MEETING\r\n",
		  "* OK [COPYUID 0 4:5 4:5] Moved\r\n* 4 EXPUNGE\r\n* 4 EXPUNGE\r\n"
		  "a OK UID MOVE completed\r\n" },
		{ "a MOVE 3 INBOX\r\n",
		  "* OK [COPYUID 0 3 7] Moved\r\n* 3 EXPUNGE\r\n* 4 EXISTS\r\na OK MOVE completed\r\n" },
		{ "A999 UID FETCH 2:10 FLAGS\r\n",
		  "* 2 FETCH (FLAGS (\\Seen) UID 2)\r\n* 3 FETCH (FLAGS () UID 6)\r\n"
		  "* 4 FETCH (FLAGS (\\Seen) UID 7)\r\nA999 OK UID FETCH completed\r\n" },
		{ "a UID STORE 100 +FLAGS (\\Seen)\r\n", "a OK UID STORE completed\r\n" },
		/* 9: seq-number. */
		{ "a FETCH 5 UID\r\n", "a BAD No such message number\r\n" },
		{ "a FETCH 0 UID\r\n", "a BAD FETCH: expected a sequence set\r\n" },
		{ "a FETCH 1 BINARY.SIZE[1]\r\n", "* 1 FETCH (BINARY.SIZE[1] 0)\r\na OK FETCH completed\r\n" },
		{ "a FETCH 1 (RFC822.SIZE UID)\r\n",
		  "* 1 FETCH (RFC822.SIZE 14 UID 1)\r\na OK FETCH completed\r\n" },
		/* Gone from the grammar (E 17 to 19); who asks is answered. */
		{ "a FETCH 1 RFC822.HEADER\r\n",
		  "* 1 FETCH (RFC822.HEADER {14}\r\nSubject: x\r\n\r\n)\r\na OK FETCH completed\r\n" },
		{ "a CHECK\r\n", "a OK CHECK completed\r\n" },
		{ "a LSUB \"\" INBOX\r\n", "* LSUB () \"/\" INBOX\r\na OK LSUB completed\r\n" },
		/* 2.3.2: \Recent is no flag. */
		{ "a STORE 1 FLAGS (\\Recent)\r\n",
		  "a BAD STORE: expected \\Answered, \\Flagged, \\Deleted, \\Seen, \\Draft or a keyword\r\n" },
	};
	struct fake_conn *f = with(*state, 6);

	expect(f, "a CREATE MEETING\r\n", "a OK");
	CONVERSE(f, talk);
	/* 9: "*" of an empty mailbox. */
	expect(f, "a CREATE empty\r\n", "a OK");
	expect(f, "a SELECT empty\r\n", "a OK");
	says(f, "a FETCH * UID\r\n", "a BAD No such message number\r\n");
	says(f, "a UID FETCH 1:* FLAGS\r\n", "a OK UID FETCH completed\r\n");
	fake_conn_free(f);
}

/* 7.1: EXPUNGEISSUED, and that a message gone meanwhile is told of with its number. */
static void gone_meanwhile(void **state)
{
	struct fake_conn *f = with(*state, 3), *other = another(*state);

	say(other, "STORE 2 +FLAGS (\\Deleted)\nEXPUNGE\nSTORE 1 +FLAGS (\\Flagged)");
	says(f, "h SEARCH SUBJECT x\r\n",
	     "* ESEARCH (TAG \"h\") ALL 1,3\r\n* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n"
	     "h OK [EXPUNGEISSUED] SEARCH completed\r\n");
	says(f, "h NOOP\r\n", "* 2 EXPUNGE\r\nh OK NOOP completed\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

static void append_text(struct fake_conn *f, const char *arguments, const char *text)
{
	char *line = mem_printf("ap APPEND INBOX %s{%zu+}\r\n%s\r\n", arguments, strlen(text), text);

	expect(f, line, "ap OK");
	free(line);
}

/* 8, from ENABLE on: message 12 is ours, number 1. */
static void sample(void **state)
{
	static const char header[] =
		"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
		"From: Terry Gray <gray@cac.washington.edu>\r\n"
		"Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
		"To: imap@cac.washington.edu\r\n"
		"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
		"Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
		"\r\n";
	static const struct exchange talk[] = {
		{ "a003 fetch 1 full\r\n",
		  "* 1 FETCH (FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 09:44:25 +0000\""
		  " RFC822.SIZE 352 ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\""
		  " \"IMAP4rev2 WG mtg summary and minutes\""
		  " ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))"
		  " ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))"
		  " ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))"
		  " ((NIL NIL \"imap\" \"cac.washington.edu\"))"
		  " ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
		  "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL"
		  " \"<B27397-0100000@cac.washington.edu>\")"
		  " BODY (\"text\" \"plain\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7bit\" 10 1))\r\n"
		  "a003 OK FETCH completed\r\n" },
		{ "a005 store 1 +flags \\deleted\r\n",
		  "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Seen))\r\na005 OK STORE completed\r\n" },
		{ "a006 logout\r\n", "* BYE Goodbye\r\na006 OK LOGOUT completed\r\n" },
	};
	struct fake_conn *f = rev2(*state);
	char *text = mem_printf("%sMinutes.\r\n", header), *said;

	append_text(f, "(\\Seen) \"17-Jul-1996 02:44:25 -0700\" ", text);
	has(expect(f, "a002 select inbox\r\n", "a002 OK [READ-WRITE] SELECT completed"),
	    "\"/\" INBOX (\"OLDNAME\" (\"inbox\"))\r\n");
	said = mem_printf("* 1 FETCH (BODY[HEADER] {%zu}\r\n%s)\r\na004 OK FETCH completed\r\n",
			  strlen(header), header);
	says(f, "a004 fetch 1 body[header]\r\n", said);
	CONVERSE(f, talk);
	free(said);
	free(text);
	fake_conn_free(f);
}

/* 6.4.5.1, 7.5.2: MESSAGE/GLOBAL has parts as MESSAGE/RFC822 has, and a structure. */
static void global(void **state)
{
	static const char text[] =
		"Subject:\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
		"--b\r\nContent-Type: message/global\r\n\r\n"
		"Subject: \320\264\320\260\r\n\r\nx\r\n\r\n--b--\r\n";
	static const struct exchange talk[] = {
		{ "a FETCH 1 BODY.PEEK[1.HEADER]\r\n",
		  "* 1 FETCH (BODY[1.HEADER] {17}\r\nSubject: \320\264\320\260\r\n\r\n)\r\n"
		  "a OK FETCH completed\r\n" },
		{ "a FETCH 1 BODY.PEEK[1.1]\r\n",
		  "* 1 FETCH (BODY[1.1] {3}\r\nx\r\n)\r\na OK FETCH completed\r\n" },
	};
	struct fake_conn *f = rev2(*state);
	const char *said;

	append_text(f, "", text);
	expect(f, "a SELECT INBOX\r\n", "a OK");
	CONVERSE(f, talk);
	said = expect(f, "a FETCH 1 (ENVELOPE BODYSTRUCTURE)\r\n", "a OK");
	/* Present but empty. */
	has(said, "ENVELOPE (NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)");
	has(said, "(\"message\" \"global\" NIL NIL NIL \"7bit\" 20 (NIL ");
	fake_conn_free(f);
}

/* 7.6: the example; strings as literals, and what is no command. */
static void continuation(void **state)
{
	struct fake_conn *f = client(*state, true);

	says(f, "A001 LOGIN {11}\r\n", "+ OK\r\n");
	says(f, "FRED FOOBAR {7}\r\n", "+ OK\r\n");
	expect(f, "fat man\r\n", "A001 NO [AUTHENTICATIONFAILED]");
	says(f, "A044 BLURDYBLOOP {102856}\r\n", "A044 BAD Unknown command\r\n");
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(noop), WORLD(idle), WORLD(ends), WORLD(messages), WORLD(gone_meanwhile),
		WORLD(sample), WORLD(global), WORLD(continuation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
