#ifndef MIME_PARAM_H
#define MIME_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { PARAM_PIECES_MAX = 1000 };        /* of one parameter; ten make a long file name */

/* What RFC 2231 3 and 4 put behind a parameter's name: name*0*=, name*1=, name*=. */
struct param_piece {
	struct slice base;       /* the name before the first star */
	uint64_t number;
	bool numbered;
	bool encoded;            /* a star at the end: charset, language, %XX */
};

/* False: an ordinary parameter, or stars that mean nothing. */
bool param_piece(struct slice name, struct param_piece *piece);

#endif
