/* CATENATE (RFC 4469) and REPLACE (RFC 8508): the examples of both, and what is refused. */
#include "imap_world.h"

static const char draft[] =
	"Subject: a draft\r\n"
	"Content-Type: multipart/mixed; boundary=\"b\"\r\n"
	"\r\n"
	"--b\r\n"
	"Content-Type: text/plain\r\n"
	"\r\n"
	"the text\r\n"
	"--b\r\n"
	"Content-Type: application/zip\r\n"
	"\r\n"
	"old zip\r\n"
	"--b--\r\n";
static const char attachment[] = "Content-Type: text/plain\r\n\r\nnew part\r\n";

static void put(struct fake_conn *f, const char *folder, const char *message)
{
	char *command = mem_printf("p APPEND %s {%zu+}\r\n%s\r\n", folder, strlen(message), message);

	expect(f, command, "p OK [APPENDUID ");
	free(command);
}

/* UIDVALIDITY of Drafts, where UID 1 and 2 are made. */
static struct fake_conn *drafts(struct world *w, char validity[20])
{
	struct fake_conn *f = logged_in(w);
	const char *said;

	put(f, "Drafts", draft);
	put(f, "Drafts", attachment);
	said = fake_conn_say(f, "s STATUS Drafts (UIDVALIDITY)\r\n");
	snprintf(validity, 20, "%lu", strtoul(strstr(said, "UIDVALIDITY ") + 12, NULL, 10));
	return f;
}

static char *with(const char *text, const char *validity)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	for (; *text; text++)
		if (*text == '@')
			buf_add_text(&out, validity);
		else
			buf_add_byte(&out, *text);
	return buf_take_string(&out);
}

static const char *say(struct fake_conn *f, const char *text, const char *validity)
{
	char *command = with(text, validity);
	const char *said = fake_conn_say(f, command);

	free(command);
	return said;
}

/* Example 1: an attachment is exchanged. */
static void exchange(void **state)
{
	char v[20];
	struct fake_conn *f = drafts(*state, v);

	assert_string_equal(say(f, "A003 APPEND Drafts (\\Seen \\Draft $MDNSent) CATENATE"
		" (URL \"/Drafts;UIDVALIDITY=@/;UID=1/;section=HEADER\" TEXT {7}\r\n", v),
		"+ Send the message\r\n");
	assert_string_equal(fake_conn_say(f, "\r\n--b\r\n"), "");
	assert_string_equal(say(f, " URL \"/Drafts;UIDVALIDITY=@/;UID=1/;section=1.MIME\""
		" URL \"/Drafts;UIDVALIDITY=@/;UID=1/;section=1\" TEXT {7}\r\n", v),
		"+ Send the message\r\n");
	assert_string_equal(fake_conn_say(f, "\r\n--b\r\n"), "");
	assert_string_equal(say(f, " URL \"/Drafts;UIDVALIDITY=@/;UID=2\" TEXT {7}\r\n", v),
		"+ Send the message\r\n");
	assert_string_equal(fake_conn_say(f, "--b--\r\n"), "");
	has(fake_conn_say(f, ")\r\n"), " 3] APPEND completed\r\n");
	expect(f, "a SELECT Drafts\r\n", "a OK");
	has(fake_conn_say(f, "b FETCH 3 (FLAGS BODY.PEEK[])\r\n"),
	    "Subject: a draft\r\n"
	    "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n\r\n--b\r\n"
	    "Content-Type: text/plain\r\n\r\nthe text\r\n--b\r\n"
	    "Content-Type: text/plain\r\n\r\nnew part\r\n--b--\r\n)");
	has(fake_conn_say(f, "b FETCH 3 FLAGS\r\n"), "\\Seen \\Draft \\Recent $MDNSent");
	fake_conn_free(f);
}

/* Examples 2 and 3 in one command each, with literals that come unasked. */
static void in_one_go(void **state)
{
	static const struct { const char *command, *bytes; } cases[] = {
		{ "a APPEND Drafts (\\Seen) CATENATE (TEXT {16+}\r\nSubject: new\r\n\r\n"
		  " URL \"/Drafts;UIDVALIDITY=@/;UID=1/;Section=2.MIME\""
		  " URL \"/Drafts;UIDVALIDITY=@/;UID=1/;Section=2\" TEXT {3+}\r\nend)\r\n",
		  "Subject: new\r\n\r\nContent-Type: application/zip\r\n\r\nold zipend" },
		/* without UIDVALIDITY; a slash before the UID (RFC 8508 4.2); an atom */
		{ "a APPEND Drafts CATENATE (URL /Drafts/;UID=1/;section=1 TEXT {1+}\r\n!)\r\n",
		  "the text!" },
		/* of the selected mailbox (RFC 5092 9.1), a literal, a partial */
		{ "a APPEND Drafts CATENATE (URL \";UID=1/;SECTION=1/;PARTIAL=4.2\")\r\n", "te" },
		{ "a APPEND Drafts CATENATE (URL {17+}\r\n;UID=1/;SECTION=1 TEXT {0+}\r\n TEXT {2+}\r\n..)\r\n",
		  "the text.." },
		{ "a APPEND Drafts CATENATE (URL \"/x/../Drafts;UIDVALIDITY=@/;UID=1/;section=1\")\r\n",
		  "the text" },
		{ "a APPEND Drafts CATENATE (URL \"/D%72afts/;uid=1/;section=header.fields%20(subject)\")\r\n",
		  "Subject: a draft\r\n\r\n" },
		/* with MULTIAPPEND */
		{ "a APPEND Drafts {1+}\r\nx (\\Seen) CATENATE (URL \";UID=1/;section=1\") CATENATE"
		  " (TEXT {1+}\r\ny URL \";UID=1/;section=1/;PARTIAL=4\")\r\n", "ytext" },
	};
	char v[20];
	struct fake_conn *f = drafts(*state, v);

	expect(f, "s SELECT Drafts\r\n", "s OK");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *said;
		char *part;

		has(say(f, cases[i].command, v), "a OK [APPENDUID ");
		said = fake_conn_say(f, "z UID FETCH * (BODY.PEEK[])\r\n");
		part = mem_printf("BODY[] {%zu}\r\n%s UID", strlen(cases[i].bytes), cases[i].bytes);
		has(said, part);
		free(part);
	}
	/* The URLs' messages got no \Seen. */
	has(fake_conn_say(f, "z FETCH 1 FLAGS\r\n"), "FLAGS (\\Recent)");
	fake_conn_free(f);
}

/* Example 4 and the like: none comes, the first bad URL is told, what follows is read. */
static void bad_urls(void **state)
{
	static const char *const urls[] = {
		"/INBOX;UIDVALIDITY=785799047/;UID=113330/;section=1.5.9",
		"/Drafts;UIDVALIDITY=1/;UID=1", "/Drafts/;UID=77", "/Drafts/;UID=0",
		"/Drafts/;UID=1/;section=9", "/Drafts/;UID=1/;section=", "/Drafts/;UID=1/;section=1.",
		"/Drafts/;UID=1/;section=1.BAD", "/Drafts/;UID=1/;PARTIAL=", "/Drafts/;UID=1/;PARTIAL=1.0",
		"/Drafts/;UID=1/;URLAUTH=anonymous", "/Drafts", "/Drafts/", "/", "/;UID=1", "Drafts/;UID=1",
		"//server/Drafts/;UID=1", "imap://admin@mx.example.org/Drafts/;UID=1", ";UID=1",
		"/Nowhere/;UID=1", "/Drafts/;UID=1;UIDVALIDITY=1", "/Drafts/;UID=1/x", "/Dr%zzafts/;UID=1",
		"/Drafts/;UID=99999999999", "/../../;UID=1", "/Drafts;UIDVALIDITY=0/;UID=1",
	};
	char v[20];
	struct fake_conn *f = drafts(*state, v);

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		char *command = mem_printf("a APPEND Sent (\\Seen $MDNSent) CATENATE (TEXT {3+}\r\na\r\n"
			" URL \"/Drafts;UIDVALIDITY=%s/;UID=1\" URL \"%s\" TEXT {8+}\r\nb NOOP\r\n"
			" URL \"/x\" TEXT {8+}\r\nb NOOP\r\n)\r\nc NOOP\r\n", v, urls[i]);
		char *answer = mem_printf("a NO [BADURL %s] There is no such message or part\r\n"
					  "c OK NOOP completed\r\n", urls[i]);

		assert_string_equal(fake_conn_say(f, command), answer);
		free(command);
		free(answer);
	}
	has(fake_conn_say(f, "s STATUS Sent (MESSAGES UIDNEXT)\r\n"), "(MESSAGES 0 UIDNEXT 1)");
	fake_conn_free(f);
}

static void refused(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		{ "a APPEND Sent CATENATE (TEXT {0+}\r\n)\r\n", "a NO [CANNOT] An empty message is none\r\n" },
		{ "a APPEND Sent CATENATE ()\r\n", "a BAD APPEND: expected TEXT or URL\r\n" },
		{ "a APPEND Sent CATENATE (TEXT {1+}\r\nx\r\n", "a BAD APPEND: expected a space\r\n" },
		{ "a APPEND Sent CATENATE (TEXT {1+}\r\nx) y\r\n", "a BAD APPEND: expected a message as a literal\r\n" },
		{ "a APPEND Sent CATENATE (TEXT \"x\")\r\n", "a BAD APPEND: expected a text as a literal\r\n" },
		{ "a APPEND Nowhere CATENATE (URL \"/Drafts/;UID=1\" TEXT {8+}\r\nb NOOP\r\n)\r\n",
		  "a NO [TRYCREATE] There is no such mailbox\r\n" },
		{ "a APPEND Sent CATENATE (TEXT {1}\r\n", "+ Send the message\r\n" },
		{ "x URL {9000}\r\n", "a NO [TOOBIG] That literal is too long\r\n" },
		{ "a APPEND Sent CATENATE (TEXT {1+}\r\nx TEXT {1048576}\r\n",
		  "a NO [TOOBIG] The message is too large\r\n" },
	};
	char v[20];
	struct fake_conn *f = drafts(*state, v);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(fake_conn_say(f, cases[i].command), cases[i].answer);
	has(fake_conn_say(f, "s STATUS Sent (MESSAGES)\r\n"), "(MESSAGES 0)");
	fake_conn_free(f);
}

/* Pieces that are larger than any buffer on their way. */
static void large(void **state)
{
	struct fake_conn *f = logged_in(*state);
	struct buf text;

	buf_init(&text, 2 << 20);
	buf_add_text(&text, "a APPEND Sent {400000+}\r\n");
	for (int i = 0; i < 40000; i++)
		buf_printf(&text, "%08d\r\n", i);
	buf_add_text(&text, "\r\nb APPEND Drafts CATENATE (URL \"/Sent/;UID=1\" TEXT {3+}\r\nxxx"
			    " URL \"/Sent/;UID=1\")\r\n");
	fake_conn_feed(f, buf_slice(&text));
	assert_true(fake_conn_settle(f));
	has(fake_conn_take(f), "b OK [APPENDUID ");
	expect(f, "s SELECT Drafts\r\n", "s OK");
	has(fake_conn_say(f, "c FETCH 1 (RFC822.SIZE BODY.PEEK[]<399998.15>)\r\n"),
	    "RFC822.SIZE 800003 BODY[]<399998> {15}\r\n\r\nxxx00000000\r\n)");
	expect(f, "d STORE 1 +FLAGS.SILENT \\Deleted\r\n", "d OK");
	/* And too large in the end. */
	assert_string_equal(fake_conn_say(f, "b APPEND Drafts CATENATE (URL \"/Sent/;UID=1\""
			    " URL \"/Sent/;UID=1\" URL \"/Sent/;UID=1\" TEXT {8+}\r\nb NOOP\r\n)\r\n"),
			    "b NO [TOOBIG] The message is too large\r\n");
	buf_release(&text);
	fake_conn_free(f);
}

/* A message of URLs counts as any other. */
static void too_many(void **state)
{
	char v[20];
	struct fake_conn *f = drafts(*state, v);
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_add_text(&text, "a APPEND Sent");
	for (int i = 0; i < 501; i++)
		buf_add_text(&text, " CATENATE (URL /Drafts/;UID=2)");
	buf_add_text(&text, "\r\n");
	fake_conn_feed(f, buf_slice(&text));
	assert_true(fake_conn_settle(f));
	assert_string_equal(fake_conn_take(f),
			    "a NO [LIMIT] Those are too many messages for one command\r\n");
	has(fake_conn_say(f, "s STATUS Sent (MESSAGES)\r\n"), "(MESSAGES 0)");
	buf_release(&text);
	fake_conn_free(f);
}

/* ---- REPLACE ---- */

static const char fireworks[] =
	"Date: Thu, 1 Jan 2015 00:05:00 -0500 (EST)\r\n"
	"From: Fritz Schmidt <fritz.ze@example.org>\r\n"
	"Subject: happy new year !!\r\n"
	"To: miss.mitzy@example.org\r\n"
	"Message-Id: <B238822388-0100000@example.org>\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
	"\r\n"
	"Just saw the best fireworks show. Wish you were here.\r\n";

static const char *blurred(const char *said, char *out, size_t size)
{
	snprintf(out, size, "%s", said);
	blur(out);
	return out;
}

/* RFC 8508 3.2, 3.3 and the end of 4.2. */
static void replacing(void **state)
{
	struct fake_conn *f = logged_in(*state), *g = logged_in(*state);
	char out[4000], *command;

	for (int i = 0; i < 4; i++)
		put(f, "Drafts", attachment);
	expect(f, "s SELECT Drafts\r\n", "s OK");
	expect(g, "s EXAMINE Drafts\r\n", "s OK");
	command = mem_printf("A003 REPLACE 4 Drafts (\\Seen \\Draft) {%zu}\r\n", strlen(fireworks));
	assert_string_equal(fake_conn_say(f, command), "+ Send the message\r\n");
	free(command);
	assert_string_equal(fake_conn_say(f, fireworks), "");
	assert_string_equal(blurred(fake_conn_say(f, "\r\n"), out, sizeof(out)),
		"* OK [APPENDUID 0 5] Replacement message ready\r\n"
		"* 5 EXISTS\r\n* 5 RECENT\r\n* 4 EXPUNGE\r\n* 4 RECENT\r\nA003 OK REPLACE completed\r\n");
	command = mem_printf("A004 UID REPLACE 5 Drafts (\\Seen \\Draft) {%zu+}\r\n%s\r\n",
			     strlen(fireworks), fireworks);
	has(blurred(fake_conn_say(f, command), out, sizeof(out)),
	    "* OK [APPENDUID 0 6] Replacement message ready\r\n* 5 EXISTS\r\n");
	has(out, "* 4 EXPUNGE\r\n");
	has(out, "A004 OK UID REPLACE completed\r\n");
	free(command);
	has(blurred(fake_conn_say(f, "A011 UID REPLACE 6 Drafts CATENATE (TEXT {30+}\r\n"
		"To: Mitzy <mitzy@example.org>\n URL \"/Drafts/;UID=6\")\r\n"), out, sizeof(out)),
	    "* OK [APPENDUID 0 7] Replacement message ready\r\n* 5 EXISTS\r\n");
	has(fake_conn_say(f, "b FETCH * (FLAGS BODY.PEEK[HEADER.FIELDS (To)])\r\n"),
	    "To: Mitzy <mitzy@example.org>\r\nTo: miss.mitzy@example.org\r\n");
	/* To another mailbox, with its name as a literal; the others hear of it. */
	has(fake_conn_say(f, "c REPLACE 1 {4+}\r\nSent \"01-Jan-2015 00:00:00 +0000\" {3+}\r\nabc\r\n"),
	    "* 1 EXPUNGE\r\n");
	has(fake_conn_say(f, "s STATUS Sent (MESSAGES)\r\n"), "(MESSAGES 1)");
	has(fake_conn_say(g, "n NOOP\r\n"), "EXPUNGE\r\n");
	has(fake_conn_say(g, "n FETCH 1:* UID\r\n"), "* 3 FETCH (UID 7)\r\nn OK");
	fake_conn_free(f);
	fake_conn_free(g);
}

/* What fails leaves the old one. */
static void not_replaced(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		{ "a REPLACE 2 Drafts {3+}\r\nabc\r\n", "a BAD No such message number\r\n" },
		{ "a REPLACE 1:2 Drafts {3+}\r\nabc\r\n", "a BAD REPLACE: expected one message\r\n" },
		{ "a UID REPLACE 2 Drafts {3+}\r\nabc\r\n",
		  "a NO [NONEXISTENT] There is no message of that UID\r\n" },
		{ "a REPLACE 1 Nowhere {8+}\r\nb NOOP\r\n\r\n",
		  "a NO [TRYCREATE] There is no such mailbox\r\n" },
		{ "a REPLACE 1 Drafts {0+}\r\n\r\n", "a NO [CANNOT] An empty message is none\r\n" },
		{ "a REPLACE 1 Drafts {3+}\r\nabc {3+}\r\nabc\r\n",
		  "a BAD REPLACE: expected nothing behind the message\r\n" },
		{ "a REPLACE 1 Drafts {1048577}\r\n", "a NO [TOOBIG] The message is too large\r\n" },
		{ "a REPLACE 1 Drafts CATENATE (URL \"/x/;UID=1\")\r\n",
		  "a NO [BADURL /x/;UID=1] There is no such message or part\r\n" },
		{ "a REPLACE 1\r\n", "a BAD REPLACE: expected a space\r\n" },
		{ "a REPLACE 1 Drafts x\r\n", "a BAD REPLACE: expected a message as a literal\r\n" },
	};
	struct fake_conn *f = logged_in(*state), *g = logged_in(*state);

	assert_string_equal(fake_conn_say(f, "a REPLACE 1 Drafts {3}\r\n"),
			    "a BAD Select a mailbox first\r\n");
	put(f, "Drafts", attachment);
	expect(f, "s SELECT Drafts\r\n", "s OK");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(fake_conn_say(f, cases[i].command), cases[i].answer);
		assert_string_equal(fake_conn_say(f, "n NOOP\r\n"), "n OK NOOP completed\r\n");
	}
	has(fake_conn_say(f, "n FETCH 1:* (UID FLAGS)\r\n"), "* 1 FETCH (UID 1 FLAGS (\\Recent))\r\nn OK");
	/* Somebody else expunges it while the new one comes. */
	assert_string_equal(fake_conn_say(f, "a REPLACE 1 Drafts {3}\r\n"), "+ Send the message\r\n");
	expect(g, "s SELECT Drafts\r\n", "s OK");
	expect(g, "s STORE 1 +FLAGS.SILENT \\Deleted\r\n", "s OK");
	expect(g, "s EXPUNGE\r\n", "s OK");
	has(fake_conn_say(f, "abc\r\n"), "a NO [EXPUNGEISSUED]");
	has(fake_conn_say(f, "s STATUS Drafts (MESSAGES)\r\n"), "(MESSAGES 0)");
	put(f, "Drafts", attachment);
	expect(f, "s EXAMINE Drafts\r\n", "s OK");
	assert_string_equal(fake_conn_say(f, "a REPLACE 1 Drafts {3}\r\n"),
			    "a NO [CANNOT] The mailbox was opened read-only\r\n");
	fake_conn_free(f);
	fake_conn_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(exchange),
		WORLD(in_one_go),
		WORLD(bad_urls),
		WORLD(refused),
		WORLD(large),
		WORLD(too_many),
		WORLD(replacing),
		WORLD(not_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
