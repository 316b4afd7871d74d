#ifndef APP_CONFIG_SOURCE_H
#define APP_CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

struct config_entry {
	char *name, *value;
	char *inherited;                 /* the value's bytes in the process's environment, or NULL */
};

struct config_source {
	struct config_entry *entries;
	size_t count;
};

/* NULL: not there, or empty. */
const char *config_source_get(const struct config_source *s, const char *name);

/* Overwrites the value in the process's environment. */
void config_source_hide(const struct config_source *s, const char *name);

#endif
