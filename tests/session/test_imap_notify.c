/* NOTIFY (RFC 5465): what is told of messages without being asked for, and when. */
#include "notify_world.h"

/* 3.1 */
static void example_of_the_command(void **state)
{
	struct pair p = two(*state);

	does(&p, "CREATE Lists/Lemonade");
	does(&p, "CREATE Lists/Im2000");
	does(&p, "CREATE misc");
	append(&p, "Lists/Lemonade");
	fake_conn_feed(p.f, SLICE("b notify set status (selected MessageNew (uid "
				  "body.peek[header.fields (from to subject)]) MessageExpunge) "
				  "(subtree Lists MessageNew)\r\n"));
	/* The grammar has the events in parentheses, and both of messages together. */
	has(fake_conn_take(p.f), "b BAD ");
	fake_conn_feed(p.f, SLICE("b notify set status (selected (MessageNew (uid "
				  "body.peek[header.fields (from to subject)]) MessageExpunge)) "
				  "(subtree Lists (MessageNew MessageExpunge))\r\n"));
	told(&p, "* STATUS Lists/Im2000 (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 0)\r\n"
		 "* STATUS Lists/Lemonade (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0)\r\n"
		 "b OK NOTIFY completed\r\n");
	expect(p.f, "c select inbox\r\n", "c OK");
	append(&p, "Lists/Lemonade");
	told(&p, "* STATUS Lists/Lemonade (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 0)\r\n");
	append(&p, "INBOX");
	told(&p, "* 1 EXISTS\r\n"
		 "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (from to subject)] {40}\r\n"
		 "Subject: Re: good morning\r\nFrom: a@b\r\n\r\n)\r\n");
	has(expect(p.f, "d STATUS misc (UIDVALIDITY UIDNEXT MESSAGES)\r\n", "d OK"), "UIDNEXT 1");
	expect(p.f, "e notify set (selected (MessageNew (uid body.peek[header.fields (from to "
		    "subject)]) MessageExpunge)) (subtree Lists (MessageNew MessageExpunge)) "
		    "(mailboxes misc (MessageNew MessageExpunge))\r\n", "e OK");
	append(&p, "misc");
	told(&p, "* STATUS misc (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0)\r\n");
	append(&p, "Sent");
	nothing(&p);
	pair_end(&p);
}

/* 5.1 to 5.3, in the selected mailbox. */
static void messages_of_the_selected(void **state)
{
	struct pair p = two(*state);

	append(&p, "INBOX");
	select_in_both(&p, "INBOX");
	expect(p.f, "a NOTIFY SET (SELECTED (MessageNew (FLAGS) MessageExpunge FlagChange))\r\n",
	       "a OK");
	does(&p, "STORE 1 +FLAGS.SILENT (\\Seen)");
	told(&p, "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n");
	append(&p, "INBOX");
	told(&p, "* 2 EXISTS\r\n* 2 FETCH (FLAGS () UID 2)\r\n");
	does(&p, "STORE 1 +FLAGS.SILENT (\\Deleted)");
	told(&p, "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Seen))\r\n");
	does(&p, "EXPUNGE");
	told(&p, "* 1 EXPUNGE\r\n");
	/* Its own: the reply of the command, and no FETCH (5.2). */
	expect(p.f, "a APPEND INBOX {3+}\r\nabc\r\n", "a OK");
	has_not(expect(p.f, "a UID COPY 2 INBOX\r\n", "a OK"), "FETCH");
	nothing(&p);
	/* Without the events of flags. */
	expect(p.f, "a NOTIFY SET (SELECTED (MessageNew MessageExpunge))\r\n", "a OK");
	does(&p, "STORE 1 +FLAGS.SILENT (\\Deleted)");
	does(&p, "EXPUNGE");
	told(&p, "* 1 EXPUNGE\r\n");
	/* Its own STORE is answered all the same. */
	has(expect(p.f, "a STORE 1 +FLAGS (\\Seen)\r\n", "a OK"), "* 1 FETCH (UID 3 FLAGS (\\Seen");
	pair_end(&p);
}

/* 5.3: VANISHED; RFC 9586: no numbers. */
static void other_forms(void **state)
{
	struct pair p = two(*state);

	append(&p, "INBOX");
	append(&p, "INBOX");
	expect(p.f, "a ENABLE QRESYNC\r\n", "a OK");
	select_in_both(&p, "INBOX");
	expect(p.f, "a NOTIFY SET (SELECTED (MessageNew (FLAGS) MessageExpunge FlagChange))\r\n",
	       "a OK");
	does(&p, "STORE 1 +FLAGS.SILENT (\\Deleted)");
	await(p.w, p.f, "* 1 FETCH (UID 1 FLAGS (\\Deleted");
	does(&p, "EXPUNGE");
	told(&p, "* VANISHED 1\r\n* OK [HIGHESTMODSEQ 0] Highest\r\n");
	expect(p.f, "a ENABLE UIDONLY\r\n", "a OK");
	append(&p, "INBOX");
	await(p.w, p.f, "* 3 UIDFETCH (FLAGS (");
	pair_end(&p);
}

/* What NOTIFY kept from the client it must be able to ask for later (RFC 7162): the
 * HIGHESTMODSEQ it is told does not pass it. */
static void modseq_of_flags_not_told(void **state)
{
	struct pair p = two(*state);
	unsigned long long before, after;
	const char *said;

	append(&p, "INBOX");
	append(&p, "INBOX");
	expect(p.f, "a ENABLE QRESYNC\r\n", "a OK");
	select_in_both(&p, "INBOX");
	said = expect(p.f, "a STATUS INBOX (HIGHESTMODSEQ)\r\n", "a OK");
	assert_int_equal(sscanf(strstr(said, "HIGHESTMODSEQ "), "HIGHESTMODSEQ %llu", &before), 1);
	expect(p.f, "a NOTIFY SET (SELECTED (MessageNew MessageExpunge))\r\n", "a OK");
	does(&p, "STORE 2 +FLAGS.SILENT (\\Flagged)");
	nothing(&p);
	expect(p.f, "a STORE 1 +FLAGS.SILENT (\\Deleted)\r\n", "a OK");
	said = expect(p.f, "a EXPUNGE\r\n", "a OK");
	assert_int_equal(sscanf(strstr(said, "HIGHESTMODSEQ "), "HIGHESTMODSEQ %llu", &after), 1);
	if (before != after)
		fail_msg("%llu before, then %llu:\n%s", before, after, said);
	pair_end(&p);
}

/* 5.1 to 5.3, in another mailbox. */
static void messages_of_others(void **state)
{
	struct pair p = two(*state);

	does(&p, "CREATE misc");
	append(&p, "misc");
	expect(p.f, "a NOTIFY SET (MAILBOXES (misc nowhere) (MessageNew MessageExpunge))\r\n", "a OK");
	append(&p, "misc");
	told(&p, "* STATUS misc (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 0)\r\n");
	does(&p, "SELECT misc");
	does(&p, "STORE 1 +FLAGS.SILENT (\\Deleted \\Seen)");
	nothing(&p);
	does(&p, "EXPUNGE");
	told(&p, "* STATUS misc (MESSAGES 1 UIDNEXT 3 UIDVALIDITY 0)\r\n");
	/* FlagChange without CONDSTORE: what is unseen. */
	expect(p.f, "a NOTIFY SET (MAILBOXES misc (MessageNew MessageExpunge FlagChange))\r\n", "a OK");
	does(&p, "STORE 1 +FLAGS.SILENT (\\Flagged)");
	nothing(&p);
	does(&p, "STORE 1 +FLAGS.SILENT (\\Seen)");
	told(&p, "* STATUS misc (UIDVALIDITY 0 UNSEEN 0)\r\n");
	append(&p, "misc");
	told(&p, "* STATUS misc (MESSAGES 2 UIDNEXT 4 UIDVALIDITY 0 UNSEEN 1)\r\n");
	/* With it. */
	expect(p.f, "a ENABLE CONDSTORE\r\n", "a OK");
	does(&p, "STORE 1 -FLAGS.SILENT (\\Flagged)");
	told(&p, "* STATUS misc (UIDVALIDITY 0 HIGHESTMODSEQ 0)\r\n");
	does(&p, "STORE 1 -FLAGS.SILENT (\\Seen)");
	told(&p, "* STATUS misc (UIDVALIDITY 0 UNSEEN 2 HIGHESTMODSEQ 0)\r\n");
	append(&p, "misc");
	told(&p, "* STATUS misc (MESSAGES 3 UIDNEXT 5 UIDVALIDITY 0 UNSEEN 3 HIGHESTMODSEQ 0)\r\n");
	has(expect(p.f, "a NOTIFY SET STATUS (MAILBOXES misc (MessageNew MessageExpunge FlagChange))\r\n",
		   "a OK"), "* STATUS misc (MESSAGES 3 UIDNEXT 5 UIDVALIDITY ");
	/* Its own doing is no news (5). */
	has_not(expect(p.f, "a APPEND misc {3+}\r\nabc\r\n", "a OK"), "STATUS");
	nothing(&p);
	/* A new folder of that name has another UIDVALIDITY. */
	does(&p, "DELETE misc");
	does(&p, "CREATE misc");
	append(&p, "misc");
	await(p.w, p.f, "* STATUS misc (MESSAGES 1 UIDNEXT 2 UIDVALIDITY ");
	pair_end(&p);
}

/* 6: the selected mailbox is spoken of by its own filter alone; 3.1: without one it stands
 * still. */
static void selected_overrides(void **state)
{
	struct pair p = two(*state);

	append(&p, "INBOX");
	expect(p.f, "a NOTIFY SET (PERSONAL (MessageNew MessageExpunge FlagChange))\r\n", "a OK");
	select_in_both(&p, "INBOX");
	append(&p, "INBOX");
	does(&p, "STORE 1 +FLAGS.SILENT (\\Seen)");
	nothing(&p);
	assert_string_equal(fake_conn_say(p.f, "a NOOP\r\n"), "a OK NOOP completed\r\n");
	fake_conn_feed(p.f, SLICE("i IDLE\r\n"));
	told(&p, "+ idling\r\n");
	append(&p, "Sent");
	told(&p, "* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0 UNSEEN 1)\r\n");
	fake_conn_feed(p.f, SLICE("DONE\r\n"));
	told(&p, "i OK IDLE terminated\r\n");
	has(expect(p.f, "a FETCH 1:* UID\r\n", "a OK"), "* 1 FETCH (UID 1)\r\na OK");
	/* Its own numbers change with an EXPUNGE: then it hears of all. */
	expect(p.f, "a STORE 1 +FLAGS.SILENT (\\Deleted)\r\n", "a OK");
	has(expect(p.f, "a EXPUNGE\r\n", "a OK"), "* 1 EXPUNGE\r\n");
	append(&p, "INBOX");
	nothing(&p);
	/* Not selected any more: what it was not told is told. */
	has(expect(p.f, "a UNSELECT\r\n", "a OK"), "* STATUS INBOX (MESSAGES 2 UIDNEXT 4 ");
	append(&p, "INBOX");
	told(&p, "* STATUS INBOX (MESSAGES 3 UIDNEXT 5 UIDVALIDITY 0 UNSEEN 3)\r\n");
	/* NONE. */
	expect(p.f, "a SELECT INBOX\r\n", "a OK");
	expect(p.f, "a NOTIFY NONE\r\n", "a OK");
	append(&p, "INBOX");
	append(&p, "Sent");
	nothing(&p);
	/* NOTIFY SET implies NOOP. */
	fake_conn_feed(p.f, SLICE("a NOTIFY SET (SELECTED NONE)\r\n"));
	told(&p, "* 4 EXISTS\r\na OK NOTIFY completed\r\n");
	append(&p, "INBOX");
	nothing(&p);
	pair_end(&p);
}

/* 6.1: expunges at any time, or when a command allows it. */
static void delayed(void **state)
{
	struct pair p = two(*state);

	for (int i = 0; i < 5; i++)
		append(&p, "INBOX");
	select_in_both(&p, "INBOX");
	does(&p, "STORE 1:4 +FLAGS.SILENT (\\Deleted)");
	expect(p.f, "a NOTIFY SET (SELECTED-DELAYED (MessageNew (UID) MessageExpunge))\r\n", "a OK");
	does(&p, "UID EXPUNGE 1");
	append(&p, "INBOX");
	told(&p, "* 6 EXISTS\r\n* 6 FETCH (UID 6)\r\n");
	has_not(expect(p.f, "a FETCH 1 FLAGS\r\n", "a OK"), "EXPUNGE");
	fake_conn_feed(p.f, SLICE("a NOOP\r\n"));
	told(&p, "* 1 EXPUNGE\r\na OK NOOP completed\r\n");
	does(&p, "UID EXPUNGE 2");
	nothing(&p);
	fake_conn_feed(p.f, SLICE("i IDLE\r\n"));
	told(&p, "* 1 EXPUNGE\r\n+ idling\r\n");
	does(&p, "UID EXPUNGE 3");
	told(&p, "* 1 EXPUNGE\r\n");
	append(&p, "INBOX");
	told(&p, "* 4 EXISTS\r\n* 4 FETCH (UID 7)\r\n");
	/* The IDLE goes on. */
	append(&p, "INBOX");
	told(&p, "* 5 EXISTS\r\n* 5 FETCH (UID 8)\r\n");
	fake_conn_feed(p.f, SLICE("DONE\r\n"));
	told(&p, "i OK IDLE terminated\r\n");
	/* SELECTED: at once, but not before a FETCH has its reply. */
	expect(p.f, "a NOTIFY SET (SELECTED (MessageNew MessageExpunge))\r\n", "a OK");
	does(&p, "UID EXPUNGE 4");
	told(&p, "* 1 EXPUNGE\r\n");
	pair_end(&p);
}

/* 7: FETCH items of a search that is followed. */
static void items_of_a_search(void **state)
{
	struct pair p = two(*state);

	select_in_both(&p, "INBOX");
	has(expect(p.f, "a00 SEARCH RETURN (COUNT UPDATE (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])) "
			"SUBJECT morning\r\n", "a00 OK"), "* ESEARCH (TAG \"a00\") COUNT 0\r\n");
	append(&p, "INBOX");
	told(&p, "* 1 EXISTS\r\n* ESEARCH (TAG \"a00\") ADDTO (0 1)\r\n"
		 "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (SUBJECT)] {29}\r\n"
		 "Subject: Re: good morning\r\n\r\n)\r\n");
	does(&p, "APPEND INBOX {3+}\r\nabc");
	told(&p, "* 2 EXISTS\r\n");
	/* With NOTIFY, which says what is told and when; the search is followed. */
	expect(p.f, "a NOTIFY SET (SELECTED (MessageNew MessageExpunge))\r\n", "a OK");
	append(&p, "INBOX");
	told(&p, "* 3 EXISTS\r\n* ESEARCH (TAG \"a00\") ADDTO (0 3)\r\n"
		 "* 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {29}\r\n"
		 "Subject: Re: good morning\r\n\r\n)\r\n");
	/* By a change of flags: no FETCH. */
	expect(p.f, "b SEARCH RETURN (COUNT UPDATE (UID)) FLAGGED\r\n", "b OK");
	does(&p, "STORE 2 +FLAGS.SILENT (\\Flagged)");
	told(&p, "* ESEARCH (TAG \"b\") ADDTO (0 2)\r\n");
	expect(p.f, "c SEARCH RETURN (UPDATE (UID ODD)) ALL\r\n", "c BAD");
	expect(p.f, "c SEARCH RETURN (UPDATE UID) ALL\r\n", "c BAD");
	pair_end(&p);
}

/* A body of any size, at the reader's pace; commands wait for it; an IDLE under it. */
static void slow_reader(void **state)
{
	struct pair p = two(*state);
	char *text = mem_alloc(900001), *line;

	memset(text, 'x', 900000);
	for (int i = 80; i < 900000; i += 80)
		memcpy(text + i, "\r\n", 2);
	select_in_both(&p, "INBOX");
	expect(p.f, "a NOTIFY SET (SELECTED (MessageNew (UID BODY.PEEK[]) MessageExpunge)) "
		    "(PERSONAL (MessageNew MessageExpunge MailboxName))\r\n", "a OK");
	fake_conn_feed(p.f, SLICE("i IDLE\r\n"));
	told(&p, "+ idling\r\n");
	p.f->slow = true;
	line = mem_printf("APPEND INBOX {900000+}\r\n%s", text);
	does(&p, line);
	while (lane_load(p.w->readers) || lane_load(p.w->mail))
		loop_turn(p.w->loop, 5);
	for (int i = 0; i < 20; i++)
		loop_turn(p.w->loop, 5);
	assert_true(p.f->output.len < 700000);
	append(&p, "Sent");
	does(&p, "CREATE Late");
	fake_conn_feed(p.f, SLICE("DONE\r\nb NOOP\r\n"));
	p.f->slow = false;
	fake_conn_drain(p.f);
	await(p.w, p.f, "x\r\nx");
	await(p.w, p.f, "b OK NOOP completed\r\n");
	has(p.f->output.data, "x)\r\n");
	free(line);
	free(text);
	pair_end(&p);
}

/* In the middle of a line of the client's, and of its literal. */
static void half_a_line(void **state)
{
	struct pair p = two(*state);

	select_in_both(&p, "INBOX");
	expect(p.f, "a NOTIFY SET (SELECTED (MessageNew (UID) MessageExpunge))\r\n", "a OK");
	fake_conn_feed(p.f, SLICE("b STATUS {5+}\r\nIN"));
	append(&p, "INBOX");
	told(&p, "* 1 EXISTS\r\n* 1 FETCH (UID 1)\r\n");
	fake_conn_feed(p.f, SLICE("BOX (MESS"));
	append(&p, "INBOX");
	told(&p, "* 2 EXISTS\r\n* 2 FETCH (UID 2)\r\n");
	fake_conn_feed(p.f, SLICE("AGES)\r\n"));
	await(p.w, p.f, "* STATUS INBOX (MESSAGES 2)\r\nb OK");
	pair_end(&p);
}

/* The session ends, or its user, while things are under way. */
static void ends(void **state)
{
	static const char *const commands[] = {
		"a NOTIFY SET STATUS (PERSONAL (MessageNew MessageExpunge FlagChange))\r\n",
		"a NOTIFY SET (SELECTED (MessageNew (UID BODY.PEEK[]) MessageExpunge))\r\n",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		for (int turns = 0; turns < 12; turns++) {
			struct pair p = two(w);

			select_in_both(&p, "INBOX");
			fake_conn_feed(p.f, slice_of(commands[i]));
			for (int k = 0; k < turns; k++)
				loop_turn(w->loop, 1);
			fake_conn_feed(p.other, SLICE("o CREATE x\r\no APPEND x {1+}\r\nx\r\n"
						      "o APPEND INBOX {1+}\r\nx\r\n"));
			for (int k = 0; k < turns; k++)
				loop_turn(w->loop, 1);
			fake_conn_free(p.f);
			expect(p.other, "o DELETE x\r\n", "o OK");
			fake_conn_free(p.other);
		}
	{
		struct pair p = two(w);

		expect(p.f, "a NOTIFY SET (PERSONAL (MessageNew MessageExpunge MailboxName))\r\n",
		       "a OK");
		expect(p.f, "a UNAUTHENTICATE\r\n", "a OK");
		append(&p, "INBOX");
		does(&p, "CREATE y");
		nothing(&p);
		expect(p.f, "a LOGIN admin secret\r\n", "a OK");
		/* As it was before NOTIFY. */
		select_in_both(&p, "INBOX");
		append(&p, "INBOX");
		nothing(&p);
		has(expect(p.f, "a NOOP\r\n", "a OK"), " EXISTS\r\n");
		pair_end(&p);
	}
}

/* The input cut in two at every place. */
static struct fake_conn *splits(void *arg)
{
	return logged_in(arg);
}

static void check_split(struct fake_conn *f, void *arg)
{
	(void)arg;
	has(fake_conn_take(f), "b OK NOTIFY completed\r\n");
}

static void every_split(void **state)
{
	fake_conn_every_split(splits, check_split, *state,
			      SLICE("a NOTIFY SET (mailboxes {3+}\r\nfoo (MailboxName))\r\n"
				    "b NOTIFY NONE\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(example_of_the_command),
		WORLD(messages_of_the_selected),
		WORLD(other_forms),
		WORLD(modseq_of_flags_not_told),
		WORLD(messages_of_others),
		WORLD(selected_overrides),
		WORLD(delayed),
		WORLD(items_of_a_search),
		WORLD(slow_reader),
		WORLD(half_a_line),
		WORLD(ends),
		WORLD(every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
