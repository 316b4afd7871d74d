#ifndef STORE_ANNOTATION_FILE_H
#define STORE_ANNOTATION_FILE_H

#include "store/annotation.h"

/* The file that a folder's annotations lie in.  Mail lane. */
struct annotation_file {
	/* Sorted; theirs to free.  A place more for the use, which does not count. */
	struct annotation all[ANNOTATIONS_MAX + 1];
	size_t count;
};

/* `dir` NULL: the server's.  A missing file is empty.  False: it could not be read. */
bool annotation_file_read(struct annotation_file *f, const char *root, const char *dir);
enum store_status annotation_file_write(const struct annotation_file *f, const char *root,
					const char *dir);
void annotation_file_release(struct annotation_file *f);
/* Copies; false: there are too many. */
bool annotation_file_set(struct annotation_file *f, const char *name, struct slice value);

#endif
