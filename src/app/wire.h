#ifndef APP_WIRE_H
#define APP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/* The daemon: every module made, joined to the others, and ended in the right
 * order.  It reads the configuration; nothing below it does. */
struct daemon;

/* NULL: `error` is one sentence for the person who runs it.  The configuration must
 * outlive the daemon. */
struct daemon *daemon_start(const struct config *c, char *error, size_t error_size);

/* Until SIGTERM or SIGINT, and from then at most 10 s for what is under way. */
bool daemon_run(struct daemon *d);
void daemon_free(struct daemon *d);

#endif
