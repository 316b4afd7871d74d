#ifndef IMAP_ARGS_H
#define IMAP_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "store/snapshot.h"
#include "store/uid_set.h"

/*
 * The arguments of one complete command, literals in their places, read from
 * left to right by the productions of RFC 3501 9.  Every reader returns false
 * at the first thing that is not of its form and remembers what it wanted, so
 * that a command can simply chain them with && and answer BAD with args->wanted.
 * Results are views of the command's text, or lie in its arena.
 */
struct imap_args {
	struct slice rest;
	struct arena *arena;             /* the command's */
	const char *wanted;              /* "a mailbox name": for the BAD reply */
	bool limit;                      /* there was more than that: NO [LIMIT] instead */
	bool saved;                      /* "$" is a set: SEARCHRES (RFC 5182) */
	bool utf8;                       /* names are UTF-8, and so are quoted strings */
	bool utf8_names;                 /* such are taken beside modified UTF-7 (RFC 6855 3) */
};

bool args_end(struct imap_args *a);                      /* nothing more */
bool args_want(struct imap_args *a, const char *what);   /* false: that is wanted here */
bool args_limit(struct imap_args *a, const char *most);  /* false: it is a ceiling of ours */
bool args_space(struct imap_args *a);                    /* exactly one SP */
bool args_char(struct imap_args *a, char c);             /* exactly that byte */
bool args_peek(const struct imap_args *a, char c);       /* is next; consumes nothing */
bool args_atom(struct imap_args *a, struct slice *out);  /* 1*ATOM-CHAR */
bool args_word(struct imap_args *a, const char *word);   /* that atom, in any case */
bool args_string(struct imap_args *a, struct slice *out);        /* quoted or literal, undone */
bool args_astring(struct imap_args *a, struct slice *out);       /* atom with "]", or string */
bool args_nstring(struct imap_args *a, struct slice *out);       /* NIL gives at NULL */
bool args_list_string(struct imap_args *a, struct slice *out);   /* list-mailbox: % and * allowed */
bool args_number(struct imap_args *a, uint32_t *out);    /* 0..2^32-1 */
bool args_number64(struct imap_args *a, uint64_t *out);  /* 0..2^63-1 */
/* A mailbox name: astring, modified UTF-7 undone (or UTF-8), INBOX in any case.
 * NUL-terminated, in the arena.  What is no modified UTF-7 comes out as "", which
 * the store refuses (STORE_BAD_NAME). */
bool args_mailbox(struct imap_args *a, const char **out);
bool args_mailbox_as(struct imap_args *a, const char **out, struct slice *written);
/* "(\Seen $Junk)" or, with bare, the same without parentheses (STORE).
 * Fills message_flags and keywords; \Recent and unknown \Flags are refused. */
enum { IMAP_KEYWORDS_MAX = 500 };        /* each is looked for among the store's */
struct imap_flags { unsigned flags; const char **keywords; size_t keyword_count; };
struct imap_flag_name { unsigned flag; const char *name; };
extern const struct imap_flag_name imap_flag_names[];    /* "\\Seen"; ends with a NULL name */
bool args_flags(struct imap_args *a, bool bare, struct imap_flags *out);
/* RFC 3501 date-time, quoted: seconds since 1970. */
bool args_date_time(struct imap_args *a, int64_t *out);
/* RFC 3501 date ("1-Feb-1994", quoted or not) as days since 1970-01-01. */
bool args_date(struct imap_args *a, int64_t *days);

/* A sequence-set as written.  "*" stays IMAP_STAR until it is resolved against a
 * view.  At most 10,000 ranges: a command line holds no more. */
enum { IMAP_SET_RANGES_MAX = 10000 };
#define IMAP_STAR UINT32_MAX
struct imap_set {
	struct uid_range *ranges;
	size_t count;
	bool saved;                      /* "$" (RFC 5182): what the last SAVE found */
};
bool args_set(struct imap_args *a, struct imap_set *out);

#endif
