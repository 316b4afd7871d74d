#ifndef CALENDAR_FILE_H
#define CALENDAR_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/* Whole files, read and replaced.  Blocking; errno says why. */
enum file_answer { FILE_READ, FILE_MISSING, FILE_TOO_LARGE, FILE_FAILED };

/* Adds the file's bytes to `out`; more than out's ceiling: FILE_TOO_LARGE. */
enum file_answer calendar_file_read(const char *path, struct buf *out);

/* Puts the bytes at folder/name, all or nothing, whatever is killed when: a file
 * beside it, fsync, rename, fsync of the folder. */
bool calendar_file_replace(const char *folder, const char *name, struct slice bytes);

/* A second name for what lies at folder/name: it survives
 * calendar_file_replace().  EEXIST: the name is taken. */
bool calendar_file_keep(const char *folder, const char *name, const char *kept);

#endif
