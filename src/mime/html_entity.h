#ifndef MIME_HTML_ENTITY_H
#define MIME_HTML_ENTITY_H

#include <stdint.h>

#include "base/slice.h"

/* The character of a reference like &auml; by its name, which has case; 0: none. */
uint32_t html_entity(struct slice name);

#endif
