#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/*
 * Memory that is given back all at once.  One per IMAP command, per SMTP
 * transaction, per scanned message: the owner's end is the arena's end.
 * One thread at a time.
 *
 * The ceiling stands where a peer's input is copied in.  Whoever does that
 * asks arena_room() first and answers the peer; to pass the ceiling all the
 * same is our mistake and ends the process (assert).
 */
struct arena;

struct arena *arena_new(size_t ceiling);
void arena_free(struct arena *a);                       /* NULL is fine */
void arena_clear(struct arena *a);                      /* empty, kept for reuse */
size_t arena_room(const struct arena *a);               /* bytes below the ceiling */
void *arena_get(struct arena *a, size_t size);          /* zeroed, aligned, never NULL */
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_string(struct arena *a, struct slice s);    /* NUL-terminated copy */
struct slice arena_copy(struct arena *a, struct slice s);

#endif
