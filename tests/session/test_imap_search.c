/* SEARCH and UID SEARCH: every key, over messages that a test can oversee. */
#include "imap_world.h"

#include "base/encode.h"

static void append_to(struct fake_conn *f, const char *flags, const char *date, struct slice text)
{
	char *head = mem_printf("ap APPEND INBOX (%s) \"%s 12:00:00 +0000\" {%zu+}\r\n",
				flags, date, text.len);
	const char *said;

	fake_conn_feed(f, slice_of(head));
	fake_conn_feed(f, text);
	said = fake_conn_say(f, "\r\n");
	if (strncmp(said, "ap OK", 5) != 0)
		fail_msg("%s", said);
	free(head);
}

/* Five messages; what they are searched for stands in `rows` below. */
static const struct {
	const char *flags, *date, *text;
} letters[] = {
	{ "\\Seen \\Answered", " 1-Feb-1994",
	  "Date: Mon, 31 Jan 1994 23:30:00 -0800\r\n"
	  "From: John Smith <smith@one.example>\r\n"
	  "To: Jane <jane@two.example>\r\nCc: list@three.example\r\n"
	  "Subject: afternoon\r\n meeting\r\nMessage-ID: <1@one.example>\r\n\r\n"
	  "plain hello\r\n" },
	{ "\\Flagged $Work", "17-Jul-1996",
	  "Date: Wed, 17 Jul 96 02:23:25 -0700\r\nFrom: =?UTF-8?Q?J=C3=BCrgen?= <j@one.example>\r\n"
	  "Bcc: hidden@four.example\r\nSubject: =?ISO-8859-1?Q?Gr=FC=DFe?=\r\n"
	  "X-Empty:\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\nstra=DFe und =\r\nWeg\r\n" },
	{ "\\Deleted", "31-Dec-1999",
	  "From: a@b.example\r\nSubject: parts\r\n"
	  "Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n"
	  "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	  "PHA+SGlkZGVuIFdvcmQ8L3A+\r\n--z\r\n"                     /* <p>Hidden Word</p> */
	  "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	  "QXR0YWNoZWQgc2VjcmV0\r\n--z\r\n"                        /* Attached secret */
	  "Content-Type: message/rfc822\r\n\r\nSubject: forwarded thing\r\n\r\ninner text\r\n"
	  "--z--\r\n" },
	{ "\\Draft $work2", " 1-Jan-2000",
	  "Date: nonsense\r\nFrom: x@y.example\r\nSubject: utf sixteen\r\n"
	  "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	  "//5ZAGUAcwA9AA0ACgBuAG8ACgA=\r\n" },                    /* BOM, Yes=, no */
	{ "", " 2-Jan-2000",
	  "Date: Sun, 2 Jan 2000 00:10:00 +0100\r\nFrom: j@p.example\r\n"
	  "Subject: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\r\n"
	  "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n" },
};

/* As a client that is not the first to see them. */
static struct fake_conn *with_letters(struct world *w)
{
	struct fake_conn *f = logged_in(w);

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		append_to(f, letters[i].flags, letters[i].date, slice_of(letters[i].text));
	expect(f, "s SELECT INBOX\r\n", "s OK");
	return f;
}

static void every_key(void **state)
{
	static const struct { const char *keys, *found; } rows[] = {
		{ "ALL", " 1 2 3 4 5" },
		{ "ANSWERED", " 1" }, { "UNANSWERED", " 2 3 4 5" },
		{ "DELETED", " 3" }, { "UNDELETED", " 1 2 4 5" },
		{ "DRAFT", " 4" }, { "UNDRAFT", " 1 2 3 5" },
		{ "FLAGGED", " 2" }, { "UNFLAGGED", " 1 3 4 5" },
		{ "SEEN", " 1" }, { "UNSEEN", " 2 3 4 5" },
		{ "KEYWORD $Work", " 2" }, { "KEYWORD $WORK", " 2" }, { "KEYWORD none", "" },
		{ "UNKEYWORD $work", " 1 3 4 5" }, { "KEYWORD $Work2", " 4" },
		{ "5 RECENT", " 5" }, { "5 NEW", " 5" }, { "5 OLD", "" },
		{ "NOT OR RECENT OLD", "" }, { "RECENT OLD", "" }, { "NEW SEEN", "" },
		{ "1", " 1" }, { "*", " 5" }, { "2:4", " 2 3 4" }, { "5,1", " 1 5" },
		{ "4:*", " 4 5" }, { "9:*", " 5" }, { "7:8", "" }, { "UID 1:2", " 1 2" },
		{ "UID *", " 5" }, { "NOT UID 2:4", " 1 5" },
		{ "BEFORE 17-Jul-1996", " 1" }, { "ON 17-Jul-1996", " 2" },
		{ "SINCE 17-Jul-1996", " 2 3 4 5" }, { "SINCE 1-Jan-2000", " 4 5" },
		{ "BEFORE 1-Jan-2000", " 1 2 3" }, { "ON 16-Jul-1996", "" },
		/* The day as it is written, whatever its zone; none has no day. */
		{ "SENTON 31-Jan-1994", " 1" }, { "SENTBEFORE 31-Jan-1994", "" },
		{ "SENTSINCE 17-Jul-1996", " 2 5" }, { "SENTBEFORE 2-Jan-2000", " 1 2" },
		{ "SENTON 2-Jan-2000", " 5" }, { "NOT SENTSINCE 1-Jan-1990", " 3 4" },
		{ "LARGER 0", " 1 2 3 4 5" }, { "SMALLER 1", "" },
		{ "FROM smith", " 1" }, { "FROM \"SMITH@ONE\"", " 1" }, { "FROM one.example", " 1 2" },
		{ "TO jane", " 1" }, { "CC three", " 1" }, { "BCC hidden", " 2" },
		{ "SUBJECT \"afternoon meeting\"", " 1" }, { "SUBJECT gr", " 2" },
		{ "SUBJECT forwarded", "" },
		{ "CHARSET UTF-8 SUBJECT {6+}\r\nGR\xC3\x9C\xC3\x9F", " 2" },
		{ "CHARSET UTF-8 SUBJECT \"gr\xC3\xBCsse\"", " 2" },
		{ "CHARSET UTF-8 SUBJECT \"gru\xCC\x88sse\"", " 2" },
		{ "SUBJECT \"gr\xC3\xBCSSE\"", " 2" },
		{ "CHARSET ISO-8859-1 FROM {2+}\r\nJ\xFC", " 2" },
		{ "CHARSET UTF-8 SUBJECT \"\xE6\x97\xA5\xE6\x9C\xAC\"", " 5" },
		{ "CHARSET UTF-8 BODY \"\xE6\x9C\xAC\xE8\xAA\x9E\"", " 5" },
		{ "CHARSET ISO-2022-JP BODY {8+}\r\n\033$BK\\\033(B", " 5" },
		{ "SUBJECT iso", "" },
		{ "HEADER Message-ID \"\"", " 1" }, { "HEADER X-Empty \"\"", " 2" },
		{ "HEADER X-Empty x", "" }, { "HEADER message-id ONE", " 1" },
		{ "HEADER Subject meeting", " 1" }, { "HEADER Meeting \"\"", "" },
		{ "BODY HELLO", " 1" }, { "BODY afternoon", "" }, { "TEXT afternoon", " 1" },
		{ "BODY strasse", " 2" }, { "BODY \"und weg\"", " 2" }, { "BODY =DF", "" },
		{ "BODY \"hidden word\"", " 3" }, { "BODY secret", "" }, { "BODY PHA", "" },
		{ "BODY \"inner text\"", " 3" }, { "BODY \"forwarded thing\"", " 3" },
		{ "TEXT octet-stream", " 3" }, { "BODY octet-stream", "" },
		{ "BODY yes=", " 4" }, { "BODY no", " 4" },
		{ "TEXT \"x-empty:\"", " 2" }, { "TEXT jane", " 1" },
		{ "BODY \"\"", " 1 2 3 4 5" }, { "TEXT \"\"", " 1 2 3 4 5" },
		{ "NOT FROM example", "" }, { "NOT BODY hello", " 2 3 4 5" },
		{ "OR SEEN FLAGGED", " 1 2" }, { "OR BODY hello FLAGGED", " 1 2" },
		{ "NOT (OR SEEN FLAGGED)", " 3 4 5" }, { "(SEEN ANSWERED) FROM smith", " 1" },
		{ "OR (BODY hello FLAGGED) TEXT nonsense", " 4" },
		{ "OR OR BODY hello BODY strasse BODY yes", " 1 2 4" },
		{ "SINCE 1-Feb-1994 NOT FROM \"Smith\"", " 2 3 4 5" },
		{ "TEXT \"string not in mailbox\"", "" },
	};
	struct fake_conn *f = with_letters(*state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *command = mem_printf("a SEARCH %s\r\n", rows[i].keys);
		char *answer = mem_printf("* SEARCH%s\r\na OK SEARCH completed\r\n",
					  rows[i].found);
		const char *said = fake_conn_say(f, command);

		if (strcmp(said, answer) != 0)
			fail_msg("%s gave\n%s", command, said);
		free(command);
		free(answer);
	}
	fake_conn_free(f);
}

/* RFC 3501 6.4.4's examples. */
static void examples(void **state)
{
	struct fake_conn *f = with_letters(*state);

	assert_string_equal(fake_conn_say(f, "A282 SEARCH FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"\r\n"),
			    "* SEARCH 2\r\nA282 OK SEARCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "A283 SEARCH TEXT \"string not in mailbox\"\r\n"),
			    "* SEARCH\r\nA283 OK SEARCH completed\r\n");
	has(fake_conn_say(f, "A284 SEARCH CHARSET UTF-8 TEXT {6}\r\n"), "+ ");
	assert_string_equal(fake_conn_say(f, "\xE6\x97\xA5\xE6\x9C\xAC\r\n"),
			    "* SEARCH 5\r\nA284 OK SEARCH completed\r\n");
	fake_conn_free(f);
}

/* "Larger than", "smaller than": of its own size a message is neither. */
static void sizes(void **state)
{
	struct fake_conn *f = with_letters(*state);

	for (unsigned i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		size_t n = strlen(letters[i].text);
		char *inside = mem_printf("a SEARCH %u LARGER %zu SMALLER %zu\r\n", i + 1, n - 1, n + 1);
		char *outside = mem_printf("a SEARCH %u OR LARGER %zu SMALLER %zu\r\n", i + 1, n, n);
		char *found = mem_printf("* SEARCH %u\r\n", i + 1);

		has(fake_conn_say(f, inside), found);
		has(fake_conn_say(f, outside), "* SEARCH\r\n");
		free(inside);
		free(outside);
		free(found);
	}
	fake_conn_free(f);
}

static void numbers_and_uids(void **state)
{
	struct fake_conn *f = with_letters(*state);

	expect(f, "a EXPUNGE\r\n", "a OK");      /* 3 goes */
	assert_string_equal(fake_conn_say(f, "a SEARCH DRAFT\r\n"),
			    "* SEARCH 3\r\na OK SEARCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "a UID SEARCH DRAFT\r\n"),
			    "* SEARCH 4\r\na OK UID SEARCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "a UID SEARCH 3:4\r\n"),
			    "* SEARCH 4 5\r\na OK UID SEARCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "a UID SEARCH UID 3:4\r\n"),
			    "* SEARCH 4\r\na OK UID SEARCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "a SEARCH UID 3:4\r\n"),
			    "* SEARCH 3\r\na OK SEARCH completed\r\n");
	fake_conn_free(f);
}

static void refused(void **state)
{
	static const struct { const char *command, *status; } rows[] = {
		{ "a SEARCH\r\n", "a BAD " },
		{ "a SEARCH \r\n", "a BAD " },
		{ "a SEARCH NONSENSE\r\n", "a BAD " },
		{ "a SEARCH (SEEN\r\n", "a BAD " },
		{ "a SEARCH BEFORE yesterday\r\n", "a BAD " },
		{ "a SEARCH CHARSET KLINGON ALL\r\n", "a NO [BADCHARSET (US-ASCII UTF-8)] " },
		{ "a UID SEARCH CHARSET X ALL\r\n", "a NO [BADCHARSET (US-ASCII UTF-8)] " },
	};
	struct fake_conn *f = with_letters(*state);
	struct buf deep;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(f, rows[i].command, rows[i].status);
	buf_init(&deep, 100000);
	buf_add_text(&deep, "a SEARCH ");
	for (unsigned i = 0; i < 1000; i++)
		buf_add_text(&deep, "NOT ");
	buf_add_text(&deep, "SEEN\r\n");
	fake_conn_feed(f, buf_slice(&deep));
	buf_release(&deep);
	expect(f, "", "a NO [LIMIT] ");
	fake_conn_free(f);
}

static void empty_folder(void **state)
{
	struct fake_conn *f = logged_in(*state);

	expect(f, "s SELECT INBOX\r\n", "s OK");
	assert_string_equal(fake_conn_say(f, "a SEARCH ALL\r\n"),
			    "* SEARCH\r\na OK SEARCH completed\r\n");
	assert_string_equal(fake_conn_say(f, "a UID SEARCH 1:*\r\n"),
			    "* SEARCH\r\na OK UID SEARCH completed\r\n");
	fake_conn_free(f);
}

/* A needle at each place around the borders of pieces, in a text of one encoding. */
static void check_borders(struct world *w, bool base64)
{
	enum { SIZE = 100 * 1024, NEAR = 3 };
	static const size_t borders[] = { 0, 24 * 1024, 32 * 1024, 48 * 1024, 64 * 1024, SIZE - 20 };
	struct fake_conn *f = logged_in(w);
	struct buf want;
	unsigned count = 0;

	buf_init(&want, 10000);
	for (size_t b = 0; b < sizeof(borders) / sizeof(borders[0]); b++)
		for (int near = -NEAR; near <= NEAR; near++) {
			size_t at = borders[b] + (size_t)(near + NEAR);
			char *text = mem_alloc(SIZE + 1);
			struct buf mail;

			memset(text, 'x', SIZE);
			for (size_t i = 99; i < SIZE; i += 100)
				text[i] = '\n';
			memcpy(text + at - (at >= NEAR ? NEAR : 0), "n\xC3\xA9" "edle", 7);
			buf_init(&mail, 4 * SIZE);
			buf_printf(&mail, "Content-Type: text/plain; charset=utf-8\r\n%s\r\n",
				   base64 ? "Content-Transfer-Encoding: base64\r\n" : "");
			if (base64)
				base64_encode(&mail, slice_make(text, SIZE));
			else
				buf_add(&mail, slice_make(text, SIZE));
			append_to(f, "", " 1-Jan-2000", buf_slice(&mail));
			buf_release(&mail);
			free(text);
			buf_printf(&want, " %u", ++count);
		}
	expect(f, "s SELECT INBOX\r\n", "s OK");
	buf_add_text(&want, "\r\n");
	buf_add_byte(&want, '\0');
	has(expect(f, "a SEARCH BODY \"n\xC3\x89" "EDLE\"\r\n", "a OK"), want.data);
	assert_string_equal(fake_conn_say(f, "a SEARCH BODY \"n\xC3\x89" "edlf\"\r\n"),
			    "* SEARCH\r\na OK SEARCH completed\r\n");
	buf_release(&want);
	fake_conn_free(f);
}

static void needle_across_pieces(void **state)
{
	check_borders(*state, false);
}

static void needle_across_pieces_of_base64(void **state)
{
	check_borders(*state, true);
}

/* What ends one part and begins the next is no text. */
static void needle_across_parts(void **state)
{
	struct fake_conn *f = logged_in(*state);

	append_to(f, "", " 1-Jan-2000", SLICE(
		"Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\r\nhalf\r\n--z\r\n\r\nmoon\r\n--z--\r\n"));
	expect(f, "s SELECT INBOX\r\n", "s OK");
	has(fake_conn_say(f, "a SEARCH BODY halfmoon\r\n"), "* SEARCH\r\n");
	has(fake_conn_say(f, "a SEARCH BODY half BODY moon\r\n"), "* SEARCH 1\r\n");
	fake_conn_free(f);
}

/* Another session expunged what is searched: it matches nothing (RFC 2180 4.3). */
static void expunged_by_another(void **state)
{
	struct fake_conn *f = with_letters(*state), *other = logged_in(*state);
	const char *said;

	expect(other, "s SELECT INBOX\r\n", "s OK");
	expect(other, "a EXPUNGE\r\n", "a OK");
	said = expect(f, "a SEARCH BODY e\r\n", "a OK [EXPUNGEISSUED] ");
	has_not(said, " 3");
	has_not(said, "EXPUNGE\r\n");
	expect(f, "a SEARCH ALL\r\n", "a OK");
	fake_conn_free(other);
	fake_conn_free(f);
}

static void session_dies_under_a_job(void **state)
{
	struct world *w = *state;

	for (unsigned turns = 0; turns < 6; turns++) {
		struct fake_conn *f = with_letters(w);

		fake_conn_feed(f, SLICE("a SEARCH TEXT nothing\r\n"));
		for (unsigned i = 0; i < turns; i++)
			loop_turn(w->loop, 1);
		fake_conn_break(f);
		fake_conn_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(every_key),
		WORLD(examples),
		WORLD(sizes),
		WORLD(numbers_and_uids),
		WORLD(refused),
		WORLD(empty_folder),
		WORLD(needle_across_pieces),
		WORLD(needle_across_pieces_of_base64),
		WORLD(needle_across_parts),
		WORLD(expunged_by_another),
		WORLD(session_dies_under_a_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
