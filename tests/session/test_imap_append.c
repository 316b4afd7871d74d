/* APPEND of several messages (RFC 3502), refused and cut in every place. */
#include "imap_world.h"

#include <dirent.h>

static const char first[] =
	"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n"
	"From: Fred Foobar <foobar@Blurdybloop.example.COM>\r\n"
	"Subject: afternoon meeting\r\n"
	"To: mooch@owatagu.example.net\r\n"
	"Message-Id: <B27397-0100000@Blurdybloop.example.COM>\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
	"\r\n"
	"Hello Joe, do you think we can meet at 3:30 tomorrow?\r\n";
static const char second[] =
	"Date: Mon, 7 Feb 1994 22:43:04 -0800 (PST)\r\n"
	"From: Joe Mooch <mooch@OWaTaGu.example.net>\r\n"
	"Subject: Re: afternoon meeting\r\n"
	"To: foobar@blurdybloop.example.com\r\n"
	"Message-Id: <a0434793874930@OWaTaGu.example.net>\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
	"\r\n"
	"3:30 is fine with me.\r\n";

static bool has_entry(const char *path, const char *prefix)
{
	DIR *dir = opendir(path);
	bool found = false;
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		found |= e->d_name[0] != '.' && strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(dir);
	return found;
}

/* Nothing of ours stays in tmp/, and no list beside it. */
static void is_tidy(struct world *w)
{
	char *tmp = mem_printf("%s/Maildir/tmp", w->dir), *root = mem_printf("%s/Maildir", w->dir);
	uint64_t end = clock_mono_ms() + 5000;

	while (has_entry(tmp, "") || has_entry(root, "letterplate-append")) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->loop, 10);
	}
	free(tmp);
	free(root);
}

/* RFC 3502 6.3.11's example; its quota is our limit. */
static void example(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *command;
	const char *said;

	expect(f, "a CREATE saved-messages\r\n", "a OK");
	expect(f, "a CREATE test\r\n", "a OK");
	command = mem_printf("A003 APPEND saved-messages (\\Seen) {%zu}\r\n", strlen(first));
	assert_string_equal(fake_conn_say(f, command), "+ Send the message\r\n");
	free(command);
	assert_string_equal(fake_conn_say(f, first), "");
	command = mem_printf(" (\\Seen) \" 7-Feb-1994 22:43:04 -0800\" {%zu}\r\n", strlen(second));
	assert_string_equal(fake_conn_say(f, command), "+ Send the message\r\n");
	free(command);
	assert_string_equal(fake_conn_say(f, second), "");
	said = expect(f, "\r\n", "A003 OK [APPENDUID ");
	has(said, " 1:2] APPEND completed\r\n");
	assert_string_equal(fake_conn_say(f, "A004 APPEND bogusname (\\Flagged) {1023}\r\n"),
			    "A004 NO [TRYCREATE] There is no such mailbox\r\n");
	assert_string_equal(fake_conn_say(f, "A005 APPEND test (\\Flagged) {12}\r\n"),
			    "+ Send the message\r\n");
	assert_string_equal(fake_conn_say(f, "Subject: hm\n"), "");
	assert_string_equal(fake_conn_say(f, " {9535403}\r\n"),
			    "A005 NO [TOOBIG] The message is too large\r\n");
	has(fake_conn_say(f, "b STATUS test (MESSAGES UIDNEXT)\r\n"), "(MESSAGES 0 UIDNEXT 1)");
	is_tidy(*state);

	expect(f, "b SELECT saved-messages\r\n", "b OK");
	said = expect(f, "c FETCH 1:2 (FLAGS BODY.PEEK[] INTERNALDATE)\r\n", "c OK");
	has(said, "* 1 FETCH (FLAGS (\\Seen \\Recent)");
	has(said, "* 2 FETCH (FLAGS (\\Seen \\Recent)");
	has(said, first);
	has(said, second);
	has(said, "-Feb-1994 ");
	fake_conn_free(f);
}

/* Flags, keywords and dates are each message's own; the selected folder is told. */
static void of_its_own(void **state)
{
	struct fake_conn *f = logged_in(*state);
	const char *said;

	expect(f, "a SELECT INBOX\r\n", "a OK");
	said = expect(f, "a APPEND INBOX (\\Seen a) {3+}\r\n1\r\n {3+}\r\n2\r\n"
			 " \"01-Jan-2001 00:00:00 +0000\" {3+}\r\n3\r\n (b a) {3+}\r\n4\r\n\r\n",
		      "a OK [APPENDUID ");
	has(said, "* 4 EXISTS\r\n");
	has(said, " 1:4] APPEND");
	said = expect(f, "a FETCH 1:* (FLAGS BODY.PEEK[])\r\n", "a OK");
	has(said, "* 1 FETCH (FLAGS (\\Seen \\Recent a) BODY[] {3}\r\n1\r\n)");
	has(said, "* 2 FETCH (FLAGS (\\Recent) BODY[] {3}\r\n2\r\n)");
	has(said, "* 3 FETCH (FLAGS (\\Recent) BODY[] {3}\r\n3\r\n)");
	has(said, "* 4 FETCH (FLAGS (\\Recent a b) BODY[] {3}\r\n4\r\n)");
	is_tidy(*state);
	fake_conn_free(f);
}

/* Whatever is wrong with one, none comes, and what the client sends unasked is not
 * taken for commands. */
static void all_or_none(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		/* cancelled */
		{ "a APPEND INBOX {1+}\r\nx {0+}\r\n\r\n", "a NO [CANNOT] An empty message is none\r\n" },
		{ "a APPEND INBOX {1+}\r\nx {0}\r\n", "a NO [CANNOT] An empty message is none\r\n" },
		{ "a APPEND INBOX {1+}\r\nx {0+}\r\n {4+}\r\nz z\n\r\n",
		  "a NO [CANNOT] An empty message is none\r\n" },
		/* wrong */
		{ "a APPEND INBOX {3+}\r\nabcd\r\n", "a BAD APPEND: expected a space\r\n" },
		{ "a APPEND INBOX {3+}\r\nabc \r\n", "a BAD APPEND: expected a message as a literal\r\n" },
		{ "a APPEND INBOX {3+}\r\nabc (\\Seen)\r\n", "a BAD APPEND: expected a space\r\n" },
		{ "a APPEND INBOX {3+}\r\nabc (\\Recent) {9+}\r\nb NOOP\r\nx {3+}\r\nabc\r\n",
		  "a BAD APPEND: expected \\Answered, \\Flagged, \\Deleted, \\Seen, \\Draft or a keyword\r\n" },
		{ "a APPEND INBOX {3+}\r\nabc {3+}\r\nabc x {8+}\r\nb NOOP\r\n {3+}\r\nabc\r\n",
		  "a BAD APPEND: expected a message as a literal\r\n" },
		{ "a APPEND INBOX {3+}\r\nabc {1048577}\r\n", "a NO [TOOBIG] The message is too large\r\n" },
		{ "a APPEND nothing {3+}\r\nabc {8+}\r\nb NOOP\r\n (x) {3+}\r\nabc\r\n",
		  "a NO [TRYCREATE] There is no such mailbox\r\n" },
		{ "a APPEND INBOX {3+}\r\nabc \"1-Foo-2000 00:00:00 +0000\" {8+}\r\nb NOOP\r\n\r\n",
		  "a BAD APPEND: expected a date and time like \" 7-Feb-1994 21:52:25 -0800\"\r\n" },
	};
	struct fake_conn *f = logged_in(*state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(fake_conn_say(f, cases[i].command), cases[i].answer);
		assert_string_equal(fake_conn_say(f, "n NOOP\r\n"), "n OK NOOP completed\r\n");
		has(fake_conn_say(f, "s STATUS INBOX (MESSAGES UIDNEXT)\r\n"),
		    "(MESSAGES 0 UIDNEXT 1)");
		is_tidy(*state);
	}
	fake_conn_free(f);
}

/* The folder goes while its messages come. */
static void folder_goes(void **state)
{
	struct fake_conn *f = logged_in(*state), *g = logged_in(*state);

	expect(f, "a CREATE x\r\n", "a OK");
	assert_string_equal(fake_conn_say(f, "a APPEND x {3+}\r\nabc (k) {3}\r\n"),
			    "+ Send the message\r\n");
	expect(g, "a DELETE x\r\n", "a OK");
	assert_string_equal(fake_conn_say(f, "abc\r\n"),
			    "a NO [TRYCREATE] There is no such mailbox\r\n");
	is_tidy(*state);
	fake_conn_free(f);
	fake_conn_free(g);
}

/* The client goes in the middle, at every byte. */
static void cut_off(void **state)
{
	static const char text[] = "a APPEND INBOX {3+}\r\nabc (x) {4+}\r\nabcd {2+}\r\nab\r\n";
	struct world *w = *state;
	struct fake_conn *f;

	for (size_t n = 1; n + 1 < strlen(text); n++) {
		f = logged_in(w);
		fake_conn_feed(f, slice_make(text, n));
		if (n % 2)
			fake_conn_settle(f);
		fake_conn_free(f);
	}
	f = logged_in(w);
	has(fake_conn_say(f, "s STATUS INBOX (MESSAGES UIDNEXT)\r\n"), "(MESSAGES 0 UIDNEXT 1)");
	fake_conn_free(f);
	is_tidy(w);
}

static void cut_everywhere(void **state)
{
	static const char text[] = "a APPEND INBOX {3+}\r\nabc (x) {4+}\r\nabcd {2+}\r\nab\r\n";
	struct fake_conn *f = logged_in(*state);

	expect(f, "a SELECT INBOX\r\n", "a OK");
	for (size_t n = 1; n < strlen(text); n++) {
		fake_conn_feed(f, slice_make(text, n));
		fake_conn_settle(f);
		fake_conn_feed(f, slice_make(text + n, strlen(text) - n));
		fake_conn_settle(f);
		has(fake_conn_take(f), "a OK [APPENDUID ");
	}
	has(fake_conn_say(f, "s UID FETCH * (BODY.PEEK[])\r\n"), "{2}\r\nab UID ");
	fake_conn_free(f);
}

/* The ceilings, and that a line has one. */
static void too_many(void **state)
{
	struct fake_conn *f = logged_in(*state);
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_add_text(&text, "a APPEND INBOX");
	for (int i = 0; i < 501; i++)
		buf_add_text(&text, " {1+}\r\nx");
	buf_add_text(&text, "\r\n");
	fake_conn_feed(f, buf_slice(&text));
	fake_conn_settle(f);
	assert_string_equal(fake_conn_take(f),
			    "a NO [LIMIT] Those are too many messages for one command\r\n");
	buf_clear(&text);
	buf_add_text(&text, "a APPEND INBOX {1+}\r\nx (");
	for (int i = 0; i < 70000; i++)
		buf_add_byte(&text, 'y');
	buf_add_text(&text, ") {3+}\r\nabc\r\n");
	fake_conn_feed(f, buf_slice(&text));
	fake_conn_settle(f);
	assert_string_equal(fake_conn_take(f), "a BAD The line is too long\r\n");
	has(fake_conn_say(f, "s STATUS INBOX (MESSAGES)\r\n"), "(MESSAGES 0)");
	is_tidy(*state);
	buf_release(&text);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(example),
		WORLD(of_its_own),
		WORLD(all_or_none),
		WORLD(folder_goes),
		WORLD(cut_off),
		WORLD(cut_everywhere),
		WORLD(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
