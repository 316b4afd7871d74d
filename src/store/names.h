#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/*
 * File names of one folder's messages, packed.  The mail lane adds to it; every
 * snapshot reads from it, on any thread.  Blocks never move, and a snapshot
 * keeps the list of blocks that it saw, so reading needs no lock.  Counted,
 * because folder and snapshots end on different threads.
 */
struct names;

/* The list of blocks at one moment; it lives as long as its names. */
typedef char *const *names_view;

/* No name is longer, and a folder of a few messages takes one. */
enum { NAMES_BLOCK_BITS = 13, NAMES_BLOCK = 1 << NAMES_BLOCK_BITS };

struct names *names_new(void);
/* So many blocks to be filled by the caller, `used` bytes of the last (names_used). */
struct names *names_of_blocks(uint32_t count, uint32_t used);
uint32_t names_blocks(const struct names *n);
uint32_t names_used(const struct names *n);
char *names_block(const struct names *n, uint32_t i);
struct names *names_hold(struct names *n);
void names_drop(struct names *n);                /* NULL is fine */

/* Where the copy of `text` lies; never 0, which is the empty name. */
uint32_t names_add(struct names *n, const char *text);
/* A zeroed array of pointers that lives as long. */
const char **names_array(struct names *n, size_t count);
names_view names_now(const struct names *n);
const char *names_at(names_view v, uint32_t at);
size_t names_bytes(const struct names *n);

#endif
