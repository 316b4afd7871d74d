#ifndef WEBCAL_WEBCAL_H
#define WEBCAL_WEBCAL_H

#include "http/http.h"

struct calendar;

/*
 * What is served over HTTP: /calendar.ics behind the password, /healthz in the open.
 * The calendar must outlive every connection of the server.  Loop thread.
 */
struct webcal {
	struct calendar *calendar;
};

extern const struct http_route webcal_routes[];  /* ctx: struct webcal */

#endif
