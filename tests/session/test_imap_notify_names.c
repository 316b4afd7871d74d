/* NOTIFY (RFC 5465): names, subscriptions and annotations; what is refused or too much. */
#include "notify_world.h"

#include "../../src/imap/notify.h"

/* 5.4, 5.5 */
static void names(void **state)
{
	struct pair p = two(*state);

	expect(p.f, "a NOTIFY SET (PERSONAL (MailboxName SubscriptionChange))\r\n", "a OK");
	does(&p, "CREATE NewMailbox");
	told(&p, "* LIST (\\HasNoChildren) \"/\" NewMailbox\r\n");
	does(&p, "SUBSCRIBE NewMailbox");
	told(&p, "* LIST (\\Subscribed \\HasNoChildren) \"/\" NewMailbox\r\n");
	does(&p, "SUBSCRIBE NewMailbox");         /* it is already */
	does(&p, "UNSUBSCRIBE NewMailbox");
	told(&p, "* LIST (\\HasNoChildren) \"/\" NewMailbox\r\n");
	does(&p, "RENAME NewMailbox Other");
	told(&p, "* LIST (\\HasNoChildren) \"/\" Other (\"OLDNAME\" (NewMailbox))\r\n");
	/* The direct parent too, whether it is there or not. */
	does(&p, "CREATE Other/Sub");
	told(&p, "* LIST (\\HasNoChildren) \"/\" Other/Sub\r\n"
		 "* LIST (\\HasChildren) \"/\" Other\r\n");
	/* Children move along in silence. */
	does(&p, "RENAME Other Third");
	told(&p, "* LIST (\\HasChildren) \"/\" Third (\"OLDNAME\" (Other))\r\n");
	does(&p, "DELETE Third");
	told(&p, "* LIST (\\NonExistent \\HasChildren) \"/\" Third\r\n");
	does(&p, "DELETE Third/Sub");
	told(&p, "* LIST (\\NonExistent \\HasNoChildren) \"/\" Third/Sub\r\n"
		 "* LIST (\\NonExistent \\HasNoChildren) \"/\" Third\r\n");
	append(&p, "INBOX");
	does(&p, "RENAME INBOX Old");
	told(&p, "* LIST (\\HasNoChildren) \"/\" Old (\"OLDNAME\" (INBOX))\r\n");
	does(&p, "SUBSCRIBE nowhere");
	told(&p, "* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" nowhere\r\n");
	/* What failed, and what it did itself. */
	fake_conn_say(p.other, "o CREATE Old\r\n");
	has_not(expect(p.f, "a CREATE Mine\r\n", "a OK"), "LIST");
	has_not(expect(p.f, "a SUBSCRIBE Mine\r\n", "a OK"), "LIST");
	has_not(expect(p.f, "a RENAME Mine Mine2\r\n", "a OK"), "LIST");
	has_not(expect(p.f, "a DELETE Mine2\r\n", "a OK"), "LIST");
	nothing(&p);
	/* Only those that were asked for. */
	expect(p.f, "a NOTIFY SET (MAILBOXES Old (MailboxName)) (SUBTREE A (SubscriptionChange))\r\n",
	       "a OK");
	does(&p, "CREATE A/B");
	does(&p, "CREATE B");
	does(&p, "SUBSCRIBE Old");
	does(&p, "SUBSCRIBE A/B");
	told(&p, "* LIST (\\Subscribed \\HasNoChildren) \"/\" A/B\r\n");
	does(&p, "RENAME Old New");
	told(&p, "* LIST (\\HasNoChildren) \"/\" New (\"OLDNAME\" (Old))\r\n");
	pair_end(&p);
}

/* Who is watched follows from the names there are. */
static void boxes_come_and_go(void **state)
{
	struct pair p = two(*state);

	does(&p, "CREATE Work");
	expect(p.f, "a NOTIFY SET (SUBTREE Work (MessageNew MessageExpunge)) "
		    "(SUBSCRIBED (MessageNew MessageExpunge))\r\n", "a OK");
	does(&p, "CREATE Work/New");
	append(&p, "Work/New");
	told(&p, "* STATUS Work/New (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0)\r\n");
	does(&p, "RENAME Work/New Work/Newer");
	nothing(&p);
	append(&p, "Work/Newer");
	told(&p, "* STATUS Work/Newer (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 0)\r\n");
	does(&p, "RENAME Work/Newer Else");
	append(&p, "Else");
	nothing(&p);
	does(&p, "SUBSCRIBE Else");
	nothing(&p);
	append(&p, "Else");
	told(&p, "* STATUS Else (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 0)\r\n");
	does(&p, "UNSUBSCRIBE Else");
	append(&p, "Else");
	does(&p, "DELETE Work");
	nothing(&p);
	/* INBOXES is where mail is delivered. */
	expect(p.f, "a NOTIFY SET (INBOXES (MessageNew MessageExpunge))\r\n", "a OK");
	append(&p, "Else");
	append(&p, "INBOX");
	told(&p, "* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0)\r\n");
	pair_end(&p);
}

/* 5.6, 5.7 */
static void metadata(void **state)
{
	struct pair p = two(*state);

	expect(p.f, "a NOTIFY SET (MAILBOXES INBOX (MailboxMetadataChange ServerMetadataChange))\r\n",
	       "a OK");
	does(&p, "SETMETADATA INBOX (/shared/comment \"x\")");
	told(&p, "* METADATA INBOX /shared/comment\r\n");
	does(&p, "SETMETADATA INBOX (/shared/comment NIL)");
	told(&p, "* METADATA INBOX /shared/comment\r\n");
	does(&p, "SETMETADATA Sent (/shared/comment \"x\")");
	does(&p, "SETMETADATA \"\" (/shared/comment \"x\")");
	told(&p, "* METADATA \"\" /shared/comment\r\n");
	expect(p.f, "a SETMETADATA INBOX (/shared/comment \"y\")\r\n", "a OK");
	nothing(&p);
	/* ENABLE METADATA does not bring back what NOTIFY leaves out. */
	expect(p.f, "a ENABLE METADATA\r\n", "a OK");
	expect(p.f, "a NOTIFY NONE\r\n", "a OK");
	does(&p, "SETMETADATA INBOX (/shared/comment \"z\")");
	nothing(&p);
	has_not(expect(p.f, "a NOOP\r\n", "a OK"), "METADATA");
	pair_end(&p);
}

/* 3.1, 5, 6.1, 8 */
static void refused(void **state)
{
	static const struct { const char *args, *answer; } cases[] = {
		{ "", "a BAD " },
		{ " SOME", "a BAD " },
		{ " NONE x", "a BAD " },
		{ " SET", "a BAD " },
		{ " SET STATUS", "a BAD " },
		{ " SET ()", "a BAD " },
		{ " SET (selected ())", "a BAD " },
		{ " SET (selected)", "a BAD " },
		{ " SET selected NONE", "a BAD " },
		{ " SET (selected NONE) ", "a BAD " },
		{ " SET (mine (MailboxName))", "a BAD " },
		{ " SET (selected (MessageNew))", "a BAD " },
		{ " SET (selected (MessageExpunge))", "a BAD " },
		{ " SET (personal (FlagChange))", "a BAD " },
		{ " SET (personal (MessageNew FlagChange))", "a BAD " },
		{ " SET (personal (AnnotationChange))", "a BAD " },
		{ " SET (selected (MailboxName))", "a BAD " },
		{ " SET (selected NONE) (selected-delayed NONE)", "a BAD " },
		{ " SET (selected NONE) (selected NONE)", "a BAD " },
		{ " SET (personal (MessageNew (UID) MessageExpunge))", "a BAD " },
		{ " SET (selected (MessageNew (NOTHING) MessageExpunge))", "a BAD " },
		{ " SET (selected (MessageNew () MessageExpunge))", "a BAD " },
		{ " SET (selected (MessageNew UID MessageExpunge))",
		  "a NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName "
		  "SubscriptionChange MailboxMetadataChange ServerMetadataChange)] " },
		{ " SET (subtree (MailboxName))", "a BAD " },
		{ " SET (mailboxes () (MailboxName))", "a BAD " },
		{ " SET (personal (MessageNew MessageExpunge AnnotationChange))",
		  "a NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName "
		  "SubscriptionChange MailboxMetadataChange ServerMetadataChange)] " },
		{ " SET (personal (Whatever))", "a NO [BADEVENT (" },
		{ " SET (mailboxes \"a//b\" (MessageNew MessageExpunge))", "a OK " },
		{ " set (Selected-Delayed none) (INBOXES NONE)", "a OK " },
		{ " SET (subtree (A \"B c\" {1+}\r\nd) (MailboxName))", "a OK " },
	};
	struct pair p = two(*state);

	expect(p.f, "a NOTIFY SET (PERSONAL (MailboxName))\r\n", "a OK");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *line = mem_printf("a NOTIFY%s\r\n", cases[i].args);

		expect(p.f, line, cases[i].answer);
		free(line);
		/* What was refused changed nothing. */
		if (cases[i].answer[2] != 'O') {
			does(&p, "CREATE x");
			told(&p, "* LIST (\\HasNoChildren) \"/\" x\r\n");
			does(&p, "DELETE x");
			told(&p, "* LIST (\\NonExistent \\HasNoChildren) \"/\" x\r\n");
		}
		fake_conn_say(p.f, "a NOOP\r\n");
	}
	pair_end(&p);
}

/* 5.8 and 3.1: more than can be watched. */
static void overflow(void **state)
{
	struct pair p = two(*state);
	struct buf names;

	buf_init(&names, 1 << 20);
	for (int i = 0; i <= NOTIFY_NAMES_MAX; i++)
		buf_printf(&names, "%sn%d", i ? " " : "", i);
	buf_add_byte(&names, '\0');
	{
		char *line = mem_printf("a NOTIFY SET (MAILBOXES (%s) (MailboxName))\r\n", names.data);

		expect(p.f, line, "a NO [NOTIFICATIONOVERFLOW]");
		free(line);
	}
	buf_release(&names);
	for (int i = 0; i < NOTIFY_BOXES_MAX - 6; i++) {
		char *line = mem_printf("CREATE many%d", i);

		does(&p, line);
		free(line);
	}
	expect(p.f, "a NOTIFY SET (PERSONAL (MessageNew MessageExpunge MailboxName))\r\n", "a OK");
	append(&p, "many7");
	told(&p, "* STATUS many7 (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0)\r\n");
	does(&p, "CREATE straw");
	await(p.w, p.f, "* OK [NOTIFICATIONOVERFLOW] ");
	append(&p, "many7");
	does(&p, "CREATE straw2");
	nothing(&p);
	expect(p.f, "a NOTIFY SET (PERSONAL (MessageNew MessageExpunge))\r\n",
	       "a NO [NOTIFICATIONOVERFLOW]");
	expect(p.f, "a NOTIFY SET (INBOXES (MessageNew MessageExpunge))\r\n", "a OK");
	append(&p, "INBOX");
	told(&p, "* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 0)\r\n");
	pair_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(names),
		WORLD(boxes_come_and_go),
		WORLD(metadata),
		WORLD(refused),
		WORLD(overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
