#ifndef STORE_MAILDIR_H
#define STORE_MAILDIR_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/slice.h"
#include "store/snapshot.h"
#include "store/store.h"

/* What a Maildir is made of, for the threads that may wait for a disk. */

enum place { PLACE_NEW, PLACE_CUR };

/* The longest file name a file system gives us, and a NUL. */
enum { FILE_NAME = 256 };

/* A store's root is at most this long, so no path below it overflows. */
enum { ROOT_MAX = PATH_MAX - 3 * FILE_NAME };

struct path { char at[PATH_MAX]; };

/* root/dir/sub/name; empty ones are left out. */
void path_make(struct path *p, const char *root, const char *dir, const char *sub,
	       const char *name);
void path_message(struct path *p, const char *folder, enum place place, const char *name);
const char *place_name(enum place place);

/* ---- Names of messages: <base>[:2,<letters>] ---- */

/* A set of letters: bits 0 to 25 are A to Z, 26 to 51 are a to z. */
typedef uint64_t letter_set;
#define LETTER(c) ((letter_set)1 << ((c) >= 'a' ? (c) - 'a' + 26 : (c) - 'A'))
#define LETTERS_KEYWORD (((letter_set)1 << 52) - ((letter_set)1 << 26))

size_t file_base_len(const char *name);
letter_set file_letters(const char *name);
unsigned letters_to_flags(letter_set letters);
letter_set letters_of_flags(unsigned flags);
#define LETTERS_SYSTEM (LETTER('D') | LETTER('F') | LETTER('R') | LETTER('S') | LETTER('T'))

/* base with its letters; false: longer than file systems take. */
bool file_name_make(char out[FILE_NAME], const char *base, size_t base_len, letter_set letters);
/* The number behind ",<key>=" in a name; false: none. */
bool file_name_number(const char *name, char key, uint64_t *value);
/* A name that no other process, host or moment makes; at most 100 bytes. */
enum { UNIQUE_NAME = 128 };
void file_unique(char out[UNIQUE_NAME]);

/* ---- Doing ---- */

/* Logs once, says what it means to who asked. */
enum store_status maildir_failed(const char *what, const char *path, int err);

bool maildir_is_folder(const char *folder);
bool maildir_has(const char *folder, enum place place, const char *name);
/* new/ cur/ tmp/ where they are missing. */
bool maildir_complete(const char *folder);
/* As complete, where there is a cur/: an empty tmp/ or new/ is tidied away by some
 * programs, but where cur/ is missing a volume is not mounted. */
bool maildir_heal(const char *folder);
/* As complete, for a new folder that appears at once or not at all. */
enum store_status maildir_make(const char *root, const char *dir);
/* Takes the folder away at once; removing what is in it may take its time. */
enum store_status maildir_remove(const char *root, const char *dir);
/* Files over 36 hours old in tmp/ (Maildir's own rule), and folders half removed. */
void maildir_clean_tmp(const char *folder);

bool maildir_sync(const char *dir);              /* dir_sync that logs */
/* A copy with the same modification time, synced.  0 or errno. */
int file_copy(const char *from, const char *to);
/* A file of a few lines beside new/ and cur/, replaced as a whole or not at all. */
enum store_status maildir_replace(const char *folder, const char *name, struct slice text);
/* A missing one is empty.  False: there is one, but what is in `out` is not all of
 * it (logged): nothing may be written in its place. */
bool maildir_read(const char *folder, const char *name, struct buf *out);
/* Its size in CRLF form, by reading it; false: gone or unreadable. */
bool file_crlf_size(const char *path, uint64_t *size);

/* Called with every message of a directory; false stops. */
typedef bool maildir_scan_fn(void *ctx, enum place place, const char *name);
bool maildir_scan(const char *folder, enum place place, maildir_scan_fn *fn, void *ctx);
/* The same, message by message; what cannot be read is logged.  *name NULL: that was all. */
DIR *maildir_begin(const char *folder, enum place place);
bool maildir_next(DIR *dir, const char *folder, enum place place, const char **name);
/* Looks for a message whose name another program has changed. */
bool maildir_find(const char *folder, const char *base, size_t base_len,
		  enum place *place, char name[FILE_NAME]);

/* The nearest that there is, for a time that nanoseconds cannot say. */
int64_t stat_mtime_ns(const struct stat *st);

#endif
