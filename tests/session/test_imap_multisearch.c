/* ESEARCH (RFC 7377): one search, many mailboxes. */
#include "search_world.h"

/* folder1 has UIDs 1 to 3, folder2 itself 1, banana and peach below it 1 and 2, and
 * below banana there is split; INBOX has one, Archive none. */
static void fill(struct fake_conn *f, const char *name, unsigned count, const char *from)
{
	for (unsigned i = 1; i <= count; i++) {
		char *command = mem_printf("ap APPEND \"%s\" (%s) {%zu+}\r\nFrom: %s\r\n"
					   "Subject: letter %u\r\n\r\nx\r\n\r\n", name,
					   i == 2 ? "\\Seen" : "", 33 + strlen(from), from, i);

		expect(f, command, "ap OK");
		free(command);
	}
}

static struct fake_conn *with_folders(struct world *w)
{
	static const char *const names[] = { "folder1", "folder2", "folder2/banana",
					     "folder2/banana/split", "folder2/peach", "folder20" };
	struct fake_conn *f = logged_in(w);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *command = mem_printf("c CREATE \"%s\"\r\n", names[i]);

		expect(f, command, "c OK");
		free(command);
	}
	fill(f, "INBOX", 1, "chad");
	fill(f, "folder1", 3, "chad");
	fill(f, "folder2", 1, "anna");
	fill(f, "folder2/banana", 2, "chad");
	fill(f, "folder2/banana/split", 1, "chad");
	fill(f, "folder2/peach", 2, "anna");
	fill(f, "folder20", 1, "chad");
	return f;
}

/* Without the UIDVALIDITYs, of which there must be one in each response. */
static char *without_validity(const char *said)
{
	char *copy = mem_printf("%s", said), *p = copy;

	while ((p = strstr(p, " UIDVALIDITY ")) != NULL) {
		size_t n = 13 + strspn(p + 13, "0123456789");

		assert_true(n > 13 && p[13] != '0' && p[n] == ')');
		memmove(p, p + n, strlen(p + n) + 1);
	}
	return copy;
}

struct row { const char *sources, *found; };

#define AT(name, rest) "* ESEARCH (TAG \"t\" MAILBOX " name ") UID " rest "\r\n"

static void check(struct fake_conn *f, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *command = mem_printf("t ESEARCH %s\r\n", rows[i].sources);
		char *answer = mem_printf("%st OK ESEARCH completed\r\n", rows[i].found);
		char *said = without_validity(fake_conn_say(f, command));

		if (strcmp(said, answer) != 0)
			fail_msg("%s gave\n%snot\n%s", command, said, answer);
		free(command);
		free(answer);
		free(said);
	}
}

/* RFC 7377 3, with our numbers; and every kind of source. */
static void sources(void **state)
{
	static const struct row rows[] = {
		{ "IN (mailboxes \"folder1\" subtree \"folder2\") unseen",
		  AT("folder1", "ALL 1,3") AT("folder2", "ALL 1") AT("folder2/banana", "ALL 1")
		  AT("folder2/banana/split", "ALL 1") AT("folder2/peach", "ALL 1") },
		{ "IN (mailboxes \"folder1\" subtree-one \"folder2\") from \"chad\"",
		  AT("folder1", "ALL 1:3") AT("folder2/banana", "ALL 1:2") },
		{ "IN (subtree-one (folder2 folder2/banana)) ALL",
		  AT("folder2", "ALL 1") AT("folder2/banana", "ALL 1:2")
		  AT("folder2/banana/split", "ALL 1") AT("folder2/peach", "ALL 1:2") },
		{ "in (MAILBOXES (folder1 inbox folder1 nowhere \"fold*\")) SEEN",
		  AT("folder1", "ALL 2") },
		{ "IN (personal) FROM chad 1",
		  AT("INBOX", "ALL 1") AT("folder1", "ALL 1") AT("folder2/banana", "ALL 1")
		  AT("folder2/banana/split", "ALL 1") AT("folder20", "ALL 1") },
		{ "IN (inboxes) ALL", AT("INBOX", "ALL 1") },
		{ "IN (inboxes inboxes mailboxes INBOX personal) FROM chad 1:1 SEEN", "" },
		{ "IN (subscribed) RETURN (COUNT) ALL", AT("INBOX", "COUNT 1") AT("folder1", "COUNT 3") },
		{ "IN (subtree nowhere) ALL", "" },
		/* Message numbers are those of each mailbox, and so is "*". */
		{ "IN (mailboxes (folder1 folder20)) *", AT("folder1", "ALL 3") AT("folder20", "ALL 1") },
		{ "IN (mailboxes (folder1 folder20)) 2:100", AT("folder1", "ALL 2:3") },
		{ "IN (mailboxes (folder1 folder20)) UID 2:*",
		  AT("folder1", "ALL 2:3") AT("folder20", "ALL 1") },
		/* MIN, MAX and COUNT of each; nothing where nothing was found. */
		{ "IN (personal) RETURN (MIN MAX COUNT) FROM anna",
		  AT("folder2", "MIN 1 MAX 1 COUNT 1") AT("folder2/peach", "MIN 1 MAX 2 COUNT 2") },
		{ "IN (personal) RETURN () CHARSET UTF-8 FROM nobody", "" },
	};
	struct fake_conn *f = with_folders(*state);

	expect(f, "s SUBSCRIBE folder1\r\n", "s OK");
	expect(f, "s SUBSCRIBE INBOX\r\n", "s OK");
	expect(f, "s SUBSCRIBE gone\r\n", "s OK");
	/* With nothing selected, with one of them, and with another. */
	check(f, rows, sizeof(rows) / sizeof(rows[0]));
	expect(f, "s SELECT folder1\r\n", "s OK");
	check(f, rows, sizeof(rows) / sizeof(rows[0]));
	expect(f, "s EXAMINE INBOX\r\n", "s OK");
	check(f, rows, sizeof(rows) / sizeof(rows[0]));
	/* What was selected still is. */
	says(f, "s SEARCH ALL\r\n", "* SEARCH 1\r\ns OK SEARCH completed\r\n");
	fake_conn_free(f);
}

/* 2.2: without sources it is the selected mailbox, with UIDs and correlators. */
static void the_selected_one(void **state)
{
	static const struct row rows[] = {
		{ "UNSEEN", AT("folder1", "ALL 1,3") },
		{ "RETURN (COUNT) UNSEEN", AT("folder1", "COUNT 2") },
		{ "IN (selected) 2:100", AT("folder1", "ALL 2:3") },
		{ "DRAFT", "" },
		/* It comes first, and once. */
		{ "IN (mailboxes (INBOX folder1) selected) SUBJECT 1",
		  AT("folder1", "ALL 1") AT("INBOX", "ALL 1") },
	};
	struct fake_conn *f = with_folders(*state);

	expect(f, "s SELECT folder1\r\n", "s OK");
	check(f, rows, sizeof(rows) / sizeof(rows[0]));
	/* 2's example has UID in front of the name. */
	has(expect(f, "tag1 UID ESEARCH FROM \"chad\" 1:100\r\n", "tag1 OK"), "UID ALL 1:3\r\n");
	says(f, "tag1 UID ESEARCH FROM \"chad\" 101:200\r\n", "tag1 OK UID ESEARCH completed\r\n");
	/* The saved result is of this mailbox. */
	has(expect(f, "t ESEARCH RETURN (SAVE MIN) 2:3\r\n", "t OK"), "UID MIN 2\r\n");
	says(f, "s SEARCH $\r\n", "* SEARCH 2\r\ns OK SEARCH completed\r\n");
	has(expect(f, "t ESEARCH IN (selected) RETURN (SAVE COUNT) 2:3\r\n", "t OK"), "COUNT 2\r\n");
	says(f, "s SEARCH $\r\n", "* SEARCH 2 3\r\ns OK SEARCH completed\r\n");
	says(f, "t ESEARCH IN (mailboxes INBOX) $\r\n", "t OK ESEARCH completed\r\n");
	fake_conn_free(f);
}

/* 3: pipelined, in whatever order they are run. */
static void pipelined(void **state)
{
	struct fake_conn *f = with_folders(*state);

	fake_conn_feed(f, SLICE(
		"tag1 ESEARCH IN (mailboxes \"folder1\" subtree \"folder2\") unseen\r\n"
		"tag2 ESEARCH IN (mailboxes \"folder1\" subtree-one \"folder2\") subject \"chad\"\r\n"));
	await(*state, f, "tag2 OK ESEARCH completed\r\n");
	fake_conn_free(f);
}

static void refused(void **state)
{
	static const struct { const char *args, *status; } rows[] = {
		{ "ALL", "a BAD" }, { "IN (selected) ALL", "a BAD" },
		{ "IN (personal selected) ALL", "a BAD" },
		{ "IN () ALL", "a BAD" }, { "IN personal ALL", "a BAD" }, { "IN (personal)", "a BAD" },
		{ "IN (selected-delayed) ALL", "a BAD" }, { "IN (subtree) ALL", "a BAD" },
		{ "IN (mailboxes ()) ALL", "a BAD" }, { "IN (mailboxes (a b) ALL", "a BAD" },
		{ "IN (personal (x y)) ALL", "a BAD" }, { "IN (personal) RETURN (SAVE) ALL", "a BAD" },
		{ "IN (mailboxes INBOX) RETURN (SAVE COUNT) ALL", "a BAD" },
		{ "IN (personal) NONSENSE", "a BAD" }, { "IN (personal) RETURN (NONSENSE) ALL", "a BAD" },
		{ "RETURN (COUNT) IN (personal) ALL", "a BAD" },
		{ "IN (personal) CHARSET KLINGON ALL", "a NO [BADCHARSET" },
	};
	struct fake_conn *f = with_folders(*state);
	struct buf names;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *command = mem_printf("a ESEARCH %s\r\n", rows[i].args);

		expect(f, command, rows[i].status);
		expect(f, "a NOOP\r\n", "a OK");
		free(command);
	}
	buf_init(&names, 1 << 17);
	buf_add_text(&names, "a ESEARCH IN (mailboxes (x");
	for (unsigned i = 0; i < 10000; i++)
		buf_add_text(&names, " INBOX");
	buf_add_text(&names, ")) ALL\r\n");
	fake_conn_feed(f, buf_slice(&names));
	buf_release(&names);
	expect(f, "", "a NO [LIMIT]");
	fake_conn_free(f);
}

/* Another session deletes what is being searched, or the session itself goes. */
static void disturbed(void **state)
{
	struct world *w = *state;

	for (unsigned turns = 0; turns < 12; turns++) {
		struct fake_conn *f = turns ? logged_in(w) : with_folders(w), *other = logged_in(w);

		fake_conn_feed(f, SLICE("a ESEARCH IN (personal) TEXT x\r\n"));
		for (unsigned i = 0; i < turns; i++)
			loop_turn(w->loop, 1);
		if (turns % 2) {
			fake_conn_feed(other, SLICE("a DELETE folder20\r\na CREATE folder20\r\n"));
			await(w, f, "a OK ESEARCH completed\r\n");
		} else {
			fake_conn_break(f);
		}
		fake_conn_free(f);
		fake_conn_free(other);
	}
}

static struct fake_conn *logged_in_again(void *arg)
{
	return logged_in(arg);
}

static void check_split(struct fake_conn *f, void *arg)
{
	char *said = without_validity(fake_conn_take(f));

	(void)arg;
	has(said, AT("folder1", "COUNT 2") "t OK");
	free(said);
}

/* Apple writes names decomposed, and means the same mailboxes. */
static void other_spellings(void **state)
{
	struct fake_conn *f = with_folders(*state);
	static const struct row rows[] = {
		{ "IN (mailboxes cafe&AwE-) unseen", AT("caf&AOk-", "ALL 1") },
		{ "IN (subtree-one cafe&AwE-) unseen", AT("caf&AOk-", "ALL 1") },
		{ "IN (mailboxes (cafe&AwE- \"not//one\" nowhere)) unseen", AT("caf&AOk-", "ALL 1") },
	};

	expect(f, "c CREATE caf&AOk-\r\n", "c OK");
	fill(f, "caf&AOk-", 1, "anna");
	check(f, rows, sizeof(rows) / sizeof(rows[0]));
	fake_conn_free(f);
}

static void every_split(void **state)
{
	fake_conn_free(with_folders(*state));
	fake_conn_every_split(logged_in_again, check_split, *state, SLICE(
		"t ESEARCH IN (mailboxes {7}\r\nfolder1) RETURN (COUNT) UNSEEN\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(sources),
		WORLD(the_selected_one),
		WORLD(pipelined),
		WORLD(refused),
		WORLD(disturbed),
		WORLD(other_spellings),
		WORLD(every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
