/* AUTHENTICATE SCRAM-SHA-256 and -PLUS over IMAP: bound and unbound, refused in the
 * right words, slow and silent about what was wrong. */
#include "imap_world.h"

#include "../../src/imap/session.h"
#include "../support/scram_client.h"
#include "base/encode.h"

enum { TEXT = 4096 };

/* "before BASE64(text) CRLF" */
static const char *say64(struct fake_conn *f, const char *before, const char *text)
{
	struct buf line;
	const char *said;

	buf_init(&line, TEXT * 2);
	buf_add_text(&line, before);
	base64_encode(&line, slice_of(text));
	buf_add(&line, SLICE("\r\n\0"));
	said = fake_conn_say(f, line.data);
	buf_release(&line);
	return said;
}

/* What the challenge says. */
static void challenge_text(const char *said, char *out)
{
	struct buf text;

	buf_init(&text, TEXT);
	if (strncmp(said, "+ ", 2) != 0 ||
	    !base64_decode(&text, slice_head(slice_of(said + 2), strcspn(said + 2, "\r"))))
		fail_msg("no challenge: %s", said);
	snprintf(out, TEXT, "%.*s", (int)text.len, text.data ? text.data : "");
	buf_release(&text);
}

struct attempt {
	const char *mechanism, *header, *user, *password;
	char bound;                      /* 32 of these; 0: none */
	bool initial;                    /* SASL-IR */
};

/* Up to what is said to the proof; `c` can tell whether the server proved itself. */
static const char *attempt(struct fake_conn *f, const struct attempt *a, struct scram_client *c)
{
	char hello[TEXT], bare[TEXT], before[100], first[TEXT], last[TEXT];
	unsigned char bound[32];
	const char *said;

	memset(bound, a->bound, sizeof(bound));
	snprintf(bare, sizeof(bare), "n=%.500s,r=rOprNGfwEbeRWgbNEkqO", a->user);
	snprintf(hello, sizeof(hello), "%.500s%.2000s", a->header, bare);
	snprintf(before, sizeof(before), "a AUTHENTICATE %s", a->mechanism);
	if (a->initial) {
		strncat(before, " ", 2);
		said = say64(f, before, hello);
	} else {
		strncat(before, "\r\n", 3);
		assert_string_equal(fake_conn_say(f, before), "+ \r\n");
		said = say64(f, "", hello);
	}
	if (said[0] != '+')
		return said;
	challenge_text(said, first);
	has(first, "r=rOprNGfwEbeRWgbNEkqO");
	has(first, ",i=4096");
	scram_client_final(c, a->password, bare, first, a->header, bound, a->bound ? 32 : 0,
			   last, sizeof(last));
	return say64(f, "", last);
}

static void ways_in(void **state)
{
	static const struct attempt cases[] = {
		{ "SCRAM-SHA-256", "n,,", "admin", "secret", 0, false },
		{ "scram-sha-256", "n,,", "admin", "secret", 0, true },
		{ "SCRAM-SHA-256", "n,a=ADMIN,", "Admin@Example.ORG", "secret", 0, true },
		{ "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "admin", "secret", 'x', true },
		{ "SCRAM-SHA-256-PLUS", "p=tls-exporter,a=admin,", "admin", "secret", 'x', false },
		{ "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", "admin", "secret", 'e', true },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_conn *f = client(w, true);
		char verifier[TEXT], expected[100];
		struct scram_client c;

		challenge_text(attempt(f, &cases[i], &c), verifier);
		scram_client_verifier(&c, expected, sizeof(expected));
		assert_string_equal(verifier, expected);
		has(fake_conn_say(f, "\r\n"), "a OK [CAPABILITY ");
		has(log_of(f), "info imap login user=");
		has_not(log_of(f), "secret");
		has_not(log_of(f), "rOprNGfwEbeRWgbNEkqO");
		expect(f, "b SELECT INBOX\r\n", "b OK");
		fake_conn_free(f);
	}
}

/* Wrong user and wrong password look alike, and come late. */
static void wrong_ones(void **state)
{
	static const struct attempt cases[] = {
		{ "SCRAM-SHA-256", "n,,", "admin", "Secret", 0, true },
		{ "SCRAM-SHA-256", "n,,", "root", "secret", 0, true },
		{ "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "admin", "", 'x', true },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_conn *f = client(w, true);
		uint64_t asked = clock_mono_ms();
		struct scram_client c;

		f->peer.bytes[0] = (uint8_t)(150 + i);
		assert_string_equal(attempt(f, &cases[i], &c),
				    "a NO [AUTHENTICATIONFAILED] Wrong user or password\r\n");
		assert_true(clock_mono_ms() - asked >= 900);
		has(log_of(f), "info imap login failed user=");
		has(log_of(f), "reason=user or password");
		assert_int_equal(container_of(f->session, struct imap_session, base)->login_failures, 1);
		fake_conn_free(f);
	}
}

#define REFUSED(why) "a NO [AUTHENTICATIONFAILED] SCRAM: " why "\r\n"

static void refused(void **state)
{
	static const struct { struct attempt attempt; const char *answer; } cases[] = {
		{ { "SCRAM-SHA-256", "y,,", "admin", "secret", 0, true },
		  REFUSED("server-does-support-channel-binding") },
		{ { "SCRAM-SHA-256", "p=tls-exporter,,", "admin", "secret", 'x', true },
		  REFUSED("channel-binding-not-supported") },
		{ { "SCRAM-SHA-256-PLUS", "p=tls-unique,,", "admin", "secret", 'x', true },
		  REFUSED("unsupported-channel-binding-type") },
		{ { "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "admin", "secret", 'y', true },
		  REFUSED("channel-bindings-dont-match") },
		{ { "SCRAM-SHA-256", "n,,", "a=b", "secret", 0, true },
		  REFUSED("invalid-username-encoding") },
		{ { "SCRAM-SHA-256", "n,,", "a\x01", "secret", 0, true },
		  REFUSED("invalid-username-encoding") },
		{ { "SCRAM-SHA-256", "n,a=root,", "admin", "secret", 0, true },
		  "a NO [AUTHORIZATIONFAILED] Nobody may act for another\r\n" },
		{ { "SCRAM-SHA-256", "n", "admin", "secret", 0, true },
		  "a BAD That is no SCRAM message (invalid-encoding)\r\n" },
		{ { "SCRAM-SHA-1", "n,,", "admin", "secret", 0, true },
		  "a NO [CANNOT] That mechanism is not offered\r\n" },
		{ { "ANONYMOUS", "n,,", "admin", "secret", 0, true },
		  "a NO [CANNOT] That mechanism is not offered\r\n" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_conn *f = client(w, true);
		struct scram_client c;

		assert_string_equal(attempt(f, &cases[i].attempt, &c), cases[i].answer);
		expect(f, "b LOGIN admin secret\r\n", "b OK");
		fake_conn_free(f);
	}
}

static void lines_gone_wrong(void **state)
{
	struct attempt right = { "SCRAM-SHA-256", "n,,", "admin", "secret", 0, true };
	struct fake_conn *f = client(*state, true);
	struct scram_client c;

	assert_string_equal(fake_conn_say(f, "a AUTHENTICATE SCRAM-SHA-256 =\r\n"),
			    "a BAD That is no SCRAM message (invalid-encoding)\r\n");
	assert_string_equal(fake_conn_say(f, "a AUTHENTICATE SCRAM-SHA-256 !\r\n"),
			    "a BAD That is not base64\r\n");
	assert_string_equal(fake_conn_say(f, "a AUTHENTICATE SCRAM-SHA-256 \r\n"),
			    "a BAD AUTHENTICATE: expected an initial response\r\n");
	has(say64(f, "a AUTHENTICATE SCRAM-SHA-256 ", "n,,n=admin,r=abc"), "+ ");
	assert_string_equal(fake_conn_say(f, "*\r\n"), "a BAD AUTHENTICATE cancelled\r\n");
	has(say64(f, "a AUTHENTICATE SCRAM-SHA-256 ", "n,,n=admin,r=abc"), "+ ");
	assert_string_equal(fake_conn_say(f, "\r\n"),
			    "a BAD That is no SCRAM message (invalid-encoding)\r\n");
	/* After the server's proof there is nothing more to say. */
	has(attempt(f, &right, &c), "+ ");
	assert_string_equal(fake_conn_say(f, "*\r\n"), "a BAD AUTHENTICATE cancelled\r\n");
	has(attempt(f, &right, &c), "+ ");
	assert_string_equal(fake_conn_say(f, "AAAA\r\n"), "a BAD An empty line was expected\r\n");
	expect(f, "b SELECT INBOX\r\n", "b BAD Log in first");
	has(attempt(f, &right, &c), "+ ");
	has(fake_conn_say(f, "\r\n"), "a OK ");
	fake_conn_free(f);
}

/* What is offered depends on the password and on the connection. */
static void offers(void **state)
{
	struct world *w = *state;
	struct auth *plain = w->auth;
	struct fake_conn *f = client(w, true);
	const char *said;
	struct scram_client c;
	static const struct attempt y = { "SCRAM-SHA-256", "y,,", "admin", "secret", 0, true };

	has(fake_conn_say(f, "a CAPABILITY\r\n"), " AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS ");
	f->no_binding = true;
	said = fake_conn_say(f, "a CAPABILITY\r\n");
	has(said, " AUTH=SCRAM-SHA-256 ");
	has_not(said, "PLUS ");
	expect(f, "a AUTHENTICATE SCRAM-SHA-256-PLUS\r\n", "a NO [CANNOT]");
	/* Then "y" is the truth, and not a downgrade. */
	has(attempt(f, &y, &c), "+ ");
	has(fake_conn_say(f, "\r\n"), "a OK ");
	fake_conn_free(f);

	f = client(w, true);
	turn_off(w, "AUTH=SCRAM-SHA-256");
	has_not(fake_conn_say(f, "a CAPABILITY\r\n"), "SCRAM");
	expect(f, "a AUTHENTICATE SCRAM-SHA-256-PLUS\r\n", "a NO [CANNOT]");
	turn_all_on(w);
	w->server.auth = auth_new(&(struct auth_options){
		.loop = w->loop, .lane = w->readers, .user = "admin", .domain = "example.org",
		.password = "$5$rounds=1000$abc$0123456789012345678901234567890123456789012",
	});
	has_not(fake_conn_say(f, "a CAPABILITY\r\n"), "SCRAM");
	expect(f, "a AUTHENTICATE SCRAM-SHA-256\r\n", "a NO [CANNOT]");
	fake_conn_free(f);
	auth_free(w->server.auth);
	w->server.auth = plain;
	f = client(w, false);
	has_not(fake_conn_say(f, "a CAPABILITY\r\n"), "SCRAM");
	expect(f, "a AUTHENTICATE SCRAM-SHA-256\r\n", "a NO [PRIVACYREQUIRED]");
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_in),
		cmocka_unit_test(wrong_ones),
		cmocka_unit_test(refused),
		cmocka_unit_test(lines_gone_wrong),
		cmocka_unit_test(offers),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
