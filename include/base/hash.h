#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/slice.h"

/* SipHash-2-4 under a key drawn once a process: for tables whose keys a
 * stranger chooses.  Differs from run to run.  Any thread. */
uint64_t hash_keyed(struct slice s);

/* The same under a key of the caller's. */
enum { HASH_KEY = 16 };
uint64_t hash_siphash(const uint8_t key[HASH_KEY], struct slice s);

/* FNV-1a: the same for ever; for names on disk and entity tags, not for
 * tables.  Chain pieces by passing the last result; start with HASH_START. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t hash_stable(uint64_t state, struct slice s);

#endif
