/* The examples of the RFCs about the session itself, on our one mailbox. */
#include "imap_world.h"

#include "../../src/imap/session.h"

static struct imap_session *session_of(struct fake_conn *f)
{
	return container_of(f->session, struct imap_session, base);
}

/* RFC 2971 3.1, 3.2 */
static void id(void **state)
{
	struct fake_conn *f = client(*state, true);

	assert_string_equal(fake_conn_say(f, "a023 ID (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" "
					     "\"Pink Floyd Music Limited\")\r\n"),
			    "* ID (\"name\" \"Letterplate\")\r\na023 OK ID completed\r\n");
	assert_string_equal(fake_conn_say(f, "a042 ID NIL\r\n"),
			    "* ID (\"name\" \"Letterplate\")\r\na042 OK ID completed\r\n");
	expect(f, "a ID ({4+}\r\nname {1+}\r\nx \"os\" nil)\r\n", "a OK");
	expect(f, "a ID (name \"x\")\r\n", "a BAD");
	expect(f, "a ID (\"name\" x)\r\n", "a BAD");
	expect(f, "a ID \"name\"\r\n", "a BAD");
	expect(f, "a ID NIL NIL\r\n", "a BAD");
	fake_conn_free(f);
}

/* RFC 5161 3.1 */
static void enable(void **state)
{
	struct fake_conn *f = logged_in(*state);
	char *before = mem_string(fake_conn_say(f, "t1 CAPABILITY\r\n"));

	assert_string_equal(fake_conn_say(f, "t2 ENABLE X-BAD-IDEA IDLE IMAP4rev1\r\n"),
			    "* ENABLED\r\nt2 OK ENABLE completed\r\n");
	assert_string_equal(fake_conn_say(f, "t1 CAPABILITY\r\n"), before);
	expect(f, "t4 ENABLE (IDLE)\r\n", "t4 BAD");
	expect(f, "t4 ENABLE  IDLE\r\n", "t4 BAD");
	free(before);
	fake_conn_free(f);
	f = client(*state, true);
	expect(f, "t4 ENABLE IDLE\r\n", "t4 BAD Log in first");
	fake_conn_free(f);
}

/* RFC 2342 5 (5.1, the personal namespace alone) */
static void namespaces(void **state)
{
	struct fake_conn *f = logged_in(*state);

	assert_string_equal(fake_conn_say(f, "A001 NAMESPACE\r\n"),
			    "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nA001 OK NAMESPACE completed\r\n");
	expect(f, "A001 NAMESPACE x\r\n", "A001 BAD");
	fake_conn_free(f);
}

/* RFC 3691 2 */
static void unselect(void **state)
{
	struct fake_conn *f = logged_in(*state);

	expect(f, "A341 UNSELECT\r\n", "A341 BAD");
	expect(f, "a APPEND INBOX (\\Deleted) {6+}\r\nA: b\r\n\r\n", "a OK");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	expect(f, "A341 UNSELECT x\r\n", "A341 BAD");
	assert_string_equal(fake_conn_say(f, "A341 UNSELECT\r\n"), "A341 OK UNSELECT completed\r\n");
	expect(f, "a FETCH 1 FLAGS\r\n", "a BAD Select a mailbox first");
	/* Nothing was expunged. */
	has(expect(f, "a STATUS INBOX (MESSAGES)\r\n", "a OK"), "MESSAGES 1)");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	expect(f, "a EXPUNGE\r\n", "a OK");
	fake_conn_free(f);
}

/* RFC 2177 3 */
static void idle(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = logged_in(w), *other = logged_in(w);

	for (int i = 0; i < 3; i++)
		expect(other, "a APPEND INBOX {6+}\r\nA: b\r\n\r\n", "a OK");
	has(expect(f, "A001 SELECT INBOX\r\n", "A001 OK"), "* 3 EXISTS");
	assert_string_equal(fake_conn_say(f, "A002 IDLE\r\n"), "+ idling\r\n");
	expect(other, "a APPEND INBOX {6+}\r\nA: b\r\n\r\n", "a OK");
	await(w, f, "* 4 EXISTS\r\n");
	assert_string_equal(fake_conn_say(f, "DONE\r\n"), "A002 OK IDLE terminated\r\n");
	has(expect(f, "A003 FETCH 4 ALL\r\n", "A003 OK"), "* 4 FETCH (");
	expect(other, "a SELECT INBOX\r\n", "a OK");
	expect(other, "a STORE 2 +FLAGS (\\Deleted)\r\n", "a OK");
	expect(other, "a EXPUNGE\r\n", "a OK");
	has(fake_conn_say(f, "A004 IDLE\r\n"), "* 2 EXPUNGE\r\n");
	expect(other, "a STORE 3 +FLAGS (\\Deleted)\r\n", "a OK");
	expect(other, "a EXPUNGE\r\n", "a OK");
	await(w, f, "* 3 EXPUNGE\r\n");
	expect(other, "a APPEND INBOX {6+}\r\nA: b\r\n\r\n", "a OK");
	await(w, f, "* 3 EXISTS\r\n");
	assert_string_equal(fake_conn_say(f, "done\r\n"), "A004 OK IDLE terminated\r\n");
	has(expect(f, "A005 FETCH 3 ALL\r\n", "A005 OK"), "* 3 FETCH (");
	/* 3: anything else ends it too, in shame. */
	assert_string_equal(fake_conn_say(f, "A006 IDLE\r\n"), "+ idling\r\n");
	assert_string_equal(fake_conn_say(f, "A007 NOOP\r\n"), "A006 BAD IDLE ends with DONE\r\n");
	assert_string_equal(fake_conn_say(f, "A007 IDLE\r\nDONE\r\nA008 NOOP\r\n"),
			    "+ idling\r\nA007 OK IDLE terminated\r\nA008 OK NOOP completed\r\n");
	expect(f, "a STORE 1:* +FLAGS (\\Deleted)\r\n", "a OK");
	expect(f, "a EXPUNGE\r\n", "a OK");
	fake_conn_free(f);
	fake_conn_free(other);
}

/* RFC 4959 4, with our user; "=" has its like in test_imap_scram.c. */
static void initial_response(void **state)
{
	struct fake_conn *f = client(*state, true);

	has(fake_conn_say(f, "C01 CAPABILITY\r\n"), " SASL-IR ");
	expect(f, "A01 AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==\r\n", "A01 OK");
	fake_conn_free(f);
	f = client(*state, true);
	assert_string_equal(fake_conn_say(f, "A01 AUTHENTICATE PLAIN\r\n"), "+ \r\n");
	expect(f, "AGFkbWluAHNlY3JldA==\r\n", "A01 OK");
	fake_conn_free(f);
	f = client(*state, true);
	expect(f, "A01 AUTHENTICATE EXTERNAL =\r\n", "A01 NO");
	/* 3: "=AAA" and "AAA=BBB" are not allowed, nor a literal. */
	expect(f, "A01 AUTHENTICATE PLAIN =AAA\r\n", "A01 BAD That is not base64");
	expect(f, "A01 AUTHENTICATE PLAIN AAA=BBBB\r\n", "A01 BAD That is not base64");
	expect(f, "A01 AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA\r\n", "A01 BAD That is not base64");
	expect(f, "A01 AUTHENTICATE PLAIN \"AAAA\"\r\n", "A01 BAD That is not base64");
	expect(f, "A01 AUTHENTICATE PLAIN {4+}\r\nAAAA\r\n", "A01 BAD");
	expect(f, "A01 AUTHENTICATE PLAIN AAAA BBBB\r\n", "A01 BAD That is not base64");
	fake_conn_free(f);
}

/* RFC 8437 3 */
static void unauthenticate(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true), *other;

	expect(f, "a UNAUTHENTICATE\r\n", "a BAD Log in first");
	expect(f, "a LOGIN admin secret\r\n", "a OK");
	has(fake_conn_say(f, "a CAPABILITY\r\n"), " UNAUTHENTICATE ");
	expect(f, "a UNAUTHENTICATE x\r\n", "a BAD");
	assert_string_equal(fake_conn_say(f, "a UNAUTHENTICATE\r\n"),
			    "a OK UNAUTHENTICATE completed\r\n");
	expect(f, "a SELECT INBOX\r\n", "a BAD Log in first");
	has(fake_conn_say(f, "a CAPABILITY\r\n"), " AUTH=PLAIN ");
	assert_true(f->idle_s == 60 && f->deadline_s == 300 && f->secure);

	/* Selected, with things to tell: of which nothing is told. */
	expect(f, "a LOGIN admin secret\r\n", "a OK");
	assert_true(f->deadline_s == 0);
	for (int i = 0; i < 2; i++)
		expect(f, "a APPEND INBOX {6+}\r\nA: b\r\n\r\n", "a OK");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	session_of(f)->enabled = IMAP_UTF8 | IMAP_REV2 | IMAP_CONDSTORE | IMAP_QRESYNC;
	other = logged_in(w);
	expect(other, "a SELECT INBOX\r\n", "a OK");
	expect(other, "a STORE 1 +FLAGS (\\Deleted)\r\n", "a OK");
	expect(other, "a EXPUNGE\r\n", "a OK");
	/* One round trip, as 3 promises. */
	assert_string_equal(fake_conn_say(f, "b UNAUTHENTICATE\r\nc NOOP\r\n"),
			    "b OK UNAUTHENTICATE completed\r\nc OK NOOP completed\r\n");
	assert_int_equal(session_of(f)->enabled, 0);
	expect(f, "a FETCH 1 FLAGS\r\n", "a BAD Log in first");
	has(fake_conn_say(f, "d AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==\r\n"), "d OK [CAPABILITY ");
	has(expect(f, "e SELECT INBOX\r\n", "e OK"), "* 1 EXISTS");
	has(log_of(f), "info imap logout reason=unauthenticated");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* RFC 4978 3: the examples; what is compressed is the stream's test. */
static void compress(void **state)
{
	struct fake_conn *f = client(*state, true);

	has_not(fake_conn_say(f, "a CAPABILITY\r\n"), "COMPRESS");
	expect(f, "a COMPRESS DEFLATE\r\n", "a BAD Log in first");
	expect(f, "b LOGIN admin secret\r\n", "b OK");
	has(fake_conn_say(f, "a CAPABILITY\r\n"), " COMPRESS=DEFLATE ");
	expect(f, "c COMPRESS\r\n", "c BAD");
	expect(f, "c COMPRESS LZ4\r\n", "c BAD COMPRESS: expected DEFLATE");
	expect(f, "c COMPRESS DEFLATE x\r\n", "c BAD");
	assert_false(f->deflating);
	assert_string_equal(fake_conn_say(f, "c compress deflate\r\n"), "c OK DEFLATE active\r\n");
	assert_true(f->deflating);
	assert_int_equal(f->deflate_from, f->output.len);
	assert_string_equal(fake_conn_say(f, "d COMPRESS DEFLATE\r\n"),
		"d NO [COMPRESSIONACTIVE] DEFLATE is active by COMPRESS already\r\n");
	expect(f, "e STARTTLS\r\n", "e BAD");
	/* RFC 8437 4.1 */
	expect(f, "f UNAUTHENTICATE\r\n", "f OK");
	assert_false(f->deflating);
	expect(f, "g COMPRESS DEFLATE\r\n", "g BAD Log in first");
	expect(f, "b LOGIN admin secret\r\n", "b OK");
	expect(f, "c COMPRESS DEFLATE\r\n", "c OK");
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id),
		cmocka_unit_test(enable),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(unselect),
		cmocka_unit_test(idle),
		cmocka_unit_test(initial_response),
		cmocka_unit_test(unauthenticate),
		cmocka_unit_test(compress),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
