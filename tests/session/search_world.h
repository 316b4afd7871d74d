#ifndef SEARCH_WORLD_H
#define SEARCH_WORLD_H

/*
 * A mailbox for the tests of what searches answer: 21 messages whose flags, dates
 * and senders are such that the examples of the RFCs come out with the RFCs' numbers.
 * UIDs are one higher than the numbers, so that a test sees which is told.
 */
#include "imap_world.h"

static UNUSED bool one_of(unsigned n, const unsigned *list)
{
	for (; *list; list++)
		if (*list == n)
			return true;
	return false;
}

static UNUSED void add_letter(struct fake_conn *f, const char *flags, const char *date,
			      const char *from, unsigned n)
{
	char *text = mem_printf("From: %s <%s@one.example>\r\nSubject: letter %u\r\n\r\n"
				"text %u\r\n", from, from, n, n);
	char *command = mem_printf("ap APPEND INBOX (%s) \"%s 12:00:00 +0000\" {%zu+}\r\n%s\r\n",
				   flags, date, strlen(text), text);

	expect(f, command, "ap OK");
	free(command);
	free(text);
}

static UNUSED struct fake_conn *with_21(struct world *w)
{
	static const unsigned flagged[] = { 2, 5, 10, 11, 0 };
	static const unsigned smith[] = { 5, 16, 17, 18, 19, 20, 0 };
	static const unsigned late[] = { 2, 5, 10, 11, 12, 13, 14, 15, 21, 0 };
	struct fake_conn *f = logged_in(w);

	add_letter(f, "\\Deleted", " 1-Jan-1994", "Gone", 0);
	expect(f, "x SELECT INBOX\r\n", "x OK");
	expect(f, "x EXPUNGE\r\n", "x OK");
	expect(f, "x UNSELECT\r\n", "x OK");
	for (unsigned n = 1; n <= 21; n++) {
		char *flags = mem_printf("%s%s%s$All", one_of(n, flagged) ? "\\Flagged " : "",
					 n <= 3 ? "\\Seen " : "", n >= 7 ? "\\Deleted " : "");

		add_letter(f, flags, one_of(n, late) ? "12-Feb-2006" : " 1-Feb-1994",
			   one_of(n, smith) ? "Smith" : "Jones", n);
		free(flags);
	}
	expect(f, "x SELECT INBOX\r\n", "x OK");
	return f;
}

#endif
