/* SORT and THREAD (RFC 5256), SORT=DISPLAY (RFC 5957), their order I18NLEVEL=1 (RFC 5255). */
#include "imap_world.h"

static void append(struct fake_conn *f, const char *date, const char *text)
{
	char *line = mem_printf("ap APPEND INBOX \"%s 12:00:00 +0000\" {%zu+}\r\n%s\r\n",
				date, strlen(text), text);

	expect(f, line, "ap OK");
	free(line);
}

static const struct { const char *date, *text; } letters[] = {
	{ " 1-Feb-1994",
	  "Date: Mon, 31 Jan 1994 23:30:00 -0800\r\nFrom: Zoe <adam@one.example>\r\n"
	  "To: bob@x\r\nSubject: [list] Re: apples\r\nMessage-ID: <1@x>\r\n"
	  "References: <0@x>\r\n\r\nshort\r\n" },
	{ "17-Jul-1996",
	  "Date: Tue, 1 Feb 1994 07:00:00 +0000\r\nFrom: =?UTF-8?Q?=C3=84nne?= <zoe@one.example>\r\n"
	  "To: Group: carol@x;\r\nCc: carol@x\r\nSubject: =?UTF-8?B?QmFuYW5hcw==?=\r\n"
	  "Message-ID: <2@x>\r\n\r\na somewhat longer one\r\n" },
	{ " 2-Feb-1994",
	  "From: eve@one.example\r\nSubject: Apples (fwd)\r\nMessage-ID: <3@x>\r\n"
	  "In-Reply-To: <1@x>\r\n\r\nfar and away the longest of all of these messages here\r\n" },
	{ " 3-Feb-1994",
	  "Date: 2 Feb 1994 99:00\r\nFrom: =?UTF-8?Q?=C3=A4nne?= <bob@one.example>\r\n"
	  "To: =?UTF-8?Q?alice?= <zed@x>\r\nSubject: bananas\r\nMessage-ID: <4@x>\r\n\r\nx\r\n" },
	{ " 4-Feb-1994",
	  "Date: Fri, 4 Feb 1994 00:00:00 +0000\r\nFrom: bob@a.example\r\nMessage-ID: <5@x>\r\n"
	  "References: <\"3\"@x>\r\n\r\nempty subject\r\n" },
};

static struct fake_conn *with_letters(struct world *w)
{
	struct fake_conn *f = logged_in(w);

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		append(f, letters[i].date, letters[i].text);
	/* UIDs are not numbers. */
	append(f, " 5-Feb-1994", "Subject: gone\r\n\r\n");
	expect(f, "s SELECT INBOX\r\n", "s OK");
	return f;
}

static void sorts(void **state)
{
	static const struct { const char *program, *order; } rows[] = {
		{ "(ARRIVAL)", " 1 3 4 5 6 2" },
		{ "(REVERSE ARRIVAL)", " 2 6 5 4 3 1" },
		/* 1 is at 07:30 UTC; 3 and 6 have INTERNALDATE; 4 has no time of day. */
		{ "(DATE)", " 2 1 4 3 5 6" },
		{ "(REVERSE DATE)", " 6 5 3 4 1 2" },
		{ "(FROM)", " 6 1 4 5 3 2" },
		{ "(REVERSE FROM)", " 2 3 4 5 1 6" },
		{ "(TO)", " 3 5 6 1 2 4" },
		{ "(CC)", " 1 3 4 5 6 2" },
		{ "(SIZE)", " 6 5 3 4 1 2" },
		{ "(SUBJECT)", " 5 1 3 2 4 6" },
		{ "(SUBJECT REVERSE DATE)", " 5 3 1 4 2 6" },
		{ "(REVERSE SUBJECT)", " 6 2 4 1 3 5" },
		/* A is before U+0308, and titles are in capitals. */
		{ "(DISPLAYFROM)", " 6 2 4 5 3 1" },
		{ "(DISPLAYFROM REVERSE DATE)", " 6 4 2 5 3 1" },
		{ "(DISPLAYTO)", " 3 5 6 4 1 2" },
		{ "(reverse displayto SIZE)", " 2 1 4 6 5 3" },
	};
	struct fake_conn *f = with_letters(*state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *line = mem_printf("a SORT %s UTF-8 ALL\r\n", rows[i].program);
		const char *said;
		char *want = mem_printf("* SORT%s\r\na OK SORT completed\r\n", rows[i].order);

		said = fake_conn_say(f, line);
		if (strcmp(said, want) != 0)
			fail_msg("%s: %s not %s", line, said, rows[i].order);
		free(line);
		free(want);
	}
	fake_conn_free(f);
}

/* The examples of RFC 5256 3, BASE.6.4.SORT, with fewer messages. */
static void sort_examples(void **state)
{
	struct fake_conn *f = with_letters(*state);

	assert_string_equal(fake_conn_say(f, "A282 SORT (SUBJECT) UTF-8 SINCE 3-Feb-1994\r\n"),
			    "* SORT 5 2 4 6\r\nA282 OK SORT completed\r\n");
	assert_string_equal(fake_conn_say(f, "A283 SORT (SUBJECT REVERSE DATE) UTF-8 ALL\r\n"),
			    "* SORT 5 3 1 4 2 6\r\nA283 OK SORT completed\r\n");
	assert_string_equal(fake_conn_say(f, "A284 SORT (SUBJECT) US-ASCII TEXT \"not in mailbox\"\r\n"),
			    "* SORT\r\nA284 OK SORT completed\r\n");
	/* UIDs, and keys in another charset. */
	expect(f, "s STORE 6 FLAGS \\Deleted\r\n", "s OK");
	expect(f, "s STORE 1 FLAGS \\Deleted\r\n", "s OK");
	expect(f, "s EXPUNGE\r\n", "s OK");
	assert_string_equal(fake_conn_say(f, "a UID SORT (SUBJECT) UTF-8 ALL\r\n"),
			    "* SORT 5 3 2 4\r\na OK UID SORT completed\r\n");
	assert_string_equal(fake_conn_say(f, "a SORT (SUBJECT) UTF-8 2:*\r\n"),
			    "* SORT 4 2 3\r\na OK SORT completed\r\n");
	assert_string_equal(fake_conn_say(f, "a SORT (DATE) ISO-8859-1 FROM {5+}\r\n\xE4nne\r\n"),
			    "* SORT\r\na OK SORT completed\r\n");
	fake_conn_free(f);
}

static void errors(void **state)
{
	static const struct { const char *line, *status; } rows[] = {
		{ "a SORT (SUBJECT) WHO-KNOWS ALL\r\n", "a NO [BADCHARSET (US-ASCII UTF-8)]" },
		{ "a THREAD REFERENCES WHO-KNOWS ALL\r\n", "a NO [BADCHARSET" },
		{ "a SORT (SUBJECT) UTF-8\r\n", "a BAD" }, { "a SORT (SUBJECT) ALL\r\n", "a BAD" },
		{ "a SORT SUBJECT UTF-8 ALL\r\n", "a BAD" }, { "a SORT () UTF-8 ALL\r\n", "a BAD" },
		{ "a SORT (BCC) UTF-8 ALL\r\n", "a BAD" }, { "a SORT (REVERSE) UTF-8 ALL\r\n", "a BAD" },
		{ "a SORT\r\n", "a BAD" }, { "a SORT (DATE) UTF-8 ALL \r\n", "a BAD" },
		{ "a SORT (DATE) UTF-8 NONSENSE\r\n", "a BAD" },
		{ "a THREAD\r\n", "a BAD" }, { "a THREAD REFERENCES\r\n", "a BAD" },
		{ "a THREAD REFERENCES UTF-8\r\n", "a BAD" }, { "a THREAD NEW UTF-8 ALL\r\n", "a BAD" },
		{ "a UID THREAD REFS ALL\r\n", "a BAD" },
		{ "a SORT (DATE) \"UTF-8\" ALL\r\n", "a OK" },
		{ "a THREAD refs us-ascii ALL\r\n", "a OK" },
	};
	struct fake_conn *f = with_letters(*state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(f, rows[i].line, rows[i].status);
	expect(f, "a UNSELECT\r\n", "a OK");
	expect(f, "a SORT (DATE) UTF-8 ALL\r\n", "a BAD Select a mailbox first");
	expect(f, "a THREAD REFS UTF-8 ALL\r\n", "a BAD Select a mailbox first");
	fake_conn_free(f);
}

static void threads(void **state)
{
	struct fake_conn *f = with_letters(*state);

	assert_string_equal(fake_conn_say(f, "A283 THREAD ORDEREDSUBJECT UTF-8 SINCE 1-FEB-1994\r\n"),
			    "* THREAD (2 4)(1 3)(5)(6)\r\nA283 OK THREAD completed\r\n");
	assert_string_equal(fake_conn_say(f, "A284 THREAD ORDEREDSUBJECT US-ASCII TEXT \"gewp\"\r\n"),
			    "* THREAD\r\nA284 OK THREAD completed\r\n");
	assert_string_equal(fake_conn_say(f, "A285 THREAD REFERENCES UTF-8 SINCE 1-FEB-1994\r\n"),
			    "* THREAD ((2)(4))(1 3 5)(6)\r\nA285 OK THREAD completed\r\n");
	assert_string_equal(fake_conn_say(f, "a THREAD REFS UTF-8 ALL\r\n"),
			    "* THREAD (2)(4)(1 3 5)(6)\r\na OK THREAD completed\r\n");
	/* Among those found only. */
	assert_string_equal(fake_conn_say(f, "a THREAD REFERENCES UTF-8 NOT 3\r\n"),
			    "* THREAD ((2)(4))(1)(5)(6)\r\na OK THREAD completed\r\n");
	expect(f, "s STORE 1 FLAGS \\Deleted\r\n", "s OK");
	expect(f, "s EXPUNGE\r\n", "s OK");
	assert_string_equal(fake_conn_say(f, "a UID THREAD REFERENCES UTF-8 ALL\r\n"),
			    "* THREAD ((2)(4))(3 5)(6)\r\na OK UID THREAD completed\r\n");
	fake_conn_free(f);
}

/* The trees that RFC 5256 4 draws. */
static void thread_response(void **state)
{
	static const char *const headers[] = {
		"Subject: two\r\nMessage-ID: <2@x>", "Subject: three\r\nMessage-ID: <3@x>",
		"Subject: 6\r\nMessage-ID: <6@x>\r\nReferences: <3@x>",
		"Subject: 4\r\nMessage-ID: <4@x>\r\nReferences: <3@x> <6@x>",
		"Subject: 23\r\nMessage-ID: <23@x>\r\nReferences: <4@x>",
		"Subject: 44\r\nMessage-ID: <44@x>\r\nReferences: <3@x> <6@x>",
		"Subject: 7\r\nMessage-ID: <7@x>\r\nIn-Reply-To: <44@x>",
		"Subject: 96\r\nMessage-ID: <96@x>\r\nReferences: <3@x> <44@x> <7@x>",
		"Subject: lost\r\nMessage-ID: <a@x>\r\nReferences: <none@x>",
		"Subject: lost too\r\nMessage-ID: <b@x>\r\nReferences: <none@x>",
	};
	struct fake_conn *f = logged_in(*state);

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		char *text = mem_printf("%s\r\nDate: %zu Mar 2000 00:00 +0000\r\n\r\n", headers[i], i + 1);

		append(f, " 1-Jan-2000", text);
		free(text);
	}
	expect(f, "s SELECT INBOX\r\n", "s OK");
	assert_string_equal(fake_conn_say(f, "a THREAD REFERENCES UTF-8 ALL\r\n"),
			    "* THREAD (1)(2 3 (4 5)(6 7 8))((9)(10))\r\na OK THREAD completed\r\n");
	fake_conn_free(f);
}

/* Messages that another program put there have no keys in the index yet. */
static void keys_are_made(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);

	for (int i = 0; i < 9; i++) {
		char *path = mem_printf("%s/Maildir/cur/%d.a:2,S", w->dir, i);
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fprintf(file, "Subject: s%d\nMessage-ID: <%d@x>\nReferences: <%d@x>\n\n", 9 - i, i,
			i % 3);
		fclose(file);
		free(path);
	}
	expect(f, "s SELECT INBOX\r\n", "s OK");
	for (int round = 0; round < 2; round++) {
		assert_string_equal(fake_conn_say(f, "a SORT (SUBJECT) UTF-8 ALL\r\n"),
				    "* SORT 9 8 7 6 5 4 3 2 1\r\na OK SORT completed\r\n");
		has(expect(f, "a THREAD REFS UTF-8 ALL\r\n", "a OK"), "(1 (4)(7))(2 (5)(8))(3 (6)(9))");
	}
	fake_conn_free(f);
}

static void disabled(void **state)
{
	struct world *w = *state;
	struct fake_conn *f;

	turn_off(w, "SORT=DISPLAY");
	turn_off(w, "THREAD=REFS");
	f = with_letters(w);
	expect(f, "a SORT (DISPLAYFROM) UTF-8 ALL\r\n", "a BAD");
	expect(f, "a SORT (FROM) UTF-8 ALL\r\n", "a OK");
	expect(f, "a THREAD REFS UTF-8 ALL\r\n", "a BAD");
	expect(f, "a THREAD REFERENCES UTF-8 ALL\r\n", "a OK");
	has_not(expect(f, "a CAPABILITY\r\n", "a OK"), "SORT=DISPLAY");
	fake_conn_free(f);
}

static void advertised(void **state)
{
	struct fake_conn *f = logged_in(*state);
	const char *said = expect(f, "a CAPABILITY\r\n", "a OK");

	has(said, " SORT SORT=DISPLAY ");
	has(said, " THREAD=ORDEREDSUBJECT THREAD=REFERENCES THREAD=REFS");
	has(said, " I18NLEVEL=1 ");
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(sorts),
		WORLD(sort_examples),
		WORLD(errors),
		WORLD(threads),
		WORLD(thread_response),
		WORLD(keys_are_made),
		WORLD(disabled),
		WORLD(advertised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
