/* NOTIFY (RFC 5465) where things meet: many requests, and what happens while others are
 * under way. */
#include "notify_world.h"

/* More groups, names and items than are kept. */
static void too_much(void **state)
{
	struct pair p = two(*state);
	struct buf line;

	buf_init(&line, 1 << 17);
	buf_add_text(&line, "a NOTIFY SET");
	for (int i = 0; i < 1500; i++)
		buf_add_text(&line, " (mailboxes a (MailboxName))");
	buf_add_text(&line, "\r\n");
	fake_conn_feed(p.f, buf_slice(&line));
	await(p.w, p.f, "a NO [NOTIFICATIONOVERFLOW]");
	fake_conn_take(p.f);
	buf_clear(&line);
	buf_add_text(&line, "a NOTIFY SET (selected (MessageExpunge");
	for (int i = 0; i < 2500; i++)
		buf_add_text(&line, " MessageNew (UID FLAGS)");
	buf_add_text(&line, "))\r\n");
	fake_conn_feed(p.f, buf_slice(&line));
	await(p.w, p.f, "a OK");
	/* Names of two groups do not mix. */
	does(&p, "CREATE x1");
	does(&p, "CREATE x2");
	expect(p.f, "a NOTIFY SET (mailboxes (x1 INBOX) (MessageNew MessageExpunge)) "
		    "(mailboxes x2 (MailboxName))\r\n", "a OK");
	append(&p, "x2");
	nothing(&p);
	append(&p, "x1");
	told(&p, "* STATUS x1 (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0)\r\n");
	does(&p, "DELETE x2");
	told(&p, "* LIST (\\NonExistent \\HasNoChildren) \"/\" x2\r\n");
	buf_release(&line);
	pair_end(&p);
}

/* A folder that comes again with mail in it at once, whichever listing of
 * folders is the first to see it. */
static void made_anew(void **state)
{
	struct pair p = two(*state);

	does(&p, "CREATE misc");
	expect(p.f, "a NOTIFY SET (MAILBOXES misc (MessageNew MessageExpunge))\r\n", "a OK");
	for (int i = 0; i < 60; i++) {
		fake_conn_feed(p.other, SLICE("o DELETE misc\r\no CREATE misc\r\n"
					      "o APPEND misc {3+}\r\nabc\r\nend NOOP\r\n"));
		await(p.w, p.f, "* STATUS misc (MESSAGES 1 UIDNEXT 2 UIDVALIDITY ");
		await(p.w, p.other, "end OK");
		fake_conn_take(p.other);
		fake_conn_take(p.f);
	}
	pair_end(&p);
}

/* What comes while a FETCH goes out under an IDLE, without NOTIFY. */
static void while_items_go_out(void **state)
{
	struct pair p = two(*state);
	char *text = mem_alloc(900001), *line;

	memset(text, 'x', 900000);
	for (int i = 80; i < 900000; i += 80)
		memcpy(text + i, "\r\n", 2);
	select_in_both(&p, "INBOX");
	expect(p.f, "a SEARCH RETURN (COUNT UPDATE (UID BODY.PEEK[])) SMALLER 999999 LARGER 9999\r\n",
	       "a OK");
	fake_conn_feed(p.f, SLICE("i IDLE\r\n"));
	told(&p, "+ idling\r\n");
	line = mem_printf("APPEND INBOX {900000+}\r\n%s", text);
	p.f->slow = true;
	does(&p, line);
	for (int i = 0; i < 20; i++) {
		while (lane_load(p.w->readers) || lane_load(p.w->mail))
			loop_turn(p.w->loop, 5);
		loop_turn(p.w->loop, 5);
	}
	append(&p, "INBOX");
	for (int i = 0; i < 5; i++)
		loop_turn(p.w->loop, 5);
	p.f->slow = false;
	fake_conn_drain(p.f);
	await(p.w, p.f, "x)\r\n* 2 EXISTS\r\n");
	free(line);
	free(text);
	pair_end(&p);
}

/* Under SELECTED-DELAYED an expunge that waits is no news again and again. */
static void expunge_that_waits(void **state)
{
	struct pair p = two(*state);

	append(&p, "INBOX");
	append(&p, "INBOX");
	expect(p.f, "a ENABLE CONDSTORE\r\n", "a OK");
	select_in_both(&p, "INBOX");
	does(&p, "STORE 1 +FLAGS.SILENT (\\Deleted)");
	expect(p.f, "a NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge)) "
		    "(PERSONAL (MessageNew MessageExpunge))\r\n", "a OK");
	does(&p, "EXPUNGE");
	await(p.w, p.f, "* OK [HIGHESTMODSEQ ");
	fake_conn_take(p.f);
	nothing(&p);
	append(&p, "Sent");
	told(&p, "* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0 HIGHESTMODSEQ 0)\r\n");
	append(&p, "INBOX");
	await(p.w, p.f, "* 3 EXISTS\r\n");
	pair_end(&p);
}

/* What was asked for is told until the next request is in force: nothing falls between. */
static void another_request(void **state)
{
	struct pair p = two(*state);

	does(&p, "CREATE misc");
	expect(p.f, "a NOTIFY SET (MAILBOXES misc (MessageNew MessageExpunge))\r\n", "a OK");
	for (int i = 0; i < 20; i++) {
		char *status = mem_printf("STATUS misc (MESSAGES %d ", i + 1);

		fake_conn_feed(p.other, SLICE("o APPEND misc {3+}\r\nabc\r\n"));
		fake_conn_feed(p.f, SLICE("b NOTIFY SET (PERSONAL (MessageNew MessageExpunge))\r\n"));
		await(p.w, p.f, status);
		await(p.w, p.other, "o OK");
		fake_conn_feed(p.f, SLICE("e NOOP\r\n"));
		await(p.w, p.f, "e OK");
		fake_conn_take(p.other);
		fake_conn_take(p.f);
		free(status);
	}
	pair_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(made_anew),
		WORLD(while_items_go_out),
		WORLD(expunge_that_waits),
		WORLD(another_request),
		WORLD(too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
