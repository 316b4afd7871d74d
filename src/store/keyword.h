#ifndef STORE_KEYWORD_H
#define STORE_KEYWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "maildir.h"

/*
 * Keywords, by number.  Names and sets of names are interned for the whole store
 * and never forgotten, so a message holds four bytes however many it has, and a
 * set that a snapshot names can be read by any thread for as long as the store is.
 * New ones are made on the mail lane only.
 */
struct keywords;

/* More names than any client makes; a name is an atom on an IMAP line. */
enum { KEYWORD_NAMES_MAX = 4096, KEYWORD_LEN_MAX = 128 };

struct keyword_set {
	size_t count;
	const uint16_t *ids;             /* ascending */
	const char *const *names;        /* the same, as texts */
};

struct keywords *keywords_new(void);
void keywords_free(struct keywords *k);

/* The number of a name, made when new; -1: no name for a keyword, or too many. */
int keywords_id(struct keywords *k, struct slice name);
const char *keywords_name(const struct keywords *k, int id);

/* The set with these (ascending, each once); 0 is the empty set.  When there are
 * more sets than the table takes: false. */
bool keywords_intern(struct keywords *k, const uint16_t *ids, size_t count, unsigned *set);
/* Any thread, for a set that a snapshot names. */
const struct keyword_set *keywords_set(const struct keywords *k, unsigned set);

/* Names with spaces between, as the index keeps them. */
bool keywords_parse(struct keywords *k, struct slice text, unsigned *set);
char *keywords_print(const struct keywords *k, unsigned set);

/* A list of ids being made. */
struct keyword_list { uint16_t ids[KEYWORD_NAMES_MAX]; size_t count; };
void keyword_list_of(const struct keywords *k, unsigned set, struct keyword_list *l);
void keyword_list_add(struct keyword_list *l, int id);
void keyword_list_remove(struct keyword_list *l, int id);
bool keyword_list_has(const struct keyword_list *l, int id);

/* ---- Letters: which keyword a to z mean in one folder. ---- */
struct letters {
	int id[26];                      /* -1: free */
	int passed;                      /* $Forwarded, which is Maildir's P everywhere */
	int64_t mtime;                   /* of the file; 0: there is none */
};
/* As an mtime: the file has not been read, or could not be. */
enum { LETTERS_UNKNOWN = -1 };

/* From the folder's dovecot-keywords, when it has changed since. */
void letters_load(struct letters *l, struct keywords *k, const char *folder);
/* Gives letters to those of the set that have none, while there are some, and
 * writes the file before anybody sees one. */
void letters_assign(struct letters *l, struct keywords *k, const char *folder,
		    const struct keyword_set *set);
letter_set letters_of_set(const struct letters *l, const struct keyword_set *set);
/* Letters that stand for a keyword here. */
letter_set letters_known(const struct letters *l);
/* The set `old` with its lettered keywords replaced by those of `letters`. */
unsigned letters_apply(const struct letters *l, struct keywords *k, unsigned old,
		       letter_set letters);

#endif
