#ifndef IMAP_IMAP_H
#define IMAP_IMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "net/conn.h"

struct auth;
struct store;

/*
 * IMAP4rev1 (RFC 3501) with its everyday extensions, as a conversation over one
 * store with one user.  Capabilities and commands stand in tables
 * (src/imap/capability.c, commands.c).  Loop thread; what reads messages or
 * changes folders is the store's jobs.
 */
/* A set of capabilities, by the ids of src/imap/capability.h; zeroed: none. */
struct imap_caps {
	uint64_t bits[2];
};

/* Adds the one of that name, in any case.  False: there is none of that name that
 * could be switched off. */
bool imap_caps_add(struct imap_caps *set, struct slice name);
void imap_caps_names(struct buf *out);   /* all that can be, with spaces between */

struct imap_server {
	struct store *store;
	struct auth *auth;
	const char *hostname;            /* in the greeting */
	uint64_t append_max;             /* APPENDLIMIT (RFC 7889): bytes of one message */
	const char *admin;               /* how to reach who runs it: a URI; NULL: not told */
	struct imap_caps off;            /* not advertised, and not there */
	size_t saved_ranges_max;         /* of RETURN (SAVE) (RFC 5182 2.5); 0: as session.h has it */
	unsigned progress_ms;            /* INPROGRESS as often (RFC 9585); 0: every 10 s */
	bool log_protocol;               /* DEBUG: never LOGIN, AUTHENTICATE or literals */
};

/* open() wants struct imap_server.  The same for STARTTLS and implicit TLS: what
 * differs is asked of the connection (conn_is_secure, conn_can_tls). */
extern const struct protocol imap_protocol;

#endif
