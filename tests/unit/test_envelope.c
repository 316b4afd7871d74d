#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mime/describe.h"

static void check(const char *header, const char *want)
{
	struct buf b;

	buf_init(&b, 65536);
	assert_true(mime_envelope(&b, slice_of(header)));
	if (!slice_is(buf_slice(&b), want))
		fail_msg("%s\n want %s\n  got %.*s", header, want, (int)b.len, b.data);
	buf_release(&b);
}

/* The example of RFC 3501 7.4.2, as its fields must have been. */
static void test_example(void **state)
{
	(void)state;
	check("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
	      "From: Terry Gray <gray@cac.washington.edu>\r\n"
	      "Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
	      "To: imap@cac.washington.edu\r\n"
	      "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
	      "Message-Id: <B27397-0100000@cac.washington.edu>\r\n\r\n",
	      "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	      "\"IMAP4rev1 WG mtg summary and minutes\" "
	      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	      "((NIL NIL \"imap\" \"cac.washington.edu\")) "
	      "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	      "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
	      "\"<B27397-0100000@cac.washington.edu>\")");
}

static void test_fields(void **state)
{
	(void)state;
	check("", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	check("Subject:\nTo:\nCc: ,\n", "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)");
	check("Subject: a\n b\nSubject: c\nMessage-ID: <1>\nIn-Reply-To: <2> <3>\n",
	      "(NIL \"a b\" NIL NIL NIL NIL NIL NIL \"<2> <3>\" \"<1>\")");
	check("Subject: =?utf-8?Q?x?= \"y\"\n",
	      "(NIL \"=?utf-8?Q?x?= \\\"y\\\"\" NIL NIL NIL NIL NIL NIL NIL NIL)");
	check("Subject: gr\xc3\xbcn\n", "(NIL {5}\r\ngr\xc3\xbcn NIL NIL NIL NIL NIL NIL NIL NIL)");
	check("X: y\n\nSubject: body\n", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
}

static void test_addresses(void **state)
{
	(void)state;
	/* Sender and Reply-To default to From; empty ones too. */
	check("From: a@b\nSender: c@d\nReply-To:\n",
	      "(NIL NIL ((NIL NIL \"a\" \"b\")) ((NIL NIL \"c\" \"d\")) ((NIL NIL \"a\" \"b\")) "
	      "NIL NIL NIL NIL NIL)");
	/* RFC 5322 4.5.3: several fields are one list. */
	check("To: a@b\nTo: c@d\nBcc: e@f\n",
	      "(NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) NIL "
	      "((NIL NIL \"e\" \"f\")) NIL NIL)");
	check("To: G: a@b;, root, Joe Doe\n",
	      "(NIL NIL NIL NIL NIL ((NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)"
	      "(NIL NIL \"root\" \"\")(\"Joe Doe\" NIL \"\" \"\")) NIL NIL NIL NIL)");
	check("Cc: N <@x,@y:a@b>\n",
	      "(NIL NIL NIL NIL NIL NIL ((\"N\" \"@x,@y\" \"a\" \"b\")) NIL NIL NIL)");
}

static void test_full(void **state)
{
	struct slice header = SLICE("From: a@b\nSubject: x\nTo: c@d, e@f\n\n");
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_true(mime_envelope(&b, header));
	size_t need = b.len;
	buf_release(&b);
	for (size_t room = 0; room < need; room++) {
		buf_init(&b, room);
		assert_false(mime_envelope(&b, header));
		buf_release(&b);
	}
	buf_init(&b, need);
	assert_true(mime_envelope(&b, header));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
