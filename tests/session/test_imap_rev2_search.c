/* IMAP4rev2: SEARCH and "$", the examples of RFC 9051 6.4.4 and 7.3.4. */
#include "rev2_world.h"

#define SMITH "SINCE 1-Feb-1994 NOT FROM \"Smith\""
#define LATE "SINCE 12-Feb-2006 NOT FROM \"Smith\""

static struct fake_conn *searched(struct world *w)
{
	struct fake_conn *f = with_21(w);

	enable_rev2(f);
	return f;
}

static void examples(void **state)
{
	static const struct exchange talk[] = {
		{ "A282 SEARCH RETURN (MIN COUNT) FLAGGED " SMITH "\r\n",
		  "* ESEARCH (TAG \"A282\") MIN 2 COUNT 3\r\nA282 OK SEARCH completed\r\n" },
		{ "A283 SEARCH RETURN () FLAGGED " SMITH "\r\n",
		  "* ESEARCH (TAG \"A283\") ALL 2,10:11\r\nA283 OK SEARCH completed\r\n" },
		{ "A284 SEARCH TEXT \"string not in mailbox\"\r\n",
		  "* ESEARCH (TAG \"A284\")\r\nA284 OK SEARCH completed\r\n" },
		{ "A285 SEARCH CHARSET UTF-8 TEXT {12}\r\n", "+ OK\r\n" },
		{ "\320\276\321\202\320\277\321\203\321\201\320\272\r\n",
		  "* ESEARCH (TAG \"A285\")\r\nA285 OK SEARCH completed\r\n" },
		{ "A285 SEARCH CHARSET \"us-ascii\" SUBJECT \"letter 21\"\r\n",
		  "* ESEARCH (TAG \"A285\") ALL 21\r\nA285 OK SEARCH completed\r\n" },
		{ "A284 SEARCH RETURN (MIN) UNSEEN\r\n",
		  "* ESEARCH (TAG \"A284\") MIN 4\r\nA284 OK SEARCH completed\r\n" },
		{ "A285 UID SEARCH RETURN (MIN MAX) 1:21\r\n",
		  "* ESEARCH (TAG \"A285\") UID MIN 2 MAX 22\r\nA285 OK UID SEARCH completed\r\n" },
		{ "A286 SEARCH RETURN (COUNT) DELETED\r\n",
		  "* ESEARCH (TAG \"A286\") COUNT 15\r\nA286 OK SEARCH completed\r\n" },
		{ "A286 SEARCH RETURN (COUNT MIN MAX ALL) DRAFT\r\n",
		  "* ESEARCH (TAG \"A286\") COUNT 0\r\nA286 OK SEARCH completed\r\n" },
		/* 6.4.9 */
		{ "a UID SEARCH 1:10 UID 4:30\r\n",
		  "* ESEARCH (TAG \"a\") UID ALL 4:11\r\na OK UID SEARCH completed\r\n" },
		{ "a UID SEARCH UID 559:*\r\n",
		  "* ESEARCH (TAG \"a\") UID ALL 22\r\na OK UID SEARCH completed\r\n" },
		{ "a SEARCH RETURN (NONSENSE) ALL\r\n", "a BAD SEARCH: expected a RETURN option\r\n" },
		/* E 12: deprecated, and there is no \Recent. */
		{ "a SEARCH OR NEW RECENT\r\n",
		  "* ESEARCH (TAG \"a\")\r\na OK SEARCH completed\r\n" },
		{ "a SEARCH OLD 1:3\r\n",
		  "* ESEARCH (TAG \"a\") ALL 1:3\r\na OK SEARCH completed\r\n" },
	};
	struct fake_conn *f = searched(*state);

	CONVERSE(f, talk);
	/* UTF8=ACCEPT forbids CHARSET to clients of IMAP4rev1 (RFC 6855 3), not to these. */
	expect(f, "a ENABLE UTF8=ACCEPT\r\n", "a OK");
	expect(f, "a SEARCH CHARSET UTF-8 ALL\r\n", "a OK");
	fake_conn_free(f);
	f = logged_in(*state);
	expect(f, "a ENABLE UTF8=ACCEPT\r\n", "a OK");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	expect(f, "a SEARCH CHARSET UTF-8 ALL\r\n", "a BAD");
	fake_conn_free(f);
}

/* 6.4.4.4, all ten: what is piped is one text. */
static void saved(void **state)
{
	static const struct exchange talk[] = {
		{ "A282 SEARCH RETURN (SAVE) FLAGGED " SMITH "\r\n", "A282 OK SEARCH completed\r\n" },
		{ "A283 FETCH $ (UID FLAGS)\r\n",
		  "* 2 FETCH (UID 3 FLAGS (\\Flagged \\Seen $All))\r\n"
		  "* 10 FETCH (UID 11 FLAGS (\\Flagged \\Deleted $All))\r\n"
		  "* 11 FETCH (UID 12 FLAGS (\\Flagged \\Deleted $All))\r\n"
		  "A283 OK FETCH completed\r\n" },
		{ "A282 SEARCH RETURN (SAVE) FLAGGED " SMITH "\r\nA283 FETCH $ UID\r\n",
		  "A282 OK SEARCH completed\r\n* 2 FETCH (UID 3)\r\n* 10 FETCH (UID 11)\r\n"
		  "* 11 FETCH (UID 12)\r\nA283 OK FETCH completed\r\n" },
		{ "A300 SEARCH RETURN (SAVE) SINCE 1-Jan-2004 NOT FROM \"Smith\"\r\n",
		  "A300 OK SEARCH completed\r\n" },
		{ "A301 UID SEARCH UID $ SMALLER 4096\r\n",
		  "* ESEARCH (TAG \"A301\") UID ALL 3,11:16,22\r\nA301 OK UID SEARCH completed\r\n" },
		{ "A301 UID SEARCH $ SMALLER 4096\r\n",
		  "* ESEARCH (TAG \"A301\") UID ALL 3,11:16,22\r\nA301 OK UID SEARCH completed\r\n" },
		{ "P283 SEARCH CHARSET UTF-8 (OR $ 1,3000:3021) TEXT {6+}\r\nletter\r\n",
		  "* ESEARCH (TAG \"P283\") ALL 1:2,10:15,21\r\nP283 OK SEARCH completed\r\n" },
		{ "P283 SEARCH CHARSET UTF-8 (OR $ 1,3000:3021) TEXT {8+}\r\n"
		  "\320\274\320\260\321\202\321\214\r\n",
		  "* ESEARCH (TAG \"P283\")\r\nP283 OK SEARCH completed\r\n" },
		{ "B283 SEARCH RETURN (SAVE) CHARSET KOI9 (OR $ 1,3000:3021) TEXT {4+}\r\nXXXX\r\n",
		  "B283 NO [BADCHARSET (US-ASCII UTF-8)] That charset is not known\r\n" },
		{ "B284 FETCH $ UID\r\n", "B284 OK FETCH completed\r\n" },
		{ "E282 SEARCH RETURN (SAVE) SINCE 28-Oct-2036 NOT FROM \"Eric\"\r\n"
		  "E283 COPY $ Archive\r\n",
		  "E282 OK SEARCH completed\r\nE283 OK COPY completed\r\n" },
		{ "F282 SEARCH RETURN (SAVE) KEYWORD $All 1:2\r\nF283 COPY $ Junk\r\n"
		  "F284 STORE $ +FLAGS.Silent (\\Deleted)\r\n",
		  "F282 OK SEARCH completed\r\nF283 OK [COPYUID 0 2:3 1:2] Copied\r\n"
		  "F284 OK STORE completed\r\n" },
		{ "G282 SEARCH RETURN (SAVE) KEYWORD $Junk\r\n"
		  "G283 SEARCH RETURN (ALL) SINCE 28-Oct-2005 FROM \"Smith\"\r\n",
		  "G282 OK SEARCH completed\r\n"
		  "* ESEARCH (TAG \"G283\") ALL 5\r\nG283 OK SEARCH completed\r\n" },
		{ "H282 SEARCH RETURN (SAVE) KEYWORD $Junk\r\n"
		  "H283 SEARCH RETURN (SAVE) SINCE 28-Oct-2005 FROM \"Smith\"\r\nH284 FETCH $ UID\r\n",
		  "H282 OK SEARCH completed\r\nH283 OK SEARCH completed\r\n"
		  "* 5 FETCH (UID 6)\r\nH284 OK FETCH completed\r\n" },
		{ "C282 SEARCH RETURN (ALL) " LATE "\r\nx SEARCH $\r\n",
		  "* ESEARCH (TAG \"C282\") ALL 2,10:15,21\r\nC282 OK SEARCH completed\r\n"
		  "* ESEARCH (TAG \"x\") ALL 5\r\nx OK SEARCH completed\r\n" },
		{ "C283 SEARCH RETURN (ALL SAVE) " LATE "\r\nx SEARCH $\r\n",
		  "* ESEARCH (TAG \"C283\") ALL 2,10:15,21\r\nC283 OK SEARCH completed\r\n"
		  "* ESEARCH (TAG \"x\") ALL 2,10:15,21\r\nx OK SEARCH completed\r\n" },
		{ "C284 SEARCH RETURN (SAVE MIN) " LATE "\r\nx SEARCH $\r\n",
		  "* ESEARCH (TAG \"C284\") MIN 2\r\nC284 OK SEARCH completed\r\n"
		  "* ESEARCH (TAG \"x\") ALL 2\r\nx OK SEARCH completed\r\n" },
		{ "C285 SEARCH RETURN (MAX SAVE MIN) " LATE "\r\nx SEARCH $\r\n",
		  "* ESEARCH (TAG \"C285\") MIN 2 MAX 21\r\nC285 OK SEARCH completed\r\n"
		  "* ESEARCH (TAG \"x\") ALL 2,21\r\nx OK SEARCH completed\r\n" },
		{ "C286 SEARCH RETURN (MAX SAVE MIN COUNT) " LATE "\r\nx SEARCH $\r\n",
		  "* ESEARCH (TAG \"C286\") MIN 2 MAX 21 COUNT 8\r\nC286 OK SEARCH completed\r\n"
		  "* ESEARCH (TAG \"x\") ALL 2,10:15,21\r\nx OK SEARCH completed\r\n" },
		{ "C286 SEARCH RETURN (ALL SAVE MIN) " LATE "\r\nx SEARCH $\r\n",
		  "* ESEARCH (TAG \"C286\") MIN 2 ALL 2,10:15,21\r\nC286 OK SEARCH completed\r\n"
		  "* ESEARCH (TAG \"x\") ALL 2,10:15,21\r\nx OK SEARCH completed\r\n" },
		/* 6.4.4.1: SELECT empties it. */
		{ "x UNSELECT\r\n", "x OK UNSELECT completed\r\n" },
	};
	struct fake_conn *f = searched(*state);

	CONVERSE(f, talk);
	expect(f, "x SELECT INBOX\r\n", "x OK");
	says(f, "x FETCH $ UID\r\n", "x OK FETCH completed\r\n");
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(examples), WORLD(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
