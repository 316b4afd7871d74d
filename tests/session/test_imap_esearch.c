/* What searches answer with: ESEARCH (RFC 4731), SEARCHRES (RFC 5182), WITHIN (RFC
 * 5032), PARTIAL (RFC 9394) and the SEARCH of IMAP4rev2 (RFC 9051 6.4.4). */
#include "search_world.h"

#include "../../src/imap/session.h"

struct row { const char *command, *answer; };

static void each(struct fake_conn *f, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		says(f, rows[i].command, rows[i].answer);
}
#define EACH(f, rows) each(f, rows, sizeof(rows) / sizeof((rows)[0]))

#define SMITH "FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"\r\n"
#define LATE "SINCE 12-Feb-2006 NOT FROM \"Smith\"\r\n"

/* RFC 4731 3.1, RFC 9051 6.4.4. */
static void esearch_examples(void **state)
{
	static const struct row rows[] = {
		{ "A282 SEARCH RETURN (MIN COUNT) " SMITH,
		  "* ESEARCH (TAG \"A282\") MIN 2 COUNT 3\r\nA282 OK SEARCH completed\r\n" },
		{ "A283 SEARCH RETURN () " SMITH,
		  "* ESEARCH (TAG \"A283\") ALL 2,10:11\r\nA283 OK SEARCH completed\r\n" },
		{ "A284 SEARCH RETURN (MIN) UNSEEN\r\n",
		  "* ESEARCH (TAG \"A284\") MIN 4\r\nA284 OK SEARCH completed\r\n" },
		{ "A285 UID SEARCH RETURN (MIN MAX) 1:5000\r\n",
		  "* ESEARCH (TAG \"A285\") UID MIN 2 MAX 22\r\nA285 OK UID SEARCH completed\r\n" },
		{ "A286 SEARCH RETURN (COUNT) DELETED\r\n",
		  "* ESEARCH (TAG \"A286\") COUNT 15\r\nA286 OK SEARCH completed\r\n" },
		{ "A284 SEARCH RETURN () TEXT \"string not in mailbox\"\r\n",
		  "* ESEARCH (TAG \"A284\")\r\nA284 OK SEARCH completed\r\n" },
		/* What is not there is not told, but COUNT is. */
		{ "a SEARCH RETURN (MIN MAX ALL COUNT) DRAFT\r\n",
		  "* ESEARCH (TAG \"a\") COUNT 0\r\na OK SEARCH completed\r\n" },
		{ "a uid search return (all count max min) charset utf-8 1:3,5 not 2\r\n",
		  "* ESEARCH (TAG \"a\") UID MIN 2 MAX 6 COUNT 3 ALL 2,4,6\r\n"
		  "a OK UID SEARCH completed\r\n" },
	};
	struct fake_conn *f = with_21(*state);

	EACH(f, rows);
	/* UIDs with a hole between them are no range. */
	expect(f, "a STORE 5 -FLAGS (\\Deleted)\r\n", "a OK");
	expect(f, "a STORE 3 +FLAGS (\\Deleted)\r\n", "a OK");
	expect(f, "a UID EXPUNGE 4\r\n", "a OK");
	says(f, "a UID SEARCH RETURN () 1:4\r\n",
	     "* ESEARCH (TAG \"a\") UID ALL 2:3,5:6\r\na OK UID SEARCH completed\r\n");
	says(f, "a SEARCH RETURN () 1:4\r\n",
	     "* ESEARCH (TAG \"a\") ALL 1:4\r\na OK SEARCH completed\r\n");
	fake_conn_free(f);
}

static void rev2_has_no_search_response(void **state)
{
	struct fake_conn *f = with_21(*state);

	((struct imap_session *)f->session)->enabled |= IMAP_REV2;
	says(f, "a SEARCH " SMITH, "* ESEARCH (TAG \"a\") ALL 2,10:11\r\na OK SEARCH completed\r\n");
	says(f, "a UID SEARCH DRAFT\r\n",
	     "* ESEARCH (TAG \"a\") UID\r\na OK UID SEARCH completed\r\n");
	fake_conn_free(f);
}

static void bad_options(void **state)
{
	static const char *const rows[] = {
		"RETURN ALL", "RETURN", "RETURN ()", "RETURN (", "RETURN (MIN", "RETURN (MIN)",
		"RETURN (NONSENSE) ALL", "RETURN (MIN,MAX) ALL", "RETURN ( MIN) ALL",
		"RETURN (MIN ) ALL", "RETURN (MIN  MAX) ALL", "RETURN(MIN) ALL", "RETURN (MIN)ALL",
		"ALL RETURN (MIN)", "RETURN (\"MIN\") ALL", "RETURN (PARTIAL) ALL",
		"RETURN (PARTIAL 1) ALL", "RETURN (PARTIAL 0:5) ALL", "RETURN (PARTIAL 1:0) ALL",
		"RETURN (PARTIAL 1:*) ALL", "RETURN (PARTIAL -1:5) ALL",
		"RETURN (PARTIAL 1:-5) ALL", "RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL",
		"RETURN (PARTIAL 1:2 ALL) ALL", "RETURN (ALL PARTIAL 1:2) ALL",
		"RETURN (PARTIAL 1:4294967296) ALL", "RETURN (PARTIAL 1:2,4:5) ALL",
		"OLDER 0", "YOUNGER", "YOUNGER -1", "OLDER x", "$,1", "1,$", "UID $:4", "NOT $$",
	};
	struct fake_conn *f = with_21(*state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *command = mem_printf("a SEARCH %s\r\n", rows[i]);

		if (i % 8 == 0)
			expect(f, "a NOOP\r\n", "a OK");
		expect(f, command, "a BAD ");
		expect(f, "a NOOP\r\n", "a OK");
		free(command);
	}
	fake_conn_free(f);
}

/* RFC 5182 2.2. */
static void saved_examples(void **state)
{
	static const struct row rows[] = {
		{ "A282 SEARCH RETURN (SAVE) " SMITH, "A282 OK SEARCH completed\r\n" },
		{ "A283 FETCH $ (UID)\r\n",
		  "* 2 FETCH (UID 3)\r\n* 10 FETCH (UID 11)\r\n* 11 FETCH (UID 12)\r\n"
		  "A283 OK FETCH completed\r\n" },
		{ "A300 SEARCH RETURN (SAVE) " LATE, "A300 OK SEARCH completed\r\n" },
		{ "A301 UID SEARCH UID $ SMALLER 4096 FLAGGED\r\n",
		  "* SEARCH 3 11 12\r\nA301 OK UID SEARCH completed\r\n" },
		{ "A301 UID SEARCH $ SMALLER 4096 FLAGGED\r\n",
		  "* SEARCH 3 11 12\r\nA301 OK UID SEARCH completed\r\n" },
		{ "P282 SEARCH RETURN (SAVE) " SMITH, "P282 OK SEARCH completed\r\n" },
		{ "P283 SEARCH CHARSET UTF-8 (OR $ 1,20:21) TEXT {6+}\r\nletter\r\n",
		  "* SEARCH 1 2 10 11 20 21\r\nP283 OK SEARCH completed\r\n" },
		{ "a SEARCH NOT $ FLAGGED\r\n", "* SEARCH 5\r\na OK SEARCH completed\r\n" },
		/* Example 6. */
		{ "E282 SEARCH RETURN (SAVE) SINCE 28-Oct-2006 NOT FROM \"Eric\"\r\n",
		  "E282 OK SEARCH completed\r\n" },
		{ "E283 COPY $ \"Archive\"\r\n", "E283 OK COPY completed\r\n" },
		{ "E284 FETCH $ FLAGS\r\n", "E284 OK FETCH completed\r\n" },
		{ "E284 UID STORE $ +FLAGS (\\Seen)\r\n", "E284 OK UID STORE completed\r\n" },
		{ "E284 MOVE $ Archive\r\n", "E284 OK MOVE completed\r\n" },
		{ "E284 UID EXPUNGE $\r\n", "E284 OK UID EXPUNGE completed\r\n" },
		{ "E284 SEARCH $\r\n", "* SEARCH\r\nE284 OK SEARCH completed\r\n" },
	};
	struct fake_conn *f = with_21(*state);

	/* With nothing ever saved it is empty. */
	says(f, "a FETCH $ FLAGS\r\n", "a OK FETCH completed\r\n");
	EACH(f, rows);
	fake_conn_free(f);
}

/* RFC 5182 2.3, example 7: pipelined, in whatever pieces. */
static void saved_is_there_for_the_next_command(void **state)
{
	struct fake_conn *f = with_21(*state);

	fake_conn_feed(f, SLICE("F282 SEARCH RETURN (SAVE) FLAGGED\r\nF283 COPY $ \"Archive\"\r\n"
				"F284 STORE $ +FLAGS.Silent (\\Deleted)\r\n"
				"F285 UID FETCH $ UID\r\n"));
	await(*state, f, "* 11 FETCH (UID 12)\r\nF285 OK");
	expect(f, "a SELECT Archive\r\n", "a OK");
	says(f, "a SEARCH RETURN (COUNT) ALL\r\n",
	     "* ESEARCH (TAG \"a\") COUNT 4\r\na OK SEARCH completed\r\n");
	fake_conn_free(f);
}

/* RFC 5182 2.1 and example 5: what changes "$" and what does not. */
static void saved_is_changed_by(void **state)
{
	static const struct { const char *command, *status, *then; } rows[] = {
		{ "a SEARCH 5\r\n", "a OK", " 1 2 3" },
		{ "a SEARCH RETURN (ALL) 5\r\n", "a OK", " 1 2 3" },
		{ "a SEARCH NONSENSE\r\n", "a BAD", " 1 2 3" },
		{ "a SEARCH RETURN (SAVE) NONSENSE\r\n", "a BAD", " 1 2 3" },
		{ "a SEARCH RETURN (SAVE NONSENSE) ALL\r\n", "a BAD", " 1 2 3" },
		{ "a SEARCH CHARSET KLINGON $\r\n", "a NO [BADCHARSET", " 1 2 3" },
		{ "a SEARCH RETURN (SAVE) CHARSET KLINGON $\r\n", "a NO [BADCHARSET", "" },
		{ "a SEARCH RETURN (SAVE) DRAFT\r\n", "a OK", "" },
		{ "a SEARCH RETURN (SAVE) $ NOT 2\r\n", "a OK", " 1 3" },
		{ "a UID SEARCH RETURN (SAVE) UID 5:6\r\n", "a OK", " 4 5" },
		{ "a SELECT INBOX\r\n", "a OK", "" },
		{ "a EXAMINE INBOX\r\n", "a OK", "" },
		{ "a SELECT nowhere\r\n", "a NO", NULL },
		{ "a CLOSE\r\n", "a OK", NULL },
		{ "a FETCH 1 FLAGS\r\n", "a OK", " 1 2 3" },
	};
	struct fake_conn *f = with_21(*state);

	expect(f, "x STORE 1:* -FLAGS.SILENT (\\Deleted)\r\n", "x OK");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *answer = mem_printf("* SEARCH%s\r\nx OK SEARCH completed\r\n",
					  rows[i].then ? rows[i].then : "");

		expect(f, "x SEARCH RETURN (SAVE) 1:3\r\n", "x OK");
		expect(f, rows[i].command, rows[i].status);
		if (!rows[i].then)
			expect(f, "x SELECT INBOX\r\n", "x OK");
		says(f, "x SEARCH $\r\n", answer);
		free(answer);
	}
	fake_conn_free(f);
}

/* RFC 5182 2.4's table and example 10; RFC 9394 3.2's table. */
static void saved_with_other_options(void **state)
{
	static const struct { const char *options, *told, *then; } rows[] = {
		{ "ALL SAVE", "ALL 2,10:15,21", "2,10:15,21" },
		{ "SAVE MIN", "MIN 2", "2" },
		{ "SAVE MAX", "MAX 21", "21" },
		{ "MAX SAVE MIN", "MIN 2 MAX 21", "2,21" },
		{ "MAX SAVE MIN COUNT", "MIN 2 MAX 21 COUNT 8", "2,10:15,21" },
		{ "ALL SAVE MIN", "MIN 2 ALL 2,10:15,21", "2,10:15,21" },
		{ "SAVE COUNT", "COUNT 8", "2,10:15,21" },
		{ "SAVE PARTIAL 2:4", "PARTIAL (2:4 10:12)", "10:12" },
		{ "SAVE PARTIAL 2:4 MIN", "MIN 2 PARTIAL (2:4 10:12)", "2,10:12" },
		{ "SAVE PARTIAL -4:-3 MAX", "MAX 21 PARTIAL (-4:-3 13:14)", "13:14,21" },
		{ "SAVE MIN MAX PARTIAL 4:4", "MIN 2 MAX 21 PARTIAL (4:4 12)", "2,12,21" },
		{ "SAVE MIN PARTIAL 2:2 COUNT", "MIN 2 COUNT 8 PARTIAL (2:2 10)", "2,10:15,21" },
		{ "SAVE PARTIAL 9:12", "PARTIAL (9:12 NIL)", NULL },
		{ "SAVE PARTIAL 9:12 MAX", "MAX 21 PARTIAL (9:12 NIL)", "21" },
	};
	struct fake_conn *f = with_21(*state);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *command = mem_printf("C1 SEARCH RETURN (%s) " LATE, rows[i].options);
		char *answer = mem_printf("* ESEARCH (TAG \"C1\") %s\r\nC1 OK SEARCH completed\r\n",
					  rows[i].told);
		char *then = mem_printf("* ESEARCH (TAG \"b\")%s%s\r\nb OK SEARCH completed\r\n",
					rows[i].then ? " ALL " : "",
					rows[i].then ? rows[i].then : "");

		says(f, command, answer);
		says(f, "b SEARCH RETURN () $\r\n", then);
		free(command);
		free(answer);
		free(then);
	}
	fake_conn_free(f);
}

/* What is expunged leaves "$", and the numbers of the others go down. */
static void saved_without_the_expunged(void **state)
{
	struct fake_conn *f = with_21(*state), *other = logged_in(*state);

	expect(f, "a SEARCH RETURN (SAVE) " LATE, "a OK");
	expect(f, "a UID EXPUNGE 12:14\r\n", "a OK");            /* numbers 11 to 13 */
	says(f, "a SEARCH $\r\n", "* SEARCH 2 10 11 12 18\r\na OK SEARCH completed\r\n");
	expect(other, "o SELECT INBOX\r\n", "o OK");
	expect(other, "o UID EXPUNGE 11\r\n", "o OK");
	/* Not told yet here: it may not be until a NOOP. */
	has(expect(f, "a FETCH $ UID\r\n", "a OK"), "* 10 FETCH (UID 11)\r\n");
	expect(f, "a NOOP\r\n", "a OK");
	says(f, "a UID FETCH $ UID\r\n",
	     "* 2 FETCH (UID 3)\r\n* 10 FETCH (UID 15)\r\n* 11 FETCH (UID 16)\r\n"
	     "* 17 FETCH (UID 22)\r\na OK UID FETCH completed\r\n");
	expect(f, "a UID EXPUNGE $\r\n", "a OK");
	says(f, "a SEARCH RETURN (COUNT) ALL\r\n",
	     "* ESEARCH (TAG \"a\") COUNT 14\r\na OK SEARCH completed\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* RFC 5182 2.5. */
static void too_much_to_save(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	w->server.saved_ranges_max = 3;
	expect(f, "a SEARCH RETURN (SAVE) 1,3,5\r\n", "a OK");
	expect(f, "a SEARCH RETURN (SAVE COUNT) 1,3,5,7\r\n", "a NO [NOTSAVED] ");
	says(f, "a SEARCH $\r\n", "* SEARCH\r\na OK SEARCH completed\r\n");
	fake_conn_free(f);
}

/* What is not advertised is not there. */
static void switched_off(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	turn_off(w, "SEARCHRES");
	expect(f, "a SEARCH RETURN (SAVE) 1\r\n", "a BAD");
	expect(f, "a FETCH $ UID\r\n", "a BAD");
	expect(f, "a SEARCH $\r\n", "a BAD");
	expect(f, "a SEARCH RETURN (COUNT) 1\r\n", "a OK");
	turn_off(w, "ESEARCH");
	expect(f, "a SEARCH RETURN (COUNT) 1\r\n", "a BAD");
	turn_all_on(w);
	fake_conn_free(f);
}

/* RFC 5032 2 and 4. */
static void within(void **state)
{
	static const struct { const char *keys, *found; } rows[] = {
		{ "UNSEEN YOUNGER 259200", " 10 11 12 13 14 15 21" },
		{ "YOUNGER 3600", " 2 5 10 11 12 13 14 15 21" },
		{ "YOUNGER 3599", "" },
		{ "OLDER 3600 2", " 2" }, { "OLDER 3601 2", "" }, { "OLDER 3599 2", " 2" },
		{ "older 4294967295", "" }, { "YOUNGER 4294967295", " 1 2 3 4 5 6 7 8 9 10 11 12 "
		  "13 14 15 16 17 18 19 20 21" },
		{ "NOT OLDER 4000 OR FLAGGED DRAFT", " 2 5 10 11" },
	};
	struct fake_conn *f = with_21(*state);

	/* An hour after noon on 12 February 2006; number 5 is Smith's and not seen. */
	clock_set(1139745600 + 3600);
	expect(f, "a STORE 5 +FLAGS.SILENT (\\Seen)\r\n", "a OK");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *command = mem_printf("a1 SEARCH %s\r\n", rows[i].keys);
		char *answer = mem_printf("* SEARCH%s\r\na1 OK SEARCH completed\r\n",
					  rows[i].found);

		says(f, command, answer);
		free(command);
		free(answer);
	}
	clock_set(-1);
	fake_conn_free(f);
}

/* RFC 9394 3.1, RFC 5267 4.4: numbers of messages that are a little smaller. */
static void partial_examples(void **state)
{
	static const struct row rows[] = {
		{ "A01 UID SEARCH RETURN (PARTIAL -1:-5) UNDELETED\r\n",
		  "* ESEARCH (TAG \"A01\") UID PARTIAL (-1:-5 3:7)\r\nA01 OK UID SEARCH completed\r\n" },
		{ "A02 UID SEARCH RETURN (PARTIAL 3:9) UNDELETED\r\n",
		  "* ESEARCH (TAG \"A02\") UID PARTIAL (3:9 4:7)\r\nA02 OK UID SEARCH completed\r\n" },
		{ "A03 UID SEARCH RETURN (PARTIAL 1:2) UNDELETED\r\n",
		  "* ESEARCH (TAG \"A03\") UID PARTIAL (1:2 2:3)\r\nA03 OK UID SEARCH completed\r\n" },
		{ "A04 UID SEARCH RETURN (PARTIAL 24000:24500) UNDELETED\r\n",
		  "* ESEARCH (TAG \"A04\") UID PARTIAL (24000:24500 NIL)\r\n"
		  "A04 OK UID SEARCH completed\r\n" },
		{ "a SEARCH RETURN (PARTIAL -500:-2) UNDELETED\r\n",
		  "* ESEARCH (TAG \"a\") PARTIAL (-500:-2 1:5)\r\na OK SEARCH completed\r\n" },
		{ "a SEARCH RETURN (PARTIAL -7:-8) UNDELETED\r\n",
		  "* ESEARCH (TAG \"a\") PARTIAL (-7:-8 NIL)\r\na OK SEARCH completed\r\n" },
		{ "a SEARCH RETURN (PARTIAL 3:2 COUNT) UNDELETED\r\n",
		  "* ESEARCH (TAG \"a\") COUNT 6 PARTIAL (3:2 2:3)\r\na OK SEARCH completed\r\n" },
		{ "a SEARCH RETURN (PARTIAL 1:4294967295) DRAFT\r\n",
		  "* ESEARCH (TAG \"a\") PARTIAL (1:4294967295 NIL)\r\na OK SEARCH completed\r\n" },
		/* RFC 5267 4.2. */
		{ "A01 SEARCH RETURN (CONTEXT COUNT) UNDELETED\r\n",
		  "* ESEARCH (TAG \"A01\") COUNT 6\r\nA01 OK SEARCH completed\r\n" },
	};
	struct fake_conn *f = with_21(*state);

	EACH(f, rows);
	fake_conn_free(f);
}

/* RFC 9394 3.3, 3.4. */
static void partial_fetch(void **state)
{
	static const struct row rows[] = {
		{ "10 UID FETCH 3:15 (UID) (PARTIAL -1:-3)\r\n",
		  "* 12 FETCH (UID 13)\r\n* 13 FETCH (UID 14)\r\n* 14 FETCH (UID 15)\r\n"
		  "10 OK UID FETCH completed\r\n" },
		{ "11 UID FETCH 3:15 (UID) (PARTIAL 2:1)\r\n",
		  "* 2 FETCH (UID 3)\r\n* 3 FETCH (UID 4)\r\n11 OK UID FETCH completed\r\n" },
		{ "12 UID FETCH 2,4:5,9:10,20:* (UID) (PARTIAL 3:4)\r\n",
		  "* 4 FETCH (UID 5)\r\n* 8 FETCH (UID 9)\r\n12 OK UID FETCH completed\r\n" },
		{ "13 UID FETCH 2,4:5,9:10,20:* (UID) (PARTIAL -8:-100)\r\n",
		  "* 1 FETCH (UID 2)\r\n13 OK UID FETCH completed\r\n" },
		{ "14 UID FETCH 1:* (UID) (PARTIAL 22:100)\r\n", "14 OK UID FETCH completed\r\n" },
	};
	struct fake_conn *f = with_21(*state);
	char *command;

	EACH(f, rows);
	expect(f, "a SEARCH RETURN (SAVE) FLAGGED\r\n", "a OK");
	says(f, "a UID FETCH $ (UID) (PARTIAL -1:-1)\r\n",
	     "* 11 FETCH (UID 12)\r\na OK UID FETCH completed\r\n");
	/* Of the last three the one that changed, not the last three that changed. */
	expect(f, "a ENABLE CONDSTORE\r\n", "a OK");
	command = mem_printf("a UID FETCH 3:15 (UID) (CHANGEDSINCE %llu PARTIAL -1:-3)\r\n",
			     (unsigned long long)snapshot_modseq(
				     ((struct imap_session *)f->session)->view));
	expect(f, "a STORE 11:12 +FLAGS.SILENT (\\Seen)\r\n", "a OK");
	has(expect(f, command, "a OK"), "* 12 FETCH (UID 13 MODSEQ (");
	has_not(expect(f, command, "a OK"), "* 11 FETCH");
	free(command);
	expect(f, "a FETCH 1:* (UID) (PARTIAL 1:2)\r\n", "a BAD");
	expect(f, "a UID FETCH 1:* (UID) (PARTIAL 1:2 PARTIAL 3:4)\r\n", "a BAD");
	expect(f, "a UID FETCH 1:* (UID) (PARTIAL 0:2)\r\n", "a BAD");
	expect(f, "a UID FETCH 1:* (UID) (PARTIAL 1:*)\r\n", "a BAD");
	fake_conn_free(f);
}

/* RFC 4731 3.2: of what is returned. */
static void highest_modseq(void **state)
{
	static const struct { const char *options, *told; unsigned of; } rows[] = {
		{ "MIN", "MIN 2", 2 }, { "MAX", "MAX 10", 10 }, { "MIN MAX", "MIN 2 MAX 10", 2 },
		{ "MIN COUNT", "MIN 2 COUNT 3", 5 }, { "", "ALL 2,5,10", 5 },
		{ "PARTIAL 3:3", "PARTIAL (3:3 10)", 10 }, { "PARTIAL 3:3 MIN", "MIN 2 PARTIAL (3:3 10)", 2 },
	};
	struct fake_conn *f = with_21(*state);
	struct imap_session *s = (struct imap_session *)f->session;
	uint64_t before;

	expect(f, "a SEARCH MODSEQ 1\r\n", "a OK");       /* that enables CONDSTORE */
	before = snapshot_modseq(s->view);
	expect(f, "a STORE 10 +FLAGS.SILENT ($x)\r\n", "a OK");
	expect(f, "a STORE 2 +FLAGS.SILENT ($x)\r\n", "a OK");
	expect(f, "a STORE 5 +FLAGS.SILENT ($x)\r\n", "a OK");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *command = mem_printf("a1 SEARCH RETURN (%s) MODSEQ \"/flags/\\\\draft\" all %llu\r\n",
					   rows[i].options, (unsigned long long)before + 1);
		char *answer = mem_printf("* ESEARCH (TAG \"a1\") %s MODSEQ %llu\r\n"
					  "a1 OK SEARCH completed\r\n", rows[i].told,
					  (unsigned long long)snapshot_message(s->view, rows[i].of).modseq);

		says(f, command, answer);
		free(command);
		free(answer);
	}
	has_not(expect(f, "a SEARCH RETURN (COUNT) MODSEQ 99999999 ALL\r\n", "a OK"), "MODSEQ");
	fake_conn_free(f);
}

/* Ten thousand ranges that are all the same, and as many that are not there. */
static void many_ranges(void **state)
{
	struct fake_conn *f = with_21(*state);
	struct buf set;

	for (int same = 0; same < 2; same++) {
		buf_init(&set, 1 << 17);
		buf_add_text(&set, "a SEARCH RETURN (ALL SAVE) ");
		for (unsigned i = 0; i < 8000; i++)
			buf_printf(&set, "%s%u", i ? "," : "", same ? 7 : 2 * i + 2);
		buf_add_text(&set, "\r\n");
		fake_conn_feed(f, buf_slice(&set));
		buf_release(&set);
		has(expect(f, "", "a OK"), same ? "ALL 7\r\n" : "ALL 2,4,6,8,10,12,14,16,18,20\r\n");
	}
	fake_conn_free(f);
}

static struct fake_conn *selected_again(void *arg)
{
	struct fake_conn *f = logged_in(arg);

	fake_conn_say(f, "x EXAMINE INBOX\r\n");
	return f;
}

static void check_split(struct fake_conn *f, void *arg)
{
	(void)arg;
	has(fake_conn_take(f), "* ESEARCH (TAG \"a\") UID MIN 3 COUNT 8 PARTIAL (-2:-1 16,22)\r\n"
	    "a OK UID SEARCH completed\r\nb OK SEARCH completed\r\n* 15 FETCH (UID 16)\r\n");
}

static void every_split(void **state)
{
	fake_conn_free(with_21(*state));
	fake_conn_every_split(selected_again, check_split, *state, SLICE(
		"a UID SEARCH RETURN (MIN COUNT PARTIAL -2:-1) " LATE
		"b SEARCH RETURN (SAVE) 15\r\nb FETCH $ UID\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(esearch_examples),
		WORLD(rev2_has_no_search_response),
		WORLD(bad_options),
		WORLD(saved_examples),
		WORLD(saved_is_there_for_the_next_command),
		WORLD(saved_is_changed_by),
		WORLD(saved_with_other_options),
		WORLD(saved_without_the_expunged),
		WORLD(too_much_to_save),
		WORLD(switched_off),
		WORLD(within),
		WORLD(partial_examples),
		WORLD(partial_fetch),
		WORLD(highest_modseq),
		WORLD(many_ranges),
		WORLD(every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
