#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Whole files, read and replaced.  Blocking, any thread; errno says why not.
 */
enum file_answer { FILE_READ, FILE_MISSING, FILE_TOO_LARGE, FILE_FAILED };

/* Adds the file's bytes to `out`.  More than out's ceiling: FILE_TOO_LARGE, and
 * what fits is in `out`.  FILE_MISSING is ENOENT alone: whoever goes on with an
 * empty file after FILE_FAILED would write one over what is there.  What is not a
 * plain file is FILE_FAILED and never waited for. */
enum file_answer file_read(const char *path, struct buf *out);

/* Puts the bytes at `path`, all or nothing, whatever is killed when: written at
 * `fresh` (same file system; written over when a crash left it), synced, renamed,
 * the folder synced.  False: the old file may be there still, or the new one. */
bool file_replace(const char *path, const char *fresh, struct slice bytes);

/* A second name for what lies at `path`, which survives file_replace().
 * EEXIST: the name is taken. */
bool file_keep(const char *path, const char *kept);

/* All of them, whatever write(2) takes at a time. */
bool file_write(int fd, struct slice bytes);

/* What was made, renamed or removed in the folder stays so.  A file system that
 * cannot sync folders does it with the rename: true. */
bool dir_sync(const char *path);
bool dir_sync_of(const char *file_path);         /* the folder it lies in */

#endif
