/* Before and around login: greeting, capabilities, TLS, passwords, bad input. */
#include "imap_world.h"

#include "../../src/imap/session.h"

static void greeting(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = fake_conn_new(&imap_protocol, &w->server, w->loop);

	fake_conn_open(f);
	assert_string_equal(fake_conn_take(f),
		"* OK [CAPABILITY IMAP4rev1 IMAP4rev2 STARTTLS LOGINDISABLED SASL-IR LITERAL- ID ENABLE IDLE]"
		" mx.example.org ready\r\n");
	assert_string_equal(fake_conn_say(f, "abcd CAPABILITY\r\n"),
		"* CAPABILITY IMAP4rev1 IMAP4rev2 STARTTLS LOGINDISABLED SASL-IR LITERAL- ID ENABLE IDLE\r\n"
		"abcd OK CAPABILITY completed\r\n");
	assert_true(f->idle_s == 60 && f->deadline_s == 300);
	fake_conn_free(f);
}

/* RFC 3501 6.2.1: the example; what came in the clear behind it is not heard. */
static void starttls(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, false);

	assert_string_equal(fake_conn_say(f, "a002 STARTTLS\r\na003 LOGIN admin secret\r\n"),
			    "a002 OK Begin TLS now\r\n");
	assert_int_equal(f->tls_started, 1);
	assert_string_equal(fake_conn_say(f, "a003 CAPABILITY\r\n"),
		"* CAPABILITY IMAP4rev1 IMAP4rev2 AUTH=PLAIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS SASL-IR "
		"LITERAL- ID ENABLE IDLE\r\n"
		"a003 OK CAPABILITY completed\r\n");
	assert_string_equal(fake_conn_say(f, "a005 STARTTLS\r\n"), "a005 BAD TLS is on already\r\n");
	expect(f, "a004 LOGIN admin secret\r\n", "a004 OK [CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR");
	assert_string_equal(fake_conn_say(f, "a006 STARTTLS\r\n"), "a006 BAD Already logged in\r\n");
	assert_true(f->idle_s >= 30 * 60 && f->deadline_s == 0);
	has(log_of(f), "info imap login user=admin tls=TLSv1.3");
	fake_conn_free(f);
}

/* RFC 3501 11.1, RFC 5530 3 */
static void no_passwords_in_the_clear(void **state)
{
	static const char *const commands[] = {
		"a LOGIN admin secret\r\n", "a AUTHENTICATE PLAIN\r\n",
		"a AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==\r\n", "a SELECT INBOX\r\n",
		/* and no prompt for a literal of one */
		"a LOGIN {5}\r\n",
	};
	struct world *w = *state;
	struct fake_conn *f = client(w, false);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_string_equal(fake_conn_say(f, commands[i]),
				    "a NO [PRIVACYREQUIRED] Use STARTTLS first\r\n");
	fake_conn_free(f);

	/* Where no TLS is to be had there is nothing to wait for. */
	f = fake_conn_new(&imap_protocol, &w->server, w->loop);
	f->can_tls = false;
	has(fake_conn_say(f, "a CAPABILITY\r\n"), "AUTH=PLAIN");
	expect(f, "a STARTTLS\r\n", "a BAD");
	expect(f, "a LOGIN admin secret\r\n", "a OK");
	fake_conn_free(f);
}

static void ways_in(void **state)
{
	static const char *const scripts[] = {
		"a LOGIN admin secret\r\n",
		"a login \"admin\" \"secret\"\r\n",
		"a LOGIN Admin@Example.ORG secret\r\n",
		"a LOGIN {5+}\r\nadmin {6+}\r\nsecret\r\n",
		"a LOGIN {5+}\r\nadmin secret\r\n",
		"a AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==\r\n",
		"a authenticate plain YWRtaW4AYWRtaW4Ac2VjcmV0\r\n",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct fake_conn *f = client(w, true);

		expect(f, scripts[i], "a OK [CAPABILITY IMAP4rev1 ");
		has_not(log_of(f), "secret");
		has_not(log_of(f), "c2VjcmV0");
		assert_string_equal(fake_conn_say(f, "b LOGOUT\r\n"),
				    "* BYE Goodbye\r\nb OK LOGOUT completed\r\n");
		assert_true(f->closed);
		fake_conn_free(f);
	}
}

static void synchronising_login(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	assert_string_equal(fake_conn_say(f, "A001 LOGIN {5}\r\n"), "+ OK\r\n");
	assert_string_equal(fake_conn_say(f, "admin {6}\r\n"), "+ OK\r\n");
	expect(f, "secret\r\n", "A001 OK");
	fake_conn_free(f);

	f = client(w, true);
	assert_string_equal(fake_conn_say(f, "A AUTHENTICATE PLAIN\r\n"), "+ \r\n");
	expect(f, "AGFkbWluAHNlY3JldA==\r\n", "A OK");
	fake_conn_free(f);
}

static void sasl_gone_wrong(void **state)
{
	static const struct { const char *script, *answer; } cases[] = {
		{ "a AUTHENTICATE PLAIN\r\n*\r\n", "+ \r\na BAD AUTHENTICATE cancelled\r\n" },
		{ "a AUTHENTICATE PLAIN\r\n!\r\n", "+ \r\na BAD That is not base64\r\n" },
		{ "a AUTHENTICATE PLAIN =\r\n", "a BAD That is no SASL PLAIN message\r\n" },
		{ "a AUTHENTICATE PLAIN YWRtaW4=\r\n", "a BAD That is no SASL PLAIN message\r\n" },
		{ "a AUTHENTICATE PLAIN AGFkbWluAA==\r\n", "a BAD That is no SASL PLAIN message\r\n" },
		{ "a AUTHENTICATE PLAIN AGFkbWluAGEAYg==\r\n", "a BAD That is no SASL PLAIN message\r\n" },
		{ "a AUTHENTICATE PLAIN cm9vdABhZG1pbgBzZWNyZXQ=\r\n",
		  "a NO [AUTHORIZATIONFAILED] Nobody may act for another\r\n" },
		{ "a AUTHENTICATE LOGIN\r\n", "a NO [CANNOT] That mechanism is not offered\r\n" },
		{ "a AUTHENTICATE\r\n", "a BAD AUTHENTICATE: expected a space\r\n" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_conn *f = client(w, true);

		assert_string_equal(fake_conn_say(f, cases[i].script), cases[i].answer);
		expect(f, "b NOOP\r\n", "b OK");
		fake_conn_free(f);
	}
}

static void sasl_line_too_long(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);
	char *line = mem_alloc(9001);

	memset(line, 'A', 9000);
	assert_string_equal(fake_conn_say(f, "a AUTHENTICATE PLAIN\r\n"), "+ \r\n");
	assert_string_equal(fake_conn_say(f, line), "a BAD That line is too long\r\n");
	assert_string_equal(fake_conn_say(f, line), "");
	assert_string_equal(fake_conn_say(f, "\r\nb NOOP\r\n"), "b OK NOOP completed\r\n");
	free(line);
	fake_conn_free(f);
}

/* What was meant as an argument and is read as a tag is nobody's business. */
static void no_passwords_in_tags(void **state)
{
	static const char *const scripts[] = {
		"a LOGIN {5}\r\nadmin {6}\r\nsecret\r\n",
		"a LOGIN {5}\r\nadmin {6}\r\nsecret x\r\n",
		"a AUTHENTICATE PLAIN\r\nAGFkbWluAHNlY3JldA==\r\n",
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct fake_conn *f = client(*state, false);

		fake_conn_say(f, scripts[i]);
		has(log_of(f), "name=?");
		has_not(log_of(f), "secret");
		has_not(log_of(f), "AHNlY3JldA");
		fake_conn_free(f);
	}
}

/* The answer is late; the third is the last. */
static void wrong_passwords(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);
	uint64_t asked = clock_mono_ms();

	f->peer.bytes[0] = 198;
	assert_string_equal(fake_conn_say(f, "a LOGIN admin wrong\r\n"),
			    "a NO [AUTHENTICATIONFAILED] Wrong user or password\r\n");
	assert_true(clock_mono_ms() - asked >= 900);
	has(log_of(f), "info imap login failed user=admin");
	has_not(log_of(f), "wrong");
	container_of(f->session, struct imap_session, base)->login_failures = 2;
	assert_string_equal(fake_conn_say(f, "a LOGIN admin wrong\r\n"),
			    "a NO [AUTHENTICATIONFAILED] Wrong user or password\r\n"
			    "* BYE Too many failed logins\r\n");
	assert_true(f->closed);
	fake_conn_free(f);
}

/* A peer that goes while its password is being judged. */
static void gone_while_waiting(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	f->peer.bytes[0] = 203;
	fake_conn_feed(f, SLICE("a LOGIN admin wrong\r\n"));
	assert_true(f->paused);
	fake_conn_break(f);
	fake_conn_free(f);
	loop_turn(w->loop, 0);
}

static void bad_lines(void **state)
{
	static const struct { const char *line, *answer; } cases[] = {
		{ "\r\n", "* BAD A command begins with a tag\r\n" },
		{ "a\r\n", "a BAD A command follows the tag\r\n" },
		{ "a \r\n", "a BAD A command follows the tag\r\n" },
		{ "+ NOOP\r\n", "* BAD A command begins with a tag\r\n" },
		{ "\"a\" NOOP\r\n", "* BAD A command begins with a tag\r\n" },
		{ "a FOO\r\n", "a BAD Unknown command\r\n" },
		{ "a UID\r\n", "a BAD Unknown command\r\n" },
		{ "a UID NOOP\r\n", "a BAD Unknown command\r\n" },
		{ "a NOOP x\r\n", "a BAD This command takes no arguments\r\n" },
		{ "a NOOP {5}\r\n", "a BAD This command takes no arguments\r\n" },
		{ "a SELECT INBOX\r\n", "a BAD Log in first\r\n" },
		{ "a UID FETCH 1 FLAGS\r\n", "a BAD Log in first\r\n" },
		{ "a LOGIN admin\r\n", "a BAD LOGIN: expected a space\r\n" },
		{ "a LOGIN admin secret \r\n", "a BAD LOGIN: expected nothing more\r\n" },
		{ "a LOGIN  admin secret\r\n", "a BAD LOGIN: expected a string\r\n" },
		{ "a LOGIN admin {5000}\r\n", "a NO [TOOBIG] Literals are too long\r\n" },
		/* What belongs to a refused command is passed over with it. */
		{ "a FOO {6+}\r\nx NOOP bar {3+}\r\nabc\r\n", "a BAD Unknown command\r\n" },
		{ "a NOOP\n", "a OK NOOP completed\r\n" },
	};
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(fake_conn_say(f, cases[i].line), cases[i].answer);
		assert_string_equal(fake_conn_say(f, "b NOOP\r\n"), "b OK NOOP completed\r\n");
	}
	fake_conn_feed(f, SLICE("a NO\0OP\r\n"));
	assert_string_equal(fake_conn_take(f), "a BAD There is a NUL in that line\r\n");
	fake_conn_free(f);
}

static void too_many_bad_lines(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	for (int i = 0; i < 19; i++)
		fake_conn_say(f, "GET / HTTP/1.1\r\n");
	assert_false(f->finished);
	assert_string_equal(fake_conn_say(f, "GET / HTTP/1.1\r\n"),
			    "GET BAD Unknown command\r\n* BYE Too many commands that are none\r\n");
	assert_true(f->closed);
	fake_conn_free(f);
}

static void long_lines(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);
	char *line = mem_alloc(100001);

	memset(line, 'x', 100000);
	fake_conn_say(f, "a LOGIN ");
	assert_string_equal(fake_conn_say(f, line), "a BAD The line is too long\r\n");
	assert_string_equal(fake_conn_say(f, line), "");
	/* Its literal still belongs to it. */
	assert_string_equal(fake_conn_say(f, "{8+}\r\nb NOOP\r\n\r\n"), "");
	assert_string_equal(fake_conn_say(f, "b NOOP\r\n"), "b OK NOOP completed\r\n");
	free(line);
	fake_conn_free(f);

	f = client(w, true);
	assert_string_equal(fake_conn_say(f, "a FOO {9999999+}\r\n"),
		"a BAD Unknown command\r\n* BYE [TOOBIG] That literal is too long to read\r\n");
	assert_true(f->closed);
	fake_conn_free(f);
}

static void ends(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	fake_conn_idle(f);
	assert_string_equal(fake_conn_take(f), "* BYE Nothing was said for too long\r\n");
	fake_conn_free(f);
	f = client(w, true);
	fake_conn_shutdown(f);
	assert_string_equal(fake_conn_take(f), "* BYE The server is shutting down\r\n");
	assert_true(f->closed);
	fake_conn_free(f);
	f = client(w, true);
	fake_conn_eof(f);
	assert_true(f->closed);
	fake_conn_free(f);
}

static void small_commands(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = client(w, true);

	assert_string_equal(fake_conn_say(f, "a ID NIL\r\n"),
			    "* ID (\"name\" \"Letterplate\")\r\na OK ID completed\r\n");
	expect(f, "a ID (\"name\" \"x\" \"os\" NIL)\r\n", "a OK");
	expect(f, "a ID ()\r\n", "a OK");
	expect(f, "a ID (\"name\")\r\n", "a BAD");
	expect(f, "a ID\r\n", "a BAD");
	fake_conn_free(f);
	f = logged_in(w);
	has(fake_conn_say(f, "a ID NIL\r\n"), "\"version\" ");
	assert_string_equal(fake_conn_say(f, "t1 ENABLE CONDSTORE X-GOOD-IDEA\r\n"),
			    "* ENABLED CONDSTORE\r\nt1 OK ENABLE completed\r\n");
	expect(f, "t1 ENABLE\r\n", "t1 BAD");
	expect(f, "t1 ENABLE \r\n", "t1 BAD");
	assert_string_equal(fake_conn_say(f, "A001 NAMESPACE\r\n"),
			    "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nA001 OK NAMESPACE completed\r\n");
	has(fake_conn_say(f, "a CAPABILITY\r\n"), "* CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ");
	expect(f, "a LOGIN admin secret\r\n", "a BAD Already logged in");
	fake_conn_free(f);
}

static const char split_script[] =
	"a NOOP\r\n"
	"b FOO {4+}\r\nc X\r {3+}\r\nx\r\n\r\n"
	"d ID (\"name\" {3}\r\nx\r\ny)\r\n"
	"e AUTHENTICATE PLAIN\r\n*\r\n"
	"f LOGIN {5}\r\nadmin {6+}\r\nsecret\r\n"
	"g IDLE\r\nDONE\r\n"
	"h LOGOUT\r\n"
	"i NOOP\r\n";

static const char split_answer[] =
	"a OK NOOP completed\r\n"
	"b BAD Unknown command\r\n"
	"+ OK\r\n"
	"d BAD ID: expected a space\r\n"
	"+ \r\ne BAD AUTHENTICATE cancelled\r\n"
	"+ OK\r\n"
	"f OK [CAPABILITY] Logged in\r\n"
	"+ idling\r\ng OK IDLE terminated\r\n"
	"* BYE Goodbye\r\nh OK LOGOUT completed\r\n";

static struct fake_conn *make(void *arg)
{
	return client(arg, true);
}

static void check(struct fake_conn *f, void *arg)
{
	char *said = mem_string(fake_conn_take(f)), *list = strstr(said, "[CAPABILITY ");

	(void)arg;
	assert_non_null(list);
	list += strlen("[CAPABILITY");
	memmove(list, strchr(list, ']'), strlen(strchr(list, ']')) + 1);
	assert_string_equal(said, split_answer);
	free(said);
	assert_true(f->closed);
}

static void every_split(void **state)
{
	fake_conn_every_split(make, check, *state, slice_of(split_script));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greeting),
		cmocka_unit_test(starttls),
		cmocka_unit_test(no_passwords_in_the_clear),
		cmocka_unit_test(ways_in),
		cmocka_unit_test(synchronising_login),
		cmocka_unit_test(sasl_gone_wrong),
		cmocka_unit_test(sasl_line_too_long),
		cmocka_unit_test(no_passwords_in_tags),
		cmocka_unit_test(wrong_passwords),
		cmocka_unit_test(gone_while_waiting),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(too_many_bad_lines),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(ends),
		cmocka_unit_test(small_commands),
		cmocka_unit_test(every_split),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
