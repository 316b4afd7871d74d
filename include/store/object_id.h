#ifndef STORE_OBJECT_ID_H
#define STORE_OBJECT_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * EMAILID and THREADID (RFC 8474 5).  A message's email id follows from the part of
 * its file's name that never changes, and copies have that of what they were copied
 * from; so it is the same in a new index for all but copies.
 */
struct object_ids {
	uint64_t email;
	uint64_t thread;                 /* 0: not known yet (reader_keep) */
};

/* The email id of the message with that file, unless it is a copy. */
uint64_t object_id_email(const char *name, size_t base_len);

enum { OBJECT_ID_TEXT = 18 };            /* "M" or "T", 16 digits, NUL */
void object_id_text(char out[OBJECT_ID_TEXT], char letter, uint64_t id);
/* False: not one that we wrote, so that nothing has it. */
bool object_id_read(struct slice text, char letter, uint64_t *id);

#endif
