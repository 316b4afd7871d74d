#ifndef IMAP_INPUT_H
#define IMAP_INPUT_H

#include "literal.h"
#include "session.h"

/*
 * Collects a command: its line, and literals with the lines behind them.  A
 * literal of a command that is going to be refused is never asked for, and when
 * it comes unasked (LITERAL+) it is passed over, with all that belongs to it.
 */
struct imap_input *imap_input_new(void);
void imap_input_free(struct imap_input *in);             /* NULL is fine; wipes */

/* Returns how many bytes it used; starts the command when it is whole. */
size_t imap_input_take(struct imap_session *s, struct slice unread);

/* The command is over: forgets its text, of which its args are views, and gives the
 * memory back. */
void imap_input_clear(struct imap_input *in);

/* RFC 7888 5, RFC 9051 4.3: whether a literal of that size may come so, unasked or
 * not.  One that may not is refused with BAD [TOOBIG] and passed over. */
bool imap_literal_allowed(const struct imap_session *s, const struct imap_literal *literal);

/* A command that reads its own literals will not have this one (or what is left
 * of it): so many bytes, and the rest of the line, are passed over when the
 * command is done. */
void imap_input_pass_over(struct imap_session *s, uint64_t literal);

#endif
