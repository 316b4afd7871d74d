#ifndef CHARSET_SINGLE_H
#define CHARSET_SINGLE_H

#include <stdint.h>

struct charset_single {
	const char *name;        /* as MIME prefers it, lower case */
	uint16_t high[128];      /* bytes 128 to 255; 0: means nothing */
};

/* NULL: not one of the tables. */
const struct charset_single *charset_single_find(const char *name);

#endif
