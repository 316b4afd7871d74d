/* What is advertised, what ENABLE does with it, and what is left when a capability
 * is switched off (IMAP_DISABLE_CAPABILITIES); literals that nobody asked for. */
#include "imap_world.h"

#include "../../src/imap/session.h"

/* A message in INBOX, so that MOVE and APPEND have something to say. */
static struct fake_conn *with_message(struct world *w)
{
	struct fake_conn *f = logged_in(w);

	expect(f, "a APPEND INBOX {13+}\r\nSubject: x\r\n\n\r\n", "a OK");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	return f;
}

/* A command of its own is as if it had never been. */
static void commands_are_unknown(void **state)
{
	static const struct { const char *name, *line; } cases[] = {
		{ "ID", "a ID NIL\r\n" },
		{ "ENABLE", "a ENABLE IMAP4rev2\r\n" },
		{ "idle", "a IDLE\r\n" },
		{ "Namespace", "a NAMESPACE\r\n" },
		{ "UNSELECT", "a UNSELECT\r\n" },
		{ "UIDPLUS", "a UID EXPUNGE 1\r\n" },
		{ "MOVE", "a MOVE 1 INBOX\r\n" },
		{ "MOVE", "a UID MOVE 1 INBOX\r\n" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_conn *f = with_message(w);
		char *word = mem_printf(" %s ", cases[i].name);

		for (char *p = word; *p; p++)
			if (*p >= 'a' && *p <= 'z')
				*p = (char)(*p - 'a' + 'A');
		has(fake_conn_say(f, "c CAPABILITY\r\n"), word);
		turn_off(w, cases[i].name);
		has_not(fake_conn_say(f, "c CAPABILITY\r\n"), word);
		assert_string_equal(fake_conn_say(f, cases[i].line), "a BAD Unknown command\r\n");
		turn_all_on(w);
		free(word);
		fake_conn_free(f);
	}
}

static void options_are_unknown(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	turn_off(w, "SASL-IR");
	turn_off(w, "AUTH=PLAIN");
	has_not(fake_conn_say(f, "c CAPABILITY\r\n"), "AUTH=PLAIN");
	expect(f, "a AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==\r\n", "a BAD");
	expect(f, "a AUTHENTICATE PLAIN\r\n", "a NO [CANNOT]");
	turn_all_on(w);
	turn_off(w, "SASL-IR");
	expect(f, "a AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==\r\n", "a BAD");
	assert_string_equal(fake_conn_say(f, "a AUTHENTICATE PLAIN\r\n"), "+ \r\n");
	expect(f, "AGFkbWluAHNlY3JldA==\r\n", "a OK");

	turn_off(w, "UIDPLUS");
	expect(f, "a APPEND INBOX {13+}\r\nSubject: x\r\n\n\r\n", "a OK APPEND completed");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	expect(f, "a COPY 1 INBOX\r\n", "a OK COPY completed");
	has_not(expect(f, "a MOVE 1 INBOX\r\n", "a OK"), "COPYUID");
	turn_off(w, "CHILDREN");
	has_not(expect(f, "a LIST \"\" *\r\n", "a OK"), "Children");
	turn_off(w, "APPENDLIMIT");
	has_not(fake_conn_say(f, "c CAPABILITY\r\n"), "APPENDLIMIT");
	turn_all_on(w);
	fake_conn_free(f);
}

/* Items and keys that a capability brought, and RETURN where it belongs to one. */
static void items_are_unknown(void **state)
{
	static const struct { const char *name, *line; } cases[] = {
		{ "SAVEDATE", "a FETCH 1 SAVEDATE\r\n" },
		{ "SAVEDATE", "a SEARCH SAVEDSINCE 1-Jan-2020\r\n" },
		{ "SAVEDATE", "a SEARCH NOT SAVEDATESUPPORTED\r\n" },
		{ "OBJECTID", "a FETCH 1 (FLAGS EMAILID)\r\n" },
		{ "OBJECTID", "a UID FETCH 1 THREADID\r\n" },
		{ "OBJECTID", "a SEARCH OR SEEN EMAILID M1\r\n" },
		{ "OBJECTID", "a SEARCH THREADID other\r\n" },
		{ "OBJECTID", "a STATUS INBOX (MAILBOXID)\r\n" },
		{ "WITHIN", "a SEARCH OLDER 10\r\n" },
		{ "WITHIN", "a SEARCH (YOUNGER 10)\r\n" },
		{ "CONDSTORE", "a SEARCH MODSEQ 1\r\n" },
		{ "CONDSTORE", "a FETCH 1 MODSEQ\r\n" },
		{ "PREVIEW", "a FETCH 1 PREVIEW\r\n" },
		{ "BINARY", "a FETCH 1 BINARY.SIZE[1]\r\n" },
		{ "PARTIAL", "a UID FETCH 1:* FLAGS (PARTIAL 1:2)\r\n" },
		{ "ESEARCH", "a SEARCH RETURN () ALL\r\n" },
		{ "ESORT", "a SORT RETURN () (DATE) UTF-8 ALL\r\n" },
		{ "ESORT", "a SORT RETURN (SAVE) (DATE) UTF-8 ALL\r\n" },
		{ "CONTEXT=SEARCH", "a SEARCH RETURN (UPDATE) ALL\r\n" },
		{ "SEARCHRES", "a SEARCH $\r\n" },
		{ "SORT=DISPLAY", "a SORT (DISPLAYFROM) UTF-8 ALL\r\n" },
		{ "THREAD=REFS", "a THREAD REFS UTF-8 ALL\r\n" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_conn *f = with_message(w);

		expect(f, cases[i].line, "a OK");
		turn_off(w, cases[i].name);
		expect(f, cases[i].line, "a BAD");
		turn_all_on(w);
		fake_conn_free(f);
	}
}

/* One command of two capabilities. */
static void cancelupdate(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_message(w);

	turn_off(w, "CONTEXT=SEARCH");
	expect(f, "u SORT RETURN (UPDATE) (DATE) UTF-8 ALL\r\n", "u OK");
	expect(f, "a CANCELUPDATE \"u\"\r\n", "a OK");
	turn_off(w, "CONTEXT=SORT");
	expect(f, "a CANCELUPDATE \"u\"\r\n", "a BAD Unknown command");
	turn_all_on(w);
	fake_conn_free(f);
}

static void names(void **state)
{
	static const char *const not[] = { "", "IDL", "IDLE ", "IMAP4rev1", "STARTTLS",
					   "LOGINDISABLED", "APPENDLIMIT=5", "X" };
	struct imap_caps off = { { 0 } };
	struct buf all;

	(void)state;
	for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		assert_false(imap_caps_add(&off, slice_of(not[i])));
	buf_init(&all, 8192);
	imap_caps_names(&all);
	buf_add_byte(&all, '\0');
	has(all.data, " IDLE ");
	has_not(all.data, "IMAP4rev1");
	has_not(all.data, "STARTTLS");
	buf_release(&all);
}

/* RFC 7888 3: the example. */
static void literals_unasked(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	expect(f, "A001 LOGIN {11+}\r\nFRED FOOBAR {7+}\r\nfat man\r\n",
	       "A001 NO [AUTHENTICATIONFAILED]");
	expect(f, "A002 LOGIN {5+}\r\nadmin {6+}\r\nsecret\r\n", "A002 OK");
	fake_conn_free(f);
}

/* So many bytes that nobody asked for, as APPEND's message or as a word. */
static const char *unasked(struct fake_conn *f, const char *before, size_t size)
{
	char *line = mem_printf("%s{%zu+}\r\n", before, size), *body = mem_alloc(size + 1);
	const char *said;

	memset(body, 'x', size);
	memcpy(body, "S: y\r\n\r\n", 8);
	fake_conn_feed(f, slice_of(line));
	fake_conn_feed(f, slice_make(body, size));
	said = fake_conn_say(f, "\r\n");
	free(line);
	free(body);
	return said;
}

#define TOOBIG "a BAD [TOOBIG] A literal of that size has to be asked for\r\n"

/* RFC 7888 5: LITERAL- before login, and in the place of LITERAL+ when that is off. */
static void literal_minus(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	has(fake_conn_say(f, "c CAPABILITY\r\n"), " LITERAL- ");
	assert_string_equal(unasked(f, "a LOGIN ", 4097), TOOBIG);
	has(unasked(f, "a LOGIN ", 4096), "a BAD LOGIN: expected a space");
	assert_string_equal(fake_conn_say(f, "a LOGIN {4097}\r\n"),
			    "a NO [TOOBIG] Literals are too long\r\n");
	has(fake_conn_say(f, "a LOGIN admin secret\r\n"), " LITERAL+ ");
	has_not(fake_conn_say(f, "c CAPABILITY\r\n"), "LITERAL-");
	has(unasked(f, "a APPEND INBOX ", 4097), "a OK [APPENDUID");

	turn_off(w, "LITERAL+");
	has(fake_conn_say(f, "c CAPABILITY\r\n"), " LITERAL- ");
	has(unasked(f, "a APPEND INBOX ", 4096), "a OK [APPENDUID");
	assert_string_equal(unasked(f, "a APPEND INBOX ", 4097), TOOBIG);
	assert_string_equal(unasked(f, "a APPEND INBOX (\\Seen) ~", 4097), TOOBIG);
	assert_string_equal(unasked(f, "a STATUS ", 4097), TOOBIG);
	expect(f, "b NOOP\r\n", "b OK");
	assert_string_equal(fake_conn_say(f, "a APPEND INBOX {4097}\r\n"), "+ Send the message\r\n");
	turn_all_on(w);
	fake_conn_free(f);
}

/* With both off there are none, but for IMAP4rev2, which has them (RFC 9051 4.3). */
static void no_literals_unasked(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = logged_in(w);

	turn_off(w, "LITERAL+");
	turn_off(w, "LITERAL-");
	has_not(fake_conn_say(f, "c CAPABILITY\r\n"), "LITERAL");
	assert_string_equal(fake_conn_say(f, "a STATUS {5+}\r\nINBOX (MESSAGES)\r\n"), TOOBIG);
	assert_string_equal(unasked(f, "a APPEND INBOX ", 100), TOOBIG);
	container_of(f->session, struct imap_session, base)->enabled |= IMAP_REV2;
	expect(f, "a STATUS {5+}\r\nINBOX (MESSAGES)\r\n", "a OK");
	assert_string_equal(unasked(f, "a APPEND INBOX ", 4097), TOOBIG);
	turn_all_on(w);
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_unknown),
		cmocka_unit_test(options_are_unknown),
		cmocka_unit_test(items_are_unknown),
		cmocka_unit_test(cancelupdate),
		cmocka_unit_test(names),
		cmocka_unit_test(literals_unasked),
		cmocka_unit_test(literal_minus),
		cmocka_unit_test(no_literals_unasked),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
