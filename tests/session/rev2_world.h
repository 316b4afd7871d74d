#ifndef REV2_WORLD_H
#define REV2_WORLD_H

/* A session of IMAP4rev2, which it says itself, and what such a one talks. */
#include "search_world.h"
#include "talk.h"

#include "../../src/imap/session.h"

static UNUSED void enable_rev2(struct fake_conn *f)
{
	says(f, "e ENABLE IMAP4rev2\r\n", "* ENABLED IMAP4rev2\r\ne OK ENABLE completed\r\n");
}

static UNUSED struct fake_conn *rev2(struct world *w)
{
	struct fake_conn *f = logged_in(w);

	enable_rev2(f);
	return f;
}

/* Messages with one line each, in a folder. */
static UNUSED void add(struct fake_conn *f, const char *folder, int count)
{
	char *line = mem_printf("ap APPEND %s {13+}\r\nSubject: x\r\n\n\r\n", folder);

	for (int i = 0; i < count; i++)
		expect(f, line, "ap OK");
	free(line);
}

/* Nothing but INBOX. */
static UNUSED void only_inbox(struct fake_conn *f)
{
	say(f, "DELETE Sent\nDELETE Drafts\nDELETE Trash\nDELETE Junk\nDELETE Archive\n"
	    "UNSUBSCRIBE Sent\nUNSUBSCRIBE Drafts\nUNSUBSCRIBE Trash\nUNSUBSCRIBE Junk\n"
	    "UNSUBSCRIBE Archive\nUNSUBSCRIBE INBOX");
}

#endif
