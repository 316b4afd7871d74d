/* SMTP conversations through a connection without a socket: whole, byte by byte,
 * and cut in two at every offset. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "smtp_world.h"

/* ==== Before TLS ==== */

static void only_the_way_to_tls_is_open(void **state)
{
	static const char *const closed[] = {
		"MAIL FROM:<a@b.example>", "RCPT TO:<a@example.com>", "DATA", "VRFY a", "HELP", "EXPN a",
		"AUTH PLAIN", "BDAT 5 LAST\r\nRSET",
	};
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, false);
	say(f, "NOOP\r\n", "250 2.0.0 OK\r\n");
	say(f, "RSET\r\n", "250 2.0.0 OK\r\n");
	say(f, "HELO me\r\n", "250 mx.example.com\r\n");
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
		char line[200];

		snprintf(line, sizeof line, "%s\r\n", closed[i]);
		if (i == 7)
			continue;
		say(f, line, "530 5.7.0 Must issue a STARTTLS command first\r\n");
	}
	/* A chunk that is refused is swallowed, not obeyed. */
	say(f, "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", "530 5.7.0 Must issue a STARTTLS command first\r\n250 2.0.0 OK\r\n");
	say(f, "EHLO me\r\n",
	    "250-mx.example.com\r\n250-PIPELINING\r\n250-SIZE 10000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	    "250-CHUNKING\r\n250-LIMITS RCPTMAX=5\r\n250-STARTTLS\r\n250 ENHANCEDSTATUSCODES\r\n");
	say(f, "STARTTLS now\r\n", "501 5.5.4 STARTTLS takes no argument\r\n");
	say(f, "STARTTLS\r\n", "220 2.0.0 Ready to start TLS\r\n");
	assert_true(f->secure);
	/* RFC 3207 4.2: what was said before is forgotten. */
	say(f, "MAIL FROM:<a@b.example>\r\n", "503 5.5.1 Say EHLO first\r\n");
	say(f, "EHLO me\r\n",
	    "250-mx.example.com\r\n250-PIPELINING\r\n250-SIZE 10000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	    "250-CHUNKING\r\n250-LIMITS RCPTMAX=5\r\n250 ENHANCEDSTATUSCODES\r\n");
	say(f, "STARTTLS\r\n", "503 5.5.1 TLS is active already\r\n");
	say(f, "QUIT\r\n", "221 2.0.0 mx.example.com closing connection\r\n");
	assert_true(f->finished);
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

static void no_certificate_no_starttls(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, false);
	f->can_tls = false;
	assert_null(strstr(fake_conn_say(f, "EHLO me\r\n"), "STARTTLS"));
	say(f, "STARTTLS\r\n", "454 4.7.0 TLS is not available just now, try later\r\n");
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

/* ==== A transaction ==== */

static const char transaction[] =
	"EHLO me\r\nMAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<x@example.com>\r\n"
	"RCPT TO:<Postmaster>\r\nRCPT TO:<y@elsewhere.example>\r\nDATA\r\n"
	"Subject: hello\r\n\r\n..a dot\r\nbare\nlf\r\n.\r\n"
	"MAIL FROM:<>\r\nRCPT TO:<later@example.com>\r\nDATA\r\nRCPT TO:<z@example.com>\r\n"
	"BDAT 9\r\nSubject: \r\nBDAT 5 LAST\r\nx\r\n\r\nQUIT\r\n";

static const char transaction_replies[] =
	"250-mx.example.com\r\n250-PIPELINING\r\n250-SIZE 10000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	"250-CHUNKING\r\n250-LIMITS RCPTMAX=5\r\n250 ENHANCEDSTATUSCODES\r\n"
	"250 2.1.0 Sender accepted\r\n250 2.1.5 Recipient accepted\r\n250 2.1.5 Recipient accepted\r\n"
	"550 5.7.1 No relaying\r\n354 Send the message, end it with <CRLF>.<CRLF>\r\n250 2.0.0 Saved\r\n"
	"250 2.1.0 Sender accepted\r\n451 4.7.1 Come back in 30 seconds\r\n503 5.5.1 No valid recipients\r\n"
	"250 2.1.5 Recipient accepted\r\n250 2.0.0 9 octets received\r\n";

static struct fixture shared;

static struct fake_conn *make(void *arg)
{
	buf_release(&shared.backend.text);
	setup(&shared);
	(void)arg;
	return connect_with(&shared, true);
}

static void check_transaction(struct fake_conn *f, void *arg)
{
	const char *output = fake_conn_take(f);

	(void)arg;
	assert_int_equal(strncmp(output, transaction_replies, sizeof transaction_replies - 1), 0);
	assert_int_equal(shared.backend.messages, 1);
	assert_string_equal(shared.backend.envelope, ">z@example.com");
}

static void a_pipelined_stream_at_every_split(void **state)
{
	(void)state;
	setup(&shared);
	/* The second message is cut short by one octet, so the QUIT is part of it. */
	fake_conn_every_split(make, check_transaction, NULL, slice_make(transaction, strlen(transaction) - 14));
	buf_release(&shared.backend.text);
}

static void what_the_backend_gets(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@example.com>\r\nRCPT TO:<y@example.com>\r\n");
	say(f, "DATA\r\n", "354 Send the message, end it with <CRLF>.<CRLF>\r\n");
	say(f, "Subject: x\r\n\r\n..dot\r\nbare\nlf\rcr\r\n.\r\n", "250 2.0.0 Saved\r\n");
	assert_string_equal(x.backend.envelope, "a@b.example>x@example.com,y@example.com");
	assert_true(slice_is(buf_slice(&x.backend.text), "Subject: x\n\n.dot\nbare\nlf\ncr\n"));
	fake_conn_say(f, "MAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\n");
	say(f, "BDAT 5\r\na\r\n.\r", "250 2.0.0 5 octets received\r\n");
	say(f, "BDAT 2\r\n\nb", "250 2.0.0 2 octets received\r\n");
	say(f, "BDAT 0 LAST\r\n", "250 2.0.0 Saved\r\n");
	assert_true(slice_is(buf_slice(&x.backend.text), "a\n.\nb"));
	assert_string_equal(x.backend.envelope, ">x@example.com");
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

/* ==== Wrong turns ==== */

static void sequences_and_syntax(void **state)
{
	static const struct { const char *say, *want; } steps[] = {
		{ "MAIL FROM:<a@b.example>\r\n", "503 5.5.1 Say EHLO first\r\n" },
		{ "EHLO\r\n", "501 5.5.4 Say who you are: EHLO your.host.name\r\n" },
		{ "HELO me\r\n", "250 mx.example.com\r\n" },
		{ "MAIL FROM:<a@b.example> SIZE=5\r\n", "555 5.5.4 This parameter is not offered\r\n" },
		{ "RCPT TO:<x@example.com>\r\n", "503 5.5.1 MAIL comes first\r\n" },
		{ "DATA\r\n", "503 5.5.1 MAIL comes first\r\n" },
		{ "MAIL TO:<a@b.example>\r\n", "501 5.5.4 Syntax: FROM:<address>\r\n" },
		{ "MAIL FROM:a@b.example\r\n", "501 5.1.7 Bad address syntax\r\n" },
		{ "MAIL FROM:<a@b.example>x\r\n", "501 5.5.4 Syntax: FROM:<address>\r\n" },
		{ "MAIL FROM:<Postmaster>\r\n", "501 5.1.7 A sender's address has a domain\r\n" },
		{ "mail from: <a@b.example>\r\n", "250 2.1.0 Sender accepted\r\n" },
		{ "MAIL FROM:<a@b.example>\r\n", "503 5.5.1 A transaction is under way: RSET ends it\r\n" },
		{ "DATA\r\n", "503 5.5.1 No valid recipients\r\n" },
		{ "RCPT TO:<>\r\n", "501 5.1.3 An address has a domain\r\n" },
		{ "RCPT TO:<x>\r\n", "501 5.1.3 An address has a domain\r\n" },
		{ "RCPT TO:<x@example.com> NOTIFY=NEVER\r\n", "555 5.5.4 This parameter is not offered\r\n" },
		{ "RSET\r\n", "250 2.0.0 OK\r\n" },
		{ "EXPN list\r\n", "502 5.5.1 EXPN is not offered here\r\n" },
		{ "AUTH PLAIN\r\n", "502 5.5.1 AUTH is not offered here\r\n" },
		{ "VRFY x\r\n", "252 2.5.2 Cannot verify, but send it and see\r\n" },
		{ "WHAT\r\n", "500 5.5.2 Command not recognized\r\n" },
		{ "NOOP\nNOOP\r\n", "500 5.5.2 A line ends in CR LF and holds neither alone\r\n" },
		{ "NOOP\rNOOP\r\n", "500 5.5.2 A line ends in CR LF and holds neither alone\r\n" },
		{ "\r\n", "500 5.5.2 Command not recognized\r\n" },
	};
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	for (size_t i = 0; i < 12; i++)
		say(f, steps[i].say, steps[i].want);
	for (size_t i = 12; i < sizeof steps / sizeof *steps; i++)
		say(f, steps[i].say, steps[i].want);
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

static void parameters_of_mail(void **state)
{
	static const struct { const char *params, *want; } cases[] = {
		{ "SIZE=10000", "250 2.1.0 Sender accepted\r\n" },
		{ "SIZE=10001", "552 5.3.4 Message too big: at most 10000 bytes are taken here\r\n" },
		{ "SIZE=x", "501 5.5.4 SIZE takes a number of bytes\r\n" },
		{ "SIZE=", "501 5.5.4 SIZE takes a number of bytes\r\n" },
		{ "SIZE=99999999999999999999",
		  "552 5.3.4 Message too big: at most 10000 bytes are taken here\r\n" },
		{ "BODY=7BIT SIZE=1", "250 2.1.0 Sender accepted\r\n" },
		{ "BODY=BINARYMIME", "501 5.5.4 BODY is 7BIT or 8BITMIME\r\n" },
		{ "SMTPUTF8", "250 2.1.0 Sender accepted\r\n" },
		{ "SMTPUTF8=1", "501 5.5.4 SMTPUTF8 takes no value\r\n" },
		{ "RET=HDRS", "555 5.5.4 This parameter is not offered\r\n" },
	};
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[200];

		snprintf(line, sizeof line, "MAIL FROM:<a@b.example> %s\r\n", cases[i].params);
		say(f, line, cases[i].want);
		fake_conn_say(f, "RSET\r\n");
	}
	say(f, "MAIL FROM:<\xc3\xb6@b.example>\r\n", "553 5.6.7 This address needs SMTPUTF8\r\n");
	say(f, "MAIL FROM:<\xc3\xb6@b.example> SMTPUTF8\r\n", "250 2.1.0 Sender accepted\r\n");
	say(f, "RCPT TO:<\xc3\xbc@example.com>\r\n", "250 2.1.5 Recipient accepted\r\n");
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

/* ==== Ceilings ==== */

static void too_many_recipients(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\n");
	for (int i = 0; i < 5; i++)
		say(f, "RCPT TO:<x@example.com>\r\n", "250 2.1.5 Recipient accepted\r\n");
	say(f, "RCPT TO:<x@example.com>\r\n",
	    "452 4.5.3 Too many recipients: send the rest in another transaction\r\n");
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

static void too_big_a_message(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n");
	for (int i = 0; i < 200; i++)
		say(f, "123456789012345678901234567890123456789012345678901234567890\r\n", "");
	say(f, ".\r\n", "552 5.3.4 Message too big\r\n");
	assert_int_equal(x.backend.abandoned, 1);
	assert_int_equal(x.backend.messages, 0);
	fake_conn_say(f, "MAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\n");
	for (int i = 0; i < 2; i++) {
		char chunk[7000];

		memset(chunk, 'x', sizeof chunk);
		memcpy(chunk, "BDAT 6000\r\n", 11);
		chunk[6011] = '\0';
		say(f, chunk, i ? "552 5.3.4 Message too big\r\n" : "250 2.0.0 6000 octets received\r\n");
	}
	say(f, "BDAT 3 LAST\r\nabc", "552 5.3.4 Message too big\r\n");
	assert_int_equal(x.backend.messages, 0);
	say(f, "NOOP\r\n", "250 2.0.0 OK\r\n");
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

static void long_lines_and_many_errors(void **state)
{
	struct fixture x;
	struct fake_conn *f;
	char *line = mem_alloc(100001);
	const char *said = "";

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	memset(line, 'x', 100000);
	say(f, line, "");
	say(f, "\r\n", "500 5.5.2 Line too long\r\n");
	for (int i = 0; i < 30 && !f->finished; i++)
		said = fake_conn_say(f, "WHAT\r\n");
	assert_true(f->finished);
	assert_non_null(strstr(said, "421 4.7.0 mx.example.com Too many errors, goodbye\r\n"));
	free(line);
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

/* Each refused recipient is a line of the log: a stranger may not fill it. */
static void many_refusals(void **state)
{
	struct fixture x;
	struct fake_conn *f;
	const char *said = "";
	int count = 0;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\n");
	for (; count < 300 && !f->finished; count++) {
		said = fake_conn_say(f, count % 2 ? "RCPT TO:<x@elsewhere.example>\r\n"
						  : "RCPT TO:<later@example.com>\r\n");
		if (count % 50 == 49)
			fake_conn_say(f, "RSET\r\nMAIL FROM:<>\r\n");
	}
	assert_true(f->finished);
	assert_in_range(count, 100, 110);
	assert_non_null(strstr(said, "421 4.7.0 mx.example.com Too many errors, goodbye\r\n"));
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

static void a_chunk_without_a_size_ends_it(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\n");
	assert_non_null(strstr(fake_conn_say(f, "BDAT many LAST\r\n"), "421 4.7.0"));
	assert_true(f->finished);
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

/* ==== Waiting ==== */

static void an_open_question_pauses(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\n");
	x.backend.hold = true;
	fake_conn_feed(f, SLICE("RCPT TO:<x@example.com>\r\nNOOP\r\n"));
	assert_string_equal(fake_conn_take(f), "");
	assert_true(f->paused);
	x.backend.hold = false;
	smtp_answer(x.backend.open, &(struct smtp_verdict){ 250, "2.1.5", "Yes" });
	fake_conn_run(f);
	assert_string_equal(fake_conn_take(f), "250 2.1.5 Yes\r\n250 2.0.0 OK\r\n");
	/* The connection goes while the message is being saved: nobody is answered. */
	x.backend.hold = true;
	fake_conn_feed(f, SLICE("DATA\r\nx\r\n.\r\n"));
	fake_conn_break(f);
	assert_int_equal(x.backend.questions_abandoned, 1);
	assert_int_equal(x.backend.abandoned, 0);
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

/* RFC 5321 4.5.3.2.6: the client waits ten minutes for the answer to its last dot.
 * To give up before is to get the message twice. */
static void the_last_dot_has_ten_minutes(void **state)
{
	struct fixture x;
	struct fake_conn *f;
	unsigned idle, deadline;

	(void)state;
	setup(&x);
	f = connect_with(&x, false);
	idle = f->idle_s ? f->idle_s : smtp_protocol.limits.idle_s;
	fake_conn_say(f, "EHLO me\r\nSTARTTLS\r\n");
	fake_conn_run(f);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\n");
	deadline = f->deadline_s;
	x.backend.hold = true;
	fake_conn_say(f, "DATA\r\nx\r\n.\r\n");
	assert_true(f->paused);
	assert_in_range(f->idle_s, 600, deadline);
	assert_in_range(f->deadline_s, 600, deadline);
	smtp_answer(x.backend.open, &(struct smtp_verdict){ 250, "2.0.0", "Saved" });
	assert_int_equal(f->idle_s, idle);
	assert_int_equal(f->deadline_s, deadline);
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

static void a_full_backend_pauses(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n");
	x.backend.wait_for_room = true;
	fake_conn_feed(f, SLICE("one\r\n"));
	assert_true(f->paused);
	fake_conn_feed(f, SLICE("two\r\n"));
	assert_true(slice_is(buf_slice(&x.backend.text), "one\n"));
	x.backend.wait_for_room = false;
	smtp_feed_room(x.backend.feed);
	fake_conn_run(f);
	assert_true(slice_is(buf_slice(&x.backend.text), "one\ntwo\n"));
	fake_conn_break(f);
	assert_int_equal(x.backend.abandoned, 1);
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

/* A CR at the end of a last chunk counts as a line end, and that may be too much
 * when the backend has just asked for time. */
static void too_big_while_the_backend_is_full(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	x.server.size_max = 4;
	x.backend.wait_for_room = true;
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\n");
	say(f, "BDAT 4 LAST\r\nabc\r", "552 5.3.4 Message too big\r\n");
	assert_false(f->paused);
	say(f, "NOOP\r\n", "250 2.0.0 OK\r\n");
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

static void the_backend_cannot_begin(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	x.backend.full = true;
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\n");
	say(f, "DATA\r\n", "451 4.3.0 Cannot take a message just now, try later\r\n");
	fake_conn_say(f, "MAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\n");
	say(f, "BDAT 4 LAST\r\nQUIT", "451 4.3.0 Cannot take a message just now, try later\r\n");
	say(f, "NOOP\r\n", "250 2.0.0 OK\r\n");
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

static void idle_and_shutdown(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	f = connect_with(&x, true);
	fake_conn_idle(f);
	assert_string_equal(fake_conn_take(f), "421 4.4.2 mx.example.com Waited too long, closing connection\r\n");
	fake_conn_free(f);

	f = connect_with(&x, true);
	fake_conn_shutdown(f);
	assert_string_equal(fake_conn_take(f), "421 4.3.2 mx.example.com Shutting down, come back soon\r\n");
	fake_conn_free(f);

	/* A message under way is taken first. */
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\nDATA\r\nhalf");
	fake_conn_shutdown(f);
	assert_string_equal(fake_conn_take(f), "");
	say(f, " way\r\n.\r\n", "250 2.0.0 Saved\r\n421 4.3.2 mx.example.com Shutting down, come back soon\r\n");
	assert_true(f->finished);
	fake_conn_free(f);

	/* And when it is not taken after all. */
	f = connect_with(&x, true);
	x.server.size_max = 10;
	fake_conn_say(f, "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\nDATA\r\nhalf");
	fake_conn_shutdown(f);
	say(f, " of one\r\n.\r\n", "552 5.3.4 Message too big\r\n"
	    "421 4.3.2 mx.example.com Shutting down, come back soon\r\n");
	assert_true(f->finished);
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

/* A mail program that was told to log in, one that did not wait for the answer,
 * and one that sends its message into a refused DATA. */
static void no_secret_in_the_log(void **state)
{
	struct fixture x;
	struct fake_conn *f;

	(void)state;
	setup(&x);
	x.server.log_protocol = true;
	f = connect_with(&x, true);
	fake_conn_say(f, "EHLO me\r\nAUTH PLAIN AGFkbWluAGh1bnRlcjI=\r\nauth login\r\n"
		      "aHVudGVyMg==\r\nDATA\r\nSubject: affairs\r\n\r\nhunter2\r\n.\r\n");
	assert_true(buf_add_byte(&f->log, '\0'));
	assert_non_null(strstr(f->log.data, "EHLO me"));
	assert_non_null(strstr(f->log.data, "AUTH"));
	assert_null(strstr(f->log.data, "AGFkbWlu"));
	assert_null(strstr(f->log.data, "aHVudGVyMg"));
	assert_null(strstr(f->log.data, "affairs"));
	assert_null(strstr(f->log.data, "hunter2"));
	fake_conn_free(f);
	buf_release(&x.backend.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_way_to_tls_is_open),
		cmocka_unit_test(no_certificate_no_starttls),
		cmocka_unit_test(a_pipelined_stream_at_every_split),
		cmocka_unit_test(what_the_backend_gets),
		cmocka_unit_test(sequences_and_syntax),
		cmocka_unit_test(parameters_of_mail),
		cmocka_unit_test(too_many_recipients),
		cmocka_unit_test(too_big_a_message),
		cmocka_unit_test(long_lines_and_many_errors),
		cmocka_unit_test(many_refusals),
		cmocka_unit_test(a_chunk_without_a_size_ends_it),
		cmocka_unit_test(an_open_question_pauses),
		cmocka_unit_test(the_last_dot_has_ten_minutes),
		cmocka_unit_test(a_full_backend_pauses),
		cmocka_unit_test(too_big_while_the_backend_is_full),
		cmocka_unit_test(the_backend_cannot_begin),
		cmocka_unit_test(idle_and_shutdown),
		cmocka_unit_test(no_secret_in_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
