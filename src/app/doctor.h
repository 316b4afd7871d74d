#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

#include "config.h"

/* Can the places that the settings name be used?  Creates nothing.  Each thing
 * that is wrong is one line on `errors` that says what to change. */
bool doctor_check_places(const struct config *c, FILE *errors);

/* Does the daemon that was started with these settings answer?  Connects to every
 * listening address on this machine; blocking, 5 s each at most. */
bool doctor_check_health(const struct config *c, FILE *errors);

#endif
