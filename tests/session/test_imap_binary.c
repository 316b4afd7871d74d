/* BINARY (RFC 3516), PREVIEW (RFC 8970) and UTF8=ACCEPT (RFC 6855). */
#include "imap_world.h"

static const char parts[] =
	"Subject: =?utf-8?q?parts?=\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=\"b\"\r\n"
	"\r\n"
	"--b\r\n"
	"Content-Type: text/plain; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n"
	"\r\n"
	"caf=E9 =\r\nhere\r\nline=0Atwo\r\n"
	"--b\r\n"
	"Content-Type: application/octet-stream\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"AAECAwQF\r\nBgcICQ==\r\n"
	"--b\r\n"
	"Content-Type: text/plain\r\n"
	"Content-Transfer-Encoding: x-mystery\r\n"
	"\r\n"
	"??\r\n"
	"--b\r\n"
	"Content-Type: text/plain\r\n"
	"\r\n"
	"plain\r\n"
	"--b\r\n"
	"Content-Type: message/rfc822\r\n"
	"\r\n"
	"Subject: in\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"aGVsbG8=\r\n"
	"--b--\r\n";

static struct fake_conn *with_message(struct world *w, const char *message)
{
	struct fake_conn *f = logged_in(w);
	char *command = mem_printf("p APPEND INBOX {%zu+}\r\n%s\r\n", strlen(message), message);

	expect(f, command, "p OK [APPENDUID ");
	free(command);
	expect(f, "s SELECT INBOX\r\n", "s OK");
	return f;
}

/* What fetch_conn_say() cannot show: there are NULs in it. */
static bool answers(struct fake_conn *f, const char *command, const char *bytes, size_t len)
{
	size_t before = f->output.len;

	fake_conn_say(f, command);
	return memmem(f->output.data + before, f->output.len - before, bytes, len) != NULL;
}

static void fetching(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		{ "BINARY.PEEK[1]", "BINARY[1] {19}\r\ncaf\xe9 here\r\nline\ntwo)" },
		{ "BINARY.SIZE[1]", "BINARY.SIZE[1] 19)" },
		{ "BINARY.PEEK[1]<3.4>", "BINARY[1]<3> {4}\r\n\xe9 he)" },
		{ "BINARY.PEEK[1]<18.100>", "BINARY[1]<18> {1}\r\no)" },
		{ "BINARY.PEEK[1]<19.100>", "BINARY[1]<19> \"\")" },
		{ "BINARY.SIZE[2]", "BINARY.SIZE[2] 10)" },
		{ "BINARY.PEEK[4]", "BINARY[4] {5}\r\nplain)" },
		{ "BINARY.PEEK[2]<1.3>", "BINARY[2]<1> ~{3}\r\n\x01\x02\x03)" },
		{ "BINARY.PEEK[5.1]", "BINARY[5.1] {5}\r\nhello)" },
		{ "BINARY.SIZE[5]", "BINARY.SIZE[5] 58)" },
		{ "BINARY.PEEK[9]", "BINARY[9] NIL)" },
		{ "BINARY.PEEK[5]", "BINARY[5] {58}\r\nSubject: in\r\n" },
		{ "BINARY.PEEK[]<0.7>", "BINARY[]<0> {7}\r\nSubject)" },
	};
	static const char *const wrong[] = {
		"BINARY", "BINARY.SIZE[1]<0.5>", "BINARY[1.MIME]", "BINARY[HEADER]", "BINARY[TEXT]",
		"BINARY.PEEK", "BINARY[1", "BINARY.SIZE", "BINARY.PEEK[1]<0.0>",
	};
	struct fake_conn *f = with_message(*state, parts);
	char command[100], size[40];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(command, sizeof(command), "a FETCH 1 %s\r\n", cases[i].command);
		has(expect(f, command, "a OK"), cases[i].answer);
	}
	assert_true(answers(f, "a FETCH 1 BINARY.PEEK[2]\r\n",
			    "BINARY[2] ~{10}\r\n\0\1\2\3\4\5\6\7\x8\x9)", 28));
	snprintf(size, sizeof(size), "BINARY.SIZE[] %zu)", strlen(parts));
	has(fake_conn_say(f, "a FETCH 1 BINARY.SIZE[]\r\n"), size);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(command, sizeof(command), "a FETCH 1 (%s)\r\n", wrong[i]);
		expect(f, command, "a BAD");
	}
	/* 4.3 */
	assert_string_equal(fake_conn_say(f, "a FETCH 1 BINARY.PEEK[3]\r\n"),
			    "a NO [UNKNOWN-CTE] There is an encoding that is not known\r\n");
	expect(f, "a FETCH 1 BINARY.SIZE[3]\r\n", "a NO [UNKNOWN-CTE]");
	/* \Seen, but for PEEK and SIZE. */
	has(fake_conn_say(f, "a FETCH 1 FLAGS\r\n"), "FLAGS (\\Recent)");
	has(fake_conn_say(f, "a FETCH 1 BINARY[4]\r\n"), "FLAGS (\\Seen \\Recent)");
	fake_conn_free(f);
}

/* 4.4 and 6: what is binary comes back as it was; BODY and BODYSTRUCTURE agree. */
static void appending(void **state)
{
	static const char bytes[] =
		"Content-Type: multipart/mixed; boundary=\"b\"\r\n"
		"Content-Transfer-Encoding: binary\r\n"
		"\r\n"
		"--b\r\n"
		"Content-Type: application/x\r\n"
		"Content-Transfer-Encoding: binary\r\n"
		"\r\n"
		"\0one\r\ntwo\nthree\r\n\r\n"
		"--b\r\n"
		"\r\n"
		"a\0b\r\n"
		"--b\r\n"
		"\r\n"
		"text\r\n"
		"--b--\r\n";
	static const char first[] = "BINARY[1] ~{17}\r\n\0one\r\ntwo\nthree\r\n", second[] = "~{3}\r\na\0b)";
	struct fake_conn *f = logged_in(*state);
	struct buf command;
	const char *said;

	buf_init(&command, 1 << 16);
	buf_printf(&command, "a APPEND INBOX ~{%zu}\r\n", sizeof(bytes) - 1);
	fake_conn_feed(f, buf_slice(&command));
	fake_conn_settle(f);
	assert_string_equal(fake_conn_take(f), "+ Send the message\r\n");
	fake_conn_feed(f, slice_make(bytes, sizeof(bytes) - 1));
	fake_conn_feed(f, SLICE(" ~{4+}\r\nx\0\r\n\r\n"));
	fake_conn_settle(f);
	has(fake_conn_take(f), "a OK [APPENDUID ");
	expect(f, "s SELECT INBOX\r\n", "s OK");
	said = fake_conn_say(f, "b FETCH 1 (BODYSTRUCTURE BODY.PEEK[])\r\n");
	has(said, "(\"application\" \"x\" NIL NIL NIL \"base64\" ");
	has(said, "Content-Transfer-Encoding: 8bit\r\n");
	has(said, "Content-Transfer-Encoding: base64\r\n");
	has(said, "\r\n\r\ntext\r\n--b--\r\n");
	has_not(said, "\x80");
	assert_true(answers(f, "c FETCH 1 BINARY.PEEK[1]\r\n", first, sizeof(first) - 1));
	assert_true(answers(f, "c FETCH 1 BINARY.PEEK[2]\r\n", second, sizeof(second) - 1));
	has(fake_conn_say(f, "c FETCH 1 BINARY.SIZE[1]\r\n"), "BINARY.SIZE[1] 17)");
	assert_true(answers(f, "c FETCH 2 BINARY.PEEK[1]\r\n", "~{4}\r\nx\0\r\n)", 11) ||
		    answers(f, "c FETCH 2 BINARY.PEEK[TEXT]\r\n", "x", 1));
	buf_release(&command);
	fake_conn_free(f);
}

/* A part of rev2, whether the capability is there or not. */
static void switched_off(void **state)
{
	struct world *w = *state;
	struct fake_conn *f;

	turn_off(w, "BINARY");
	turn_off(w, "CATENATE");
	turn_off(w, "MULTIAPPEND");
	turn_off(w, "REPLACE");
	turn_off(w, "PREVIEW");
	f = with_message(w, parts);
	expect(f, "a FETCH 1 BINARY.PEEK[1]\r\n", "a BAD");
	expect(f, "a FETCH 1 PREVIEW\r\n", "a BAD");
	expect(f, "a APPEND INBOX ~{3}\r\n", "a BAD");
	expect(f, "a APPEND INBOX CATENATE (TEXT {3}\r\n", "a BAD");
	expect(f, "a APPEND INBOX {3+}\r\nabc {3}\r\n", "a BAD");
	expect(f, "a REPLACE 1 INBOX {3}\r\n", "a BAD Unknown command");
	fake_conn_free(f);
}

/* ---- PREVIEW ---- */

/* RFC 8970 5's examples, with texts of our own. */
static void previews(void **state)
{
	static const char plain[] = "Subject: x\r\n\r\nMessage data from message 3.\r\n";
	static const char none[] = "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n";
	static const char umlaut[] = "Content-Type: text/html; charset=utf-8\r\n\r\n"
		"<html><style>p {}</style><p>Gr\xc3\xbc\xc3\x9f" "e\r\n &amp; so</p></html>\r\n";
	struct fake_conn *f = with_message(*state, plain);
	struct buf text;

	buf_init(&text, 1 << 16);
	buf_printf(&text, "a APPEND INBOX {%zu+}\r\n%s {%zu+}\r\n%s\r\n", strlen(none), none,
		   strlen(umlaut), umlaut);
	fake_conn_feed(f, buf_slice(&text));
	fake_conn_settle(f);
	has(fake_conn_take(f), "a OK");
	has(expect(f, "A2 FETCH 1 (RFC822.SIZE PREVIEW)\r\n", "A2 OK"),
	    "* 1 FETCH (RFC822.SIZE 44 PREVIEW \"Message data from message 3.\")\r\n");
	has(expect(f, "B1 FETCH 1:3 (PREVIEW (LAZY) UID)\r\n", "B1 OK"), /* made at delivery */
	    "* 2 FETCH (PREVIEW \"\" UID 2)\r\n"
	    "* 3 FETCH (PREVIEW {12}\r\nGr\xc3\xbc\xc3\x9f" "e & so UID 3)\r\n");
	has(expect(f, "C4 UID FETCH 2 PREVIEW\r\n", "C4 OK"), "PREVIEW \"\" UID 2)");
	expect(f, "C4 FETCH 1 PREVIEW (LAZY LAZY)\r\n", "C4 OK");
	expect(f, "C4 FETCH 1 PREVIEW (EAGER)\r\n", "C4 BAD");
	expect(f, "C4 FETCH 1 PREVIEW (LAZY\r\n", "C4 BAD");
	expect(f, "C4 FETCH 1 (PREVIEW ())\r\n", "C4 BAD");
	has(fake_conn_say(f, "C4 FETCH 1 FLAGS\r\n"), "FLAGS (\\Recent)");
	buf_release(&text);
	fake_conn_free(f);
}

/* What another program puts there has none at first: NIL for LAZY, and made without. */
static void preview_of_others(void **state)
{
	struct world *w = *state;
	char *path = mem_printf("%s/Maildir/cur/1.x.y:2,", w->dir);
	FILE *file = fopen(path, "w");
	struct fake_conn *f;

	fputs("Subject: x\n\nPreview!\n", file);
	fclose(file);
	f = logged_in(w);
	expect(f, "s SELECT INBOX\r\n", "s OK");
	has(fake_conn_say(f, "C3 FETCH 1 (UID PREVIEW (LAZY))\r\n"), "* 1 FETCH (UID 1 PREVIEW NIL)");
	has(fake_conn_say(f, "C4 UID FETCH 1 (PREVIEW)\r\n"), "PREVIEW \"Preview!\"");
	fake_conn_say(f, "n NOOP\r\n");
	has(fake_conn_say(f, "C3 FETCH 1 (UID PREVIEW (LAZY))\r\n"), "PREVIEW \"Preview!\"");
	/* and no file is opened for it */
	unlink(path);
	has(fake_conn_say(f, "C3 FETCH 1 PREVIEW\r\n"), "PREVIEW \"Preview!\"");
	free(path);
	fake_conn_free(f);
}

/* ---- UTF8=ACCEPT ---- */

static void utf8(void **state)
{
	static const char eai[] = "From: \xc3\xbc@example.org\r\n\r\nx\r\n";
	struct fake_conn *f = logged_in(*state);
	char *plain = mem_printf("a APPEND INBOX {%zu+}\r\n%s\r\n", strlen(eai), eai);
	char *marked = mem_printf("a APPEND INBOX (\\Seen) UTF8 (~{%zu+}\r\n%s)\r\n", strlen(eai), eai);
	char *part = mem_printf("a APPEND INBOX CATENATE (UTF8 (~{%zu+}\r\n%s) TEXT {1+}\r\ny)\r\n",
				strlen(eai), eai);

	/* Old mail has 8-bit headers, whatever 4 says of a client that enables nothing. */
	expect(f, plain, "a OK [APPENDUID ");
	expect(f, marked, "a OK [APPENDUID ");
	expect(f, part, "a OK [APPENDUID ");
	expect(f, "a APPEND INBOX {10+}\r\na: b\r\n\r\n\xc3\xbc\r\n", "a OK");
	/* 3: names as modified UTF-7 before, as UTF-8 after. */
	expect(f, "a CREATE Gr&APw-n\r\n", "a OK");
	has(fake_conn_say(f, "a LIST \"\" Gr*\r\n"), " Gr&APw-n\r\n");
	assert_string_equal(fake_conn_say(f, "a ENABLE UTF8=ACCEPT\r\n"),
			    "* ENABLED UTF8=ACCEPT\r\na OK ENABLE completed\r\n");
	has(fake_conn_say(f, "a LIST \"\" Gr*\r\n"), " \"Gr\xc3\xbcn\"\r\n");
	expect(f, "a SELECT \"Gr\xc3\xbcn\"\r\n", "a OK");
	expect(f, "a STATUS {5+}\r\nGr\xc3\xbcn (MESSAGES)\r\n", "a OK");
	expect(f, "a CREATE \"\xe2\x98\x83/x\"\r\n", "a OK");
	expect(f, "a CREATE \"bad\xff\"\r\n", "a BAD");
	expect(f, "a CREATE \"ctl\xc2\x85\"\r\n", "a NO");
	expect(f, "a CREATE \"ls\xe2\x80\xa8\"\r\n", "a NO");
	expect(f, plain, "a OK [APPENDUID ");
	expect(f, marked, "a OK [APPENDUID ");
	expect(f, part, "a OK [APPENDUID ");
	expect(f, "a APPEND INBOX UTF8 ({3}\r\n", "a BAD");
	expect(f, "a APPEND INBOX UTF8 (~{3+}\r\nabc\r\n", "a BAD");
	/* 3: no charset any more. */
	expect(f, "a SELECT INBOX\r\n", "a OK");
	expect(f, "a SEARCH CHARSET UTF-8 ALL\r\n", "a BAD");
	has(fake_conn_say(f, "a SEARCH FROM \"\xc3\xbc\"\r\n"), "* SEARCH 1 2 3 5 6 7\r\n");
	has(fake_conn_say(f, "a FETCH 3 BODY.PEEK[HEADER]\r\n"), "From: \xc3\xbc@example.org\r\n");
	free(plain);
	free(marked);
	free(part);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(fetching),
		WORLD(appending),
		WORLD(switched_off),
		WORLD(previews),
		WORLD(preview_of_others),
		WORLD(utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
