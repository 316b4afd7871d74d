/* RETURN (UPDATE) and CANCELUPDATE (RFC 5267): results that are kept true. */
#include "search_world.h"

#include <sys/resource.h>

#include "../../src/imap/context.h"
#include "../../src/imap/session.h"

/* Says it, and waits for what the job on its lane will find. */
static void leads_to(struct world *w, struct fake_conn *f, const char *command, const char *told)
{
	fake_conn_feed(f, slice_of(command));
	await(w, f, told);
}

/* What comes at last is a line that any command could have waited for: nothing else
 * was told in between. */
static void leads_to_nothing(struct world *w, struct fake_conn *f, const char *command,
			     const char *answer)
{
	const char *said = expect(f, command, answer);

	has_not(said, "ESEARCH");
	while (lane_load(w->readers))
		loop_turn(w->loop, 5);
	assert_string_equal(fake_conn_take(f), "");
}

/* RFC 5267 4.3 and 4.3.3 to 4.3.5, with our numbers. */
static void examples(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	says(f, "B01 UID SEARCH RETURN (UPDATE COUNT) DELETED KEYWORD $Junk\r\n",
	     "* ESEARCH (TAG \"B01\") UID COUNT 0\r\nB01 OK UID SEARCH completed\r\n");
	/* Rejected, and has no effect. */
	says(f, "B01 UID SEARCH RETURN (UPDATE) FLAGGED\r\n",
	     "B01 BAD That tag is in use by another search with UPDATE\r\n");
	leads_to(w, f, "a STORE 10:12 +FLAGS ($Junk)\r\n",
		 "* ESEARCH (TAG \"B01\") UID ADDTO (0 11:13)\r\n");
	leads_to(w, f, "a STORE 11 -FLAGS ($Junk)\r\n",
		 "* ESEARCH (TAG \"B01\") UID REMOVEFROM (0 12)\r\n");
	leads_to_nothing(w, f, "a STORE 1 +FLAGS ($Junk)\r\n", "a OK");
	leads_to_nothing(w, f, "a STORE 12 +FLAGS (\\Seen)\r\n", "a OK");
	has(expect(f, "a UID EXPUNGE 11\r\n", "a OK"),
	    "* ESEARCH (TAG \"B01\") UID REMOVEFROM (0 11)\r\n* 10 EXPUNGE\r\n");
	says(f, "B04 CANCELUPDATE \"B01\"\r\n", "B04 OK CANCELUPDATE completed\r\n");
	leads_to_nothing(w, f, "a STORE 15 +FLAGS ($Junk)\r\n", "a OK");
	/* Its tag is free again. */
	has(expect(f, "B01 SEARCH RETURN (UPDATE MIN) DELETED\r\n", "B01 OK"), "MIN 7\r\n");
	fake_conn_free(f);
}

/* With message numbers: valid when they are told. */
static void numbers(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	says(f, "C SEARCH RETURN (UPDATE CONTEXT COUNT PARTIAL 1:2) FLAGGED\r\n",
	     "* ESEARCH (TAG \"C\") COUNT 4 PARTIAL (1:2 2,5)\r\nC OK SEARCH completed\r\n");
	/* Number 10 is flagged, 9 not: told before each EXPUNGE, in the old numbers. */
	has(expect(f, "a UID EXPUNGE 10:12\r\n", "a OK"),
	    "* ESEARCH (TAG \"C\") REMOVEFROM (0 10:11)\r\n* 9 EXPUNGE\r\n");
	leads_to(w, f, "a STORE 18 +FLAGS (\\Flagged)\r\n", "* ESEARCH (TAG \"C\") ADDTO (0 18)\r\n");
	fake_conn_feed(f, SLICE("a APPEND INBOX (\\Flagged) {3+}\r\nx\r\n\r\n"));
	await(w, f, "* ESEARCH (TAG \"C\") ADDTO (0 19)\r\n");
	fake_conn_free(f);
}

/* Numbers in the criteria are those of the moment (4.3). */
static void numbers_in_the_criteria(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	expect(f, "a SEARCH RETURN (SAVE) 12\r\n", "a OK");
	expect(f, "D UID SEARCH RETURN (UPDATE) OR $ 10:* SEEN\r\n", "D OK");
	expect(f, "a UID EXPUNGE 8\r\n", "a OK");         /* 10 is now 9 */
	leads_to(w, f, "a STORE 9:11 +FLAGS (\\Seen)\r\n",
		 "* ESEARCH (TAG \"D\") UID ADDTO (0 11:13)\r\n");
	leads_to_nothing(w, f, "a STORE 8 +FLAGS (\\Seen)\r\n", "a OK");
	add_letter(f, "\\Seen", " 1-Feb-1994", "late", 22);
	leads_to_nothing(w, f, "a NOOP\r\n", "a OK");
	fake_conn_free(f);
}

/* Keys for which the message has to be read. */
static void texts(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	expect(f, "T UID SEARCH RETURN (UPDATE COUNT) TEXT \"text 2\" UNFLAGGED\r\n", "T OK");
	leads_to(w, f, "a STORE 20,3 +FLAGS (\\Flagged)\r\n",
		 "* ESEARCH (TAG \"T\") UID REMOVEFROM (0 21)\r\n");
	fake_conn_feed(f, SLICE("ap APPEND INBOX {31+}\r\nSubject: new\r\n\r\nhere is text 2.\r\n"));
	fake_conn_feed(f, SLICE("\r\n"));
	await(w, f, "* ESEARCH (TAG \"T\") UID ADDTO (0 23)\r\n");
	fake_conn_free(f);
}

/* 4.3.2: without any command, when another session changes something; the EXPUNGE
 * itself waits for one. */
static void others_change_something(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w), *other = logged_in(w);

	expect(other, "o SELECT INBOX\r\n", "o OK");
	expect(f, "E SEARCH RETURN (UPDATE COUNT) DELETED\r\n", "E OK");
	expect(other, "o UID STORE 2 +FLAGS.SILENT (\\Deleted)\r\n", "o OK");
	await(w, f, "* ESEARCH (TAG \"E\") ADDTO (0 1)\r\n");
	expect(other, "o UID EXPUNGE 20\r\n", "o OK");
	await(w, f, "* ESEARCH (TAG \"E\") REMOVEFROM (0 19)\r\n");
	has(expect(f, "B03 NOOP\r\n", "B03 OK"), "* 19 EXPUNGE\r\n");
	add_letter(other, "\\Deleted", " 1-Feb-1994", "late", 22);
	await(w, f, "* ESEARCH (TAG \"E\") ADDTO (0 21)\r\n");
	/* And in IDLE. */
	fake_conn_feed(f, SLICE("i IDLE\r\n"));
	await(w, f, "+ ");
	expect(other, "o UID STORE 3 +FLAGS.SILENT (\\Deleted)\r\n", "o OK");
	await(w, f, "* ESEARCH (TAG \"E\") ADDTO (0 2)\r\n");
	expect(other, "o UID EXPUNGE 3\r\n", "o OK");
	await(w, f, "* ESEARCH (TAG \"E\") REMOVEFROM (0 2)\r\n* 2 EXPUNGE\r\n");
	fake_conn_feed(f, SLICE("DONE\r\n"));
	await(w, f, "i OK");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* 4.3.1: the search itself is answered all the same. */
static void refused(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	for (unsigned i = 0; i < IMAP_CONTEXTS_MAX; i++) {
		char *command = mem_printf("t%u SEARCH RETURN (UPDATE COUNT) FLAGGED\r\n", i);

		has_not(expect(f, command, "t"), "NOUPDATE");
		free(command);
	}
	says(f, "B02 UID SEARCH RETURN (UPDATE COUNT) KEYWORD $Junk\r\n",
	     "* ESEARCH (TAG \"B02\") UID COUNT 0\r\n"
	     "* NO [NOUPDATE \"B02\"] Changes will not be told\r\nB02 OK UID SEARCH completed\r\n");
	says(f, "a CANCELUPDATE \"t3\" \"t3\" \"t15\"\r\n", "a OK CANCELUPDATE completed\r\n");
	has_not(expect(f, "B02 SEARCH RETURN (UPDATE COUNT) FLAGGED\r\n", "B02 OK"), "NOUPDATE");
	fake_conn_free(f);
}

static void cancelling(void **state)
{
	static const struct { const char *command, *status; } rows[] = {
		{ "a CANCELUPDATE\r\n", "a BAD" }, { "a CANCELUPDATE t1\r\n", "a BAD" },
		{ "a CANCELUPDATE \"no\"\r\n", "a BAD" }, { "a CANCELUPDATE \"t1\" \"no\"\r\n", "a BAD" },
		{ "a CANCELUPDATE \"t1\",\"t2\"\r\n", "a BAD" },
		{ "a CANCELUPDATE \"t1\"\r\n", "a OK" }, { "a CANCELUPDATE \"t1\"\r\n", "a BAD" },
		{ "a CANCELUPDATE {2+}\r\nt2\r\n", "a OK" },
	};
	struct fake_conn *f = with_21(*state);

	expect(f, "t1 SEARCH RETURN (UPDATE) ALL\r\n", "t1 OK");
	expect(f, "t2 SEARCH RETURN (UPDATE) ALL\r\n", "t2 OK");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(f, rows[i].command, rows[i].status);
	fake_conn_free(f);
}

/* 4.3: "when the mailbox is no longer selected". */
static void until_another_is_selected(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	expect(f, "t SEARCH RETURN (UPDATE) FLAGGED\r\n", "t OK");
	expect(f, "a SELECT INBOX\r\n", "a OK");
	leads_to_nothing(w, f, "a STORE 1 +FLAGS (\\Flagged)\r\n", "a OK");
	expect(f, "a CANCELUPDATE \"t\"\r\n", "a BAD");
	expect(f, "t SEARCH RETURN (UPDATE) FLAGGED\r\n", "t OK");
	expect(f, "a UNSELECT\r\n", "a OK");
	fake_conn_free(f);
}

/* RFC 7377 2.2: with ESEARCH, whose correlators it keeps. */
static void of_esearch(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	expect(f, "e ESEARCH RETURN (UPDATE COUNT) FLAGGED\r\n", "e OK");
	fake_conn_feed(f, SLICE("a STORE 1 +FLAGS (\\Flagged)\r\n"));
	await(w, f, ") UID ADDTO (0 2)\r\n");
	assert_non_null(memmem(f->output.data, f->output.len,
			       "(TAG \"e\" MAILBOX INBOX UIDVALIDITY ", 35));
	expect(f, "e ESEARCH RETURN (UPDATE COUNT) FLAGGED\r\n", "e BAD");
	has(expect(f, "g ESEARCH IN (personal) RETURN (UPDATE COUNT) FLAGGED\r\n", "g OK"),
	    "* NO [NOUPDATE \"g\"] ");
	expect(f, "a UNSELECT\r\n", "a OK");
	expect(f, "h ESEARCH IN (personal) RETURN (UPDATE) FLAGGED\r\n", "h BAD");
	fake_conn_free(f);
}

/* The client is deaf for a while, and hears all of it afterwards. */
static void slow_client(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w), *other = logged_in(w);

	expect(other, "o SELECT INBOX\r\n", "o OK");
	expect(f, "E UID SEARCH RETURN (UPDATE) SEEN\r\n", "E OK");
	f->slow = true;
	fake_conn_feed(f, SLICE("a FETCH 1:* BODY.PEEK[]\r\n"));
	expect(other, "o UID STORE 9 +FLAGS (\\Seen)\r\n", "o OK");
	expect(other, "o UID STORE 9 -FLAGS (\\Seen)\r\n", "o OK");
	expect(other, "o UID STORE 10 +FLAGS (\\Seen)\r\n", "o OK");
	f->slow = false;
	fake_conn_drain(f);
	await(w, f, "* ESEARCH (TAG \"E\") UID ADDTO (0 10)\r\n");
	fake_conn_free(other);
	fake_conn_free(f);
}

/* The folder goes, or the session, while the job is looking. */
static void disturbed(void **state)
{
	struct world *w = *state;

	fake_conn_free(with_21(w));
	for (unsigned turns = 0; turns < 12; turns++) {
		struct fake_conn *f = logged_in(w), *other = logged_in(w);

		expect(other, "o CREATE other\r\n", "o OK");
		expect(f, "a SELECT INBOX\r\n", "a OK");
		expect(f, "a COPY 1:* other\r\n", "a OK");
		expect(f, "a SELECT other\r\n", "a OK");
		expect(f, "t SEARCH RETURN (UPDATE) TEXT letter SEEN\r\n", "t OK");
		fake_conn_feed(f, SLICE("a STORE 1:* +FLAGS.SILENT (\\Seen)\r\n"));
		for (unsigned i = 0; i < turns; i++)
			loop_turn(w->loop, 1);
		if (turns % 3 == 0)
			fake_conn_break(f);
		else if (turns % 3 == 1)
			fake_conn_feed(f, SLICE("b UNSELECT\r\n"));
		expect(other, "o DELETE other\r\n", "o OK");
		fake_conn_free(f);
		fake_conn_free(other);
	}
}

/* What cannot be looked at for want of descriptors is not passed over: the search fails,
 * and with it what it was to save. */
static void no_descriptors(void **state)
{
	static const char *const commands[] = {
		"a SEARCH TEXT letter\r\n", "a UID SEARCH NOT BODY nothing\r\n",
		"a SEARCH RETURN (SAVE COUNT) SUBJECT letter\r\n",
		"a SORT (DATE) UTF-8 BODY text\r\n", "a THREAD REFS UTF-8 BODY text\r\n",
		"a ESEARCH IN (selected) BODY text\r\n",
	};
	struct world *w = *state;
	struct fake_conn *f = with_21(w);
	struct rlimit limit, none;

	expect(f, "a SEARCH RETURN (SAVE) ALL\r\n", "a OK");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 3, limit.rlim_max };
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const char *said;

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		said = expect(f, commands[i], "a NO [UNAVAILABLE]");
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		has_not(said, "* ");
		expect(f, commands[i], "a OK");
	}
	has(expect(f, "a SEARCH TEXT letter\r\n", "a OK"), " 20 21\r\n");
	fake_conn_free(f);
}

/* Whatever ends the context, while its jobs are under way or wait. */
static void ends_under_a_look(void **state)
{
	static const char *const ends[] = {
		"e UNAUTHENTICATE\r\n", "e SELECT INBOX\r\n", "e CLOSE\r\n", "e LOGOUT\r\n",
		"e CANCELUPDATE \"S\" \"T\"\r\n", "e IDLE\r\nDONE\r\n", NULL,
	};
	struct world *w = *state;

	fake_conn_free(with_21(w));
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		for (unsigned turns = 0; turns < 6; turns++) {
			struct fake_conn *f = logged_in(w);

			expect(f, "a SELECT INBOX\r\n", "a OK");
			expect(f, "a STORE 1:5 -FLAGS (\\Seen)\r\n", "a OK");
			expect(f, "S UID SEARCH RETURN (UPDATE) SEEN TEXT letter\r\n", "S OK");
			expect(f, "T SORT RETURN (UPDATE) (SUBJECT) UTF-8 SEEN BODY text\r\n", "T OK");
			expect(f, "a STORE 1:5 +FLAGS (\\Seen)\r\n", "a OK");
			for (unsigned n = 0; n < turns; n++)
				loop_turn(w->loop, 1);
			if (ends[i])
				fake_conn_feed(f, slice_of(ends[i]));
			else
				fake_conn_break(f);
			for (unsigned n = 0; n < 3; n++)
				loop_turn(w->loop, 1);
			fake_conn_free(f);
		}
	}
}

/* What comes lies between what is there, and is told whole. */
static void between(void **state)
{
	struct world *w = *state;
	struct fake_conn *f = with_21(w);

	expect(f, "a STORE 1:* -FLAGS (\\Seen)\r\n", "a OK");
	expect(f, "a STORE 1,5,9,13 +FLAGS (\\Seen)\r\n", "a OK");
	expect(f, "U UID SEARCH RETURN (UPDATE) SEEN\r\n", "U OK");
	leads_to(w, f, "a STORE 3,7:8,10:12,15 +FLAGS (\\Seen)\r\n",
		 "* ESEARCH (TAG \"U\") UID ADDTO (0 4,8:9,11:13,16)\r\n");
	leads_to(w, f, "a STORE 5:11 -FLAGS (\\Seen)\r\n",
		 "* ESEARCH (TAG \"U\") UID REMOVEFROM (0 6,8:12)\r\n");
	leads_to(w, f, "a STORE 1:* +FLAGS (\\Seen)\r\n",
		 "* ESEARCH (TAG \"U\") UID ADDTO (0 3,5:12,15,17:22)\r\n");
	fake_conn_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(examples),
		WORLD(numbers),
		WORLD(numbers_in_the_criteria),
		WORLD(texts),
		WORLD(others_change_something),
		WORLD(refused),
		WORLD(cancelling),
		WORLD(until_another_is_selected),
		WORLD(of_esearch),
		WORLD(slow_client),
		WORLD(disturbed),
		WORLD(no_descriptors),
		WORLD(ends_under_a_look),
		WORLD(between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
