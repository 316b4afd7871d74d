#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include "base/arena.h"
#include "smtp/smtp.h"

enum path_result {
	PATH_OK,
	PATH_SYNTAX,             /* 501 */
	PATH_NEEDS_UTF8,         /* well-formed, but RFC 6531 was not asked for */
};

/* Reads "<...>" at the start of *rest and moves *rest behind it.  The result lies
 * in the arena.  The null path and <Postmaster> are read like any other: whether
 * they may stand here is the command's rule. */
enum path_result path_parse(struct arena *a, struct slice *rest, bool utf8, struct smtp_path *out);

#endif
